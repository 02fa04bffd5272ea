"""Observations handed over flat, whole, and with channels first, in the order of gymnasium's flatten."""

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es, ops
from ember_ml.envs import make
from ember_ml.nn.modules import Dense, Module, Sequential
from ember_ml.policy.handing import Handing

skip_without("gymnasium")
import gymnasium  # noqa: E402
from gymnasium import spaces  # noqa: E402

SPACE = spaces.Dict(
    {
        "image": spaces.Box(0, 255, (4, 3, 2), np.uint8),
        "choice": spaces.Discrete(3, start=5),
        "bits": spaces.MultiBinary((2, 2)),
        "more": spaces.Tuple((spaces.MultiDiscrete([2, 3]), spaces.Box(-1, 1, (2,)))),
    },
    seed=0,
)


def env_of(space):
    class Env(gymnasium.Env):
        observation_space = space
        action_space = spaces.Discrete(2)

        def reset(self, seed=None, options=None):
            return space.sample(), {}

        def step(self, action):
            return space.sample(), float(action), True, False, {}

    return make(Env)


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return np.array_equal(np.asarray(a), np.asarray(b))


def first(handed):
    if isinstance(handed, dict):
        return {key: first(value) for key, value in handed.items()}
    return tuple(first(value) for value in handed) if isinstance(handed, tuple) else handed[0]


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_whole_is_what_the_environment_gave(library):
    if library == "torch":
        skip_without("torch")
    handing = Handing("whole", env_of(SPACE))
    for _ in range(5):
        given = SPACE.sample()
        flat = spaces.flatten(SPACE, given).astype(np.float32)[None]
        if library == "torch":
            import torch

            flat = torch.from_numpy(flat)
        assert same(first(handing(flat)), dict(given))


def test_channels_first_turns_images_alone():
    env = env_of(SPACE)
    flat = spaces.flatten(SPACE, SPACE.sample()).astype(np.float32)[None]
    whole, turned = Handing("whole", env)(flat), Handing("channels_first", env)(flat)
    assert np.array_equal(turned["image"], whole["image"].transpose(0, 3, 1, 2))
    assert np.array_equal(turned["bits"], whole["bits"])


def test_normalising_means_something_for_arrays_alone():
    assert Handing("flat", env_of(SPACE)).normalizable
    assert not Handing("whole", env_of(SPACE)).normalizable
    assert Handing("whole", env_of(spaces.Box(0, 1, (2, 2)))).normalizable


def test_a_form_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="got 'hole', wanted"):
        Handing("hole", env_of(SPACE))


class Weighs(Module):
    """Takes an image and a choice whole."""

    observations = "whole"

    def __init__(self):
        super().__init__()
        self.layer = Dense(24, 2)

    def forward(self, x):
        assert tuple(x["image"].shape) == (1, 4, 3, 2) and tuple(x["choice"].shape) == (1,)
        return self.layer(ops.reshape(x["image"], (1, 24)) / 255.0)


def test_a_module_of_the_package_is_handed_what_it_asks_for():
    env = env_of(SPACE)
    module = Weighs()
    trainer = es.Trainer(env, policy=module, strategy=es.OpenAIES(directions=8, sigma=1.0), seed=0)
    assert "Weighs" in trainer.explain() and "handed them whole" in trainer.explain()
    given = SPACE.sample()
    assert trainer.policy(given) in (0, 1)
    wanted = module(Handing("whole", env)(spaces.flatten(SPACE, given)[None].astype(np.float32)))
    flat = spaces.flatten(SPACE, given)[None].astype(np.float32)
    assert np.array_equal(trainer.policy.outputs(flat), np.asarray(wanted))
    before = module.to_vector()
    trainer.step()
    assert not np.array_equal(module.to_vector(), before)
    with pytest.raises(ValueError, match="whole observations, whose choices are numbers"):
        es.Trainer(env, policy=Weighs(), normalize_observations=True)


def test_a_whole_vector_is_the_flat_one():
    class Flat(Sequential):
        observations = "whole"

    trainer = es.Trainer("CartPole-v1", policy=Flat(Dense(4, 2)))
    assert trainer.choice.name == "native"
