"""What a generation's records add up to: reduced on the device, added on the host in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.engines.device_arrays import Arrays
from ember_ml.engines.device_compiled import Sums
from ember_ml.engines.device_rollout import Moments, Record
from ember_ml.engines.fitness import fitness_of, policy_returns_of, without_offset
from ember_ml.rollout import LEAF_DIRECTIONS, EpisodeOptions, Evaluation, ObservationSums, Population


class Tally:
    """Returns, lengths and observation sums, a row a member; the last row is the unperturbed policy's if it
    is played.

    Args:
        arrays: of the records.
        rows, episodes: how many.
        size: observation values, 0 where they are not normalised.
        frame_skip: environment steps a turn.
    """

    def __init__(self, arrays: Arrays, rows: int, episodes: int, size: int, frame_skip: int) -> None:
        self.arrays = arrays
        self.frame_skip = frame_skip
        self.returns = np.zeros((rows, episodes))
        self.lengths = np.zeros((rows, episodes), np.int32)
        self.failed = np.zeros((rows, episodes), np.bool_)
        self.sums = np.zeros((rows, size))
        self.squares = np.zeros((rows, size))
        self.turns = np.zeros(rows)

    def add(self, record: Record, normal: Moments | None, alive: Any, numbers: NDArray[np.int64]) -> Any:
        """Adds a chunk played by the members `numbers`. `alive` are the episodes that had not ended before it
        (None: all). Returns which live on; None if none can have ended.
        """
        arrays, ops = self.arrays, self.arrays.ops
        # Finite numbers times zero are zero; the sum is not a number where one of them was not finite.
        check = record.rewards * 0.0
        for column in record.states:
            check = check + column * 0.0
        good = check == 0.0
        if record.lost is not None:
            good = good & (record.lost == False)  # noqa: E712
        whole = bool(good.all())
        host, total = arrays.host, arrays.total
        if whole and record.over is None and alive is None:
            self._add(numbers, host(total(record.rewards)), int(record.rewards.shape[0]), False)
            if normal is not None:
                self._observe(record.observations, None, normal, numbers)
            return None
        bad = good == False  # noqa: E712
        end = bad if record.over is None else bad | record.over
        live = arrays.earlier(end) == False  # noqa: E712
        if alive is not None:
            live = live & alive
        counted = ops.where(live & good, record.rewards, ops.zeros_like(record.rewards))
        failed = False if whole else host((live & bad).any(0))
        self._add(numbers, host(total(counted)), host(total(live)), failed)
        if normal is not None:
            self._observe(record.observations, live[:: self.frame_skip], normal, numbers)
        ended = end.any(0) == False  # noqa: E712
        return ended if alive is None else ended & alive

    def _add(self, numbers: NDArray[np.int64], rewards: Any, lengths: Any, failed: Any) -> None:
        """Arrays (members, episodes, 1) or one number for all."""
        self.returns[numbers] += rewards[..., 0]
        self.lengths[numbers] += lengths if isinstance(lengths, int) else lengths[..., 0].astype(np.int32)
        if failed is not False:
            self.failed[numbers] |= failed[..., 0]

    def _observe(self, observations: Any, live: Any, normal: Moments, numbers: NDArray[np.int64]) -> None:
        """Adds (x - shift) and its square over live turns."""
        arrays, ops = self.arrays, self.arrays.ops
        if arrays.wide:
            deviations = observations.double() - normal.mean.double()
        else:
            deviations = observations - normal.mean
        if live is not None:
            deviations = ops.where(live, deviations, ops.zeros_like(deviations))
        sums, squares = arrays.total(deviations), arrays.total(deviations * deviations)
        self.sums[numbers] += arrays.host(sums).sum(axis=1, dtype=np.float64)
        self.squares[numbers] += arrays.host(squares).sum(axis=1, dtype=np.float64)
        if live is None:
            self.turns[numbers] += int(observations.shape[0]) * self.returns.shape[1]
        else:
            self.turns[numbers] += arrays.host(arrays.total(live))[..., 0].sum(axis=1)

    def add_whole(self, found: Sums, numbers: NDArray[np.int64]) -> None:
        """Adds whole episodes of the members `numbers` that are not broken."""
        totals: list[NDArray[Any]] = [self.returns, self.lengths, self.sums, self.squares, self.turns]
        parts = [found.rewards, found.lengths]
        if found.sums is not None and found.squares is not None and found.turns is not None:
            parts += [found.sums.sum(axis=1), found.squares.sum(axis=1), found.turns.sum(axis=1)]
        if found.broken.any():
            whole = ~found.broken
            numbers, parts = numbers[whole], [part[whole] for part in parts]
        for total, part in zip(totals, parts):
            total[numbers] = part

    def evaluation(self, population: Population, options: EpisodeOptions) -> Evaluation:
        """What came of the generation."""
        members = population.members
        raw, lengths, failed = self.returns[:members], self.lengths[:members], self.failed[:members]
        evaluation = Evaluation(
            fitness=fitness_of(
                without_offset(raw, lengths, options.reward_offset), failed, options.reward_scale
            ),
            returns=raw,
            lengths=lengths,
            failed=failed,
            steps=int(self.lengths.sum()),
        )
        if options.normalize:
            if options.on_error == "rank_last":
                lost = np.flatnonzero(failed.any(axis=1))
                self.turns[lost], self.sums[lost], self.squares[lost] = 0.0, 0.0, 0.0
            pair = 2 if population.antithetic and population.rows is None else 1
            for first in range(0, members, LEAF_DIRECTIONS * pair):
                part = slice(first, min(members, first + LEAF_DIRECTIONS * pair))
                evaluation.leaves.append(
                    ObservationSums(
                        float(self.turns[part].sum()),
                        self.sums[part].sum(axis=0),
                        self.squares[part].sum(axis=0),
                    )
                )
        if len(self.returns) > members:
            evaluation.policy_returns = policy_returns_of(self.returns[members], self.failed[members])
            evaluation.policy_lengths = self.lengths[members]
        return evaluation
