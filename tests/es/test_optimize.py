"""Plain functions: what is found, what ends a search, what is refused."""

from __future__ import annotations

import inspect
import signal
import threading

import numpy as np
import pytest
from ember_ml import es
from ember_ml.es import options


def sphere(x):
    return float(np.square(np.asarray(x) - 1.0).sum())


def rosenbrock(x):
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def test_a_function_is_maximised_unless_the_minimum_is_asked_for():
    up = es.optimize(lambda x: 3.0 - sphere(x), [0.0, 0.0, 0.0], seed=0)
    down = es.optimize(lambda x: sphere(x) - 3.0, [0.0, 0.0, 0.0], seed=0, minimize=True)
    for result in (up, down):
        assert np.allclose(result.x, 1.0, atol=1e-3) and result.success and result.reason == "tolerance"
        assert result.x.dtype == np.float64 and np.allclose(result.mean, 1.0, atol=1e-2)
    assert up.value == pytest.approx(3.0, abs=1e-6) and down.value == pytest.approx(-3.0, abs=1e-6)
    assert np.array_equal(up.x, down.x) and up.evaluations == down.evaluations
    assert "maximum 3" in repr(up) and "minimum -3" in repr(down)
    assert inspect.getdoc(es.optimize).startswith("MAXIMISES")


@pytest.mark.parametrize("d", [1, 2, 3, 10])
def test_the_default_solves_small_problems(d):
    cost = sphere if d == 1 else rosenbrock
    result = es.optimize(cost, np.full(d, -0.5), minimize=True, seed=1, until=1e-8)
    assert result.reason == "until" and result.success and result.value <= 1e-8
    assert np.allclose(result.x, 1.0, atol=1e-2) and cost(result.x) == result.value


@pytest.mark.parametrize("name", options.STRATEGIES)
def test_every_strategy_by_name(name):
    if name == "cmaes":
        pytest.importorskip("cma", reason="cma is not installed")
    result = es.optimize(
        sphere, np.zeros(4), strategy=name, minimize=True, seed=1, evaluations=8000, tolerance=0
    )
    assert result.value < 0.1 and result.evaluations <= 8000


def test_a_strategy_of_ones_own():
    own = es.SNES(directions=8, sigma=0.3, bounds=(-1.0, 0.5))
    result = es.optimize(sphere, np.zeros(3), strategy=own, minimize=True, seed=1, generations=80)
    assert result.generations == 80 and result.evaluations == 1 + 80 * 16
    assert np.allclose(result.x, 0.5, atol=0.02) and result.x.max() <= 0.5
    for extra in ({"sigma": 0.1}, {"bounds": (0, 1)}, {"members": 4}):
        with pytest.raises(ValueError, match=f"{next(iter(extra))}: got"):
            es.optimize(sphere, np.zeros(3), strategy=own, **extra)


def test_bounds_hold_for_every_evaluation():
    seen = []
    low, high = np.array([0.1, -5.0, 0.3]), np.array([0.7, -4.0, np.inf])

    def linear(x):
        seen.append(x)
        return float(x @ [1.0, -1.0, 2.0])

    result = es.optimize(linear, [0.2, -4.5, 3.0], bounds=(low, high), minimize=True, seed=0, tolerance=1e-10)
    points = np.stack(seen)
    assert (points >= low).all() and (points <= high).all() and len(points) == result.evaluations
    assert np.allclose(result.x, [0.1, -4.0, 0.3], atol=1e-5) and result.success
    assert (result.mean >= low).all() and (result.mean <= high).all()


def test_parameters_of_different_size_have_their_own_sigma():
    scale = np.array([1e-6, 1.0, 1e6])
    result = es.optimize(lambda x: sphere(x / scale), np.zeros(3), sigma=scale, minimize=True, seed=0)
    assert np.allclose(result.x / scale, 1.0, atol=1e-3)
    boxed = es.optimize(
        lambda x: sphere(x / scale), 0 * scale, (-3 * scale, 3 * scale), minimize=True, seed=0
    )
    assert np.allclose(boxed.x / scale, 1.0, atol=1e-3)


