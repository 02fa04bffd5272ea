"""gymnasium's MuJoCo tasks beside gymnasium's own, number by number; what the tests here share.

    python tests/envs/robots/equality.py --steps 10000 --seeds 3 --changed-seeds 1

plays every task for so many steps with so many seeds, and with every changed set of constructor arguments,
starts, ends and resets included, and fails at the first number that differs.
"""

import argparse
import time

import ember_ml.gym  # noqa: F401
import gymnasium
import numpy as np
from ember_ml import envs

TASKS = ["Swimmer-v5", "Hopper-v5", "HalfCheetah-v5", "Walker2d-v5", "Ant-v5", "Humanoid-v5"]
INFO = ["x_velocity", "y_velocity", "reward_forward", "reward_ctrl", "reward_contact", "reward_survive"]
#: Arguments of constructors that are not the defaults.
CHANGED = [
    ("Swimmer-v5", {"forward_reward_weight": 2.5, "ctrl_cost_weight": 0.3, "frame_skip": 2}),
    ("Swimmer-v5", {"exclude_current_positions_from_observation": False}),
    ("Hopper-v5", {"healthy_z_range": (0.9, 1.4), "healthy_angle_range": (-0.05, 0.1), "healthy_reward": 3}),
    ("Hopper-v5", {"healthy_state_range": (-2.0, 1.5), "ctrl_cost_weight": 1}),
    ("Hopper-v5", {"terminate_when_unhealthy": False, "exclude_current_positions_from_observation": False}),
    ("HalfCheetah-v5", {"frame_skip": 3, "ctrl_cost_weight": 0.7, "reset_noise_scale": 0.5}),
    ("Walker2d-v5", {"healthy_z_range": (1.0, 1.5), "healthy_angle_range": (-0.3, 0.3)}),
    ("Walker2d-v5", {"exclude_current_positions_from_observation": False, "healthy_reward": 0.25}),
    ("Ant-v5", {"contact_force_range": (-0.2, 3.0), "contact_cost_weight": 0.1, "main_body": "torso"}),
    ("Ant-v5", {"main_body": 3, "include_cfrc_ext_in_observation": False, "ctrl_cost_weight": 2}),
    ("Ant-v5", {"healthy_z_range": (0.4, 0.8), "exclude_current_positions_from_observation": False}),
    ("Humanoid-v5", {"contact_cost_weight": 1e-3, "contact_cost_range": (0.5, 3.0)}),
    ("Humanoid-v5", {"include_cinert_in_observation": False, "include_cvel_in_observation": False}),
    ("Humanoid-v5", {"include_qfrc_actuator_in_observation": False, "healthy_z_range": (1.2, 1.5)}),
    ("Humanoid-v5", {"include_cfrc_ext_in_observation": False, "forward_reward_weight": 3.0}),
]
ODD = [
    ("Hopper-v5", {"healthy_reward": 2, "reset_noise_scale": 0.02, "ctrl_cost_weight": 1}),
    ("Ant-v5", {"include_cfrc_ext_in_observation": False, "forward_reward_weight": 2}),
    ("HalfCheetah-v5", {"exclude_current_positions_from_observation": False, "frame_skip": 2}),
]


def agree(name, kwargs, seed, steps):
    """Plays the core's step and gymnasium's from the same starts with the same actions. Returns how many
    episodes terminated.
    """
    spec = envs.make(name, **kwargs)
    opened = spec.opener(1)
    env = gymnasium.make(name, disable_env_checker=True, **kwargs).unwrapped
    actions = np.random.default_rng(seed)
    ended = 0

    def start(seed):
        seen, _ = env.reset(seed=seed)
        own = opened.native.reset(0, env.data.qpos.copy(), env.data.qvel.copy())
        np.testing.assert_array_equal(own, seen)

    start(seed)
    for at in range(steps):
        bound = 1.3 * spec.action_high  # beyond what the model takes, too
        action = actions.uniform(-bound, bound).astype(np.float32)
        seen, reward, terminated, _, info = env.step(action)
        own = opened.native.step(0, action)
        np.testing.assert_array_equal(own[0], seen, err_msg=f"step {at}")
        assert own[1] == reward
        assert own[2] == terminated
        told = dict(zip(INFO, own[3:]))
        for key in INFO:
            if key in info:
                assert told[key] == info[key], key
        if terminated or at % 300 == 299:
            ended += terminated
            start(seed + 1000 + at)
    env.close()
    return ended


def pair(name, n=3, mode="NextStep", **kwargs):
    """(gymnasium's SyncVectorEnv, ours)."""
    twin = gymnasium.make_vec(
        name, num_envs=n, vectorization_mode="sync", vector_kwargs={"autoreset_mode": mode}, **kwargs
    )
    return twin, gymnasium.make_vec(f"ember_ml/{name}", num_envs=n, autoreset_mode=mode, **kwargs)


def same(a, b, what):
    """Equal keys, types and numbers, dictionaries within included."""
    assert type(a) is type(b), (what, type(a), type(b))
    if isinstance(a, dict):
        assert set(a) == set(b), (what, set(a) ^ set(b))
        for key in a:
            same(a[key], b[key], f"{what}[{key}]")
    elif a.dtype == object:
        for x, y in zip(a, b):
            np.testing.assert_array_equal(x, y, err_msg=what)
    else:
        assert a.dtype == b.dtype, (what, a.dtype, b.dtype)
        np.testing.assert_array_equal(a, b, err_msg=what)


def compare(twin, ours, steps, seed, rng):
    """Steps both with the same actions, ends and resets included. Returns how many episodes ended."""
    for x, y, what in zip(twin.reset(seed=seed), ours.reset(seed=seed), ("first", "info of the start")):
        same(x, y, what)
    ends = 0
    bound = 1.3 * ours.single_action_space.high
    for number in range(steps):
        actions = rng.uniform(-bound, bound, ours.action_space.shape).astype(np.float32)
        a, b = twin.step(actions), ours.step(actions)
        for x, y, what in zip(a, b, ("observation", "reward", "terminated", "truncated", "info")):
            same(x, y, f"{what} of step {number}")
        ends += int((a[2] | a[3]).sum())
    return ends


def main():
    import mujoco

    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--changed-seeds", type=int, default=1)
    parser.add_argument("--tasks", nargs="+", default=TASKS, choices=TASKS)
    options = parser.parse_args()
    print(f"mujoco {mujoco.__version__}, gymnasium {gymnasium.__version__}, numpy {np.__version__}")
    cases = [(name, {}) for name in TASKS] + CHANGED + ODD
    for name, kwargs in cases:
        if name not in options.tasks:
            continue
        begun, terminated, ended = time.perf_counter(), 0, 0
        seeds = options.changed_seeds if kwargs else options.seeds
        for seed in range(seeds):
            terminated += agree(name, kwargs, seed, options.steps)
            twin, ours = pair(name, 2, **kwargs)
            ended += compare(twin, ours, options.steps // 2, 100 + seed, np.random.default_rng(seed))
            twin.close()
            ours.close()
        steps = options.steps * seeds
        print(
            f"{name} {kwargs}: equal in {steps:,} steps of the core ({terminated} terminations), as many of"
            f" the vector environment ({ended} ends), {time.perf_counter() - begun:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
