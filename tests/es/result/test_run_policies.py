"""The policies of a run: the last, the best, the one it gives; what they are worth; files and exports."""

import json
import subprocess
import sys

import numpy as np
import pytest
from ember_ml import es, nn
from ember_ml.cli.program import main
from ember_ml.es.result.evaluation import evaluate_policy
from ember_ml.es.trainer.trainer import Trainer


def run_with_a_better_one(**options):
    """A training so short that its last update made it worse: seed found by trial."""
    return es.train("MountainCarContinuous-v0", seed=2, generations=10, progress=False, **options)


@pytest.fixture(scope="module")
def run():
    run = run_with_a_better_one()
    assert run.best is not run.last
    return run


def test_policy_is_the_last_and_best_is_better(run):
    assert run.kept == "last" and run.policy is run.last and np.array_equal(run.last.theta, run.theta)
    last, best = run.evaluate(500), run.evaluate(500, policy="best")
    assert best.mean > last.mean
    assert run.judge_steps > 0 and run.steps == int(run.history["steps"].sum())
    with pytest.raises(ValueError, match="policy: got 'bets', wanted one of 'last', 'best'; did you mean"):
        run.evaluate(5, policy="bets")


def test_the_history_describes_the_policy_before_the_update(run):
    """The last record is played, to the bit, by the parameters before the last update."""
    trainer = Trainer("CartPole-v1", strategy=es.SNES(directions=4), seed=2, progress=False)
    trainer.run(generations=4)
    theta, normalizer = trainer.theta, trainer.normalizer
    record = trainer.step()
    assert not np.array_equal(trainer.theta, theta)
    shorter = Trainer("CartPole-v1", strategy=es.SNES(directions=4), seed=2, progress=False)
    shorter.run(generations=4)
    shorter.run(generations=1, until=-1.0, confirm_episodes=0)  # the same generation without its update
    assert np.array_equal(shorter.theta, theta) and np.array_equal(shorter.normalizer.mean, normalizer.mean)
    assert shorter.history[-1]["policy_return"] == record["policy_return"]


def test_keep_best_gives_saves_and_exports_the_best(run, tmp_path):
    kept = run_with_a_better_one(keep="best")
    assert kept.kept == "best" and np.array_equal(kept.policy.theta, run.best.theta)
    assert np.array_equal(kept.last.theta, run.theta)
    assert kept.evaluation.mean == run.evaluate(100, policy="best").mean > run.evaluation.mean
    again = es.load(kept.save(tmp_path / "kept.npz"))
    assert again.kept == "best" and np.array_equal(again.policy.theta, kept.policy.theta)
    assert np.array_equal(again.policy.mean, kept.policy.mean)
    assert np.array_equal(again.evaluation.returns, kept.evaluation.returns)
    assert np.array_equal(again.last.theta, run.theta)
    assert np.array_equal(
        Trainer.load(tmp_path / "kept.npz").theta, run.theta
    )  # training goes on from the last
    back = es.load(again.save(tmp_path / "last.npz", policy="last"))
    assert back.kept == "last" and np.array_equal(back.policy.theta, run.theta)


def test_the_best_is_saved_and_exported_by_name(run, tmp_path):
    loaded = es.load(run.save(tmp_path / "best.npz", policy="best"))
    assert run.kept == "last" and np.array_equal(loaded.policy.theta, run.best.theta)
    one, two, three = tmp_path / "a.h", tmp_path / "b.h", tmp_path / "c.h"
    run.export(one, policy="best", name="p"), run.best.export(two, name="p"), run.export(three, name="p")
    assert one.read_text() == two.read_text() != three.read_text()


def test_a_module_holds_the_weights_of_the_policy_given():
    module = nn.MLP(2, (16, 16), 1, output_activation="tanh")
    module.from_vector(
        es.MLPPolicy().initial(es.MLPPolicy().compile(es.Trainer("MountainCarContinuous-v0").env), 2)
    )
    run = run_with_a_better_one(policy=module)
    assert np.array_equal(module.to_vector(), run.theta)
    run.keep("best")
    assert np.array_equal(module.to_vector(), run.policy.theta)
    run.keep("last")
    assert np.array_equal(module.to_vector(), run.theta)


