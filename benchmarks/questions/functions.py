"""A plain function, Rosenbrock's in 100 dimensions, population 64: OpenAI-ES through ask and tell."""

from __future__ import annotations

from typing import Any

import numpy as np
from ember_ml import es
from ember_ml.training import Adam

from questions.harness import Rate, Rival, Row, compare, has, timed

QUESTION = "OpenAI-ES on Rosenbrock 100-D, population 64"
DIMENSIONS, MEMBERS, SIGMA, RATE, GENERATIONS = 100, 64, 0.1, 0.02, 500


def rosenbrock(x: Any) -> Any:
    """(members, dimensions) -> (members,); numpy's arrays and jax's."""
    ahead, behind = x[:, 1:], x[:, :-1]
    return (100 * (ahead - behind * behind) ** 2 + (1 - behind) ** 2).sum(1)


def ours() -> Rate:
    strategy = es.OpenAIES(directions=MEMBERS // 2, sigma=SIGMA, optimizer=Adam(learning_rate=RATE))

    def run() -> float:
        strategy.start(np.zeros(DIMENSIONS, np.float32), seed=0)
        for _ in range(GENERATIONS):
            strategy.tell(-rosenbrock(strategy.ask()))
        return float(GENERATIONS)

    return timed(run)


def evosax(compiled_loop: bool) -> Rate:
    import jax
    import jax.numpy as jnp
    import optax
    from evosax.algorithms import Open_ES

    strategy = Open_ES(
        population_size=MEMBERS,
        solution=jnp.zeros(DIMENSIONS),
        use_antithetic_sampling=True,
        optimizer=optax.adam(RATE),
        std_schedule=optax.constant_schedule(SIGMA),
        metrics_fn=lambda *_: None,
    )
    parameters = strategy.default_params
    ask, tell = jax.jit(strategy.ask), jax.jit(strategy.tell)

    def generation(state: Any, key: Any) -> Any:
        population, state = strategy.ask(key, state, parameters)
        return strategy.tell(key, population, rosenbrock(population), state, parameters)[0], None

    scan = jax.jit(lambda state, keys: jax.lax.scan(generation, state, keys)[0].mean)
    first = strategy.init(jax.random.key(0), jnp.zeros(DIMENSIONS), parameters)
    keys = jax.random.split(jax.random.key(1), GENERATIONS)

    def run() -> float:
        if compiled_loop:
            scan(first, keys).block_until_ready()
            return float(GENERATIONS)
        state = first
        for key in keys[:100]:
            population, state = ask(key, state, parameters)
            state, _ = tell(key, population, rosenbrock(np.asarray(population)), state, parameters)
        state.mean.block_until_ready()
        return 100.0

    return timed(run)


def ask(rounds: int) -> list[Row]:
    rivals = {}
    if has("jax", "evosax"):
        rivals["evosax, the loop compiled (scan)"] = Rival(evosax(True), note="the objective is compiled too")
        rivals["evosax, ask and tell from Python"] = Rival(evosax(False), note="the objective is numpy's")
    return compare(QUESTION, "generations/s", ours(), rivals, rounds)
