"""Training by a function of the model instead of an environment."""

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es
from ember_ml.nn.modules import Dense, Module, Sequential, Tanh

X = np.random.default_rng(0).standard_normal((64, 3)).astype(np.float32)
Y = np.tanh(X @ np.array([[1.0], [-2.0], [0.5]], np.float32))


def ember():
    module = Sequential(Dense(3, 8), Tanh(), Dense(8, 1))
    module.from_vector(0.5 * es.noise(2, 0, 0, 41))
    return module


def torch_net(seed=0):
    import torch

    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))


def fit(model, generation):
    """Of an Ember Module."""
    return -float(np.mean((np.asarray(model(X)) - Y) ** 2))


def fit_many(model, generation):
    answers = np.asarray(model(X))
    assert answers.shape == (model.members, 64, 1)
    return -((answers - Y) ** 2).mean((1, 2))


def fit_torch(model, generation):
    import torch

    return -((model(torch.from_numpy(X)) - torch.from_numpy(Y)) ** 2).mean()


def fit_torch_many(model, generation):
    import torch

    return -((model(torch.from_numpy(X)) - torch.from_numpy(Y)) ** 2).mean((1, 2))


def train(f, policy, **options):
    options = {"generations": 5, "seed": 0, "progress": False, "sigma": 0.1, **options}
    return es.train(objective=f, policy=policy, **options)


def test_it_learns_and_the_module_holds_the_weights():
    module = ember()
    run = train(fit, module, generations=60)
    returns = run.history["policy_return"]
    assert returns[0] < -0.3 and returns[-1] > -0.02
    assert fit(module, 0) == pytest.approx(run.evaluate().mean)
    assert np.array_equal(np.asarray(run.policy(X)), np.asarray(module(X)))
    assert run.steps == run.episodes == 60 * 33  # 16 pairs and the policy itself
    text = run.explain()
    assert "fit (a function of the model)" in text and "member by member" in text