def test_evaluation_is_lazy_and_can_be_chosen(monkeypatch):
    from ember_ml.es.result import run as module

    played = []
    monkeypatch.setattr(
        module, "evaluate_policy", lambda s, n, *a: played.append(n) or evaluate_policy(s, n, *a)
    )
    run = es.train("CartPole-v1", seed=0, generations=2, progress=False)
    assert not played
    assert run.evaluation is run.evaluation and played == [100]
    assert np.array_equal(run.evaluation.returns, run.evaluate(100).returns)
    assert len(es.train("CartPole-v1", seed=0, generations=2, evaluate=7).evaluation.returns) == 7
    for off in (0, False):
        assert es.train("CartPole-v1", seed=0, generations=2, evaluate=off).evaluation is None
    with pytest.raises(ValueError, match="evaluate: got -3"):
        es.train("CartPole-v1", generations=2, evaluate=-3)
    with pytest.raises(TypeError, match="evaluate: got True"):
        es.train("CartPole-v1", generations=2, evaluate=True)


def test_an_environment_in_python_plays_fewer(walk):
    run = es.train(walk, seed=0, generations=2, progress=False)
    assert len(run.evaluation.returns) == 20


def test_restarts_end_with_the_one_that_is_confirmed():
    run = es.train("CartPole-v1", seed=3, restarts=4, until=450.0, progress=False)
    assert run.reached and len(run.restarts) == 1 and run.restarts[0]["chosen"]
    assert run.confirm_steps == run.restarts[0]["confirm_steps"] > 0


def answer(capsys, *words):
    code = main(["train", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_shell_says_what_the_policy_is_worth(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["MountainCarContinuous-v0", "--seed", "2", "--generations", "10"]
    code, said = answer(capsys, *words, "--save", "a.npz")
    run = es.load("a.npz")
    low, high = run.evaluation.confidence_interval
    assert code == 0 and said["policy"] == "last" and said["evaluation"]["confidence_interval"] == [low, high]
    assert said["evaluation"]["mean"] == run.evaluate(100).mean and said["evaluation"]["episodes"] == 100
    _, best = answer(capsys, *words, "--keep", "best", "--evaluate", "30")
    assert best["policy"] == "best" and best["evaluation"]["episodes"] == 30
    _, none = answer(capsys, *words, "--evaluate", "0")
    assert none["evaluation"] is None
    assert main(["train", *words]) == 0
    text = capsys.readouterr().out
    assert (
        f"evaluated mean     {run.evaluation.mean:.2f} (95% interval {low:.2f} to {high:.2f}, 100 fresh"
        in text
    )
    code, more = answer(
        capsys, "--resume", "a.npz", "--generations", "2", "--keep", "best", "--evaluate", "10"
    )
    assert code == 0 and more["policy"] == "best" and more["evaluation"]["episodes"] == 10


def test_the_shell_says_whether_until_was_reached(capsys):
    words = ["train", "CartPole-v1", "--seed", "4"]
    assert main([*words, "--until", "450"]) == 0
    assert "450 reached: mean 4" in capsys.readouterr().out.replace("mean 500", "mean 4")
    assert main([*words, "--until", "450", "--generations", "3"]) == 3
    assert "450 not reached" in capsys.readouterr().out
    code, said = answer(capsys, "CartPole-v1", "--seed", "4", "--until", "450")
    assert code == 0 and said["until"] == 450 and said["until_reached"]
    assert said["confirmations"][-1]["confirmed"] and said["confirm_steps"] > 0


def test_a_run_travels_with_its_choice():
    import pickle

    run = run_with_a_better_one(keep="best")
    again = pickle.loads(pickle.dumps(run))
    assert again.kept == "best" and np.array_equal(again.policy.theta, run.policy.theta)


def test_a_short_training_pays_nothing_for_all_this():
    """No evaluation, judge or confirmation is played unless it is asked for."""
    program = (
        "from ember_ml import es; from ember_ml.es import evaluation, run; "
        "run.evaluate_policy = evaluation.evaluate_policy = None; "
        "t = es.Trainer('Simple1D-v0', seed=0, progress=False); r = t.run(generations=5); "
        "r.policy([0.1]); repr(r)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_digest_is_of_the_last_policys_bits() -> None:
    import hashlib

    run = es.train("Simple1D-v0", generations=3, seed=5, progress=False)
    assert run.digest == hashlib.sha256(run.theta.tobytes()).hexdigest()[:16]
    again = es.train("Simple1D-v0", generations=3, seed=5, threads=1, progress=False)
    other = es.train("Simple1D-v0", generations=3, seed=6, progress=False)
    assert again.digest == run.digest != other.digest
