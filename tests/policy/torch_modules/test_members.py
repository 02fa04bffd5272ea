"""A torch module for many members at once: the same as one member after the other."""

import numpy as np
import pytest
from conftest import skip_without

skip_without("torch")
import torch  # noqa: E402
from ember_ml.policy.torch_modules import members as members_file  # noqa: E402
from ember_ml.policy.torch_modules.members import MemberForward  # noqa: E402
from ember_ml.policy.torch_modules.policy import TorchPolicy  # noqa: E402
from first_of import First  # noqa: E402
from torch import nn  # noqa: E402


class Causal(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x):
        mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        padding = torch.zeros(x.shape[:2], dtype=torch.bool)
        padding[:, -1] = True
        return self.encoder(x, mask=mask, src_key_padding_mask=padding, is_causal=True)


class Masked(nn.Module):
    """A mask of booleans for each sequence and head, and all heads' weights beside the output."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2)

    def forward(self, x):
        mask = torch.arange(4 * 5 * 5).reshape(4, 5, 5) % 7 == 3
        y, weights = self.attention(x, x, x, attn_mask=mask, average_attn_weights=False)
        return torch.cat([y.reshape(-1), weights.reshape(-1)])


class Grouped(nn.Module):
    """Four queries' heads to two of keys and values, causally and with a mask of what is kept."""

    def __init__(self):
        super().__init__()
        self.query, self.pair = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x):
        heads = self.query(x).reshape(2, 5, 4, 2).transpose(1, 2)
        key, value = self.pair(x).reshape(2, 5, 4, 2).transpose(1, 2).chunk(2, 1)
        attention = nn.functional.scaled_dot_product_attention
        causal = attention(heads, key, value, is_causal=True, enable_gqa=True)
        kept = torch.arange(25).reshape(5, 5) % 3 != 1
        return causal + attention(heads, key, value, attn_mask=kept, scale=0.3, enable_gqa=True)


def randn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


LAYERS = {
    "lstm, both ways, two layers": (
        lambda: nn.LSTM(4, 8, batch_first=True, num_layers=2, bidirectional=True),
        [randn(2, 5, 4)],
    ),
    "lstm of one sequence": (lambda: nn.LSTM(4, 8), [randn(5, 4)]),
    "gru without biases": (lambda: nn.GRU(4, 8, bias=False), [randn(5, 2, 4)]),
    "rnn of relu": (lambda: nn.RNN(4, 8, nonlinearity="relu"), [randn(5, 2, 4)]),
    "lstm cell": (lambda: nn.LSTMCell(4, 8), [randn(2, 4)]),
    "gru cell": (lambda: nn.GRUCell(4, 8), [randn(2, 4)]),
    "rnn cell": (lambda: nn.RNNCell(4, 8, bias=False), [randn(2, 4)]),
    "self-attention": (lambda: nn.MultiheadAttention(8, 2, batch_first=True), [randn(2, 5, 8)] * 3),
    "attention of other widths": (
        lambda: nn.MultiheadAttention(8, 2, kdim=6, vdim=4),
        [randn(5, 2, 8), randn(3, 2, 6), randn(3, 2, 4)],
    ),
    "attention to something else": (
        lambda: nn.MultiheadAttention(8, 2),
        [randn(5, 2, 8), randn(3, 2, 8), randn(3, 2, 8)],
    ),
    "attention without a batch": (lambda: nn.MultiheadAttention(8, 2), [randn(5, 8)] * 3),
    "attention with a mask a head": (lambda: Masked(), [randn(5, 2, 8)]),
    "products of fewer keys than queries": (lambda: Grouped(), [randn(2, 5, 8)]),
    "causal transformer, padded": (Causal, [randn(2, 5, 8)]),
    "convolutions": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 4, 3),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(16, 2),
        ),
        [randn(2, 3, 8, 8)],
    ),
    "embedding": (lambda: nn.Sequential(nn.Embedding(10, 4), nn.LayerNorm(4)), [torch.tensor([1, 2])]),
}


