"""Task 1: a generation of CartPole with an MLP 4-64-64-2, population 256, 500 steps, and its update."""

from __future__ import annotations

from typing import Any

import numpy as np
from ember_ml import _core, es
from ember_ml.engines.native import NativeEngine
from ember_ml.envs import make
from ember_ml.nn.modules import MLP
from ember_ml.policy.trace import trace
from ember_ml.rollout import Population

from questions import expert
from questions.harness import Rate, Rival, Row, compare, has, timed

QUESTION = "CartPole, MLP 4-64-64-2, population 256"
DIRECTIONS, SIGMA = 128, np.float32(0.02)


def balancing() -> Any:
    """An MLP that balances for 500 steps, so that all sides do the same number of steps."""
    policy = MLP(4, (64, 64), 2, activation="tanh")
    strategy = es.OpenAIES(directions=32, sigma=0.05, optimizer={"name": "Adam", "learning_rate": 0.03})
    options = {"generations": 80, "seed": 1, "normalize_observations": False, "progress": False}
    es.train("CartPole-v1", policy, strategy, **options)
    return policy


def native(policy: Any, threads: int | None = None) -> Rate:
    theta = policy.to_vector().astype(np.float32)
    engine = NativeEngine(make("CartPole-v1"), trace(policy, 4, 2), episodes=1, threads=threads)
    generation = 0

    def run() -> float:
        nonlocal generation
        generation += 1
        result = engine.evaluate(Population(theta, float(SIGMA), 0, generation, DIRECTIONS))
        weights = (result.fitness[0::2] - result.fitness[1::2]).astype(np.float32)
        _core.testing.noise_sum(0, generation, weights, theta.size, threads=threads or 0)
        return float(result.steps)

    return timed(run)


def numba(theta: np.ndarray) -> Rate:
    import numba_rivals

    returns, update = np.empty(2 * DIRECTIONS, np.float32), np.empty(theta.size, np.float32)
    kept = np.empty((DIRECTIONS, theta.size), np.float32)
    generation = 0

    def run() -> float:
        nonlocal generation
        generation += 1
        numba_rivals.cartpole_generation(theta, generation, SIGMA, returns, kept, update)
        return float(returns.sum())

    return timed(run)


def numba_from_numpy(theta: np.ndarray) -> Rate:
    import numba_rivals

    rng = np.random.Generator(np.random.SFC64(0))
    returns, update = np.empty(2 * DIRECTIONS, np.float32), np.empty(theta.size, np.float32)

    def run() -> float:
        noise = rng.standard_normal((DIRECTIONS, theta.size), dtype=np.float32)
        starts = rng.uniform(-0.05, 0.05, (DIRECTIONS, 4)).astype(np.float32)
        numba_rivals.cartpole_generation_from(theta, noise, starts, SIGMA, returns, update)
        return float(returns.sum())

    return timed(run)


def by_hand(theta: np.ndarray) -> Rate:
    program = expert.CartPole(theta, DIRECTIONS, float(SIGMA), _core.available_threads())
    generation = 0

    def run() -> float:
        nonlocal generation
        generation += 1
        return program.generation(generation)

    return timed(run)


