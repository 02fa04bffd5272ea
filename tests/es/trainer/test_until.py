"""`until`: a lucky episode is not believed, and looking changes nothing."""

import numpy as np
import pytest
from ember_ml import es
from ember_ml.es.trainer import confirmation
from ember_ml.es.trainer.generation import Generations


class Dice:
    """A return that no policy decides: uniform over 0 to 1."""

    observation_size, action_size, max_steps = 1, 1, 3

    def reset(self, seed=None):
        self.random = np.random.default_rng(seed)
        self.time = 0
        return np.zeros(1, np.float32)

    def step(self, action):
        self.time += 1
        reward = self.random.random() if self.time == 3 else 0.0
        return np.zeros(1, np.float32), reward, self.time == 3, {}


def pendulum(**options):
    return es.Trainer(
        "Pendulum-v1", strategy=es.SNES(directions=8, sigma=0.5), seed=6, progress=False, **options
    )


def dice(**options):
    return es.Trainer(Dice, strategy=es.SNES(directions=2), seed=1, progress=False, **options)


def same_training(one, two):
    names = [name for name in one.history.to_numpy().dtype.names if name != "wall_time"]
    same = all(np.array_equal(one.history[name], two.history[name], equal_nan=True) for name in names)
    return same and np.array_equal(one.theta, two.theta)


@pytest.mark.parametrize("make, until", [(pendulum, -900.0), (dice, 0.7)], ids=["native", "python"])
def test_a_lucky_episode_is_not_believed_and_changes_nothing(make, until):
    looked, plain = make(), make()
    run, other = looked.run(generations=30, until=until), plain.run(generations=30)
    assert (run.history["policy_return"] >= until).sum() > 1 and not run.reached
    assert len(run.confirmations) > 0 and not run.confirmations["confirmed"].any()
    assert same_training(run, other)
    assert looked.observations.count == plain.observations.count
    assert run.confirm_steps == run.confirmations["steps"].sum() > 0
    assert run.confirm_episodes == run.confirmations["episodes"].sum()
    assert run.steps == other.steps == int(run.history["steps"].sum())


def test_what_is_confirmed_is_the_policy_you_hold_and_is_as_good():
    run = es.train("MountainCar-v0", seed=5, until=-110.0, progress=False)
    assert run.reached and run.confirmations[-1]["confirmed"] and run.history[-1]["update_norm"] == 0
    record = run.confirmations[-1]
    assert record["generation"] == run.history[-1]["generation"] and record["episodes"] in (100, 400)
    assert record["mean"] > record["low"] >= -110
    fresh = run.evaluate(1000)
    assert fresh.mean >= -110 - 2 * fresh.std / 1000**0.5


def test_a_file_says_what_was_confirmed(tmp_path):
    reached = es.train("CartPole-v1", seed=4, until=400.0, progress=False)
    again = es.load(reached.save(tmp_path / "a.npz"))
    assert reached.reached and again.reached and again.confirmations == reached.confirmations
    trainer = pendulum()
    trainer.run(generations=24, until=-900.0)
    other = es.Trainer.load(trainer.save(tmp_path / "b.npz"))
    assert len(other.confirmations) and other.confirmations == trainer.confirmations
    assert not es.load(tmp_path / "b.npz").reached
    trainer.run(generations=24, until=-900.0), other.run(generations=24, until=-900.0)
    assert other.confirmations == trainer.confirmations and np.array_equal(other.theta, trainer.theta)


def test_native_and_one_by_one_confirm_alike(monkeypatch):
    native = pendulum().run(generations=25, until=-900.0)
    monkeypatch.setattr(Generations, "runs_natively", property(lambda self: False))
    single = pendulum().run(generations=25, until=-900.0)
    assert single.confirmations == native.confirmations and len(native.confirmations) > 1
    assert np.array_equal(single.theta, native.theta)