def test_vectorized_gives_the_same():
    one = es.optimize(rosenbrock, np.zeros(4), minimize=True, seed=3, generations=50)
    shapes = []

    def batch(x):
        shapes.append(x.shape)
        return np.array([rosenbrock(row) for row in x])

    many = es.optimize(batch, np.zeros(4), minimize=True, seed=3, generations=50, vectorized=True)
    assert np.array_equal(one.x, many.x) and np.array_equal(one.history, many.history)
    assert shapes[0] == (1, 4) and shapes[1] == (8, 4) and len(shapes) == 51


def test_a_seed_repeats_the_search_and_is_told():
    first = es.optimize(rosenbrock, np.zeros(3), minimize=True, generations=20)
    again = es.optimize(rosenbrock, np.zeros(3), minimize=True, generations=20, seed=first.seed)
    assert np.array_equal(first.x, again.x) and np.array_equal(first.history, again.history)


def test_history_tells_of_every_generation():
    result = es.optimize(rosenbrock, np.zeros(4), minimize=True, seed=3, generations=30)
    history = result.history
    assert history["generation"].tolist() == list(range(30))
    assert history["evaluations"].tolist() == [1 + 8 * (k + 1) for k in range(30)]
    assert (np.diff(history["best"]) <= 0).all() and history["best"][-1] == result.value
    assert (history["generation_best"] >= history["best"]).all()
    assert (history["generation_mean"] >= history["generation_best"]).all() and (history["sigma"] > 0).all()


def test_what_f_does_to_its_argument_is_its_own():
    def spoils(x):
        value = sphere(x)
        x[:] = np.nan
        return value

    assert es.optimize(spoils, np.zeros(2), minimize=True, seed=0, until=1e-6).success


def test_limits():
    slow = {"minimize": True, "seed": 0, "tolerance": 0}
    result = es.optimize(rosenbrock, np.zeros(4), evaluations=100, **slow)
    assert (result.reason, result.evaluations, result.success) == ("evaluations", 97, False)
    result = es.optimize(rosenbrock, np.zeros(4), seconds=1e-9, **slow)
    assert (result.reason, result.generations) == ("seconds", 1)
    result = es.optimize(rosenbrock, np.zeros(4), generations=7, until=-1.0, **slow)
    assert (result.reason, result.success) == ("generations", False)
    result = es.optimize(rosenbrock, np.ones(4), until=0.0, **slow)
    assert (result.reason, result.evaluations, result.generations) == ("until", 1, 0)


def test_a_callback_sees_and_stops():
    records = []

    def callback(record):
        records.append(record)
        return len(records) == 5

    result = es.optimize(rosenbrock, np.zeros(3), minimize=True, seed=0, callback=callback)
    assert (result.reason, result.generations) == ("callback", 5) and not result.success
    assert records[-1]["best"] == result.value and np.array_equal(records[-1]["x"], result.x)


def test_a_function_without_an_optimum_says_so():
    result = es.optimize(sphere, np.zeros(3), seed=0)
    assert result.reason == "diverged" and not result.success and "minimize=True" in result.message
    with pytest.raises(es.EvaluationError, match=r"gave inf: it has no maximum there"):
        es.optimize(lambda x: np.inf, np.zeros(3), seed=0)


def test_a_flat_function_ends():
    result = es.optimize(lambda x: 4.0, np.zeros(3), seed=0)
    assert result.reason == "flat" and not result.success and result.value == 4.0


def failing(x):
    if x[0] > 0.5:
        raise RuntimeError("too hot")
    return np.nan if x[1] > 0.5 else sphere(x)


def test_failures_end_the_search_or_rank_last():
    message = r"f (raised RuntimeError: too hot|gave nan), at evaluation \d+, x = "
    with pytest.raises(es.EvaluationError, match=message) as caught:
        es.optimize(failing, np.zeros(2), minimize=True, seed=0)
    assert caught.value.generation is not None and caught.value.member is not None
    result = es.optimize(failing, np.zeros(2), minimize=True, seed=0, on_error="rank_last")
    assert result.failed > 0 and np.allclose(result.x, 0.5, atol=1e-2)
    infeasible = es.optimize(
        lambda x: np.inf if x[0] > 0.5 else sphere(x), np.zeros(2), minimize=True, seed=0
    )
    assert infeasible.failed > 0 and np.allclose(infeasible.x, [0.5, 1.0], atol=1e-2)


