"""One episode of a trained policy, recorded step by step."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.engines.step_limit import step_limit
from ember_ml.envs.lanes import LaneError, Lanes, ObjectLanes
from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import EvaluationError
from ember_ml.report.camera import Camera, Reel, with_pictures
from ember_ml.report.canvas import Canvas, Pixels
from ember_ml.report.labels import Labels, labels
from ember_ml.report.lanes import BuiltinLanes, open_lanes, playable, start_of
from ember_ml.report.scenes import scene
from ember_ml.validate import whole

if TYPE_CHECKING:
    from ember_ml.es.result.run import Run

#: An episode without a time limit is cut here.
MOST_STEPS = 5000


@dataclass
class Episode:
    """What happened in one episode of T steps.

    Attributes:
        observations: float32 (T + 1, n), the last one included.
        actions: (T,) or (T, actions), as the environment was given them.
        rewards: float64 (T,).
        frames: pictures, if they were wanted and there are any: (height, width, 3) uint8, or of a built-in
            environment what the kind of canvas gives.
        frame_steps: for each picture the number of steps before it.
        end: "terminated", "truncated" (by the environment) or "time limit".
        labels: what the numbers are called, or None.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    frames: list[Any] = field(default_factory=list)
    frame_steps: list[int] = field(default_factory=list)
    end: str = "time limit"
    labels: Labels | None = None

    @property
    def total(self) -> float:
        return float(self.returns[-1])  # summed in the order of the steps, as engines do

    @property
    def returns(self) -> np.ndarray:
        """Return so far, float64 (T + 1,), from 0."""
        return np.concatenate([[0.0], np.cumsum(self.rewards)])


def play(
    run: Run,
    episode: int = 0,
    frames: bool = False,
    most_frames: int = 300,
    canvas: type[Canvas] = Pixels,
) -> Episode:
    """One episode of the trained policy, stepped in Python from the start of that episode of `run.evaluate`
    (MuJoCo's tasks of the native loop from another).

    Args:
        episode: its number, from 0.
        frames: also take pictures: ours of a built-in environment, others' own (`render`).
        most_frames: of a longer episode every second picture is kept, or every fourth, and so on.
        canvas: what built-in environments are drawn on.

    Raises:
        EvaluationError: the environment raised, or gave NaN or a wrong shape, or a picture that is none.
    """
    number = whole("episode", episode)
    if number < 0:
        raise ValueError(f"episode: got {episode!r}, wanted a whole number of at least 0")
    problem = run.setup.problem
    skip = problem.options.frame_skip
    env = playable(problem.env, problem.options.max_steps)
    limit = step_limit(env, problem.options.max_steps) or MOST_STEPS
    stage = _Stage(env, run.seed, frames, canvas)
    lanes, reel = stage.lanes, Reel(most_frames)
    policy = copy.copy(run.policy)  # whoever uses that one may be in an episode
    policy.reset()
    names = labels(env, stage.made)
    try:
        observation = lanes.reset([0], [start_of(env, run.seed, number)])[0]
        observations, actions = [observation], []
        rewards: list[float] = []
        end, action = "", None
        _take(reel, stage, 0, None)
        while not end:
            if len(rewards) % skip == 0:
                action = policy(observation)
            after, reward, terminated, truncated = lanes.step([0], np.asarray(action)[None])
            observation = after[0]
            observations.append(observation)
            actions.append(action)
            rewards.append(float(reward[0]))
            if terminated[0]:
                end = "terminated"
            elif truncated[0]:
                end = "truncated"
            elif len(rewards) >= limit:
                end = "time limit"
            _take(reel, stage, len(rewards), action, last=bool(end))
    except LaneError as error:
        message = f"{env.name}: {error.message} (episode {number} of the trained policy)"
        raise EvaluationError(message) from error.__cause__
    finally:
        lanes.close()
    return Episode(
        np.asarray(observations),
        np.asarray(actions),
        np.asarray(rewards, np.float64),
        reel.pictures,
        reel.steps,
        end,
        names,
    )


def _take(reel: Reel, stage: _Stage, step: int, action: Any, last: bool = False) -> None:
    if stage.frames and (last or reel.wants(step)):
        picture = stage.picture(action)
        if picture is not None:
            reel.add(step, picture, last)


class _Stage:
    """The one lane that an episode is played in, and what takes pictures of it.

    Attributes:
        made: the environment's object, or None for native ones.
    """

    def __init__(self, env: EnvSpec, seed: int, frames: bool, canvas: type[Canvas]) -> None:
        self.frames = frames
        self.made: Any = None
        self._draw = scene(env, canvas) if frames and env.kind == "builtin" else None
        self._camera: Camera | None = None
        self.lanes: Lanes
        if env.kind != "python":
            self.lanes = open_lanes(env, 1, seed)
            return
        if env.vector:
            self.lanes, self.made = env.factory(), env.keepalive
        else:
            adapter = env.factory()
            if frames:
                adapter = with_pictures(adapter, env)
            self.lanes, self.made = ObjectLanes(lambda: adapter, 1), adapter.env
        if frames:
            self._camera = Camera(self.made, env.name)

    def picture(self, action: Any) -> Any:
        if self._camera is not None:
            return self._camera.picture()
        if self._draw is not None and isinstance(self.lanes, BuiltinLanes):
            return self._draw(self.lanes.pose(0), action)
        return None
