"""The page as text: every value that comes from a training or its reader is escaped, and a policy in its
head forbids the browser to load anything or to run a script other than ours.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from ember_ml.report.measured import final
from ember_ml.report.numbers import count_text, seconds_text, value_text
from ember_ml.report.page import curves
from ember_ml.report.page.film import film
from ember_ml.report.page.numbers import in_script
from ember_ml.report.page.sheet import Sheet

_HERE = Path(__file__).parent
_SCRIPTS = ("chart.js", "film.js", "page.js")


def page(groups: Mapping[str, Sequence[Sheet]], episode: int = 0) -> str:
    """The page of one training, or of groups of them by name."""
    sheets = [sheet for members in groups.values() for sheet in members]
    single = len(sheets) == 1
    if single:
        chart = curves.one(sheets[0].run)
        films = [{"name": "", "film": film(sheets[0].run, episode)}]
    else:
        chart = curves.several({name: [sheet.run for sheet in members] for name, members in groups.items()})
        films = [_middle(name, members, episode) for name, members in groups.items()]
    tasks = " / ".join(dict.fromkeys(sheet.run.env.name for sheet in sheets))
    body = _one(sheets[0]) if single else _several(groups)
    kinds = " / ".join(dict.fromkeys(sheet.run.config["strategy"]["type"] for sheet in sheets))
    lead = f"{kinds}, seed {sheets[0].run.seed}" if single else f"{len(sheets)} trainings"
    return document(tasks, lead, body, in_script({"chart": chart, "films": films}))


def _middle(name: str, members: Sequence[Sheet], episode: int) -> dict[str, Any]:
    """The film of the member whose evaluated mean is the (lower) median of its group."""
    means = [_mean(sheet) for sheet in members]
    chosen = members[int(np.argsort(means, kind="stable")[(len(means) - 1) // 2])]
    label = f"{name}: seed {chosen.run.seed}" + (", the median of its group" if len(members) > 1 else "")
    return {"name": label, "film": film(chosen.run, episode)}


def _mean(sheet: Sheet) -> float:
    measured = final(sheet.run)
    return float(sheet.run.history["policy_return"][-1]) if measured is None else measured.mean


def document(title: str, lead: str, body: str, data: str, scripts: Sequence[str] = _SCRIPTS) -> str:
    """A whole page around `body`, which is markup; `data` is what `in_script` gives, for the scripts."""
    script = "\n".join((_HERE / name).read_text("utf8") for name in scripts)
    style = (_HERE / "page.css").read_text("utf8")
    policy = (
        f"default-src 'none'; img-src data:; script-src {_hash(script)}; style-src {_hash(style)};"
        " base-uri 'none'; form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}: training report</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p class="lead">{escape(lead)}</p>
{body}
</main>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_CURVE = """<h2>Learning curve</h2>
<p class="small">Drag over a part to enlarge it, double-click to see all; names below hide their curves.</p>
<div id="curve"></div>
<noscript><p class="note">The curve and the animation need JavaScript.</p></noscript>"""


def _one(sheet: Sheet) -> str:
    run = sheet.run
    h = run.history.to_numpy()
    seconds, steps = float(h["wall_time"][-1]), float(h["steps"].sum())
    measured = final(run)
    if measured is None:
        tiles = [("last return in training", value_text(float(h["policy_return"][-1])), "")]
    else:
        interval = (
            f"95%: {value_text(measured.low)} to {value_text(measured.high)}, "
            if measured.episodes > 1
            else ""
        )
        tiles = [
            (
                "evaluated mean return",
                value_text(measured.mean),
                f"{interval}{measured.episodes} fresh episodes",
            )
        ]
    tiles += [
        ("generations", str(len(h)), _planned(run)),
        ("environment steps", count_text(steps), f"{int(h['episodes'].sum()):,} episodes"),
        ("time", seconds_text(seconds), f"{count_text(steps / seconds)} steps/s" if seconds > 0 else ""),
        ("parameters", f"{run.theta.size:,}", _network(run.config)),
        ("digest", run.digest, "of the last policy's parameters"),
    ]
    drawn = "".join(
        f"<div><dt>{escape(name)}</dt><dd{_letters(name)}>{escape(value)}"
        + (f"<small>{escape(more)}</small>" if more else "")
        + "</dd></div>"
        for name, value, more in tiles
    )
    return f"""<dl class="tiles">{drawn}</dl>
{_CURVE}
<h2>One episode of the trained policy</h2>
<div id="films"></div>
<h2>To make it again</h2>
{_again(sheet)}
<h2>Configuration</h2>
{_configuration(sheet)}"""


def _letters(name: str) -> str:
    return ' class="code"' if name == "digest" else ""


def _several(groups: Mapping[str, Sequence[Sheet]]) -> str:
    rows = []
    for name, members in groups.items():
        for sheet in members:
            run, measured = sheet.run, final(sheet.run)
            worth = "" if measured is None else value_text(measured.mean)
            if measured is not None and measured.episodes > 1:
                worth += f" [{value_text(measured.low)}, {value_text(measured.high)}]"
            steps = count_text(float(run.history["steps"].sum()))
            cells = [sheet.name, name, str(run.seed), str(len(run.history)), steps, worth, run.digest]
            rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    names = ("file", "group", "seed", "generations", "steps", "evaluated mean [95%]", "digest")
    head = "".join(f"<th>{name}</th>" for name in names)
    details = "".join(
        f"<details><summary>{escape(_summary(sheet))}</summary>{_again(sheet)}{_configuration(sheet)}</details>"
        for members in groups.values()
        for sheet in members
    )
    return f"""{_CURVE}
