"""Memory of a generation with 1,000,000 parameters and 1,000 directions, beyond the parameters and Adam's
state.

    python benchmarks/memory.py [--threads 1 2] [--layouts auto members episodes units]

Each row is a process of its own that trains CartPole for two generations of one step through
`es.Trainer`, which is enough to hold everything a longer one holds. The figure is the process's peak
resident size (VmHWM of /proc/self/status) less what it was before the trainer was made, and less 4 bytes
a parameter each for the parameters and for the two moments of Adam. The goal is 64 MB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

CHILD = """
import sys, time
from ember_ml import es
from ember_ml.training import Adam

def kilobytes(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name))

def train(hidden, directions):
    trainer = es.Trainer(
        "CartPole-v1", es.MLPPolicy(hidden=(hidden, hidden)),
        es.OpenAIES(directions=directions, sigma=0.02, optimizer=Adam(learning_rate=0.01)),
        max_steps=1, threads=int(sys.argv[1]), layout=None if sys.argv[2] == "auto" else sys.argv[2], seed=0,
        progress=False,
    )
    trainer.run(generations=2)
    return trainer

train(8, 8)  # what is imported and started at the first use
before, begun = kilobytes("VmRSS"), time.perf_counter()
trainer = train(1000, 1000)
seconds = time.perf_counter() - begun
parameters = trainer.theta.size
state = 3 * 4 * parameters
print(parameters, before * 1024, kilobytes("VmHWM") * 1024, state, seconds)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--layouts", nargs="+", default=["auto", "members", "episodes", "units"])
    options = parser.parse_args()
    print(
        f"{'layout':<10}{'threads':>8}{'parameters':>12}{'peak MB':>9}{'before':>8}{'state':>7}{'beyond':>8}"
    )
    for layout in options.layouts:
        for threads in options.threads:
            command = [sys.executable, "-c", CHILD, str(threads), layout]
            out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            before, peak, state, seconds = map(float, out[1:])
            beyond = peak - before - state
            megabytes = f"{peak / 1e6:>9.1f}{before / 1e6:>8.1f}{state / 1e6:>7.1f}"
            print(
                f"{layout:<10}{threads:>8}{int(out[0]):>12,}{megabytes}"
                f"{beyond / 1e6:>8.1f} MB   {'under' if beyond < 64e6 else 'OVER'} 64 MB, {seconds:.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
