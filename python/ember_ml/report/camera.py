"""Pictures that an environment draws of itself: its own `render`, or gymnasium's."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ember_ml.envs.adapters import Adapter
from ember_ml.envs.messages import headless
from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import EvaluationError, need


class Camera:
    """Takes pictures of an environment that is stepped in Python.

    A class's own `render()` is called as it is (with `mode="rgb_array"` where it takes a mode). What it gives
    may be an array (height, width) or (height, width, 3 or 4), uint8 or floats from 0 to 1, a matplotlib
    figure, a PIL image, or a list of such pictures, of which the last counts; None or text is no picture.

    Args:
        env: the environment's object; of a vector environment the first is seen.
        name: of the environment, for messages.
    """

    def __init__(self, env: Any, name: str) -> None:
        self.name = name
        self._vector = hasattr(env, "num_envs")
        self._render = _caller(env) if _has_render(env) else None

    def picture(self) -> np.ndarray | None:
        """The picture now, uint8 (height, width, 3), or None where there is none."""
        if self._render is None:
            return None
        try:
            with headless():
                answer = self._render()
        except NotImplementedError as error:
            answer = None
            if str(error):
                warnings.warn(
                    f"{self.name} makes no pictures, so its observations are drawn instead: {error}",
                    stacklevel=2,
                )
        except Exception as error:
            raise EvaluationError(f"{self.name}.render raised {type(error).__name__}: {error}") from error
        if self._vector and isinstance(answer, (tuple, list)) and len(answer):
            answer = answer[0]
        if answer is None or isinstance(answer, str):
            self._render = None
            return None
        return to_picture(answer, self.name)


class Reel:
    """At most `most` pictures, evenly apart however long the episode gets, and always the last."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.pictures: list[Any] = []
        self.steps: list[int] = []
        self._stride = 1

    def wants(self, step: int) -> bool:
        return step % self._stride == 0

    def add(self, step: int, picture: Any, last: bool = False) -> None:
        if len(self.pictures) >= self.most:
            self._stride *= 2
            kept = [i for i, number in enumerate(self.steps) if number % self._stride == 0]
            self.pictures = [self.pictures[i] for i in kept]
            self.steps = [self.steps[i] for i in kept]
            if not last and not self.wants(step):
                return
        self.pictures.append(picture)
        self.steps.append(step)


def _has_render(env: Any) -> bool:
    if not callable(getattr(env, "render", None)):
        return False
    # gymnasium's base class has a render that only raises, and one made without a mode only warns.
    return not hasattr(env, "render_mode") or env.render_mode in ("rgb_array", "rgb_array_list")


def _caller(env: Any) -> Callable[[], Any]:
    try:
        takes_mode = "mode" in inspect.signature(env.render).parameters
    except (TypeError, ValueError):
        takes_mode = False
    return (lambda: env.render(mode="rgb_array")) if takes_mode else env.render


def with_pictures(adapter: Adapter, spec: EnvSpec) -> Adapter:
    """The adapter, or one around an environment like its own that makes pictures.

    A gymnasium environment is made without pictures for training, so it is made again with
    `render_mode="rgb_array"`, where it is known how.
    """
    env = adapter.env
    modes = (getattr(env, "metadata", None) or {}).get("render_modes") or ()
    if getattr(env, "render_mode", "rgb_array") is not None or "rgb_array" not in modes:
        return adapter
    make = _maker_of(env, spec)
    if make is None:
        return adapter
    try:
        with headless():
            drawn = make()
            drawn.reset()
            drawn.render()
    except Exception as error:
        warnings.warn(
            f"{spec.name} makes no pictures here ({type(error).__name__}: {error}), so its observations are "
            "drawn instead",
            stacklevel=2,
        )
        return adapter
    adapter.close()
    return adapter.around(drawn)


def _maker_of(env: Any, spec: EnvSpec) -> Callable[[], Any] | None:
    """Makes the environment again with pictures; None for an object whose making nobody knows."""
    known = getattr(env, "spec", None)
    if known is not None:
        gymnasium = need("gymnasium", "gym")
        return lambda: gymnasium.make(known, render_mode="rgb_array", disable_env_checker=True)
    maker: Any = getattr(spec.factory, "maker", None)
    make = getattr(maker, "make", None)
    if make is None:
        return None
    try:
        parameters = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):
        return None
    if not any(p.name == "render_mode" or p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return lambda: make(**{**maker.kwargs, "render_mode": "rgb_array"})


def to_picture(answer: Any, name: str) -> np.ndarray:
    """What `render` gave as uint8 (height, width, 3).

    Raises:
        EvaluationError: it is no picture.
    """
    if isinstance(answer, (list, tuple)) and answer and _is_picture(answer[-1]):
        answer = answer[-1]
    if hasattr(answer, "savefig"):
        return _of_figure(answer)
    if hasattr(answer, "convert") and hasattr(answer, "size"):
        answer = answer.convert("RGB")
    if hasattr(answer, "detach"):
        answer = answer.detach().cpu()
    try:
        array = np.asarray(answer)
    except Exception:
        array = np.empty(0)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (3, 4) or not array.size or array.dtype.kind not in "buif":
        raise EvaluationError(
            f"{name}.render returned {type(answer).__name__} of shape {np.shape(array)}; wanted an array "
            "(height, width, 3), a matplotlib figure or a PIL image"
        )
    array = array[..., :3]
    if array.dtype.kind == "b" or (array.dtype.kind == "f" and np.nanmax(array) <= 1.0):
        array = array * 255.0
    if array.dtype != np.uint8:
        array = np.clip(np.nan_to_num(array), 0, 255).astype(np.uint8)
    return np.array(array)


def _is_picture(value: Any) -> bool:
    return hasattr(value, "savefig") or hasattr(value, "convert") or getattr(value, "ndim", 0) == 3


def _of_figure(figure: Any) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    former = figure.canvas
    try:
        canvas: Any = FigureCanvasAgg(figure)  # matplotlib leaves its methods untyped
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()
    finally:
        figure.set_canvas(former)
