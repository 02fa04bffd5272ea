"""From what a user calls a policy to the network that is trained and its first parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml.policy.spec import PolicySpec
from ember_ml.policy.trained import MLPPolicy
from ember_ml.rollout import Float32


def network_of(policy: Any, env: Any, seed: int) -> tuple[PolicySpec | Any, Any, str, Float32]:
    """(spec or Module, Module to hand the weights back to, why it did not compile, first parameters)."""
    if isinstance(policy, (tuple, list)):
        policy = MLPPolicy(hidden=tuple(policy))
    if policy is None:
        policy = MLPPolicy()
    if isinstance(policy, MLPPolicy):
        spec = policy.compile(env)
        return spec, None, "", policy.initial(spec, seed)
    if isinstance(policy, PolicySpec):
        return policy, None, "", MLPPolicy().initial(policy, seed)
    from ember_ml.nn.modules import Module
    from ember_ml.policy.trace import NotCompiled, trace

    if isinstance(policy, type) and issubclass(policy, Module):
        raise TypeError(f"policy: got the class {policy.__name__}, wanted {policy.__name__}(...)")
    if not isinstance(policy, Module):
        raise TypeError(f"policy: got {policy!r}, wanted an Ember Module, an es.MLPPolicy or None")
    theta = np.asarray(policy.to_vector(), np.float32)
    if not theta.size:
        raise ValueError(f"policy: {type(policy).__name__} has no trainable parameters")
    try:
        return trace(policy, env.observation_size, env.action_size or None), policy, "", theta
    except NotCompiled as reason:
        return policy, policy, str(reason), theta


def outputs_of(module: Any, env: Any) -> int:
    from ember_ml.nn import tensor

    zeros = tensor.convert_to_tensor(np.zeros((1, env.observation_size), np.float32))
    y = module(zeros, module.initial_state(1))[0] if module.stateful else module(zeros)
    return int(np.asarray(tensor.to_numpy(y)).size)
