"""Members of CartPole with 4-h-h-2 for 500 steps each, one episode a member, by the width h."""

from __future__ import annotations

import numpy as np
from ember_ml.engines.native import NativeEngine
from ember_ml.envs import make
from ember_ml.nn.modules import MLP
from ember_ml.policy.trace import trace
from ember_ml.rollout import Population

from questions.harness import Rate, Rival, Row, compare, has, timed

WIDTHS = (16, 32, 64, 128, 256, 512)
STEPS, SIGMA = 500, np.float32(0.02)


def native(theta: np.ndarray, policy: MLP, pairs: int) -> Rate:
    endless = make("CartPole-v1", theta_threshold_radians=1e9, x_threshold=1e9)
    engine = NativeEngine(endless, trace(policy, 4, 2), episodes=1, max_steps=STEPS)
    generation = 0

    def run() -> float:
        nonlocal generation
        generation += 1
        return float(engine.evaluate(Population(theta, float(SIGMA), 0, generation, pairs)).steps)

    return timed(run)


def numba(theta: np.ndarray, width: int, pairs: int) -> Rate:
    import numba_widths

    noise = np.random.default_rng(0).standard_normal((pairs, theta.size), dtype=np.float32)
    moved = np.empty(2 * pairs, np.float32)

    def run() -> float:
        numba_widths.population(theta, noise, SIGMA, width, STEPS, moved)
        return 2.0 * pairs * STEPS

    return timed(run)


def ask(rounds: int) -> list[Row]:
    if not has("numba"):
        return []
    rows = []
    for width in WIDTHS:
        pairs = 32 if width < 128 else 4
        policy = MLP(4, (width, width), 2, activation="tanh")
        theta = policy.to_vector().astype(np.float32)
        question = f"CartPole without an end, MLP 4-{width}-{width}-2, {2 * pairs} members"
        rival = Rival(numba(theta, width, pairs), note="noise drawn before")
        rows += compare(
            question, "steps/s", native(theta, policy, pairs), {"numba, member by member": rival}, rounds
        )
    return rows
