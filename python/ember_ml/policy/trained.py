"""Policies: the default network, and a trained policy that takes raw observations."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ember_ml.envs.arrays import to_numpy
from ember_ml.envs.observations import rows_of
from ember_ml.envs.spec import EnvSpec
from ember_ml.noise.stream import PURPOSES
from ember_ml.policy.chain import forward
from ember_ml.policy.forward import make_forward
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.spec import ACTIVATIONS, CellLayer, DenseLayer, Elementwise, PolicySpec
from ember_ml.rollout import Float32
from ember_ml.validate import boolean, choice, positive_int, real


@dataclass(frozen=True)
class MLPPolicy:
    """The network that a trainer builds when it is given no Module; sizes come from the environment.

    Weights start at N(0, 1 / inputs of the layer), those of the last layer times `last_layer_scale`, biases
    at zero.

    Args:
        hidden: widths of the hidden layers; () is a linear policy.
        activation: of the hidden layers.
        bias: whether layers have biases.
        last_layer_scale: 0 starts the last layer at zero.
        scale_to_bounds: for Box actions with finite bounds, end in a tanh that is scaled to them.
    """

    hidden: tuple[int, ...] = (16, 16)
    activation: str = "tanh"
    bias: bool = True
    last_layer_scale: float = 0.1
    scale_to_bounds: bool = True

    def __post_init__(self) -> None:
        hidden = (self.hidden,) if isinstance(self.hidden, int | np.integer) else tuple(self.hidden)
        object.__setattr__(self, "hidden", tuple(positive_int("hidden", width) for width in hidden))
        choice("activation", self.activation, ACTIVATIONS)
        real("last_layer_scale", self.last_layer_scale)
        for name in ("bias", "scale_to_bounds"):
            boolean(name, getattr(self, name))

    def compile(self, env: EnvSpec) -> PolicySpec:
        """The network for this environment's sizes and bounds."""
        if not env.action_size:
            raise ValueError(
                f"policy: {env.name} does not say how many actions it takes; "
                "give it an `action_size` attribute, or pass policy= a Module"
            )
        sizes = (env.observation_size, *self.hidden, env.action_size)
        layers, offset = [], 0
        for index, (inputs, outputs) in enumerate(pairwise(sizes)):
            weight = offset
            bias = weight + inputs * outputs if self.bias else -1
            offset = weight + inputs * outputs + (outputs if self.bias else 0)
            last = index == len(sizes) - 2
            after = self._ending(env) if last else (Elementwise("activation", self.activation),)
            layers.append(DenseLayer(inputs, outputs, weight, bias, after))
        return PolicySpec(env.observation_size, env.action_size, offset, (), tuple(layers))

    def _ending(self, env: EnvSpec) -> tuple[Elementwise, ...]:
        low, high = env.action_low, env.action_high
        if env.discrete or not self.scale_to_bounds or low is None or high is None:
            return ()
        low64, high64 = np.asarray(low, np.float64), np.asarray(high, np.float64)
        if not (np.isfinite(low64).all() and np.isfinite(high64).all()):
            return ()
        ending = [Elementwise("activation", "tanh")]
        half, middle = (high64 - low64) / 2, (high64 + low64) / 2
        if (half != 1).any():
            ending.append(Elementwise("scale", values=tuple(half.astype(np.float32).tolist())))
        if (middle != 0).any():
            ending.append(Elementwise("shift", values=tuple(middle.astype(np.float32).tolist())))
        return tuple(ending)

    def initial(self, spec: PolicySpec, seed: int) -> Float32:
        """First parameters, float32 (parameters,), a pure function of the seed."""
        from ember_ml.noise.stream import noise

        normals = noise(seed, 0, 0, spec.parameters, purpose="init")
        theta = np.zeros(spec.parameters, np.float32)
        for layer in spec.layers:
            if isinstance(layer, CellLayer):
                _begin_cell(layer, theta, seed)
                continue
            scale = 1.0 / math.sqrt(layer.inputs)
            if layer is spec.layers[-1]:
                scale *= self.last_layer_scale
            layer.weight(theta)[:] = layer.weight(normals) * np.float32(scale)
        return theta


def _begin_cell(layer: CellLayer, theta: Float32, seed: int) -> None:
    """Uniform in +-1 / sqrt(outputs), as torch's cells."""
    from ember_ml import _core

    values = _core.uniforms(PURPOSES["init"], seed, 0, 1, 0, theta.size)
    limit = np.float32(1.0 / math.sqrt(layer.outputs))
    places = (*layer.weights(theta), *layer.biases(theta))
    for to, drawn in zip(places, (*layer.weights(values), *layer.biases(values))):
        if to is not None and drawn is not None:
            to[...] = (2 * drawn - 1) * limit


