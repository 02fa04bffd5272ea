"""Same noise in, same update out as other people's implementations (evosax, evotorch): recorded, live."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scripts import load_script

DATA = Path(__file__).parents[2] / "data"


def _load_recorder() -> ModuleType:
    path = DATA / "record_strategy_updates.py"
    return load_script(path)


recorder = _load_recorder()


def _agree(ours, peer):
    # float32 sums in another order: a few units in the last place of numbers about 1, over six generations.
    np.testing.assert_allclose(ours[0], peer[0], rtol=0, atol=3e-6)
    np.testing.assert_allclose(ours[1], np.broadcast_to(peer[1], ours[1].shape), rtol=3e-6)


@pytest.mark.parametrize("name", recorder.OURS)
def test_follows_the_record(name):
    record = np.load(recorder.PATH)
    _agree(recorder.our_steps(name), (record[f"{name}.mean"], record[f"{name}.sigma"]))


@pytest.mark.slow
@pytest.mark.parametrize("name", recorder.OURS)
def test_follows_the_peer(name):
    package = "crfmnes" if name == "cr_fm_nes" else "evotorch" if name.endswith("_evotorch") else "evosax"
    pytest.importorskip(package, reason=f"{package} is not installed")
    _agree(recorder.our_steps(name), recorder.peer_steps(name))
