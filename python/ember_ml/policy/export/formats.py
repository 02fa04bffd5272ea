"""Trained policies for use without this package, by the suffix of the file."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ember_ml.atomic_file import check_target, replacing
from ember_ml.validate import suggest

if TYPE_CHECKING:
    from ember_ml.policy.trained import TrainedPolicy


def export(policy: TrainedPolicy, path: str | os.PathLike[str], **options: Any) -> Path:
    """Writes the policy, observation statistics and clipping included.

    ``.h``: a C99 header that computes the same bits (`export_c.c_source`); ``.onnx``: an ONNX model (extra
    ``onnx``); ``.pt2``: a `torch.export` program (extra ``torch``).

    Raises:
        ValueError: another suffix, a policy that does not compile to a chain of dense layers and cells, or
            one whose actions are a Box of whole numbers or a MultiDiscrete that does not start at 0.
        MissingExtra: the package that the format needs is not installed.
    """
    path = check_target(path)
    writers: dict[str, Callable[..., None]] = {".h": _c, ".onnx": _onnx, ".pt2": _torch}
    write = writers.get(path.suffix)
    if write is None:
        known = ", ".join(writers)
        raise ValueError(
            f"path: got {os.fspath(path)!r}, wanted a name that ends in {known}"
            + suggest(path.suffix, writers)
        )
    if policy.spec is None:
        raise ValueError(
            "policy: it does not compile to a chain of dense layers and cells, so it cannot be exported"
        )
    if policy.env.choice_starts:
        raise ValueError(
            f"policy: the choices of {policy.env.name} start at {policy.env.choice_starts}, and exported"
            " policies count from 0; use the policy itself, or let the MultiDiscrete space start at 0"
        )
    dtype = policy.env.action_dtype
    if dtype is not None and not dtype.startswith("float"):
        raise ValueError(
            f"policy: the actions of {policy.env.name} are whole numbers ({dtype}), which no exported policy"
            " rounds; use the policy itself, or give the environment a Box of floats"
        )
    write(policy, path, **options)
    return path


def _c(policy: TrainedPolicy, path: Path, name: str | None = None) -> None:
    from ember_ml.policy.export.c_header import c_source, identifier

    text = c_source(policy, identifier(path.stem) if name is None else name)
    with replacing(path, text=True) as file:
        file.write(text)


def _onnx(policy: TrainedPolicy, path: Path) -> None:
    from ember_ml.policy.export.onnx_model import to_onnx

    data = to_onnx(policy).SerializeToString()
    with replacing(path) as file:
        file.write(data)


def _torch(policy: TrainedPolicy, path: Path) -> None:
    from ember_ml.errors import need
    from ember_ml.policy.export.torch_module import to_torch

    torch = need("torch", "torch")
    batch = torch.export.Dim("batch", min=1)
    module = to_torch(policy)
    example = [torch.zeros(2, policy.env.observation_size)]
    if policy.spec is not None and policy.spec.memory:
        example.append(module.initial_state(2))
    shapes = torch.utils._pytree.tree_map(lambda _: {0: batch}, tuple(example))
    program = torch.export.export(module, tuple(example), dynamic_shapes=shapes)
    data = io.BytesIO()  # torch's writer ends the process where the disk is full
    torch.export.save(program, data)
    with replacing(path) as file:
        file.write(data.getbuffer())