@pytest.mark.parametrize("kind", ["ember", "torch"])
def test_batched_and_one_by_one_are_the_same(kind):
    if kind == "torch":
        skip_without("torch")
    make, f, many = (ember, fit, fit_many) if kind == "ember" else (torch_net, fit_torch, fit_torch_many)
    first, second = make(), make()
    one, batch = train(f, first), train(many, second, batched=True)
    assert "members at once" in batch.explain()
    np.testing.assert_allclose(
        one.history["population_mean"], batch.history["population_mean"], rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(one.theta, batch.theta, rtol=1e-3, atol=1e-3)


def test_a_torch_module_learns_and_is_handed_back():
    skip_without("torch")
    import torch

    module = torch_net()
    run = train(fit_torch_many, module, generations=60, batched=True)
    assert run.history["policy_return"][-1] > -0.02
    with torch.no_grad():
        assert float(fit_torch(module, 0)) == pytest.approx(run.evaluate().mean, abs=1e-6)


def test_each_member_may_get_its_own_input():
    skip_without("torch")
    import torch

    def f(model, generation):
        own = torch.from_numpy(X).expand(model.members, *X.shape).contiguous()
        torch.testing.assert_close(model(own, each=True), model(torch.from_numpy(X)))
        return torch.zeros(model.members)

    train(f, torch_net(), generations=1, batched=True)


def test_chunks_hold_64_mb_and_say_how_many_members_they_have(monkeypatch):
    skip_without("torch")
    import torch
    from ember_ml.policy.torch_modules import models

    sizes = []

    def f(model, generation):
        sizes.append(model.members)
        return model(torch.zeros(1, 3)).reshape(-1)

    monkeypatch.setattr(models, "CHUNK_BYTES", 4 * 4 * 41 * 10)
    train(f, torch_net(), generations=1, batched=True)
    assert sizes == [10, 10, 10, 2, 1]


@pytest.mark.parametrize("strategy", ["cr-fm-nes", "snes", "ars"])
def test_other_strategies_take_it(strategy):
    run = train(fit, ember(), strategy=strategy, generations=30, sigma=0.3)
    assert run.history["policy_return"].max() > run.history["policy_return"][0]


def test_generations_are_counted_and_a_saved_training_goes_on(tmp_path):
    seen = []

    def f(model, generation):
        seen.append(generation)
        return fit(model, generation) + 0.01 * generation

    modules = [ember() for _ in range(3)]
    whole = train(f, modules[0], generations=4)
    assert seen == [g for g in range(4) for _ in range(33)]
    half = es.Trainer(objective=f, policy=modules[1], strategy=es.OpenAIES(sigma=0.1), seed=1, generations=4)
    half.run(2)
    half.save(tmp_path / "half.npz")
    half.run()
    with pytest.raises(ValueError, match="pass it as objective="):
        es.Trainer.load(tmp_path / "half.npz", policy=modules[2])
    with pytest.raises(ValueError, match="your own Sequential"):
        es.Trainer.load(tmp_path / "half.npz", objective=f)
    with pytest.raises(ValueError, match="one is an objective"):
        es.Trainer.load(tmp_path / "half.npz", env="CartPole-v1", policy=modules[2])
    rest = es.Trainer.load(tmp_path / "half.npz", objective=f, policy=modules[2])
    rest.run()
    assert np.array_equal(rest.theta, half.theta)
    assert len(es.load(tmp_path / "half.npz").history) == 2
    again = es.load(tmp_path / "half.npz", objective=f, policy=modules[2])
    assert again.evaluate().mean == pytest.approx(f(modules[2], 2))
    assert len(whole.history) == 4


def test_until_stops_and_plots_are_drawn(tmp_path):
    skip_without("matplotlib")
    run = train(fit, ember(), generations=200, until=-0.1, eval_every=10)
    assert run.reached and len(run.history) < 200 and run.evaluate().mean >= -0.1
    run.plot(tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 0
    assert run.best.to_vector().shape == run.theta.shape


@pytest.mark.parametrize(
    ("answer", "error", "named"),
    [
        (np.nan, es.EvaluationError, "^objective: it gave nan .generation 0, member 0"),
        (np.inf, es.EvaluationError, "it gave inf"),
        (np.zeros(3), ValueError, r"shape \(3,\) of a member, wanted one number \(or batched=True\)"),
        ("much", TypeError, "got 'much' of a member, wanted one number"),
        (None, TypeError, "got None"),
    ],
)
def test_answers_that_are_no_fitness_are_named(answer, error, named):
    with pytest.raises(error, match=named):
        train(lambda model, generation: answer, ember())


@pytest.mark.parametrize(
    ("answer", "error", "named"),
    [
        (
            lambda n: np.zeros(n + 1),
            ValueError,
            r"shape \(33,\) of 32 members, wanted an array of shape \(32,\)",
        ),
        (lambda n: 0.0, ValueError, r"shape \(\) of 32 members"),
        (lambda n: np.zeros((n, 1)), ValueError, r"shape \(32, 1\)"),
        (lambda n: [[0.0], [0.0, 1.0]] * (n // 2), TypeError, "of 32 members, wanted an array"),
        (
            lambda n: np.where(np.arange(n) == 5, np.nan, 0.0),
            es.EvaluationError,
            "nan .generation 0, member 5",
        ),
    ],
)
def test_batched_answers_that_are_no_fitness_are_named(answer, error, named):
    with pytest.raises(error, match=named):
        train(lambda model, generation: answer(model.members), ember(), batched=True)


def test_what_f_raises_names_the_member_and_the_state_stands():
    calls = []

    def f(model, generation):
        calls.append(generation)
        if generation == 2:
            raise ZeroDivisionError("no")
        return fit(model, generation)

    trainer = es.Trainer(
        objective=f, policy=ember(), strategy=es.OpenAIES(directions=2), seed=0, generations=5
    )
    with pytest.raises(
        es.EvaluationError, match=r"f: it raised ZeroDivisionError: no .generation 2, member 0"
    ):
        trainer.run()
    assert trainer.generation == 2


def test_members_that_fail_may_rank_last():
    def f(model, generation):
        value = fit(model, generation)
        if value < -0.6:
            raise es.Infeasible("too far off")
        return np.nan if value < -0.5 else value

    run = train(f, ember(), sigma=0.5, on_error="rank_last")
    assert run.history["failed"].sum() > 0


class Empty(Module):
    def forward(self, x):
        return x


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"env": "CartPole-v1", "objective": fit}, TypeError, "beside env='CartPole-v1'"),
        ({}, TypeError, "env: missing"),
        ({"env": "CartPole-v1", "batched": True}, TypeError, "batched: got True without an objective"),
        ({"objective": 3}, TypeError, "objective: got 3, wanted a function"),
        ({"objective": lambda model: 0.0}, TypeError, "wanted a function of .model, generation."),
        ({"objective": fit, "policy": None}, TypeError, "says nothing of a network's sizes"),
        ({"objective": fit, "policy": Empty()}, ValueError, "no trainable parameters"),
        ({"objective": fit, "episodes": 2}, ValueError, "episodes: got 2, but an objective has no episodes"),
        ({"objective": fit, "workers": 2}, ValueError, "workers: got 2"),
        ({"objective": fit, "common_starts": True}, ValueError, "common_starts: got True"),
        ({"objective": fit, "normalize_observations": True}, ValueError, "normalize_observations: got True"),
        ({"objective": fit, "engine": "native"}, ValueError, "engine of its own"),
    ],
)
def test_arguments_that_do_not_fit_are_named(options, error, named):
    with pytest.raises(error, match=named):
        es.Trainer(**{"policy": ember(), **options})


