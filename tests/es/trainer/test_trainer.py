"""The trainer on environments in Python: what it promises whatever the engine."""

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs, es, nn
from ember_ml.nn import tensor
from ember_ml.nn.modules import Dense, Module


def make(walk, **options):
    options.setdefault("strategy", es.SNES(directions=4, sigma=0.5))
    options.setdefault("seed", 3)
    return es.Trainer(walk, **options)


class Network(Module):
    def __init__(self):
        super().__init__()
        self.hidden = Dense(1, 4, activation="tanh")
        self.out = Dense(4, 1, activation="tanh")

    def forward(self, x):
        return self.out(self.hidden(tensor.convert_to_tensor(x)))


class Doubling(Network):
    """Does not compile: it adds two computed values."""

    def forward(self, x):
        h = self.hidden(tensor.convert_to_tensor(x))
        return self.out(h + h)


def test_records(walk):
    trainer = make(walk, episodes=2)
    run = trainer.run(generations=3)
    history = run.history
    assert history["generation"].tolist() == [0, 1, 2]
    # 8 members and the policy, 2 episodes each; the first record counts the warm-up's 16 as well.
    assert history["episodes"].tolist() == [34, 18, 18]
    assert history["steps"].tolist() == [340, 180, 180]
    assert history["failed"].sum() == 0
    assert (history["update_norm"] > 0).all() and (np.diff(history["wall_time"]) > 0).all()
    assert run.episodes == 70 and run.steps == 700
    assert trainer.generation == 3 and np.array_equal(trainer.theta, run.theta)


def test_learns_and_policy_plays(walk):
    trainer = make(walk, strategy=es.SNES(directions=8, sigma=0.5), policy=(4,))
    run = trainer.run(generations=25)
    assert run.history[-1]["policy_return"] > -8 > run.history[0]["policy_return"]
    env = walk()
    observation, total, done = env.reset(), 0.0, False
    while not done:
        action = run.policy(observation)
        assert np.shape(action) == () and -1 <= action <= 1
        observation, reward, done, _ = env.step(action)
        total += reward
    assert abs(total - run.evaluate(episodes=4).mean) < 2
    assert run.policy(np.zeros((5, 1))).shape == (5,)
    with pytest.raises(ValueError, match=r"\(1,\)"):
        run.policy([1.0, 2.0])


def test_same_seed_same_numbers_and_step_equals_run(walk):
    one = make(walk).run(generations=5)
    stepping = make(walk)
    records = [stepping.step() for _ in range(5)]
    assert np.array_equal(one.theta, stepping.theta)
    assert [r["policy_return"] for r in records] == one.history["policy_return"].tolist()
    other = make(walk, seed=4).run(generations=5)
    assert not np.array_equal(one.theta, other.theta)
    parts = make(walk)
    parts.run(generations=2)
    assert np.array_equal(parts.run(generations=3).theta, one.theta)


def test_seed_is_drawn_and_recorded(walk):
    trainer = es.Trainer(walk, strategy=es.SNES(directions=2))
    again = es.Trainer(walk, strategy=es.SNES(directions=2), seed=trainer.seed)
    assert np.array_equal(trainer.run(generations=2).theta, again.run(generations=2).theta)


def test_evaluate_is_repeatable_and_a_prefix(walk):
    run = make(walk).run(generations=1)
    first, again, fewer = run.evaluate(20), run.evaluate(20), run.evaluate(5)
    assert np.array_equal(first.returns, again.returns) and np.array_equal(first.returns[:5], fewer.returns)
    assert first.lengths.tolist() == [10] * 20
    low, high = first.confidence_interval
    assert low <= first.mean <= high and first.std > 0
    assert high - first.mean == pytest.approx(2.093 * first.std / np.sqrt(20))
    assert "95%" in repr(first)


def test_plan_and_what_is_left(walk):
    trainer = make(walk, generations=4)
    trainer.run(generations=1)
    assert len(trainer.run().history) == 4
    with pytest.warns(UserWarning, match="the 4 generations of the plan are done.*generations="):
        assert len(trainer.run().history) == 4
    with pytest.raises(ValueError, match="how long"):
        make(walk).run()


def test_until_stops_without_an_update(walk):
    trainer = make(walk)
    before = trainer.theta
    run = trainer.run(generations=5, until=-1e9)
    assert run.reached and len(run.history) == 1 and run.history[0]["update_norm"] == 0
    assert np.array_equal(run.theta, before)
    assert not trainer.run(generations=2, until=1e9).reached and trainer.generation == 3


def test_budgets(walk):
    trainer = make(walk, normalize_observations=False)
    assert len(trainer.run(steps=181).history) == 3  # 90 steps a generation, whole generations
    assert len(trainer.run(steps=90).history) == 4
    assert len(trainer.run(seconds=1e-9).history) == 5


