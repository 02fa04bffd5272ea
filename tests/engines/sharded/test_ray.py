"""Training on Ray, started on this machine: the bits of one process, kills included, on loopback alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import engines, es
from error_ends import leaves_nothing_running

skip_without("ray")


@pytest.fixture(scope="module")
def cluster():
    """One Ray for all tests of this module: a start takes seconds."""
    ray = pytest.importorskip("ray")
    from ember_ml.engines.sharded.on_ray import connect

    before = listening()
    connect(ray, engines.Ray(workers=2))
    yield ray, listening() - before
    ray.shutdown()


def listening():
    """Local addresses of this machine that are listened on, as /proc has them."""
    found = set()
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[3] == "0A":
                found.add((fields[1], fields[9]))
    return found


def trainer(engine="auto", strategy=None, **options):
    made = strategy or es.OpenAIES(directions=48, sigma=0.1)
    options = {"seed": 5, "progress": False, "generations": 6, **options}
    return es.Trainer("CartPole-v1", (8,), made, engine=engine, **options)


def test_it_listens_on_loopback_alone(cluster):
    _, opened = cluster
    for address, _ in opened:
        host = address.split(":")[0]
        assert host in ("0100007F", "0000000000000000FFFF00000100007F"), address


@pytest.mark.parametrize("make", [es.OpenAIES, es.SNES, es.CRFMNES])
def test_two_actors_train_as_one_process(cluster, make):
    with trainer(engines.Ray(workers=2), make(directions=48, sigma=0.1)) as made:
        run = made.run()
        assert "ray engine" in made.explain()
    alone = trainer(strategy=make(directions=48, sigma=0.1)).run()
    assert run.theta.tobytes() == alone.theta.tobytes()
    assert np.array_equal(run.history["population_mean"], alone.history["population_mean"])


def test_a_killed_and_a_frozen_actor_change_nothing(cluster):
    noticed = []

    def happens(made):
        if made.generation in (2, 4):  # Ray may not have told yet that the first is dead
            pid = next(pid for pid in made.engine.transport.pids().values() if pid not in noticed)
            os.kill(pid, signal.SIGKILL if made.generation == 2 else signal.SIGSTOP)
            noticed.append(pid)

    with trainer(engines.Ray(workers=2, lease=1.0), callbacks=[happens], generations=8) as made:
        run = made.run()
        counts = made.engine.coordinator.counts
    assert run.theta.tobytes() == trainer(generations=8).run().theta.tobytes()
    assert counts.lost >= 1 and len(noticed) == 2
    deadline = time.monotonic() + 10.0
    while any(Path(f"/proc/{pid}").exists() for pid in noticed) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in noticed)


def test_one_actor_a_node_by_name_and_the_cluster_stays(cluster):
    ray, _ = cluster
    with trainer("ray") as made:
        run = made.run()
        assert len(made.engine.coordinator.workers) == 1
    assert ray.is_initialized()  # it was there before
    assert run.theta.tobytes() == trainer().run().theta.tobytes()


def test_an_error_leaves_no_process(tmp_path):
    leaves_nothing_running(tmp_path, "engines.Ray(workers=2)")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nowhere.invalid:6379"])
def test_where_there_is_no_cluster_the_ways_out_are_named(address):
    """In a process of its own: this one may be in a Ray already."""
    call = f"es.train('CartPole-v1', engine=engines.Ray({address!r}), generations=1, progress=False)"
    program = f"from ember_ml import engines, es\n{call}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"ConnectionError: address: no Ray cluster answers at {address!r}" in done.stderr
    assert "`ray start --head`" in done.stderr and "--ray local" in done.stderr
