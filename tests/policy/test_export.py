"""Exported policies compute what the trained policy computes: the C header bit for bit."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from c_program import need_compiler, run_program
from conftest import skip_without
from ember_ml import es
from ember_ml.backend.activations import ACTIVATIONS
from ember_ml.envs.spec import EnvSpec
from ember_ml.policy.export.c_header import c_source, identifier
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.spec import DenseLayer, Elementwise, PolicySpec
from ember_ml.policy.trained import TrainedPolicy


def box(actions, low=None, high=None):
    bounds = [None if b is None else np.full(actions, b, np.float32) for b in (low, high)]
    return EnvSpec("Box", "python", 5, actions, False, None, *bounds, action_shape=(actions,))


def discrete(actions, start=0):
    return EnvSpec("Discrete", "python", 5, actions, True, None, action_start=start)


def chain(*widths, activation="tanh", after=(), before=(), bias=True):
    layers, offset = [], 0
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        weight, offset = offset, offset + inputs * outputs
        at = offset if bias else -1
        offset += outputs if bias else 0
        last = index == len(widths) - 2
        layers.append(
            DenseLayer(
                inputs, outputs, weight, at, after if last else (Elementwise("activation", activation),)
            )
        )
    return PolicySpec(widths[0], widths[-1], offset, tuple(before), tuple(layers))


def policy(spec, env, normalize=True, scale=0.7, seed=0):
    generator = np.random.default_rng(seed)
    theta = (scale * generator.standard_normal(spec.parameters)).astype(np.float32)
    mean = generator.standard_normal(spec.inputs).astype(np.float32)
    inverse = generator.uniform(0.5, 4, spec.inputs).astype(np.float32)
    return TrainedPolicy(spec, theta, env, Normalizer(mean, inverse) if normalize else None)


def activation(name):
    return Elementwise("activation", name)


CASES = {
    "default": (
        chain(5, 16, 16, 2, after=(activation("tanh"), Elementwise("scale", values=(2.0,)))),
        box(2, -2, 2),
    ),
    "linear": (chain(5, 3), discrete(3, start=1)),
    "no_bias": (chain(5, 7, 4, bias=False), discrete(4)),
    "shifted": (
        chain(
            5, 3, 2, 1, 2, activation="relu",
            before=(Elementwise("scale", values=(0.5, 1.0, 2.0, 3.0, -1.0)),),
            after=(Elementwise("shift", values=(0.25, -1.0)),),
        ),
        box(2, -0.5, 0.5),
    ),
    **{
        name: (chain(5, 9, 2, activation=name), box(2, None, 1.0))
        for name in ACTIVATIONS
    },
    "choices": (
        chain(5, 6, 5),
        EnvSpec("Multi", "python", 5, 5, True, None, choices=(2, 3)),
    ),
}  # fmt: skip


def observations(count=10_000):
    generator = np.random.default_rng(1)
    x = (3 * generator.standard_normal((count, 5))).astype(np.float32)
    x[:50] *= 1e4  # far outside: clipped, and saturated activations
    x[50:100] *= 1e-6
    x[100:110] = 0.0
    return x


@pytest.fixture
def run_c(tmp_path):
    """Compiles the header with a program that reads observations and writes outputs and actions."""
    need_compiler()

    def run(trained, x):
        header = tmp_path / "policy.h"
        header.write_text(c_source(trained))
        outputs, env = trained.spec.outputs, trained.env
        if env.discrete and not env.choices:
            act, kind, count = "action[0] = policy_act(observation);", "int", 1
        else:
            kind, count = ("int", len(env.choices)) if env.choices else ("float", env.action_size)
            act = "policy_act(observation, action);"
        (tmp_path / "main.c").write_text(
            f"""#include <stdio.h>