class TrainedPolicy:
    """A policy with its observation statistics: ``policy(observation) -> action``.

    One with memory (an RNN, a GRU, an LSTM) remembers from call to call, each row of a batch by itself, until
    `reset`; call that where episodes start.

    Args:
        network: a PolicySpec, or a function that makes a Module for policies that cannot be compiled.
        theta: float32 (parameters,).
        env: says what an action is.
        normalizer: what the network sees of observations; None where they are not normalised.
        clip_actions: clip Box actions to their bounds.
    """

    def __init__(
        self,
        network: PolicySpec | Callable[[], Any],
        theta: Float32,
        env: EnvSpec,
        normalizer: Normalizer | None = None,
        clip_actions: bool = True,
    ) -> None:
        self.spec = network if isinstance(network, PolicySpec) else None
        self._network = network
        self.theta = theta
        self.env = env
        self.normalizer = normalizer
        self.clip_actions = clip_actions
        self._forward: Any = None
        self._memories: list[Any] | None = None

    @property
    def mean(self) -> Float32 | None:
        """The mean that is taken off observations, float32 (n,); None where they are not normalised."""
        return None if self.normalizer is None else self.normalizer.mean

    @property
    def inverse(self) -> Float32 | None:
        """What observations are then multiplied by, 1 / standard deviation, float32 (n,); None as `mean`."""
        return None if self.normalizer is None else self.normalizer.inverse

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_forward": None}  # copies of the Module, made again when they are wanted

    def reset(self, rows: ArrayLike | None = None) -> None:
        """Forgets: the next observation begins an episode. Without effect for a policy without memory.

        Args:
            rows: only those of the batch, as numbers or as booleans (batch,); None: all, and the next batch
                may have another size.

        Raises:
            ValueError, IndexError: `rows` before any batch, or one that the batch does not have.
            TypeError: neither whole numbers nor booleans.
        """
        if rows is None:
            self._memories = None
            return
        index = np.asarray(rows)
        if index.size == 0:  # of a step after which no episode ended
            return
        if index.dtype.kind not in "biu":
            raise TypeError(f"rows: got {rows!r}, wanted whole numbers or booleans")
        if self._memories is None:
            raise ValueError("rows: no batch has been seen since the last reset")
        if index.dtype == bool and index.shape != (len(self._memories),):
            raise ValueError(f"rows: got shape {index.shape}, wanted ({len(self._memories)},), a row each")
        for row in np.arange(len(self._memories))[index].reshape(-1).tolist():
            self._memories[row] = None

    def export(self, path: str | os.PathLike[str], **options: Any) -> Path:
        """Writes it for use without this package: `policy.export.formats.export`, as `Run.export`."""
        from ember_ml.policy.export.formats import export

        return export(self, path, **options)

    def to_vector(self) -> Float32:
        """The parameters, float32 (parameters,), in the order of `Module.to_vector`; a copy."""
        return self.theta.copy()

    def outputs(self, observations: ArrayLike) -> Float32:
        """What the network gives for raw observations (batch, n): float32 (batch, outputs), before argmax or
        clip. One with memory goes on from what it remembers.
        """
        x = np.ascontiguousarray(to_numpy(observations), np.float32)
        if x.ndim != 2 or x.shape[1] != self.env.observation_size:
            raise ValueError(
                f"observations: got shape {np.shape(observations)}, wanted"
                f" (batch, {self.env.observation_size})"
            )
        if self.normalizer is not None:
            x = self.normalizer(x)
        if self.spec is not None and not self.spec.memory:
            return forward(self.spec, self.theta, x)
        if self._forward is None:
            network = self._network
            self._forward = make_forward(network if isinstance(network, PolicySpec) else network())
            self._forward.load(self.theta[None])
        memories = [None] * len(x) if self._memories is None else list(self._memories)
        if len(memories) != len(x) and self._forward.stateful:
            raise ValueError(
                f"observations: got a batch of {len(x)}, but the policy remembers a batch of {len(memories)};"
                " call reset() where episodes start"
            )
        result: Float32 = self._forward(np.zeros(len(x), np.intp), x, memories)
        if self._forward.stateful:
            self._memories = memories
        return result

    def __call__(self, observation: Any) -> Any:
        """The action for a raw observation, exactly as `env.step` takes it.

        Args:
            observation: one as the environment gives it, or a batch of them; any array. What has the
                environment's own shape is one observation; laid out flat, (n,) is one and (batch, n) a batch
                (`ember_ml.envs.observations` has the whole rule).

        Returns:
            For one observation an int (Discrete), an int64 array in the shape of the space (MultiDiscrete) or
            an array in the shape and type of the Box (float32 for any float type that holds it); for a batch
            an array of those. Environments without spaces get floats squeezed, as in training.
        """
        x, single = rows_of(self.env, observation)
        actions = self.env.as_steps(self.env.actions(self.outputs(x), self.clip_actions))
        if not single:
            return actions
        return int(actions[0]) if self.env.discrete and actions.ndim == 1 else np.asarray(actions[0])

    def __repr__(self) -> str:
        what = self.spec.describe() if self.spec is not None else "a Module"
        return f"TrainedPolicy({what}, {self.theta.size} parameters, {self.env.name})"
