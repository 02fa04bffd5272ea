"""What an objective is handed: one member's model, or one for many members."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from ember_ml.policy.batched_model import BatchedModel
from ember_ml.policy.chain import forward
from ember_ml.policy.forward import is_torch_policy
from ember_ml.policy.handing import class_name
from ember_ml.policy.spec import PolicySpec
from ember_ml.rollout import Float32, Population


class Models(Protocol):
    """Makes models of rows of parameters.

    `one(theta)` is a model of one member; `many(rows)`, of what `chunks` gives, a `BatchedModel`. Each is
    good until the next is made.
    """

    def chunks(self, population: Population) -> Iterator[tuple[int, Any]]: ...

    def one(self, theta: Float32) -> Any: ...

    def many(self, rows: Any) -> BatchedModel: ...


def models_of(policy: Any, device: str | None = None) -> Models:
    """Models of a torch module (`TorchPolicy`), an Ember Module or a PolicySpec."""
    if is_torch_policy(policy):
        from ember_ml.policy.torch_modules.models import TorchModels

        return TorchModels(policy, device)
    return ModuleModels(policy)


class ModuleModels:
    """Models of an Ember Module: copies of it that hold a member's parameters; or of a PolicySpec."""

    def __init__(self, policy: Any) -> None:
        self.policy = policy
        self._copy: Any = None
        if not isinstance(policy, PolicySpec):
            try:
                self._copy = copy.deepcopy(policy)
            except Exception as error:
                raise ValueError(
                    f"policy: {class_name(policy)} cannot be copied: {type(error).__name__}: {error}"
                ) from error

    def chunks(self, population: Population) -> Iterator[tuple[int, Any]]:
        return population.chunks()

    def one(self, theta: Float32) -> Any:
        if isinstance(self.policy, PolicySpec):
            spec: PolicySpec = self.policy
            return lambda x: forward(spec, theta, np.asarray(x, np.float32))
        self._copy.from_vector(theta)
        return self._copy

    def many(self, rows: Float32) -> BatchedModel:
        return BatchedModel(len(rows), lambda inputs, each: self._one_by_one(rows, inputs, each))

    def _one_by_one(self, rows: Float32, inputs: tuple[Any, ...], each: bool) -> Any:
        from ember_ml.nn import tensor

        answers = []
        for member, theta in enumerate(rows):
            own = tuple(x[member] for x in inputs) if each else inputs
            answers.append(np.asarray(tensor.to_numpy(self.one(theta)(*own))))
        stacked = np.stack(answers)
        return stacked if isinstance(self.policy, PolicySpec) else tensor.convert_to_tensor(stacked)


class TrainedModel:
    """What an objective trained: ``model(x)`` is what the module gives with the trained parameters.

    Attributes:
        theta: float32 (parameters,).
    """

    def __init__(self, policy: Any, theta: Float32) -> None:
        self.theta = theta
        self._policy = policy
        self._model: Any = None

    def __call__(self, *inputs: Any) -> Any:
        if self._model is None:
            self._model = models_of(self._policy).one(self.theta)
        return self._model(*inputs)

    def to_vector(self) -> Float32:
        """The parameters, float32 (parameters,); a copy."""
        return self.theta.copy()

    def export(self, path: Any, **options: Any) -> Any:
        """Raises ValueError: exports are of policies of an environment."""
        raise ValueError(
            "policy: it was trained by an objective, so its module is what there is to export:"
            " the one that was passed in holds the weights"
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_model": None}

    def __repr__(self) -> str:
        return f"TrainedModel({class_name(self._policy)}, {self.theta.size} parameters)"
