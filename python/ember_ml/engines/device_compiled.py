"""Whole episodes of a population as one function that torch.compile makes.

The eager engine pays for some ten launches a turn: on a CPU nearly all of the time of a small policy. Here
the loop over the turns is compiled too (torch's `while_loop`). Arrays have the members last, (episodes,
members), and a dense layer is a multiplication and a sum over its inputs instead of a batched matrix product,
so that the compiler makes plain loops with members in SIMD lanes and keeps a turn's numbers in the cache.

What comes out are sums over each episode. Numbers that are not finite are only noticed: their members are
played again by the eager engine, which knows what to do with them.

There is no such function for mlx: mx.compile makes no loops, and unrolled ones saved too little
(docs/performance.md, "Torch and mlx").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.engines.device_policy import apply_operations
from ember_ml.engines.device_rollout import Game, Moments
from ember_ml.engines.environments import State
from ember_ml.policy.normalizer import OBSERVATION_CLIP
from ember_ml.policy.spec import DenseLayer, PolicySpec

#: Most turns written out in one pass of the loop, each of one step of one stage: more cost less a turn and
#: more to compile.
TURNS = 10

#: Members are filled up to a multiple of this, so that populations of nearly the same size share a function.
_LANES = 8

#: Up to so many inputs a dense layer is written out input by input; above, it is a sum over an axis.
_WRITTEN_OUT = 8


@dataclass
class Sums:
    """What came of whole episodes, on the host: float64 (members, episodes[, observation values])."""

    rewards: NDArray[np.float64]
    lengths: NDArray[np.float64]
    broken: NDArray[np.bool_]  # (members,) met a number that is not finite: the rest means nothing
    turns: NDArray[np.float64] | None = None  # these where observations are normalised
    sums: NDArray[np.float64] | None = None
    squares: NDArray[np.float64] | None = None


class CompiledEpisodes:
    """Plays whole episodes. One compiled function for each shape of (parameters, members, episodes).

    Args:
        game: on TorchArrays, with a SpecPolicy.
        limit: environment steps of an episode.
    """

    def __init__(self, game: Game, limit: int) -> None:
        self.game = game
        self.arrays: Any = game.arrays
        self.spec: PolicySpec = game.policy.spec
        self.limit = limit
        turns = -(-limit // game.frame_skip)
        self.passes = -(-turns // max(1, TURNS // (game.frame_skip * game.problem.stages)))
        self.turns = -(-turns // self.passes)  # of one pass
        self.steps = self.turns * game.frame_skip
        self.cut = self.passes * self.steps != limit  # the last pass goes beyond the limit
        self.masked = self.cut or game.problem.terminates
        self._functions: dict[Any, Callable[..., Any]] = {}

    def __call__(self, rows: Any, state: State, normal: Moments | None) -> Sums:
        """Plays the members with parameters `rows` (members, P) from `state`, arrays (members, episodes, 1).

        Raises what the compiler raises, if these are the first arguments of their shapes.
        """
        table = self._filled(rows).T.contiguous()
        plain = self.arrays.torch.contiguous_format  # strides too: the loop must give back what it was given
        start = [self._filled(x[..., 0]).T.clone(memory_format=plain) for x in state]
        key = tuple(table.shape), tuple(start[0].shape), normal is None
        function = self._functions.get(key)
        if function is None:
            function = self._functions[key] = self.arrays.compiled(self._play)
        found = self.arrays.host(function(table, *(normal or (None, None)), *start))
        return self._named(found[..., : int(rows.shape[0])].swapaxes(1, 2), normal is not None)

    def _filled(self, x: Any) -> Any:
        spare = -int(x.shape[0]) % _LANES
        return self.arrays.join([x, *[x[-1:]] * spare], 0) if spare else x

    def _named(self, found: NDArray[np.float64], normal: bool) -> Sums:
        """`found` (sums, members, episodes)."""
        rows = iter(found)
        broken, rewards = (next(rows) != 0.0).any(axis=1), next(rows)
        lengths = next(rows) if self.masked else np.full(rewards.shape, float(self.limit))
        if not normal:
            return Sums(rewards, lengths, broken)
        turns = (
            next(rows)
            if self.masked
            else np.full(rewards.shape, float(-(-self.limit // self.game.frame_skip)))
        )
        values = np.stack(list(rows), -1)
        half = values.shape[-1] // 2
        return Sums(rewards, lengths, broken, turns, values[..., :half], values[..., half:])

    # ------------------------------------------------------------------------------------- what is compiled

    def _play(self, table: Any, mean: Any, inverse: Any, *start: Any) -> Any:
        """Whole episodes from the states `start`, each (episodes, lanes): sums (sums, episodes, lanes)."""
        from torch._higher_order_ops import while_loop as loop

        torch, terminates = self.arrays.torch, self.game.problem.terminates
        looks = terminates and self.arrays.on_host  # an accelerator would have to be waited for
        number = torch.float64 if self.arrays.wide else torch.float32
        size, masked = len(start), self.masked
        rows = 2 + masked
        if mean is not None:
            rows += masked + 2 * len(self.game.problem.observe(self.arrays.ops, start))

        def goes_on(i: Any, *carried: Any) -> Any:
            more = i < self.passes
            return more & carried[size].any() if looks else more

        def one_pass(i: Any, *carried: Any) -> tuple[Any, ...]:
            state, live, sums = carried[:size], carried[size] if masked else None, carried[size + masked :]
            return (i + 1, *self._turns(table, mean, inverse, i, state, live, sums))

        live = [torch.ones_like(start[0], dtype=torch.bool)] if masked else []
        sums = [torch.zeros_like(start[0], dtype=number) for _ in range(rows)]
        i = torch.zeros((), dtype=torch.int64)
        while_loop: Any = loop  # torch leaves it untyped
        found = while_loop(goes_on, one_pass, (i, *[x.clone() for x in start], *live, *sums))
        return torch.stack(found[1 + size + masked :])

    def _turns(
        self, table: Any, mean: Any, inverse: Any, i: Any, state: State, live: Any, sums: tuple[Any, ...]
    ) -> list[Any]:
        """Pass number i: the states, live episodes and sums after it."""
        ops, game = self.arrays.ops, self.game
        one = ops.zeros_like(state[0]) + 1.0
        total = list(sums)

        def add(row: int, x: Any) -> None:
            x = x if live is None else ops.where(live, x, one * 0.0)
            total[row] = total[row] + x.to(total[row].dtype)

        for turn in range(self.turns):
            x = game.problem.observe(ops, state)
            for skipped in range(game.frame_skip):
                if self.cut:
                    live = live & (i * self.steps + (turn * game.frame_skip + skipped) < self.limit)
                if skipped == 0:
                    if mean is not None:
                        x = self._normalised(x, mean, inverse, add)
                    action = self._action(self._forward(table, x))
                after = game.problem.advance(ops, state, action)
                reward, over = game.problem.judge(ops, state, action, after)
                state = after
                check = reward * 0.0
                for value in after:
                    check = check + value * 0.0
                add(0, check)
                add(1, reward)
                if self.masked:
                    add(2, one)
                if over is not None:
                    live = live & ~over
        return [*state, *([live] if self.masked else []), *total]

    def _normalised(
        self, x: list[Any], mean: Any, inverse: Any, add: Callable[[int, Any], None]
    ) -> list[Any]:
        """What the policy sees; the observation sums are added to."""
        row, size = 2, len(x)
        if self.masked:
            add(3, x[0] * 0.0 + 1.0)
            row = 4
        found = []
        for k, value in enumerate(x):
            deviation = value - mean[k]
            wide = deviation.to(self.arrays.torch.float64) if self.arrays.wide else deviation
            add(row + k, wide)
            add(row + size + k, wide * wide)
            found.append(self.arrays.ops.clip(deviation * inverse[k], -OBSERVATION_CLIP, OBSERVATION_CLIP))
        return found

    def _forward(self, table: Any, x: Any) -> Any:
        """Outputs (A, episodes, lanes) of observation values, each (episodes, lanes)."""
        policy = self.game.policy
        if self.spec.before:
            x = apply_operations(policy.before, self.arrays.stack(x), _spread)
        for layer, after in zip(self.spec.dense_layers, policy.after):
            x = apply_operations(after, self._dense(layer, table, x), _spread)
        return x

    def _dense(self, layer: DenseLayer, table: Any, x: Any) -> Any:
        """`x` has `layer.inputs` entries (episodes, lanes)."""
        lanes, at = table.shape[-1], layer.weight_offset
        weight = table[at : at + layer.inputs * layer.outputs]
        weight = weight.reshape(layer.inputs, layer.outputs, 1, lanes)
        bias = None
        if layer.bias_offset >= 0:
            bias = table[layer.bias_offset : layer.bias_offset + layer.outputs].reshape(-1, 1, lanes)
        if layer.inputs > _WRITTEN_OUT:
            y = (x[:, None] * weight).sum(0)
            return y if bias is None else y + bias
        y = bias
        for i in range(layer.inputs):
            y = x[i] * weight[i] if y is None else y + x[i] * weight[i]
        return y

    def _action(self, out: Any) -> list[Any]:
        ops, game = self.arrays.ops, self.game
        if not game.discrete:
            return game.clipped([out[i] for i in range(out.shape[0])])
        best, choice = out[0], out[0] * 0.0  # an output that is not a number breaks the state
        for i in range(1, out.shape[0]):  # the first of equals
            better = out[i] > best
            best = ops.where(better, out[i], best)
            choice = ops.where(better, float(i) + choice * 0.0, choice) + out[i] * 0.0
        return [choice]


def _spread(value: Any) -> Any:
    """One number an element (n,) -> (n, 1, 1)."""
    return value if isinstance(value, float) else value[:, None, None]
