"""Noise of low rank for torch modules: no member's matrix is made, and answers are those of the rows."""

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es

skip_without("torch")
import torch  # noqa: E402
from ember_ml.policy.torch_modules import low_rank, members  # noqa: E402
from ember_ml.policy.torch_modules.low_rank import LowRankRows, low_rank_chunks  # noqa: E402
from ember_ml.policy.torch_modules.members import MemberForward  # noqa: E402
from ember_ml.policy.torch_modules.policy import TorchPolicy  # noqa: E402
from first_of import First  # noqa: E402
from torch import nn  # noqa: E402


class Tied(nn.Module):
    """A small transformer whose output layer is its embedding."""

    def __init__(self):
        super().__init__()
        self.letters, self.places = nn.Embedding(9, 8), nn.Embedding(6, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(8, 9, bias=False)
        self.head.weight = self.letters.weight

    def forward(self, x):
        mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        return self.head(self.block(self.letters(x) + self.places.weight_of(x), src_mask=mask))


class Places(nn.Embedding):
    def weight_of(self, x):
        return self(torch.arange(x.shape[1]))


class Offset(nn.Module):
    """A module's own parameter, which is added."""

    def __init__(self):
        super().__init__()
        self.places, self.layer = nn.Parameter(torch.zeros(1, 6, 8)), nn.Linear(8, 9)

    def forward(self, x):
        return self.layer(x + self.places)


def tied():
    module = Tied()
    module.places = Places(6, 8)
    return module


def randn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


LAYERS = {
    "linear": (lambda: nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 2)), [randn(3, 6)]),
    "convolution": (
        lambda: nn.Sequential(
            nn.Conv2d(4, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 6, 3, groups=2), nn.Flatten(), nn.Linear(24, 5),
        ),
        [randn(2, 4, 8, 8)],
    ),
    "convolution of one line": (lambda: nn.Conv1d(4, 8, 5, dilation=2, bias=False), [randn(2, 4, 16)]),
    "convolution of one image": (lambda: nn.Conv2d(4, 8, 3), [randn(4, 8, 8)]),
    "lstm": (lambda: nn.LSTM(6, 8, num_layers=2, batch_first=True), [randn(2, 5, 6)]),
    "gru cell": (lambda: nn.GRUCell(6, 8), [randn(2, 6)]),
    "attention": (lambda: nn.MultiheadAttention(8, 2, batch_first=True), [randn(2, 5, 8)] * 3),
    "attention to something else": (
        lambda: nn.MultiheadAttention(8, 2, batch_first=True),
        [randn(2, 5, 8), randn(2, 3, 8), randn(2, 3, 8)],
    ),
    "tied transformer": (tied, [torch.tensor([[1, 2, 3, 8, 0, 4]])]),
    "own offset": (Offset, [randn(2, 6, 8)]),
}  # fmt: skip


