"""Pictures of the built-in environments, drawn from their states with their constants."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ember_ml.envs.spec import EnvSpec
from ember_ml.report.canvas import GROUND, HEIGHT, WIDTH, Canvas, Pixels, Point
from ember_ml.report.labels import constants
from ember_ml.report.style import BEST, MUTED, POLICY, POPULATION, VERMILLION

_LINE, _DARK = "#d4d4d4", "#333333"

Pose = tuple[float, ...]
Draw = Callable[[Pose, Any], Any]


def scene(env: EnvSpec, kind: type[Canvas] = Pixels) -> Draw | None:
    """A function (state, action taken there or None) -> picture of that kind of canvas, or None where the
    task is not worth one: a point on a line shows better as a curve.
    """
    kinds: dict[str, Callable[[dict[str, float], type[Canvas]], Draw]] = {
        "CartPole-v1": _cart_pole,
        "Pendulum-v1": _pendulum,
        "MountainCar-v0": _mountain_car,
        "MountainCarContinuous-v0": _mountain_car,
        "Acrobot-v1": _acrobot,
    }
    return kinds[env.name](constants(env), kind) if env.name in kinds else None


def _cart_pole(c: dict[str, float], kind: type[Canvas]) -> Draw:
    reach, pole, angle = c["x_threshold"], 2 * c["length"], c["theta_threshold_radians"]
    scale = min(WIDTH / (2.5 * reach), 0.62 * HEIGHT / pole)
    cart_w, cart_h = 56 / scale, 30 / scale
    centre = (0.0, 0.5 * HEIGHT / scale - 90 / scale)

    def draw(pose: Pose, action: Any) -> Any:
        x, theta = pose[0], pose[2]
        canvas = kind(centre, scale)
        far = WIDTH / scale
        canvas.line([(-far, 0.0), (far, 0.0)], MUTED, 1.5)
        for limit in (-reach, reach):  # where an episode ends
            canvas.line([(limit, -14 / scale), (limit, 14 / scale)], VERMILLION, 2)
        axle = (x, cart_h / 2)
        if angle < math.pi / 2:
            for limit in (-angle, angle):
                tip = (x + pole * math.sin(limit), axle[1] + pole * math.cos(limit))
                canvas.line([axle, tip], _LINE, 1)
        left, right = x - cart_w / 2, x + cart_w / 2
        canvas.shape(
            [(left, -cart_h / 2), (right, -cart_h / 2), (right, cart_h / 2), (left, cart_h / 2)], _DARK
        )
        tip = (x + pole * math.sin(theta), axle[1] + pole * math.cos(theta))
        canvas.line([axle, tip], POPULATION, 9)
        canvas.disc(axle, 4, GROUND)
        if action is not None:
            way = 1 if action else -1
            start = x + way * (cart_w / 2 + 6 / scale)
            canvas.arrow((start, 0.0), (start + way * 34 / scale, 0.0), POLICY, 4)
        return canvas.result()

    return draw


def _pendulum(c: dict[str, float], kind: type[Canvas]) -> Draw:
    length = c["l"]
    scale = 0.40 * HEIGHT / max(length, 1.0)

    def draw(pose: Pose, action: Any) -> Any:
        theta = pose[0]
        canvas = kind((0.0, 0.0), scale)
        canvas.ring((0.0, 0.0), length, _LINE, 1)
        canvas.line([(0.0, length - 7 / scale), (0.0, length + 7 / scale)], BEST, 3)  # upright, the goal
        tip = (-length * math.sin(theta), length * math.cos(theta))
        canvas.line([(0.0, 0.0), tip], POPULATION, 12)
        canvas.disc(tip, 11, POPULATION)
        canvas.disc((0.0, 0.0), 5, _DARK)
        if action is not None and c["max_torque"] > 0:
            share = float(np.clip(np.ravel(action)[0] / c["max_torque"], -1, 1))
            radius = 46 / scale
            turn = [share * 2.4 * i / 24 for i in range(25)]  # counterclockwise where positive
            arc = [(-radius * math.sin(a), radius * math.cos(a)) for a in turn]
            if abs(share) > 0.06:
                canvas.line(arc[:-3], POLICY, 3)
                canvas.arrow(arc[-5], arc[-1], POLICY, 3)
        return canvas.result()

    return draw


def _mountain_car(c: dict[str, float], kind: type[Canvas]) -> Draw:
    low, high, goal = c["min_position"], c["max_position"], c["goal_position"]
    margin = 0.06 * (high - low)
    scale = min(WIDTH / (high - low + 2 * margin), HEIGHT / 1.5)
    left = (low + high) / 2 - WIDTH / scale / 2
    xs = np.linspace(left, left + WIDTH / scale, 160)

    def height(x: Any) -> Any:
        return np.sin(3 * x) * 0.45 + 0.55

    ground = [(float(x), float(height(x))) for x in xs]
    below = [*ground, (float(xs[-1]), -9.0), (float(xs[0]), -9.0)]

    def draw(pose: Pose, action: Any) -> Any:
        x = pose[0]
        canvas = kind(((low + high) / 2, 0.72), scale)
        canvas.shape(below, "#ececec")
        canvas.line(ground, MUTED, 2)
        for wall in (low, high):
            base = float(height(wall))
            canvas.line([(wall, base), (wall, base + 12 / scale)], MUTED, 2)
        foot = float(height(goal))
        canvas.line([(goal, foot), (goal, foot + 46 / scale)], _DARK, 2)
        top = foot + 46 / scale
        canvas.shape([(goal, top), (goal, top - 17 / scale), (goal - 26 / scale, top - 8.5 / scale)], BEST)
        slope = math.atan(3 * 0.45 * math.cos(3 * x))
        along, up = (math.cos(slope), math.sin(slope)), (-math.sin(slope), math.cos(slope))
        base = float(height(x))

        def place(a: float, b: float) -> Point:
            """a pixels along the slope and b above it."""
            return (x + (a * along[0] + b * up[0]) / scale, base + (a * along[1] + b * up[1]) / scale)

        canvas.shape([place(-20, 8), place(20, 8), place(16, 26), place(-14, 26)], _DARK)
        for wheel in (-11, 11):
            canvas.disc(place(wheel, 7), 7, MUTED)
        if action is not None:
            push = float(np.ravel(action)[0]) - 1.0 if "force" in c else float(np.ravel(action)[0])
            push = max(-1.0, min(1.0, push))
            way = math.copysign(1.0, push)
            if abs(push) > 0.05:
                canvas.arrow(place(way * 24, 17), place(way * (28 + 30 * abs(push)), 17), POLICY, 4)
        return canvas.result()

    return draw


def _acrobot(c: dict[str, float], kind: type[Canvas]) -> Draw:
    # The second link has length 1 in the task's goal, whatever its centre of mass; the height that ends an
    # episode is 1 above the pivot for links of length 1, as in gymnasium's picture.
    first, second = c["link_length_1"], 1.0
    scale = 0.42 * HEIGHT / max(first + second, 1.2)

    def draw(pose: Pose, action: Any) -> Any:
        canvas = kind((0.0, 0.0), scale)
        far = WIDTH / scale
        canvas.line([(-far, 1.0), (far, 1.0)], BEST, 2)
        elbow = (first * math.sin(pose[0]), -first * math.cos(pose[0]))
        angle = pose[0] + pose[1]
        hand = (elbow[0] + second * math.sin(angle), elbow[1] - second * math.cos(angle))
        canvas.line([(0.0, 0.0), elbow], POPULATION, 10)
        canvas.line([elbow, hand], "#56B4E9", 10)
        for joint in ((0.0, 0.0), elbow):
            canvas.disc(joint, 6, _DARK)
        torque = None if action is None else int(action) - 1
        if torque:
            radius = 24 / scale
            turn = [angle + torque * (0.5 + 1.7 * i / 16) for i in range(17)]
            arc = [(elbow[0] + radius * math.sin(a), elbow[1] - radius * math.cos(a)) for a in turn]
            canvas.line(arc[:-2], POLICY, 3)
            canvas.arrow(arc[-4], arc[-1], POLICY, 3)
        return canvas.result()

    return draw
