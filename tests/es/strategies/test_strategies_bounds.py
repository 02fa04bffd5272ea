"""Bounds of plain optimisation: every strategy, one rule, and pycma beside it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ember_ml import es
from ember_ml.es.strategies import (
    ARS,
    CMAES,
    CRFMNES,
    PGPE,
    SNES,
    CholeskyCMAES,
    OpenAIES,
    SepCMAES,
    Strategy,
)
from ember_ml.es.strategies.bounds import Bounds

D = 5
ADAM = {"name": "Adam", "learning_rate": 0.1}
MADE = {
    "OpenAIES": lambda **k: OpenAIES(directions=8, sigma=0.1, optimizer=ADAM, **k),
    "ARS": lambda **k: ARS("V1", directions=8, learning_rate=0.1, sigma=0.1, **k),
    "SNES": lambda **k: SNES(directions=8, sigma=0.3, **k),
    "PGPE": lambda **k: PGPE(directions=8, sigma=0.3, **k),
    "SepCMAES": lambda **k: SepCMAES(sigma=0.3, **k),
    "CMAES": lambda **k: CMAES(sigma=0.3, **k),
    "CRFMNES": lambda **k: CRFMNES(sigma=0.3, **k),
    "CholeskyCMAES": lambda **k: CholeskyCMAES(sigma=0.3, **k),
}
BOXES = {
    "numbers": (-1.0, 1.0),
    "arrays": (np.linspace(-1, -0.5, D), np.linspace(0.5, 1, D)),
    "low alone": (-1.0, None),
    "high alone": (-np.inf, 1.0),
    "mixed": ([-1.0, None, -0.5, -np.inf, -2.0], [0.5, 0.5, None, np.inf, 2.0]),
    "not in float32": (-0.1, 0.1),
}


def available(name, **options):
    if name == "CMAES":
        pytest.importorskip("cma", reason="cma is not installed")
    return MADE[name](**options)


def sides(box):
    return [
        np.array([missing if v is None else v for v in np.broadcast_to(np.asarray(side), D)], np.float64)
        for side, missing in zip(box, (-np.inf, np.inf))
    ]


def climb(strategy, low, high, generations, objective=lambda x: x.sum(1)):
    for _ in range(generations):
        rows = strategy.ask().astype(np.float64)
        assert ((rows >= low) & (rows <= high)).all()
        strategy.tell(objective(rows))


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("name", MADE)
def test_members_mean_and_best_are_inside(name, box):
    low, high = sides(BOXES[box])
    strategy = available(name, bounds=BOXES[box])
    strategy.start(np.clip(np.full(D, 0.1), low, high), seed=2)
    climb(strategy, low, high, 40)
    for point in (strategy.mean, strategy.best, strategy.population().mean):
        assert point.dtype == np.float32 and ((point >= low) & (point <= high)).all()
    rows = np.concatenate([rows for _, rows in strategy.population().chunks()])
    assert np.array_equal(rows, strategy.ask())
    assert strategy.native is None and strategy.why_not_native and "bounds=[" in repr(strategy)


@pytest.mark.parametrize("name", MADE)
def test_bounds_that_are_far_away_change_nothing(name):
    free, bounded = available(name), available(name, bounds=(-100.0, 100.0))
    for strategy in (free, bounded):
        strategy.start(np.full(D, 0.5), seed=4)
        climb(strategy, -np.inf, np.inf, 5, lambda x: -np.square(x).sum(1))
    assert np.array_equal(free.ask(), bounded.ask()) and np.array_equal(free.mean, bounded.mean)
    assert np.array_equal(free.best, bounded.best)


@pytest.mark.parametrize("name", MADE)
def test_an_optimum_in_a_corner_is_found(name):
    strategy = available(name, bounds=(-1.0, [1.0, 2.0, 1.0, 2.0, 1.0]))
    strategy.start(np.zeros(D), seed=1)
    climb(strategy, -1.0, np.array([1.0, 2.0, 1.0, 2.0, 1.0]), 200)
    assert strategy.best_fitness > 7.0 - 0.15 and strategy.mean.sum() > 7.0 - 0.6


@pytest.mark.parametrize("name", MADE)
def test_a_checkpoint_goes_on_bit_for_bit(name):
    box = BOXES["mixed"]
    strategy = available(name, bounds=box)
    strategy.start(np.zeros(D), seed=3)
    low, high = sides(box)
    for _ in range(200):  # until the distribution's own mean, which is not folded, has left the box
        climb(strategy, low, high, 1)
        raw = strategy.state_dict()["mean"]
        if ((raw < low) | (raw > high)).any():
            break
    else:
        pytest.fail("the mean stayed inside")
    config = json.dumps(strategy.config(), allow_nan=False)
    other = Strategy.from_config(json.loads(config))
    other.load_state_dict(strategy.state_dict())
    assert np.array_equal(other.mean, strategy.mean) and json.dumps(other.config()) == config
    for each in (strategy, other):
        climb(each, -np.inf, np.inf, 5)
    assert np.array_equal(other.ask(), strategy.ask()) and np.array_equal(other.best, strategy.best)


def test_reflection_folds_like_mirrors():
    two = Bounds(0.0, 1.0)
    x = np.array([0.25, 1.25, -0.25, 2.25, -1.25, 7.5, 1.0, 0.0])
    assert np.allclose(two.fold(x), [0.25, 0.75, 0.25, 0.25, 0.75, 0.5, 1.0, 0.0])
    assert np.allclose(Bounds(1.0, None).fold([3.0, -1.0, 0.5]), [3.0, 3.0, 1.5])
    assert np.allclose(Bounds(None, 1.0).fold([3.0, -1.0, 1.5]), [-1.0, -1.0, 0.5])
    narrow = Bounds(np.float64(np.float32(0.1)), 0.1 + 1e-7).fold(np.linspace(-1, 1, 999))
    assert narrow.min() >= np.float64(np.float32(0.1)) and narrow.max() <= 0.1 + 1e-7


def test_infinite_bounds_are_none():
    for bounds in (None, (None, None), (-np.inf, np.inf), (np.full(3, -np.inf), None)):
        strategy = SNES(bounds=bounds)
        assert strategy.bounds is None and "bounds" not in strategy.config()
        assert strategy.why_not_native == ""
    low, high = SNES(bounds=(0, [1, 2])).bounds
    assert low == 0.0 and high.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize(
    ("bounds", "error", "message"),
    [
        (3, ValueError, r"bounds: got 3, wanted \(low, high\)"),
        ((1, 2, 3), ValueError, r"bounds: got \(1, 2, 3\), wanted \(low, high\)"),
        ((1.0, -1.0), ValueError, "bounds: got 1 to -1, wanted low < high"),
        ((0.0, 0.0), ValueError, "wanted low < high"),
        ((np.inf, None), ValueError, "wanted low < high"),
        ((np.nan, 1.0), ValueError, "bounds: got NaN in low"),
        (("a", "b"), TypeError, "bounds: got low 'a'"),
        ((True, False), TypeError, "bounds: got low True"),
        ((1j, 2j), TypeError, "bounds: got low"),
        (([0, 0], [1, 1, 1]), ValueError, "bounds: got 2 low and 3 high"),
        (([[0]], [[1]]), ValueError, r"low of shape \(1, 1\)"),
        (([0, 1], [1, 1]), ValueError, "got 1 to 1 of parameter 1"),
        ((1 + 1e-12, 1 + 2e-12), ValueError, "holds no float32 number"),
    ],
)
def test_bad_bounds(name, bounds, error, message):
    with pytest.raises(error, match=message):
        available(name, bounds=bounds)


@pytest.mark.parametrize("name", MADE)
def test_a_start_that_does_not_fit_is_refused(name):
    strategy = available(name, bounds=(-1.0, [1.0, 1.0, 2.0]))
    with pytest.raises(ValueError, match="bounds: got 3 values for 4 parameters"):
        strategy.start(np.zeros(4))
    with pytest.raises(ValueError, match=r"theta0: value 1 is 1\.5, outside its bounds -1 to 1"):
        strategy.start([0.0, 1.5, 0.0])
    strategy.start([-1.0, 1.0, 2.0])
    assert strategy.mean.tolist() == [-1.0, 1.0, 2.0]


@pytest.mark.parametrize("name", ["SNES", "CRFMNES"])
def test_a_training_inside_bounds_resumes(name, tmp_path):
    def make():
        return es.Trainer(
            "CartPole-v1", (), MADE[name](bounds=(0.05, 0.4)), seed=3, generations=6, theta0=np.full(10, 0.1)
        )

    trainer = make()
    assert trainer.choice.name == "native" and "bounds=[" in trainer.explain()
    trainer.run(3)
    path = trainer.save(tmp_path / "bounded.npz")
    run = trainer.run()
    assert (run.theta >= 0.05).all() and (run.theta <= 0.4).all()
    resumed = es.Trainer.load(path)
    again = resumed.run()
    assert np.array_equal(again.theta, run.theta)
    assert np.array_equal(again.history["policy_return"], run.history["policy_return"])
    with pytest.raises(ValueError, match="outside its bounds"):
        es.Trainer("CartPole-v1", (), MADE[name](bounds=(0.05, 0.4)), seed=3)


def sphere(x):
    return np.square(x).sum(-1)


def rosenbrock(x):
    return (100 * (x[..., 1:] - x[..., :-1] ** 2) ** 2 + (1 - x[..., :-1]) ** 2).sum(-1)


#: function to minimise, low, high, x0, its minimum in the box
AGAINST_PYCMA = {
    "sphere, optimum on the bound": (sphere, 1.0, 4.0, 3.0, 5.0),
    "sphere, some on the bound": (sphere, [1.0, -3.0, 1.0, -3.0, -3.0], 4.0, 3.0, 2.0),
    "linear, optimum in the corner": (lambda x: x.sum(-1), -1.0, 1.0, 0.2, -5.0),
    "linear, one side": (lambda x: x.sum(-1), -1.0, None, 3.0, -5.0),
    "Rosenbrock in a box": (rosenbrock, -2.0, 2.0, -1.0, 0.0),
    "Rosenbrock, optimum on the bound": (rosenbrock, -2.0, 1.0, -1.0, 0.0),
}


@pytest.mark.parametrize(("kind", "factor"), [(CMAES, 2.5), (CholeskyCMAES, 3.0)])
@pytest.mark.parametrize("case", AGAINST_PYCMA)
def test_pycma_finds_the_same_in_as_many_evaluations(case, kind, factor):
    cma = pytest.importorskip("cma", reason="cma is not installed")
    f, low, high, x0, optimum = AGAINST_PYCMA[case]
    target = optimum + 1e-4

    def ours(seed):
        strategy, evaluations = kind(sigma=0.3, bounds=(low, high)), 0
        strategy.start(np.full(D, x0), seed=seed)
        while strategy.best_fitness < -target and evaluations < 20_000:
            strategy.tell(-f(strategy.ask().astype(np.float64)))
            evaluations += strategy.members
        return evaluations

    def theirs(seed):
        low5 = np.broadcast_to(low, D).tolist()
        options = {
            "bounds": [low5, [high] * D],
            "BoundaryHandler": cma.BoundTransform,
            "seed": seed + 1,
            "verbose": -9,
            "verb_log": 0,
        }
        peer, evaluations, best = cma.CMAEvolutionStrategy(np.full(D, x0), 0.3, options), 0, np.inf
        while best > target and evaluations < 20_000:
            rows = peer.ask()
            values = [float(f(x)) for x in rows]
            peer.tell(rows, values)
            best, evaluations = min(best, *values), evaluations + len(rows)
        return evaluations

    needed, peers = (np.median([run(seed) for seed in range(3)]) for run in (ours, theirs))
    assert peers < 20_000 and needed <= factor * peers
