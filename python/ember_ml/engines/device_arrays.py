"""What the device engines need of a backend besides its table of primitives: one class each."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ember_ml.backend.activations import ACTIVATIONS, of_torch
from ember_ml.backend.select import table
from ember_ml.errors import need
from ember_ml.noise.stream import PURPOSES
from ember_ml.rollout import CHUNK_BYTES, Population


class Arrays(Protocol):
    """Arrays of one backend on one device. Every method may be called inside `session()` only.

    `wide` says whether the device has float64; without it sums of some dozen steps are float32.
    """

    backend: str
    device: str
    wide: bool
    ops: Any
    activations: dict[str, Callable[[Any], Any]]

    def session(self) -> AbstractContextManager[Any]: ...

    def array(self, x: NDArray[Any]) -> Any: ...

    def host(self, x: Any) -> NDArray[Any]: ...

    def members(self, population: Population, first: int, count: int) -> Any:
        """Rows first .. first + count - 1, float32 (count, parameters)."""

    def uniforms(
        self, population: Population, directions: NDArray[np.int64], episodes: NDArray[np.int64], n: int
    ) -> Any:
        """Float32 (len(directions), n)."""

    def contiguous(self, x: Any) -> Any: ...

    def join(self, arrays: Sequence[Any], axis: int) -> Any: ...

    def stack(self, arrays: Sequence[Any]) -> Any: ...

    def take(self, x: Any, index: NDArray[np.int64]) -> Any:
        """Rows `index` of x."""

    def product(self, inputs: int, biased: bool) -> Callable[[Any, Any, Any], Any]:
        """A function of bias (M, 1, out) or None, x (M, E, inputs) and weight (M, inputs, out): the layer."""

    def choice(self, outputs: Any) -> Any:
        """The first of the largest on the last axis, as float32 (M, E, 1)."""

    def total(self, x: Any) -> Any:
        """Sum over axis 0, float64 where the device has it."""

    def earlier(self, x: Any) -> Any:
        """Boolean: whether an element before on axis 0 is true."""

    def batched(self, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """`function` mapped over the leading axes of both its arguments."""

    def chunk_bytes(self) -> int:
        """Most bytes of members held as rows at one time."""


class _Operations:
    """A table of primitives of which some are exchanged for the same without conversions of arguments."""

    def __init__(self, backend: str, **exchanged: Callable[..., Any]) -> None:
        module = table(backend)
        for name in ("sin", "cos", "abs", "floor", "clip", "where", "zeros_like"):
            setattr(self, name, exchanged.get(name, getattr(module, name)))


def _directions(population: Population, first: int, count: int) -> range:
    start = population.first_direction + (first // 2 if population.antithetic else first)
    return range(start, start + (count + 1) // 2 if population.antithetic else start + count)


class TorchArrays:
    """Torch tensors on "cpu", "cuda", "cuda:N" or "mps".

    Raises:
        MissingExtra: torch is not installed.
        ValueError: no such device here.
    """

    backend = "torch"

    def __init__(self, device: str = "cpu") -> None:
        torch = need("torch", "torch")
        kind, _, index = device.partition(":")
        if kind not in ("cpu", "cuda", "mps") or (index and not index.isdigit()):
            raise ValueError(f"device: got {device!r}; wanted 'cpu', 'cuda', 'cuda:N' or 'mps' for torch")
        there = torch.cuda.device_count() if kind == "cuda" and torch.cuda.is_available() else 0
        if kind == "cuda" and int(index or 0) >= there:
            raise ValueError(f"device: got {device!r}, but torch finds {there or 'no'} CUDA device here")
        if kind == "mps" and not torch.backends.mps.is_available():
            raise ValueError(f"device: got {device!r}, but torch finds no Metal device here")
        self.torch = torch
        self.device = device
        self.wide = kind != "mps"
        self.on_host = kind == "cpu"
        self.ops = _Operations(
            "torch",
            sin=torch.sin,
            cos=torch.cos,
            abs=torch.abs,
            floor=torch.floor,
            clip=torch.clamp,
            where=torch.where,
            zeros_like=torch.zeros_like,
        )
        # Each is given a result nothing else holds, so it may write over it.
        self.activations = {name: of_torch(name, in_place=True) for name in ACTIVATIONS}

    def session(self) -> AbstractContextManager[Any]:
        return self.torch.inference_mode()  # type: ignore[no-any-return]

    def array(self, x: NDArray[Any]) -> Any:
        return self.torch.from_numpy(np.ascontiguousarray(x)).to(self.device)

    def host(self, x: Any) -> NDArray[Any]:
        return np.asarray(x.cpu())

    def members(self, population: Population, first: int, count: int) -> Any:
        if population.rows is not None:
            return self.array(population.rows[first : first + count])
        if self.on_host or population.low_rank:
            # The core makes the same bits in the same memory, without some 300 torch calls.
            from ember_ml.rollout import perturb

            return self.array(perturb(population, first, count))
        from ember_ml.noise.on_torch import noise

        return _perturbed(self, noise, population, first, count, device=self.device)

    def uniforms(
        self, population: Population, directions: NDArray[np.int64], episodes: NDArray[np.int64], n: int
    ) -> Any:
        from ember_ml.noise.on_torch import uniforms

        return uniforms(
            PURPOSES[population.reset_purpose],
            population.seed,
            population.generation,
            directions,  # type: ignore[arg-type]
            episodes,  # type: ignore[arg-type]
            n,
            device=self.device,
        )

    def contiguous(self, x: Any) -> Any:
        return x.contiguous()

    def join(self, arrays: Sequence[Any], axis: int) -> Any:
        return self.torch.cat(list(arrays), axis)

    def stack(self, arrays: Sequence[Any]) -> Any:
        return self.torch.stack(list(arrays))

    def take(self, x: Any, index: NDArray[np.int64]) -> Any:
        return x.index_select(0, self.torch.from_numpy(index).to(self.device))

    def product(self, inputs: int, biased: bool) -> Callable[[Any, Any, Any], Any]:
        bmm = self.torch.bmm
        if not biased:
            return lambda bias, x, weight: bmm(x, weight)
        return self.torch.addcmul if inputs == 1 else self.torch.baddbmm  # type: ignore[no-any-return]

    def choice(self, outputs: Any) -> Any:
        if outputs.shape[-1] == 2:  # a third of argmax's time
            return (outputs[..., 1:] > outputs[..., :1]).to(self.torch.float32)
        return outputs.argmax(-1, keepdim=True).to(self.torch.float32)

    def total(self, x: Any) -> Any:
        return x.sum(0, dtype=self.torch.float64 if self.wide else self.torch.float32)

    def earlier(self, x: Any) -> Any:
        return (x.cumsum(0, dtype=self.torch.int32) - x.to(self.torch.int32)) > 0

    def batched(self, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        return self.torch.vmap(function)  # type: ignore[no-any-return]

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, compiled at its first call; every call has arguments of the same shapes."""

        def call(*args: Any) -> Any:
            return function(*args)

        # torch counts recompilations by code object and gives up after a few: every function gets its own.
        own = types.FunctionType(call.__code__.replace(), call.__globals__, closure=call.__closure__)
        # Whoever calls it keeps to one set of shapes, so torch need not look at every call.
        unguarded = getattr(self.torch.compiler, "skip_all_guards_unsafe", None)
        options: dict[str, Any] = {"guard_filter_fn": unguarded} if unguarded else {}
        options["cpp_wrapper"] = self.on_host  # the loop itself in C++, not in Python
        return self.torch.compile(own, dynamic=False, fullgraph=True, options=options)  # type: ignore[no-any-return]

    def chunk_bytes(self) -> int:
        """64 MB; on a CUDA device a 64th of the free memory where that is more.

        Noise needs some 20 times the rows' memory for a moment.
        """
        if not self.device.startswith("cuda"):
            return CHUNK_BYTES
        return max(CHUNK_BYTES, int(self.torch.cuda.mem_get_info(self.device)[0]) // 64)


class MlxArrays:
    """Mlx arrays on "gpu" or "cpu".

    Raises:
        MissingExtra: mlx is not installed.
        ValueError: no such device here.
    """

    backend = "mlx"
    wide = False

    def __init__(self, device: str | None = None) -> None:
        mx = need("mlx.core", "mlx")
        if device is None:
            device = "gpu" if mx.metal.is_available() else "cpu"
        if device not in ("cpu", "gpu"):
            raise ValueError(f"device: got {device!r}; wanted 'cpu' or 'gpu' for mlx")
        if device == "gpu" and not mx.is_available(mx.gpu):
            raise ValueError(f"device: got {device!r}, but mlx finds no GPU here")
        self.mx = mx
        self.device = device
        self.ops = _Operations(
            "mlx",
            sin=mx.sin,
            cos=mx.cos,
            abs=mx.abs,
            floor=mx.floor,
            clip=mx.clip,
            where=mx.where,
            zeros_like=mx.zeros_like,
        )
        self.activations: dict[str, Callable[[Any], Any]] = {
            name: partial(activation.mlx, mx) for name, activation in ACTIVATIONS.items()
        }

    def session(self) -> AbstractContextManager[Any]:
        return self.mx.stream(getattr(self.mx, self.device))  # type: ignore[no-any-return]

    def array(self, x: NDArray[Any]) -> Any:
        return self.mx.array(x)

    def host(self, x: Any) -> NDArray[Any]:
        return np.array(x)

    def members(self, population: Population, first: int, count: int) -> Any:
        if population.rows is not None:
            return self.array(population.rows[first : first + count])
        if population.low_rank:
            from ember_ml.rollout import perturb

            return self.array(perturb(population, first, count))
        from ember_ml.noise.on_mlx import noise

        return _perturbed(self, noise, population, first, count)

    def uniforms(
        self, population: Population, directions: NDArray[np.int64], episodes: NDArray[np.int64], n: int
    ) -> Any:
        from ember_ml.noise.on_mlx import uniforms

        return uniforms(
            PURPOSES[population.reset_purpose],
            population.seed,
            population.generation,
            directions,  # type: ignore[arg-type]
            episodes,  # type: ignore[arg-type]
            n,
        )

    def contiguous(self, x: Any) -> Any:
        return self.mx.contiguous(x)

    def join(self, arrays: Sequence[Any], axis: int) -> Any:
        return self.mx.concatenate(list(arrays), axis=axis)

    def stack(self, arrays: Sequence[Any]) -> Any:
        return self.mx.stack(list(arrays))

    def take(self, x: Any, index: NDArray[np.int64]) -> Any:
        return self.mx.take(x, self.mx.array(index.astype(np.int32)), axis=0)

    def product(self, inputs: int, biased: bool) -> Callable[[Any, Any, Any], Any]:
        def dense(bias: Any, x: Any, weight: Any) -> Any:
            y = x * weight if inputs == 1 else x @ weight
            return y + bias if biased else y

        return dense

    def choice(self, outputs: Any) -> Any:
        return self.mx.argmax(outputs, axis=-1, keepdims=True).astype(self.mx.float32)

    def total(self, x: Any) -> Any:
        return x.astype(self.mx.float32).sum(axis=0)

    def earlier(self, x: Any) -> Any:
        ends = x.astype(self.mx.int32)
        return (self.mx.cumsum(ends, axis=0) - ends) > 0

    def batched(self, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        return self.mx.vmap(function)  # type: ignore[no-any-return]

    def chunk_bytes(self) -> int:
        """64 MB."""
        return CHUNK_BYTES


def _perturbed(
    arrays: Any, noise: Callable[..., Any], population: Population, first: int, count: int, **where: Any
) -> Any:
    """mean +- scale * noise made on the device; the bits of `rollout.perturb`. `first` is even."""
    size = population.mean.size
    directions = _directions(population, first, count)
    epsilon = noise(
        population.seed,
        population.generation,
        directions,
        size,
        purpose=PURPOSES[population.noise_purpose],
        **where,
    )
    mean = arrays.array(np.asarray(population.mean, np.float32))
    scale = arrays.array(np.atleast_1d(np.asarray(population.scale, np.float32)))
    step = scale * epsilon
    if not population.antithetic:
        return mean + step
    both = arrays.join([(mean + step)[:, None], (mean - step)[:, None]], 1)
    return both.reshape(2 * len(directions), size)[:count]
