"""A snapshot's file."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.envs.spec import EnvSpec
from ember_ml.es.files import checkpoint

if TYPE_CHECKING:
    from ember_ml.es.result.evaluation import EvaluationResult
    from ember_ml.es.state.candidate import Candidate, NativeCandidate
    from ember_ml.es.state.snapshot import Snapshot


def save(
    snapshot: Snapshot,
    path: str | os.PathLike[str],
    chosen: Candidate | NativeCandidate | None = None,
    evaluation: EvaluationResult | None = None,
) -> Path:
    """Writes a snapshot to `path` (npz), in one step.

    Args:
        chosen: the policy that a Run made from the file gives instead of the last.
        evaluation: of the policy that such a Run gives.

    Raises:
        OSError: the file cannot be written; what was there before stands.
    """
    return checkpoint.write(path, *contents(snapshot, chosen, evaluation))


def contents(
    snapshot: Snapshot,
    chosen: Candidate | NativeCandidate | None = None,
    evaluation: EvaluationResult | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Config and arrays of a snapshot's file."""
    arrays: dict[str, Any] = {"theta": snapshot.theta, "history": snapshot.history.to_numpy()}
    arrays.update({f"strategy/{name}": value for name, value in snapshot.strategy_state.items()})
    if snapshot.observation_state is not None:
        arrays.update({f"observation/{name}": value for name, value in snapshot.observation_state.items()})
    arrays["evaluations"] = snapshot.evaluations.to_numpy()
    arrays["confirmations"] = snapshot.confirmations.to_numpy()
    policies = {"candidate": snapshot.candidate, "evaluated": snapshot.evaluated, "chosen": chosen}
    for name, one in policies.items():
        if one is not None:
            arrays[f"{name}/theta"] = one.theta
            arrays[f"{name}/number"] = np.array([one.policy_return, one.generation])
            if one.normalizer is not None:
                arrays[f"{name}/mean"] = one.normalizer.mean
                arrays[f"{name}/inverse"] = one.normalizer.inverse
    if evaluation is not None:
        arrays["evaluation/returns"] = evaluation.returns
        arrays["evaluation/lengths"] = evaluation.lengths
        arrays["evaluation/failed"] = np.array(evaluation.failed)
    config = {**snapshot.config, "versions": versions(snapshot.problem.env)}
    return config, arrays


def versions(env: EnvSpec | None = None) -> dict[str, str]:
    """What a result may depend on: versions of this package, its interpreter and what stepped the
    environment.
    """
    import importlib.metadata

    import ember_ml
    from ember_ml import _core

    found = {
        "ember_ml": ember_ml.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "simd": _core.simd_level(),
        "platform": platform.platform(terse=True),
    }
    if env is not None and (env.kind == "python" or env.twin is not None):
        for package in ("gymnasium", "mujoco"):
            try:
                found[package] = importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                continue
    return found
