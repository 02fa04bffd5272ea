"""Optimisers inside strategies: native ones, a user's own, and torch's formulas."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import training
from ember_ml.es.strategies import PGPE, OpenAIES, Strategy, optimizers

D = 37
OPTIMIZERS = {
    "SGD": {"learning_rate": 0.05},
    "SGD-momentum": {"learning_rate": 0.05, "momentum": 0.8, "weight_decay": 0.01},
    "SGD-nesterov": {"learning_rate": 0.05, "momentum": 0.8, "nesterov": True},
    "Adam": {"learning_rate": 0.1, "betas": (0.9, 0.99)},
    "Adam-decay": {"learning_rate": 0.1, "weight_decay": 0.02, "eps": 1e-3},
    "AdamW": {"learning_rate": 0.1, "weight_decay": 0.1},
    "ClipUp": {"learning_rate": 0.1, "max_speed": 0.25},
}


def make(name):
    return getattr(training, name.partition("-")[0])(**OPTIMIZERS[name])


def own(optimizer):
    """The same as a user's subclass, which only Python can run."""
    kind = type(optimizer)
    return type("My" + kind.__name__, (kind,), {})(**{k: getattr(optimizer, k) for k in kind.defaults})


def run(strategy, generations=6, start=True):
    if start:
        strategy.start(np.linspace(-1, 1, D), seed=4)
        strategy.plan(20)
    for _ in range(generations):
        strategy.tell(-np.square(strategy.ask().astype(np.float64)).sum(1))
    return strategy


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_native_and_python_optimizers_give_the_same_numbers(name):
    native = run(OpenAIES(directions=8, sigma=0.2, optimizer=make(name), learning_rate_decay=0.1))
    python = run(OpenAIES(directions=8, sigma=0.2, optimizer=own(make(name)), learning_rate_decay=0.1))
    assert native.native is not None and python.native is None
    assert "the optimizer My" in python.why_not_native
    if name == "ClipUp":  # its norms are float64 here, float32 there; the schedule also slows max_speed here
        native = run(OpenAIES(directions=8, sigma=0.2, optimizer=make(name)))
        python = run(OpenAIES(directions=8, sigma=0.2, optimizer=own(make(name))))
        np.testing.assert_allclose(native.mean, python.mean, atol=1e-6)
    else:
        assert np.array_equal(native.mean, python.mean)
    assert native.update_norm == pytest.approx(python.update_norm, rel=1e-5)


@pytest.mark.parametrize("name", ["SGD-momentum", "SGD-nesterov", "Adam", "Adam-decay", "AdamW"])
def test_follows_torch(name):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    kind, options = name.partition("-")[0], dict(OPTIMIZERS[name])
    options["lr"] = options.pop("learning_rate")
    strategy = OpenAIES(directions=8, sigma=0.2, optimizer=make(name), shaping="raw")
    plain = {"name": "SGD", "learning_rate": 1.0}
    reference = OpenAIES(directions=8, sigma=0.2, optimizer=plain, shaping="raw")
    strategy.start(np.linspace(-1, 1, D), seed=4)
    theta = torch.nn.Parameter(torch.linspace(-1, 1, D))
    peer = getattr(torch.optim, kind)([theta], **options)
    for _ in range(6):
        fitness = -np.square(strategy.ask().astype(np.float64)).sum(1)
        before = strategy.mean
        state = strategy.state_dict()
        # A plain step of rate 1 gives the gradient of this generation.
        reference.start(before, seed=4)
        reference.load_state_dict({**reference.state_dict(), "generation": state["generation"]})
        reference.tell(fitness)
        theta.grad = torch.tensor(before - reference.mean)
        peer.step()
        strategy.tell(fitness)
        np.testing.assert_allclose(strategy.mean, theta.detach().numpy(), atol=2e-5)


def test_a_users_optimizer_resumes_bit_for_bit():
    def made():
        return PGPE(directions=8, optimizer=own(make("Adam")))

    whole = run(made(), 8)
    half = run(made(), 4)
    state = {name: np.array(value) for name, value in half.state_dict().items()}
    resumed = made()
    resumed.load_state_dict(state)
    run(resumed, 4, start=False)
    assert np.array_equal(whole.mean, resumed.mean)


def test_start_forgets_the_optimizer():
    for optimizer in (make("Adam"), own(make("Adam"))):
        strategy = OpenAIES(directions=4, optimizer=optimizer)
        first = run(strategy).mean
        assert np.array_equal(run(strategy).mean, first)


def test_one_optimizer_may_serve_two_strategies():
    optimizer = make("Adam")
    alone = run(OpenAIES(directions=4, optimizer=make("Adam"))).mean
    a, b = OpenAIES(directions=4, optimizer=optimizer), OpenAIES(directions=4, optimizer=optimizer)
    for each in (a, b):
        each.start(np.linspace(-1, 1, D), seed=4)
        each.plan(20)
    for _ in range(6):
        run(a, 1, start=False)
        run(b, 1, start=False)
    assert np.array_equal(a.mean, alone) and np.array_equal(b.mean, alone)


def test_config_of_a_built_in_optimizer_makes_it_again():
    strategy = OpenAIES(optimizer=training.Adam(learning_rate=0.3))
    assert strategy.config()["optimizer"] == {
        "name": "Adam",
        "learning_rate": 0.3,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0.0,
    }
    assert Strategy.from_config(strategy.config()).config() == strategy.config()


def test_config_of_a_users_optimizer_asks_for_it():
    config = OpenAIES(optimizer=own(make("Adam"))).config()
    with pytest.raises(ValueError, match="optimizer: got 'MyAdam'"):
        Strategy.from_config(config)
    assert Strategy.from_config(config, optimizer=own(make("Adam"))).config() == config


@pytest.mark.parametrize("name", optimizers.NATIVE)
def test_defaults_are_those_of_training(name):
    assert optimizers.NATIVE[name] == getattr(training, name).defaults


def test_an_ascending_optimizer_is_refused():
    with pytest.raises(ValueError, match="maximize=True"):
        OpenAIES(optimizer=training.Adam(maximize=True))


def test_an_optimizer_that_fails_leaves_the_state():
    class Broken(training.SGD):
        def update(self, data, gradient, state):
            raise OSError("no")

    strategy = OpenAIES(directions=4, optimizer=Broken())
    strategy.start(np.zeros(3))
    before = strategy.state_dict()
    with pytest.raises(OSError, match="no"):
        strategy.tell(np.arange(8.0))
    after = strategy.state_dict()
    assert all(np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("name", ["Momentum", "Optimizer", "mse", ["Adam"], None])
def test_a_description_of_no_known_optimiser_is_refused(name):
    with pytest.raises(ValueError, match=r"optimizer: got .*, wanted one of SGD, Adam, AdamW, ClipUp"):
        OpenAIES(directions=4, optimizer={"name": name})


def test_an_optimiser_of_training_without_a_native_form_is_found_by_its_name(monkeypatch):
    class Halved(training.SGD):
        def update(self, data, gradient, state):
            return super().update(data, gradient * 0.5, state)

    monkeypatch.setattr(training, "Halved", Halved, raising=False)
    monkeypatch.setattr(training, "__all__", [*training.__all__, "Halved"])
    means = []
    for optimizer in (Halved(learning_rate=0.1), {"name": "Halved", "learning_rate": 0.1}):
        made = OpenAIES(directions=4, optimizer=optimizer)
        again = Strategy.from_config(made.config())
        for each in (made, again):
            each.start(np.ones(3), seed=1)
            each.tell(np.arange(8.0))
            means.append(each.mean)
    assert all(np.array_equal(mean, means[0]) for mean in means)
