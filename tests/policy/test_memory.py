"""A Module whose forward remembers something is refused by name, and left as it was."""

from __future__ import annotations

import copy
import random
import threading
from collections import deque

import numpy as np
import pytest
from ember_ml import es, ops
from ember_ml.nn import tensor
from ember_ml.nn.modules import Dense, Module


class Plain(Module):
    def __init__(self):
        super().__init__()
        self.dense = Dense(4, 2)
        self.start()

    def start(self):
        pass

    def forward(self, x):
        return self.dense(tensor.convert_to_tensor(x))


class KeptTensor(Plain):
    def forward(self, x):
        self.hidden = self.dense(tensor.convert_to_tensor(x))
        return self.hidden


class Recurrent(Plain):
    def start(self):
        self.hidden = np.zeros((1, 4), np.float32)

    def forward(self, x):
        self.hidden = 0.5 * self.hidden + tensor.to_numpy(x)
        return self.dense(tensor.convert_to_tensor(self.hidden))


class InPlace(Recurrent):
    def forward(self, x):
        self.hidden += tensor.to_numpy(x)
        return self.dense(tensor.convert_to_tensor(self.hidden))


class Counter(Plain):
    def start(self):
        self.count = 0

    def forward(self, x):
        self.count += 1
        return super().forward(x)


class Listed(Plain):
    def start(self):
        self.seen = []

    def forward(self, x):
        self.seen.append(1)
        return super().forward(x)


class Nested(Plain):
    def start(self):
        self.box = {"last": deque([0.0], maxlen=1)}

    def forward(self, x):
        self.box["last"].append(float(np.sum(tensor.to_numpy(x))))
        return super().forward(x)


class Noisy(Plain):
    def start(self):
        self.generator = np.random.default_rng(0)

    def forward(self, x):
        y = super().forward(x)
        return y + tensor.convert_to_tensor(self.generator.normal(size=2).astype(np.float32))


class OfTheClass(Plain):
    last = np.zeros(4, np.float32)

    def forward(self, x):
        self.last[...] = np.asarray(tensor.to_numpy(x)).reshape(-1)
        return super().forward(x)


class Weights(Plain):
    def forward(self, x):
        self.dense.weight.data = self.dense.weight.data * 0.9
        return super().forward(x)


class Helper:
    calls = 0


class Held(Plain):
    def start(self):
        self.helper = Helper()

    def forward(self, x):
        self.helper.calls += 1
        return super().forward(x)


class Inner(Plain):
    def start(self):
        self.parts = [Counter()]

    def forward(self, x):
        return self.parts[0](x)


class Uncopyable(KeptTensor):
    def start(self):
        self.lock = threading.Lock()


class NotCompiled(Counter):
    def forward(self, x):
        y = super().forward(x)
        return y + ops.softmax(y)


NAMES = {
    KeptTensor: "hidden", Recurrent: "hidden", InPlace: "hidden", Counter: "count", Listed: "seen",
    Nested: "box", Noisy: "generator", OfTheClass: r"last \(of the class\)", Weights: r"dense\.weight",
    Held: "helper", Inner: r"parts\.0\.count", Uncopyable: "hidden", NotCompiled: "count",
}  # fmt: skip


@pytest.mark.parametrize("engine", ["auto", "python"])
@pytest.mark.parametrize("kind", NAMES)
def test_memory_is_refused_by_name(kind, engine):
    module = kind()
    attributes = {
        name: copy.copy(value) if isinstance(value, (np.ndarray, list)) else value
        for name, value in vars(module).items()
    }
    weights = module.to_vector()
    with pytest.raises(ValueError, match=rf"policy: the forward of {kind.__name__} changes {NAMES[kind]},"):
        es.Trainer("CartPole-v1", module, es.SNES(2), engine=engine)
    assert list(vars(module)) == list(attributes)
    assert np.array_equal(module.to_vector(), weights)
    for name, value in attributes.items():
        if isinstance(value, (np.ndarray, int, list)) and name != "parts":
            assert np.array_equal(getattr(module, name), value), name
    assert not OfTheClass.last.any()


OUTSIDE = [0.0]


class Outside(Plain):
    """Keeps its state where no attribute leads to."""

    def forward(self, x):
        OUTSIDE[0] += 1.0
        return super().forward(x) + OUTSIDE[0]


class Drawn(Plain):
    def forward(self, x):
        return ops.softmax(super().forward(x)) + random.gauss(0.0, 1.0)


@pytest.mark.parametrize("kind", [Outside, Drawn])
def test_memory_outside_of_the_module_is_refused_too(kind):
    with pytest.raises(ValueError, match=f"policy: the forward of {kind.__name__} answers differently"):
        es.Trainer("CartPole-v1", kind(), es.SNES(2))


class Constants(Plain):
    """Holds much, and changes none of it."""

    scale = np.array([1.0, 2.0], np.float32)

    def start(self):
        self.table = {"a": [1, np.arange(3)], "b": {1, 2}}
        self.nan = float("nan")
        self.generator = np.random.default_rng(0)
        self.me = self

    def forward(self, x):
        self.nothing_new()
        return super().forward(x) * tensor.convert_to_tensor(self.scale)

    def nothing_new(self):
        self.nan = float("nan")  # the same again


class Branch(Constants):
    def forward(self, x):
        return ops.softmax(super().forward(x))


@pytest.mark.parametrize("kind, engine", [(Plain, "native"), (Constants, "native"), (Branch, "python")])
def test_a_module_without_memory_is_trained(kind, engine):
    pytest.importorskip("gymnasium")
    trainer = es.Trainer("CartPole-v1", kind(), es.SNES(2), seed=0, max_steps=20)
    assert trainer.choice.name == engine
    assert len(trainer.run(generations=2).history) == 2


def test_whatever_recording_meets_is_a_reason_not_to_compile():
    """A forward may raise what it likes when it is given a stand-in for the observation."""

    class Picky(Plain):
        def forward(self, x):
            if not isinstance(x, np.ndarray):
                raise RuntimeError("arrays only")
            return super().forward(x)

    pytest.importorskip("gymnasium")
    trainer = es.Trainer("CartPole-v1", Picky(), es.SNES(2), seed=0, max_steps=20)
    assert trainer.choice.name == "python" and "arrays only" in trainer.explain()
