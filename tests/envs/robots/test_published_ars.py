"""ARS V2-t as Mania, Guy and Recht (2018) wrote it, in float64 numpy, beside ours: the same updates.

Each generation begins where ours stands and takes our noise and starts; episodes are short, because those
of a walking robot are chaotic, so that float32 and float64 would soon play others. Steps of the simulation
are the native environment's, which equals gymnasium's (test_locomotion.py).
"""

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import _core, envs, es
from ember_ml.envs.abi import CustomLanes
from ember_ml.es import presets
from ember_ml.noise.stream import PURPOSES, noise

skip_without("gymnasium")
skip_without("mujoco")

STEPS, GENERATIONS, SEED = 20, 4, 3


def play(env, lanes, weights, mean, deviation, generation):
    """Returns, lengths and the observations that were acted on, of one episode of each member."""
    members = len(weights)
    returns, lengths, rows = np.zeros(members), np.zeros(members), []
    seeds = [
        int(_core.derived_seed64(PURPOSES["reset"], SEED, generation, member // 2, 0))
        for member in range(members)
    ]
    live = list(range(members))
    seen = lanes.reset(live, seeds).astype(float)
    for _ in range(STEPS):
        rows.append(seen[live])
        inputs = np.clip((seen[live] - mean) / deviation, -10.0, 10.0)
        actions = np.einsum("mo,moa->ma", inputs, weights[live]).astype(np.float32)
        seen[live], rewards, over = lanes.step(live, actions)[:3]
        returns[live] += rewards
        lengths[live] += 1
        live = [member for member, ended in zip(live, over) if not ended]
        if not live:
            break
    return returns, lengths, np.concatenate(rows)


@pytest.mark.parametrize("name", ["HalfCheetah-v5", "Hopper-v5", "Swimmer-v5", "Walker2d-v5"])
def test_ours_is_the_published_search(name):
    preset = presets.find("ars-v2", name)[0]
    strategy = preset.strategy()
    config = strategy.config()
    pairs, top, sigma = config["directions"], config["top"], config["sigma"]
    trainer = es.Trainer(
        name, preset.policy, strategy, seed=SEED, generations=GENERATIONS, max_steps=STEPS, warmup=False,
        progress=False, **preset.options,
    )  # fmt: skip
    env = envs.make(name)
    opened = env.opener(2 * pairs)
    lanes = CustomLanes(env, 2 * pairs, address=opened.address)
    shape = (env.observation_size, env.action_size)
    theta, count, mean, squares = np.zeros(shape), 0.0, np.zeros(shape[0]), np.zeros(shape[0])
    for generation in range(GENERATIONS):
        deviation = np.sqrt(squares / count) if count else np.ones(shape[0])
        drawn = [noise(SEED, generation, pair, theta.size) for pair in range(pairs)]
        drawn = np.array(drawn, float).reshape(pairs, *shape)
        members = np.stack([theta + sigma * drawn, theta - sigma * drawn], axis=1).reshape(-1, *shape)
        returns, lengths, rows = play(env, lanes, members, mean, deviation, generation)
        # The survival bonus is taken off.
        rewards = (returns - preset.options["reward_offset"] * lengths).reshape(pairs, 2)
        best = np.argsort(-rewards.max(axis=1), kind="stable")[:top]
        gradient = np.einsum("k,koa->oa", rewards[best, 0] - rewards[best, 1], drawn[best])
        theta = theta + config["learning_rate"] / (top * rewards[best].std()) * gradient
        both, apart = count + len(rows), rows.mean(axis=0) - mean
        squares = (
            squares + ((rows - rows.mean(axis=0)) ** 2).sum(axis=0) + apart**2 * count * len(rows) / both
        )
        mean, count = mean + apart * len(rows) / both, both

        record = trainer.step()
        ours = np.asarray(trainer.theta, float).reshape(shape)
        assert record["population_mean"] == pytest.approx(returns.mean(), rel=1e-3, abs=1e-3)
        assert np.linalg.norm(ours - theta) < 2e-4 * np.linalg.norm(theta)
        known = trainer.observations.state_dict()
        np.testing.assert_allclose(known["mean"], mean, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(known["squares"], squares, rtol=1e-3)
        assert known["count"] == count
        theta, mean, squares = ours, np.array(known["mean"]), np.array(known["squares"])
    lanes.close()
