"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ember_ml.nn.modules.dense import Dense
from ember_ml.nn.modules.module import ActivationLike, Module


class Sequential(Module):
    """Layers one after the other: ``Sequential(Dense(4, 16), Tanh(), Dense(16, 2))``, or one list of them.

    Layers may be Modules or functions of one array. With cells among them, or other Modules with memory, it
    has memory itself: ``forward(x, state) -> (y, state)``, the state being a tuple of theirs in order.

    Raises:
        TypeError: a layer can not be called; on a call, the state is missing, or there is none to give.
    """

    def __init__(self, *layers: Any) -> None:
        if len(layers) == 1 and isinstance(layers[0], list | tuple):
            layers = tuple(layers[0])
        self.layers: list[Callable[[Any], Any]] = []
        for layer in layers:
            self.append(layer)

    def append(self, layer: Callable[[Any], Any]) -> None:
        """Adds a layer at the end."""
        if not callable(layer) or isinstance(layer, type):
            raise TypeError(f"a layer must be a Module or a function, got {layer!r}")
        self.layers.append(layer)

    @property
    def stateful(self) -> bool:
        """Whether a layer has memory."""
        return any(getattr(layer, "stateful", False) for layer in self.layers)

    def initial_state(self, batch: int = 1) -> tuple[Any, ...]:
        """The state of every layer with memory, in order."""
        return tuple(
            layer.initial_state(batch)  # type: ignore[attr-defined]
            for layer in self.layers
            if getattr(layer, "stateful", False)
        )

    def forward(self, x: Any, *state: Any) -> Any:
        if not self.stateful:
            if state:
                raise TypeError("forward: got a state, but no layer has memory")
            for layer in self.layers:
                x = layer(x)
            return x
        if len(state) != 1:
            raise TypeError(
                "forward: wanted x and state: a layer has memory (initial_state gives the first state)"
            )
        (given,) = state
        places, after = iter(given), []
        for layer in self.layers:
            if getattr(layer, "stateful", False):
                x, one = layer(x, next(places))  # type: ignore[call-arg]
                after.append(one)
            else:
                x = layer(x)
        return x, tuple(after)

    def _torch(self, to: Any) -> list[Any]:
        return [part for layer in self.layers for part in to.layers_of(layer)]

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int) -> Any:
        return self.layers[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)


class MLP(Module):
    """Dense layers in a chain: hidden ones with `activation`, the last with `output_activation`.

    ``MLP(4, (64, 64), 2)`` has the shapes 4-64-64-2. An empty `hidden` gives a linear policy.
    """

    def __init__(
        self,
        in_features: int,
        hidden: int | Sequence[int],
        out_features: int,
        activation: ActivationLike = "tanh",
        output_activation: ActivationLike = None,
        use_bias: bool = True,
    ) -> None:
        sizes = [in_features, *((hidden,) if isinstance(hidden, int) else hidden), out_features]
        last = len(sizes) - 2
        self.layers = [
            Dense(sizes[i], sizes[i + 1], output_activation if i == last else activation, use_bias)
            for i in range(last + 1)
        ]

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def _torch(self, to: Any) -> list[Any]:
        return [part for layer in self.layers for part in to.layers_of(layer)]
