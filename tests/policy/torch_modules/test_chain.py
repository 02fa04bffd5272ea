"""Torch modules that are chains compile to the native core and hold the trained weights afterwards."""

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es
from ember_ml.policy.chain import forward
from ember_ml.policy.spec import PolicySpec

skip_without("torch")
import torch  # noqa: E402
from ember_ml.policy.torch_modules.chain import compile_chain  # noqa: E402
from ember_ml.policy.torch_modules.policy import TorchPolicy  # noqa: E402
from ember_ml.policy.trace import NotCompiled  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402


class Own(nn.Module):
    """As people write them: layers in the constructor, functions in the forward."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(8, 2, bias=False)
        self.first = nn.Linear(4, 8)

    def forward(self, x):
        return torch.tanh(self.last(torch.relu(self.first(x)) * 2.0)) / 4 - 0.5


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return self.layer(self.layer(x))


def chain(*after):
    return nn.Sequential(nn.Linear(4, 8), *after, nn.Linear(8, 2))


class Applies(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.first, self.function = nn.Linear(4, 2), function

    def forward(self, x):
        return self.function(self.first(x))


CHAINS = {
    "tanh": chain(nn.Tanh()),
    "several": chain(nn.Identity(), nn.ELU(), nn.Dropout(0.5), nn.Sigmoid()),
    "gelu": chain(nn.GELU()),
    "softplus": chain(nn.Softplus()),
    "nested": nn.Sequential(nn.Flatten(), chain(nn.ReLU()), nn.Tanh()),
    "own": Own(),
    "in place": chain(nn.ReLU(inplace=True), nn.ELU(inplace=True)),
    "functions": Applies(lambda x: functional.softplus(functional.gelu(functional.elu(x, inplace=True)))),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_compiles_and_gives_what_torch_gives(name):
    module = CHAINS[name].eval()
    spec, turned = compile_chain(module, 4)
    policy = TorchPolicy(module, turned)
    x = np.random.default_rng(0).standard_normal((16, 4)).astype(np.float32)
    wanted = module(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(forward(spec, policy.to_vector(), x), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("module", "named"),
    [
        (chain(nn.GELU(approximate="tanh")), "tanh"),
        (chain(nn.ELU(alpha=0.5)), "ELU"),
        (chain(nn.Softplus(threshold=1)), "Softplus"),
        (Applies(lambda x: functional.elu(x, alpha=0.5)), "elu"),
        (chain(nn.LayerNorm(8)), "LayerNorm"),
        (Twice(), "twice"),
        (nn.Tanh(), "no Linear"),
    ],
)
def test_what_is_no_chain_is_named(module, named):
    with pytest.raises(NotCompiled, match=named):
        compile_chain(module, 4)


def test_a_layer_that_is_not_trained_is_named():
    module = chain(nn.Tanh())
    module[0].weight.requires_grad_(False)
    with pytest.raises(NotCompiled, match=r"0\.weight"):
        compile_chain(module, 4)


def test_vectors_go_there_and_back():
    module = Own()
    policy = TorchPolicy(module, compile_chain(module, 4)[1])
    theta = np.arange(policy.parameters, dtype=np.float32)
    policy.from_vector(theta)
    assert np.array_equal(policy.to_vector(), theta)
    assert module.last.weight[1, 0] == 1  # (outputs, inputs) here, (inputs, outputs) in theta


def test_a_module_trains_natively_and_holds_the_weights():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2)).train()
    run = es.train("CartPole-v1", policy=module, generations=40, seed=0, progress=False)
    assert isinstance(run.policy.spec, PolicySpec) and "engine: native" in run.explain()
    assert run.evaluate(20).mean > 400
    assert module.training
    x = np.random.default_rng(0).standard_normal((8, 4)).astype(np.float32)
    own = module(torch.from_numpy(run.policy.normalizer(x))).detach().numpy()
    np.testing.assert_allclose(own, run.policy.outputs(x), rtol=1e-4, atol=1e-4)


def test_it_trains_as_the_same_network_of_the_package_does():
    module = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
    policy = TorchPolicy(module, {"0.weight", "2.weight"})
    options = {"theta0": policy.to_vector(), "generations": 5, "seed": 3, "normalize_observations": True}
    there = es.train("CartPole-v1", policy=module, progress=False, **options)
    mlp = es.MLPPolicy(hidden=(16,))
    here = es.train("CartPole-v1", policy=mlp, preset=None, progress=False, **options)
    assert np.array_equal(there.theta, here.theta)


def test_restarts_begin_alike_and_files_load(tmp_path):
    module = chain(nn.Tanh())
    run = es.train("CartPole-v1", policy=module, generations=2, restarts=2, seed=0, progress=False)
    run.save(tmp_path / "run.npz")
    other = chain(nn.Tanh())
    again = es.load(tmp_path / "run.npz", policy=other)
    assert np.array_equal(again.theta, run.theta)
    assert torch.equal(other[0].weight, module[0].weight)
    alone = es.load(tmp_path / "run.npz")  # the file holds the network
    x = np.ones((1, 4), np.float32)
    assert np.array_equal(alone.policy.outputs(x), run.policy.outputs(x))


def test_halves_and_doubles_keep_their_type():
    for dtype in (torch.float64, torch.bfloat16):
        module = chain(nn.Tanh()).to(dtype)
        es.train("CartPole-v1", policy=module, generations=1, seed=0, progress=False)
        assert module[0].weight.dtype == dtype


def test_widths_that_do_not_fit_and_classes_are_named():
    with pytest.raises(ValueError, match="3 outputs, the environment takes 2"):
        es.Trainer("CartPole-v1", policy=nn.Sequential(nn.Linear(4, 3)))
    with pytest.raises(TypeError, match="got the class Own"):
        es.Trainer("CartPole-v1", policy=Own)
    with pytest.raises(ValueError, match="no trainable parameters"):
        es.Trainer("CartPole-v1", policy=nn.Tanh())
