"""Ask and tell: what every strategy promises."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ember_ml.es import strategies
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
from ember_ml.noise.stream import noise

D = 10
ROWS = ("CMAES", "CRFMNES", "CholeskyCMAES")  # members are not mean +- sigma * noise
MADE = {
    "OpenAIES": lambda: OpenAIES(
        directions=16,
        sigma=0.3,
        optimizer={"name": "Adam", "learning_rate": 0.1, "betas": (0.9, 0.99)},
        sigma_decay=0.05,
        learning_rate_decay=0.05,
    ),
    "OpenAIES-sgd": lambda: OpenAIES(
        directions=16,
        sigma=0.1,
        optimizer={"name": "SGD", "learning_rate": 0.05, "momentum": 0.5},
        antithetic=False,
        weight_decay=1e-4,
    ),
    "ARS-V1": lambda: ARS("V1", directions=16, learning_rate=0.1, sigma=0.1),
    "ARS-V2-t": lambda: ARS("V2-t", directions=16, top=4, learning_rate=0.1, sigma=0.1),
    "SNES": lambda: SNES(directions=16),
    "SNES-single": lambda: SNES(directions=None, antithetic=False),
    "PGPE": lambda: PGPE(directions=16),
    "PGPE-single": lambda: PGPE(directions=32, antithetic=False, shaping="z_score"),
    "SepCMAES": lambda: SepCMAES(),
    "CMAES": lambda: CMAES(),
    "CRFMNES": lambda: CRFMNES(),
    "CholeskyCMAES": lambda: CholeskyCMAES(),
}


def sphere(population):
    return -np.sum(population.astype(np.float64) ** 2, axis=1)


def available(name):
    if name == "CMAES":
        pytest.importorskip("cma", reason="cma is not installed")
    return MADE[name]()


@pytest.fixture(params=MADE)
def strategy(request):
    made = available(request.param)
    made.start(np.ones(D), seed=3)
    return made


@pytest.mark.parametrize("strategy", [name for name in MADE if name not in ROWS], indirect=True)
def test_members_are_mean_and_noise_to_the_bit(strategy):
    strategy.tell(sphere(strategy.ask()))
    population, mean, sigma = strategy.ask(), strategy.mean, np.float32(strategy.sigma)
    assert population.dtype == np.float32 and population.shape == (strategy.members, D)
    for k in range(strategy.directions):
        step = sigma * noise(3, 1, k, D)
        if strategy.antithetic:
            assert np.array_equal(population[2 * k], mean + step)
            assert np.array_equal(population[2 * k + 1], mean - step)
        else:
            assert np.array_equal(population[k], mean + step)


def test_ask_repeats_until_tell(strategy):
    first = strategy.ask()
    first_kept = first.copy()
    first[:] = 0
    assert np.array_equal(strategy.ask(), first_kept)
    strategy.tell(sphere(first_kept))
    assert not np.array_equal(strategy.ask(), first_kept)


def test_climbs_the_sphere(strategy):
    strategy.plan(150)
    for _ in range(150):
        strategy.tell(sphere(strategy.ask()))
    assert strategy.generation == 150
    assert sphere(strategy.mean[None])[0] > -0.5
    assert strategy.best_fitness > -1.0


def test_best_is_the_best_member_told(strategy):
    best, row = -np.inf, None
    for _ in range(5):
        population = strategy.ask()
        fitness = sphere(population)
        if fitness.max() > best:
            best, row = fitness.max(), population[fitness.argmax()]
        strategy.tell(fitness)
        assert strategy.best_fitness == best
        assert np.array_equal(strategy.best, row)


def test_update_norm_is_the_step_of_the_mean(strategy):
    before = strategy.mean
    strategy.tell(sphere(strategy.ask()))
    step = strategy.mean.astype(np.float64) - before
    assert strategy.update_norm == pytest.approx(np.linalg.norm(step), rel=1e-6)


def test_resumes_bit_for_bit(strategy):
    strategy.plan(20)
    for _ in range(7):
        strategy.tell(sphere(strategy.ask()))
    config = json.loads(json.dumps(strategy.config()))
    state = {name: np.array(value) for name, value in strategy.state_dict().items()}
    other = Strategy.from_config(config)
    other.load_state_dict(state)
    for _ in range(7):
        for each in (strategy, other):
            each.tell(sphere(each.ask()))
    assert np.array_equal(strategy.mean, other.mean)
    assert np.array_equal(strategy.sigma, other.sigma)
    assert np.array_equal(strategy.best, other.best)
    ours, theirs = strategy.state_dict(), other.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_no_spread_is_no_update(strategy):
    strategy.tell(sphere(strategy.ask()))
    before = strategy.state_dict()
    for value in (2.0, -np.inf):
        strategy.tell(np.full(strategy.members, value))
        assert strategy.update_norm == 0.0
    after = strategy.state_dict()
    moved = {"generation", "update_norm", "best", "best_fitness", "told"}
    assert all(np.array_equal(before[name], after[name]) for name in before if name not in moved)


def test_skip_counts_without_moving(strategy):
    mean, sigma = strategy.mean, strategy.sigma
    strategy.skip(sphere(strategy.ask()))
    assert strategy.generation == 1 and strategy.update_norm == 0.0
    assert np.array_equal(strategy.mean, mean) and np.array_equal(strategy.sigma, sigma)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda n: np.zeros(n + 1), r"fitness: got shape \(\d+,\), wanted \(\d+,\)"),
        (lambda n: np.zeros((n, 1)), r"fitness: got shape \(\d+, 1\), wanted \(\d+,\)"),
        (lambda n: np.zeros(()), r"fitness: got shape \(\), wanted \(\d+,\)"),
        (lambda n: np.where(np.arange(n) == 3, np.nan, 0.0), "fitness: member 3 has NaN"),
        (lambda n: np.where(np.arange(n) == 2, np.inf, 0.0), "fitness: member 2 has inf"),
    ],
)
def test_bad_fitness_leaves_the_state(strategy, wrong, message):
    before = strategy.state_dict()
    with pytest.raises(ValueError, match=message):
        strategy.tell(wrong(strategy.members))
    after = strategy.state_dict()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_failed_members_rank_last(strategy):
    fitness = sphere(strategy.ask())
    fitness[[0, 3]] = -np.inf
    strategy.tell(fitness)
    assert np.isfinite(strategy.mean).all() and np.isfinite(strategy.sigma).all()
    assert strategy.update_norm > 0.0


def test_population_describes_what_ask_gives(strategy):
    population = strategy.population()
    assert population.members == strategy.members
    rows = np.concatenate([rows for _, rows in population.chunks()])
    assert np.array_equal(rows, strategy.ask())


@pytest.mark.parametrize("name", MADE)
def test_needs_start(name):
    made = available(name)
    for call in (made.ask, made.population, lambda: made.tell([0.0])):
        with pytest.raises(RuntimeError, match="start"):
            call()


@pytest.mark.parametrize(
    ("theta0", "seed", "error", "message"),
    [
        (np.zeros((2, 2)), 0, ValueError, r"theta0: got shape \(2, 2\)"),
        (np.zeros(0), 0, ValueError, "theta0: got no values"),
        ([1.0, np.nan], 0, ValueError, "theta0: value 1 is not finite"),
        ([1.0, 1e300], 0, ValueError, "theta0: value 1 is not finite"),
        (["a"], 0, TypeError, "theta0: got dtype"),
        ([1.0], -1, ValueError, "seed: got -1"),
        ([1.0], 2**64, ValueError, "seed: got"),
        ([1.0], 0.5, TypeError, "seed: got 0.5"),
    ],
)
def test_bad_start(theta0, seed, error, message):
    with pytest.raises(error, match=message):
        OpenAIES().start(theta0, seed)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: OpenAIES(directions=0), ValueError, "directions: got 0"),
        (lambda: OpenAIES(directions=-4), ValueError, "directions: got -4"),
        (lambda: OpenAIES(directions=2.5), TypeError, "directions: got 2.5"),
        (lambda: OpenAIES(sigma=0.0), ValueError, "sigma: got 0, wanted a positive number"),
        (lambda: OpenAIES(sigma=float("nan")), ValueError, "sigma: got nan"),
        (lambda: OpenAIES(sigma="big"), ValueError, "sigma: got 'big'"),
        (lambda: OpenAIES(sigma=[1.0]), TypeError, r"sigma: got \[1.0\]"),
        (lambda: OpenAIES(sigma_decay=1.5), ValueError, "sigma_decay: got 1.5"),
        (lambda: OpenAIES(weight_decay=-1.0), ValueError, "weight_decay: got -1"),
        (lambda: OpenAIES(shaping="rank"), ValueError, "shaping: got 'rank', wanted one of raw"),
        (lambda: OpenAIES(optimizer=3), TypeError, "optimizer: got int"),
        (lambda: OpenAIES(optimizer={"name": "Lion"}), ValueError, "optimizer: got 'Lion'"),
        (lambda: OpenAIES(optimizer={"name": "Adam", "lr": 1}), ValueError, "Adam has no option 'lr'"),
        (
            lambda: OpenAIES(optimizer={"name": "Adam", "learning_rate": -1.0}),
            ValueError,
            "learning_rate: got -1, wanted a number of at least 0",
        ),
        (lambda: PGPE(optimizer={"name": "Adam", "maximize": True}), ValueError, "maximize=True"),
        (lambda: ARS("V3"), ValueError, "version: got 'V3'"),
        (lambda: ARS("V1", directions=4, top=2), ValueError, "top: got 2, but V1 keeps all directions"),
        (lambda: ARS("V1-t", directions=4, top=5), ValueError, "top: got 5, wanted at most directions, 4"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_schedules_reach_their_end_in_the_last_generation_of_the_plan():
    made = OpenAIES(directions=2, sigma=0.4, sigma_decay=0.25)
    made.start(np.zeros(3))
    made.plan(5)
    seen = []
    for _ in range(6):
        seen.append(made.sigma)
        made.tell(sphere(made.ask()))
    assert seen == pytest.approx([0.4, 0.325, 0.25, 0.175, 0.1, 0.1])


def test_no_plan_no_decay():
    made = OpenAIES(directions=2, sigma=0.4, sigma_decay=0.25, learning_rate_decay=0.1)
    made.start(np.zeros(3))
    for _ in range(3):
        assert made.sigma == 0.4
        made.tell(sphere(made.ask()))


def test_threads_do_not_change_the_update():
    means = []
    for threads in (1, 2, 3, 8):
        made = SNES(directions=40)
        made.threads = threads
        made.start(np.ones(20011), seed=5)
        made.tell(np.arange(80.0) % 13)
        means.append((made.mean, made.sigma))
    assert all(np.array_equal(m, means[0][0]) and np.array_equal(s, means[0][1]) for m, s in means)


def test_cmaes_draws_our_noise():
    made = available("CMAES")
    made.start(np.ones(D), seed=9)
    expected = np.stack([1.0 + 0.5 * noise(9, 0, k, D).astype(np.float64) for k in range(made.members)])
    assert np.allclose(made.ask(), expected, atol=1e-3)  # pycma spreads equal axes by 1e-5


def test_cmaes_refuses_a_state_that_replays_otherwise():
    made = available("CMAES")
    made.start(np.ones(D))
    made.tell(sphere(made.ask()))
    state = made.state_dict()
    state["mean"] += 1.0
    with pytest.raises(ValueError, match="replaying it gives another mean"):
        made.load_state_dict(state)
    assert made.generation == 1


def test_fitness_too_large_to_be_used_raw_is_refused():
    made = OpenAIES(directions=4, shaping="raw")
    made.start(np.zeros(3))
    before = made.state_dict()
    with pytest.raises(ValueError, match="choose shaping"):
        made.tell(np.arange(8.0) * 1e200)
    assert all(np.array_equal(before[name], value) for name, value in made.state_dict().items())


def test_a_mean_that_would_overflow_is_refused():
    made = OpenAIES(directions=4, sigma=1.0, optimizer={"name": "SGD", "learning_rate": 1e38}, shaping="raw")
    made.start(np.ones(3))
    with pytest.raises(OverflowError, match="update of generation 0 is not finite"):
        made.tell(np.arange(8.0) * 1e10)
    assert np.isfinite(made.mean).all()


def test_every_strategy_is_exported():
    assert set(strategies.__all__) >= {"ARS", "PGPE", "SNES", "OpenAIES", "SepCMAES", "Strategy"}
