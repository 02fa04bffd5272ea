"""Policies with memory on the engines that are not native: each episode has its own state."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es, ops
from ember_ml.nn.modules import GRU, LSTM, Dense, Module


class Compiled(Module):
    """Two cells, whose states come back in a dict in another order."""

    def __init__(self):
        self.first, self.second, self.out = LSTM(4, 6), GRU(6, 5), Dense(5, 2)

    def initial_state(self, batch):
        return {"gru": self.second.initial_state(batch), "lstm": self.first.initial_state(batch)}

    def forward(self, x, state):
        y, lstm = self.first(x, state["lstm"])
        y, gru = self.second(y, state["gru"])
        return self.out(y), {"lstm": lstm, "gru": gru}


class NotCompiled(Compiled):
    def forward(self, x, state):
        y, state = super().forward(x, state)
        return y + 0.0 * ops.exp(y), state


class Learned(Compiled):
    """Its first state is a parameter, and is trained."""

    def __init__(self):
        super().__init__()
        self.start = Dense(1, 5, use_bias=False).weight

    def initial_state(self, batch):
        state = super().initial_state(batch)
        return {**state, "gru": state["gru"] + ops.tanh(self.start)}


def population_means(kind, engine, **options):
    with ops.using_backend("numpy"):
        ops.set_seed(2)
        strategy = es.OpenAIES(directions=6, sigma=0.4)
        trainer = es.Trainer(
            "CartPole-v1", kind(), strategy, episodes=3, seed=3, engine=engine, progress=False, **options
        )
        history = trainer.run(2).history
        return history["population_mean"], trainer


@pytest.mark.parametrize("engine", ["torch", "mlx"])
@pytest.mark.parametrize("kind", [Compiled, NotCompiled])
def test_device_engines_play_what_the_native_one_plays(engine, kind):
    skip_without(engine)
    native, trainer = population_means(Compiled, "native")
    assert trainer.problem.policy.describe() == "4 -> LSTM 6 -> GRU 5 -> 2"
    assert trainer.problem.policy.memory == 17
    np.testing.assert_allclose(population_means(kind, engine)[0], native, rtol=1e-4)


@pytest.mark.parametrize("lanes", [1, 5, None])
def test_the_python_engine_keeps_the_memory_of_each_episode(lanes):
    skip_without("gymnasium")
    wanted, _ = population_means(Compiled, "python", max_steps=40)
    for kind in (Compiled, NotCompiled):
        found, trainer = population_means(kind, "python", max_steps=40, lanes=lanes)
        assert (found == wanted).all(), trainer.explain()


@pytest.mark.parametrize("engine", ["torch", "mlx", "python"])
def test_a_first_state_that_is_trained_is_not_compiled_and_runs(engine):
    skip_without("gymnasium" if engine == "python" else engine)
    means, trainer = population_means(Learned, engine, max_steps=40)
    assert "initial state" in trainer.problem.not_compiled
    assert np.isfinite(means).all()
