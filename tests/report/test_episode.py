"""One episode of a trained policy: any environment, its names and limits, its end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs, es
from ember_ml.errors import EvaluationError
from ember_ml.playback import play
from pictures import laid_out

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def _needs_matplotlib():
    skip_without("matplotlib")


def trained(env, **options):
    return es.train(env, generations=2, seed=0, **options)


def in_c():
    return envs.compile(EXAMPLES / "my_env.c")


def in_numba():
    pytest.importorskip("numba")

    @envs.native(state_size=2, observation_size=2, action_size=3, discrete=True, max_steps=40)
    class Slide:
        def reset(state, rng):
            state[0] = envs.uniform(rng, -1.0, 1.0)

        def step(state, action):
            state[1] += 0.1 * (action - 1)
            state[0] += 0.1 * state[1]
            return -abs(state[0]), False

    return Slide


def vector():
    gymnasium = pytest.importorskip("gymnasium")
    return gymnasium.make_vec("CartPole-v1", num_envs=3, vectorization_mode="sync")


@pytest.mark.parametrize("make", [in_c, in_numba, vector])
def test_own_environments_of_every_kind(make, tmp_path):
    run = trained(make())
    played = play(run, episode=1)
    evaluated = run.evaluate(episodes=2)
    assert len(played.rewards) == evaluated.lengths[1]
    assert np.isclose(played.total, evaluated.returns[1], rtol=1e-4)
    figure = laid_out(run.plot_trajectory(tmp_path / "way.png", episode=1))
    assert np.array_equal(figure.axes[0].lines[0].get_ydata(), played.observations[:, 0])
    path = run.animate(tmp_path / "way.gif", most_frames=5)
    assert path.read_bytes()[:4] == b"GIF8"


@pytest.mark.parametrize(
    ("name", "constants"),
    [
        ("CartPole-v1", {"length": 1.0}),
        ("Pendulum-v1", {"l": 0.7}),
        ("MountainCar-v0", {"goal_position": 0.3}),
        ("MountainCarContinuous-v0", {"power": 0.003}),
        ("Acrobot-v1", {"link_length_1": 0.8}),
        ("Simple1D-v0", {"target": 4.0, "start": 1.0}),
    ],
)
@pytest.mark.parametrize("changed", [False, True])
def test_built_in_environments_play_the_episode_that_was_evaluated(name, constants, changed, tmp_path):
    run = trained(envs.make(name, **(constants if changed else {})))
    evaluated = run.evaluate(episodes=3)
    for episode in range(3):
        played = play(run, episode)
        assert len(played.rewards) == evaluated.lengths[episode]
        assert played.total == evaluated.returns[episode]  # to the last bit
    assert run.animate(tmp_path / "it.gif", most_frames=4).read_bytes()[:4] == b"GIF8"


def test_frame_skip_and_the_time_limit_hold():
    run = trained("CartPole-v1", frame_skip=4, max_steps=23)
    played = play(run)
    assert len(played.rewards) == run.evaluate(episodes=1).lengths[0] <= 23
    assert all(len(set(played.actions[i : i + 4].tolist())) == 1 for i in range(0, len(played.actions), 4))
    longer = trained("Pendulum-v1", max_steps=300)
    assert len(play(longer).rewards) == 300 and play(longer).end == "time limit"


def test_a_network_with_a_limit_of_its_own_is_labelled(walk):
    run = trained(walk)
    figure = run.plot_trajectory()
    assert [axis.get_ylabel() for axis in figure.axes] == [
        "observation 0",
        "action",
        "reward",
        "return so far",
    ]
    played = play(run)
    seen, acted, rewarded, earned = figure.axes
    assert np.array_equal(seen.lines[0].get_ydata(), played.observations[:, 0]) and len(played.rewards) == 10
    assert np.array_equal(acted.lines[0].get_ydata(), played.actions.ravel())
    assert np.array_equal(rewarded.lines[0].get_ydata(), played.rewards)
    assert np.allclose(earned.lines[0].get_ydata(), [0, *np.cumsum(played.rewards)])
    bounds = {float(drawn.get_ydata()[0]) for drawn in acted.lines[1:] if len(set(drawn.get_ydata())) == 1}
    assert {-1.0, 1.0} <= bounds
    for axis in figure.axes:  # the end of the episode
        assert any(list(drawn.get_xdata()) == [10, 10] for drawn in axis.lines)
    assert seen.get_title(loc="right") == f"return {played.total:.4g}, terminated after 10 steps"


def test_names_units_limits_and_targets_of_built_in_tasks():
    figure = trained(envs.make("CartPole-v1", theta_threshold_radians=0.1)).plot_trajectory()
    labels = [axis.get_ylabel().replace("\n", " ") for axis in figure.axes]
    assert labels[:4] == [
        "cart position (m)",
        "cart velocity (m/s)",
        "pole angle (rad)",
        "pole velocity (rad/s)",
    ]
    assert [text.get_text() for text in figure.axes[4].get_yticklabels()] == ["push left", "push right"]
    limits = {float(drawn.get_ydata()[0]) for drawn in figure.axes[2].lines if drawn.get_label() == "limit"}
    assert limits == {-0.1, 0.1}
    figure = trained(envs.make("Simple1D-v0", target=0.5)).plot_trajectory()
    targets = [drawn.get_ydata()[0] for drawn in figure.axes[0].lines if drawn.get_label() == "target"]
    assert targets == [0.5]


class Named:
    """Two values, two actions, all named."""

    observation_size, action_size, action_low, action_high = 2, 2, -1.0, 1.0
    observation_names = ("tank level (l)", "temperature (K)")
    action_names = ("inflow (l/s)", "heater (W)")

    def reset(self, seed=None):
        self.state, self.steps = np.zeros(2, np.float32), 0
        return self.state

    def step(self, action):
        self.state = self.state + np.asarray(action, np.float32).ravel()
        self.steps += 1
        return self.state, -float(np.abs(self.state).sum()), self.steps == 12, {}


def test_names_of_own_environments():
    figure = trained(Named).plot_trajectory()
    labels = [axis.get_ylabel().replace("\n", " ") for axis in figure.axes]
    assert labels == ["tank level (l)", "temperature (K)", "actions", "reward", "return so far"]
    legend = [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    assert legend == ["inflow (l/s)", "heater (W)"]


def test_parts_of_the_trajectory_do_not_overlap():
    for env in (Named, "CartPole-v1", "Acrobot-v1", "MountainCarContinuous-v0"):
        figure = laid_out(trained(env).plot_trajectory())
        whole = figure.bbox
        boxes = [axis.get_window_extent() for axis in figure.axes]
        assert all(box.height > 30 and box.width > 0.5 * whole.width for box in boxes)
        for axis in figure.axes:
            label = axis.yaxis.label.get_window_extent()
            assert label.x0 >= 0 and not any(label.overlaps(box) for box in boxes)
            ticks = [tick.get_window_extent() for tick in axis.get_yticklabels() if tick.get_text()]
            low, high = axis.get_ylim()
            inside = [t for t, at in zip(ticks, axis.get_yticks()) if low <= at <= high]
            assert not any(label.overlaps(tick) for tick in inside)
            names = [text.get_window_extent() for text in axis.texts]
            assert not any(one.overlaps(two) for i, one in enumerate(names) for two in names[:i])
            assert not any(name.overlaps(axis.get_window_extent()) for name in names)


def test_what_an_environment_raises_is_said(walk):
    class Breaks(walk):
        broken = False

        def step(self, action):
            if self.broken and self.step_number == 3:
                raise RuntimeError("the belt slipped")
            return super().step(action)

    run = trained(Breaks)
    Breaks.broken = True
    with pytest.raises(
        EvaluationError, match=r"Breaks: step raised RuntimeError: the belt slipped .*episode 2"
    ):
        run.plot_trajectory(episode=2)
    with pytest.raises(ValueError, match="episode: got -1"):
        run.plot_trajectory(episode=-1)
    with pytest.raises(TypeError, match=r"episode: got 0\.5"):
        run.plot_trajectory(episode=0.5)
