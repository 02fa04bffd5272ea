"""One panel a question: horizontal bars of each program's rate, log axis, with the ratio written on."""

from __future__ import annotations

import statistics
from pathlib import Path

from questions.harness import Row, short

OURS, OUR_THREAD, OTHERS, LIMIT = "#D9480F", "#F4A77B", "#8DA0B3", "#3B4754"


def _bars(rows: list[Row]) -> list[tuple[str, float, str, str]]:
    """(name, rate, colour, what is written beside), the fastest first."""
    own = statistics.median(row["own"] for row in rows)
    bars = [("Ember ML", own, OURS, "")]
    for row in rows:
        name, ratio = row["rival"], row["ratio"]
        if name.startswith("FMA peak"):
            bars.append((name, own / ratio, LIMIT, f"Ember reaches {100 * ratio:.0f}%"))
        else:
            colour = OUR_THREAD if name.startswith("Ember") else OTHERS
            ahead = f"Ember {_times(ratio)}" if ratio >= 1 else f"{_times(1 / ratio)} Ember"
            # Drawn where the ratio of alternating runs puts it, which other work on the machine moves least.
            bars.append((name, own / ratio, colour, ahead))
    return sorted(bars, key=lambda bar: -bar[1])


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}x" if ratio >= 100 else f"{ratio:.3g}x"


def draw(questions: list[list[Row]], path: Path) -> None:
    """Writes a picture of all questions, two columns of panels."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    questions = [rows for rows in questions if rows]
    pairs = [questions[n : n + 2] for n in range(0, len(questions), 2)]
    heights = [max(len(rows) for rows in pair) + 3.2 for pair in pairs]
    figure = plt.figure(figsize=(13, 0.31 * sum(heights) + 0.9))
    grid = figure.add_gridspec(len(pairs), 2, height_ratios=heights)
    for n, rows in enumerate(questions):
        axes = figure.add_subplot(grid[n // 2, n % 2])
        bars = _bars(rows)
        slots = max(len(other) for other in pairs[n // 2]) + 1
        rates = [rate for _, rate, _, _ in bars]
        low, high = min(rates) / 4, max(rates)
        for y, (name, rate, colour, ahead) in enumerate(bars):
            axes.barh(y, rate - low, left=low, height=0.72, color=colour)
            weight = "bold" if name == "Ember ML" else "normal"
            text = f" {short(rate).strip()}" + (f"   {ahead}" if ahead else "")
            axes.text(rate, y, text, va="center", fontsize=8.5, fontweight=weight, color="0.15")
        axes.set_yticks(range(len(bars)), [name for name, *_ in bars], fontsize=8.5)
        for label, (name, *_) in zip(axes.get_yticklabels(), bars):
            label.set_fontweight("bold" if name == "Ember ML" else "normal")
        axes.set_xscale("log")
        # Room to the right for what is written, the same share of every panel.
        axes.set_xlim(low, high * (high / low) ** 0.42)
        axes.set_ylim(slots - 0.4, -0.6)
        axes.set_title(rows[0]["question"], fontsize=10.5, fontweight="bold", loc="left")
        axes.set_xlabel(f"{rows[0]['unit']} (log)", fontsize=8, color="0.35")
        axes.tick_params(axis="x", labelsize=7.5, colors="0.35")
        axes.tick_params(axis="y", length=0)
        axes.minorticks_off()
        axes.grid(axis="x", color="0.92", linewidth=0.8)
        axes.set_axisbelow(True)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
    figure.suptitle(
        "Ember ML beside other programs on the same work: medians of alternating runs, two cores",
        fontsize=12.5,
        x=0.01,
        ha="left",
    )
    figure.tight_layout(rect=(0, 0, 1, 0.985))
    figure.savefig(path, dpi=110)
    plt.close(figure)