def evosax(theta: np.ndarray) -> Rate:
    """Open_ES with the whole generation in one compiled function."""
    import jax
    import jax.numpy as jnp
    import optax
    from evosax.algorithms import Open_ES

    strategy = Open_ES(
        population_size=2 * DIRECTIONS,
        solution=jnp.asarray(theta),
        use_antithetic_sampling=True,
        optimizer=optax.adam(0.02),
        std_schedule=optax.constant_schedule(float(SIGMA)),
        metrics_fn=lambda *_: None,
    )
    parameters = strategy.default_params

    def episode(weights: Any, start: Any) -> Any:
        w1, b1 = weights[:256].reshape(4, 64), weights[256:320]
        w2, b2 = weights[320:4416].reshape(64, 64), weights[4416:4480]
        w3, b3 = weights[4480:4608].reshape(64, 2), weights[4608:]

        def step(carry: Any, _: Any) -> Any:
            x, v, angle, spin, alive, length = carry
            h = jnp.tanh(jnp.tanh(jnp.stack([x, v, angle, spin]) @ w1 + b1) @ w2 + b2)
            scores = h @ w3 + b3
            force = jnp.where(scores[1] > scores[0], 10.0, -10.0)
            sine, cosine = jnp.sin(angle), jnp.cos(angle)
            push = (force + 0.05 * spin * spin * sine) / 1.1
            turn = (9.8 * sine - cosine * push) / (0.5 * (4 / 3 - 0.1 * cosine * cosine / 1.1))
            length = length + alive
            x, angle = x + 0.02 * v, angle + 0.02 * spin
            v, spin = v + 0.02 * (push - 0.05 * turn * cosine / 1.1), spin + 0.02 * turn
            alive = alive * ((abs(x) <= 2.4) & (abs(angle) <= 0.20943951))
            return (x, v, angle, spin, alive, length), None

        first = (*start, jnp.float32(1), jnp.float32(0))
        return jax.lax.scan(step, first, None, 500)[0][-1]

    @jax.jit
    def generation(key: Any, state: Any) -> Any:
        ask, reset, tell = jax.random.split(key, 3)
        population, state = strategy.ask(ask, state, parameters)
        starts = jax.random.uniform(reset, (2 * DIRECTIONS, 4), minval=-0.05, maxval=0.05)
        # Chunks whose weights stay in the cache: the fastest of 256, 32 and 1 here.
        lengths = jax.lax.map(lambda pair: episode(*pair), (population, starts), batch_size=32)
        strategy.tell(tell, population, -lengths, state, parameters)
        return lengths.sum()

    state = strategy.init(jax.random.key(0), jnp.asarray(theta), parameters)
    return timed(lambda: float(generation(jax.random.key(1), state)))


def gymnasium(theta: np.ndarray, mode: str, steps: int) -> Rate:
    """A vector environment of gymnasium's, its 256 policies as one batched matrix product of numpy."""
    import gymnasium

    noise = np.random.default_rng(0).standard_normal((256, theta.size)).astype(np.float32)
    members = theta + 0.02 * noise
    w1, b1 = members[:, :256].reshape(256, 4, 64), members[:, 256:320]
    w2, b2 = members[:, 320:4416].reshape(256, 64, 64), members[:, 4416:4480]
    w3, b3 = members[:, 4480:4608].reshape(256, 64, 2), members[:, 4608:]
    env = gymnasium.make_vec("CartPole-v1", num_envs=256, vectorization_mode=mode)
    observation, _ = env.reset(seed=0)

    def run() -> float:
        nonlocal observation
        for _ in range(steps):
            h = np.tanh(np.matmul(observation[:, None], w1)[:, 0] + b1)
            h = np.tanh(np.matmul(h[:, None], w2)[:, 0] + b2)
            action = (np.matmul(h[:, None], w3)[:, 0] + b3).argmax(1)
            observation = env.step(action)[0]
        return 256.0 * steps

    return timed(run)


def ask(rounds: int) -> list[Row]:
    policy = balancing()
    theta = policy.to_vector().astype(np.float32)
    rivals = {"Ember ML, one thread": Rival(native(policy, 1), 1.85)}
    if has("numba"):
        rivals["numba, noise drawn inside"] = Rival(numba(theta), 1.25, "a 32-bit hash for noise")
        rivals["numba, noise from numpy on one thread"] = Rival(numba_from_numpy(theta))
    if expert.compiler():
        rivals["C++ by hand"] = Rival(by_hand(theta), 1.0, expert.NOTE)
    if has("jax", "evosax"):
        rivals["evosax Open_ES (jax)"] = Rival(evosax(theta))
    if has("gymnasium"):
        rivals["gymnasium CartPoleVectorEnv + numpy"] = Rival(
            gymnasium(theta, "vector_entry_point", 50), 10.0
        )
        rivals["gymnasium SyncVectorEnv + numpy"] = Rival(gymnasium(theta, "sync", 10), 100.0)
    return compare(QUESTION, "steps/s", native(policy), rivals, rounds)
