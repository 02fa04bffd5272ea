"""Torch modules that do not compile train on every kind of environment."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es
from ember_ml.policy.trained import TrainedPolicy
from ember_ml.rollout import Population

skip_without("torch")
skip_without("gymnasium")
import gymnasium  # noqa: E402
import torch  # noqa: E402
from gymnasium import spaces  # noqa: E402
from torch import nn  # noqa: E402


class Normed(nn.Module):
    """No chain that compiles, because of its LayerNorm."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 2)

    def forward(self, x):
        return self.last(self.norm(torch.tanh(self.first(x))))


class Doubled(nn.Module):
    """A network that compiles inside one that does not."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return torch.cat([self.inner(x), self.inner(x)], -1).chunk(2, -1)[0]


class Catch(gymnasium.Env):
    """A pixel falls; the pad below it is to be there when it lands."""

    observation_space = spaces.Box(0, 255, (5, 5, 1), np.uint8)
    action_space = spaces.Discrete(3)

    def _image(self):
        image = np.zeros((5, 5, 1), np.uint8)
        image[4, self.pad] = 128
        image[self.height, self.column] = 255
        return image

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.column, self.pad, self.height = int(self.np_random.integers(5)), 2, 0
        return self._image(), {}

    def step(self, action):
        self.pad = min(4, max(0, self.pad + int(action) - 1))
        self.height += 1
        over = self.height == 4
        return self._image(), float(over and self.pad == self.column), over, False, {}


def conv():
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(100, 3))


def train(env, policy, **options):
    options = {"generations": 2, "seed": 0, "progress": False, **options}
    return es.train(env, policy=policy, strategy=es.OpenAIES(directions=4, sigma=0.1), **options)


def test_a_built_in_environment_is_played_by_the_torch_engine():
    run = train("CartPole-v1", Normed())
    text = run.explain()
    assert "engine: torch" in text and "Normed" in text and "LayerNorm" in text
    assert len(run.evaluate(5).returns) == 5


def test_it_does_what_the_same_network_does_natively():
    torch.manual_seed(0)
    chain = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    native, other = es.Trainer("CartPole-v1", policy=chain, seed=1), Doubled(chain)
    torch_run = es.Trainer("CartPole-v1", policy=other, seed=1, max_steps=30)
    python_run = es.Trainer("CartPole-v1", policy=other, seed=1, max_steps=30, engine="python")
    assert native.choice.name == "native"
    assert (torch_run.choice.name, python_run.choice.name) == ("torch", "python")
    x = np.random.default_rng(0).standard_normal((4, 4)).astype(np.float32)
    for trainer in (torch_run, python_run):
        np.testing.assert_allclose(trainer.policy.outputs(x), native.policy.outputs(x), rtol=1e-5, atol=1e-5)


def test_members_get_their_own_parameters_and_observations():
    """On the python engine, against an environment whose return is what the policy answers."""

    class Answer(gymnasium.Env):
        observation_space = spaces.Box(-1, 1, (3,))
        action_space = spaces.Box(-np.inf, np.inf, (1,))

        def reset(self, seed=None, options=None):
            super().reset(seed=seed)
            self.seen, self.steps = self.np_random.uniform(-1, 1, 3).astype(np.float32), 0
            seen.append(self.seen)
            return self.seen, {}

        def step(self, action):
            self.steps += 1
            return self.seen, float(action[0]), self.steps == 3, False, {}

    seen = []
    module = Doubled(nn.Linear(3, 1))
    strategy = es.OpenAIES(directions=3, sigma=0.5)
    trainer = es.Trainer(Answer, policy=module, strategy=strategy, seed=0, normalize_observations=False)
    seen.clear()
    population = strategy.population()
    evaluation = trainer.engine.evaluate(population)
    rows = strategy.ask()
    starts = np.unique(np.array(seen), axis=0)
    assert len(starts) == 3  # pairs start alike
    for member, value in enumerate(evaluation.fitness):
        answers = 3 * (starts @ rows[member, :3] + rows[member, 3])
        assert np.abs(answers - value).min() < 1e-4


def test_images_reach_a_convolution_and_the_module_holds_what_was_trained():
    torch.manual_seed(0)
    module = conv()
    before = module[0].weight.clone()
    run = train(Catch, module, generations=3)
    assert "channels first" in run.explain() and not torch.equal(before, module[0].weight)
    observation, _ = Catch().reset(seed=1)
    assert run.policy(observation) in (0, 1, 2)
    pixels = torch.from_numpy(observation.astype(np.float32)).permute(2, 0, 1)[None]
    trainer = es.Trainer(Catch, policy=module, normalize_observations=False)
    np.testing.assert_allclose(
        trainer.policy.outputs(observation.reshape(1, -1)),
        module(pixels).detach().numpy(),
        rtol=1e-4,
        atol=1e-3,
    )


def test_a_convolution_learns_to_catch():
    torch.manual_seed(0)
    run = es.train(Catch, policy=conv(), generations=25, seed=1, episodes=4, progress=False)
    assert run.evaluate(40).mean > 0.8


def test_it_is_saved_and_goes_on_bit_for_bit(tmp_path):
    options = {"strategy": es.OpenAIES(directions=4, sigma=0.1), "seed": 5, "progress": False}
    torch.manual_seed(0)
    first = conv()
    start = {name: value.clone() for name, value in first.state_dict().items()}
    whole = es.Trainer(Catch, policy=first, generations=4, **options)
    whole.run()
    second = conv()
    second.load_state_dict(start)
    options["strategy"] = es.OpenAIES(directions=4, sigma=0.1)
    half = es.Trainer(Catch, policy=second, generations=4, **options)
    half.run(2)
    half.save(tmp_path / "half.npz")
    rest = es.Trainer.load(tmp_path / "half.npz", env=Catch, policy=conv())
    rest.run()
    assert np.array_equal(rest.theta, whole.theta)
    with pytest.raises(ValueError, match="your own Sequential"):
        es.load(tmp_path / "half.npz", env=Catch).policy  # noqa: B018


class Remembers(Normed):
    def forward(self, x):
        self.last_seen = x
        return super().forward(x)


class Decides(Normed):
    def forward(self, x):
        return super().forward(x) if x.sum() > 0 else -super().forward(x)


class Noisy(Normed):
    def forward(self, x):
        return super().forward(x) + torch.randn(2)


@pytest.mark.parametrize(
    ("module", "named"),
    [
        (Remembers, "changes last_seen"),
        (Decides, "cannot be batched over members"),
        (Noisy, "cannot be batched over members"),
    ],
)
def test_what_cannot_be_trained_is_named_before(module, named):
    with pytest.raises(ValueError, match=named):
        es.Trainer("CartPole-v1", policy=module())


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"fails on an observation of CartPole-v1 \(4 values\)"):
        es.Trainer("CartPole-v1", policy=nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2)))
    with pytest.raises(ValueError, match="gives 3 outputs, the environment takes 2"):
        es.Trainer("CartPole-v1", policy=nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3)))
    with pytest.raises(ValueError, match="a torch module that does not compile"):
        es.Trainer("CartPole-v1", policy=Normed(), engine="mlx")


class Recalls(nn.Module):
    """An LSTM: forward(x, state) -> (y, state)."""

    def __init__(self, inputs=3, outputs=1):
        super().__init__()
        self.lstm, self.last = nn.LSTM(inputs, 6), nn.Linear(6, outputs)

    def initial_state(self, batch):
        return torch.zeros(1, batch, 6), torch.zeros(1, batch, 6)

    def forward(self, x, state):
        y, state = self.lstm(x[None], state)
        return self.last(y[0]), state


class Sequence(gymnasium.Env):
    """Shows numbers; the reward is what the policy answers."""

    observation_space = spaces.Box(-1, 1, (3,))
    action_space = spaces.Box(-np.inf, np.inf, (1,))
    length = 4

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.shown, self.steps = self.np_random.uniform(-1, 1, (5, 3)).astype(np.float32), 0
        return self.shown[0], {}

    def step(self, action):
        self.steps += 1
        return self.shown[self.steps], float(action[0]), self.steps == self.length, False, {}


def test_memory_begins_anew_with_each_episode_and_belongs_to_one_member():
    torch.manual_seed(0)
    module, strategy = Recalls(), es.OpenAIES(directions=3, sigma=0.5)
    trainer = es.Trainer(
        Sequence, policy=module, strategy=strategy, seed=0, episodes=2, normalize_observations=False, lanes=5
    )  # fmt: skip
    population = replace(strategy.population(), common_starts=True)
    returns = trainer.engine.evaluate(population).returns
    for member, row in enumerate(strategy.ask()):
        policy = TrainedPolicy(lambda: trainer.problem.policy, row, trainer.env, clip_actions=False)
        again = trainer.engine.evaluate(Population(row, 0.0, 0, 0, 1, False, common_starts=True)).returns[0]
        np.testing.assert_allclose(again, returns[member], rtol=1e-4, atol=1e-5)
        env, total = Sequence(), 0.0
        observation, _ = env.reset(seed=1)
        with torch.no_grad():
            trainer.problem.policy.from_vector(row)
            state = module.initial_state(1)
            for _ in range(env.length):
                y, state = module(torch.from_numpy(observation)[None], state)
                assert abs(policy(observation)[0] - y.item()) < 1e-5
                observation, reward, *_ = env.step(y[0].numpy())
                total += reward
        assert total != 0.0


def test_memory_on_the_torch_engine():
    torch.manual_seed(0)
    module = Recalls(4, 2)
    options = {"policy": module, "seed": 0, "max_steps": 20, "normalize_observations": False}
    trainer = es.Trainer("CartPole-v1", strategy=es.OpenAIES(directions=8, sigma=0.5), **options)
    assert trainer.choice.name == "torch"
    record = trainer.step()
    assert record["steps"] > 0 and record["episodes"] == 17


def test_a_state_of_another_shape_is_named():
    class Grows(Recalls):
        def forward(self, x, state):
            y, (h, c) = super().forward(x, state)
            return y, (torch.cat([h, h]), c)

    with pytest.raises(ValueError, match="gives a state of"):
        es.Trainer(Sequence, policy=Grows())