def test_what_needs_an_environment_says_so(tmp_path):
    run = train(fit, ember(), generations=1)
    with pytest.raises(ValueError, match="trained by an objective"):
        run.export("policy.h")
    with pytest.raises(ValueError, match="objective"):
        run.plot_trajectory()
    assert "objective=" in run.command
    run.report(tmp_path / "report.html")
    assert "no episodes to show" in (tmp_path / "report.html").read_text("utf8")


def different(model, generation):
    """The first member gives one number, the others more."""
    different.calls += 1
    return 0.0 if different.calls == 1 else np.zeros(different.calls)


different.calls = 0


@pytest.mark.parametrize("perturbation", [None, es.LowRank()])
@pytest.mark.parametrize(
    ("objective", "error", "message"),
    [
        (lambda model, generation: np.nan, es.EvaluationError, r"^objective: it gave nan \(generation 0, me"),
        (lambda model, generation: -np.inf, es.EvaluationError, r"^objective: it gave -inf"),
        (lambda model, generation: 1 / 0, es.EvaluationError, r"^objective: it raised ZeroDivisionError"),
        (lambda model, generation: None, TypeError, r"^objective: got None of a member"),
        (lambda model, generation: "1", TypeError, r"^objective: got '1' of a member"),
        (lambda model, generation: 1j, TypeError, r"^objective: got 1j of a member"),
        (lambda model, generation: [], ValueError, r"^objective: got an array of shape \(0,\) of a member"),
        (lambda model, generation: [[1.0], [1.0, 2.0]], TypeError, r"^objective: got .* of a member, wanted"),
        (different, ValueError, r"^objective: got an array of shape \(\d+,\) of a member, wanted one number"),
    ],
)
def test_hostile_answers_are_named_under_full_and_low_rank(objective, error, message, perturbation):
    different.calls = 0
    trainer = es.Trainer(
        objective=objective, policy=Sequential(Dense(8, 8)), seed=0,
        strategy=es.OpenAIES(directions=4, perturbation=perturbation),
    )  # fmt: skip
    before = trainer.strategy.mean.copy()
    with pytest.raises(error, match=message):
        trainer.step()
    assert np.array_equal(trainer.strategy.mean, before) and trainer.generation == 0


@pytest.mark.parametrize(
    "answer",
    [lambda model: np.zeros(model.members + 1), lambda model: 0.0, lambda model: [[1.0], [1.0, 2.0]]],
)
def test_batched_answers_of_another_shape_are_named(answer):
    trainer = es.Trainer(
        objective=lambda model, generation: answer(model), batched=True, policy=Sequential(Dense(8, 8)),
        strategy=es.OpenAIES(directions=4, perturbation=es.LowRank()),
    )  # fmt: skip
    with pytest.raises((TypeError, ValueError), match=r"^objective: got .*wanted an array of shape \(8,\)"):
        trainer.step()
