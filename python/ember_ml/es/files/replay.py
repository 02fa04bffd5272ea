"""`es.replay`: from a log to the training as it stood after any of its generations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ember_ml import validate
from ember_ml.envs import make
from ember_ml.errors import warn
from ember_ml.es.files import log, restore, saved
from ember_ml.es.files.record import Record
from ember_ml.es.files.saved import Saved
from ember_ml.es.result.run import Run
from ember_ml.es.state.candidate import Candidate
from ember_ml.es.state.replica import Replica, own_optimizer
from ember_ml.es.state.training_state import TrainingState
from ember_ml.perturbation import ThetaShape


def replay(
    path: str | os.PathLike[str],
    generation: int | None = None,
    env: Any = None,
    policy: Any = None,
    strategy: Any = None,
) -> Run:
    """The training recorded at `path` (``Trainer(record=path)``) as it stood after `generation` generations.

    Its updates are made again from what the log holds, without an environment: parameters, observation
    statistics, history and the best policy of the training are those of the run itself, bit for bit, and so
    is what `Run.save` writes for `Trainer.load` to go on from. Evaluations along the training are not in the
    log.

    Args:
        generation: 0 is the first state; None: all that the log holds.
        env, policy: as for `es.load`, where the log cannot name the environment or hold the policy.
        strategy: one made like the recorded one, where it has an optimiser of your own.

    A log that ends in the middle of a generation (its training was killed, or runs) is read up to the last
    whole one, with a warning that names it. One that was altered is read as far as it is whole where
    `generation` lies there, and refused otherwise.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is no log, or a damaged one; there is no such generation; or what is made again is not
            what was recorded, because another version of a package computes otherwise.
    """
    wanted = None if generation is None else validate.whole("generation", generation)
    if wanted is not None and wanted < 0:
        raise ValueError(f"generation: got {wanted}, wanted 0 or more")
    reader = log.Reader(path)
    replayed = _Replayed(reader, None if env is None else make(env), strategy)
    for found in replayed.frames():
        if wanted is not None and found.kind == log.GENERATION and replayed.reached(found, wanted):
            break
        replayed.take(found)
    else:
        _say_how_it_ended(reader, replayed.state.generation, wanted)
    run = restore.run_of(replayed.file_now(), policy)
    run.reached = replayed.last == "count"
    return run


@dataclass
class _Replayed:
    """A training that is made again, frame by frame."""

    reader: log.Reader
    env: Any
    given: Any  # the strategy, from the user
    last: str = ""  # kind of the last record

    def frames(self) -> Iterator[log.Frame]:
        """Those behind the first state, which is loaded."""
        path = self.reader.path
        frames = iter(self.reader)
        head, first = next(frames, None), next(frames, None)
        if head is None or first is None or first.kind != log.STATE:
            raise ValueError(f"{path} is {self.reader.ending}: it holds no first state")
        digest = log.first_digest(head, path)
        self._load(first)
        self._check(digest)
        yield from frames

    def _load(self, found: log.Frame) -> None:
        file = self.file = saved.parse(found.content, self.reader.path, self.env)
        strategy = restore.strategy_of(file, self.given)
        matrices = file.strategy_state.get("matrices")  # of a strategy with noise of low rank
        shapes = None if matrices is None else ThetaShape.from_array(file.theta.size, matrices)
        strategy.start(file.theta, file.seed, shapes)
        history = getattr(getattr(self, "state", None), "history", None)
        self.state: TrainingState = restore.state(file, strategy)
        if history is not None:
            self.state.history = history
        common_starts = bool(file.options["common_starts"])
        self.replica = Replica(strategy, self.state.observations, file.generations, common_starts)

    def reached(self, found: log.Frame, wanted: int) -> bool:
        """Whether the record belongs to what is behind `wanted` generations."""
        kind = log.record_in(found, self.reader.path).kind
        return kind != "warmup" and self.state.generation >= wanted

    def take(self, found: log.Frame) -> None:
        path = self.reader.path
        if found.kind == log.STATE:
            self._load(found)
        elif found.kind == log.CONFIG:
            self._reconfigure(log.config_of(found, path))
        elif found.kind == log.GENERATION:
            self._make(log.record_in(found, path))
        else:
            raise ValueError(f"{path} is damaged: it holds {found.kind!r}")

    def _reconfigure(self, config: dict[str, Any]) -> None:
        optimizer = own_optimizer(self.state.strategy)
        try:
            if optimizer is None:
                restore.strategy_of(replace(self.file, strategy=config), None)  # checks what it asks for
            self.replica.reconfigure(config, optimizer)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"{self.reader.path} is damaged: {error}") from error
        self.state.strategy = self.replica.strategy

    def _make(self, record: Record) -> None:
        state, row = self.state, record.row
        if record.kind == "warmup":
            self.replica.make(record)
            state.warmed = (int(row["episodes"]), int(row["steps"]))
        else:
            if int(row["generation"]) != state.generation:
                raise ValueError(
                    f"{self.reader.path} is damaged: generation {int(row['generation'])} stands where"
                    f" {state.generation} should"
                )
            policy_return = float(row["policy_return"])
            if state.candidate is None or policy_return > state.candidate.policy_return:
                theta, normalizer = state.strategy.mean, state.normalizer
                state.candidate = Candidate(policy_return, state.generation, theta, normalizer)
            try:
                self.replica.make(record)
            except (ValueError, ArithmeticError) as error:
                raise ValueError(
                    f"{self.reader.path} is damaged: generation {state.generation}: {error}"
                ) from error
            state.history.extend(row.reshape(1))
            state.warmed, state.elapsed = (0, 0), float(row["wall_time"])
        self.last = record.kind
        self._check(record.digest)

    def _check(self, digest: int) -> None:
        if self.replica.digest() != digest:
            raise ValueError(
                f"{self.reader.path}: what is made again after {self.state.generation} generations is not"
                " what was recorded: the log was altered, or another version of a package computes otherwise"
            )

    def file_now(self) -> Saved:
        """As a file saved now would hold it."""
        state = self.state
        config = {**self.file.config, "strategy": state.strategy.config()}
        return replace(
            self.file,
            config={**config, "elapsed": state.elapsed, "warmed": list(state.warmed)},
            theta=state.strategy.mean,
            history=state.history,
            observations=state.observations,
            candidate=state.candidate,  # type: ignore[arg-type]  # never one of a native run
            strategy=state.strategy.config(),
            strategy_state=state.strategy.state_dict(),
            elapsed=state.elapsed,
            warmed=state.warmed,
        )


def _say_how_it_ended(reader: log.Reader, last: int, wanted: int | None) -> None:
    """The log was read to its end, or to where it is broken."""
    how = {
        "whole": "",
        "truncated": f" and ends in the middle of the next (byte {reader.end})",
        "damaged": f" and was altered behind them (byte {reader.end})",
    }[reader.ending]
    if wanted is not None and wanted > last:
        raise ValueError(f"generation: got {wanted}, but {reader.path} holds {last} whole generations{how}")
    if reader.ending == "damaged" and wanted is None:
        raise ValueError(
            f"{reader.path} is damaged: it holds {last} whole generations{how};"
            f" replay(..., generation={last}) gives the last of them"
        )
    if reader.ending == "truncated" and wanted is None:
        warn(f"{reader.path} holds {last} whole generations{how}")