def started(policy, rank, sigma=0.1, antithetic=True):
    strategy = es.OpenAIES(directions=3, sigma=sigma, antithetic=antithetic, perturbation=es.LowRank(rank))
    strategy.start(policy.to_vector(), 7, policy.theta_shape)
    return strategy


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("name", LAYERS)
def test_members_are_the_rows_of_ask(name, rank):
    make, inputs = LAYERS[name]
    torch.manual_seed(0)
    policy = TorchPolicy(First(make()))
    strategy = started(policy, rank)
    population = strategy.population()
    assert population.perturbation.matrices
    forward = MemberForward(policy)
    rows = LowRankRows(policy, population, 0, 6, forward.device)
    answers = forward(rows.weights, inputs, shared=True, base=rows.shared)
    made = forward(forward.weights(torch.from_numpy(strategy.ask())), inputs, shared=True)
    torch.testing.assert_close(answers, made, rtol=1e-4, atol=1e-5)
    assert (made[0] - made[1]).abs().max() > 1e-3
    part = LowRankRows(policy, population, 2, 3, forward.device)
    some = forward(part.weights, inputs, shared=True, base=part.shared)
    torch.testing.assert_close(some, answers[2:5], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_a_recorded_forward_gives_the_same_bits(name, monkeypatch):
    monkeypatch.setattr(members, "CALLS_BEFORE_RECORDING", 2)
    make, inputs = LAYERS[name]
    policy = TorchPolicy(First(make()))
    rows = LowRankRows(policy, started(policy, 2).population(), 0, 6, torch.device("cpu"))
    forward = MemberForward(policy)
    answers = [forward(rows.weights, inputs, shared=True, base=rows.shared) for _ in range(4)]
    assert [isinstance(graph, torch.fx.GraphModule) for graph in forward._graphs.values()] == [True]
    assert all(torch.equal(answer, answers[0]) for answer in answers)


def test_without_pairs():
    policy = TorchPolicy(LAYERS["linear"][0]())
    strategy = started(policy, 1, antithetic=False)
    forward = MemberForward(policy)
    rows = LowRankRows(policy, strategy.population(), 0, 3, forward.device)
    x = LAYERS["linear"][1]
    made = forward(forward.weights(torch.from_numpy(strategy.ask())), x, shared=True)
    torch.testing.assert_close(
        forward(rows.weights, x, shared=True, base=rows.shared), made, rtol=1e-4, atol=1e-5
    )


def test_a_members_matrix_is_never_made():
    policy = TorchPolicy(nn.Sequential(nn.Linear(512, 512), nn.Tanh(), nn.Linear(512, 512)))
    population = started(policy, 1).population()
    rows = LowRankRows(policy, population, 0, 6, torch.device("cpu"))
    assert sum(value.numel() for value in rows.weights.values()) == 6 * population.perturbation.compact
    assert population.perturbation.compact < 4 * 1024 + 10
    assert sum(value.numel() for value in rows.shared.values()) == 2 * 512 * 512


def test_chunks_stay_within_64_mb(monkeypatch):
    policy = TorchPolicy(LAYERS["linear"][0]())
    population = started(policy, 1).population()
    sizes = [(first, len(rows)) for first, rows in low_rank_chunks(policy, population, torch.device("cpu"))]
    assert sizes == [(0, 6)]
    monkeypatch.setattr(low_rank, "CHUNK_BYTES", 4 * 4 * (population.perturbation.compact + 1) * 5)
    sizes = [(first, len(rows)) for first, rows in low_rank_chunks(policy, population, torch.device("cpu"))]
    assert sizes == [(0, 4), (4, 2)]


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.last = nn.Parameter(torch.zeros(8, 8)), nn.Linear(8, 1)

    def forward(self, x):
        return self.last(x @ self.table)


class Reads(nn.Module):
    """Takes a layer's weight for something else than the layer."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 8)

    def forward(self, x):
        return self.layer(x) + self.layer.weight.sum()


def fitness(model, generation):
    return model(torch.ones(2, 8)).reshape(model.members, -1)[:, 0]


@pytest.mark.parametrize(
    ("module", "named"),
    [
        (
            lambda: nn.Sequential(nn.Unflatten(1, (8, 1)), nn.ConvTranspose1d(8, 4, 3)),
            "ConvTranspose1d, a layer",
        ),
        (Own, "Own uses table in"),
        (Reads, "Reads uses layer.weight in sum"),
    ],
)
def test_layers_that_are_not_known_are_named(module, named):
    options = {"objective": fitness, "batched": True, "progress": False}
    with pytest.raises((ValueError, es.EvaluationError), match=named):
        es.train(policy=module(), strategy=es.OpenAIES(perturbation=es.LowRank()), generations=1, **options)
    es.train(policy=module(), generations=1, **options)


def test_an_objective_learns_by_low_rank():
    torch.manual_seed(0)
    x = torch.randn(64, 8)
    y = torch.tanh(x[:, :1] - x[:, 1:2])
    module = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
    strategy = es.OpenAIES(
        directions=16, sigma=0.1, optimizer={"name": "Adam", "learning_rate": 0.05}, perturbation=es.LowRank()
    )
    run = es.train(
        objective=lambda model, generation: -((model(x) - y) ** 2).mean((1, 2)),
        batched=True, policy=module, strategy=strategy, generations=80, seed=0, progress=False,
    )  # fmt: skip
    assert run.history["policy_return"][-1] > -0.03 > run.history["policy_return"][0]


@pytest.mark.parametrize("engine", ["torch", "python"])
def test_environments_by_low_rank(engine):
    if engine == "python":
        skip_without("gymnasium")
    torch.manual_seed(0)

    class Normed(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.norm, self.last = nn.Linear(4, 16), nn.LayerNorm(16), nn.Linear(16, 2)

        def forward(self, x):
            return self.last(self.norm(torch.tanh(self.first(x))))

    options = {"seed": 0, "max_steps": 40, "engine": engine, "normalize_observations": False}
    strategy = es.OpenAIES(directions=4, sigma=0.3, perturbation=es.LowRank())
    trainer = es.Trainer("CartPole-v1", policy=Normed(), strategy=strategy, **options)
    population = strategy.population()
    found = trainer.engine.evaluate(population, with_policy=True)
    from dataclasses import replace

    rows = replace(population, rows=strategy.ask(), perturbation=None)
    made = trainer.engine.evaluate(replace(rows, common_starts=True))
    again = trainer.engine.evaluate(replace(population, common_starts=True))
    assert np.array_equal(made.returns, again.returns)
    assert found.returns.shape == (8, 1) and found.policy_returns.shape == (1,)
    trainer.step()
    assert trainer.generation == 1
