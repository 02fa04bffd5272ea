"""Losses: numbers to make small. Predictions come first, targets second; results are means, 0-d."""

from __future__ import annotations

from typing import Any

from ember_ml.backend import active as _active


def mse(prediction: Any, target: Any) -> Any:
    """The mean of (prediction - target)^2.

    Raises:
        ValueError: the shapes differ.
    """
    return _active.mean(_active.square(_difference(prediction, target)))


def mae(prediction: Any, target: Any) -> Any:
    """The mean of abs(prediction - target).

    Raises:
        ValueError: the shapes differ.
    """
    return _active.mean(_active.abs(_difference(prediction, target)))


def huber(prediction: Any, target: Any, delta: float = 1.0) -> Any:
    """The mean of d^2 / 2 where abs(d) <= delta, else delta * (abs(d) - delta / 2), with d = prediction -
    target.

    Huber 1964.

    Raises:
        ValueError: delta is not positive, or the shapes differ.
    """
    if not delta > 0:
        raise ValueError(f"delta must be positive, got {delta}")
    size = _active.abs(_difference(prediction, target))
    inner = _active.minimum(size, delta)
    # d^2 / 2 inside; the second term is zero there
    return _active.mean(
        _active.add(
            _active.multiply(_active.square(inner), 0.5),
            _active.multiply(_active.subtract(size, inner), delta),
        )
    )


def cross_entropy(logits: Any, target: Any) -> Any:
    """The mean of -log softmax(logits)[target].

    Args:
        logits: (..., classes), unnormalised log-probabilities.
        target: (...) class indices, or (..., classes) probabilities.

    Raises:
        ValueError: the shapes do not fit.
    """
    shape = _active.shape(logits)
    if not shape:
        raise ValueError("logits must have an axis of classes, got a 0-d array")
    shifted = _active.subtract(logits, _active.max(logits, -1, True))
    log_sum = _active.log(_active.sum(_active.exp(shifted), -1, True))
    log_probabilities = _active.subtract(shifted, log_sum)
    given = _active.shape(target)
    if given == shape[:-1]:
        classes = _active.arange(0, shape[-1], 1, "int32")
        target = _active.cast(_active.equal(_active.expand_dims(target, -1), classes), "float32")
    elif given != shape:
        raise ValueError(
            f"target must have shape {shape[:-1]} (indices) or {shape} (probabilities), got {given}"
        )
    # where() keeps 0 * -inf out: a class of probability zero costs nothing.
    terms = _active.where(_active.equal(target, 0), 0.0, _active.multiply(target, log_probabilities))
    return _active.negative(_active.mean(_active.sum(terms, -1)))


def _difference(prediction: Any, target: Any) -> Any:
    if _active.shape(prediction) != _active.shape(target):
        raise ValueError(
            f"prediction has shape {_active.shape(prediction)}, target {_active.shape(target)}: "
            "they must be equal"
        )
    return _active.subtract(prediction, target)
