"""The log of a training, and the training made again from it: bit for bit after every generation."""

from __future__ import annotations

import errno
import itertools

import numpy as np
import pytest
from ember_ml import es
from ember_ml.es.files import log
from ember_ml.training import Adam

STRATEGIES = {
    "openai-es": lambda: es.OpenAIES(directions=12, sigma=0.1, sigma_decay=0.5),
    "ars": lambda: es.ARS(directions=12, top=4),
    "snes": lambda: es.SNES(directions=12, sigma=0.3),
    "pgpe": lambda: es.PGPE(directions=12, sigma=0.3),
    "sep-cmaes": lambda: es.SepCMAES(directions=12, sigma=0.3),
    "cholesky-cmaes": lambda: es.CholeskyCMAES(directions=12, sigma=0.3),
    "low-rank": lambda: es.OpenAIES(directions=12, sigma=0.1, perturbation=es.LowRank()),
    "folded": lambda: es.OpenAIES(directions=12, sigma=0.1, bounds=(-3.0, 3.0)),
}


def trainer(path=None, strategy="openai-es", **options):
    options = {"seed": 5, "generations": 12, "progress": False, "policy": (4,), **options}
    return es.Trainer("CartPole-v1", strategy=STRATEGIES[strategy](), record=path, **options)


def snapshots(**options):
    """Parameters, statistics and history after every generation, of a training that is not recorded."""
    made = trainer(**options)
    found = [state_of(made._snapshot())]
    for _ in range(12):
        made.step()
        found.append(state_of(made._snapshot()))
    return found


def state_of(snapshot):
    names = [name for name in snapshot.history.to_numpy().dtype.names if name != "wall_time"]
    parts = [
        snapshot.theta,
        *(np.asarray(snapshot.strategy_state[n]) for n in sorted(snapshot.strategy_state)),
    ]
    if len(snapshot.history):  # the warm-up comes with the first generation
        parts += [np.asarray(value) for _, value in sorted((snapshot.observation_state or {}).items())]
        best = snapshot.candidate
        parts += [
            best.theta,
            np.array([best.policy_return, best.generation]),
            best.normalizer.mean,
            best.normalizer.inverse,
        ]
    return [snapshot.history.to_numpy()[names].tolist(), *(np.asarray(part).tobytes() for part in parts)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_generation_is_the_one_that_was(tmp_path, strategy):
    path = tmp_path / "run.log"
    trainer(path, strategy).run()
    for generation, expected in enumerate(snapshots(strategy=strategy)):
        assert state_of(es.replay(path, generation)._snapshot) == expected, generation
    assert state_of(es.replay(path)._snapshot) == expected


def test_one_by_one_writes_what_many_natively_write(tmp_path):
    paths = [tmp_path / name for name in ("many.log", "one.log")]
    trainer(paths[0]).run()
    made = trainer(paths[1])
    for _ in range(12):
        made.step()
    logs = [[found for found in log.Reader(path) if found.kind == log.GENERATION] for path in paths]
    assert len(logs[0]) == len(logs[1]) == 13
    for first, second in zip(*logs):
        first, second = (log.record_in(found, path) for found, path in zip((first, second), paths))
        assert first.kind == second.kind and first.digest == second.digest
        assert first.fitness.tobytes() == second.fitness.tobytes()
        assert first.sums.tobytes() == second.sums.tobytes()


def test_a_replayed_training_goes_on_as_the_recorded_one(tmp_path):
    path = tmp_path / "run.log"
    recorded = trainer(path).run()
    es.replay(path, generation=7).save(tmp_path / "seven.npz")
    resumed = es.Trainer.load(tmp_path / "seven.npz").run()
    assert resumed.theta.tobytes() == recorded.theta.tobytes()
    assert len(resumed.history) == 12


def test_a_resumed_training_goes_on_with_its_log(tmp_path):
    path = tmp_path / "run.log"
    made = trainer(path)
    made.run(generations=5)
    made.save(tmp_path / "five.npz")
    made.run(generations=4)
    whole = path.read_bytes()
    resumed = es.Trainer.load(tmp_path / "five.npz", record=path, progress=False)
    assert path.read_bytes() == whole  # nothing is left out before it trains
    run = resumed.run()
    assert len(es.replay(path).history) == 12
    assert es.replay(path).theta.tobytes() == run.theta.tobytes() == trainer().run().theta.tobytes()


def test_a_resumed_training_may_begin_a_log(tmp_path):
    made = trainer()
    made.run(generations=5)
    made.save(tmp_path / "five.npz")
    run = es.Trainer.load(tmp_path / "five.npz", record=tmp_path / "later.log", progress=False).run()
    assert es.replay(tmp_path / "later.log").theta.tobytes() == run.theta.tobytes()
    assert len(es.replay(tmp_path / "later.log", generation=6).history) == 6
    assert es.replay(tmp_path / "later.log", 5).theta.tobytes() == made.theta.tobytes()


def test_another_trainings_log_is_refused_and_stays_as_it_is(tmp_path):
    path = tmp_path / "run.log"
    trainer(path).run()
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="a new training needs a new name"):
        trainer(path)
    trainer(seed=6).run().save(tmp_path / "other.npz")
    resumed = es.Trainer.load(tmp_path / "other.npz", record=path, progress=False)
    with pytest.raises(ValueError, match="does not hold this training's generation 12"):
        resumed.run(generations=1)
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="restarts=2, wanted one training"):
        es.train("CartPole-v1", restarts=2, record=tmp_path / "two.log")


