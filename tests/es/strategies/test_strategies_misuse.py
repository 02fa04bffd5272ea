"""Unusual and wrong arguments of ask and tell, for every strategy."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml.es.strategies import ARS, CMAES, CRFMNES, PGPE, SNES, CholeskyCMAES, OpenAIES, SepCMAES

SGD = {"name": "SGD", "learning_rate": 0.05}
MADE = {
    "OpenAIES": lambda **k: OpenAIES(**{"directions": 8, "sigma": 0.1, "optimizer": SGD, **k}),
    "ARS": lambda **k: ARS(**{"directions": 8, "learning_rate": 0.1, "sigma": 0.1, **k}),
    "SNES": lambda **k: SNES(**{"directions": 8, **k}),
    "PGPE": lambda **k: PGPE(**{"directions": 8, **k}),
    "SepCMAES": lambda **k: SepCMAES(**k),
    "CMAES": lambda **k: CMAES(**k),
    "CRFMNES": lambda **k: CRFMNES(**k),
    "CholeskyCMAES": lambda **k: CholeskyCMAES(**k),
}


@pytest.fixture(params=MADE)
def make(request):
    if request.param == "CMAES":
        pytest.importorskip("cma", reason="cma is not installed")
    return MADE[request.param]


def cost(rows):
    return np.square(rows.astype(np.float64)).sum(1)


def test_one_parameter_is_optimised(make):
    strategy = make()
    strategy.start([2.0], seed=1)
    for _ in range(120):
        rows = strategy.ask()
        assert rows.shape == (strategy.members, 1)
        strategy.tell(-cost(rows))
    assert abs(strategy.mean[0]) < 0.2 and strategy.best_fitness > -0.02
    other = make()
    other.load_state_dict(strategy.state_dict())
    assert np.array_equal(other.ask(), strategy.ask())


def test_no_parameters_are_refused(make):
    for nothing in ([], np.zeros(0), np.zeros((0, 3))):
        with pytest.raises(ValueError, match=r"theta0: got (no values|shape)"):
            make().start(nothing)


@pytest.mark.parametrize(
    ("theta0", "error", "message"),
    [
        ([1.0, np.nan], ValueError, "theta0: value 1 is not finite"),
        ([np.inf, 1.0], ValueError, "theta0: value 0 is not finite"),
        (3.0, ValueError, r"theta0: got shape \(\)"),
        ([1j], TypeError, "theta0: got dtype complex"),
        (["1.0"], TypeError, "theta0: got dtype"),
        ([None], TypeError, "theta0: got dtype object"),
        ([[1.0], [1.0, 2.0]], TypeError, "theta0: got list"),
        ([True], TypeError, "theta0: got dtype bool"),
    ],
)
def test_bad_theta0(make, theta0, error, message):
    with pytest.raises(error, match=message):
        make().start(theta0)


@pytest.mark.parametrize("sigma", [[0.1, 0.2], np.array([0.1, 0.2]), None, "0.1", 1j])
def test_one_sigma_is_wanted(make, sigma):
    with pytest.raises((TypeError, ValueError), match="sigma: got"):
        make(sigma=sigma)


@pytest.mark.parametrize("sigma", [1e39, 1e-46])
def test_members_of_float32_must_be_able_to_differ_by_sigma(make, sigma):
    with pytest.raises(ValueError, match=r"sigma: got 1e.*: members are float32"):
        make(sigma=sigma)


def test_fitness_may_be_any_real_numbers(make):
    def told(fitness):
        strategy = make()
        strategy.start(np.ones(4), seed=2)
        strategy.tell(fitness(strategy.members))
        return strategy.mean

    expected = told(lambda n: np.arange(n, dtype=np.float64))
    for same in (
        lambda n: list(range(n)),
        lambda n: np.arange(n, dtype=np.int32),
        lambda n: np.arange(n, dtype=np.float32),
        lambda n: np.arange(n, dtype=object),
        lambda n: tuple(np.float32(k) for k in range(n)),
    ):
        assert np.array_equal(told(same), expected)


def test_fitness_may_be_torch(make):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    strategy, other = make(), make()
    for each in (strategy, other):
        each.start(torch.ones(4, requires_grad=True), seed=2)
    values = torch.arange(float(strategy.members), requires_grad=True)
    strategy.tell(values * 2.0)
    other.tell(2.0 * np.arange(float(other.members)))
    assert np.array_equal(strategy.mean, other.mean)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda n: ["1"] * n,  # text is not read as numbers
        lambda n: np.arange(n) + 1j,  # nor imaginary parts left out
        lambda n: [[1.0]] * (n - 1) + [[1.0, 2.0]],
        lambda n: [object()] * n,
        lambda n: {"a": 1},
    ],
)
def test_fitness_that_is_no_numbers_is_refused(make, wrong):
    strategy = make()
    strategy.start(np.ones(4))
    before = strategy.ask()
    with pytest.raises(TypeError, match="fitness: got"):
        strategy.tell(wrong(strategy.members))
    assert strategy.generation == 0 and np.array_equal(strategy.ask(), before)


def test_all_but_one_failed(make):
    strategy = make()
    strategy.start(np.ones(4), seed=1)
    for _ in range(5):
        fitness = np.full(strategy.members, -np.inf)
        fitness[1] = 3.0
        strategy.tell(fitness)
        assert np.isfinite(strategy.mean).all() and np.isfinite(strategy.sigma).all()
    assert strategy.best_fitness == 3.0


@pytest.mark.parametrize("kind", [CRFMNES, CholeskyCMAES, SepCMAES])
def test_a_search_that_leaves_for_infinity_is_refused_and_stands(kind):
    strategy = kind(sigma=1.0)
    strategy.start(np.zeros(4), seed=1)
    with pytest.raises(OverflowError, match=r"update of generation \d+ is not finite"):
        for _ in range(5000):
            rows = np.clip(strategy.ask().astype(np.float64), -1e300, 1e300)
            strategy.tell(rows.sum(1))
    assert np.isfinite(strategy.mean).all()


@pytest.mark.parametrize("kind", [CMAES, CholeskyCMAES])
def test_a_full_matrix_has_a_largest_size(kind):
    if kind is CMAES:
        pytest.importorskip("cma", reason="cma is not installed")
    with pytest.raises(ValueError, match=f"theta0: got 1000000 values; {kind.__name__} keeps matrices"):
        kind().start(np.zeros(1_000_000))
