"""Engines evaluate populations: in this process, on a device, or on many workers (`Local`, `Ray`)."""

from ember_ml.engines.sharded.settings import Local, Ray

__all__ = ["Local", "Ray"]
