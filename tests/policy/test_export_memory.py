"""Exported policies with memory compute what the trained policy computes over an episode: C bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from c_program import need_compiler, run_program
from conftest import skip_without
from ember_ml import ops
from ember_ml.envs.spec import EnvSpec
from ember_ml.nn.modules import GRU, LSTM, RNN, Dense, Sequential, Tanh
from ember_ml.policy.export.c_header import c_source
from ember_ml.policy.export.formats import export
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.trace import trace
from ember_ml.policy.trained import TrainedPolicy

NETWORKS = {
    "rnn": lambda: [RNN(5, 7), Dense(7, 3)],
    "relu": lambda: [Dense(5, 4), RNN(4, 3, nonlinearity="relu"), Tanh(), Dense(3, 3)],
    "gru": lambda: [GRU(5, 8, bias=False), Dense(8, 3)],
    "lstm": lambda: [LSTM(5, 6), Dense(6, 3)],
    "both": lambda: [Tanh(), LSTM(5, 6), Tanh(), GRU(6, 3)],
}
DISCRETE = EnvSpec("Discrete", "python", 5, 3, True, None, action_start=1)


def trained(name):
    with ops.using_backend("numpy"):
        ops.set_seed(3)
        network = Sequential(NETWORKS[name]())
        generator = np.random.default_rng(1)
        theta = generator.standard_normal(network.to_vector().size).astype(np.float32)
        mean = generator.standard_normal(5).astype(np.float32)
        return TrainedPolicy(
            trace(network, 5), theta, DISCRETE, Normalizer(mean, np.full(5, 0.7, np.float32))
        )


def episodes(steps=40, batch=3):
    return np.random.default_rng(2).standard_normal((steps, batch, 5)).astype(np.float32)


def wanted_outputs(policy, x):
    policy.reset()
    return np.stack([policy.outputs(step) for step in x])


@pytest.mark.parametrize("name", NETWORKS)
def test_c_header_is_bit_equal_over_episodes(name, tmp_path):
    need_compiler()
    policy = trained(name)
    x = episodes(batch=2)
    (tmp_path / "policy.h").write_text(c_source(policy))
    (tmp_path / "main.c").write_text(
        f"""#include <stdio.h>
#include "policy.h"
int main(void) {{
  policy_state state, other;
  float observation[POLICY_OBSERVATIONS], outputs[POLICY_OUTPUTS];
  int step = 0, action;
  policy_reset(&state);
  while (fread(observation, sizeof observation, 1, stdin) == 1) {{
    if (step++ == {len(x)}) policy_reset(&state);
    other = state;
    policy_outputs(&other, observation, outputs);
    action = policy_act(&state, observation);
    fwrite(outputs, sizeof outputs, 1, stdout);
    fwrite(&action, sizeof action, 1, stdout);
  }}
  return 0;
}}
"""
    )
    answer = run_program(tmp_path, x.swapaxes(0, 1).tobytes())
    rows = np.frombuffer(answer, np.int32).reshape(2, len(x), 4).swapaxes(0, 1)
    wanted = wanted_outputs(policy, x)
    assert np.array_equal(rows[..., :3], wanted.view(np.int32))
    assert np.array_equal(rows[..., 3], wanted.argmax(-1) + 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_agrees_over_episodes(name):
    skip_without("onnx")
    from ember_ml.policy.export.onnx_model import to_onnx
    from onnx.reference import ReferenceEvaluator

    policy, x = trained(name), episodes()
    model = ReferenceEvaluator(to_onnx(policy))
    state = np.zeros((3, policy.spec.memory), np.float32)
    for step, wanted in zip(x, wanted_outputs(policy, x)):
        outputs, action, state = model.run(None, {"observation": step, "state": state})
        np.testing.assert_allclose(outputs, wanted, rtol=1e-5, atol=1e-5)
        assert (action == outputs.argmax(-1) + 1).all()


@pytest.mark.parametrize("name", ["gru", "both"])
def test_a_torch_program_agrees_over_episodes(name, tmp_path):
    skip_without("torch")
    import torch
    from ember_ml.policy.export.torch_module import to_torch

    policy, x = trained(name), episodes()
    program = torch.export.load(export(policy, tmp_path / "policy.pt2")).module()
    module = to_torch(policy)
    state = other = module.initial_state(3)
    with torch.no_grad():
        for step, wanted in zip(x, wanted_outputs(policy, x)):
            action, state = module(torch.from_numpy(step), state)
            exported, other = program(torch.from_numpy(step), other)
            assert (action == exported).all()
            assert (action.numpy() == wanted.argmax(-1) + 1).all()