<p class="small">A group's curve is the median over its runs, its band reaches from the lower to the upper
quartile. A run that ended sooner than others counts on with its last value; from there the curve is
dotted.</p>
<h2>Runs</h2>
<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>
<h2>One episode of each group</h2>
<div id="films"></div>
<h2>To make them again</h2>
{details}"""


def _summary(sheet: Sheet) -> str:
    return f"{sheet.name or sheet.run.env.name}, seed {sheet.run.seed}"


def _again(sheet: Sheet) -> str:
    notes = "".join(f'<p class="small">{escape(note)}</p>' for note in sheet.notes)
    what = "In a shell" if sheet.shell else "In Python"
    said = (
        f"{what}, where the versions below are installed. The same digest at its end means the same"
        " parameters to the bit. First parameters are taken to be those that the seed draws."
    )
    return f'<p class="small">{said}</p><pre class="command">{escape(sheet.command)}</pre>{notes}'


def _configuration(sheet: Sheet) -> str:
    config = sheet.run.config
    strategy = dict(config["strategy"])
    rows = [
        ("environment", f"{config['env']['name']} {_arguments(config['env']['kwargs'])}"),
        ("policy", _network(config)),
        ("strategy", f"{strategy.pop('type')} {_arguments(strategy)}"),
        ("preset", str(config.get("preset") or "none")),
        ("engine", str(config.get("engine_used", ""))),
        *((f"{name.replace('_', ' ')}", str(version)) for name, version in sheet.versions.items()),
    ]
    drawn = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    text = escape(json.dumps(config, indent=1, default=str))
    whole = f"<details><summary>all of it, as it is saved</summary><pre>{text}</pre></details>"
    return f"<table>{drawn}</table>{whole}"


def _arguments(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items() if value is not None)


def _network(config: Mapping[str, Any]) -> str:
    policy = config["policy"]
    if policy["spec"] is None:
        return str(policy["class"])
    layers = policy["spec"]["layers"]
    sizes = [policy["spec"]["inputs"], *(layer["outputs"] for layer in layers)]
    text = " \u2192 ".join(map(str, sizes))
    return f"{text} ({policy['class']})" if policy["class"] else text


def _planned(run: Any) -> str:
    plan, done = run.config["generations"], len(run.history)
    ended = "ended by Ctrl-C" if run.interrupted else "until was reached" if run.reached else ""
    return ended or (f"of {plan} planned" if plan and plan != done else "")
