"""The built-in environments as gymnasium vector environments (single.py has them one by one).

They agree with gymnasium's own step by step, float64 state and seeded resets included
(cpp/gym/vector_env.h). Importing this module needs gymnasium; `ember_ml.gym` registers the classes at
its end.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.envs.classic_control.utils import maybe_parse_reset_bounds, verify_number_and_cast
from gymnasium.envs.registration import load_env_creator
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from ember_ml import _core


class NativeVectorEnv(gymnasium.vector.VectorEnv):
    """`num_envs` copies of a built-in environment, stepped together in C++ in float64.

    Args:
        num_envs: copies; number i is seeded with seed + i.
        max_episode_steps: time limit, at which an episode is truncated; None: none.
        render_mode: "rgb_array", drawn by gymnasium's own renderer, or None.
        autoreset_mode: gymnasium's AutoresetMode or its value.
        kwargs: of gymnasium's environment: `g`, `goal_velocity`, `sutton_barto_reward`.
    """

    env_name: ClassVar[str]
    state_size: ClassVar[int]

    def __init__(
        self,
        num_envs: int = 1,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        **kwargs: Any,
    ) -> None:
        options = [key for key in inspect.signature(self._twin_maker()).parameters if key != "render_mode"]
        unknown = [key for key in kwargs if key not in options]
        if unknown:
            known = ", ".join(options) or "none"
            raise TypeError(f"{self.env_name} has no option {unknown[0]!r}; it has {known}")
        mode = self._describe(num_envs, render_mode, autoreset_mode, kwargs)
        names = {
            AutoresetMode.NEXT_STEP: "next_step",
            AutoresetMode.SAME_STEP: "same_step",
            AutoresetMode.DISABLED: "disabled",
        }
        sutton_barto_reward = bool(kwargs.pop("sutton_barto_reward", False))
        self._native = _core.VectorEnv(
            self.env_name, num_envs, max_episode_steps or 0, names[mode], kwargs, sutton_barto_reward
        )
        self._step = self._native.step

    def _describe(
        self,
        num_envs: int,
        render_mode: str | None,
        autoreset_mode: str | AutoresetMode,
        kwargs: dict[str, Any],
    ) -> AutoresetMode:
        """What gymnasium asks of a vector environment: spaces, metadata, seeds."""
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode is {render_mode!r}; a native vector env has 'rgb_array' or None")
        mode = autoreset_mode if isinstance(autoreset_mode, AutoresetMode) else AutoresetMode(autoreset_mode)
        self._twin = self._twin_maker()(render_mode=render_mode, **kwargs)
        fps = self._twin.metadata.get("render_fps", 50)
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": fps, "autoreset_mode": mode}
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.single_observation_space = self._twin.observation_space
        self.single_action_space = self._twin.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._seeds: list[int | None] = [None] * num_envs
        self._actions: NDArray[Any] | None = None
        self._started = False
        return mode

    def _twin_maker(self) -> Callable[..., gymnasium.Env]:
        """gymnasium's environment, which gives spaces and renderer; its arguments are this one's options."""
        spec = gymnasium.registry.get(self.env_name)
        if spec is None:
            return partial(_Spaces, _INFOS[self.env_name])
        entry: Any = spec.entry_point
        maker: Any = load_env_creator(entry) if isinstance(entry, str) else entry
        return maker  # type: ignore[no-any-return]

    @property
    def state(self) -> NDArray[np.float64]:
        """float64 (num_envs, state_size), a copy."""
        state: NDArray[np.float64] = self._native.state[:, : self.state_size]
        return state

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seeds that the environments' random streams were started with."""
        self._fill_seeds()
        return tuple(seed for seed in self._seeds if seed is not None)

    def _fill_seeds(self) -> None:
        for i, seed in enumerate(self._seeds):
            if seed is None:
                self._seed(i, int(np.random.SeedSequence().entropy))  # type: ignore[arg-type]

    def _seed(self, i: int, seed: int) -> None:
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise gymnasium.error.Error(f"Seed must be a python integer, actual type: {type(seed)}")
        if seed < 0:
            raise gymnasium.error.Error(f"Seed must be greater or equal to zero, actual value: {seed}")
        self._seeds[i] = int(seed)
        self._start_stream(i, int(seed))

    def _start_stream(self, i: int, seed: int) -> None:
        words = [seed & 0xFFFFFFFF]
        while seed := seed >> 32:
            words.append(seed & 0xFFFFFFFF)
        self._native.seed(i, words)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Starts all episodes, or those of `options["reset_mask"]`.

        Args:
            seed: an int n seeds environment i with n + i; a list has one each; None goes on with the streams.
            options: `reset_mask`, bool (num_envs,), and gymnasium's own reset bounds for the environment.
        """
        n = self.num_envs
        seeds: Sequence[int | None]
        if seed is None:
            seeds = [None] * n
        elif isinstance(seed, (int, np.integer)):
            seeds = [int(seed) + i for i in range(n)]
        else:
            seeds = seed
        if len(seeds) != n:
            raise ValueError(f"seed has {len(seeds)} numbers; wanted {n}, one for each environment")
        mask = None if options is None else options.get("reset_mask")
        if mask is not None:
            self._check_mask(mask)
        bounds = self._bounds(options)
        for i, number in enumerate(seeds):
            if number is not None and (mask is None or mask[i]):
                self._seed(i, number)
        if not self._started:
            self._fill_seeds()
            self._started = True
        return self._begin(mask, bounds)

    def _begin(
        self, mask: NDArray[np.bool_] | None, bounds: tuple[float | None, float | None]
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Starts the episodes of `mask`, or all: (observations, info)."""
        return self._native.reset(mask, *bounds), {}

    def _check_mask(self, mask: Any) -> None:
        if not isinstance(mask, np.ndarray):
            raise TypeError(f"`options['reset_mask']` must be a numpy array, got {type(mask)}")
        if mask.shape != (self.num_envs,):
            raise ValueError(
                f"`options['reset_mask']` must have shape `({self.num_envs},)`, got {mask.shape}"
            )
        if mask.dtype != np.bool_:
            raise TypeError(f"`options['reset_mask']` must have `dtype=np.bool_`, got {mask.dtype}")
        if not mask.any():
            raise ValueError(f"`options['reset_mask']` must contain at least one True, got {mask}")
        if not self._started and not mask.all():
            raise ValueError("reset all environments before resetting some of them")

    def _bounds(self, options: dict[str, Any] | None) -> tuple[float | None, float | None]:
        """The bounds of the start, None for the environment's own."""
        if options is None or not {"low", "high"} & set(options):
            return None, None
        default = self._native.reset_bounds
        return maybe_parse_reset_bounds(options, *default)

    def step(
        self, actions: ArrayLike
    ) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Steps every environment. actions: integers (num_envs,), or float32 (num_envs, action values)."""
        if not self._started:
            raise gymnasium.error.ResetNeeded("Cannot call env.step() before calling env.reset()")
        actions = np.asarray(actions)
        observations, rewards, terminated, truncated, final = self._step(actions)
        self._actions = actions
        info: dict[str, Any] = {}
        if final is not None:
            for i in np.flatnonzero(terminated | truncated):
                info = self._add_info(info, {"final_obs": final[i].copy(), "final_info": {}}, int(i))
        return observations, rewards, terminated, truncated, info

    def render(self) -> tuple[Any, ...] | None:
        """One RGB picture (height, width, 3) for each environment."""
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() was called without a render_mode; make it with render_mode='rgb_array'"
            )
            return None
        elapsed = self._native.elapsed
        frames = []
        for i, state in enumerate(self.state):
            self._pose(self._twin.unwrapped, state, None if elapsed[i] == 0 else i)
            frames.append(self._twin.render())
        return tuple(frames)

    def _pose(self, twin: Any, state: NDArray[np.float64], acted: int | None) -> None:
        """Puts the renderer's environment into a state; `acted` is the row of its last action, if any."""
        twin.state = state

    def close_extras(self, **kwargs: Any) -> None:
        self._twin.close()


