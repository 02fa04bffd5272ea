"""Cells with memory: torch's RNNCell, GRUCell and LSTMCell."""

from __future__ import annotations

import math
from typing import Any

from ember_ml.backend import active as _active
from ember_ml.backend.cells import GATES
from ember_ml.nn import initializers
from ember_ml.nn.modules.dense import width
from ember_ml.nn.modules.module import Module
from ember_ml.nn.modules.parameter import Parameter


class Cell(Module):
    """What RNN, GRU and LSTM share. A cell keeps nothing: its state is an argument and a result of `forward`.

    Args:
        in_features, out_features: widths of the input and of the state (also `input_size`, `hidden_size` as
            in torch, `input_dim`, `units` as in Keras).
        bias: whether there are biases (also `use_bias`).

    Attributes:
        weight_ih, weight_hh: Parameters (gates * out_features, in_features) and (gates * out_features,
            out_features), rows in torch's order of gates.
        bias_ih, bias_hh: Parameters (gates * out_features,), or None.

    All start uniform in +-1 / sqrt(out_features), as torch's do, drawn by `ops.set_seed`'s generator.

    Raises:
        ValueError: a width is missing, given twice or not positive; on a call, a shape differs.
    """

    _kind = ""

    def __init__(
        self,
        in_features: int | None = None,
        out_features: int | None = None,
        bias: bool = True,
        *,
        use_bias: bool | None = None,
        input_size: int | None = None,
        hidden_size: int | None = None,
        input_dim: int | None = None,
        units: int | None = None,
    ) -> None:
        self.in_features = width("in_features", in_features, input_size=input_size, input_dim=input_dim)
        self.out_features = width("out_features", out_features, hidden_size=hidden_size, units=units)
        self.use_bias = bool(bias if use_bias is None else use_bias)
        neurons = GATES[self._kind] * self.out_features
        start = initializers.uniform(1.0 / math.sqrt(self.out_features))
        self.weight_ih = Parameter(start((neurons, self.in_features)))
        self.weight_hh = Parameter(start((neurons, self.out_features)))
        self.bias_ih = Parameter(start((neurons,))) if self.use_bias else None
        self.bias_hh = Parameter(start((neurons,))) if self.use_bias else None

    def initial_state(self, batch: int = 1) -> Any:
        """Zeros (batch, out_features); of an LSTM a pair of them."""
        return _active.full((batch, self.out_features), 0.0, "float32")

    def forward(self, x: Any, state: Any) -> tuple[Any, Any]:
        """The output and the next state of x (batch, in_features) and a state as `initial_state` gives it.

        The output (batch, out_features) is h, the next state h too, or (h, c) of an LSTM.
        """
        (h,) = self._step(x, (state,))
        return h, h

    def _step(self, x: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        weights, biases = (self.weight_ih, self.weight_hh), (self.bias_ih, self.bias_hh)
        result: tuple[Any, ...] = _active.cell(self._kind, x, state, weights, biases)
        return result

    def _torch(self, to: Any) -> list[Any]:
        layers: list[Any] = to.cell(
            self._kind, (self.weight_ih, self.weight_hh), (self.bias_ih, self.bias_hh)
        )
        return layers

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}, bias={self.use_bias}"


class RNN(Cell):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu. Elman 1990.

    Args:
        nonlinearity: "tanh" or "relu".
    """

    def __init__(
        self,
        in_features: int | None = None,
        out_features: int | None = None,
        bias: bool = True,
        nonlinearity: str = "tanh",
        **widths: Any,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        self.nonlinearity = nonlinearity
        super().__init__(in_features, out_features, bias, **widths)

    @property
    def _kind(self) -> str:  # type: ignore[override]
        return f"rnn_{self.nonlinearity}"

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, nonlinearity={self.nonlinearity!r}"


class GRU(Cell):
    """A gated recurrent unit, as torch computes it. Cho et al. 2014.

    r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r (W_hn h + b_hn)),
    h' = (1 - z) n + z h.
    """

    _kind = "gru"


class LSTM(Cell):
    """A long short-term memory; its state is (h, c). Hochreiter and Schmidhuber 1997, Gers et al. 2000.

    i, f, o = sigmoid(W x + b + W' h + b'), g = tanh(likewise), c' = f c + i g, h' = o tanh(c').
    """

    _kind = "lstm"

    def initial_state(self, batch: int = 1) -> tuple[Any, Any]:
        """(h, c), zeros (batch, out_features) each."""
        return super().initial_state(batch), super().initial_state(batch)

    def forward(self, x: Any, state: tuple[Any, Any]) -> tuple[Any, tuple[Any, Any]]:
        """The output h (batch, out_features) and the next state (h, c)."""
        if not isinstance(state, tuple | list) or len(state) != 2:
            raise ValueError(f"state of an LSTM must be a pair (h, c), got {type(state).__name__}")
        h, c = self._step(x, tuple(state))
        return h, (h, c)
