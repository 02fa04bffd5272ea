"""Threads that the process may use: its CPU affinity and the quota of its control group."""

import math
import os
import subprocess
import sys

import pytest
from ember_ml import _core

V1 = {"cpu/x/cpu.cfs_period_us": "100000"}


def quota(tmp_path, groups, files):
    (tmp_path / "cgroup").write_text(groups)
    for name, text in files.items():
        path = tmp_path / "mount" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return _core.testing.cpu_quota(str(tmp_path / "cgroup"), str(tmp_path / "mount"))


@pytest.mark.parametrize(
    "groups, files, cpus",
    [
        ("0::/a/b\n", {"a/b/cpu.max": "150000 100000\n"}, 1.5),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n"}, math.inf),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "300000 100000\n"}, 3.0),  # an ancestor's
        ("0::/a/b\n", {"a/b/cpu.max": "100000 50000\n", "a/cpu.max": "300000 100000\n"}, 2.0),  # the least
        ("0::/of/outside\n", {"cpu.max": "50000 100000\n"}, 0.5),  # in a container the mount is its own group
        ("0::/\n", {"cpu.max": "400000 100000\n"}, 4.0),
        ("0::/\n", {}, math.inf),
        ("3:cpuset:/x\n2:cpu:/x\n", {**V1, "cpu/x/cpu.cfs_quota_us": "-1"}, math.inf),
        ("2:cpu:/x\n", {**V1, "cpu/x/cpu.cfs_quota_us": "250000"}, 2.5),
        (
            "2:cpu,cpuacct:/x\n",
            {"cpu,cpuacct/cpu.cfs_quota_us": "250000", "cpu,cpuacct/cpu.cfs_period_us": "50000"},
            5.0,
        ),
        ("3:cpuset:/x\n", {"cpuset/x/cpu.cfs_quota_us": "9", "cpuset/x/cpu.cfs_period_us": "9"}, math.inf),
        ("nonsense\n2:\n\n", {"cpu.max": "100000 100000"}, math.inf),
    ],
)
def test_quota_of_a_control_group(tmp_path, groups, files, cpus):
    assert quota(tmp_path, groups, files) == cpus


def test_no_control_groups(tmp_path):
    assert _core.testing.cpu_quota(str(tmp_path / "missing"), str(tmp_path)) == math.inf


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no CPU affinity")
def test_affinity_counts_even_when_it_changes():
    program = (
        "import os; from ember_ml import _core\n"
        "first = _core.available_threads()\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "print(first, _core.available_threads())"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    cores, quota = len(os.sched_getaffinity(0)), _core.testing.cpu_quota()
    assert out.split() == [str(max(1, min(cores, math.ceil(quota)) if quota < cores else cores)), "1"]
