"""From a Module to a PolicySpec: its forward is recorded, compiled, and the result checked against the
forward.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ember_ml.backend.nested import parts, rebuilt
from ember_ml.policy.chain import forward
from ember_ml.policy.handing import class_name
from ember_ml.policy.memory import without_memory
from ember_ml.policy.spec import ACTIVATIONS, CellLayer, DenseLayer, Elementwise, PolicySpec
from ember_ml.rollout import Float32

#: The compiled chain must agree with forward to this, relative to max(1, |y|). Backends multiply matrices in
#: different orders, so the last bits differ.
TOLERANCE = 1e-4

_CHECKED_INPUTS = 8


class NotCompiled(TypeError):
    """A forward that is no chain of dense layers and element-wise operations; the message says where."""


def trace(module: Any, inputs: int, outputs: int | None = None) -> PolicySpec:
    """The chain that `module.forward` computes for one observation, given as (1, inputs).

    Args:
        inputs: observation values.
        outputs: what the environment takes, None if it does not say.

    The forward is run on a copy of the module, which is itself left alone.

    Raises:
        NotCompiled: the forward cannot be expressed, or the compiled chain does not agree with it on random
            inputs and parameters.
        ValueError: the widths do not fit the environment, or the forward remembers something.
    """
    from ember_ml.backend.traced import NotTraceable

    with without_memory(module) as trial:
        _check_runs(trial, inputs, outputs)
        try:
            entries = _record(trial, inputs)
        except NotCompiled:
            raise
        except NotTraceable as error:
            raise NotCompiled(f"it uses {error.operation}") from error
        except Exception as error:  # it ran on an array, so that this is about the stand-in for one
            raise NotCompiled(f"recording it raised {type(error).__name__}: {error}") from error
        spec = _compile(trial, entries, inputs)
        _check(trial, spec)
    return spec


def check_runs(module: Any, inputs: int, outputs: int | None = None) -> None:
    """Raises ValueError: the forward fails, gives another number of outputs, or remembers something."""
    with without_memory(module) as trial:
        _check_runs(trial, inputs, outputs)


def _record(module: Any, inputs: int) -> list[Any]:
    from ember_ml.backend.tracing import record
    from ember_ml.backend.tracing_cells import record_with_state
    from ember_ml.nn.tensor import to_numpy

    if not module.stateful:
        return record(module, inputs)
    state = module.initial_state(1)
    own = module.to_vector()
    try:
        for theta in (own, np.ones_like(own)):  # it may be trained, from zeros
            module.from_vector(theta)
            if any(np.any(to_numpy(part)) for part in parts(module.initial_state(1))):
                raise NotCompiled("its initial state is not zero")
    finally:
        module.from_vector(own)
    shapes = [tuple(part.shape) for part in parts(state)]
    return record_with_state(module, inputs, shapes, lambda arrays: rebuilt(state, arrays), parts)


def _check_runs(module: Any, inputs: int, outputs: int | None) -> None:
    name = class_name(module)
    x = np.random.default_rng(1).standard_normal((2, 1, inputs)).astype(np.float32)
    try:
        result = _forward(module, np.zeros((1, inputs), np.float32))
        for observation in x:  # a memory of zeros would not show
            _forward(module, observation)
        if module.stateful:
            _check_state(module, x)
        _check_repeats(module, x[:, 0])
    except WrongState as error:
        raise ValueError(f"policy: {name}.{error}") from error.__cause__
    except Remembers as error:
        raise ValueError(f"policy: the forward of {name} {error}") from None
    except Exception as error:
        raise ValueError(
            f"policy: {name} fails on an observation of {inputs} values, given as shape (1, {inputs}):"
            f" {type(error).__name__}: {error}"
        ) from error
    if outputs is not None and result.size != outputs:
        raise ValueError(f"policy: {name} gives {result.size} outputs, the environment takes {outputs}")


def _forward(module: Any, observation: Float32) -> Float32:
    """The output for (1, inputs); with memory, of an episode's first step."""
    return (
        _step(module, observation, module.initial_state(1))[0]
        if module.stateful
        else _plain(module, observation)
    )


def _plain(module: Any, observation: Float32) -> Float32:
    from ember_ml.nn import tensor

    given = tensor.convert_to_tensor(observation, dtype=tensor.float32)
    return np.asarray(tensor.to_numpy(module(given)), np.float32).reshape(1, -1)


def _step(module: Any, observation: Float32, state: Any) -> tuple[Float32, Any]:
    from ember_ml.nn import tensor

    result = module(tensor.convert_to_tensor(observation, dtype=tensor.float32), state)
    if not isinstance(result, tuple) or len(result) != 2:
        raise WrongState(
            f"forward gives {type(result).__name__}, wanted (y, state), because it has memory (initial_state)"
        )
    return np.asarray(tensor.to_numpy(result[0]), np.float32).reshape(1, -1), result[1]


class WrongState(Exception):
    """What a Module's memory is not."""


