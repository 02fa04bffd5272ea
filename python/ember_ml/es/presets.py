"""Settings known to work, by task, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ember_ml.es.strategies import ARS, PGPE, OpenAIES, Strategy
from ember_ml.policy.trained import MLPPolicy
from ember_ml.validate import suggest

TRIALS = "found by trial on seeds that the published results do not use"
ARS_TABLE = "Mania, Guy and Recht 2018, arXiv 1803.07055, with the values of the RL Baselines3 Zoo"
HOLDS = (
    ", with noise and steps that shrink linearly to a quarter and a twentieth, for the last policy to keep"
    " what was reached"
)
CLIPUP = (
    "Toklu, Liskowski and Srivastava 2020, arXiv 2008.02387, with the values of its authors' pgpelib for"
    " Walker2d and Humanoid, Walker2d's for the other tasks"
)


@dataclass(frozen=True)
class Preset:
    """One way to train one task.

    Attributes:
        name: what `preset=` calls it.
        source: where the numbers come from.
        policy: the network; sizes come from the environment.
        strategy: makes the strategy.
        generations: a plan that is long enough.
        options: further arguments of `Trainer`.
        any_policy: whether the strategy's numbers are also a good start for a policy of the user's.
    """

    name: str
    source: str
    policy: MLPPolicy
    strategy: Callable[[], Strategy]
    generations: int
    options: Mapping[str, Any] = field(default_factory=dict)
    any_policy: bool = True


def adam(learning_rate: float, beta2: float = 0.999) -> Any:
    from ember_ml.training import Adam

    return Adam(learning_rate=learning_rate, betas=(0.9, beta2))


def default_strategy(directions: int = 16) -> Strategy:
    """The general default: sigma 0.3, Adam 0.1 with beta2 0.99, both decayed linearly to 5% over the plan."""
    return OpenAIES(
        directions=directions,
        sigma=0.3,
        optimizer=adam(0.1, 0.99),
        shaping="centered_rank",
        sigma_decay=0.05,
        learning_rate_decay=0.05,
    )


DEFAULT = Preset("default", TRIALS, MLPPolicy(), default_strategy, 300)


def _simple1d() -> Strategy:
    return OpenAIES(
        directions=10, sigma=0.15, optimizer=adam(0.05, 0.99), sigma_decay=0.05, learning_rate_decay=0.05
    )


def _acrobot() -> Strategy:
    return OpenAIES(
        directions=24, sigma=0.5, optimizer=adam(0.25, 0.99), sigma_decay=0.2, learning_rate_decay=0.05
    )


def _mountain_car() -> Strategy:
    return OpenAIES(directions=8, sigma=0.3, optimizer=adam(0.15), sigma_decay=0.1, learning_rate_decay=0.02)


def _pendulum() -> Strategy:
    return OpenAIES(
        directions=12,
        sigma=0.5,
        optimizer=adam(0.15),
        shaping="z_score",
        sigma_decay=0.1,
        learning_rate_decay=0.02,
    )


def _ars(
    learning_rate: float,
    sigma: float,
    directions: int,
    top: int,
    generations: int,
    offset: float,
    holds: bool = False,
) -> Preset:
    """A row of the ARS table: a matrix from zero and no bias, actions as the policy gives them."""
    return Preset(
        "ars-v2-decay" if holds else "ars-v2",
        ARS_TABLE + HOLDS if holds else ARS_TABLE,
        MLPPolicy(hidden=(), last_layer_scale=0.0, scale_to_bounds=False, bias=False),
        lambda: ARS(
            "V2-t",
            directions=directions,
            top=top,
            learning_rate=learning_rate,
            sigma=sigma,
            sigma_decay=0.25 if holds else 1.0,
            learning_rate_decay=0.05 if holds else 1.0,
        ),
        generations,
        {"clip_actions": False, "reward_offset": offset},
    )


def _clipup(
    parameters: int,
    offset: float,
    bias: bool = True,
    members: int = 100,
    generations: int = 500,
    times: int = 15,
) -> Preset:
    """PGPE, whose first deviations have together a length of `times` ClipUp's maximum speed."""
    from math import sqrt

    speed = 0.015

    def strategy() -> Strategy:
        from ember_ml.training import ClipUp

        return PGPE(
            members=members,
            sigma=round(times * speed / sqrt(parameters), 5),
            optimizer=ClipUp(learning_rate=speed / 2, max_speed=speed),
            sigma_learning_rate=0.1,
        )

    return Preset(
        "pgpe-clipup",
        CLIPUP,
        MLPPolicy(hidden=(), last_layer_scale=0.0, scale_to_bounds=False, bias=bias),
        strategy,
        generations,
        {"reward_offset": offset},
    )


