"""torch modules with memory: cells in a chain compile to the native core, what is none says why."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import skip_without

skip_without("torch")

import torch  # noqa: E402
from ember_ml import es  # noqa: E402
from ember_ml.policy.torch_modules.chain import compile_chain  # noqa: E402
from ember_ml.policy.trace import NotCompiled  # noqa: E402
from torch import nn  # noqa: E402


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.out = nn.GRUCell(4, 5), nn.Linear(5, 2)

    def initial_state(self, batch):
        return torch.zeros(batch, 5)

    def forward(self, x, h):
        h = self.cell(x, h)
        return self.out(torch.tanh(h)), h


class Both(nn.Module):
    """An LSTM whose pair is unpacked, and an RNN; the state is a dict, given back in another order."""

    def __init__(self):
        super().__init__()
        self.see, self.long, self.short = nn.Linear(4, 6), nn.LSTMCell(6, 5, bias=False), nn.RNNCell(5, 3)
        self.out = nn.Linear(3, 2)

    def initial_state(self, batch):
        zeros = torch.zeros(batch, 5)
        return {"short": torch.zeros(batch, 3), "long": (zeros, zeros)}

    def forward(self, x, state):
        h, c = self.long(torch.relu(self.see(x)), state["long"])
        short = self.short(h, state["short"])
        return self.out(short), {"long": (h, c), "short": short}


class Pair(Gru):
    """Gives the pair on as it comes."""

    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(4, 5)

    def initial_state(self, batch):
        return torch.zeros(batch, 5), torch.zeros(batch, 5)

    def forward(self, x, state):
        state = self.cell(x, (state[0], state[1]))
        return self.out(state[0]), state


@pytest.mark.parametrize(
    "kind, chain, memory",
    [
        (Gru, "4 -> GRU 5 tanh -> 2", 5),
        (Both, "4 -> 6 relu -> LSTM 5 -> RNN 3 -> 2", 13),
        (Pair, "4 -> LSTM 5 -> 2", 10),
    ],
)
def test_cells_in_a_chain_train_on_the_native_core(kind, chain, memory):
    torch.manual_seed(0)
    module = kind()
    before = torch.nn.utils.parameters_to_vector(module.parameters()).detach().clone()
    trainer = es.Trainer("CartPole-v1", module, es.OpenAIES(directions=6, sigma=0.3), seed=0, progress=False)
    assert "engine: native" in trainer.explain() and chain in trainer.explain()
    run = trainer.run(3)
    assert run.policy.spec.memory == memory
    after = torch.nn.utils.parameters_to_vector(module.parameters()).detach()
    assert not torch.equal(before, after)  # the module holds the trained weights
    x = np.random.default_rng(0).standard_normal((10, 1, 4)).astype(np.float32)
    state = module.initial_state(1)
    for observation in x:
        seen = np.clip((observation - run.policy.mean) * run.policy.inverse, -10, 10)
        with torch.no_grad():
            y, state = module(torch.from_numpy(seen), state)
        np.testing.assert_allclose(run.policy.outputs(observation), y.numpy(), rtol=1e-5, atol=1e-5)


class Decays(Gru):
    def forward(self, x, h):
        y, h = super().forward(x, h)
        return y, 0.5 * h


class Fixed(Gru):
    def forward(self, x, h):
        return super().forward(x, h)[0], h


class Zeroed(Gru):
    def forward(self, x, h):
        return super().forward(x, 0.0 * h)


class Begins(Gru):
    def initial_state(self, batch):
        return torch.ones(batch, 5)


class Learns(Gru):
    def __init__(self):
        super().__init__()
        self.first = nn.Parameter(torch.zeros(5))

    def initial_state(self, batch):
        return self.first.expand(batch, 5)


class Shares(Gru):
    def initial_state(self, batch):
        return torch.zeros(batch, 5), torch.zeros(batch, 5)

    def forward(self, x, state):
        h = self.cell(x, state[0])
        return self.out(h), (h, h)


@pytest.mark.parametrize(
    "kind, reason",
    [
        (Decays, "no link of a chain"),
        (Fixed, "next state that is not the cells' own"),
        (Zeroed, "no link of a chain"),
        (Begins, "initial state is not zero"),
        (Learns, "initial state is trained"),
        (Shares, "next state that is not the cells' own"),
    ],
)
def test_what_is_no_chain_of_cells_says_why(kind, reason):
    with pytest.raises(NotCompiled, match=reason):
        compile_chain(kind(), 4)
