"""Functions that use this package can be sent to other processes."""

import subprocess
import sys

import pytest
from conftest import skip_without

MODULES = (
    "ember_ml", "ember_ml.es", "ember_ml.ops", "ember_ml.nn", "ember_ml.nn.tensor", "ember_ml.training",
    "ember_ml.envs", "ember_ml.backend", "ember_ml.es.strategies", "ember_ml.plot",
)  # fmt: skip

SEND = """
import sys, cloudpickle
import numpy as np
from ember_ml import es, ops, nn, training, envs, backend
import ember_ml
from ember_ml.es import train

def work(seed):
    return es.train("CartPole-v1", generations=1, seed=seed, progress=False, preset=None).theta

class Policy(nn.modules.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.modules.Dense(4, 2)
    def forward(self, x):
        return self.out(ops.tanh(x))

def module():
    run = train("CartPole-v1", Policy(), generations=1, seed=1, progress=False,
                strategy=es.OpenAIES(optimizer=training.Adam(0.1)), preset=None)
    return run.theta, ember_ml.backend.get_backend(), envs.make("CartPole-v1").name, es.noise(1, 0, 0, 3)

double = lambda x: ops.to_numpy(ops.multiply(ops.convert_to_tensor(x), 2.0))
sys.stdout.buffer.write(cloudpickle.dumps((work, module, double)))
"""

RECEIVE = """
import sys, pickle
work, module, double = pickle.load(sys.stdin.buffer)
theta = work(3)
print(theta.shape, theta.tobytes().hex()[:16], len(module()), double([1.0, 2.0]).tolist())
"""


@pytest.mark.parametrize("name", MODULES)
def test_modules_pickle_by_name(name):
    import copy
    import importlib
    import pickle

    module = importlib.import_module(name)
    if type(module) is not type(sys):  # others are for the tools below to take by name
        assert pickle.loads(pickle.dumps(module)) is module
        assert copy.deepcopy(module) is module
    skip_without("cloudpickle")
    import cloudpickle

    assert cloudpickle.loads(cloudpickle.dumps(module)) is module


def test_functions_and_classes_of_a_script_run_in_a_fresh_process():
    skip_without("cloudpickle")
    sent = subprocess.run([sys.executable, "-c", SEND], capture_output=True, check=True).stdout
    answer = subprocess.run(
        [sys.executable, "-c", RECEIVE], input=sent, capture_output=True, check=True
    ).stdout
    assert b" 4 [2.0, 4.0]" in answer
    from ember_ml import es

    theta = es.train("CartPole-v1", generations=1, seed=3, progress=False, preset=None).theta
    assert theta.tobytes().hex()[:16].encode() in answer


def test_joblib(tmp_path):
    skip_without("joblib")
    script = tmp_path / "script.py"
    script.write_text(
        "from joblib import Parallel, delayed\nfrom ember_ml import es\n"
        "def one(seed):\n"
        "    return es.train('CartPole-v1', generations=1, seed=seed, progress=False, preset=None)\n"
        "if __name__ == '__main__':\n"
        "    runs = Parallel(n_jobs=2)(delayed(lambda s: one(s))(s) for s in range(2))\n"
        "    print([run.seed for run in runs], [len(run.history) for run in runs])\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert done.stdout == "[0, 1] [1, 1]\n", done.stderr