def test_a_module_holds_the_trained_weights(walk):
    network = Network()
    first = network.to_vector()
    trainer = make(walk, policy=network)
    run = trainer.run(generations=3)
    assert np.array_equal(network.to_vector(), run.theta) and not np.array_equal(first, run.theta)
    assert np.array_equal(run.policy.to_vector(), run.theta)
    assert "1 -> 4 tanh -> 1 tanh" in trainer.explain()


def test_a_module_that_does_not_compile(walk):
    network = Doubling()
    trainer = make(walk, policy=network)
    assert "two computed values" in trainer.explain()
    run = trainer.run(generations=2)
    assert np.array_equal(network.to_vector(), run.theta)
    assert -1 <= run.policy([0.1]) <= 1
    with pytest.raises(ValueError, match="two computed values"):
        make(walk, policy=network, engine="native")


def test_theta0(walk, tmp_path):
    run = make(walk).run(generations=2)
    trainer = make(walk, theta0=run.theta)
    assert np.array_equal(trainer.theta, run.theta)
    warm = make(walk, theta0=run.save(tmp_path / "a.npz"))
    assert np.array_equal(warm.theta, run.theta) and warm.observations.count > 0
    with pytest.raises(ValueError, match=r"theta0: got shape \(3,\)"):
        make(walk, theta0=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"theta0: .*network"):
        make(walk, theta0=tmp_path / "a.npz", policy=(3,))


def test_common_starts_and_reward_shaping(walk):
    plain = make(walk).run(generations=2)
    assert not np.array_equal(plain.theta, make(walk, common_starts=True).run(generations=2).theta)
    shaped = make(walk, reward_offset=5.0, reward_scale=0.5).run(generations=2)
    assert np.array_equal(shaped.history["policy_return"], plain.history["policy_return"])  # raw
    assert make(walk, max_steps=4).run(generations=1).history[0]["steps"] == 4 * 17


def test_best_is_judged_on_other_starts(walk):
    trainer = make(walk)
    run = trainer.run(generations=8)
    assert trainer.candidate.policy_return == run.history["policy_return"].max()
    best = run.best
    assert best.theta.shape == run.theta.shape and run.steps == int(run.history["steps"].sum())
    assert run.judge_steps in (0, 2000)


def test_callbacks(walk, tmp_path):
    seen = []

    class Every(es.Callback):
        def on_start(self, trainer):
            seen.append("start")

        def on_generation(self, trainer):
            seen.append(trainer.generation)

        def on_end(self, trainer):
            seen.append("end")

    make(walk, callbacks=[Every(every=2)]).run(generations=5)
    assert seen == ["start", 2, 4, "end"]
    run = make(walk, callbacks=lambda trainer: trainer.generation == 3).run(generations=9)
    assert len(run.history) == 3
    run = make(walk, callbacks=lambda trainer: trainer.stop()).run(generations=9)
    assert len(run.history) == 1
    with pytest.raises(TypeError, match="callbacks"):
        make(walk, callbacks=[3])
    with pytest.raises(ValueError, match="every"):
        es.Callback(every=0)


def test_csv_logger(walk, tmp_path):
    path = tmp_path / "log.csv"
    trainer = make(walk, callbacks=[es.CSVLogger(path, every=2)])
    trainer.run(generations=3)
    trainer.run(generations=2)
    rows = np.genfromtxt(path, delimiter=",", names=True)
    assert rows.dtype.names == trainer.history.to_numpy().dtype.names
    assert rows["generation"].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(rows["policy_return"], trainer.history["policy_return"])