class _Pendulum(NativeVectorEnv):
    def _bounds(self, options: dict[str, Any] | None) -> tuple[float | None, float | None]:
        if options is None:
            return None, None
        angle, speed = self._native.reset_bounds
        return (
            verify_number_and_cast(options.get("x_init", angle)),
            verify_number_and_cast(options.get("y_init", speed)),
        )

    def _pose(self, twin: Any, state: NDArray[np.float64], acted: int | None) -> None:
        twin.state = state
        twin.last_u = None
        if acted is not None and self._actions is not None:
            twin.last_u = np.clip(self._actions[acted], -twin.max_torque, twin.max_torque)[0]


class _Spaces(gymnasium.Env):
    """The spaces of an environment that gymnasium does not have, and no picture."""

    def __init__(self, info: Any, render_mode: str | None = None) -> None:
        if render_mode is not None:
            raise ValueError(f"{info.name} has no renderer; render_mode must be None")
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (info.observations,), np.float32)
        self.action_space = (
            gymnasium.spaces.Discrete(info.actions)
            if info.discrete
            else gymnasium.spaces.Box(info.action_low, info.action_high, dtype=np.float32)
        )


#: Those that do more than all do.
_OWN = {"Pendulum-v1": _Pendulum}
_INFOS = {info.name: info for info in _core.builtin_environments()}

#: The classes by their names, which are those of the environments without the version.
CLASSES: dict[str, type[NativeVectorEnv]] = {}
for _info in _INFOS.values():
    _name = _info.name.partition("-")[0]
    CLASSES[_name] = type(
        _name,
        (_OWN.get(_info.name, NativeVectorEnv),),
        {"__module__": __name__, "env_name": _info.name, "state_size": _info.state_size},
    )
globals().update(CLASSES)
