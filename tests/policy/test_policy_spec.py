"""A PolicySpec that exists fits its parameters: whoever holds one may index as it says."""

import copy

import numpy as np
import pytest
from ember_ml import _core
from ember_ml.policy.spec import CellLayer, DenseLayer, Elementwise, PolicySpec

EXTREMES = [
    2**63 - 1,
    2**63 - 2,
    2**63 - 8,
    2**62,
    2**32,
    2**31,
    2**31 - 1,
    -1,
    -(2**31),
    -(2**63),
    2**64,
    10**30,
]


def described():
    return PolicySpec(
        4, 2, 26, (Elementwise("scale", values=(0.5,)),),
        (DenseLayer(4, 4, 0, 16, (Elementwise("activation", "tanh"),)), DenseLayer(4, 1, 20, 24),
         DenseLayer(1, 2, 24, -1)),
    ).to_dict()  # fmt: skip


@pytest.mark.parametrize("field", ["weight_offset", "bias_offset", "inputs", "outputs"])
@pytest.mark.parametrize("value", EXTREMES)
def test_no_offset_or_width_wraps_round(field, value):
    data = described()
    data["layers"][0][field] = value
    if field == "bias_offset" and -(2**63) <= value < 0:
        assert PolicySpec.from_dict(data).layers[0].bias_offset == value  # none
        return
    with pytest.raises(ValueError, match=rf"policy: .*({field}|inputs)"):
        PolicySpec.from_dict(data)


@pytest.mark.parametrize("field", ["inputs", "outputs", "parameters"])
@pytest.mark.parametrize("value", EXTREMES)
def test_no_size_wraps_round(field, value):
    data = {**described(), field: value}
    if field == "parameters" and 26 <= value <= 2**48:
        assert PolicySpec.from_dict(data).parameters == value
        return
    with pytest.raises(ValueError, match="policy: "):
        PolicySpec.from_dict(data)


def test_the_sum_of_many_layers_does_not_wrap():
    wide = 2**24
    layers = tuple(DenseLayer(wide, wide, 0, -1) for _ in range(2**12))
    with pytest.raises(ValueError, match="policy: layers"):
        PolicySpec(wide, wide, 2**48, (), layers)


@pytest.mark.parametrize("change", [
    lambda d: d.update(layers={}), lambda d: d.update(layers=[3]), lambda d: d.update(layers="abc"),
    lambda d: d.update(before=None), lambda d: d.update(before=[[]]), lambda d: d.update(inputs="4"),
    lambda d: d.update(inputs=4.5), lambda d: d.update(inputs=True), lambda d: d.update(inputs=None),
    lambda d: d["before"][0].update(values=["1"]), lambda d: d["before"][0].update(values=[float("nan")]),
    lambda d: d["before"][0].update(values=[1e300]), lambda d: d["before"][0].update(values=[]),
    lambda d: d["before"][0].update(kind="exec"), lambda d: d["before"][0].update(kind=[]),
    lambda d: d["layers"][0]["after"][0].update(activation="eval"),
    lambda d: d["layers"][0]["after"][0].update(activation=3),
], ids=range(17))  # fmt: skip
def test_descriptions_of_another_kind(change):
    data = described()
    change(data)
    with pytest.raises((ValueError, TypeError), match="policy: "):
        PolicySpec.from_dict(data)


def described_cell():
    cell = CellLayer(4, 2, 0, 36, (), "gru", 24, 42)  # 24 + 12 weights, 6 + 6 biases
    return PolicySpec(4, 2, 48, (), (cell,)).to_dict()


@pytest.mark.parametrize("change", [
    {"kind": "dense"}, {"kind": "lstm"}, {"kind": []}, {"kind": 3}, {"state_weight_offset": 37},
    {"state_weight_offset": -1}, {"state_weight_offset": 2**63 - 8}, {"state_weight_offset": "0"},
    {"weight_offset": 25}, {"bias_offset": 43}, {"state_bias_offset": 43}, {"state_bias_offset": 2.5},
    {"outputs": 2**24}, {"inputs": 0},
], ids=range(14))  # fmt: skip
def test_descriptions_of_cells_that_do_not_fit(change):
    data = described_cell()
    data["layers"][0].update(change)
    with pytest.raises((ValueError, TypeError), match="policy: "):
        PolicySpec.from_dict(data)


def test_a_cell_is_described_and_comes_back():
    spec = PolicySpec.from_dict(described_cell())
    assert spec.to_dict() == described_cell() and spec.memory == 2 and spec.native().memory == 2
    assert spec.describe() == "4 -> GRU 2"
    with pytest.raises(ValueError, match="4 -> GRU 2 has memory; wanted dense layers alone"):
        _ = spec.dense_layers


def test_the_core_checks_without_python():
    for layer in ((4, 2, 2**63 - 8, -1, []), (4, 2, 0, 2**63 - 2, [])):
        with pytest.raises(ValueError, match="do not fit into"):
            _core.Policy(4, 2, 10, [], [layer])


def test_round_trip_and_copies():
    spec = PolicySpec.from_dict(described())
    assert spec.to_dict() == described() and copy.deepcopy(spec) == spec


@pytest.mark.parametrize("name, value", [
    ("generation", 2**63 - 1), ("generation", -1), ("plan", -5), ("optimizer.steps", 2**63 - 1),
    ("sigma", np.nan),
    ("sigma", np.inf), ("generation", 2.5), ("generation", "x"), ("scale", np.array([np.nan], np.float32)),
    ("scale", "x"), ("mean", np.zeros((1, 3), np.float32)), ("optimizer.first", np.zeros(2, np.float32)),
])  # fmt: skip
def test_a_strategys_state_is_checked(name, value):
    from ember_ml import es

    strategy = es.OpenAIES(directions=2)
    strategy.start(np.zeros(3), seed=1)
    state = strategy.state_dict()
    with pytest.raises((ValueError, TypeError), match=r"state: |theta0: "):
        strategy.load_state_dict({**state, name: value})
    assert np.array_equal(strategy.mean, state["mean"]) and strategy.generation == 0