def test_tensorboard_logger(walk, tmp_path):
    skip_without("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trainer = make(walk, callbacks=[es.TensorBoardLogger(tmp_path, every=2)])
    trainer.run(generations=3)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    values = [event.value for event in events.Scalars("train/policy_return")]
    np.testing.assert_allclose(values, trainer.history["policy_return"], rtol=1e-6)


def test_the_environment_raises(walk):
    class Fails(walk):
        def step(self, action):
            if self.step_number == 5 and Fails.countdown == 0:
                raise RuntimeError("motor burnt out")
            Fails.countdown -= self.step_number == 5
            return super().step(action)

    Fails.countdown = 30
    trainer = make(Fails, normalize_observations=False)
    with pytest.raises(es.EvaluationError, match="motor burnt out") as caught:
        trainer.run(generations=20)
    assert caught.value.generation == trainer.generation == 3
    healthy = make(walk, normalize_observations=False).run(generations=3)
    assert np.array_equal(trainer.theta, healthy.theta)  # it stands at the last whole generation
    Fails.countdown = 10**9
    assert len(trainer.run(generations=1).history) == 4


def test_the_environment_returns_nan(walk):
    class NotANumber(walk):
        def step(self, action):
            state, _, done, info = super().step(action)
            return state, float("nan"), done, info

    with pytest.raises(es.EvaluationError, match="NaN"):
        make(NotANumber).run(generations=1)


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"episodes": 0}, ValueError, "episodes: got 0"),
        ({"episodes": 1.5}, TypeError, "episodes: got 1.5"),
        ({"threads": -1}, ValueError, "threads: got -1"),
        ({"generations": 0}, ValueError, "generations: got 0"),
        ({"max_steps": 0}, ValueError, "max_steps: got 0"),
        ({"frame_skip": 0}, ValueError, "frame_skip: got 0"),
        ({"seed": -1}, ValueError, "seed: got -1"),
        ({"seed": 2**64}, ValueError, "seed: got"),
        ({"seed": "a"}, TypeError, "seed: got 'a'"),
        ({"engine": "nativ"}, ValueError, "did you mean 'native'"),
        ({"engine": "native"}, ValueError, "stepped by Python"),
        ({"layout": "rows"}, ValueError, "layout: got 'rows'"),
        ({"device": "tpu"}, ValueError, "device: got 'tpu'"),
        ({"strategy": "pgp"}, ValueError, "strategy: got 'pgp'.* did you mean 'pgpe'"),
        ({"strategy": es.SNES}, TypeError, r"wanted SNES\(...\)"),
        ({"policy": 3}, TypeError, "policy: got 3"),
        ({"policy": Network}, TypeError, r"wanted Network\(...\)"),
        ({"policy": (0,)}, ValueError, "hidden: got 0"),
        ({"normalize_observations": "yes"}, TypeError, "normalize_observations: got 'yes'"),
        ({"reward_scale": 0}, ValueError, "reward_scale: got 0"),
        ({"reward_offset": float("nan")}, ValueError, "reward_offset: got nan"),
        ({"progress": 2}, TypeError, "progress: got 2"),
    ],
)
def test_bad_values_are_named(walk, options, error, message):
    with pytest.raises(error, match=message):
        make(walk, **options)


@pytest.mark.parametrize(
    "limits, error, message",
    [
        ({"generations": 0}, ValueError, "generations: got 0"),
        ({"generations": True}, TypeError, "generations: got True"),
        ({"generations": 1, "until": "high"}, TypeError, "until: got 'high'"),
        ({"seconds": 0}, ValueError, "seconds: got 0"),
        ({"steps": -5}, ValueError, "steps: got -5"),
    ],
)
def test_bad_limits_are_named(walk, limits, error, message):
    trainer = make(walk)
    with pytest.raises(error, match=message):
        trainer.run(**limits)
    assert trainer.generation == 0


def test_names_es_offers():
    for name in es.__all__:
        assert getattr(es, name) is not None
    import ember_ml.es.noise
    import ember_ml.es.train  # noqa: F401

    assert callable(es.noise) and callable(es.train)
    with pytest.raises(AttributeError):
        es.evolve  # noqa: B018


def test_a_run_keeps_its_records_and_weights_when_training_goes_on():
    module = nn.MLP(1, (4,), 1, output_activation="tanh")
    trainer = es.Trainer("Simple1D-v0", module, es.OpenAIES(directions=4), seed=0, progress=False)
    first = trainer.run(generations=3)
    kept, theta = module.to_vector(), first.theta.copy()
    weight = next(iter(module.parameters())).data
    before = weight.copy()
    second = trainer.run(generations=70)
    trainer.step()
    assert [len(run.history) for run in (first, second)] == [3, 73] and trainer.generation == 74
    assert first.history == second.history[:3] and second.history == trainer.history[:73]
    assert np.array_equal(first.theta, theta) and np.array_equal(kept, theta)
    assert np.array_equal(weight, before) and np.array_equal(module.to_vector(), trainer.theta)
    assert first.best.theta.shape == theta.shape and len(first.config["warmed"]) == 2


def test_many_short_native_runs_make_one_history():
    whole = es.Trainer("CartPole-v1", seed=1, progress=False).run(generations=150)
    trainer = es.Trainer("CartPole-v1", seed=1, progress=False)
    for _ in range(150):
        run = trainer.run(generations=1)
    names = [name for name in whole.history.to_numpy().dtype.names if name != "wall_time"]
    assert all(np.array_equal(run.history[name], whole.history[name], equal_nan=True) for name in names)
    assert (np.diff(run.history["wall_time"]) > 0).all() and np.array_equal(run.theta, whole.theta)


def test_what_the_engine_refuses_is_refused_at_once():
    spec = nn.MLP(3, (4,), 1)
    with pytest.raises(ValueError, match="observation of 1 values"):
        es.Trainer("Simple1D-v0", spec)
    with pytest.raises(TypeError, match=r"policy: got the class MLP, wanted MLP\(\.\.\.\)"):
        es.Trainer("Simple1D-v0", nn.MLP)
    with pytest.raises(TypeError, match="bias: got 'no', wanted True or False"):
        es.MLPPolicy(bias="no")
    assert es.MLPPolicy(np.int64(4)).hidden == es.MLPPolicy(4).hidden == (4,)
    compiled = es.MLPPolicy(hidden=(4,)).compile(envs.make("CartPole-v1"))
    with pytest.raises(ValueError, match="policy"):
        es.Trainer("Simple1D-v0", compiled)
