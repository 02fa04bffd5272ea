"""How fast each version was, on each machine: one JSON line a commit and machine, and a page that draws them.

python benchmarks/history.py measure           # adds a line for this commit and machine
python benchmarks/history.py page out.html     # draws all lines, a curve a machine

A line has `commit`, `date` of the commit, `changed` (files that are not committed), `machine` (processor and
cores), `simd`, `threads`, `load` before measuring, and `rows`, the figures of `ember-ml bench`. The load
tells the lines of a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from html import escape
from pathlib import Path
from typing import Any

from ember_ml import bench
from ember_ml.report.page.html import document
from ember_ml.report.page.numbers import in_script

FILE = Path(__file__).parent / "results" / "history.jsonl"

#: Figures that are drawn: one or two of each group.
DRAWN = ("noise", "forward", "environments", "rollouts", "update", "training")


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=FILE.parent, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    return f"{model}, {os.cpu_count()} cores"


def measure(seconds: float) -> dict[str, Any]:
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    found = {"commit": git("rev-parse", "--short=12", "HEAD"), "date": git("log", "-1", "--format=%cI")}
    found |= {"changed": bool(git("status", "--porcelain", "--untracked-files=no")), "machine": machine()}
    kind = {"platform": f"{platform.system()} {platform.machine()}"}  # not which build of the kernel
    return found | bench.about() | kind | {"load": load, "rows": list(bench.bench(DRAWN, seconds))}


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf8").splitlines()] if file.exists() else []


def page(found: list[dict[str, Any]]) -> str:
    """One chart for each figure, over the measured commits in their order; a curve for each machine."""
    commits = list(dict.fromkeys(line["commit"] for line in found))
    machines = list(dict.fromkeys(line["machine"] for line in found))
    colors = (["#0072b2", "#56b4e9"], ["#e69f00", "#e69f00"], ["#009e73", "#2fc79a"], ["#d55e00", "#ff7f3f"])
    charts: dict[str, dict[str, Any]] = {}
    for line in found:
        for measured in line["rows"]:
            threads = f"{measured['threads']} thread{'s' * (measured['threads'] > 1)}"
            name = f"{measured['group']}: {measured['what']}, {threads}"
            chart = charts.setdefault(
                name,
                {
                    "axes": {"generation": "commit, in the table's order"},
                    "label": measured["unit"],
                    "range": None,
                }
                | {"columns": [], "lines": [], "series": []},
            )
            known = {series["name"]: series for series in chart["series"]}
            if line["machine"] not in known:
                chart["columns"] += [[], []]
                at = {"x": len(chart["columns"]) - 2, "y": len(chart["columns"]) - 1}
                color = colors[machines.index(line["machine"]) % len(colors)]
                known[line["machine"]] = {"name": line["machine"], "color": color, "data": {"generation": at}}
                chart["series"].append(known[line["machine"]] | {"dots": True, "width": 1.6})
            at = known[line["machine"]]["data"]["generation"]
            chart["columns"][at["x"]].append(commits.index(line["commit"]))
            chart["columns"][at["y"]].append(measured["figure"])

    def row(line: dict[str, Any]) -> tuple[Any, ...]:
        where = f"{line['machine']}, {line['simd']}"
        return commits.index(line["commit"]), line["commit"], line["date"], where, line["load"]

    cells = "".join(
        "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row(line)) + "</tr>" for line in found
    )
    head = "<tr><th></th><th>commit</th><th>date</th><th>machine</th><th>load before</th></tr>"
    hosts = "".join(f'<h2>{escape(name)}</h2><div class="chart"></div>' for name in charts)
    body = f'<div class="wide"><table>{head}{cells}</table></div>{hosts}'
    data, scripts = in_script(list(charts.values())), ("chart.js", "charts.js")
    return document("Speed over commits", f"{len(found)} measurements", body, data, scripts)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("measure", "page"))
    parser.add_argument("out", nargs="?", default="history.html")
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--seconds", type=float, default=0.3)
    options = parser.parse_args()
    if options.what == "measure":
        line = json.dumps(measure(options.seconds))
        with open(options.file, "a", encoding="utf8") as file:
            file.write(line + "\n")
    else:
        Path(options.out).write_text(page(lines(options.file)), encoding="utf8")


if __name__ == "__main__":
    main()