def test_its_cost_is_bounded_and_counts_as_steps():
    trainer = dice(normalize_observations=False)
    run = trainer.run(generations=400, until=0.5)  # at the edge: the mean is 0.5
    trained = np.cumsum(run.history["steps"])
    spent = np.cumsum(run.confirmations["steps"])
    before = trained[run.confirmations["generation"] - 1]
    assert len(spent) > 3 and (spent[:-1] <= confirmation.SHARE * before[1:]).all()
    assert spent[-1] <= confirmation.SHARE * trained[-1] + 1200
    assert not run.reached
    # Fifteen steps a generation; the limit of 200 includes what confirming takes.
    run = dice(normalize_observations=False).run(steps=200, until=0.5)
    assert run.confirm_steps > 0 and 200 <= run.steps + run.confirm_steps < 200 + 15 + 1200
    assert len(run.history) < 14


def test_the_native_step_limit_includes_confirming():
    run = pendulum().run(steps=60_000, until=-900.0)
    plain = pendulum().run(steps=60_000)
    assert run.confirm_steps > 0 and len(run.history) < len(plain.history)
    assert run.steps + run.confirm_steps >= 60_000
    assert same_training(run, pendulum().run(generations=len(run.history)))


def test_the_first_draw_may_be_believed():
    run = dice().run(generations=50, until=0.7, confirm_episodes=0)
    assert run.reached and len(run.confirmations) == 0 and run.history[-1]["policy_return"] >= 0.7
    run = dice().run(generations=50, until=0.05, confirm_episodes=3)
    assert run.reached and run.confirmations[-1]["episodes"] == 3
    with pytest.raises(ValueError, match="confirm_episodes: got -1"):
        dice().run(generations=1, until=0.0, confirm_episodes=-1)
    with pytest.raises(TypeError, match="confirm_episodes: got 'many'"):
        es.train("CartPole-v1", generations=1, confirm_episodes="many")


def test_an_error_while_confirming_leaves_a_whole_generation():
    class Breaks(Dice):
        left = 420

        def step(self, action):
            Breaks.left -= 1
            if Breaks.left == 0:
                raise RuntimeError("worn out")
            return super().step(action)

    trainer = es.Trainer(Breaks, strategy=es.SNES(directions=2), seed=1, progress=False)
    with pytest.raises(es.EvaluationError, match="worn out"):
        trainer.run(generations=400, until=0.7)
    count = trainer.generation
    assert trainer.strategy.generation == count
    Breaks.left = 10**9
    trainer.run(generations=3)
    assert np.array_equal(trainer.theta, dice().run(generations=count + 3).theta)


def test_a_policy_whose_simulation_diverges_is_not_confirmed(monkeypatch):
    from ember_ml.es.result.evaluation import EvaluationResult

    def play(setup, engine, theta, normalizer, generation, purpose, episodes, done=0):
        assert purpose == "confirm"
        return EvaluationResult(np.full(episodes - done, 5.0), np.ones(episodes - done, np.int32), failed)

    monkeypatch.setattr(confirmation, "play", play)
    failed = 1
    run = dice().run(generations=5, until=0.0)
    assert not run.reached and run.confirmations["episodes"][0] == 8
    failed = 0
    assert dice().run(generations=5, until=0.0).reached


def test_a_policy_is_given_up_or_believed_at_stated_numbers_of_episodes(monkeypatch):
    """8, 24 and 100 may end it: half a standard error short, or at 100 three beyond."""
    from ember_ml.es.result.evaluation import EvaluationResult

    def ends_at(mean):
        def play(setup, engine, theta, *more):
            episodes, done = more[-2:]
            returns = mean + np.where(np.arange(done, episodes) % 2, 1.0, -1.0)  # deviation 1
            return EvaluationResult(returns, np.ones(episodes - done, np.int32))

        monkeypatch.setattr(confirmation, "play", play)
        run = dice().run(generations=1, until=0.0)
        return run.reached, run.confirmations["episodes"].tolist()

    assert ends_at(-0.3) == (False, [8])  # an error of 0.38 there, 0.21 at 24, 0.10 at 100, 0.05 at 400
    assert ends_at(-0.15) == (False, [24])
    assert ends_at(-0.08) == (False, [100])
    assert ends_at(0.05) == (False, [400])
    assert ends_at(0.15) == (True, [400])
    assert ends_at(0.35) == (True, [100])
