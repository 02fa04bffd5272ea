"""Forward passes of many policies at once, each on its own observation."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ember_ml import _core
from ember_ml.policy.cells import turned
from ember_ml.policy.handing import class_name
from ember_ml.policy.spec import PolicySpec
from ember_ml.rollout import CHUNK_BYTES, Float32, Population, own_numbers


class Forward(Protocol):
    """`load(rows)` sets parameters (M, P); a call gives outputs (n, A) for inputs (n, D) of members (n,).

    `memories` is a list with what each of the n episodes remembers, None where one starts; the call puts
    there what it remembers next. Policies without memory leave it alone.
    """

    inputs: int | None
    outputs: int | None
    lanes: int | None  # most episodes side by side; None: any number
    stateful: bool  # whether it has memory
    chunk_bytes: int  # most bytes of rows that `load` gets

    def load(self, rows: Any) -> None: ...

    def __call__(
        self, members: NDArray[np.intp], inputs: Float32, memories: list[Any] | None = None
    ) -> Float32: ...

    def explain(self) -> str: ...


def make_forward(policy: PolicySpec | Any, device: str | None = None) -> Forward:
    """The forward of a compiled policy or of a Module; `device` is for torch's. Raises TypeError for anything
    else.
    """
    if isinstance(policy, PolicySpec):
        return SpecForward(policy)
    if is_torch_policy(policy):
        from ember_ml.policy.torch_modules.forward import TorchForward

        return TorchForward(policy, device)
    return ModuleForward(policy)


def is_torch_policy(policy: Any) -> bool:
    """Whether it is a TorchPolicy, without importing torch."""
    return type(policy).__module__ == "ember_ml.policy.torch_modules.policy"


def rows_of(forward: Forward, population: Population) -> Iterator[tuple[int, Any]]:
    """Yields (first member, what `forward.load` takes of so many), whole pairs."""
    if population.low_rank and hasattr(forward, "low_rank"):
        found: Iterator[tuple[int, Any]] = forward.low_rank(population)
        return found
    return population.chunks(forward.chunk_bytes)


class SpecForward:
    """A compiled policy: one native call for all live episodes. By low rank they share the mean's weights."""

    lanes: int | None = None
    chunk_bytes = CHUNK_BYTES

    def __init__(self, policy: PolicySpec) -> None:
        self._native = policy.native()
        self._low: _LowRankRows | None = None
        self._layers, self._memory = policy.layers, policy.memory
        self.stateful = self._memory > 0
        self.inputs: int | None = policy.inputs
        self.outputs: int | None = policy.outputs

    def low_rank(self, population: Population) -> Iterator[tuple[int, Any]]:
        """Yields (first member, what `load` takes of so many) of a population by low rank."""
        assert population.perturbation is not None
        native = population.perturbation.native
        shared = _core.LowRankForward(self._native, native, np.ascontiguousarray(population.mean, np.float32))
        for first, count in population.parts(population.perturbation.compact + 1):
            yield first, _LowRankRows(shared, own_numbers(population, first, count))

    def load(self, rows: Any) -> None:
        self._low = rows if isinstance(rows, _LowRankRows) else None
        if self._low is None:
            self._rows = turned(self._layers, np.ascontiguousarray(rows, np.float32))

    def __call__(
        self, members: NDArray[np.intp], inputs: Float32, memories: list[Any] | None = None
    ) -> Float32:
        if not self._memory and self._low is None:
            outputs: Float32 = _core.forward_members(self._native, self._rows, members, inputs)
            return outputs
        memory = np.zeros((len(inputs), self._memory), np.float32)
        for row, before in zip(memory, memories or ()):
            if before is not None:
                row[:] = before
        if self._low is not None:
            outputs = self._low.shared(
                self._low.numbers, members, np.ascontiguousarray(inputs, np.float32), memory
            )
        else:
            outputs = _core.forward_members(self._native, self._rows, members, inputs, memory)
        if self._memory and memories is not None:
            memories[:] = memory
        return outputs

    def explain(self) -> str:
        return "all live episodes' forwards are one native call a step"


@dataclass
class _LowRankRows:
    """Members by low rank: a `_core.LowRankForward` and what is each one's own, (members, compact + 1)."""

    shared: Any
    numbers: Float32

    def __len__(self) -> int:
        return len(self.numbers)


class ModuleForward:
    """A Module that has no compiled form: its own `forward`, one episode at a time, a copy a member.

    Each call gets one observation as a batch (1, D), so results do not depend on how many episodes run
    together.
    """

    inputs: int | None = None
    outputs: int | None = None
    chunk_bytes = CHUNK_BYTES

    def __init__(self, module: Any) -> None:
        if not (callable(module) and hasattr(module, "from_vector")):
            raise TypeError(f"policy is {type(module).__name__}; wanted a PolicySpec or a Module")
        self.module = module
        self.stateful = bool(getattr(module, "stateful", False))
        self.lanes: int | None = None
        try:
            copy.deepcopy(module)
        except Exception:
            self.lanes = 1
        self._copies: dict[int, Any] = {}
        self._spare: list[Any] = []

    def load(self, rows: Any) -> None:
        self._rows = rows
        self._spare.extend(self._copies.values())
        self._copies = {}

    def __call__(
        self, members: NDArray[np.intp], inputs: Float32, memories: list[Any] | None = None
    ) -> Float32:
        from ember_ml.nn import tensor

        live = set(members.tolist())
        for member in [m for m in self._copies if m not in live]:
            self._spare.append(self._copies.pop(member))
        outputs = []
        for place, (member, x) in enumerate(zip(members.tolist(), inputs)):
            module = self._copies.get(member)
            if module is None:
                module = self._spare.pop() if self._spare else self._another()
                module.from_vector(self._rows[member])
                self._copies[member] = module
            given = tensor.convert_to_tensor(x[None], dtype=tensor.float32)
            if self.stateful:
                before = None if memories is None else memories[place]
                y, after = module(given, module.initial_state(1) if before is None else before)
                if memories is not None:
                    memories[place] = after
            else:
                y = module(given)
            outputs.append(np.asarray(tensor.to_numpy(y), np.float32).reshape(-1))
        return np.stack(outputs)

    def _another(self) -> Any:
        return self.module if self.lanes == 1 else copy.deepcopy(self.module)

    def explain(self) -> str:
        return f"{class_name(self.module)}.forward runs in Python, one episode at a time"
