"""Runs other people's strategies on this package's noise and given fitnesses, and records where they go.

    python tests/data/record_strategy_updates.py

writes strategy_updates.npz beside it. tests/es/strategies/test_strategies_peers.py compares ours with the
record, and with the peers themselves where they are installed (evosax 0.3, evotorch 0.6, crfmnes 1.0).
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import numpy as np
from ember_ml.es.strategies import ARS, CRFMNES, PGPE, SNES, OpenAIES, SepCMAES, Strategy
from ember_ml.noise.stream import noise

PATH = pathlib.Path(__file__).with_name("strategy_updates.npz")
D, DIRECTIONS, GENERATIONS, SEED = 12, 8, 6, 77
THETA0 = np.linspace(-1.0, 1.0, D, dtype=np.float32)

#: What ours is, for each case. Members are 2 * DIRECTIONS where antithetic, else DIRECTIONS.
OURS: dict[str, Callable[[], Strategy]] = {
    "openai_es": lambda: OpenAIES(
        directions=DIRECTIONS,
        sigma=0.3,
        optimizer={"name": "Adam", "learning_rate": 0.1, "betas": (0.9, 0.99)},
    ),
    "openai_es_single": lambda: OpenAIES(
        directions=DIRECTIONS,
        sigma=0.3,
        antithetic=False,
        shaping="z_score",
        optimizer={"name": "SGD", "learning_rate": 0.1, "momentum": 0.9},
    ),
    "ars": lambda: ARS("V1-t", directions=DIRECTIONS, top=3, learning_rate=0.1, sigma=0.2),
    "snes": lambda: SNES(directions=DIRECTIONS, sigma=0.5),
    "snes_single": lambda: SNES(directions=DIRECTIONS, sigma=0.5, antithetic=False),
    "snes_evotorch": lambda: SNES(directions=DIRECTIONS, sigma=0.5, antithetic=False),
    "pgpe": lambda: PGPE(directions=DIRECTIONS, sigma=0.4),
    "pgpe_evotorch": lambda: PGPE(directions=DIRECTIONS, sigma=0.4),
    "cr_fm_nes": lambda: CRFMNES(directions=DIRECTIONS, sigma=0.5),
    "sep_cmaes": lambda: SepCMAES(members=DIRECTIONS, sigma=0.5),
}


def fitnesses(name: str) -> np.ndarray:
    """(GENERATIONS, members). Ties in generation 2, where the peer averages their ranks."""
    single = name.endswith("single") or name in ("snes_evotorch", "sep_cmaes")
    members = DIRECTIONS if single else 2 * DIRECTIONS
    table = np.random.default_rng(5).normal(size=(GENERATIONS, members)) * 3.0
    if name in ("openai_es", "openai_es_single", "pgpe"):
        table[2, 1] = table[2, 0]
        table[2, 5] = table[2, 3]
    return table


def eps(generation: int) -> np.ndarray:
    return np.stack([noise(SEED, generation, k, D) for k in range(DIRECTIONS)]).astype(np.float64)


# ---------------------------------------------------------------------------------------------------- evosax


def evosax_steps(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sigma after each generation, (GENERATIONS, D) and (GENERATIONS, D or 1)."""
    import jax
    import jax.numpy as jnp
    import optax
    from evosax.algorithms import ARS, PGPE, SNES, Open_ES, Sep_CMA_ES
    from evosax.core.fitness_shaping import standardize_fitness_shaping_fn
    from evosax.core.optimizer import clipup

    antithetic = name in ("openai_es", "ars", "snes", "pgpe")
    members = 2 * DIRECTIONS if antithetic else DIRECTIONS
    solution, key = jnp.zeros(D), jax.random.key(0)
    if name == "openai_es":
        peer = Open_ES(members, solution, True, optax.adam(0.1, b2=0.99), optax.constant_schedule(0.3))
        params = peer.default_params
    elif name == "openai_es_single":
        peer = Open_ES(
            members,
            solution,
            False,
            optax.sgd(0.1, momentum=0.9),
            optax.constant_schedule(0.3),
            standardize_fitness_shaping_fn,
        )
        params = peer.default_params
    elif name == "ars":
        peer = ARS(members, solution, optax.sgd(0.1), optax.constant_schedule(0.2))
        peer.elite_ratio = 3 / DIRECTIONS
        params = peer.default_params
    elif name.startswith("snes"):
        peer = SNES(members, solution)
        params = peer.default_params.replace(std_init=0.5)
    elif name == "pgpe":
        peer = PGPE(members, solution, clipup(learning_rate=0.075, max_velocity=0.15))
        params = peer.default_params.replace(std_init=0.4)
    else:
        peer = Sep_CMA_ES(members, solution)
        params = peer.default_params
        # evosax leaves out Ros and Hansen's larger learning rates of the diagonal covariance.
        factor = (D + 2) / 3
        params = params.replace(std_init=0.5, c_1=params.c_1 * factor, c_mu=params.c_mu * factor)
    state = peer.init(key, jnp.asarray(THETA0), params)
    # evosax takes all plus members first, then all minus.
    order = np.r_[0:members:2, 1:members:2] if antithetic else np.arange(members)
    means, sigmas = [], []
    for generation, fitness in enumerate(fitnesses(name)):
        z = eps(generation)
        z = np.concatenate([z, -z]) if antithetic else z
        _, state = peer.ask(key, state, params)
        scale = state.std * state.D if name == "sep_cmaes" else state.std
        population = state.mean + scale * jnp.asarray(z, jnp.float32)
        state, _ = peer.tell(key, population, jnp.asarray(-fitness[order], jnp.float32), state, params)
        means.append(np.asarray(state.mean))
        root = jnp.sqrt(state.C) if name == "sep_cmaes" else 1.0
        sigmas.append(np.atleast_1d(np.asarray(state.std * root)))
    return np.stack(means), np.stack(sigmas)


