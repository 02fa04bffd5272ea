"""Files appear whole or not at all, and leave nothing else behind."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time

import pytest
from ember_ml import atomic_file
from ember_ml.atomic_file import check_target, replacing


def write(path, data=b"new"):
    with replacing(path) as file:
        file.write(data)


def test_replaces_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "a.bin"
    write(path, b"old")
    write(str(path))
    assert path.read_bytes() == b"new" and os.listdir(tmp_path) == ["a.bin"]
    with replacing(tmp_path / "a.txt", text=True) as file:
        file.write("ä\n")
    assert (tmp_path / "a.txt").read_bytes() == "ä\n".encode()


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_full_disk_leaves_the_former_file(tmp_path, monkeypatch, call):
    path = tmp_path / "a.bin"
    write(path, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic_file.os, call, full)
    with pytest.raises(OSError, match=r"cannot write .*a\.bin.*No space left"):
        write(path)
    monkeypatch.undo()
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_device_while_writing(tmp_path, monkeypatch):
    path, real = tmp_path / "a.bin", os.fdopen
    write(path, b"old")

    def on_a_full_device(handle, *rest, **more):
        os.close(handle)
        return real(os.open("/dev/full", os.O_WRONLY), *rest, **more)

    monkeypatch.setattr(atomic_file.os, "fdopen", on_a_full_device)
    with pytest.raises(OSError, match=r"cannot write .*No space left"):
        write(path, b"x" * 2**20)
    monkeypatch.undo()
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["a.bin"]


def test_an_error_of_the_writer_leaves_the_former_file(tmp_path):
    path = tmp_path / "a.bin"
    write(path, b"old")
    for error in (ZeroDivisionError, KeyboardInterrupt):
        with pytest.raises(error), replacing(path) as file:
            file.write(b"half")
            raise error
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["a.bin"]


def test_is_on_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    order = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            atomic_file.os, name, lambda *a, name=name, real=real: (order.append(name), real(*a))[1]
        )
    write(tmp_path / "a.bin")
    assert order == ["fsync", "replace", "fsync"]  # the file, its name, the folder


def test_keeps_links_modes_and_the_umask(tmp_path):
    path, link = tmp_path / "a.bin", tmp_path / "link.bin"
    before = os.umask(0o027)
    try:
        write(path, b"old")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    link.symlink_to(path)
    write(link)
    assert link.is_symlink() and path.read_bytes() == b"new" and stat.S_IMODE(path.stat().st_mode) == 0o604


def test_a_device_is_written_to_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(pipe)
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode) and os.listdir(tmp_path) == ["pipe"]


def test_one_rule_for_names(tmp_path):
    for wrong, error, message in [
        (tmp_path / "no" / "a", FileNotFoundError, "the folder .*no does not exist"),
        (tmp_path, IsADirectoryError, "it is a folder"),
        (3, TypeError, "got 3, wanted the name of a file"),
        ("", TypeError, "got ''"),
        (b"a", TypeError, "got b'a'"),
    ]:
        with pytest.raises(error, match=message):
            check_target(wrong)
        with pytest.raises(error, match=message):
            write(wrong)
    assert check_target(str(tmp_path / "no suffix")) == tmp_path / "no suffix"
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_may_not_be_written(tmp_path):
    path = tmp_path / "a.bin"
    write(path, b"old")
    path.chmod(0o400)
    with pytest.raises(PermissionError, match="not writable"):
        write(path)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match="cannot write"):
            write(tmp_path / "b.bin")
    finally:
        tmp_path.chmod(0o700)


def test_killed_while_writing(tmp_path):
    """Whatever the moment, the name holds one whole file."""
    path = tmp_path / "a.bin"
    code = (
        "import sys\nfrom ember_ml.atomic_file import replacing\nprint('ready', flush=True)\n"
        "for i in range(10**9):\n"
        "    with replacing(sys.argv[1]) as file:\n"
        "        for _ in range(64): file.write(bytes([i % 256]) * 4096)\n"
    )
    for delay in (0.02, 0.05, 0.11):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        while not path.exists():
            time.sleep(0.001)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        data = path.read_bytes()
        assert len(data) == 64 * 4096 and len(set(data)) == 1


def test_append_adds_all_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    write(path, b"first\n")
    atomic_file.append(path, "second ä\n")
    assert path.read_text() == "first\nsecond ä\n"
    before, real = path.read_bytes(), open

    class Full:
        def __init__(self, file):
            self.file, self.writes = file, 0

        def write(self, data):
            self.writes += 1
            if self.writes > 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.file.write(data[: len(data) // 2])

        def __getattr__(self, name):
            return getattr(self.file, name)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

    monkeypatch.setattr(atomic_file, "open", lambda *a, **k: Full(real(*a, **k)), raising=False)
    with pytest.raises(OSError, match=r"cannot write .*a\.csv.*No space left"):
        atomic_file.append(path, "third and fourth\n")
    monkeypatch.undo()
    assert path.read_bytes() == before


def test_every_writer_keeps_the_former_file_and_names_a_missing_folder(tmp_path, monkeypatch):
    from ember_ml import es, ops

    run = es.train("CartPole-v1", generations=2, seed=0, preset=None, progress=False)

    def log(path):
        es.Trainer("CartPole-v1", seed=0, progress=False, callbacks=es.CSVLogger(path)).run(generations=1)

    writers = {
        "a.npz": run.save, "b.npz": lambda path: ops.save(path, [1.0]), "a.h": run.export,
        "a.png": run.plot, "a.gif": run.animate, "a.csv": log, "a.onnx": run.export,
        "c.npz": lambda path: es.Checkpoint(path)._save(run),
    }  # fmt: skip
    run.generation = 2  # what Checkpoint asks a trainer for
    for name, writer in writers.items():
        with pytest.raises(FileNotFoundError, match=r"cannot write .*the folder .*missing does not exist"):
            writer(tmp_path / "missing" / name)
        writer(tmp_path / name)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = {name: (tmp_path / name).read_bytes() for name in writers}
    monkeypatch.setattr(atomic_file.os, "fsync", full)
    for name, writer in writers.items():
        with pytest.raises(OSError, match=r"cannot write .*No space left"):
            writer(tmp_path / name)
    monkeypatch.undo()
    assert {name: (tmp_path / name).read_bytes() for name in writers} == before
    assert sorted(os.listdir(tmp_path)) == sorted(writers)
