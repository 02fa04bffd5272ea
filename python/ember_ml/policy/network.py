"""From what a user calls a policy to the network that is trained and its first parameters."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ember_ml.perturbation import Matrix, ThetaShape
from ember_ml.policy.forward import is_torch_policy
from ember_ml.policy.handing import Handed, Handing
from ember_ml.policy.spec import PolicySpec
from ember_ml.policy.trained import MLPPolicy
from ember_ml.rollout import Float32


def network_of(policy: Any, env: Any, seed: int) -> tuple[PolicySpec | Any, Any, str, Float32]:
    """(spec or Module, Module to hand the weights back to, why it did not compile, first parameters)."""
    if env.kind == "objective":
        return _for_objective(policy, seed)
    if isinstance(policy, (tuple, list)):
        policy = MLPPolicy(hidden=tuple(policy))
    if policy is None:
        policy = MLPPolicy()
    if isinstance(policy, MLPPolicy):
        spec = policy.compile(env)
        return spec, None, "", policy.initial(spec, seed)
    if isinstance(policy, PolicySpec):
        return policy, None, "", MLPPolicy().initial(policy, seed)
    if is_torch_policy(policy):
        policy = policy.module
    if not isinstance(policy, type) and _is_torch(policy):
        return _of_torch(policy, env)
    from ember_ml.policy.trace import NotCompiled, check_runs, trace

    theta = _module_theta(policy, "an es.MLPPolicy or None")
    asked = Handing.asked(policy)
    handing = None if asked is None else Handing(asked, env)
    if handing is not None and not handing.is_flat:
        handed = Handed(policy, handing)
        check_runs(handed, env.observation_size, env.action_size or None)
        return handed, policy, "it asks for whole observations", theta
    try:
        return trace(policy, env.observation_size, env.action_size or None), policy, "", theta
    except NotCompiled as reason:
        return policy, policy, str(reason), theta


def _module_theta(policy: Any, or_else: str) -> Float32:
    """The parameters of an Ember Module. Raises for what is none."""
    from ember_ml.nn.modules import Module

    if isinstance(policy, type) and (issubclass(policy, Module) or _is_torch(policy)):
        raise TypeError(f"policy: got the class {policy.__name__}, wanted {policy.__name__}(...)")
    if not isinstance(policy, Module):
        raise TypeError(f"policy: got {policy!r}, wanted a Module of Ember or torch, {or_else}")
    theta = np.asarray(policy.to_vector(), np.float32)
    if not theta.size:
        raise ValueError(f"policy: {type(policy).__name__} has no trainable parameters")
    return theta


def _for_objective(policy: Any, seed: int) -> tuple[PolicySpec | Any, Any, str, Float32]:
    """An objective calls the module itself, so nothing is compiled."""
    why = "an objective calls it"
    if is_torch_policy(policy):
        policy = policy.module
    if isinstance(policy, PolicySpec):
        return policy, None, "", MLPPolicy().initial(policy, seed)
    if not isinstance(policy, type) and _is_torch(policy):
        from ember_ml.policy.torch_modules.policy import TorchPolicy

        policy = TorchPolicy(policy)
        return policy, policy, why, policy.to_vector()
    theta = _module_theta(policy, "or a PolicySpec: an objective says nothing of a network's sizes")
    return policy, policy, why, theta


def holder_of(policy: Any) -> Any:
    """What holds the parameters of what a user calls a policy (`to_vector`, `from_vector`), or None."""
    if not isinstance(policy, type) and _is_torch(policy):
        from ember_ml.policy.torch_modules.policy import TorchPolicy

        return TorchPolicy(policy)
    return policy if hasattr(policy, "to_vector") and not isinstance(policy, type) else None


def _is_torch(policy: Any) -> bool:
    """Whether it is a torch module or a class of them. Only who has torch already can pass one."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    return issubclass(policy if isinstance(policy, type) else type(policy), torch.nn.Module)


def _of_torch(module: Any, env: Any) -> tuple[PolicySpec | Any, Any, str, Float32]:
    from ember_ml.policy.torch_modules.chain import compile_chain
    from ember_ml.policy.torch_modules.check import check
    from ember_ml.policy.torch_modules.policy import TorchPolicy
    from ember_ml.policy.trace import NotCompiled

    policy = TorchPolicy(module)
    try:
        if Handing.asked(module) not in (None, "flat"):
            raise NotCompiled("it asks for whole observations")
        spec, turned = compile_chain(module, env.observation_size)
    except NotCompiled as reason:
        check(policy, env)
        return policy, policy, str(reason), policy.to_vector()
    if env.action_size and spec.outputs != env.action_size:
        raise ValueError(
            f"policy: {policy.name} gives {spec.outputs} outputs, the environment takes {env.action_size}"
        )
    policy = TorchPolicy(module, turned)
    return spec, policy, "", policy.to_vector()


def theta_shape(network: Any, parameters: int) -> ThetaShape:
    """Which slices of the network's theta (parameters,) are matrices: layers of a PolicySpec, Parameters of
    two dimensions of a Module (of a cell as torch has them, (outputs, inputs)), or what a policy of another
    kind says by its `theta_shape`.
    """
    if isinstance(network, PolicySpec):
        matrices = [matrix for layer in network.layers for matrix in layer.matrices]
        return ThetaShape(parameters, tuple(matrices))
    own = getattr(network, "theta_shape", None)
    if isinstance(own, ThetaShape):
        return own
    variables = network.trainable_variables
    shape = ThetaShape.of_shapes([tuple(parameter.shape) for parameter in variables])
    cells = _cells_weights(network)
    offsets = np.cumsum([0] + [parameter.size for parameter in variables])
    turned = {int(at) for at, parameter in zip(offsets, variables) if id(parameter) in cells}
    matrices = [
        Matrix(one.offset, one.outputs, one.inputs, True) if one.offset in turned else one
        for one in shape.matrices
    ]
    return ThetaShape(parameters, tuple(matrices))


def _cells_weights(network: Any) -> set[int]:
    """The Parameters that are the weights of RNN, GRU and LSTM cells, by identity."""
    from ember_ml.nn.modules.recurrent import Cell

    module = network.module if isinstance(network, Handed) else network
    cells = [part for part in module.modules() if isinstance(part, Cell)]
    return {id(weight) for cell in cells for weight in (cell.weight_ih, cell.weight_hh)}


def outputs_of(module: Any, env: Any) -> int:
    if is_torch_policy(module):
        return int(module.outputs)
    from ember_ml.nn import tensor

    zeros = tensor.convert_to_tensor(np.zeros((1, env.observation_size), np.float32))
    y = module(zeros, module.initial_state(1))[0] if module.stateful else module(zeros)
    return int(np.asarray(tensor.to_numpy(y)).size)