def test_what_callbacks_change_is_in_the_log(tmp_path):
    path = tmp_path / "run.log"

    def change(made):
        if made.generation == 3:
            made.strategy.optimizer.learning_rate = 0.03
        if made.generation == 6:
            made.strategy.sigma = 0.05

    strategy = es.OpenAIES(directions=12, sigma=0.1, optimizer=Adam(learning_rate=0.1))
    made = es.Trainer("CartPole-v1", (4,), strategy, seed=5, callbacks=[change], record=path, progress=False)
    thetas = [made.theta]
    for _ in range(9):
        made.run(generations=1)
        thetas.append(made.theta)
    kinds = [found.kind for found in log.Reader(path)]
    assert (kinds.count(log.CONFIG), kinds.count(log.STATE)) == (1, 2)
    for generation, theta in enumerate(thetas):
        run = es.replay(path, generation)
        assert run.theta.tobytes() == theta.tobytes() and len(run.history) == generation


def test_a_confirmed_generation_counts_without_an_update(tmp_path):
    path = tmp_path / "run.log"
    options = {"strategy": "openai-es", "generations": 200, "policy": (16, 16)}
    run = trainer(path, **options).run(until=150.0)
    again = es.replay(path)
    assert run.reached and again.reached
    assert again.theta.tobytes() == run.theta.tobytes() and len(again.history) == len(run.history)


class Scaled(Adam):
    """An optimiser of one's own, which no file can hold."""


def test_an_optimizer_of_ones_own_is_passed_again(tmp_path):
    path = tmp_path / "run.log"

    def made():
        return es.OpenAIES(directions=12, sigma=0.1, optimizer=Scaled(learning_rate=0.1))

    run = es.Trainer("CartPole-v1", (4,), made(), seed=5, record=path, progress=False).run(generations=4)
    with pytest.raises(ValueError, match="strategy"):
        es.replay(path)
    assert es.replay(path, strategy=made()).theta.tobytes() == run.theta.tobytes()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "run.log"
    trainer(path).run()
    return path, [found.end for found in log.Reader(path)], path.read_bytes()


def test_a_truncated_log_is_read_up_to_the_last_whole_generation(recorded, tmp_path):
    _, ends, data = recorded
    path = tmp_path / "cut.log"
    for generation, cut in ((8, ends[11] - 1), (8, ends[10] + 1), (11, ends[14] - 40), (0, ends[3] - 3)):
        path.write_bytes(data[:cut])
        with pytest.warns(UserWarning, match=f"holds {generation} whole generations and ends in the middle"):
            assert len(es.replay(path).history) == generation
        assert len(es.replay(path, generation).history) == generation
        with pytest.raises(ValueError, match=f"got {generation + 1}, but .* holds {generation} whole"):
            es.replay(path, generation + 1)
    path.write_bytes(data[: ends[8]])  # between two generations
    assert len(es.replay(path).history) == 6


def test_a_damaged_log_is_read_up_to_the_damage_when_asked_and_refused_otherwise(recorded, tmp_path):
    _, ends, data = recorded
    path = tmp_path / "bad.log"
    for at in (ends[7] + 2, ends[7] + 13, ends[7] + 60, ends[8] - 2):
        path.write_bytes(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])
        with pytest.raises(ValueError, match=r"damaged: it holds 5 whole generations .*generation=5\)"):
            es.replay(path)
        assert len(es.replay(path, 5).history) == 5
        with pytest.raises(ValueError, match=r"got 6, but .* holds 5 whole generations and was altered"):
            es.replay(path, 6)