def _check_state(module: Any, x: Float32) -> None:
    """The state of each step must be made like the first one."""
    state = module.initial_state(1)
    wanted = [tuple(part.shape) for part in parts(state)]
    if not wanted:
        raise WrongState("initial_state(1) holds no array, so there is nothing to remember")
    for observation in x:
        _, state = _step(module, observation, state)
        found = [tuple(part.shape) for part in parts(state)]
        if found != wanted:
            raise WrongState(f"forward gives a state of shapes {found}, but initial_state(1) has {wanted}")


class Remembers(Exception):
    """A forward that answers differently to the same observations."""


def _check_repeats(module: Any, x: Float32) -> None:
    """What is kept outside of the Module, where `without_memory` does not look, shows in its answers. Random
    numbers of `ops` (Dropout while training, say) are keyed and allowed.
    """
    from ember_ml.backend import random_state

    drawn: list[bool] = []
    former, random_state.before_draw = random_state.before_draw, lambda: drawn.append(True)
    try:
        first, again = _outputs(module, x), _outputs(module, x)
    finally:
        random_state.before_draw = former
    if not drawn and not np.allclose(first, again, rtol=1e-4, atol=1e-6, equal_nan=True):
        raise Remembers(
            "answers differently to the same observations: it remembers something outside of the module, or"
            " draws random numbers of its own, which members and episodes would share"
        )


def _outputs(module: Any, x: Float32) -> Float32:
    """Outputs for observations (n, inputs), each alone; with memory, those of one episode."""
    if not module.stateful:
        return np.concatenate([_plain(module, row[None]) for row in x])
    state, found = module.initial_state(1), []
    for row in x:
        y, state = _step(module, row[None], state)
        found.append(y)
    return np.concatenate(found)


def _compile(module: Any, entries: list[Any], inputs: int) -> PolicySpec:
    offsets, total = {}, 0
    for parameter in module.trainable_variables:
        offsets[id(parameter)] = total
        total += int(np.prod(tuple(parameter.data.shape)))
    before: list[Elementwise] = []
    layers: list[DenseLayer | CellLayer] = []
    after = before
    width = inputs
    for entry in entries:
        if entry[0] == "dense":
            _, weight, bias = entry
            for parameter in (weight, bias):
                if parameter is not None and id(parameter) not in offsets:
                    raise NotCompiled("it uses a dense layer with a Parameter that is not trainable")
            if layers:
                layers[-1] = _with_after(layers[-1], after)
            width_in, width = (int(n) for n in weight.data.shape)
            layers.append(
                DenseLayer(width_in, width, offsets[id(weight)], -1 if bias is None else offsets[id(bias)])
            )
            after = []
        elif entry[0] == "cell":
            if layers:
                layers[-1] = _with_after(layers[-1], after)
            layers.append(_cell(entry, offsets))
            width = layers[-1].outputs
            after = []
        elif entry[0] == "activation":
            if entry[1] not in ACTIVATIONS:
                raise NotCompiled(f"it uses {entry[1]}")
            if entry[1] != "identity":
                after.append(Elementwise("activation", entry[1]))
        else:
            after.append(Elementwise(entry[0], values=tuple(float(value) for value in entry[1])))
    if not layers:
        raise NotCompiled("it has no dense layer and no cell")
    layers[-1] = _with_after(layers[-1], after)
    return PolicySpec(inputs, width, total, tuple(before), tuple(layers))


def _cell(entry: Any, offsets: dict[int, int]) -> CellLayer:
    _, kind, weights, biases, _ = entry
    for parameter in (*weights, *biases):
        if parameter is not None and id(parameter) not in offsets:
            raise NotCompiled("it uses a cell with a Parameter that is not trainable")
    units, inputs = (int(weight.data.shape[1]) for weight in weights[::-1])
    at = [offsets[id(weight)] for weight in weights]
    bias_at = [-1 if bias is None else offsets[id(bias)] for bias in biases]
    return CellLayer(inputs, units, at[0], bias_at[0], (), kind, at[1], bias_at[1])


def _with_after(layer: DenseLayer | CellLayer, after: list[Elementwise]) -> DenseLayer | CellLayer:
    return replace(layer, after=tuple(after))


def _check(module: Any, spec: PolicySpec) -> None:
    """Also with other parameters than its own: a forward that read them once has baked them in."""
    generator = np.random.default_rng(0)
    theta = np.asarray(module.to_vector(), np.float32)
    try:
        for parameters in (theta, theta + 0.3 * generator.standard_normal(theta.size).astype(np.float32)):
            module.from_vector(parameters)
            x = (2 * generator.standard_normal((_CHECKED_INPUTS, spec.inputs))).astype(np.float32)
            wanted = _outputs(module, x)
            again = _outputs(module, x) if spec.memory else _outputs(module, x[::-1])[::-1]
            got = forward(spec, parameters, x)
            if not np.array_equal(wanted, again, equal_nan=True):
                raise NotCompiled("its forward does not give the same answer to the same observation twice")
            if not np.all(np.abs(got - wanted) <= TOLERANCE * np.maximum(1, np.abs(wanted))):
                raise NotCompiled("the compiled chain does not agree with its forward on random inputs")
    finally:
        module.from_vector(theta)
