"""The trainer: a strategy, an environment, a policy and an engine, generation by generation."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from numpy.typing import ArrayLike

from ember_ml import validate
from ember_ml.engines.sharded.settings import Many
from ember_ml.envs.objective import one_of
from ember_ml.es.interrupt import Interrupt, remember
from ember_ml.es.options import EngineName, Layout
from ember_ml.es.result.run import Run
from ember_ml.es.trainer.building import build
from ember_ml.es.trainer.callbacks import Callback, as_callbacks, stops
from ember_ml.es.trainer.confirmation import EPISODES as CONFIRM_EPISODES
from ember_ml.es.trainer.curve import EvaluationCurve
from ember_ml.es.trainer.generation import Generations
from ember_ml.es.trainer.limits import Limits
from ember_ml.es.trainer.looks import Looks
from ember_ml.es.trainer.progress import Progress
from ember_ml.es.trainer.recording import Recording
from ember_ml.policy.weights import Weights


class Trainer(Looks):
    """Trains a policy by an evolution strategy. Every part can be given by name.

    Args:
        env: a native environment's name, a gymnasium id, an environment object, class or maker, or an
            EnvSpec.
        policy: a Module of Ember or torch (which holds the trained weights afterwards), an `MLPPolicy`, a
            PolicySpec, a tuple of hidden widths, or None for the default network. One with an attribute
            ``observations`` is handed them in that form (`ember_ml.policy.handing`); a torch module without
            it flat, or whole where it takes no flat ones.
        strategy: from `ember_ml.es`, not started, or a name such as "snes" for its defaults; None is the
            general default (OpenAI-ES, 16 pairs, sigma 0.3, Adam 0.1, both decayed to 5% over the plan).
        episodes: per member and generation.
        normalize_observations: by running statistics that travel with the policy. None: as `theta0` was
            trained; else yes, unless the strategy is one that does not (ARS V1).
        seed: 0 to 2**64 - 1, decides every number of the training; None draws one (`trainer.seed`).
        threads: of the native engine, None for all cores. Results do not depend on it.
        engine: "auto", "native", "python", "torch" or "mlx"; or many workers, with the same results:
            "ray", "local", `engines.Ray(...)` or `engines.Local(...)`.
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
        workers: processes that step environments written in Python; with "ray" or "local", their workers.
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
        record: a new file to which every generation is appended, some kilobytes each, so that `es.replay`
            gives the training as it was after any of them.
        objective: instead of `env`: a function ``f(model, generation)`` that gives a member's fitness, larger
            is better. `policy` is then a Module of torch or Ember, and `model` is that module with the
            member's parameters.
        batched: `objective` takes many members: ``model(x)`` gives (members, ...), what each makes of the
            same x (``model(x, each=True)``: of its own x[member]), ``model.members`` is how many they are,
            and f gives (members,). They come in chunks of at most 16 MB of parameters.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was wanted.
        FileExistsError: `record` names a file that is there.
    """

    def __init__(
        self,
        env: Any = None,
        policy: Any = None,
        strategy: Any = None,
        episodes: int = 1,
        normalize_observations: bool | None = None,
        seed: int | None = None,
        threads: int | None = None,
        engine: EngineName | Many = "auto",
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
        record: str | os.PathLike[str] | None = None,
        objective: Callable[..., Any] | None = None,
        batched: bool = False,
    ) -> None:
        arguments = {**locals()}
        arguments["env"] = one_of(env, arguments.pop("objective"), arguments.pop("batched"))
        del arguments["self"], arguments["callbacks"], arguments["progress"], arguments["record"]
        self.callbacks = as_callbacks(callbacks)
        if eval_every is None and eval_episodes is not None:
            raise ValueError(f"eval_episodes: got {eval_episodes!r} without eval_every, wanted both")
        if eval_every is not None:
            self.callbacks.insert(0, EvaluationCurve(eval_every, eval_episodes))
        self.progress = validate.boolean("progress", progress)
        setup, state, made, self._module = build(**arguments)
        self._training = Generations(setup, state, made)
        if record is not None:
            self._training.recording = Recording(record)
        self._running = threading.Lock()
        self._weights = None if self._module is None else Weights(self._module)

    def stop(self) -> None:
        """Ends the current `run()` after the generation that is running; for callbacks and other threads."""
        self._training.turns.stop()

    def step(self) -> dict[str, int | float]:
        """One generation. Returns its record.

        Raises:
            KeyboardInterrupt: Ctrl-C, wherever it came; the trainer stands at a whole generation.
        """
        with Interrupt() as interrupt:
            self._begin()
            try:
                training = self._training
                with interrupt.alert(), training.turns:
                    training.warm_up(interrupt)
                    training.one(interrupt, None, time.perf_counter() - training.state.elapsed)
                    self._give_back()
            finally:
                self._end()
        return self.state.history[-1]

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
        limits = Limits(self.setup, self.state, generations, until, seconds, steps, confirm_episodes)
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
        self._training.check_strategy()
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

    def _run(self, limits: Limits, interrupt: Interrupt) -> bool:
        """Returns whether `until` was reached."""
        training, state, turns = self._training, self.state, self._training.turns
        turns.stopped = False
        reached = False
        bar = Progress(self.progress, limits.count, self.env.name)
        if self.setup.many is not None:
            self.engine.watch = bar.note
        for callback in self.callbacks:
            callback.on_start(self)
            callback.is_due(None, time.perf_counter())
        try:
            with turns:
                training.warm_up(interrupt)
            while limits.last is None or state.generation < limits.last:
                before = state.generation
                with turns:
                    looks = [bar.next_look, *(callback.next_look for callback in self.callbacks)]
                    reached = training.advance(interrupt, limits, self._until_due(before), looks)
                bar.show(state.history, limits.first)
                stop = self._call_back(limits.origin) if state.generation > before else turns.stopped
                if stop or reached or interrupt.requested or limits.passed():
                    break
        except KeyboardInterrupt:
            if interrupt.insisted or not interrupt.requested:
                raise
        finally:
            bar.close()
            if self.setup.many is not None:
                self.engine.watch = None
            state.elapsed = time.perf_counter() - limits.origin
            self._give_back()
            for callback in self.callbacks:
                callback.on_end(self)
        return reached

    def _until_due(self, finished: int) -> int:
        """Generations up to the next after which a callback is due."""
        most = validate.MOST_STEPS
        return min([most, *(callback.every - finished % callback.every for callback in self.callbacks)])

    def _call_back(self, origin: float) -> bool:
        stop = False
        now = time.perf_counter()
        self.state.elapsed = now - origin
        for callback in self.callbacks:
            if callback.is_due(self.state.generation, now):
                stop = stops(callback, callback.on_generation(self)) or stop
        return stop or self._training.turns.stopped

    def _give_back(self) -> None:
        """A Module that was passed in holds the trained weights."""
        if self._weights is not None:
            self._weights.set(self.theta)

    @staticmethod
    def load(
        path: str | os.PathLike[str],
        env: Any = None,
        policy: Any = None,
        callbacks: Callback | Iterable[Any] = (),
        strategy: Any = None,
        objective: Callable[..., Any] | None = None,
        batched: bool = False,
        **options: Any,
    ) -> Trainer:
        """The trainer that was saved, standing where it stood.

        Args:
            path: a file of `Trainer.save`, `Run.save` or the callback `es.Checkpoint`.
            env: the environment, where it was not a native or gymnasium name.
            policy: the Module, where it could not be compiled; otherwise one that is to hold the weights.
            callbacks: as for `Trainer`; they are not saved.
            strategy: one made like the saved one, where it has an optimiser of your own.
            objective, batched: where it was trained by an objective, as for `Trainer`.
            options: `threads`, `engine`, `layout`, `workers`, `lanes`, `progress`, `eval_every`,
                `eval_episodes`, which no result depends on; `record`, a new log, or the one of this training,
                which then goes on from where the file was saved.

        Raises:
            FileNotFoundError: no such file.
            ValueError: a damaged or foreign file, or an argument that the file cannot do without.
        """
        from ember_ml.es.files import restore

        record = options.pop("record", None)
        if objective is not None:
            env = one_of(env, objective, batched)
        file, arguments = restore.arguments(path, env, policy, strategy, options)
        trainer = Trainer(callbacks=callbacks, **arguments)
        trainer._training.state = restore.state(file, trainer.strategy)
        trainer.preset = file.preset
        if record is not None:
            trainer._training.recording = Recording(record, resume=True)
        trainer._give_back()
        return trainer

    def close(self) -> None:
        """Ends worker processes and closes environments. The trainer can still be used: it makes new ones."""
        self._training.close()

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