def _locomotion(clipup: Preset, row: tuple[float, float, int, int, int, float]) -> tuple[Preset, ...]:
    return _ars(*row), _ars(*row, holds=True), clipup


_SIMPLE1D = Preset("simple1d", TRIALS, MLPPolicy(hidden=(16,)), _simple1d, 200, {"warmup": False})
_CARTPOLE = Preset(
    "cartpole",
    TRIALS + "; a linear policy as in " + ARS_TABLE,
    MLPPolicy(hidden=()),
    lambda: ARS("V2-t", directions=8, top=4, learning_rate=0.05, sigma=0.1),
    50,
    any_policy=False,
)
_ACROBOT = Preset("acrobot", TRIALS, MLPPolicy(hidden=(64,)), _acrobot, 275)
_MOUNTAIN_CAR = Preset("mountain-car", TRIALS, MLPPolicy(hidden=(64,)), _mountain_car, 585)
_MOUNTAIN_CAR_CONTINUOUS = Preset("mountain-car-continuous", TRIALS, MLPPolicy(), default_strategy, 290)
_PENDULUM = Preset("pendulum", TRIALS, MLPPolicy(hidden=(32, 32)), _pendulum, 650)

#: Presets by environment, the one that "auto" takes first. A name without its version stands for -v4 and -v5.
PRESETS: dict[str, tuple[Preset, ...]] = {
    "Simple1D-v0": (_SIMPLE1D,),
    "CartPole-v0": (_CARTPOLE,),
    "CartPole-v1": (_CARTPOLE,),
    "Acrobot-v1": (_ACROBOT,),
    "MountainCar-v0": (_MOUNTAIN_CAR,),
    "MountainCarContinuous-v0": (_MOUNTAIN_CAR_CONTINUOUS,),
    "Pendulum-v1": (_PENDULUM,),
    # ARS: learning rate, sigma, directions, top, generations, survival bonus. The table has 1 direction for
    # Swimmer, whose steps then never shrink, so that it falls from what it reached: 8 by trial.
    "Swimmer": _locomotion(_clipup(16, 0.0, bias=False), (0.02, 0.01, 8, 8, 200, 0.0)),
    "HalfCheetah": _locomotion(_clipup(108, 0.0), (0.02, 0.03, 32, 4, 200, 0.0)),
    "Hopper": _locomotion(_clipup(36, 1.0), (0.01, 0.025, 8, 4, 1000, 1.0)),
    "Walker2d": _locomotion(_clipup(108, 1.0), (0.03, 0.025, 40, 30, 1000, 1.0)),
    "Ant": _locomotion(_clipup(848, 1.0), (0.015, 0.025, 60, 20, 1000, 1.0)),
    "Humanoid": _locomotion(
        _clipup(5933, 5.0, members=200, generations=1000, times=18), (0.02, 0.0075, 230, 230, 1000, 5.0)
    ),
}


def presets_of(env_name: str) -> tuple[Preset, ...]:
    """The presets of an environment by its id, best first; () where there is none."""
    base, _, version = env_name.rpartition("-")
    found = PRESETS.get(env_name)
    if found is None and version in ("v4", "v5"):
        found = PRESETS.get(base)
    return found or ()


def find(preset: str | None, env_name: str) -> tuple[Preset, str]:
    """(the preset, one line on why it was taken).

    Args:
        preset: "auto" (the task's own, else the general default), None or "default", or a name.

    Raises:
        ValueError: the task has no preset of that name.
    """
    own = presets_of(env_name)
    if preset is None or preset == "default":
        return DEFAULT, "default, as asked for"
    if not isinstance(preset, str):
        raise TypeError(f"preset: got {preset!r}, wanted a name, 'auto' or None")
    if preset == "auto":
        if own:
            return own[0], f"{own[0].name}, known for {env_name} ({own[0].source})"
        return DEFAULT, f"default: no preset is known for {env_name}"
    for candidate in own:
        if candidate.name == preset:
            return candidate, f"{candidate.name}, as asked for ({candidate.source})"
    names = [p.name for p in own] + ["default", "auto"]
    raise ValueError(
        f"preset: got {preset!r}; for {env_name} there are {', '.join(map(repr, names))}"
        f"{suggest(preset, names)}"
    )
