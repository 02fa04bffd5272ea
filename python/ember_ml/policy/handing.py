"""In which form a Module is handed an observation: laid out flat, or whole as the environment's space has it.

Between an environment and a policy an observation is a flat float32 vector, in the order of
`gymnasium.spaces.flatten`. A Module with an attribute ``observations`` gets it in that form::

    "flat"            float32 (batch, n)
    "whole"           float32 (batch, *shape) of a Box or MultiBinary, int64 (batch,) of a Discrete, int64
                      (batch, k) of a MultiDiscrete space; dicts and tuples of these where the space is one
    "channels_first"  whole, and an image (height, width, channels) as (batch, channels, height, width)

Pixels keep their values, 0 to 255 where the space has them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ember_ml import validate
from ember_ml.envs.spaces import kind_of, observation_size
from ember_ml.envs.spec import EnvSpec

FORMS = ("flat", "whole", "channels_first")


class Handing:
    """Turns flat observations (n, D), of any array library, into one of `FORMS`.

    Raises:
        ValueError: no such form, or the environment does not say in which shape its observations come.
    """

    def __init__(self, form: str, env: EnvSpec) -> None:
        self.form = validate.choice("observations (of the policy)", form, FORMS)
        self.size = env.observation_size
        self._space, self._shape = env.observation_space, env.observation_shape
        if form != "flat" and self._space is None and self._shape is None:
            if env.kind == "python":
                raise ValueError(
                    f"policy: observations={form!r}, but {env.name} does not say in which shape they come;"
                    " give it an observation_shape"
                )
            self._shape = (self.size,)

    @staticmethod
    def asked(module: Any) -> str | None:
        """The form that a Module asks for by its attribute, None where it has none."""
        form = getattr(module, "observations", None)
        return form if isinstance(form, str) else None

    def __call__(self, x: Any) -> Any:
        if self.form == "flat":
            return x
        if self._space is not None:
            return self._part(self._space, x)
        return self._image(x.reshape(x.shape[0], *(self._shape or ())))

    def _part(self, space: Any, x: Any) -> Any:
        """`x` (n, size of the space), in the space's own form."""
        kind, count = kind_of(space), x.shape[0]
        if kind == "Dict":
            return dict(zip(space.spaces, self._parts(list(space.spaces.values()), x)))
        if kind == "Tuple":
            return tuple(self._parts(list(space.spaces), x))
        if kind == "Discrete":
            return x.argmax(1) + int(getattr(space, "start", 0))
        if kind == "MultiDiscrete":
            return self._choices(space, x)
        return self._image(x.reshape(count, *space.shape))

    def _parts(self, spaces: list[Any], x: Any) -> list[Any]:
        found, at = [], 0
        for space in spaces:
            size = observation_size("", space)
            found.append(self._part(space, x[:, at : at + size]))
            at += size
        return found

    def _choices(self, space: Any, x: Any) -> Any:
        counts = [int(n) for n in np.ravel(space.nvec)]
        starts = np.broadcast_to(np.ravel(getattr(space, "start", 0)), len(counts)).tolist()
        ends = np.cumsum(counts).tolist()
        chosen = [x[:, e - c : e].argmax(1)[:, None] + int(s) for c, e, s in zip(counts, ends, starts)]
        joined = np.concatenate(chosen, 1) if isinstance(x, np.ndarray) else _join(chosen)
        return joined.reshape(x.shape[0], *np.shape(space.nvec))

    def _image(self, x: Any) -> Any:
        if self.form != "channels_first" or x.ndim != 4:
            return x
        return x.transpose(0, 3, 1, 2) if isinstance(x, np.ndarray) else x.permute(0, 3, 1, 2)

    @property
    def is_flat(self) -> bool:
        """Whether what is handed over is the flat vector itself."""
        return self.form == "flat" or (self._space is None and self._shape == (self.size,))

    @property
    def normalizable(self) -> bool:
        """Whether running statistics of the flat vector mean something for what is handed over: not where a
        choice was one-hot and is a number again.
        """
        return self.form == "flat" or self._space is None

    def explain(self) -> str:
        """ "Empty for flat ones."""
        return "" if self.form == "flat" else f"observations are handed over {self.form.replace('_', ' ')}"


def leaves_of(handed: Any, convert: Callable[[Any], Any]) -> Any:
    """`handed` with `convert` applied to each array in it."""
    if isinstance(handed, dict):
        return {key: leaves_of(value, convert) for key, value in handed.items()}
    if isinstance(handed, tuple):
        return tuple(leaves_of(value, convert) for value in handed)
    return convert(handed)


def _join(parts: list[Any]) -> Any:
    import torch

    return torch.cat(parts, 1)


def class_name(policy: Any) -> str:
    """The name of the user's class."""
    if isinstance(policy, Handed):
        policy = policy.module
    torch_policy = type(policy).__module__ == "ember_ml.policy.torch_modules.policy"
    return str(policy.name) if torch_policy else type(policy).__name__


class Handed:
    """An Ember Module that asks for whole observations, as a policy of flat ones."""

    def __init__(self, module: Any, handing: Handing) -> None:
        self.module, self.handing = module, handing

    def __call__(self, x: Any, *state: Any) -> Any:
        from ember_ml.nn import tensor

        whole = self.handing(np.asarray(tensor.to_numpy(x)))
        return self.module(leaves_of(whole, tensor.convert_to_tensor), *state)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "module" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.module, name)
