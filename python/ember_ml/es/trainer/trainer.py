"""The trainer: a strategy, an environment, a policy and an engine, generation by generation."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from ember_ml import validate
from ember_ml.engines.select import ENGINES, Choice, Problem, choose
from ember_ml.es.files.snapshot import Candidate, NativeCandidate, Snapshot, describe
from ember_ml.es.interrupt import Interrupt, remember
from ember_ml.es.options import LAYOUTS, EngineName, Layout
from ember_ml.es.result.evaluation import EvaluationResult, evaluate_policy
from ember_ml.es.result.history import History
from ember_ml.es.result.records import CONFIRMATION, EVALUATION, Evaluations
from ember_ml.es.result.run import Run
from ember_ml.es.trainer.callbacks import Callback, as_callbacks, stops
from ember_ml.es.trainer.confirmation import EPISODES as CONFIRM_EPISODES
from ember_ml.es.trainer.curve import EvaluationCurve
from ember_ml.es.trainer.explanation import explain
from ember_ml.es.trainer.generation import run_natively, run_one, warm_up
from ember_ml.es.trainer.limits import Limits
from ember_ml.es.trainer.progress import Progress
from ember_ml.es.trainer.theta0 import Theta0
from ember_ml.es.trainer.turns import Turns
from ember_ml.policy.network import network_of, outputs_of
from ember_ml.policy.observation import ObservationStatistics
from ember_ml.policy.spec import PolicySpec
from ember_ml.policy.trained import TrainedPolicy
from ember_ml.policy.weights import Weights
from ember_ml.rollout import EpisodeOptions, Float32

#: Stands for the callbacks where there are none: all generations that are left are then one native call.
_NO_CALLBACKS = (Callback(every=validate.MOST_STEPS),)


class Trainer:
    """Trains a policy by an evolution strategy. Every part can be given by name.

    Args:
        env: a native environment's name, a gymnasium id, an environment object, class or maker, or an
            EnvSpec.
        policy: an Ember Module (which holds the trained weights afterwards), an `MLPPolicy`, a PolicySpec, a
            tuple of hidden widths, or None for the default network.
        strategy: from `ember_ml.es`, not started, or a name such as "snes" for its defaults; None is the
            general default (OpenAI-ES, 16 pairs, sigma 0.3, Adam 0.1, both decayed to 5% over the plan).
        episodes: per member and generation.
        normalize_observations: by running statistics that travel with the policy. None: as `theta0` was
            trained; else yes, unless the strategy is one that does not (ARS V1).
        seed: 0 to 2**64 - 1, decides every number of the training; None draws one (`trainer.seed`).
        threads: of the native engine, None for all cores. Results do not depend on it.
        engine: "auto", "native", "python", "torch" or "mlx".
        device: "cuda", "cuda:N", "mps" or "cpu" of the torch engine (None: cuda where there is one), "gpu" or
            "cpu" of the mlx engine. With engine="auto" an accelerator chooses its engine.
        generations: the plan: what sigma and learning rate schedules follow, and how far `run()` goes.
        callbacks: `es.Callback` objects, or functions of the trainer called every generation.
        max_steps: environment steps an episode may take, in place of the environment's own limit (None).
            Where gymnasium's TimeLimit inside an environment of yours ends it earlier, that is an error.
        clip_actions: clip Box actions to their bounds before the environment sees them.
        reward_offset, reward_scale: fitness sums ``reward_scale * (reward - reward_offset)``; history stays
            raw. Rewards of Python environments are float64, and the offset is taken off each; native, C and
            numba ones have float32 rewards (7 digits), so there keep large constants out of the reward.
        frame_skip: environment steps for which an action is held.
        warmup: fill the observation statistics with one population that is not trained on. Its cost is
            counted in the first record.
        layout: of the native engine, "members", "episodes" or "units"; None lets it choose.
        theta0: where to start instead of the policy's own parameters. A `Run` or a file saved by a trainer
            brings its observation statistics, if it has any, and so keeps its return. Numbers (parameters,)
            have none: unless they are all zeros, observations are then not normalised by default.
        common_starts: all members of a generation start their episodes alike.
        progress: a progress line on a terminal, for runs that take longer than half a second.
        workers: processes that step environments written in Python.
        on_error: what an environment of yours does to a training where it cannot go on. "raise": ends it
            with EvaluationError. "rank_last": that episode fails, if the environment raised `es.Infeasible`
            (a C one: EMBER_ERROR) or gave a reward or observation that is not finite. The member ranks last,
            its observations are not counted, and the history counts it in ``failed``. Any other exception
            still ends the training.
        lanes: episodes the python engine plays side by side, each with an environment object of its own;
            None: as many as there are, at most 64. Fewer take less memory.
        eval_every: evaluate the policy every so many generations, into `Run.evaluations`; the training is
            the same with it and without.
        eval_episodes: of each of these evaluations; None: 100, and 20 where Python steps the environment.

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
        engine: EngineName = "auto",
        device: str | None = None,
        generations: int | None = None,
        callbacks: Callback | Iterable[Any] = (),
        max_steps: int | None = None,
        clip_actions: bool = True,
        reward_offset: float = 0.0,
        reward_scale: float = 1.0,
        frame_skip: int = 1,
        warmup: bool = True,
        layout: Layout | None = None,
        theta0: ArrayLike | str | os.PathLike[str] | None = None,
        common_starts: bool = False,
        progress: bool = True,
        workers: int | None = None,
        lanes: int | None = None,
        eval_every: int | None = None,
        eval_episodes: int | None = None,
        on_error: str = "raise",
    ) -> None:
        from ember_ml import envs
        from ember_ml.es.presets import default_strategy
        from ember_ml.es.strategies.names import as_strategy

        self.seed = secrets.randbits(32) if seed is None else validate.seed_number(seed)
        self.generations = generations
        if generations is not None:
            self.generations = validate.positive_int("generations", generations, validate.MOST_STEPS)
        self.callbacks = as_callbacks(callbacks)
        self.eval_every, self.eval_episodes = eval_every, eval_episodes
        if eval_every is None and eval_episodes is not None:
            raise ValueError(f"eval_episodes: got {eval_episodes!r} without eval_every, wanted both")
        if eval_every is not None:
            self.callbacks.insert(0, EvaluationCurve(eval_every, eval_episodes))
        self.progress = validate.boolean("progress", progress)
        self.warmup = validate.boolean("warmup", warmup)
        self.common_starts = validate.boolean("common_starts", common_starts)
        self.preset: str | None = None
        self.notes: list[str] = []

        if strategy is None:
            strategy = default_strategy()
        self.strategy = strategy = as_strategy(strategy)
        start = Theta0.of(theta0)
        normalize, note = start.normalizes(normalize_observations, strategy.normalize_observations)
        self.notes.extend([note] if note else [])
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
            normalize=normalize,
            reward_scale=reward_scale,
            reward_offset=reward_offset,
            on_error=on_error,
        )
        where: dict[str, Any] = {
            "threads": None
            if threads is None
            else validate.positive_int("threads", threads, validate.MOST_THREADS),
            "workers": None if workers is None else validate.positive_int("workers", workers),
            "lanes": None if lanes is None else validate.positive_int("lanes", lanes),
            "layout": layout,
            "device": device,
        }
        self.env = envs.make(env)
        network, self.module, not_compiled, initial = network_of(policy, self.env, self.seed)
        if not self.env.action_size:
            outputs = network.outputs if isinstance(network, PolicySpec) else outputs_of(network, self.env)
            self.env = replace(self.env, action_size=outputs)
        self.problem = Problem(self.env, network, not_compiled, options, **where)
        self.choice: Choice = choose(self.problem, self.engine_name)
        self._engine: Any = self.choice.make(self.problem)
        self._turns = Turns()
        self._history = History()
        self.observations = ObservationStatistics(self.env.observation_size) if options.normalize else None
        self.candidate: Candidate | NativeCandidate | None = None
        self.evaluations, self.confirmations = Evaluations(EVALUATION), Evaluations(CONFIRMATION)
        self.evaluated: Candidate | None = None  # the best of the evaluations
        self._elapsed = 0.0
        self._stop = False
        self._running = threading.Lock()
        self._warmed = (0, 0)  # episodes and steps of the warm-up, until they are in a record

        self.strategy.start(start.begin(network, self.observations, initial), self.seed)
        self.strategy.trainer = self._claim = object()
        self.strategy.plan(self.generations)
        if threads is not None:
            self.strategy.threads = threads
        self._weights = None if self.module is None else Weights(self.module)
        self._description = describe(self)

    # ----------------------------------------------------------------------------------------------- training

    @property
    def history(self) -> History:
        """The records so far. A look at a running trainer from another thread, at this or at anything else,
        waits for the generation that is under way."""
        with self._turns:
            return self._history

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
        with self._turns:
            mean: Float32 = self.strategy.mean
        return mean

    @property
    def frozen(self) -> tuple[Float32 | None, Float32 | None]:
        """Mean and 1 / deviation of the observations as the policy sees them now, (None, None) without."""
        statistics = self.observations
        return (None, None) if statistics is None else (statistics.mean32, statistics.inverse32)

    def stop(self) -> None:
        """Ends the current `run()` after the generation that is running; for callbacks and other threads."""
        self._stop = True
        self._turns.hurry()

    def step(self) -> dict[str, int | float]:
        """One generation. Returns its record.

        Raises:
            KeyboardInterrupt: Ctrl-C, wherever it came; the trainer stands at a whole generation.
        """
        with Interrupt() as interrupt:
            self._begin()
            try:
                with interrupt.alert(), self._turns:
                    warm_up(self, interrupt)
                    run_one(self, interrupt, None, time.perf_counter() - self._elapsed)
                    self._give_back()
            finally:
                self._end()
        return self.history[-1]

    def run(
        self,
        generations: int | None = None,
        until: float | None = None,
        seconds: float | None = None,
        steps: int | None = None,
        confirm_episodes: int = CONFIRM_EPISODES,
    ) -> Run:
        """Trains, and returns what came of it.

        Stops at the first of: so many more generations, `until`, so many seconds, so many environment steps
        (of training and confirming; whole generations only), a callback that says so, Ctrl-C
        (`Run.interrupted`). Without `generations`, what is left of the plan is run.

        `until` is a mean return. A generation whose `policy_return` is at least that is only a candidate,
        because it is a draw of few episodes: its policy then plays up to `confirm_episodes` fresh ones. It is
        given up where after 8, 24, 100 or all of them its mean is half a standard error short, and believed
        where after 100 it is three beyond, or after all the 95% interval of the mean lies at or above
        `until`. Then that generation makes no update: the policy you hold is the one that reached it.
        Otherwise the training goes on as if nothing had happened, to the bit. A policy is tried only while
        trying has taken at most half as many steps as training. `Run.confirmations` has what was tried and
        its cost. ``confirm_episodes=0`` believes the first draw.

        Raises:
            KeyboardInterrupt: Ctrl-C a second time; or it ended the training before this one in a loop that
                did not look at `Run.interrupted`.
            ValueError: no limit of any kind, or a limit that is not positive.
            EvaluationError: the environment or the policy failed; the trainer stands at the last whole
                generation.
        """
        limits = Limits(self, generations, until, seconds, steps, confirm_episodes)
        with Interrupt() as interrupt:
            self._begin()
            try:
                with interrupt.alert():
                    reached = self._run(limits, interrupt)
            finally:
                self._end()
            run = Run(self._snapshot(), interrupt.ended_by(), reached)
            run.until = None if limits.confirmation is None else limits.confirmation.until
        if run._interrupted:
            remember(run)
        return run

    def _begin(self) -> None:
        self._check_strategy()
        if not self._running.acquire(blocking=False):
            raise RuntimeError("this trainer is running already, in another thread or around this callback")
        try:
            self.strategy.changes.hold()
        except BaseException:
            self._running.release()
            raise

    def _end(self) -> None:
        self.strategy.changes.give_back()
        self._running.release()

    def _check_strategy(self) -> None:
        if self.strategy.trainer is not self._claim:
            raise RuntimeError(
                "strategy: another Trainer was given the same object and has started it anew;"
                " give every trainer its own"
            )

    def _run(self, limits: Limits, interrupt: Interrupt) -> bool:
        """Returns whether `until` was reached."""
        self._stop = False
        reached = False
        bar = Progress(self.progress, limits.count, self.env.name)
        for callback in self.callbacks:
            callback.on_start(self)
            callback.is_due(None, time.perf_counter())
        try:
            with self._turns:
                warm_up(self, interrupt)
            while limits.last is None or self.generation < limits.last:
                before = self.generation
                with self._turns:
                    reached = self._advance(interrupt, limits, bar)
                bar.show(self.history, limits.first)
                stop = self._call_back(limits.origin) if self.generation > before else self._stop
                if stop or reached or interrupt.requested or limits.passed(self):
                    break
        except KeyboardInterrupt:
            if interrupt.insisted or not interrupt.requested:
                raise
        finally:
            bar.close()
            self._elapsed = time.perf_counter() - limits.origin
            self._give_back()
            for callback in self.callbacks:
                callback.on_end(self)
        return reached

    @property
    def _runs_natively(self) -> bool:
        return self.choice.name == "native" and self.strategy.native is not None

    def _advance(self, interrupt: Interrupt, limits: Limits, bar: Progress) -> bool:
        """Trains some generations, at most to the next one after which a callback is due.

        Returns whether `until` is reached.
        """
        if not self._runs_natively:
            return run_one(self, interrupt, limits.confirmation, limits.origin)
        finished = self.generation
        count = min(
            callback.every - finished % callback.every for callback in self.callbacks or _NO_CALLBACKS
        )
        if limits.last is not None:
            count = min(count, limits.last - finished)
        now = time.perf_counter()
        looks = [bar.next_look, *(callback.next_look for callback in self.callbacks)]
        seconds, steps = limits.seconds_left(now, looks), limits.steps_left(self)
        confirmation = limits.confirmation
        return run_natively(self, interrupt, count, confirmation, seconds, steps, now - limits.origin)

    def _call_back(self, origin: float) -> bool:
        stop = False
        now = time.perf_counter()
        self._elapsed = now - origin
        for callback in self.callbacks:
            if callback.is_due(self.generation, now):
                stop = stops(callback, callback.on_generation(self)) or stop
        return stop or self._stop

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
        with self._turns:
            return self._config()

    def _config(self) -> dict[str, Any]:
        config = {
            **self._description,
            "preset": self.preset,
            "elapsed": self._elapsed,
            "warmed": list(self._warmed),
        }
        if (
            self.strategy.native is None or self.strategy.changed
        ):  # an optimiser of the user's may change itself
            config["strategy"] = self.strategy.config()
        return config

    def _snapshot(self) -> Snapshot:
        with self._turns:
            self._check_strategy()
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
            options: `threads`, `engine`, `layout`, `workers`, `lanes`, `progress`, `eval_every`,
                `eval_episodes`, which no result depends on.

        Raises:
            FileNotFoundError: no such file.
            ValueError: a damaged or foreign file, or an argument that the file cannot do without.
        """
        from ember_ml.es.files.restore import restore

        return restore(Trainer, path, env, policy, callbacks, strategy, options)

    def explain(self) -> str:
        """What runs where, and why: text."""
        with self._turns:
            return explain(self)

    def close(self) -> None:
        """Ends worker processes and closes environments. The trainer can still be used: it makes new ones."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            "a Trainer cannot be copied or pickled; save(path), and Trainer.load(path) makes another that"
            " stands where this one stands"
        )

    def __repr__(self) -> str:
        plan = "" if self.generations is None else f" of {self.generations}"
        return (
            f"Trainer({self.env.name}, {type(self.strategy).__name__}, {self.choice.name} engine,"
            f" seed {self.seed}, generation {self.generation}{plan})"
        )