def test_a_log_whose_numbers_were_altered_with_their_checksum_is_refused(recorded, tmp_path):
    path, ends, data = recorded
    frames = list(log.Reader(path))
    record = log.record_in(frames[6], path)
    record.fitness[3] += 1.0
    record.fitness[4] += 99.0
    altered = log.frame(log.GENERATION, record.pack())
    other = tmp_path / "altered.log"
    other.write_bytes(data[: ends[5]] + altered + data[ends[6] :])
    with pytest.raises(ValueError, match="after 4 generations is not what was recorded"):
        es.replay(other)


@pytest.mark.parametrize("content", [b"", b"EMBERLOG", b"no log at all", b"EMBERLOG" + b"\0" * 64])
def test_what_is_no_log_is_refused(content, tmp_path):
    path = tmp_path / "run.log"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"is not a log|holds no first state"):
        es.replay(path)


def test_a_log_that_cannot_begin_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "run.log"
    monkeypatch.setattr(log, "append", full)
    with pytest.raises(OSError, match="No space left"):
        trainer(path).step()
    monkeypatch.undo()
    assert not path.exists()
    trainer(path).step()  # the name is free


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "other"}, "is a log of version 1; this ember-ml reads"),
        ({"version": 99}, "is a log of version 99; this ember-ml reads 1"),
        ({"stream_version": 77}, "version 77 of the noise; this ember-ml has"),
        ({"digest": "no number"}, "damaged: its header has the digest 'no number'"),
        ({"digest": None}, "damaged: its header has the digest None"),
    ],
)
def test_a_header_of_another_version_is_named(recorded, tmp_path, changes, message):
    path, ends, data = recorded
    head = log.head_of(next(iter(log.Reader(path))), path)
    assert head["version"] == 1
    other = tmp_path / "other.log"
    other.write_bytes(log.MAGIC + log.frame(log.HEAD, log.encoded({**head, **changes})) + data[ends[0] :])
    with pytest.raises(ValueError, match=rf"other\.log (was trained with )?{message}|{message}"):
        es.replay(other)


def test_what_begins_with_no_header_is_damaged(recorded, tmp_path):
    _, ends, data = recorded
    other = tmp_path / "other.log"
    other.write_bytes(log.MAGIC + data[ends[0] :])
    with pytest.raises(ValueError, match="holds no first state"):
        es.replay(other)
    other.write_bytes(log.MAGIC + log.frame(log.HEAD, b"[1]") + data[ends[0] :])
    with pytest.raises(ValueError, match="holds list for fields by name"):
        es.replay(other)
    with pytest.raises(ValueError, match="it is no file"):
        es.replay(tmp_path)


def test_a_log_that_vanishes_is_not_begun_again(tmp_path):
    path = tmp_path / "run.log"
    recording = trainer(path)
    recording.step()
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"the log at .* was removed"):
        recording.step()
    assert not path.exists()


def test_arguments(recorded, tmp_path):
    path, _, _ = recorded
    with pytest.raises(FileNotFoundError):
        es.replay(tmp_path / "none.log")
    with pytest.raises(ValueError, match="generation: got -1"):
        es.replay(path, -1)
    with pytest.raises(ValueError, match=r"generation: got 13, but .* holds 12 whole generations"):
        es.replay(path, 13)


def test_a_generation_takes_as_many_bytes_as_the_documentation_says(recorded):
    _, ends, _ = recorded
    members, values = 24, 9
    assert {b - a for a, b in itertools.pairwise(ends[2:])} == {132 + 8 * members + 8 * values}


def test_altered_contents_with_right_checksums_are_value_errors(recorded, tmp_path):
    path = recorded[0]
    frames = [(found.kind, bytearray(found.content)) for found in log.Reader(path)]
    random = np.random.default_rng(0)
    other = tmp_path / "altered.log"
    refused = 0
    for _ in range(60):
        which = int(random.integers(len(frames)))
        changed = [(kind, bytearray(content)) for kind, content in frames]
        content = changed[which][1]
        content[int(random.integers(len(content)))] = int(random.integers(256))
        other.write_bytes(log.MAGIC + b"".join(log.frame(kind, bytes(part)) for kind, part in changed))
        try:
            es.replay(other)
        except ValueError as error:
            assert "altered.log" in str(error)
            refused += 1
    assert refused > 30


def test_settings_in_a_log_are_checked_before_anything_is_made_of_them(recorded, tmp_path):
    _, ends, data = recorded
    config = es.OpenAIES(directions=12, sigma=0.1).config()
    other = tmp_path / "large.log"
    for wrong in ({**config, "directions": 2**29}, {**config, "type": "Thing"}, {"type": None}):
        other.write_bytes(data[: ends[5]] + log.frame(log.CONFIG, log.encoded(wrong)) + data[ends[5] :])
        with pytest.raises(ValueError, match=r"large\.log is damaged"):
            es.replay(other)
