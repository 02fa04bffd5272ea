"""The base class of networks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.backend import active as _active
from ember_ml.errors import need
from ember_ml.nn.modules.parameter import Parameter

if TYPE_CHECKING:
    import torch


class Module:
    """A network or a part of one: subclass it, set layers and Parameters as attributes, define `forward`.

    Whatever attributes hold - Parameters, Modules, lists, tuples and dicts of them - belongs to the module,
    in the order in which the attributes were first set. Nothing is registered: the attributes are looked
    through when asked for, so building a module costs no more than setting its attributes, and later changes
    count.
    """

    training: bool = True

    def __init__(self) -> None:
        pass

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; defined by the subclass."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    @property
    def stateful(self) -> bool:
        """Whether it has memory: it then defines ``initial_state(batch) -> state``, and its forward is
        ``forward(x, state) -> (y, state)``. It keeps nothing itself.
        """
        return callable(getattr(self, "initial_state", None))

    # ---------------------------------------------------------------------------------------- looking in

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module (named by `prefix`) and every one inside, each once, before what it contains."""
        for name, thing in _walk(prefix, self, set()):
            if isinstance(thing, Module):
                yield name, thing

    def modules(self) -> Iterator[Module]:
        """This module and every one inside, each once."""
        for _, module in self.named_modules():
            yield module

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """Parameters with names such as "dense1.weight" or "layers.0.bias", in definition order."""
        for name, thing in _walk(prefix, self, set()):
            if isinstance(thing, Parameter):
                yield name, thing

    def parameters(self) -> Iterator[Parameter]:
        """Parameters, each once, in definition order."""
        for _, parameter in self.named_parameters():
            yield parameter

    @property
    def trainable_variables(self) -> list[Parameter]:
        """Parameters that require a gradient, in definition order: the order of `to_vector`."""
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    # ------------------------------------------------------------------------------------------ changing

    def add_module(self, name: str, module: Module) -> None:
        """Sets `module` as the attribute `name`.

        Raises:
            TypeError: it is no Module, or the name no identifier.
        """
        if not isinstance(module, Module):
            raise TypeError(f"module must be a Module, got {type(module).__name__}")
        if not isinstance(name, str) or not name or "." in name:
            raise TypeError(f"name must be a str without dots, got {name!r}")
        setattr(self, name, module)

    def train(self, mode: bool = True) -> Module:
        """Puts this module and all inside in training mode (or out of it); returns itself."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Puts this module and all inside in evaluation mode: Dropout passes everything. Returns itself."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forgets the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    # ---------------------------------------------------------------------------------------- in and out

    def state_dict(self) -> dict[str, Any]:
        """Copies of all parameters by name."""
        return OrderedDict(
            (name, _active.copy(parameter.data)) for name, parameter in self.named_parameters()
        )

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> None:
        """Sets parameters from a `state_dict`, on any backend. Nothing is changed if something does not fit.

        Raises:
            ValueError: a shape differs, or (if `strict`) names are missing or unknown.
        """
        own = dict(self.named_parameters())
        if strict and own.keys() != state.keys():
            missing, unknown = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
            raise ValueError(
                f"state does not fit {type(self).__name__}: missing {missing}, unknown {unknown}"
            )
        new = {name: _active.copy(value) for name, value in state.items() if name in own}
        for name, value in new.items():
            if _active.shape(value) != own[name].shape:
                raise ValueError(
                    f"state[{name!r}] has shape {_active.shape(value)}, {own[name].shape} is wanted"
                )
        for name, value in new.items():
            own[name].data = value

    def to_vector(self) -> NDArray[np.float32]:
        """All trainable values in one float32 numpy vector: each parameter in row-major order, W before b."""
        parts = [
            np.asarray(_active.to_numpy(p.data), np.float32).reshape(-1) for p in self.trainable_variables
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def from_vector(self, theta: Any) -> None:
        """Sets all trainable values from what `to_vector` gives.

        Raises:
            ValueError: theta has another length.
        """
        values = np.asarray(_active.to_numpy(theta))
        own = self.trainable_variables
        total = sum(parameter.size for parameter in own)
        if values.shape != (total,):
            raise ValueError(f"theta must have shape ({total},), got {values.shape}")
        start = 0
        for parameter in own:
            part = values[start : start + parameter.size].reshape(parameter.shape)
            parameter.data = _active.convert_to_tensor(np.array(part), _active.dtype_name(parameter.data))
            start += parameter.size

    def to_torch(self) -> torch.nn.Module:
        """A torch.nn.Module that computes the same, with copies of the parameters.

        Raises:
            MissingExtra: torch is not installed.
            NotTraceable: `forward` does something that is no chain of the built-in layers.
        """
        need("torch", "torch")
        from ember_ml.nn.to_torch import to_torch

        return to_torch(self)

    def _torch(self, to: Any) -> list[Any]:
        """This module as torch modules in a chain, made by the functions of nn/to_torch.py. Used where the
        same class defines `forward`; what does not say its form is traced.
        """
        return list(to.traced(self))

    def __repr__(self) -> str:
        inner = [f"  ({name}): {_indent(repr(child))}" for name, child in self._children()]
        extra = self.extra_repr()
        return (
            f"{type(self).__name__}({extra})"
            if not inner
            else "\n".join([f"{type(self).__name__}(", *inner, ")"])
        )

    def extra_repr(self) -> str:
        """What stands in the brackets of a layer's repr."""
        return ""

    def _children(self) -> Iterator[tuple[str, Module]]:
        for key, value in vars(self).items():
            for name, thing in _find(key, value):
                if isinstance(thing, Module):
                    yield name, thing


def _indent(text: str) -> str:
    return text.replace("\n", "\n  ")


def _find(name: str, value: Any) -> Iterator[tuple[str, Parameter | Module]]:
    """Parameters and Modules in an attribute's value, containers opened."""
    if isinstance(value, Parameter | Module):
        yield name, value
        return
    items: Iterable[tuple[Any, Any]]
    if isinstance(value, list | tuple):
        items = enumerate(value)
    elif isinstance(value, dict):
        items = value.items()
    else:
        return
    for key, inner in items:
        yield from _find(f"{name}.{key}", inner)


def _walk(name: str, module: Module, seen: set[int]) -> Iterator[tuple[str, Parameter | Module]]:
    if id(module) in seen:
        return
    seen.add(id(module))
    yield name, module
    for key, value in vars(module).items():
        for inner, thing in _find(f"{name}.{key}" if name else key, value):
            if isinstance(thing, Module):
                yield from _walk(inner, thing, seen)
            elif id(thing) not in seen:
                seen.add(id(thing))
                yield inner, thing


ActivationLike = str | Callable[[Any], Any] | None