@pytest.mark.filterwarnings("error:There is a performance drop")
@pytest.mark.parametrize("name", LAYERS)
def test_members_at_once_and_one_by_one(name):
    make, inputs = LAYERS[name]
    torch.manual_seed(0)
    policy = TorchPolicy(First(make()))
    forward = MemberForward(policy)
    rows = 0.5 * torch.randn(3, policy.parameters)
    weights = forward.weights(rows)
    together = forward(weights, inputs, shared=True)
    own = forward(weights, [x.expand(3, *x.shape) for x in inputs])
    torch.testing.assert_close(own, together, rtol=1e-5, atol=1e-5)
    for row, y in zip(rows, together):
        policy.from_vector(row.numpy())
        with torch.no_grad():
            wanted = policy.module.eval()(*inputs)
        torch.testing.assert_close(y, wanted, rtol=1e-5, atol=1e-5)


def test_a_recorded_forward_gives_the_same(monkeypatch):
    monkeypatch.setattr(members_file, "CALLS_BEFORE_RECORDING", 2)
    policy = TorchPolicy(First(nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3))))
    forward = MemberForward(policy)
    rows, x = torch.randn(5, policy.parameters), torch.randn(5, 2, 4)
    answers = [forward(forward.weights(rows), [x]) for _ in range(4)]
    assert len(forward._graphs) == 1
    assert all(torch.equal(answer, answers[0]) for answer in answers)
    other = torch.randn(5, policy.parameters)
    assert torch.equal(
        forward(forward.weights(other), [x]), MemberForward(policy)(forward.weights(other), [x])
    )


class Encoder(nn.Module):
    """torch looks at the values of the mask, to see whether it is the causal one."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)

    def forward(self, x):
        return self.encoder(x, mask=torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1))


class Looks(nn.Module):
    """Decides by the values of its input, which is possible while all members share it."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x):
        return self.layer(x) if bool(x.sum() > 0) else -self.layer(x)


def test_constants_are_read_while_recording_and_inputs_are_not(monkeypatch):
    monkeypatch.setattr(members_file, "CALLS_BEFORE_RECORDING", 2)
    for module, x, is_recorded in ((Encoder(), randn(2, 5, 8), True), (Looks(), torch.ones(2, 4), False)):
        policy = TorchPolicy(First(module))
        forward, rows = MemberForward(policy), torch.randn(3, policy.parameters)
        for value in (x, x, x, -x):
            answers = forward(forward.weights(rows), [value], shared=True)
            assert torch.equal(answers, MemberForward(policy)(forward.weights(rows), [value], shared=True))
        graphs = list(forward._graphs.values())
        assert [isinstance(graph, torch.fx.GraphModule) for graph in graphs] == [is_recorded]


def test_tied_weights_are_one_parameter():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(10, 4)
            self.head = nn.Linear(4, 10, bias=False)
            self.head.weight = self.embedding.weight

        def forward(self, x):
            return self.head(self.embedding(x))

    policy = TorchPolicy(Tied())
    assert policy.parameters == 40
    forward = MemberForward(policy)
    rows, x = torch.randn(3, 40), torch.tensor([1, 2])
    for row, y in zip(rows, forward(forward.weights(rows), [x], shared=True)):
        table = row.reshape(10, 4)
        torch.testing.assert_close(y, table[x] @ table.T)


def test_the_users_module_is_left_as_it_is():
    module = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1)).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    threads = torch.get_num_threads()
    policy = TorchPolicy(module)
    forward = MemberForward(policy)
    rows = torch.from_numpy(np.tile(policy.to_vector(), (2, 1)))
    x = torch.randn(2, 3, 4)
    assert torch.equal(forward(forward.weights(rows), [x]), forward(forward.weights(rows), [x]))  # no dropout
    assert module.training and torch.get_num_threads() == threads
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(parameter.requires_grad for parameter in module.parameters())
