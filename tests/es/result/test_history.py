import numpy as np
import pytest
from ember_ml.es import History
from ember_ml.es.result.history import NAMES


def record(generation, **values):
    return {**dict.fromkeys(NAMES, 0), "generation": generation, **values}


def test_columns_records_and_length():
    history = History()
    for g in range(200):
        history.append(**record(g, policy_return=-g / 2, steps=100))
    assert len(history) == 200
    assert history["policy_return"].dtype == np.float64
    assert history["policy_return"][3] == -1.5
    assert history[3]["policy_return"] == -1.5 and isinstance(history[3]["generation"], int)
    assert history[-1]["generation"] == 199
    assert [r["generation"] for r in history] == list(range(200))
    assert history[10:12]["generation"].tolist() == [10, 11]
    assert history.to_numpy().dtype.names == NAMES
    with pytest.raises(IndexError):
        history[200]
    with pytest.raises(KeyError, match="policy_return"):
        history["return"]


def test_columns_are_copies():
    history = History()
    history.append(**record(0, policy_return=1.0))
    history["policy_return"][0] = 7.0
    history.to_numpy()["policy_return"] = 7.0
    assert history[0]["policy_return"] == 1.0


def test_extend_equals_append():
    one, other = History(), History()
    for g in range(70):
        one.append(**record(g, sigma=g * 0.1))
    other.append(**one[0])
    other.extend(one.to_numpy()[1:])
    assert one == other


def test_repr_is_a_table():
    history = History()
    assert "no generations" in repr(history)
    for g in range(20):
        history.append(**record(g, policy_return=-12.345))
    lines = repr(history).splitlines()
    assert len(lines) == 9 and "-12.35" in lines[-1] and "..." in repr(history)


def test_frozen_stays_as_it_was():
    history = History()
    history.append(**record(0, steps=5))
    frozen = history.frozen()
    history.append(**record(1, steps=6))
    frozen.append(**record(1, steps=7))
    assert history["steps"].tolist() == [5, 6] and frozen["steps"].tolist() == [5, 7]


def test_mistakes_are_named():
    history = History()
    with pytest.raises(TypeError, match="records: got ndarray"):
        history.extend(np.zeros(3))
    with pytest.raises(TypeError, match=r"history: got 1\.5"):
        history[1.5]


@pytest.mark.parametrize(("count", "rows"), [(0, 0), (3, 3), (8, 8), (9, 7), (500, 7)])
def test_notebooks_show_a_table_of_the_first_and_the_last(count, rows):
    history = History()
    for g in range(count):
        history.append(**record(g, policy_return=1.5 * g))
    page = history._repr_html_()
    assert page.startswith(f"<p>{count} generations</p><table>")
    assert page.count("<tr>") == page.count("</tr>") == 1 + rows
    assert ("<td>...</td>" in page) == (count > 8)
    if count:
        assert f"<td>{1.5 * (count - 1):g}</td>" in page
