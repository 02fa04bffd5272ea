"""The base class of optimisers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ember_ml.backend import active as _active
from ember_ml.nn.modules.parameter import Parameter


class Optimizer:
    """Changes Parameters against their gradients: it descends; `maximize=True` turns it round.

    The first positional argument is the learning rate if it is a number, else the parameters, as in torch.
    With parameters, `step()` uses their `.grad`; with or without, `apply_gradients` takes pairs. State
    belongs to each Parameter and is made at its first gradient.

    A subclass names its hyper-parameters in `defaults`, checks them in `check`, and defines `update`.

    Raises:
        ValueError: a hyper-parameter is out of its range.
        TypeError: an argument is unknown, given twice, or no number.
    """

    #: Hyper-parameter -> default, in the order in which they may be given after the learning rate.
    defaults: Mapping[str, Any] = {"learning_rate": 0.001}

    def __init__(self, *args: Any, **options: Any) -> None:
        names = [*self.defaults]
        parameters = None
        given: dict[str, Any] = {}
        if args and not isinstance(args[0], int | float) and _is_collection(args[0]):
            parameters, args = args[0], args[1:]
        if len(args) > len(names):
            raise TypeError(f"{type(self).__name__} takes at most {len(names)} positional hyper-parameters")
        given.update(zip(names, args))
        if "lr" in options:
            options["learning_rate"] = _once("learning_rate", "lr", options)
        if "params" in options:
            parameters = options.pop("params")
        for name, value in options.items():
            if name not in (*names, "maximize"):
                raise TypeError(
                    f"{type(self).__name__} has no argument {name!r}: use {', '.join((*names, 'maximize'))}"
                )
            if name in given:
                raise TypeError(f"{name} is given twice")
            given[name] = value
        self.maximize = bool(given.pop("maximize", False))
        for name in names:
            setattr(self, name, given.get(name, self.defaults[name]))
        check_number("learning_rate", self.learning_rate)
        self.check()
        self.parameters: list[Parameter] | None = None if parameters is None else _as_parameters(parameters)
        self._state: dict[Parameter, dict[str, Any]] = {}

    learning_rate: float

    @property
    def lr(self) -> float:
        """The learning rate."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: float) -> None:
        self.learning_rate = value

    def check(self) -> None:
        """Raises ValueError for hyper-parameters out of range."""

    def update(self, data: Any, gradient: Any, state: dict[str, Any]) -> Any:
        """The new data of one parameter; `state` is its own, empty at first, and changed in place."""
        raise NotImplementedError(f"{type(self).__name__} does not define update")

    # ----------------------------------------------------------------------------------------------- use

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Parameter]]) -> None:
        """Updates each Parameter against its gradient.

        Raises:
            TypeError: something is no (gradient, Parameter) pair.
            ValueError: a gradient's shape differs from its Parameter's. Nothing is changed then.
        """
        pairs = [_check_pair(pair) for pair in grads_and_vars]
        items = []
        for gradient, parameter in pairs:
            if self.maximize:
                gradient = _active.negative(gradient)
            data = _active.convert_to_tensor(parameter.data)
            items.append((data, gradient, self._state.setdefault(parameter, {})))
        for data, (_, parameter) in zip(self.updates(items), pairs):
            parameter.data = data

    def updates(self, items: list[tuple[Any, Any, dict[str, Any]]]) -> list[Any]:
        """The new data of all parameters of one call, from their (data, gradient, state)."""
        return [self.update(*item) for item in items]

    def step(self) -> None:
        """Updates the parameters given at the start by their `.grad`; those without one stay.

        Raises:
            ValueError: the optimiser was built without parameters.
        """
        self.apply_gradients([(p.grad, p) for p in self._own("step()") if p.grad is not None])

    def zero_grad(self) -> None:
        """Forgets the gradients of the parameters given at the start."""
        for parameter in self._own("zero_grad()"):
            parameter.grad = None

    def _own(self, what: str) -> list[Parameter]:
        if self.parameters is None:
            raise ValueError(
                f"{what} needs an optimiser built with parameters: {type(self).__name__}(parameters, ...)"
            )
        return self.parameters

    # ---------------------------------------------------------------------------------------- in and out

    def config(self) -> dict[str, Any]:
        """Name and hyper-parameters, plain numbers."""
        values = {name: getattr(self, name) for name in self.defaults}
        return {"name": type(self).__name__, **values, "maximize": self.maximize}

    def state_dict(self) -> dict[str, Any]:
        """`config` and the state of each parameter, ordered as `parameters` or by first gradient."""
        order = self.parameters or list(self._state)
        return {
            "config": self.config(),
            "state": [dict(self._state.get(parameter, {})) for parameter in order],
        }

    def load_state_dict(
        self, state: Mapping[str, Any], parameters: Iterable[Parameter] | None = None
    ) -> None:
        """Takes up where a `state_dict` left off. `parameters`: those it was taken of, in the same order, if
        the optimiser was built without them.

        Raises:
            ValueError: it is another optimiser's, or the numbers of parameters differ.
        """
        order = self._own("load_state_dict()") if parameters is None else list(parameters)
        if state["config"]["name"] != type(self).__name__:
            raise ValueError(f"state is of {state['config']['name']}, this is {type(self).__name__}")
        if len(state["state"]) != len(order):
            raise ValueError(f"state has {len(state['state'])} parameters, {len(order)} are given")
        for name in self.defaults:
            setattr(self, name, state["config"][name])
        self.maximize = state["config"]["maximize"]
        self._state = {parameter: dict(one) for parameter, one in zip(order, state["state"])}

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.defaults)
        return f"{type(self).__name__}({values}{', maximize=True' if self.maximize else ''})"


def check_number(
    name: str, value: Any, low: float = 0.0, high: float = math.inf, low_open: bool = False
) -> None:
    """Raises unless low <= value < high (low < value if `low_open`)."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not (low < value if low_open else low <= value) or not value < high:
        bounds = f"{'above' if low_open else 'at least'} {low:g}" + (
            "" if high == math.inf else f" and below {high:g}"
        )
        raise ValueError(f"{name} must be finite, {bounds}, got {value}")


def _is_collection(x: Any) -> bool:
    return isinstance(x, Iterable) and not isinstance(x, str) and getattr(x, "ndim", 1) != 0


def _once(name: str, alias: str, options: dict[str, Any]) -> Any:
    value = options.pop(alias)
    if name in options:
        raise TypeError(f"{name} and its alias {alias} are both given")
    return value


def _as_parameters(parameters: Iterable[Any]) -> list[Parameter]:
    result = list(parameters)
    for parameter in result:
        if not isinstance(parameter, Parameter):
            raise TypeError(f"parameters must hold Parameters, got {type(parameter).__name__}")
    return result


def _check_pair(pair: Any) -> tuple[Any, Parameter]:
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[1], Parameter):
        raise TypeError(f"apply_gradients takes (gradient, Parameter) pairs, got {type(pair).__name__}")
    gradient = _active.convert_to_tensor(pair[0])
    if _active.shape(gradient) != pair[1].shape:
        raise ValueError(f"gradient has shape {_active.shape(gradient)}, its Parameter {pair[1].shape}")
    return gradient, pair[1]
