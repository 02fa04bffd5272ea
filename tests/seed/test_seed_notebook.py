"""The code cells of the seed notebook run as they are, but for its one spelling error, on every backend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ember_ml import ops


def run_cells(text: str, backend: str, episodes: int) -> dict:
    """Executes the cells and returns their variables."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    for old, new in (
        ("convert_to_tensoronvert_to_tensor", "convert_to_tensor"),
        ("set_backend('numpy')", f"set_backend({backend!r})"),
        ("num_episodes = 200", f"num_episodes = {episodes}"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    variables: dict = {"__name__": "seed"}
    ops.set_seed(0)
    try:
        exec(compile(text, "seed", "exec"), variables)
    finally:
        pyplot.close("all")
    return variables


# The other backends pay some 10 us a call: fewer episodes tell the same story there.
@pytest.mark.parametrize(("backend", "episodes"), [("numpy", 200), ("torch", 12), ("mlx", 12)])
def test_runs_to_the_end(backend, episodes, backend_or_skip, data: Path, capsys):
    backend_or_skip(backend)
    variables = run_cells((data / "seed_notebook.txt").read_text(), backend, episodes)
    assert variables["ops"].get_backend() == backend
    rewards = [float(reward) for reward in variables["episode_rewards"]]
    assert len(rewards) == episodes
    assert rewards[0] == -1000.0  # zero biases: the first policy does not move
    assert np.isfinite(rewards).all()
    assert rewards[-1] < -2000.0  # an ascent direction given to a descending optimiser
    assert len(variables["trajectory"]) == 101
    last = episodes // 10 * 10
    printed = capsys.readouterr().out
    assert f"Episode {last}/{episodes}, Baseline Reward: {rewards[last - 1]:.2f}" in printed
    assert f"Final Position: {float(variables['state'][0]):.2f}" in printed
