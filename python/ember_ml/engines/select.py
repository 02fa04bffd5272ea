"""Which engine evaluates a problem, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ember_ml.engines.engine import Engine
from ember_ml.engines.options import EngineOptions
from ember_ml.engines.step_limit import beyond_time_limit, step_limit
from ember_ml.envs.spec import EnvSpec, resolved
from ember_ml.errors import is_installed, warn
from ember_ml.policy.forward import is_torch_policy
from ember_ml.policy.spec import PolicySpec
from ember_ml.rollout import EpisodeOptions


@dataclass(frozen=True)
class Problem:
    """Everything an engine needs to know that does not change between generations.

    `policy` is a PolicySpec, or a Module that could not be compiled for the reason in `not_compiled`.
    """

    env: EnvSpec
    policy: PolicySpec | Any
    not_compiled: str = ""
    options: EpisodeOptions = field(default_factory=EpisodeOptions)
    where: EngineOptions = field(default_factory=EngineOptions)

    def with_episodes(self, episodes: int) -> Problem:
        return replace(self, options=replace(self.options, episodes=episodes))


@dataclass(frozen=True)
class Choice:
    """The engine that was chosen (`name`, `make`); in `reasons` one line for each that was not, and for each
    option that has no effect on it.
    """

    name: str
    make: Callable[[Problem], Engine]
    reasons: list[str] = field(default_factory=list)


def choose(problem: Problem, engine: str = "auto") -> Choice:
    """The engine named, or for "auto" the first that can run the problem.

    "auto" is native wherever that can run the problem, unless `device` names an accelerator: torch for
    "cuda", "cuda:N" and "mps", mlx for "gpu". A torch module that does not compile takes the torch engine on
    a built-in environment, and else the python engine, which runs the module on the device.

    An option that means nothing to the engine (`workers` where no Python steps the environment, `layout` off
    the native engine) chooses no other: a warning says so.

    Raises:
        ValueError: the engine that was asked for cannot run this problem (the message says why), or `device`
            is unknown, not there, or not one that the engine runs on.
        MissingExtra: the engine's package is not installed.
    """
    problem.env.need_steps()
    if problem.env.kind == "objective":
        return _choose_objective(problem, engine)
    candidates = {
        "native": (_native_refuses, _make_native),
        "python": (_python_refuses, _make_python),
        "torch": (_device_refuses, _make_torch),
        "mlx": (_mlx_refuses, _make_mlx),
    }
    why = "because it was asked for"
    batched = is_torch_policy(problem.policy)
    if engine == "auto" and problem.where.device not in (None, "cpu"):
        engine, why = _engine_of(str(problem.where.device)), f"because of the device {problem.where.device}"
        if engine == "torch" and batched and _device_refuses(problem):
            engine = "python"  # which steps the environment, while the module runs on the device
    if engine != "auto":
        refuses, make = candidates[engine]
        check_device("torch" if engine == "python" and batched else engine, problem.where.device)
        why_not = refuses(problem)
        if why_not:
            raise ValueError(f"engine: {engine!r} cannot run this: {why_not}")
        return Choice(engine, make, [f"engine {engine}, {why}", *_without_effect(problem, engine)])
    reasons: list[str] = []
    for name in ("native", "torch", "python") if batched else ("native", "python"):
        refuses, make = candidates[name]
        why_not = refuses(problem)
        if not why_not:
            return Choice(name, make, [*reasons, *_without_effect(problem, name)])
        reasons.append(f"not the {name} engine: {why_not}")
    raise ValueError("engine: none can run this: " + "; ".join(reasons))


ENGINES = ("native", "python", "torch", "mlx")


def _choose_objective(problem: Problem, engine: str) -> Choice:
    if engine != "auto":
        raise ValueError(f"engine: {engine!r} cannot run this: an objective has an engine of its own")
    if problem.where.device is not None:
        check_device("torch" if is_torch_policy(problem.policy) else "objective", problem.where.device)
    return Choice("objective", _make_objective, [])


def _without_effect(problem: Problem, engine: str) -> list[str]:
    """One line, which is also a warning, for each option given that means nothing to the engine."""
    lines, env, where = [], problem.env, problem.where
    if where.workers is not None and where.workers > 1 and not _has_objects(env, engine):
        lines.append(
            f"workers={where.workers} has no effect: workers are processes that step environments written"
            f" in Python, and {env.name} is stepped "
            + ("by all its own lanes at once" if env.kind == "python" else f"by the {engine} engine")
        )
    if where.lanes is not None and engine != "python":
        lines.append(
            f"lanes={where.lanes} has no effect: lanes are environment objects that Python steps, and"
            f" {env.name} is stepped by the {engine} engine"
        )
    if where.layout is not None and engine != "native":
        lines.append(f"layout={where.layout!r} has no effect: it is for the native engine, not {engine}")
    for line in lines:
        warn(line)
    return lines


def _has_objects(env: EnvSpec, engine: str) -> bool:
    """Whether Python objects are stepped that workers could step: not C, not one vector environment."""
    in_c = env.kind == "custom" and env.twin is None
    return engine == "python" and not in_c and not env.vector


def _engine_of(device: str) -> str:
    if device == "gpu":
        return "mlx"
    if device.partition(":")[0] in ("cuda", "mps"):
        return "torch"
    raise ValueError(
        f"device: got {device!r}; wanted 'cpu', 'cuda', 'cuda:N' or 'mps' (torch), or 'gpu' (mlx)"
    )


def check_device(engine: str, device: str | None) -> None:
    """Raises ValueError or MissingExtra where `engine` does not run on `device` here."""
    if engine == "torch":
        from ember_ml.engines.device_arrays import TorchArrays

        TorchArrays(torch_device(device))
    elif engine == "mlx":
        from ember_ml.engines.device_arrays import MlxArrays

        MlxArrays(device)
    elif engine != "auto" and device not in (None, "cpu"):
        raise ValueError(f"device: got {device!r}, but the {engine} engine runs on the cpu")
    elif device not in (None, "cpu"):
        check_device(_engine_of(str(device)), device)


def torch_device(device: str | None) -> str:
    """The device named, or without a name "cuda" where there is one, else "cpu"."""
    from ember_ml.errors import need

    return device or ("cuda" if need("torch", "torch").cuda.is_available() else "cpu")


def _device_refuses(problem: Problem) -> str:
    if problem.env.kind != "builtin":
        return f"{problem.env.name} is not one of the built-in environments"
    return ""


def _mlx_refuses(problem: Problem) -> str:
    if is_torch_policy(problem.policy):
        return f"the policy is a torch module that does not compile ({problem.not_compiled})"
    return _device_refuses(problem)


def _native_refuses(problem: Problem) -> str:
    reasons = []
    if problem.env.kind == "python":
        reasons.append(f"{problem.env.name} is stepped by Python")
    if not isinstance(problem.policy, PolicySpec):
        reasons.append(f"the policy does not compile ({problem.not_compiled})")
    return " and ".join(reasons)


def _python_refuses(problem: Problem) -> str:
    if in_python(problem.env, problem.options.max_steps) is None:
        return f"{problem.env.name} is native and has no Python object to step"
    return ""


def in_python(env: EnvSpec, max_steps: int | None = None) -> EnvSpec | None:
    """The environment as Python steps it: itself, a native one's twin, or None. `max_steps` as for a trainer.

    Twins are gymnasium's of the same name, in float64, and for Simple1D-v0 the package's own. They do the
    same task from other starts, so returns differ as between two seeds.
    """
    from ember_ml.envs import make

    env.need_steps()
    env = resolved(env)
    if env.twin is not None:
        return beyond_time_limit(replace(make(env.twin), name=env.name), max_steps)
    if env.kind in ("python", "custom"):
        return beyond_time_limit(env, max_steps)
    limit = step_limit(env, max_steps)
    from ember_ml.envs.simple_1d import Simple1D

    if env.name == "Simple1D-v0":
        target, start = env.parameters or (10.0, 0.0)
        twin = make(partial(Simple1D, target, start, limit or 100))
    elif is_installed("gymnasium") and not env.parameters:
        import gymnasium

        if env.name not in gymnasium.registry:
            return None
        twin = make(partial(gymnasium.make, env.name, disable_env_checker=True, max_episode_steps=limit))
    else:
        return None
    return replace(
        twin,
        name=env.name,
        max_steps=env.max_steps,
        observation_names=env.observation_names,
        action_names=env.action_names,
    )


def _make_objective(problem: Problem) -> Engine:
    from ember_ml.engines.objective import ObjectiveEngine

    device = torch_device(problem.where.device) if is_torch_policy(problem.policy) else None
    return ObjectiveEngine(problem.env, problem.policy, device=device, **vars(problem.options))


def _make_native(problem: Problem) -> Engine:
    from ember_ml.engines.native import NativeEngine

    return NativeEngine(
        problem.env,
        problem.policy,
        **problem.where.of(NativeEngine),
        **vars(problem.options),
    )


def _make_python(problem: Problem) -> Engine:
    from ember_ml.engines.python import PythonEngine

    env = in_python(problem.env, problem.options.max_steps)
    assert env is not None
    return PythonEngine(
        env,
        problem.policy,
        **problem.where.of(PythonEngine),
        device=torch_device(problem.where.device) if is_torch_policy(problem.policy) else None,
        **vars(problem.options),
    )


def _make_torch(problem: Problem) -> Engine:
    from ember_ml.engines.device import TorchEngine

    device = torch_device(problem.where.device)
    return TorchEngine(problem.env, problem.policy, device=device, **vars(problem.options))


def _make_mlx(problem: Problem) -> Engine:
    from ember_ml.engines.device import MlxEngine

    return MlxEngine(problem.env, problem.policy, device=problem.where.device, **vars(problem.options))
