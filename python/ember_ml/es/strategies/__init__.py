"""Evolution strategies: search distributions that are asked for members and told their fitness."""

from ember_ml.es.strategies.ars import ARS
from ember_ml.es.strategies.base import Strategy
from ember_ml.es.strategies.cholesky_cmaes import CholeskyCMAES
from ember_ml.es.strategies.cmaes import CMAES
from ember_ml.es.strategies.cr_fm_nes import CRFMNES
from ember_ml.es.strategies.openai_es import OpenAIES
from ember_ml.es.strategies.pgpe import PGPE
from ember_ml.es.strategies.sep_cmaes import SepCMAES
from ember_ml.es.strategies.snes import SNES

__all__ = ["ARS", "CMAES", "CRFMNES", "PGPE", "SNES", "CholeskyCMAES", "OpenAIES", "SepCMAES", "Strategy"]

#: What a file may name.
Strategy._kinds = {name: globals()[name] for name in __all__ if name != "Strategy"}