def test_the_start_may_fail():
    result = es.optimize(
        lambda x: np.nan if not x.any() else sphere(x),
        np.zeros(2),
        minimize=True,
        seed=0,
        on_error="rank_last",
    )
    assert result.success and result.failed == 1


@pytest.mark.parametrize("interrupting", [1, 30])
def test_ctrl_c_gives_what_was_found(interrupting):
    calls = []

    def slow(x):
        calls.append(x)
        if len(calls) == interrupting:
            signal.raise_signal(signal.SIGINT)
        return sphere(x)

    result = es.optimize(slow, np.zeros(3), minimize=True, seed=0)
    assert result.interrupted and result.reason == "interrupted" and not result.success
    assert len(calls) == interrupting
    if interrupting > 1:
        assert result.value == min(sphere(x) for x in calls[: result.evaluations])


def test_runs_in_another_thread():
    found = []
    thread = threading.Thread(
        target=lambda: found.append(es.optimize(sphere, np.zeros(2), minimize=True, seed=0, until=1e-4))
    )
    thread.start()
    thread.join()
    assert found[0].success


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("ember_ml.es.optimize_progress.PATIENCE", 0.0)
    es.optimize(sphere, np.zeros(2), minimize=True, seed=0, generations=3)
    assert "best" in capsys.readouterr().err
    es.optimize(sphere, np.zeros(2), minimize=True, seed=0, generations=3, progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"f": 3}, TypeError, "f: got 3, wanted a function"),
        ({"f": lambda x: "1"}, TypeError, "f: got '1', wanted a real number"),
        ({"f": lambda x: None}, TypeError, "f: got None"),
        ({"f": lambda x: x}, ValueError, r"f: got an array of shape \(2,\), wanted one number"),
        ({"f": lambda x: 1j}, TypeError, "f: got 1j"),
        ({"f": lambda x: 1.0, "vectorized": True}, ValueError, r"values of shape \(\) for 1 points"),
        ({"x0": []}, ValueError, "x0: got shape"),
        ({"x0": 1.0}, ValueError, r"x0: got shape \(\)"),
        ({"x0": [np.nan, 0.0]}, ValueError, "x0: value 0 is not finite"),
        ({"x0": ["a"]}, TypeError, "x0: got dtype"),
        ({"bounds": (1.0, 2.0)}, ValueError, "x0: value 0 is 0, outside its bounds 1 to 2"),
        ({"bounds": (0.0, [1.0] * 3)}, ValueError, "bounds: got 3 values for 2 parameters"),
        ({"sigma": 0.0}, ValueError, "sigma: got"),
        ({"sigma": [1.0, -1.0]}, ValueError, "sigma: got"),
        ({"sigma": [1.0] * 3}, ValueError, r"sigma: got shape \(3,\)"),
        ({"sigma": "wide"}, TypeError, "sigma: got 'wide'"),
        ({"strategy": "snse"}, ValueError, "did you mean 'snes'"),
        ({"generations": 0}, ValueError, "generations: got 0"),
        ({"evaluations": 3}, ValueError, "evaluations: got 3, wanted at least 7"),
        ({"seconds": -1}, ValueError, "seconds: got -1"),
        ({"until": np.nan}, ValueError, "until: got nan"),
        ({"tolerance": -1}, ValueError, "tolerance: got -1"),
        ({"on_error": "ignore"}, ValueError, "on_error: got 'ignore'"),
        ({"minimize": "yes"}, TypeError, "minimize: got 'yes'"),
        ({"seed": -1}, ValueError, "seed: got -1"),
        ({"members": 1}, ValueError, "members: got 1"),
        ({"callback": 1}, TypeError, "callback: got 1, wanted a function"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        es.optimize(**{"f": sphere, "x0": np.zeros(2), **arguments})


def test_noise_of_low_rank_is_refused_before_the_first_evaluation():
    calls = []
    strategy = es.OpenAIES(perturbation=es.LowRank())
    with pytest.raises(ValueError, match=r"perturbation: got noise of low rank.*f takes a vector"):
        es.optimize(calls.append, x0=[0.0, 1.0], strategy=strategy, progress=False)
    assert not calls
