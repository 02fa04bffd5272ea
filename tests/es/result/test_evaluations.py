"""`eval_every`: the evaluated curve of a training, which it does not change."""

import numpy as np
import pytest
from ember_ml import es
from ember_ml.es.files import checkpoint
from ember_ml.es.trainer.generation import Generations
from ember_ml.es.trainer.trainer import Trainer


def make(env="CartPole-v1", **options):
    return Trainer(env, strategy=es.OpenAIES(directions=4), seed=3, progress=False, **options)


def same_training(one, two):
    names = [name for name in one.history.to_numpy().dtype.names if name != "wall_time"]
    same = all(np.array_equal(one.history[name], two.history[name], equal_nan=True) for name in names)
    return same and np.array_equal(one.theta, two.theta)


def test_a_curve_that_changes_no_bit_and_is_in_no_history():
    plain, run = make().run(generations=12), make(eval_every=5, eval_episodes=7).run(generations=12)
    assert same_training(plain, run) and plain.steps == run.steps and len(plain.evaluations) == 0
    curve = run.evaluations
    assert curve["generation"].tolist() == [5, 10] and (curve["episodes"] == 7).all()
    assert ((curve["low"] <= curve["mean"]) & (curve["mean"] <= curve["high"])).all()
    assert curve.to_numpy().dtype.names == ("generation", "mean", "low", "high", "std", "episodes", "steps")
    assert [record["mean"] for record in curve] == curve["mean"].tolist() and len(curve) == 2
    assert curve[-1]["generation"] == 10 and "2 evaluations" in repr(curve)
    with pytest.raises(KeyError, match="evaluations have no field 'median'"):
        curve["median"]


def test_an_evaluation_is_of_that_generation_on_starts_of_its_own():
    """Each is keyed by its generation: another curve has the same values where both have one."""
    often = make(eval_every=2, eval_episodes=9).run(generations=8).evaluations
    seldom = make(eval_every=4, eval_episodes=9).run(generations=8).evaluations
    assert [often[1], often[3]] == [seldom[0], seldom[1]]
    run = make(eval_every=8, eval_episodes=9).run(generations=8)
    others = [run.evaluate(9).returns, run._judge().returns[:9]]
    assert all(run.evaluations[0]["mean"] != returns.mean() for returns in others)
    prefix = make(eval_every=8, eval_episodes=3, episodes=2).run(generations=8).evaluations[0]
    assert prefix["episodes"] == 3  # an odd number, though members play two each


@pytest.mark.parametrize("native", [True, False])
def test_it_is_saved_and_resumed(tmp_path, monkeypatch, native):
    if not native:
        monkeypatch.setattr(Generations, "runs_natively", property(lambda self: False))
    whole = make(eval_every=3, eval_episodes=4).run(generations=12)
    trainer = make(eval_every=3, eval_episodes=4)
    trainer.run(generations=7)
    again = Trainer.load(trainer.save(tmp_path / "a.npz"))
    run = again.run(generations=5)
    assert run.evaluations == whole.evaluations and same_training(run, whole)
    assert es.load(run.save(tmp_path / "b.npz")).evaluations == whole.evaluations
    other = Trainer.load(tmp_path / "a.npz", eval_every=None)
    assert len(other.run(generations=5).evaluations) == 2
    assert whole.best.theta.shape == whole.theta.shape
    assert np.array_equal(es.load(tmp_path / "b.npz").best.theta, whole.best.theta)


def test_the_best_evaluated_policy_is_a_candidate():
    trainer = make(eval_every=1, eval_episodes=20)
    run = trainer.run(generations=10)
    best = int(np.argmax(run.evaluations["mean"]))
    assert trainer.evaluated.generation == run.evaluations[best]["generation"]
    assert trainer.evaluated.policy_return == run.evaluations["mean"].max()
    judged = [run._play(100, "judge", one).mean for one in (None, trainer.candidate, trainer.evaluated)]
    theirs = run._play(100, "judge", run._choose("best")).mean
    assert theirs == max(judged)


def test_an_environment_in_python(walk):
    run = make(walk, eval_every=2).run(generations=4)
    assert run.evaluations["episodes"].tolist() == [20, 20]
    assert same_training(run, make(walk).run(generations=4))


@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"eval_every": 0}, ValueError, "eval_every: got 0"),
        ({"eval_every": "x"}, TypeError, "eval_every: got 'x'"),
        ({"eval_every": 2, "eval_episodes": 0}, ValueError, "eval_episodes: got 0"),
        ({"eval_episodes": 5}, ValueError, "eval_episodes: got 5 without eval_every"),
    ],
)
def test_bad_values_are_named(options, error, message):
    with pytest.raises(error, match=message):
        make(**options)


def wrong(**fields):
    """A change of the second record of an array of evaluations."""

    def change(array):
        for name, value in fields.items():
            array[name][1] = value
        return array

    return change


@pytest.mark.parametrize(
    "name, change, message",
    [
        ("evaluations", lambda a: a["mean"], "evaluations: got fields None"),
        ("evaluations", lambda a: a[:, None], "evaluations: got fields"),
        ("evaluations", wrong(generation=-1), "evaluations: got generations or counts that no training has"),
        ("evaluations", wrong(generation=2**62), "evaluations: got generations or counts"),
        ("evaluations", wrong(episodes=0), "evaluations: got generations or counts"),
        ("confirmations", lambda a: a.astype("f8"), "confirmations: got fields None|cannot"),
        ("evaluation/returns", lambda a: a.astype("f4"), "evaluation: got float32"),
        ("evaluation/returns", lambda a: a[:3], r"evaluation: got \(3,\) returns and \(100,\) lengths"),
        ("evaluation/failed", lambda a: a[None], "evaluation: got"),
        ("chosen/theta", lambda a: a[:-1], "theta: got float32"),
        ("evaluated/number", lambda a: a[:1], "evaluated: wanted its return and its generation"),
    ],
)
def test_a_made_up_file_is_refused(tmp_path, name, change, message):
    run = make("MountainCarContinuous-v0", eval_every=2, eval_episodes=3).run(generations=6)
    run._chosen["best"], run.kept = run._snapshot.candidate, "best"
    assert run.evaluation is not None
    config, arrays = checkpoint.read(run.save(tmp_path / "a.npz"))
    arrays[name] = np.zeros(3) if name == "confirmations" else change(arrays[name].copy())
    path = checkpoint.write(tmp_path / "b.npz", config, arrays)
    for load in (es.load, Trainer.load):
        with pytest.raises(ValueError, match=message):
            load(path)


def test_a_file_from_before_there_were_evaluations_is_read(tmp_path):
    run = make(eval_every=2, eval_episodes=3).run(generations=4)
    config, arrays = checkpoint.read(run.save(tmp_path / "a.npz"))
    arrays = {n: a for n, a in arrays.items() if not n.startswith(("eval", "confirm"))}
    del config["trainer"]["eval_every"], config["trainer"]["eval_episodes"]
    again = es.load(checkpoint.write(tmp_path / "b.npz", config, arrays))
    assert len(again.evaluations) == len(again.confirmations) == 0 and again.history == run.history
