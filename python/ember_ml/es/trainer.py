"""The trainer: a strategy, an environment, a policy and an engine, generation by generation."""

from __future__ import annotations

import math
import os
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ember_ml import _core, validate
from ember_ml.engines.base import EpisodeOptions, Evaluation, Float32, Population
from ember_ml.engines.policy_spec import PolicySpec
from ember_ml.engines.select import ENGINES, Choice, Problem, choose
from ember_ml.es.callbacks import Callback, as_callbacks
from ember_ml.es.evaluation import EvaluationResult, evaluate_policy
from ember_ml.es.history import History
from ember_ml.es.interrupt import Interrupt
from ember_ml.es.observation import ObservationStatistics
from ember_ml.es.policy import MLPPolicy, TrainedPolicy
from ember_ml.es.progress import Progress
from ember_ml.es.run import Candidate, NativeCandidate, Run, Snapshot, describe
from ember_ml.es.weights import Weights

LAYOUTS = ("members", "episodes", "units")

#: When nobody wants to be called: a slice as long as an integer can say.
_NOBODY = (Callback(every=2**62),)


class Trainer:
    """Trains a policy by an evolution strategy. Every part can be given by name.

    Args:
        env: a native environment's name, a gymnasium id, an environment object, class or maker, or an
            EnvSpec.
        policy: an Ember Module (which holds the trained weights afterwards), an `MLPPolicy`, a PolicySpec, a
            tuple of hidden widths, or None for the default network.
        strategy: from `ember_ml.es`, not started; None is the general default (OpenAI-ES, 16 pairs, sigma
            0.3, Adam 0.1, both decayed to 5% over the plan).
        episodes: per member and generation.
        normalize_observations: by running statistics that travel with the policy. None: yes, unless the
            strategy is one that does not (ARS V1).
        seed: 0 to 2**64 - 1, decides every number of the training; None draws one (`trainer.seed`).
        threads: of the native engine, None for all cores. Results do not depend on it.
        engine: "auto", "native", "python", "torch" or "mlx".
        device: "cuda", "cuda:N", "mps" or "cpu" of the torch engine (None: cuda where there is one), "gpu" or
            "cpu" of the mlx engine. With engine="auto" an accelerator chooses its engine.
        generations: the plan: what sigma and learning rate schedules follow, and how far `run()` goes.
        callbacks: `es.Callback` objects, or functions of the trainer called every generation.
        max_steps: environment steps an episode may take; None is the environment's own limit.
        clip_actions: clip Box actions to their bounds before the environment sees them.
        reward_offset, reward_scale: fitness sums ``reward_scale * (reward - reward_offset)``; history stays
            raw.
        frame_skip: environment steps for which an action is held.
        warmup: fill the observation statistics with one population that is not trained on. Its cost is
            counted in the first record.
        layout: of the native engine, "members", "episodes" or "units"; None lets it choose.
        theta0: first parameters (parameters,), or a file saved by a trainer, instead of the policy's own.
        common_starts: all members of a generation start their episodes alike.
        progress: a progress line on a terminal, for runs that take longer than half a second.
        workers: processes that step environments written in Python.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was wanted.
    """

    def __init__(
        self,
        env: Any,
        policy: Any = None,
        strategy: Any = None,
        episodes: int = 1,
        normalize_observations: bool | None = None,
        seed: int | None = None,
        threads: int | None = None,
        engine: str = "auto",
        device: str | None = None,
        generations: int | None = None,
        callbacks: Callback | Iterable[Any] = (),
        max_steps: int | None = None,
        clip_actions: bool = True,
        reward_offset: float = 0.0,
        reward_scale: float = 1.0,
        frame_skip: int = 1,
        warmup: bool = True,
        layout: str | None = None,
        theta0: ArrayLike | str | os.PathLike[str] | None = None,
        common_starts: bool = False,
        progress: bool = True,
        workers: int | None = None,
    ) -> None:
        from ember_ml import envs
        from ember_ml.es.presets import default_strategy
        from ember_ml.es.strategies import Strategy

        self.seed = secrets.randbits(32) if seed is None else validate.seed_number(seed)
        self.generations = None if generations is None else validate.positive_int("generations", generations)
        self.callbacks = as_callbacks(callbacks)
        self.progress = validate.boolean("progress", progress)
        self.warmup = validate.boolean("warmup", warmup)
        self.common_starts = validate.boolean("common_starts", common_starts)
        self.preset: str | None = None
        self.notes: list[str] = []

        if strategy is None:
            strategy = default_strategy()
        if not isinstance(strategy, Strategy):
            wanted = "one of ember_ml.es's, such as es.OpenAIES()"
            if isinstance(strategy, type) and issubclass(strategy, Strategy):
                raise TypeError(
                    f"strategy: got the class {strategy.__name__}, wanted {strategy.__name__}(...)"
                )
            raise TypeError(f"strategy: got {strategy!r}, wanted {wanted}")
        self.strategy = strategy
        if normalize_observations is None:
            own = strategy.normalize_observations
            normalize_observations = True if own is None else own
        self.engine_name = validate.choice("engine", engine, ("auto", *ENGINES))
        if device is not None and not isinstance(device, str):
            raise TypeError(f"device: got {device!r}, wanted a name such as 'cuda' or None")
        if layout is not None:
            validate.choice("layout", layout, LAYOUTS)

        options = EpisodeOptions(
            episodes=episodes,
            max_steps=max_steps,
            frame_skip=frame_skip,
            clip_actions=clip_actions,
            normalize=validate.boolean("normalize_observations", normalize_observations),
            reward_scale=reward_scale,
            reward_offset=reward_offset,
        )
        where: dict[str, Any] = {
            "threads": None if threads is None else validate.positive_int("threads", threads),
            "workers": None if workers is None else validate.positive_int("workers", workers),
            "layout": layout,
            "device": device,
        }
        self.env = envs.make(env)
        network, self.module, not_compiled, initial = _network(policy, self.env, self.seed)
        if not self.env.action_size:
            outputs = network.outputs if isinstance(network, PolicySpec) else _outputs_of(network, self.env)
            self.env = replace(self.env, action_size=outputs)
        self.problem = Problem(self.env, network, not_compiled, options, **where)
        self.choice: Choice = choose(self.problem, self.engine_name)
        self._engine: Any = self.choice.make(self.problem)
        self.history = History()
        self.observations = (
            ObservationStatistics(self.env.observation_size) if options.normalize else None
        )
        self.candidate: Candidate | NativeCandidate | None = None
        self._elapsed = 0.0
        self._stop = False
        self._warmed = (0, 0)  # episodes and steps of the warm-up, until they are in a record

        theta = initial if theta0 is None else self._first_parameters(theta0, initial.size)
        self.strategy.start(theta, self.seed)
        self.strategy.plan(self.generations)
        if threads is not None:
            self.strategy.threads = threads
        self._weights = None if self.module is None else Weights(self.module)
        self._description = describe(self)

    def _first_parameters(self, theta0: Any, parameters: int) -> Float32:
        if isinstance(theta0, (str, os.PathLike)):
            from ember_ml.es import checkpoint

            config, arrays = checkpoint.read(theta0)
            stored = config["policy"].get("spec")
            if stored is not None and isinstance(self.problem.policy, PolicySpec):
                theirs = PolicySpec.from_dict(stored)
                if theirs != self.problem.policy:
                    raise ValueError(
                        f"theta0: {os.fspath(theta0)} holds the network {theirs.describe()}, wanted"
                        f" {self.problem.policy.describe()}"
                    )
            if self.observations is not None and "observation/mean" in arrays:
                self.observations.load_state_dict(_part(arrays, "observation"))
            theta0 = arrays["theta"]
        theta = np.asarray(theta0)
        if theta.shape != (parameters,):
            raise ValueError(
                f"theta0: got shape {theta.shape}, wanted ({parameters},), one number a parameter"
            )
        if theta.dtype.kind not in "fiu":
            raise TypeError(f"theta0: got dtype {theta.dtype}, wanted real numbers")
        if not np.isfinite(theta).all():
            raise ValueError("theta0: got a value that is not finite")
        return theta.astype(np.float32)

    # ----------------------------------------------------------------------------------------------- training

    @property
    def generation(self) -> int:
        """Generations finished so far."""
        return len(self.history)

    @property
    def engine(self) -> Any:
        """The engine; after `close`, a new one."""
        if self._engine is None:
            self._engine = self.choice.make(self.problem)
        return self._engine

    @property
    def theta(self) -> Float32:
        """The policy that is being trained, float32 (parameters,)."""
        mean: Float32 = self.strategy.mean
        return mean

    def stop(self) -> None:
        """Ends the current `run()` after the generation that is running; for callbacks."""
        self._stop = True

    def step(self) -> dict[str, int | float]:
        """One generation. Returns its record."""
        with Interrupt() as interrupt:
            self._warm_up(interrupt)
            self._generation(interrupt, None, time.perf_counter() - self._elapsed)
        self._give_back()
        return self.history[-1]

    def run(
        self,
        generations: int | None = None,
        until: float | None = None,
        seconds: float | None = None,
        steps: int | None = None,
    ) -> Run:
        """Trains, and returns what came of it.

        Stops at the first of: so many more generations, a `policy_return` of at least `until` (that
        generation makes no update: the policy you hold is the one that reached it), so many seconds, so many
        environment steps (whole generations only), a callback that says so, Ctrl-C. Without `generations`,
        what is left of the plan is run.

        Raises:
            ValueError: no limit of any kind, or a limit that is not positive.
            EvaluationError: the environment or the policy failed; the trainer stands at the last whole
                generation.
        """
        count = self._count(generations, until, seconds, steps)
        until = None if until is None else validate.real("until", until)
        begun = time.perf_counter()
        deadline = None if seconds is None else begun + validate.positive("seconds", seconds)
        budget = None if steps is None else validate.positive_int("steps", steps)
        origin = begun - self._elapsed
        last = None if count is None else self.generation + count
        self._stop = False
        interrupted = reached = False
        bar = Progress(self.progress, count)
        for callback in self.callbacks:
            callback.on_start(self)
        first = self.generation
        try:
            with Interrupt() as interrupt:
                try:
                    self._warm_up(interrupt)
                    while last is None or self.generation < last:
                        before = self.generation
                        reached = self._advance(interrupt, last, until, deadline, origin, budget, first, bar)
                        bar.show(self.history, first)
                        stop = self._call_back(origin) if self.generation > before else False
                        if stop or reached or interrupt.requested:
                            break
                        if deadline is not None and time.perf_counter() >= deadline:
                            break
                        if budget is not None and self._steps_since(first) >= budget:
                            break
                except KeyboardInterrupt:
                    if interrupt.insisted or not interrupt.requested:
                        raise
                interrupted = interrupt.requested
        finally:
            bar.close()
            self._elapsed = time.perf_counter() - origin
            self._give_back()
            for callback in self.callbacks:
                callback.on_end(self)
        return Run(self._snapshot(), interrupted=interrupted, reached=reached)

    def _count(self, generations: Any, until: Any, seconds: Any, steps: Any) -> int | None:
        if generations is not None:
            return validate.positive_int("generations", generations)
        if self.generations is not None:
            return max(0, self.generations - self.generation)
        if until is None and seconds is None and steps is None:
            raise ValueError(
                "generations: got None, wanted how long to train: run(generations=, until=, seconds= or"
                " steps=), or a plan, Trainer(generations=)"
            )
        return None

    def _advance(
        self,
        interrupt: Interrupt,
        last: int | None,
        until: float | None,
        deadline: float | None,
        origin: float,
        budget: int | None,
        first: int,
        bar: Progress,
    ) -> bool:
        """Some generations, at most to the next one at which somebody wants to be called. True: `until` is
        reached.
        """
        if not self._runs_natively:
            return self._generation(interrupt, until, origin)
        count = min(
            callback.every - self.generation % callback.every for callback in self.callbacks or _NOBODY
        )
        if last is not None:
            count = min(count, last - self.generation)
        now = time.perf_counter()
        ends = [end for end in (deadline, bar.next_look) if end is not None]
        patience = max(0.0, min(ends) - now) if ends else math.inf
        left = math.inf if budget is None else budget - self._steps_since(first)
        return self._native_generations(interrupt, count, until, patience, left, now - origin)

    def _steps_since(self, first: int) -> int:
        return int(self.history["steps"][first:].sum())

    @property
    def _runs_natively(self) -> bool:
        return self.choice.name == "native" and self.strategy.native is not None

    def _native_generations(
        self,
        interrupt: Interrupt,
        count: int,
        until: float | None,
        seconds: float,
        steps: float,
        elapsed: float,
    ) -> bool:
        """Up to `count` generations in one native call, whole ones whatever ends it. True: `until` is
        reached.
        """
        log = _core.RunLog()
        if self._warmed != (0, 0):
            log.warm_up_episodes, log.warm_up_steps = self._warmed  # counted in the next record
        try:
            with interrupt.cut():
                _core.run(
                    self.engine.evaluator,
                    self.strategy.native,
                    None if self.observations is None else self.observations.native,
                    log,
                    generations=count,
                    until=math.inf if until is None else until,
                    time_budget=seconds,
                    step_budget=2**62 if steps == math.inf else max(1, int(steps)),
                    wall_time=elapsed,
                    common_starts=self.common_starts,
                    warm_up=False,
                )
        finally:
            if log.generations:
                self._warmed = (0, 0)
                self.history.extend_from(log)
                if self.candidate is None or log.candidate_return > self.candidate.policy_return:
                    self.candidate = NativeCandidate(log)
        return bool(log.end == "until")

    def _call_back(self, origin: float) -> bool:
        stop = False
        self._elapsed = time.perf_counter() - origin
        for callback in self.callbacks:
            if self.generation % callback.every == 0 and callback.on_generation(self) is True:
                stop = True
        return stop or self._stop

    def _warm_up(self, interrupt: Interrupt) -> None:
        """One population that only fills the observation statistics."""
        statistics = self.observations
        if statistics is None or not self.warmup or statistics.count > 0 or self.generation > 0:
            return
        population = replace(self._population(), noise_purpose="warmup", reset_purpose="warmup")
        with interrupt.cut():
            evaluation = self.engine.evaluate(population, statistics.mean32, statistics.inverse32, False)
        statistics.add(evaluation.leaves)
        self._warmed = (evaluation.lengths.size, evaluation.steps)

    def _population(self) -> Population:
        population: Population = self.strategy.population()
        return replace(population, common_starts=True) if self.common_starts else population

    def _generation(self, interrupt: Interrupt, until: float | None, origin: float) -> bool:
        """One generation through Python. True: `until` is reached."""
        population = self._population()
        statistics = self.observations
        frozen = (None, None) if statistics is None else (statistics.mean32, statistics.inverse32)
        with interrupt.cut():
            evaluation: Evaluation = self.engine.evaluate(population, *frozen, True)
        policy_return = _mean(evaluation.policy_returns)
        reached = until is not None and policy_return >= until
        whole = np.isfinite(evaluation.fitness)
        returns = _row_means(evaluation.returns[whole])
        mean, deviation = _moments(returns)
        sigma = float(self.strategy.mean_sigma)
        if self.candidate is None or policy_return > self.candidate.policy_return:
            self.candidate = Candidate(policy_return, population.generation, population.mean, *frozen)
        if reached:
            self.strategy.skip(evaluation.fitness)
        else:
            self.strategy.tell(evaluation.fitness)
        if statistics is not None and not reached:
            statistics.add(evaluation.leaves)
        episodes, steps = self._warmed
        self._warmed = (0, 0)
        self.history.append(
            generation=population.generation,
            policy_return=policy_return,
            population_mean=mean,
            population_std=deviation,
            population_max=float(returns.max()) if len(returns) else float("nan"),
            episodes=episodes + evaluation.lengths.size + evaluation.policy_lengths.size,
            steps=steps + evaluation.steps,
            failed=int((~whole).sum()),
            sigma=sigma,
            update_norm=0.0 if reached else float(self.strategy.update_norm),
            wall_time=time.perf_counter() - origin,
        )
        self._elapsed = time.perf_counter() - origin
        return reached

    def _give_back(self) -> None:
        """A Module that was passed in holds the trained weights."""
        if self._weights is not None:
            self._weights.set(self.theta)

    # ------------------------------------------------------------------------------------------------ results

    @property
    def policy(self) -> TrainedPolicy:
        """The unperturbed policy as it is now, observation statistics included."""
        return self._snapshot().policy()

    def evaluate(self, episodes: int = 100) -> EvaluationResult:
        """Plays the unperturbed policy from fixed starts that training never uses: the same numbers at every
        call.
        """
        episodes = validate.positive_int("episodes", episodes)
        return evaluate_policy(self._snapshot(), episodes)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes everything to `path` (npz), in one step; `Trainer.load` continues bit for bit.

        Raises:
            OSError: the file cannot be written; what was there before stands.
        """
        return self._snapshot().save(path)

    def config(self) -> dict[str, Any]:
        """Everything that decides the training, fit for JSON; it is in every saved file."""
        config = {
            **self._description,
            "preset": self.preset,
            "elapsed": self._elapsed,
            "warmed": list(self._warmed),
        }
        if self.strategy.native is None:  # an optimiser of the user's, whose settings may have been changed
            config["strategy"] = self.strategy.config()
        return config

    def _snapshot(self) -> Snapshot:
        return Snapshot.of(self)

    @staticmethod
    def load(
        path: str | os.PathLike[str],
        env: Any = None,
        policy: Any = None,
        callbacks: Callback | Iterable[Any] = (),
        strategy: Any = None,
        **options: Any,
    ) -> Trainer:
        """The trainer that was saved, standing where it stood.

        Args:
            path: a file of `Trainer.save`, `Run.save` or the callback `es.Checkpoint`.
            env: the environment, where it was not a native or gymnasium name.
            policy: the Module, where it could not be compiled; otherwise one that is to hold the weights.
            callbacks: as for `Trainer`; they are not saved.
            strategy: one made like the saved one, where it has an optimiser of your own.
            options: `threads`, `engine`, `layout`, `workers`, `progress`, which no result depends on.

        Raises:
            FileNotFoundError: no such file.
            ValueError: a damaged or foreign file, or an argument that the file cannot do without.
        """
        from ember_ml.es.restore import restore

        return restore(path, env, policy, callbacks, strategy, options)

    def explain(self) -> str:
        """What runs where, and why: text."""
        network = self.problem.policy
        lines = []
        if self.preset:
            lines.append(f"preset: {self.preset}")
        lines.append(f"environment: {self.env.name} ({_stepper(self.env)})")
        if isinstance(network, PolicySpec):
            lines.append(f"policy: {network.describe()}, {network.parameters} parameters")
        else:
            lines.append(
                f"policy: {type(network).__name__}, {self.strategy.parameters} parameters, not compiled:"
                f" {self.problem.not_compiled}"
            )
        lines.append(f"strategy: {self.strategy!r}")
        why = self.strategy.why_not_native if self.choice.name == "native" else "the engine is not native"
        lines.append(
            "generations: " + ("many in one native call" if not why else f"one by one in Python: {why}")
        )
        if self.observations is None:
            lines.append("observations: as they come")
        else:
            lines.append("observations: normalised" + (", after a warm-up population" if self.warmup else ""))
        lines.append(f"engine: {self.choice.name}; {self._engine_text()}")
        lines.extend(self.choice.reasons)
        lines.extend(self.notes)
        return "\n".join(lines)

    def _engine_text(self) -> str:
        engine = self.engine
        if self.choice.name == "native":
            return str(engine.evaluator.explain(self.strategy.directions, self.strategy.antithetic))
        return str(engine.explain())

    def close(self) -> None:
        """Ends worker processes and closes environments. The trainer can still be used: it makes new ones."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        plan = "" if self.generations is None else f" of {self.generations}"
        return (
            f"Trainer({self.env.name}, {type(self.strategy).__name__}, {self.choice.name} engine,"
            f" seed {self.seed}, generation {self.generation}{plan})"
        )


