"""es.train: presets, restarts, options."""

import numpy as np
import pytest
from ember_ml import es
from ember_ml.es import presets
from ember_ml.nn.modules import Dense, Module


class Network(Module):
    def __init__(self):
        super().__init__()
        self.only = Dense(4, 2)

    def forward(self, x):
        return self.only(x)


def test_a_known_task_takes_its_preset():
    run = es.train("CartPole-v1", seed=0, generations=3)
    assert run.config["strategy"]["version"] == "V2-t" and run.config["generations"] == 3
    assert "preset: cartpole, known for CartPole-v1" in run.explain()
    assert run.policy.spec.describe() == "4 -> 2"


@pytest.mark.parametrize("preset", [None, "default"])
def test_the_general_default(preset):
    run = es.train("CartPole-v1", preset=preset, seed=0, generations=2)
    assert run.config["strategy"]["directions"] == 16 and run.config["strategy"]["sigma"] == 0.3
    assert run.policy.spec.describe() == "4 -> 16 tanh -> 16 tanh -> 2"
    assert "preset: default" in run.explain()
    assert run.history["sigma"].tolist() == pytest.approx([0.3, 0.015])


def test_your_own_parts_replace_the_presets():
    network = Network()
    run = es.train("CartPole-v1", network, seed=0, generations=2)
    assert "preset: default" in run.explain() and np.array_equal(network.to_vector(), run.theta)
    run = es.train("CartPole-v1", strategy=es.SNES(directions=3), seed=0, generations=2)
    assert run.config["strategy"]["directions"] == 3 and "with your strategy" in run.explain()
    run = es.train("Simple1D-v0", seed=0, generations=2, episodes=2, warmup=True)
    assert run.history["episodes"].tolist() == [82, 42]


def test_unknown_names_are_refused():
    with pytest.raises(TypeError, match="'episode'; did you mean 'episodes'"):
        es.train("CartPole-v1", episode=3)
    with pytest.raises(ValueError, match="'cartpole', 'default', 'auto'; did you mean 'cartpole'"):
        es.train("CartPole-v1", preset="cart-pole")
    with pytest.raises(TypeError, match="preset: got 3"):
        es.train("CartPole-v1", preset=3)
    with pytest.raises(ValueError, match="restarts: got 0"):
        es.train("CartPole-v1", restarts=0)
    with pytest.raises(ValueError, match="CartPole-v1"):
        es.train("CartPole-v9")


def test_seeds_and_limits():
    one, two = (es.train("CartPole-v1", seed=4, generations=4) for _ in range(2))
    assert np.array_equal(one.theta, two.theta)
    drawn = es.train("CartPole-v1", generations=2)
    assert np.array_equal(es.train("CartPole-v1", generations=2, seed=drawn.seed).theta, drawn.theta)
    assert es.train("CartPole-v1", seed=4, until=1.0).reached


def test_restarts_keep_the_best_and_count_all():
    run = es.train("CartPole-v1", preset=None, seed=1, generations=4, restarts=3)
    judged = [r["judged_return"] for r in run.restarts]
    assert len(judged) == 3 and [r["chosen"] for r in run.restarts].index(True) == int(np.argmax(judged))
    assert len({r["seed"] for r in run.restarts}) == 3
    assert run.restarts[0]["seed"] == 1
    assert run.steps == sum(r["steps"] for r in run.restarts) > int(run.history["steps"].sum())
    alone = es.train("CartPole-v1", preset=None, seed=run.seed, generations=4)
    assert np.array_equal(alone.theta, run.theta)


def test_restarts_with_a_module_begin_at_its_parameters():
    network = Network()
    first = network.to_vector()
    run = es.train("CartPole-v1", network, seed=1, generations=2, restarts=2)
    assert np.array_equal(network.to_vector(), run.theta)
    network.from_vector(first)
    other = next(r for r in run.restarts if not r["chosen"])["seed"]
    again = es.train("CartPole-v1", network, seed=run.seed, generations=2)
    assert np.array_equal(again.theta, run.theta) and other != run.seed


@pytest.mark.parametrize("env", sorted(presets.PRESETS))
def test_every_preset_makes_its_parts_and_names_its_source(env):
    for preset in presets.PRESETS[env]:
        strategy = preset.strategy()
        assert strategy.config() == preset.strategy().config()
        assert preset.generations > 0 and len(preset.source) > 10
        assert presets.find(preset.name, env if env[-3:-1] == "-v" else f"{env}-v5")[0] is preset
        assert set(preset.options) <= set(es.Trainer.__init__.__annotations__)


def test_mujoco_presets_are_the_papers():
    cheetah, why = presets.find("ars-v2", "HalfCheetah-v5")
    assert "1803.07055" in why and cheetah.options == {"clip_actions": False, "reward_offset": 0.0}
    config = cheetah.strategy().config()
    assert (config["directions"], config["top"], config["learning_rate"], config["sigma"]) == (
        32,
        4,
        0.02,
        0.03,
    )
    assert presets.find("auto", "Hopper-v4")[0].options["reward_offset"] == 1.0
    assert presets.find("auto", "Hopper-v2")[0] is presets.DEFAULT
