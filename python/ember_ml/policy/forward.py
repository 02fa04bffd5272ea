"""Forward passes of many policies at once, each on its own observation."""

from __future__ import annotations

import copy
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ember_ml import _core
from ember_ml.policy.spec import PolicySpec
from ember_ml.rollout import Float32


class Forward(Protocol):
    """`load(rows)` sets parameters (M, P); a call gives outputs (n, A) for inputs (n, D) of members (n,)."""

    inputs: int | None
    outputs: int | None
    lanes: int | None  # most episodes side by side; None: any number

    def load(self, rows: Float32) -> None: ...

    def __call__(self, members: NDArray[np.intp], inputs: Float32) -> Float32: ...

    def explain(self) -> str: ...


def make_forward(policy: PolicySpec | Any) -> Forward:
    """The forward of a compiled policy or of a Module. Raises TypeError for anything else."""
    return SpecForward(policy) if isinstance(policy, PolicySpec) else ModuleForward(policy)


class SpecForward:
    """A compiled policy: one native call for all live episodes."""

    lanes: int | None = None

    def __init__(self, policy: PolicySpec) -> None:
        self._native = policy.native()
        self.inputs: int | None = policy.inputs
        self.outputs: int | None = policy.outputs

    def load(self, rows: Float32) -> None:
        self._rows = np.ascontiguousarray(rows, np.float32)

    def __call__(self, members: NDArray[np.intp], inputs: Float32) -> Float32:
        outputs: Float32 = _core.forward_members(self._native, self._rows, members, inputs)
        return outputs

    def explain(self) -> str:
        return "all live episodes' forwards are one native call a step"


class ModuleForward:
    """A Module that has no compiled form: its own `forward`, one episode at a time, a copy a member.

    Each call gets one observation as a batch (1, D), so results do not depend on how many episodes run
    together.
    """

    inputs: int | None = None
    outputs: int | None = None

    def __init__(self, module: Any) -> None:
        if not (callable(module) and hasattr(module, "from_vector")):
            raise TypeError(f"policy is {type(module).__name__}; wanted a PolicySpec or a Module")
        self.module = module
        self.lanes: int | None = None
        try:
            copy.deepcopy(module)
        except Exception:
            self.lanes = 1
        self._copies: dict[int, Any] = {}
        self._spare: list[Any] = []

    def load(self, rows: Float32) -> None:
        self._rows = rows
        self._spare.extend(self._copies.values())
        self._copies = {}

    def __call__(self, members: NDArray[np.intp], inputs: Float32) -> Float32:
        from ember_ml.nn import tensor

        live = set(members.tolist())
        for member in [m for m in self._copies if m not in live]:
            self._spare.append(self._copies.pop(member))
        outputs = []
        for member, x in zip(members.tolist(), inputs):
            module = self._copies.get(member)
            if module is None:
                module = self._spare.pop() if self._spare else self._another()
                module.from_vector(self._rows[member])
                self._copies[member] = module
            y = tensor.to_numpy(module(tensor.convert_to_tensor(x[None], dtype=tensor.float32)))
            outputs.append(np.asarray(y, np.float32).reshape(-1))
        return np.stack(outputs)

    def _another(self) -> Any:
        return self.module if self.lanes == 1 else copy.deepcopy(self.module)

    def explain(self) -> str:
        return f"{type(self.module).__name__}.forward runs in Python, one episode at a time"
