"""The built-in environments for arrays of any backend, each written once: float32, one element an episode.

The arithmetic and the constants are those of the headers in cpp/envs for float lanes. `ops` is a backend's
table of primitives (`ember_ml.backend.select.table`) or anything with the same `sin cos abs floor clip where
zeros_like`. A state is a tuple of arrays of one shape, any shape; observations are a list of such arrays,
actions too, one of them holding the number of the choice where the actions are discrete.

A step is two functions, because what nothing in the episode waits for need not be computed step by step:
`advance` gives the next state, `judge` the rewards and ends of many steps at once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ember_ml import _core

State = tuple[Any, ...]

_TURN = 2 * math.pi
_TURN_HIGH = 6.28125  # exact in few bits, so that turns * _TURN_HIGH is exact


def _wrap(ops: Any, x: Any) -> Any:
    """x brought into [-pi, pi)."""
    turns = ops.floor((x + math.pi) * (0.5 / math.pi))
    return (x - turns * _TURN_HIGH) - turns * (_TURN - _TURN_HIGH)


class Environment:
    """What the device engines ask of an environment; subclasses hold their constants.

    Attributes:
        uniforms: numbers in [0, 1) that a start takes.
        terminates: whether episodes can end before the time limit.
        stages: how often a step evaluates the equations of motion.
    """

    name = ""
    uniforms = 0
    terminates = False
    stages = 1

    def __init__(self, c: tuple[float, ...]) -> None:
        raise NotImplementedError

    def reset(self, ops: Any, u: Any) -> State:
        """The states at the starts drawn by u, float32 (..., max(1, uniforms)): arrays (..., 1)."""
        raise NotImplementedError

    def observe(self, ops: Any, state: State) -> list[Any]:
        """The observation values, each an array like the state's."""
        return list(state)

    def advance(self, ops: Any, state: State, action: list[Any]) -> State:
        """The next state."""
        raise NotImplementedError

    def judge(self, ops: Any, state: State, action: list[Any], after: State) -> tuple[Any, Any]:
        """(reward, terminated or None where nothing terminates) of steps from `state` to `after`."""
        raise NotImplementedError

    def step(self, ops: Any, state: State, action: list[Any]) -> tuple[State, Any, Any]:
        """(next state, reward, terminated or None where nothing terminates)."""
        after = self.advance(ops, state, action)
        return (after, *self.judge(ops, state, action, after))


class Simple1D(Environment):
    """A point moved by the action wants to be at the target (cpp/envs/simple_1d.h)."""

    name = "Simple1D-v0"

    def __init__(self, c: tuple[float, ...]) -> None:
        self.target, self.start = c

    def reset(self, ops: Any, u: Any) -> State:
        return (u[..., :1] * 0.0 + self.start,)

    def advance(self, ops: Any, state: State, action: list[Any]) -> State:
        return (state[0] + action[0],)

    def judge(self, ops: Any, state: State, action: list[Any], after: State) -> tuple[Any, Any]:
        return -ops.abs(after[0] - self.target), None


class CartPole(Environment):
    """Barto, Sutton and Anderson (1983), Euler steps (cpp/envs/cartpole.h)."""

    name = "CartPole-v1"
    uniforms = 4
    terminates = True

    def __init__(self, c: tuple[float, ...]) -> None:
        self.gravity, cart, self.pole, self.length, self.force, self.tau, self.angle, self.position = c
        self.pole_length = self.pole * self.length
        self.per_mass = 1.0 / (self.pole + cart)

    def reset(self, ops: Any, u: Any) -> State:
        return tuple(u[..., i : i + 1] * 0.1 + -0.05 for i in range(4))

    def advance(self, ops: Any, state: State, action: list[Any]) -> State:
        x, x_dot, theta, theta_dot = state
        force = action[0] * (2.0 * self.force) - self.force
        cosine, sine = ops.cos(theta), ops.sin(theta)
        temp = (force + self.pole_length * (theta_dot * theta_dot) * sine) * self.per_mass
        theta_acc = (self.gravity * sine - cosine * temp) / (
            self.length * (4.0 / 3.0 - self.pole * (cosine * cosine) * self.per_mass)
        )
        x_acc = temp - self.pole_length * theta_acc * cosine * self.per_mass
        return (
            x + self.tau * x_dot,
            x_dot + self.tau * x_acc,
            theta + self.tau * theta_dot,
            theta_dot + self.tau * theta_acc,
        )

    def judge(self, ops: Any, state: State, action: list[Any], after: State) -> tuple[Any, Any]:
        over = (ops.abs(after[0]) > self.position) | (ops.abs(after[2]) > self.angle)
        return ops.zeros_like(after[0]) + 1.0, over


