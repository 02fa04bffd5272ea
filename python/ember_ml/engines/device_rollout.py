"""Episodes of many members side by side: what is played, what a chunk of steps records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ember_ml.engines.device_arrays import Arrays
from ember_ml.engines.device_low_rank import LowRankWeight
from ember_ml.engines.environments import Environment, State
from ember_ml.policy.normalizer import OBSERVATION_CLIP


class Moments(NamedTuple):
    """A Normalizer's arrays on the device."""

    mean: Any
    inverse: Any


@dataclass
class Record:
    """What a chunk of S environment steps, T turns, played; arrays (steps, members, episodes, 1)."""

    rewards: Any
    states: list[Any]
    over: Any | None
    lost: Any | None  # an output is not a number
    observations: Any | None  # (T, members, episodes, values), when normalising


@dataclass
class Game:
    """An environment, a policy and how they meet.

    Args:
        discrete: whether the policy's outputs are scores of actions.
        bounds: what actions are clipped to, or None.
        frame_skip: environment steps a turn.
        outputs: numbers that the policy gives.
    """

    arrays: Arrays
    problem: Environment
    policy: Any
    discrete: bool
    bounds: tuple[list[float], list[float]] | None
    frame_skip: int
    outputs: int

    def clipped(self, action: list[Any]) -> list[Any]:
        if self.bounds is None:
            return action
        return [self.arrays.ops.clip(a, lo, hi) for a, lo, hi in zip(action, *self.bounds)]

    def held(self, x: Any, steps: int) -> Any:
        """(turns, ...) -> (steps, ...): what a turn decides holds for `frame_skip` steps."""
        if self.frame_skip == 1:
            return x
        return self.arrays.take(x, np.arange(steps) // self.frame_skip)

    def judged(self, path: list[Any], taken: list[Any], lost: Any, observed: Any) -> Record:
        """The record of states (steps + 1, ...) and actions (steps, ...)."""
        before, after = tuple(x[:-1] for x in path), tuple(x[1:] for x in path)
        rewards, over = self.problem.judge(self.arrays.ops, before, taken, after)
        return Record(rewards, list(after), over, lost, observed)


class EagerRollout:
    """Episodes played operation by operation.

    Only what the next action waits for is computed step by step; the rest at the end, all steps at once.
    """

    def __init__(self, game: Game, rows: Any, state: State, normal: Moments | None) -> None:
        self.game = game
        self.weights = game.policy.weights(rows)
        self.memory: list[Any] | None = None
        self.state = state
        self.normal = normal

    def play(self, steps: int) -> Record:
        """The next `steps` steps of every episode, dead or alive, and the record of them."""
        game, arrays = self.game, self.game.arrays
        ops, env, normal, skip, state = arrays.ops, game.problem, self.normal, game.frame_skip, self.state
        forward, weights = game.policy.forward, self.weights
        states, actions, outputs, inputs = [state], [], [], []
        for step in range(steps):
            if step % skip == 0:
                observation = env.observe(ops, state)
                x = observation[0] if len(observation) == 1 else arrays.join(observation, -1)
                if normal is not None:
                    inputs.append(x)
                    x = ops.clip((x - normal.mean) * normal.inverse, -OBSERVATION_CLIP, OBSERVATION_CLIP)
                if self.memory is None:  # the first step says how many episodes a member plays
                    self.memory = game.policy.memory(weights, x)
                out = forward(weights, x, self.memory)
                action = self._action(out)
                actions.append(action)
                if game.discrete:
                    outputs.append(out)
            state = env.advance(ops, state, action)
            states.append(state)
        self.state = state
        lost = None
        if game.discrete:  # where it is not, an action that is no number ends in the state
            stacked = arrays.stack(outputs)
            lost = game.held((stacked != stacked).any(-1)[..., None], steps)
        taken = [game.held(arrays.stack(column), steps) for column in zip(*actions)]
        observed = arrays.stack(inputs) if inputs else None
        return game.judged([arrays.stack(column) for column in zip(*states)], taken, lost, observed)

    def _action(self, out: Any) -> list[Any]:
        game = self.game
        if game.discrete:
            return [game.arrays.choice(out)]
        size = game.outputs
        action = [out] if size == 1 else [out[..., i : i + 1] for i in range(size)]
        return action if game.bounds is None else game.clipped(action)

    def keep(self, index: NDArray[np.int64]) -> None:
        """Goes on with the members `index` alone."""
        take = self.game.arrays.take
        self.weights = [_taken(take, w, index) for w in self.weights]
        if self.memory is not None:
            self.memory = [take(x, index) for x in self.memory]
        self.state = tuple(take(x, index) for x in self.state)


def _taken(take: Any, weight: Any, index: NDArray[np.int64]) -> Any:
    if isinstance(weight, list):  # of a cell
        return [_taken(take, part, index) for part in weight]
    if isinstance(weight, LowRankWeight):
        return weight.taken(take, index)
    return None if weight is None else take(weight, index)
