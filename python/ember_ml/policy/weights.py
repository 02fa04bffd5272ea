"""From the vector that is trained back to the Module that it came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml.backend import active
from ember_ml.backend.holder import ArrayHolder
from ember_ml.rollout import Float32

_FLOAT32 = np.dtype(np.float32)

#: `parameter.data = array`, past the check of what is no array.
_set_data = ArrayHolder.data.__set__  # type: ignore[misc]


class Weights:
    """The trainable Parameters of a Module as they were when training was set up, in the order of the vector.

    Looked up once: a native run takes little longer than walking through a Module. What has no
    `trainable_variables` takes them all at once (`from_vector`).
    """

    def __init__(self, module: Any) -> None:
        self._places: list[tuple[Any, slice, tuple[int, ...]]] = []
        self._from_vector = None if hasattr(module, "trainable_variables") else module.from_vector
        if self._from_vector is not None:
            return
        start = 0
        for parameter in module.trainable_variables:
            self._places.append((parameter, slice(start, start + parameter.size), parameter.shape))
            start += parameter.size

    def set(self, theta: Float32) -> None:
        """Gives every Parameter its part of `theta`, float32 (parameters,), in its own dtype and backend.

        The parts are views where that is possible: `theta` must belong to nobody else.
        """
        if self._from_vector is not None:
            self._from_vector(theta)
            return
        on_numpy = active.is_native(theta)
        for parameter, place, shape in self._places:
            data = parameter.data
            part = theta[place].reshape(shape)
            if on_numpy and type(data) is np.ndarray and data.dtype is _FLOAT32:
                _set_data(parameter, part)
            else:
                parameter.data = active.convert_to_tensor(np.array(part), active.dtype_name(data))
