"""From what a user calls a policy to the network that is trained and its first parameters."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ember_ml.engines.base import Float32
from ember_ml.engines.policy_spec import PolicySpec
from ember_ml.es.observation import ObservationStatistics
from ember_ml.es.policy import MLPPolicy


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
    from ember_ml.engines.trace import NotCompiled, trace
    from ember_ml.nn.modules import Module

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
    return int(np.asarray(tensor.to_numpy(module(zeros))).size)


def first_parameters(
    theta0: Any,
    network: PolicySpec | Any,
    observations: ObservationStatistics | None,
    initial: Float32,
) -> Float32:
    """Where training starts: `initial`, or `theta0`, an array or a file saved by a trainer. From a file
    `observations` take their statistics too.
    """
    if theta0 is None:
        return initial
    if isinstance(theta0, (str, os.PathLike)):
        from ember_ml.es.saved import read_parameters

        theirs, theta, statistics = read_parameters(theta0)
        if theirs is not None and isinstance(network, PolicySpec) and theirs != network:
            raise ValueError(
                f"theta0: {os.fspath(theta0)} holds the network {theirs.describe()}, wanted"
                f" {network.describe()}"
            )
        if observations is not None and statistics:
            observations.load_state_dict(statistics)
        theta0 = theta
    theta = np.asarray(theta0)
    if theta.shape != initial.shape:
        raise ValueError(f"theta0: got shape {theta.shape}, wanted {initial.shape}, one number a parameter")
    if theta.dtype.kind not in "fiu":
        raise TypeError(f"theta0: got dtype {theta.dtype}, wanted real numbers")
    with np.errstate(over="ignore"):
        theta = theta.astype(np.float32)
    if not np.isfinite(theta).all():
        raise ValueError("theta0: got a value that is not finite in float32")
    return theta