#include "policy.h"
int main(void) {{
  float observation[POLICY_OBSERVATIONS], outputs[POLICY_OUTPUTS];
  {kind} action[{count}];
  while (fread(observation, sizeof observation, 1, stdin) == 1) {{
    policy_outputs(observation, outputs);
    {act}
    fwrite(outputs, sizeof outputs, 1, stdout);
    fwrite(action, sizeof action, 1, stdout);
  }}
  return 0;
}}
"""
        )
        answer = run_program(tmp_path, x.tobytes())
        rows = np.frombuffer(answer, np.float32).reshape(len(x), outputs + count)
        actions = np.ascontiguousarray(rows[:, outputs:])
        return rows[:, :outputs], actions.view(np.int32) if kind == "int" else actions

    return run


@pytest.mark.parametrize("case", CASES)
def test_c_header_is_bit_equal(run_c, case):
    trained = policy(*CASES[case])
    x = observations()
    outputs, actions = run_c(trained, x)
    wanted = trained.outputs(x)
    assert np.array_equal(outputs.view(np.int32), wanted.view(np.int32))
    assert np.array_equal(actions.reshape(len(x), -1), np.asarray(trained(x)).reshape(len(x), -1))


def test_c_header_without_normalisation(run_c):
    trained = policy(*CASES["default"], normalize=False)
    x = observations(100)
    assert np.array_equal(run_c(trained, x)[0], trained.outputs(x))


def test_c_names(tmp_path):
    trained = policy(*CASES["linear"])
    assert "int my_act(const float *observation)" in c_source(trained, "my")
    assert identifier("2 legs-walk") == "policy_2_legs_walk" and identifier("double") == "policy_double"
    with pytest.raises(ValueError, match="identifier"):
        c_source(trained, "a b")


@pytest.mark.parametrize("case", CASES)
def test_torch_agrees(case):
    skip_without("torch")
    import torch
    from ember_ml.policy.export.torch_module import to_torch

    trained = policy(*CASES[case])
    x = observations()
    module = to_torch(trained)
    with torch.no_grad():
        outputs = module[:-1](torch.from_numpy(x)).numpy()
        actions = module(torch.from_numpy(x)).numpy()
    close(outputs, trained.outputs(x))
    close(actions, np.asarray(trained(x)))


def test_torch_program_round_trip(tmp_path):
    skip_without("torch")
    import torch
    from ember_ml.policy.export.formats import export

    trained = policy(*CASES["default"])
    path = export(trained, tmp_path / "policy.pt2")
    program = torch.export.load(path).module()
    x = observations(7)
    close(program(torch.from_numpy(x)).detach().numpy(), trained(x))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_torch_program_on_a_full_device_is_an_error():
    skip_without("torch")
    from ember_ml.policy.export import formats

    with pytest.raises(OSError, match="No space left"):  # torch's own writer would end the process
        formats._torch(policy(*CASES["default"]), Path("/dev/full"))


@pytest.mark.parametrize("case", CASES)
def test_onnx_agrees(case):
    skip_without("onnx")
    from ember_ml.policy.export.onnx_model import to_onnx
    from onnx.reference import ReferenceEvaluator

    trained = policy(*CASES[case])
    x = observations()
    outputs, actions = ReferenceEvaluator(to_onnx(trained)).run(None, {"observation": x})
    close(outputs, trained.outputs(x))
    close(actions, np.asarray(trained(x)))


def close(got, wanted):
    if np.issubdtype(wanted.dtype, np.integer):
        assert np.mean(got == wanted) > 0.999  # equal up to ties in the last bits
    else:
        assert np.all(np.abs(got - wanted) <= 1e-5 * np.maximum(1, np.abs(wanted)))


def test_from_a_run(walk, tmp_path, run_c):
    run = es.Trainer(walk, strategy=es.SNES(directions=2), seed=0).run(generations=2)
    assert "walk_act" in run.export(tmp_path / "walk.h").read_text()
    x = np.linspace(-3, 3, 50, dtype=np.float32)[:, None]
    assert np.array_equal(run_c(run.policy, x)[0], run.policy.outputs(x))
    with pytest.raises(ValueError, match=r"\.h, \.onnx, \.pt2"):
        run.export(tmp_path / "walk.exe")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        run.export(tmp_path / "no" / "walk.h")