def _network(policy: Any, env: Any, seed: int) -> tuple[PolicySpec | Any, Any, str, Float32]:
    """(spec or Module, Module to hand the weights back to, why it did not compile, first parameters)."""
    if isinstance(policy, (tuple, list)):
        policy = MLPPolicy(hidden=tuple(policy))
    if policy is None:
        policy = MLPPolicy()
    if isinstance(policy, MLPPolicy):
        spec = policy.compile(env)
        return spec, None, "", policy.initial(spec, seed)
    if isinstance(policy, PolicySpec):
        return policy, None, "", MLPPolicy().initial(policy, seed)
    from ember_ml.engines.trace import NotCompiled, trace
    from ember_ml.nn.modules import Module

    if isinstance(policy, type) and issubclass(policy, Module):
        raise TypeError(f"policy: got the class {policy.__name__}, wanted {policy.__name__}(...)")
    if not isinstance(policy, Module):
        raise TypeError(f"policy: got {policy!r}, wanted an Ember Module, an es.MLPPolicy or None")
    theta = np.asarray(policy.to_vector(), np.float32)
    if not theta.size:
        raise ValueError(f"policy: {type(policy).__name__} has no trainable parameters")
    try:
        return trace(policy, env.observation_size, env.action_size or None), policy, "", theta
    except NotCompiled as reason:
        return policy, policy, str(reason), theta


def _outputs_of(module: Any, env: Any) -> int:
    from ember_ml.nn import tensor

    zeros = tensor.convert_to_tensor(np.zeros((1, env.observation_size), np.float32))
    return int(np.asarray(tensor.to_numpy(module(zeros))).size)


def _part(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The entries under a prefix, without it."""
    return {name[len(prefix) + 1 :]: value for name, value in arrays.items() if name.startswith(f"{prefix}/")}


def _stepper(env: Any) -> str:
    return {"builtin": "native", "custom": "your own, native", "python": "in Python"}[env.kind]


def _mean(values: Any) -> float:
    """Sum in index order, float64, divided by the count: what the native loop computes."""
    total = 0.0
    for value in values.tolist():
        total += value
    return total / len(values) if len(values) else float("nan")


def _row_means(returns: Any) -> Any:
    total = np.zeros(len(returns))
    for column in returns.T:
        total += column
    return total / returns.shape[1]


def _moments(values: Any) -> tuple[float, float]:
    """Mean and standard deviation (of the population, not of a sample), in index order."""
    mean = _mean(values)
    return mean, _mean((values - mean) ** 2) ** 0.5
