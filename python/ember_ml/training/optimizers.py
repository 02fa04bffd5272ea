"""SGD, Adam, AdamW and ClipUp. Moments are arrays of the parameter's own kind, so every backend runs the same
lines.
"""

from __future__ import annotations

from typing import Any

from ember_ml.backend import active as _active
from ember_ml.training.optimizer import Optimizer, check_number


class SGD(Optimizer):
    """p -= learning_rate * v with v = momentum * v + g; `nesterov` looks one step ahead. As torch.optim.SGD.

    ``SGD(learning_rate=0.01, momentum=0.0, nesterov=False, weight_decay=0.0, maximize=False)``
    """

    defaults = {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0}  # noqa: RUF012
    momentum: float
    nesterov: bool
    weight_decay: float

    def check(self) -> None:
        check_number("momentum", self.momentum, 0, 1)
        check_number("weight_decay", self.weight_decay)
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov=True needs a momentum above 0, got 0")

    def update(self, data: Any, gradient: Any, state: dict[str, Any]) -> Any:
        if self.weight_decay:
            gradient = gradient + data * self.weight_decay
        if self.momentum:
            velocity = state.get("velocity")
            velocity = gradient if velocity is None else velocity * self.momentum + gradient
            state["velocity"] = velocity
            gradient = gradient + velocity * self.momentum if self.nesterov else velocity
        return data - gradient * self.learning_rate


class Adam(Optimizer):
    """Kingma & Ba 2015, as torch.optim.Adam (weight_decay adds weight_decay * p to the gradient).

    ``Adam(learning_rate=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, maximize=False)``
    """

    defaults = {"learning_rate": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}  # noqa: RUF012
    betas: tuple[float, float]
    eps: float
    weight_decay: float

    def check(self) -> None:
        if not isinstance(self.betas, list | tuple) or len(self.betas) != 2:
            raise ValueError(f"betas must be two numbers, got {self.betas!r}")
        self.betas = (self.betas[0], self.betas[1])
        check_number("betas[0]", self.betas[0], 0, 1)
        check_number("betas[1]", self.betas[1], 0, 1)
        check_number("eps", self.eps)
        check_number("weight_decay", self.weight_decay)

    def update(self, data: Any, gradient: Any, state: dict[str, Any]) -> Any:
        if self.weight_decay:
            gradient = gradient + data * self.weight_decay
        beta1, beta2 = self.betas
        step = state["step"] = state.get("step", 0) + 1
        if step == 1:
            first, second = gradient * (1 - beta1), gradient * gradient * (1 - beta2)
        else:
            first = state["first"] + (gradient - state["first"]) * (1 - beta1)
            second = state["second"] * beta2 + gradient * gradient * (1 - beta2)
        state["first"], state["second"] = first, second
        denominator = _active.sqrt(second) / (1 - beta2**step) ** 0.5 + self.eps
        return data - first / denominator * (self.learning_rate / (1 - beta1**step))


class AdamW(Adam):
    """Adam with decoupled decay: p shrinks by learning_rate * weight_decay * p. Loshchilov & Hutter 2019.

    ``AdamW(learning_rate=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01, maximize=False)``
    """

    defaults = {**Adam.defaults, "weight_decay": 0.01}  # noqa: RUF012

    def update(self, data: Any, gradient: Any, state: dict[str, Any]) -> Any:
        decay, self.weight_decay = self.weight_decay, 0.0
        try:
            return super().update(data * (1 - self.learning_rate * decay), gradient, state)
        finally:
            self.weight_decay = decay


class ClipUp(Optimizer):
    """Steps of a fixed length along the gradient's direction, with momentum, limited to `max_speed`.

    Toklu, Liskowski & Srivastava 2020. Lengths are over all parameters of one `apply_gradients` together.
    ``ClipUp(learning_rate=0.15, momentum=0.9, max_speed=None, maximize=False)``; None: twice the rate.
    """

    defaults = {"learning_rate": 0.15, "momentum": 0.9, "max_speed": None}  # noqa: RUF012
    momentum: float
    max_speed: float | None

    def check(self) -> None:
        check_number("momentum", self.momentum, 0, 1)
        if self.max_speed is None:
            self.max_speed = 2 * self.learning_rate
        check_number("max_speed", self.max_speed)

    def updates(self, items: list[tuple[Any, Any, dict[str, Any]]]) -> list[Any]:
        assert self.max_speed is not None
        length = _length([gradient for _, gradient, _ in items])
        scale = self.learning_rate / length if length > 0 else 0.0  # no direction: only the momentum goes on
        for _, gradient, state in items:
            step = gradient * scale
            state["velocity"] = step + state["velocity"] * self.momentum if "velocity" in state else step
        speed = _length([state["velocity"] for _, _, state in items])
        if speed > self.max_speed:
            for _, _, state in items:
                state["velocity"] = state["velocity"] * (self.max_speed / speed)
        return [data - state["velocity"] for data, _, state in items]


def _length(arrays: list[Any]) -> float:
    """The Euclidean length of several arrays taken as one vector."""
    squares = [float(_active.item(_active.sum(_active.square(array)))) for array in arrays]
    length: float = float(sum(squares)) ** 0.5
    return length
