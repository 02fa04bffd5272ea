"""What must hold of a torch module before it is trained: it runs, fits the environment, remembers nothing and
can be batched over members.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._pytree import tree_flatten, tree_map

from ember_ml.envs.spec import EnvSpec
from ember_ml.policy.handing import Handing, leaves_of
from ember_ml.policy.memory import without_memory
from ember_ml.policy.torch_modules.members import MemberForward, prepared
from ember_ml.policy.torch_modules.policy import TorchPolicy


def check(policy: TorchPolicy, env: EnvSpec) -> None:
    """Finds the form in which the module takes the environment's observations, sets `policy.handing`, and
    runs it on zeros: once as it is, once for two members.

    A module that does not ask for a form gets the first of flat, whole and channels first that it takes.

    Raises:
        ValueError: naming what does not work.
    """
    asked = Handing.asked(policy.module)
    forms = [asked] if asked is not None else ["flat"]
    if asked is None and (env.observation_space is not None or len(env.observation_shape or ()) > 1):
        forms += ["whole", "channels_first"]
    errors = []
    for form in forms:
        handing = Handing(form, env)
        try:
            outputs = _runs(policy, handing)
        except RuntimeError as error:
            errors.append(f"{form}: {error}")
            continue
        policy.handing, policy.outputs = handing, outputs
        if env.action_size and outputs != env.action_size:
            raise ValueError(
                f"policy: {policy.name} gives {outputs} outputs, the environment takes {env.action_size}"
            )
        _batches(policy, handing)
        return
    what = f"an observation of {env.name} ({env.observation_size} values)"
    raise ValueError(f"policy: {policy.name} fails on {what}; " + "; ".join(errors))


def _zeros(handing: Handing, members: int) -> Any:
    return leaves_of(handing(torch.zeros(members, handing.size)), lambda x: x[:, None])


def _runs(policy: TorchPolicy, handing: Handing) -> int:
    """Runs the module's own forward on one observation; the number of its outputs."""
    with without_memory(prepared(policy)) as trial, torch.no_grad():
        try:
            given = handing(torch.zeros(1, handing.size))
            state = [trial.initial_state(1)] if policy.stateful else []
            result = trial(given, *state)
            trial(leaves_of(given, lambda x: x + 1 if x.is_floating_point() else x), *state)
        except Exception as error:  # whatever the user's forward raises
            raise RuntimeError(f"{type(error).__name__}: {error}") from error
    if policy.stateful:
        if not isinstance(result, tuple) or len(result) != 2:
            raise RuntimeError(
                f"its forward gives {type(result).__name__}, and has an initial_state; wanted (y, state)"
            )
        _same_state(state[0], result[1])
        result = result[0]
    if not isinstance(result, torch.Tensor):
        raise RuntimeError(f"its forward gives {type(result).__name__}, wanted a tensor")
    return int(result.numel())


def _batches(policy: TorchPolicy, handing: Handing) -> None:
    forward = MemberForward(policy)
    rows = torch.zeros(2, policy.parameters)
    inputs = [_zeros(handing, 2)]
    if policy.stateful:
        state = forward.module.initial_state(1)
        inputs.append(tree_map(lambda leaf: leaf.expand(2, *leaf.shape), state))
    try:
        result = forward(forward.weights(rows), inputs)
    except Exception as error:
        raise ValueError(
            f"policy: the forward of {policy.name} cannot be batched over members (torch.vmap):"
            f" {type(error).__name__}: {error}"
        ) from error
    outputs = result[0] if policy.stateful else result
    if outputs.shape[0] != 2:
        raise ValueError(f"policy: {policy.name} gives {tuple(outputs.shape)} for 2 members")


def _same_state(before: Any, after: Any) -> None:
    shapes = [
        ([tuple(leaf.shape) for leaf in leaves], structure)
        for leaves, structure in (tree_flatten(before), tree_flatten(after))
    ]
    if shapes[0] != shapes[1]:
        raise RuntimeError(
            f"its forward gives a state of {shapes[1][0]}, wanted as initial_state: {shapes[0][0]}"
        )
