"""es.train: presets, restarts, options."""

import numpy as np
import pytest
from conftest import skip_without
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


#: Learning rate, sigma, directions, top, survival bonus of the published rows; Swimmer's directions are ours.
ARS_ROWS = {
    "Swimmer": (0.02, 0.01, 8, 8, 0.0),
    "HalfCheetah": (0.02, 0.03, 32, 4, 0.0),
    "Hopper": (0.01, 0.025, 8, 4, 1.0),
    "Walker2d": (0.03, 0.025, 40, 30, 1.0),
    "Ant": (0.015, 0.025, 60, 20, 1.0),
    "Humanoid": (0.02, 0.0075, 230, 230, 5.0),
}


@pytest.mark.parametrize("task", ARS_ROWS)
def test_mujoco_presets_are_the_papers(task):
    rate, sigma, directions, top, bonus = ARS_ROWS[task]
    first, why = presets.find("auto", f"{task}-v5")
    assert first.name == "ars-v2" and "1803.07055" in why
    assert first.options == {"clip_actions": False, "reward_offset": bonus}
    assert first.policy.hidden == () and not first.policy.bias
    config = first.strategy().config()
    keys = ("learning_rate", "sigma", "directions", "top", "version")
    assert tuple(config[key] for key in keys) == (rate, sigma, directions, top, "V2-t")
    held = presets.find("ars-v2-decay", f"{task}-v5")[0]
    assert held.strategy().config() == {**config, "sigma_decay": 0.25, "learning_rate_decay": 0.05}
    assert held.options == first.options


@pytest.mark.parametrize("task", ARS_ROWS)
def test_mujoco_presets_of_clipup(task):
    """sigma times the root of the number of parameters is 15 times the maximum speed; Humanoid's 18 times."""
    skip_without("mujoco")
    skip_without("gymnasium")
    trainer = es.Trainer(f"{task}-v5", progress=False, **parts(presets.find("pgpe-clipup", f"{task}-v5")[0]))
    config = trainer.strategy.config()
    times = 18 if task == "Humanoid" else 15
    assert config["sigma"] * len(trainer.theta) ** 0.5 == pytest.approx(times * 0.015, rel=1e-2)
    assert config["optimizer"]["learning_rate"] == 0.0075 and config["optimizer"]["max_speed"] == 0.015
    assert config["sigma_learning_rate"] == 0.1
    assert trainer.strategy.members == (200 if task == "Humanoid" else 100)


def parts(preset):
    return {"policy": preset.policy, "strategy": preset.strategy(), **preset.options}


def test_presets_of_older_versions():
    assert presets.find("auto", "Hopper-v4")[0].options["reward_offset"] == 1.0
    assert presets.find("auto", "Hopper-v2")[0] is presets.DEFAULT
