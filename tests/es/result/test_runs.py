"""What training many seeds gives back."""

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es
from ember_ml.es.result.run import Run
from ember_ml.nn.modules import Dense


@pytest.fixture(scope="module")
def runs():
    return es.train("CartPole-v1", seeds=range(4), preset=None, generations=6, threads=2, progress=False)


def test_it_is_a_sequence_of_runs(runs):
    assert len(runs) == 4 and runs.seeds == [0, 1, 2, 3] and [run.seed for run in runs] == runs.seeds
    assert isinstance(runs[0], Run) and runs[-1] is runs[3] and runs[1] in runs
    part = runs[1:3]
    assert isinstance(part, es.Runs) and part.seeds == [1, 2]
    with pytest.raises(IndexError):
        runs[4]
    assert runs.env.name == "CartPole-v1" and runs.steps == sum(run.steps for run in runs)
    assert "CartPole-v1, 4 seeds, median policy return" in repr(runs)


def test_quartiles_are_over_the_runs(runs):
    table = np.array([run.history["policy_return"] for run in runs])
    assert np.array_equal(runs.curves(), table)
    low, middle, high = runs.quartiles()
    order = np.sort(table, axis=0)
    np.testing.assert_allclose(middle, (order[1] + order[2]) / 2)
    np.testing.assert_allclose(low, order[0] + 0.75 * (order[1] - order[0]))
    np.testing.assert_allclose(high, order[2] + 0.25 * (order[3] - order[2]))
    assert np.array_equal(runs.median(), middle)
    assert runs.median("steps").shape == (6,) and runs.quartiles("sigma").shape == (3, 6)
    with pytest.raises(KeyError, match="no field 'reward'"):
        runs.median("reward")


def test_quartiles_are_of_common_generations():
    lengths = [3, 5, 4]
    made = [
        es.train("CartPole-v1", preset=None, seed=seed, generations=length, progress=False)
        for seed, length in enumerate(lengths)
    ]
    assert es.Runs(made).quartiles().shape == (3, 3)


def test_the_best_is_chosen_on_other_starts_than_those_it_is_measured_on(runs):
    best = runs.best
    judged = [run.judged.mean for run in runs]
    assert best is runs[int(np.argmax(judged))]
    assert not np.array_equal(best.judged.returns, best.evaluate(100).returns)
    assert [result.mean for result in runs.evaluate(7)] == [run.evaluate(7).mean for run in runs]


def test_judged_is_of_the_policy_that_is_given():
    run = es.train("CartPole-v1", preset=None, seed=1, generations=6, eval_every=2, progress=False)
    last = run.judged
    run.keep("best")
    assert run.judged.mean >= last.mean
    if run.best is not run.last:
        assert run.judged.mean > last.mean


def test_a_summary_has_every_run_and_the_quartiles(runs):
    lines = runs.summary().splitlines()
    assert lines[0] == "CartPole-v1, 4 seeds" and lines[1].split() == [
        "seed", "generations", "steps", "evaluated", "mean",
    ]  # fmt: skip
    for line, run in zip(lines[2:6], runs):
        seed, generations, steps, mean = line.split()
        assert (int(seed), int(generations)) == (run.seed, 6) and int(steps.replace(",", "")) == run.steps
        assert float(mean) == pytest.approx(run.evaluation.mean, abs=0.005)
    middle = lines[7].split()
    assert middle[0] == "median"
    assert float(middle[-1]) == pytest.approx(np.median([run.evaluation.mean for run in runs]), abs=0.005)
    reached = es.train("CartPole-v1", seeds=2, preset=None, generations=4, until=9.0, progress=False)
    assert reached.summary().splitlines()[-1] == "2 of 2 reached 9"


def test_it_is_saved_and_loaded(runs, tmp_path):
    folder = runs.save(tmp_path / "runs")
    assert sorted(file.name for file in folder.iterdir()) == [f"seed-{n}.npz" for n in range(4)]
    (folder / "notes.txt").write_text("mine")
    loaded = es.Runs.load(folder)
    assert loaded.seeds == runs.seeds and not loaded.interrupted
    for run, other in zip(runs, loaded):
        assert np.array_equal(run.theta, other.theta) and run.history == other.history
    assert np.array_equal(loaded.quartiles(), runs.quartiles())
    assert es.Trainer.load(folder / "seed-2.npz", progress=False).generation == 6
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no seed-N\.npz in .*empty"):
        es.Runs.load(tmp_path / "empty")
    with pytest.raises(FileNotFoundError):
        es.Runs.load(tmp_path / "nowhere")


def test_runs_of_an_objective_are_given_it_again(tmp_path):
    def fit(model, generation):
        return -float((model(np.ones((1, 1), np.float32)) ** 2).sum())

    many = es.train(objective=fit, policy=Dense(1, 1), generations=2, seeds=2, progress=False)
    loaded = es.Runs.load(many.save(tmp_path / "runs"), policy=Dense(1, 1), objective=fit)
    assert [run.evaluate().mean for run in loaded] == [run.evaluate().mean for run in many]


@pytest.mark.parametrize("name", [None, 3, "", "a\0b", b"runs"])
def test_what_is_no_name_of_a_file_is_said(name):
    for load, argument in ((es.load, "path"), (es.replay, "path"), (es.Runs.load, "folder")):
        with pytest.raises(TypeError, match=f"{argument}: got .*, wanted the name of a file"):
            load(name)


def test_none_finished():
    none = es.Runs([], interrupted=True)
    assert len(none) == 0 and none.interrupted and repr(none) == "Runs(none, 0 unfinished)"
    with pytest.raises(ValueError, match="Ctrl-C came before the first was finished"):
        none.median()


def test_its_plot_has_the_median_and_the_quartiles(runs, tmp_path):
    skip_without("matplotlib")
    figure = runs.plot(tmp_path / "runs.png")
    axis = figure.axes[0]
    np.testing.assert_allclose(axis.lines[0].get_ydata(), runs.median())
    band = axis.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(runs.quartiles()[0].min())
    assert band.max() == pytest.approx(runs.quartiles()[2].max())
    assert (tmp_path / "runs.png").stat().st_size > 5000
    both = es.compare({"one": runs[:2], "other": runs[2:]})
    assert len(both.axes[0].lines) == 2
