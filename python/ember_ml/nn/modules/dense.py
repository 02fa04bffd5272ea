"""The fully connected layer."""

from __future__ import annotations

from typing import Any

from ember_ml.backend import active as _active
from ember_ml.nn import initializers
from ember_ml.nn.modules.activations import resolve
from ember_ml.nn.modules.module import ActivationLike, Module
from ember_ml.nn.modules.parameter import Parameter


class Dense(Module):
    """activation(x @ weight + bias) for x (..., in_features); gives (..., out_features).

    Args:
        in_features, out_features: widths (also `input_dim`, `units`).
        activation: a name ("relu", "tanh", ...), a function, a Module or None.
        use_bias: whether there is a bias.
        kernel_initializer, bias_initializer: names from `nn.initializers`, or functions.

    Attributes:
        weight: Parameter (in_features, out_features), Glorot uniform unless told otherwise.
        bias: Parameter (out_features,), zeros; or None.

    Raises:
        ValueError: a width is missing, given twice or not positive; a name is unknown; on a call, the width
        of x differs.
    """

    def __init__(
        self,
        in_features: int | None = None,
        out_features: int | None = None,
        activation: ActivationLike = None,
        use_bias: bool = True,
        *,
        input_dim: int | None = None,
        units: int | None = None,
        kernel_initializer: str | initializers.Initializer = "glorot_uniform",
        bias_initializer: str | initializers.Initializer = "zeros",
    ) -> None:
        self.in_features = width("in_features", in_features, input_dim=input_dim)
        self.out_features = width("out_features", out_features, units=units)
        self.activation, self._function = resolve(activation)
        shape = (self.in_features, self.out_features)
        self.weight = Parameter(initializers.get(kernel_initializer)(shape))
        self.bias = Parameter(initializers.get(bias_initializer)((self.out_features,))) if use_bias else None

    def forward(self, x: Any) -> Any:
        y = _active.dense(x, self.weight, self.bias, self.activation)
        return y if self._function is None else self._function(y)

    def _torch(self, to: Any) -> list[Any]:
        parts: list[Any] = to.dense(self.weight, self.bias) + to.activation(self.activation)
        return parts if self._function is None else parts + to.layers_of(self._function)

    def extra_repr(self) -> str:
        bias = self.bias is not None
        return f"{self.in_features}, {self.out_features}, activation={self.activation!r}, use_bias={bias}"


#: The name of the same layer in torch.
Linear = Dense


def width(name: str, value: Any, **aliases: Any) -> int:
    """The one of `value` and its aliases that is given, a positive integer.

    Raises:
        ValueError, TypeError: naming it.
    """
    given = [(name, value), *aliases.items()]
    given = [(which, one) for which, one in given if one is not None]
    if not given:
        raise ValueError(f"{name} is missing")
    if len(given) > 1:
        raise ValueError(f"{given[0][0]} and its alias {given[1][0]} are both given")
    one = given[0][1]
    if type(one) is int and one > 0:
        return one
    if isinstance(one, bool) or not hasattr(one, "__index__"):
        raise TypeError(f"{name} must be an integer, got {type(one).__name__}")
    if one < 1:
        raise ValueError(f"{name} must be positive, got {one}")
    return int(one)