class Pendulum(Environment):
    """Swing up and hold (cpp/envs/pendulum.h)."""

    name = "Pendulum-v1"
    uniforms = 2

    def __init__(self, c: tuple[float, ...]) -> None:
        g, m, length, self.dt, self.max_speed, self.max_torque = c
        self.pull, self.push = 3 * g / (2 * length), 3.0 / (m * (length * length))

    def reset(self, ops: Any, u: Any) -> State:
        return u[..., :1] * _TURN + -math.pi, u[..., 1:2] * 2.0 + -1.0

    def observe(self, ops: Any, state: State) -> list[Any]:
        theta, speed = state
        return [ops.cos(theta), ops.sin(theta), speed]

    def advance(self, ops: Any, state: State, action: list[Any]) -> State:
        theta, speed = state
        u = ops.clip(action[0], -self.max_torque, self.max_torque)
        speed = ops.clip(
            speed + (self.pull * ops.sin(theta) + self.push * u) * self.dt, -self.max_speed, self.max_speed
        )
        return theta + speed * self.dt, speed

    def judge(self, ops: Any, state: State, action: list[Any], after: State) -> tuple[Any, Any]:
        u = ops.clip(action[0], -self.max_torque, self.max_torque)
        theta = _wrap(ops, state[0])
        return -(theta * theta + 0.1 * (state[1] * state[1]) + 0.001 * (u * u)), None


class MountainCar(Environment):
    """Moore (1990), three actions (cpp/envs/mountain_car.h)."""

    name = "MountainCar-v0"
    uniforms = 1
    terminates = True

    def __init__(self, c: tuple[float, ...]) -> None:
        self.goal_velocity, self.goal, self.force, self.gravity, self.max_speed, self.low, self.high = c
        self.wall = float(np.float32(self.low))  # what a clipped float32 position equals

    def reset(self, ops: Any, u: Any) -> State:
        return u[..., :1] * (-0.4 - -0.6) + -0.6, u[..., :1] * 0.0

    def advance(self, ops: Any, state: State, action: list[Any]) -> State:
        position, velocity = state
        velocity = velocity + ((action[0] - 1.0) * self.force + ops.cos(3.0 * position) * -self.gravity)
        velocity = ops.clip(velocity, -self.max_speed, self.max_speed)
        position = ops.clip(position + velocity, self.low, self.high)
        velocity = ops.where((position == self.wall) & (velocity < 0.0), velocity * 0.0, velocity)
        return position, velocity

    def judge(self, ops: Any, state: State, action: list[Any], after: State) -> tuple[Any, Any]:
        over = (after[0] >= self.goal) & (after[1] >= self.goal_velocity)
        return ops.zeros_like(after[0]) - 1.0, over


class MountainCarContinuous(Environment):
    """The same hill, the action being the force (cpp/envs/mountain_car_continuous.h)."""

    name = "MountainCarContinuous-v0"
    uniforms = 1
    terminates = True

    def __init__(self, c: tuple[float, ...]) -> None:
        self.goal_velocity, self.goal, self.power, self.max_speed, self.low, self.high = c
        self.wall = float(np.float32(self.low))

    def reset(self, ops: Any, u: Any) -> State:
        return u[..., :1] * (-0.4 - -0.6) + -0.6, u[..., :1] * 0.0

    def advance(self, ops: Any, state: State, action: list[Any]) -> State:
        position, velocity = state
        push = ops.clip(action[0], -1.0, 1.0) * self.power - 0.0025 * ops.cos(3.0 * position)
        velocity = ops.clip(velocity + push, -self.max_speed, self.max_speed)
        position = ops.clip(position + velocity, self.low, self.high)
        velocity = ops.where((position == self.wall) & (velocity < 0.0), velocity * 0.0, velocity)
        return position, velocity

    def judge(self, ops: Any, state: State, action: list[Any], after: State) -> tuple[Any, Any]:
        over = (after[0] >= self.goal) & (after[1] >= self.goal_velocity)
        prize = ops.zeros_like(after[0])
        return ops.where(over, prize + 100.0, prize) - action[0] * action[0] * 0.1, over


