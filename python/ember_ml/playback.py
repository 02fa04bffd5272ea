"""One episode of a trained policy (extra ``plot``): the names of the room `ember_ml.report` that show it."""

from ember_ml.envs.names import OBSERVATIONS
from ember_ml.report.episode import MOST_STEPS, Episode, play
from ember_ml.report.labels import TARGETS
from ember_ml.report.movie import Animation, animate
from ember_ml.report.trajectory import MOST_PANELS, trajectory

__all__ = [
    "MOST_PANELS",
    "MOST_STEPS",
    "OBSERVATIONS",
    "TARGETS",
    "Animation",
    "Episode",
    "animate",
    "play",
    "trajectory",
]
