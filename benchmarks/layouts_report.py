"""What layouts.py measured, as a table and a picture."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

Cell = dict[str, Any]
NEAR = 0.10
COLOURS = {"members": "#2B6CB0", "episodes": "#D9480F", "units": "#2F855A"}
NAMES = {"members": "members in lanes", "episodes": "episodes in lanes", "units": "output units in lanes"}


def _best(cell: Cell) -> str:
    return min(cell["ns"], key=cell["ns"].get)


def _short(ns: float) -> str:
    return f"{ns:.3g}" if ns < 1000 else f"{ns / 1000:.3g}k"


def _share(cells: list[Cell]) -> str:
    near = sum(cell["over"] <= NEAR for cell in cells)
    return f"{near} of {len(cells)} ({100 * near / len(cells):.1f}%)"


def _growth(cells: list[Cell]) -> list[float]:
    """Time of a member's step over that of half the population, where layout and steps are the same."""
    ns = {
        (c["population"], c["hidden"], c["episodes"], c["steps"], c["picked"]): c["ns"][c["picked"]]
        for c in cells
    }
    halves = ((key, (key[0] // 2, *key[1:])) for key in ns)
    return [ns[key] / ns[half] for key, half in halves if half in ns]


def table(cells: list[Cell]) -> str:
    """Markdown."""
    left_out = 11 * 7 * 7 - len(cells)
    growth = _growth(cells)
    quarters = statistics.quantiles(growth, n=20)
    far = sorted((c for c in cells if c["over"] > NEAR), key=lambda c: -c["over"])
    lines = [
        "# Layouts: measured, and what the cost model picks",
        "",
        "`python benchmarks/layouts.py`: CartPole, two hidden layers with tanh, one thread, nanoseconds",
        "of one member's step (its share of noise and perturbation included). Populations 16 to 16,384,",
        "hidden 8 to 512, episodes 1 to 64.",
        "",
        f"**The pick is within 10% of the best of the three layouts in {_share(cells)} of the cells",
        f"measured.** {left_out} of 539 cells were left out because a run of 16 steps would have taken more",
        "than 0.15 s (those of at most 32 members are all measured).",
        "",
        "Cost grows linearly: doubling the population changes the time of a member's step by a factor of",
        f"{statistics.median(growth):.3f} in the median, and by {quarters[0]:.2f} to {quarters[-1]:.2f}",
        f"in nine of ten of {len(growth)} pairs of cells with the same layout and steps. In the picture a",
        "step costs more where there are many members because fewer steps share a member's noise there.",
        "",
        "Population 256: episodes a member, fastest layout (m members, e episodes, u output units), its ns.",
        "",
        "| hidden | near the best, all populations | fastest |",
        "|---|---|---|",
    ]
    for hidden in sorted({c["hidden"] for c in cells}):
        rows = [c for c in cells if c["hidden"] == hidden]
        shown = (
            f"{c['episodes']}: {_best(c)[0]} {_short(c['ns'][_best(c)])}"
            for c in rows
            if c["population"] == 256
        )
        lines.append(f"| {hidden} | {_share(rows)} | {', '.join(shown)} |")
    if not far:
        return "\n".join([*lines, "", "No pick is more than 10% slower than the best."]) + "\n"
    lines += ["", "Picks more than 10% slower than the best:", ""]
    lines += ["| population | hidden | episodes | picked | best | slower by |", "|---|---|---|---|---|---|"]
    for c in far:
        picked, best = (f"{name} {c['ns'][name]:.3g} ns" for name in (c["picked"], _best(c)))
        where = f"{c['population']} | {c['hidden']} | {c['episodes']}"
        lines.append(f"| {where} | {picked} | {best} | {100 * c['over']:.0f}% |")
    return "\n".join(lines) + "\n"


def draw(cells: list[Cell], path: Path) -> None:
    """The fastest layout of every cell, a panel for each number of episodes; then the time of a step."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.patches import Patch, Rectangle

    populations = sorted({c["population"] for c in cells})
    hidden = sorted({c["hidden"] for c in cells})
    episodes = sorted({c["episodes"] for c in cells})
    figure, panels = plt.subplots(2, 4, figsize=(17, 7.6))
    for axes, count in zip(panels.flat, episodes):
        for c in (c for c in cells if c["episodes"] == count):
            x, y = populations.index(c["population"]), hidden.index(c["hidden"])
            axes.add_patch(Rectangle((x, y), 0.96, 0.96, color=COLOURS[_best(c)], alpha=0.85))
            far = c["over"] > NEAR
            text = f"+{100 * c['over']:.0f}%" if far else _short(c["ns"][_best(c)])
            axes.text(
                x + 0.48, y + 0.48, text, ha="center", va="center", fontsize=6.3,
                color="black" if far else "white", fontweight="bold" if far else "normal",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1} if far else None,
            )  # fmt: skip
        axes.set_xlim(0, len(populations))
        axes.set_ylim(0, len(hidden))
        axes.set_xticks(
            [n + 0.48 for n in range(len(populations))], [f"{p:,}" for p in populations], rotation=60
        )
        axes.set_yticks([n + 0.48 for n in range(len(hidden))], hidden)
        axes.set_title(
            f"{count} episode{'s' if count > 1 else ''} a member", fontsize=10, fontweight="bold", loc="left"
        )
        axes.tick_params(labelsize=7, length=0)
        axes.set_facecolor("0.93")
        for side in axes.spines.values():
            side.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel("hidden units, twice", fontsize=8.5)
    last = panels.flat[-1]
    for width in hidden:
        points = [
            (c["population"], c["ns"][c["picked"]])
            for c in cells
            if c["hidden"] == width and c["episodes"] == 1
        ]
        if points:
            xs, ys = zip(*sorted(points))
            last.plot(xs, ys, "o-", color="0.25", linewidth=1, markersize=2.5)
            last.text(xs[-1] * 1.25, ys[-1], f"{width}", va="center", fontsize=7.5)
    last.set_xscale("log", base=2)
    last.set_yscale("log")
    last.set_title("ns a step as picked, 1 episode, by hidden", fontsize=10, fontweight="bold", loc="left")
    last.set_xlabel("population", fontsize=8.5)
    last.tick_params(labelsize=7)
    for side in ("top", "right"):
        last.spines[side].set_visible(False)
    legend = [Patch(color=COLOURS[name], alpha=0.85, label=NAMES[name]) for name in COLOURS]
    legend += [
        Patch(color="0.93", label="left out"),
        Patch(color="white", label="+n%: picked another, n% slower"),
    ]
    figure.legend(handles=legend, loc="upper right", ncols=5, fontsize=8.5, frameon=False)
    figure.suptitle(
        "The fastest layout and its ns a member's step (CartPole, one thread)",
        x=0.01,
        ha="left",
        fontsize=12.5,
    )
    figure.tight_layout(rect=(0, 0, 1, 0.97))
    figure.savefig(path, dpi=90)
    plt.close(figure)