# -------------------------------------------------------------------------------------------------- evotorch


def evotorch_steps(name: str) -> tuple[np.ndarray, np.ndarray]:
    import torch
    from evotorch.distributions import ExpSeparableGaussian, SymmetricSeparableGaussian
    from evotorch.optimizers import ClipUp
    from evotorch.tools import modify_tensor

    mu, f32 = torch.tensor(THETA0), torch.float32
    optimizer = ClipUp(solution_length=D, dtype=f32, stepsize=0.075, max_speed=0.15)
    pgpe = name == "pgpe_evotorch"
    sigma = torch.full((D,), 0.4 if pgpe else 0.5)
    means, sigmas = [], []
    for generation, fitness in enumerate(fitnesses(name)):
        z = torch.tensor(eps(generation), dtype=f32)
        f = torch.tensor(fitness, dtype=f32)
        if pgpe:
            samples = torch.stack([mu + sigma * z, mu - sigma * z], 1).reshape(-1, D)
            distribution = SymmetricSeparableGaussian(
                {
                    "mu": mu,
                    "sigma": sigma,
                    "divide_mu_grad_by": "num_directions",
                    "divide_sigma_grad_by": "num_directions",
                }
            )
            g = distribution.compute_gradients(samples, f, objective_sense="max", ranking_method="centered")
            mu = mu + optimizer.ascent(g["mu"])
            sigma = modify_tensor(sigma, sigma + 0.1 * g["sigma"], max_change=0.2)
        else:
            distribution = ExpSeparableGaussian({"mu": mu, "sigma": sigma})
            g = distribution.compute_gradients(mu + sigma * z, f, objective_sense="max", ranking_method="nes")
            rate = 0.2 * (3 + np.log(D)) / np.sqrt(D)
            distribution = distribution.update_parameters(g, learning_rates={"mu": 1.0, "sigma": rate})
            mu, sigma = distribution.mu, distribution.sigma
        means.append(mu.numpy().copy())
        sigmas.append(sigma.numpy().copy())
    return np.stack(means), np.stack(sigmas)


def crfmnes_steps() -> tuple[np.ndarray, np.ndarray]:
    """The authors' own program, crfmnes 1.0."""
    from crfmnes.alg import CRFMNES

    v = noise(SEED, 0, 0, D, purpose="init").astype(np.float64)[:, None] / np.sqrt(D)
    peer = CRFMNES(D, None, THETA0.astype(np.float64)[:, None], 0.5, 2 * DIRECTIONS, v=v)
    means, sigmas = [], []
    drawn = np.random.randn
    for generation, fitness in enumerate(fitnesses("cr_fm_nes")):
        costs = iter(-np.concatenate([fitness[::2], fitness[1::2]]))  # all plus, then all minus
        z = eps(generation).T
        peer.f = lambda _, costs=costs: next(costs)
        np.random.randn = lambda *shape, z=z: z
        try:
            peer.one_iteration()
        finally:
            np.random.randn = drawn
        means.append(peer.m[:, 0].copy())
        sigmas.append((peer.sigma * peer.D * np.sqrt(1 + peer.v**2))[:, 0])
    return np.stack(means), np.stack(sigmas)


def peer_steps(name: str) -> tuple[np.ndarray, np.ndarray]:
    if name == "cr_fm_nes":
        return crfmnes_steps()
    if name.endswith("_evotorch"):
        return evotorch_steps(name)
    import jax

    with jax.disable_jit():  # compiling takes longer than six generations
        return evosax_steps(name)


def our_steps(name: str) -> tuple[np.ndarray, np.ndarray]:
    ours = OURS[name]()
    ours.start(THETA0, seed=SEED)
    means, sigmas = [], []
    for fitness in fitnesses(name):
        ours.tell(fitness)
        means.append(ours.mean)
        sigmas.append(np.atleast_1d(ours.sigma))
    return np.stack(means), np.stack(sigmas)


def main() -> None:
    record = {}
    for name in OURS:
        record[f"{name}.mean"], record[f"{name}.sigma"] = peer_steps(name)
        mean, sigma = our_steps(name)
        off = np.abs(mean - record[f"{name}.mean"]).max(), np.abs(sigma / record[f"{name}.sigma"] - 1).max()
        print(f"{name}: mean off by {off[0]:.1e}, sigma by {off[1]:.1e} of it")
    np.savez_compressed(PATH, **record)


if __name__ == "__main__":
    main()
