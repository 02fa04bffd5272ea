"""Sizes near the ends of their types: errors that name the argument, or MemoryError; no wrapped product."""

import numpy as np
import pytest
from ember_ml import _core, es, validate
from ember_ml.engines.native import NativeEngine
from ember_ml.envs.spec import EnvSpec
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.spec import DenseLayer, PolicySpec
from ember_ml.rollout import EpisodeOptions, Population

SPEC = PolicySpec(1, 1, 2, (), (DenseLayer(1, 1, 0, 1, ()),))
ENV = EnvSpec("Simple1D-v0", "builtin", 1, 1, False, 50)
BIG = [2**30, 2**31 - 1, 2**31, 2**32, 2**40, 2**62]

PLAIN = Normalizer(np.zeros(1, np.float32), np.ones(1, np.float32))


def engine(**options):
    return NativeEngine(ENV, SPEC, **options)


def population(directions=2, **options):
    return Population(np.zeros(2, np.float32), 0.1, 1, 0, directions, **options)


@pytest.mark.parametrize("directions", BIG)
def test_directions_of_a_population(directions):
    with pytest.raises(ValueError, match=r"directions: got \d+, wanted 0 to 1073741823"):
        engine().evaluate(population(directions))


@pytest.mark.parametrize("first", [2**30 - 2, *BIG])
def test_first_direction_of_a_shard(first):
    with pytest.raises(ValueError, match="first_direction: got"):
        engine().evaluate(population(first_direction=first))


@pytest.mark.parametrize("directions", BIG)
@pytest.mark.parametrize("kind", ["OpenAIES", "PGPE", "SNES", "SepCMAES", "ARS", "CRFMNES"])
def test_directions_of_a_strategy(kind, directions):
    with pytest.raises(ValueError, match="directions: got"):
        getattr(es, kind)(directions=directions)


def test_the_limits_of_the_core_are_those_of_python():
    options = {"sigma": 0.1, "antithetic": True, "directions": validate.MOST_DIRECTIONS + 1}
    with pytest.raises(ValueError, match=rf"directions: got .*{validate.MOST_DIRECTIONS}"):
        _core.Strategy("sep_cmaes", options)


@pytest.mark.parametrize("name", ["episodes", "max_steps", "frame_skip"])
@pytest.mark.parametrize("value", [2**31, 2**32 + 1, 2**40, 2**63])
def test_counts_of_an_episode(name, value):
    with pytest.raises(ValueError, match=f"{name}: got {value}"):
        EpisodeOptions(**{name: value})
    if value < 2**63:
        with pytest.raises(ValueError, match=rf"{name}: got {value}, wanted . to 2147483647"):
            _core.Evaluator(SPEC.native(), "Simple1D-v0", **{name: value})


@pytest.mark.parametrize("value", [1025, 2**31, 2**40])
def test_threads(value):
    with pytest.raises(ValueError, match=f"threads: got {value}"):
        engine(threads=value)
    with pytest.raises(ValueError, match=f"threads: got {value}"):
        es.Trainer("Simple1D-v0", threads=value)
    strategy = es.OpenAIES(directions=2)
    with pytest.raises(ValueError, match=f"threads: got {value}"):
        strategy.threads = value


def test_more_episodes_than_memory_holds():
    with pytest.raises(
        MemoryError, match=r"episodes of all members: wanted .* GB of memory, this machine has"
    ):
        engine(episodes=2**31 - 1).evaluate(population(2**20))


def test_more_observation_sums_than_memory_holds():
    with pytest.raises(MemoryError, match=r"wanted .* GB of memory"):
        engine(normalize=True, episodes=2**20).evaluate(population(2**29), PLAIN)


@pytest.mark.parametrize("skip", [2**31 - 1, 2**31 - 2, 2**30])
def test_frame_skip_near_the_end_of_its_type_counts_one_observation_an_episode(skip):
    result = engine(normalize=True, frame_skip=skip).evaluate(population(), PLAIN)
    # Each episode is one action long, whose observation is the start.
    assert result.leaves[0].count == 4
    assert (result.lengths <= 50).all()


def test_max_steps_near_the_end_of_its_type():
    short = engine().evaluate(population())
    assert (engine(max_steps=50).evaluate(population()).returns == short.returns).all()
    env = EnvSpec("CartPole-v1", "builtin", 4, 2, True, 500)
    spec = PolicySpec(4, 2, 10, (), (DenseLayer(4, 2, 0, 8, ()),))
    # A random policy lets the pole fall, so that the limit is never met.
    shaken = Population(np.zeros(10, np.float32), 1.0, 1, 0, 2)
    assert (NativeEngine(env, spec, max_steps=2**31 - 1).evaluate(shaken).lengths < 500).all()


@pytest.mark.parametrize("count", [2**30 + 1, 2**31 - 1, 2**31, 2**40])
def test_number_of_vector_environments(count):
    with pytest.raises(ValueError, match=f"num_envs: got {count}"):
        _core.VectorEnv("CartPole-v1", count, 500, "next_step")
