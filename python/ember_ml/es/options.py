"""The names that options take, as types that an editor completes."""

from __future__ import annotations

from typing import Any, Literal

EngineName = Literal["auto", "native", "python", "torch", "mlx", "local", "ray"]
Layout = Literal["members", "episodes", "units"]
Shaping = Literal["centered_rank", "z_score", "raw"]
StrategyName = Literal[
    "openai-es", "ars", "snes", "pgpe", "sep-cmaes", "cr-fm-nes", "cholesky-cmaes", "cmaes"
]
ARSVersion = Literal["V1", "V1-t", "V2", "V2-t"]
PresetName = Literal[
    "auto",
    "default",
    "simple1d",
    "cartpole",
    "acrobot",
    "mountain-car",
    "mountain-car-continuous",
    "pendulum",
    "ars-v2",
    "ars-v2-decay",
    "pgpe-clipup",
]

#: Strategies as they are listed, and their classes. Case, "-", "_" and spaces do not count in a name, so the
#: classes' own names are names too.
STRATEGIES: dict[str, str] = {
    "openai-es": "OpenAIES",
    "ars": "ARS",
    "snes": "SNES",
    "pgpe": "PGPE",
    "sep-cmaes": "SepCMAES",
    "cr-fm-nes": "CRFMNES",
    "cholesky-cmaes": "CholeskyCMAES",
    "cmaes": "CMAES",
}
#: What most strategies have, and what can be given beside a name.
STRATEGY_OPTIONS = ("directions", "members", "sigma", "learning_rate")


class _Unset:
    def __repr__(self) -> str:
        return "<the preset's>"


#: Default of an argument that a preset may set: it can be told from every value that is given.
UNSET: Any = _Unset()
