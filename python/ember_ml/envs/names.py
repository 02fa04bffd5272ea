"""What the numbers of the built-in environments are called: observation values, and actions or their
choices."""

from __future__ import annotations

from ember_ml import _core

OBSERVATIONS: dict[str, tuple[str, ...]] = {
    info.name: tuple(info.observation_names) for info in _core.builtin_environments()
}
ACTIONS: dict[str, tuple[str, ...]] = {
    info.name: tuple(info.action_names) for info in _core.builtin_environments()
}