class Acrobot(Environment):
    """Sutton (1996), one Runge-Kutta step of order 4 an action (cpp/envs/acrobot.h)."""

    name = "Acrobot-v1"
    uniforms = 4
    terminates = True
    stages = 4

    def __init__(self, c: tuple[float, ...]) -> None:
        self.dt, l1, lc1, lc2, m1, m2, inertia, g, self.max_1, self.max_2 = c
        self.inertia, self.m2 = inertia, m2
        self.d1 = (m1 * (lc1 * lc1), l1 * l1 + lc2 * lc2, 2 * l1 * lc2)
        self.d2 = (lc2 * lc2, l1 * lc2)
        self.coupling = m2 * l1 * lc2
        self.weight_1, self.weight_2 = (m1 * lc1 + m2 * l1) * g, m2 * lc2 * g
        self.link = m2 * (lc2 * lc2) + inertia

    def reset(self, ops: Any, u: Any) -> State:
        return tuple(u[..., i : i + 1] * 0.2 + -0.1 for i in range(4))

    def observe(self, ops: Any, state: State) -> list[Any]:
        a, b, speed_a, speed_b = state
        return [ops.cos(a), ops.sin(a), ops.cos(b), ops.sin(b), speed_a, speed_b]

    def _derivative(self, ops: Any, s: State, torque: Any) -> State:
        cosine, sine = ops.cos(s[1]), ops.sin(s[1])
        d1 = self.d1[0] + self.m2 * (self.d1[1] + self.d1[2] * cosine) + self.inertia + self.inertia
        d2 = self.m2 * (self.d2[0] + self.d2[1] * cosine) + self.inertia
        phi2 = self.weight_2 * ops.cos(s[0] + s[1] - math.pi / 2)
        phi1 = (
            -self.coupling * (s[3] * s[3]) * sine
            - 2 * self.coupling * s[3] * s[2] * sine
            + self.weight_1 * ops.cos(s[0] - math.pi / 2)
            + phi2
        )
        acc = (torque + d2 / d1 * phi1 - self.coupling * (s[2] * s[2]) * sine - phi2) / (
            self.link - (d2 * d2) / d1
        )
        return s[2], s[3], -(d2 * acc + phi1) / d1, acc

    def advance(self, ops: Any, state: State, action: list[Any]) -> State:
        torque = action[0] - 1.0
        k = [self._derivative(ops, state, torque)]
        for h in (self.dt / 2, self.dt / 2, self.dt):
            k.append(self._derivative(ops, tuple(x + h * d for x, d in zip(state, k[-1])), torque))
        sixth = self.dt / 6
        a, b, speed_a, speed_b = (
            x + sixth * (k0 + 2.0 * k1 + 2.0 * k2 + k3) for x, k0, k1, k2, k3 in zip(state, *k)
        )
        a = ops.where(ops.abs(a) > math.pi, _wrap(ops, a), a)
        b = ops.where(ops.abs(b) > math.pi, _wrap(ops, b), b)
        speed_a = ops.clip(speed_a, -self.max_1, self.max_1)
        speed_b = ops.clip(speed_b, -self.max_2, self.max_2)
        return a, b, speed_a, speed_b

    def judge(self, ops: Any, state: State, action: list[Any], after: State) -> tuple[Any, Any]:
        over = -ops.cos(after[0]) - ops.cos(after[1] + after[0]) > 1.0
        nothing = ops.zeros_like(after[0])
        return ops.where(over, nothing, nothing - 1.0), over


ENVIRONMENTS: dict[str, type[Environment]] = {
    env.name: env for env in (Simple1D, CartPole, Pendulum, MountainCar, MountainCarContinuous, Acrobot)
}


def environment(name: str, parameters: tuple[float, ...] = ()) -> Environment:
    """The environment `name` with its constants, the first of them replaced by `parameters`.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in ENVIRONMENTS:
        raise ValueError(f"env: {name} is not written for devices; there are {', '.join(ENVIRONMENTS)}")
    defaults = next(info.parameter_defaults for info in _core.builtin_environments() if info.name == name)
    return ENVIRONMENTS[name]((*parameters, *list(defaults)[len(parameters) :]))
