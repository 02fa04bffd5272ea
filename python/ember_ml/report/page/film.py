"""One episode of a trained policy as data: strokes or small pictures, observations, actions, returns."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.errors import EvaluationError, is_installed
from ember_ml.report.canvas import HEIGHT, WIDTH, Strokes
from ember_ml.report.episode import Episode, play
from ember_ml.report.labels import labels
from ember_ml.report.page.numbers import short

if TYPE_CHECKING:
    from ember_ml.es.result.run import Run

#: Pictures and steps of an episode that the page holds, at most.
FRAMES, STEPS = 250, 1000

#: Observation and action values that the page holds, at most.
VALUES = 8

#: Pixels of the longer side of a picture that an environment drew of itself.
SIDE = 480


def film(run: Run, episode: int = 0) -> dict[str, Any]:
    """The episode, or {"missing": why there is none}."""
    if run.env.absent:
        return {"missing": "The environment was not at hand when this page was made, so no episode is shown."}
    own = run.env.kind == "builtin"
    try:
        played = play(run, episode, frames=own or is_installed("PIL"), most_frames=FRAMES, canvas=Strokes)
    except (EvaluationError, ValueError) as error:  # the curve is worth a page without it
        return {"missing": f"No episode is shown: {error}"}
    names = played.labels or labels(run.env)
    steps = len(played.rewards)
    some = np.unique(np.linspace(0, steps, min(steps + 1, STEPS)).astype(int))
    acted = played.actions.reshape(steps, -1)[np.minimum(some, steps - 1)]
    rows = [(n, played.observations[some, i]) for i, n in enumerate(names.observations[:VALUES])]
    if acted.shape[1] == 1:
        rows.append(("action", acted[:, 0]))
    else:
        acts = names.actions or tuple(f"action {i}" for i in range(acted.shape[1]))
        rows += [(name, acted[:, i]) for i, name in enumerate(acts[: min(VALUES, acted.shape[1])])]
    rows.append(("return so far", played.returns[some]))
    found: dict[str, Any] = {
        "end": played.end,
        "total": short([played.total])[0],
        "steps": steps,
        "at": some.tolist(),
        "rows": [{"name": name, "values": short(values)} for name, values in rows],
        "choices": list(names.actions) if run.env.discrete else [],
    }
    if played.frames:
        found.update(_strokes(played) if isinstance(played.frames[0], list) else _pictures(played))
    return found


def _strokes(played: Episode) -> dict[str, Any]:
    """Each stroke once, and for each frame which."""
    numbers: dict[Any, int] = {}
    frames = [[numbers.setdefault(stroke, len(numbers)) for stroke in frame] for frame in played.frames]
    return {
        "size": [WIDTH, HEIGHT],
        "strokes": list(numbers),
        "frames": frames,
        "frame_steps": played.frame_steps,
    }


def _pictures(played: Episode) -> dict[str, Any]:
    from PIL import Image

    made = []
    for frame in played.frames:
        image = Image.fromarray(frame)
        image.thumbnail((SIDE, SIDE))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=72, optimize=True)
        made.append("data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode())
    height, width = played.frames[0].shape[:2]
    scale = min(1.0, SIDE / max(width, height))
    size = [round(width * scale), round(height * scale)]
    return {"size": size, "pictures": made, "frame_steps": played.frame_steps}
