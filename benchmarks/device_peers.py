"""What `device_training.py` times the device engines against: the same work as one writes it by hand.

Each function of CartPole takes parameters (members, 114) of a policy 4-16-2 (tanh; weights in, out, bias)
and plays `steps` steps of every member, dead or alive, without a look at the host.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

LIMITS = (2.4, 12 * 2 * np.pi / 360)


@torch.inference_mode()
def seed_training(generations: int = 200, directions: int = 10, steps: int = 100) -> float:
    """The Simple1D training in eager torch: one baddbmm a layer, in-place activations, rewards at the end.

    Returns the last return of the unperturbed policy.
    """
    generator = torch.Generator().manual_seed(0)
    theta, m, v = torch.zeros(49), torch.zeros(49), torch.zeros(49)
    members = 2 * directions + 1
    for t in range(1, generations + 1):
        noise = torch.randn(directions, 49, generator=generator) * 0.1
        rows = torch.cat([theta + noise, theta - noise, theta[None]])
        w1, b1 = rows[:, :16].reshape(-1, 16, 1), rows[:, 16:32].reshape(-1, 16, 1)
        w2, b2 = rows[:, 32:48].reshape(-1, 1, 16), rows[:, 48:].reshape(-1, 1, 1)
        path = torch.zeros(steps + 1, members, 1, 1)
        positions = path.unbind(0)
        for k in range(steps):
            hidden = torch.baddbmm(b1, w1, positions[k]).relu_()
            torch.add(positions[k], torch.baddbmm(b2, w2, hidden).tanh_(), out=positions[k + 1])
        returns = path[1:].sub(10.0).abs_().sum(0).neg_().view(-1)
        gradient = (returns[:directions] - returns[directions : 2 * directions]) @ noise / directions
        m.mul_(0.9).add_(gradient, alpha=0.1)
        v.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        theta = theta + 0.01 * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt_() + 1e-8)
    return float(returns[-1])


@torch.inference_mode()
def torch_cartpole(rows: np.ndarray, steps: int, device: str = "cpu") -> np.ndarray:
    """Eager torch, one baddbmm a layer. Returns (members,)."""
    rows_ = torch.from_numpy(rows).to(device)
    n = len(rows_)
    w1, b1 = rows_[:, :64].reshape(n, 4, 16).contiguous(), rows_[:, 64:80].reshape(n, 1, 16).contiguous()
    w2, b2 = rows_[:, 80:112].reshape(n, 16, 2).contiguous(), rows_[:, 112:].reshape(n, 1, 2).contiguous()
    state = torch.rand(n, 4, device=device).mul_(0.1).sub_(0.05)
    alive, returns = torch.ones(n, device=device), torch.zeros(n, device=device)
    for _ in range(steps):
        out = torch.baddbmm(b2, torch.baddbmm(b1, state[:, None], w1).tanh_(), w2)
        force = torch.where(out[:, 0, 1] > out[:, 0, 0], 10.0, -10.0)
        _, speed, angle, turning = state.unbind(1)
        c, s = angle.cos(), angle.sin()
        push = (force + 0.05 * turning * turning * s) * (1 / 1.1)
        bend = (9.8 * s - c * push) / (0.5 * (4 / 3 - (0.1 / 1.1) * c * c))
        change = torch.stack([speed, push - (0.05 / 1.1) * bend * c, turning, bend], 1)
        state = torch.addcmul(state, change, (alive * 0.02)[:, None])
        returns = returns + alive
        alive = alive * ((state[:, 0].abs() <= LIMITS[0]) & (state[:, 2].abs() <= LIMITS[1]))
    return np.asarray(returns.cpu())


def jax_cartpole(steps: int) -> Callable[[np.ndarray], np.ndarray]:
    """One jitted scan over a vmapped policy. Raises ImportError where jax is not installed."""
    import jax
    import jax.numpy as jnp

    def policy(row: Any, state: Any) -> Any:
        hidden = jnp.tanh(state @ row[:64].reshape(4, 16) + row[64:80])
        return hidden @ row[80:112].reshape(16, 2) + row[112:]

    @jax.jit
    def play(rows: Any, key: Any) -> Any:
        def step(carry: Any, _: None) -> tuple[Any, None]:
            state, alive, returns = carry
            out = jax.vmap(policy)(rows, state)
            force = jnp.where(out[:, 1] > out[:, 0], 10.0, -10.0)
            speed, angle, turning = state[:, 1], state[:, 2], state[:, 3]
            c, s = jnp.cos(angle), jnp.sin(angle)
            push = (force + 0.05 * turning * turning * s) * (1 / 1.1)
            bend = (9.8 * s - c * push) / (0.5 * (4 / 3 - (0.1 / 1.1) * c * c))
            change = jnp.stack([speed, push - (0.05 / 1.1) * bend * c, turning, bend], 1)
            state = state + 0.02 * alive[:, None] * change
            returns = returns + alive
            inside = (jnp.abs(state[:, 0]) <= LIMITS[0]) & (jnp.abs(state[:, 2]) <= LIMITS[1])
            return (state, alive * inside, returns), None

        n = len(rows)
        start = jax.random.uniform(key, (n, 4), minval=-0.05, maxval=0.05)
        return jax.lax.scan(step, (start, jnp.ones(n), jnp.zeros(n)), None, length=steps)[0][2]

    return lambda rows: np.asarray(play(rows, jax.random.PRNGKey(0)))
