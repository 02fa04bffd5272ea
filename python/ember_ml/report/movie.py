"""One episode of a trained policy as a GIF, an MP4 or a moving picture in a notebook."""

from __future__ import annotations

import base64
import io
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.atomic_file import check_target, replacing
from ember_ml.errors import MissingExtra, need
from ember_ml.report.episode import Episode, play
from ember_ml.report.files import check_suffix
from ember_ml.report.notebook import displayed, show_after_cell
from ember_ml.report.numbers import value_text
from ember_ml.report.style import MUTED
from ember_ml.report.traces import traces
from ember_ml.validate import positive, positive_int

if TYPE_CHECKING:
    from ember_ml.es.result.run import Run

#: Seconds that the end stands before the animation begins again.
_REST = 1.5


class Animation:
    """A moving picture in memory: a notebook shows it, `save` writes it.

    Attributes:
        frames: pictures (height, width, 3) uint8.
        fps: pictures a second.
    """

    def __init__(self, frames: list[np.ndarray], fps: float, name: str) -> None:
        self.frames = frames
        self.fps = fps
        self.name = name

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes a ``.gif``, or an ``.mp4`` where ffmpeg is there.

        Raises:
            ValueError: another suffix.
            MissingExtra: ffmpeg is not there.
        """
        _check(path)
        path = Path(path)
        made = self.gif() if path.suffix.lower() == ".gif" else _mp4(self.frames, self.fps)
        with replacing(path) as file:
            file.write(made)
        return path

    def gif(self) -> bytes:
        """The animated GIF; its pauses are whole hundredths of a second."""
        need("PIL", "plot")
        from PIL import Image

        images = _quantized([Image.fromarray(frame) for frame in self.frames])
        pauses = [max(20, round(100 / self.fps) * 10)] * (len(images) - 1) + [round(1000 * _REST)]
        file = io.BytesIO()
        images[0].save(
            file, "GIF", save_all=True, append_images=images[1:], duration=pauses, loop=0, optimize=False
        )
        return file.getvalue()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        displayed(self)
        text = base64.b64encode(self.gif()).decode()
        return {
            "text/html": f'<img src="data:image/gif;base64,{text}" alt="{self.name}">',
            "text/plain": repr(self),
        }

    def _repr_html_(self) -> str:
        return self._repr_mimebundle_()["text/html"]

    def __repr__(self) -> str:
        height, width = self.frames[0].shape[:2]
        what = f"{len(self.frames)} pictures of {width} x {height}"
        return f"Animation({self.name}, {what}, {self.fps:g} a second)"


def animate(
    run: Run,
    path: str | os.PathLike[str] | None = None,
    episode: int = 0,
    fps: float = 30,
    most_frames: int = 300,
    dark: bool | None = False,
) -> Path | Animation:
    """One episode of the trained policy as an animation: drawn by us for a built-in environment (with its
    constants), by its own `render` for any other, and without one as traces of its observations. Step and
    return so far stand above.

    Args:
        path: file to write, ending in ``.gif``, or in ``.mp4`` where ffmpeg is there; None gives an
            `Animation`, which a notebook shows.
        episode: number of the episode of `run.evaluate` whose start is taken.
        fps: pictures a second.
        most_frames: a longer episode is thinned out to so many pictures, at least 2.
        dark: traces on a dark ground; None asks matplotlib's style.

    Raises:
        MissingExtra: matplotlib, pillow or (for .mp4) ffmpeg is not installed.
        ValueError: another suffix, or an argument out of range.
        EvaluationError: the environment, or its `render`, failed.
    """
    need("matplotlib", "plot")
    need("PIL", "plot")
    if path is not None:
        _check(path)
    positive("fps", fps)
    if positive_int("most_frames", most_frames) < 2:
        raise ValueError(f"most_frames: got {most_frames!r}, wanted at least 2")
    played = play(run, episode, frames=True, most_frames=most_frames)
    if played.frames:
        frames = _captioned(played, run.env.name)
    else:
        frames = traces(played, run.env, most_frames, dark)
    made = Animation(frames, fps, f"{run.env.name}, return {value_text(played.total)}")
    if path is not None:
        return made.save(path)
    show_after_cell(made)
    return made


def _check(path: str | os.PathLike[str]) -> None:
    check_suffix(path, ("gif", "mp4"), ".gif or .mp4")
    check_target(path)
    if Path(path).suffix.lower() == ".mp4":
        _ffmpeg()


def _captioned(played: Episode, name: str) -> list[np.ndarray]:
    """The pictures with a strip above that says the environment, the step and the return so far."""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    height, width = played.frames[0].shape[:2]
    size = int(np.clip(width / 34, 10, 26))
    font = ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
    strip = round(2.1 * size)
    returns, steps = played.returns, len(played.rewards)
    ends = {"terminated": "the end", "truncated": "the end", "time limit": "time limit"}
    frames = []
    for picture, step in zip(played.frames, played.frame_steps):
        if picture.shape[:2] != (height, width):  # an environment may change the size of its window
            picture = np.asarray(Image.fromarray(picture).resize((width, height)))
        image = Image.new("RGB", (width, strip + height), "white")
        image.paste(Image.fromarray(picture), (0, strip))
        pen = ImageDraw.Draw(image)
        right = f"step {step}   return {value_text(float(returns[step]))}"
        if step == steps:
            right += f"   {ends[played.end]}"
        room = width - 2 * size
        end = pen.textlength(right, font)
        pen.text((width - size - min(end, room), strip / 2), right, fill="#1a1a1a", font=font, anchor="lm")
        if pen.textlength(name, font) + end + 2 * size < room:
            pen.text((size, strip / 2), name, fill=MUTED, font=font, anchor="lm")
        frames.append(np.asarray(image))
    return frames


def _quantized(images: list[Any]) -> list[Any]:
    """The images in 128 colours, the same for all, taken from a few of them: so nothing flickers."""
    from PIL import Image

    some = [images[i] for i in np.unique(np.linspace(0, len(images) - 1, 5).astype(int))]
    width, height = images[0].size
    sheet = Image.new("RGB", (width, height * len(some)))
    for index, image in enumerate(some):
        sheet.paste(image, (0, height * index))
    palette = sheet.quantize(112, method=Image.Quantize.MEDIANCUT)
    # Averaging makes the white ground grey: the lightest colour becomes white where it nearly is.
    colors = np.array(palette.getpalette()).reshape(-1, 3)[:112]
    lightest = colors.sum(axis=1).argmax()
    if colors[lightest].min() >= 245:
        colors[lightest] = 255
    palette.putpalette(_with_rare_ones(colors, np.asarray(sheet), 16).ravel().tolist())
    return [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]


def _with_rare_ones(colors: np.ndarray, picture: np.ndarray, more: int) -> np.ndarray:
    """`colors`, (n, 3), and those `more` colours of the picture that were farthest from all of them.

    The palette goes by area, and what is small would get the colour of something large.
    """
    found = picture.reshape(-1, 3)
    # Shades that nobody tells apart count once.
    shades = (found >> 3).astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16], np.uint32)
    found = found[np.unique(shades, return_index=True)[1]].astype(int)
    away = np.abs(found[:, None] - colors[None]).max(axis=2).min(axis=1)
    for _ in range(more):
        rarest = found[away.argmax()]
        colors = np.vstack([colors, rarest])
        away = np.minimum(away, np.abs(found - rarest).max(axis=1))
    return colors


def _ffmpeg() -> str:
    """The program that writes MP4: matplotlib's setting, the PATH's, or imageio-ffmpeg's."""
    from matplotlib import rcParams

    found = shutil.which(rcParams["animation.ffmpeg_path"]) or shutil.which("ffmpeg")
    if found is not None:
        return found
    try:
        import imageio_ffmpeg
    except ImportError:
        raise MissingExtra(
            "path: an .mp4 is written by ffmpeg, which is not installed: install the program ffmpeg, or "
            "`pip install imageio-ffmpeg`; a .gif needs neither",
            name="imageio_ffmpeg",
        ) from None
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _mp4(frames: list[np.ndarray], fps: float) -> bytes:
    height, width = frames[0].shape[:2]
    # The common encoding of colours needs even sizes: the last row and column are written twice.
    padding = ((0, height % 2), (0, width % 2), (0, 0))
    pictures = [np.pad(frame, padding, mode="edge") for frame in frames]
    pictures += pictures[-1:] * round(fps * _REST)
    size = f"{width + width % 2}x{height + height % 2}"
    with tempfile.TemporaryDirectory(prefix="ember-movie-") as folder:
        made = Path(folder) / "movie.mp4"
        command = [_ffmpeg(), "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size]
        command += [
            "-r",
            f"{fps:g}",
            "-i",
            "-",
            "-an",
            "-pix_fmt",
            "yuv420p",
            "-movflags",
            "+faststart",
            str(made),
        ]
        raw = b"".join(picture.tobytes() for picture in pictures)
        answer = subprocess.run(command, input=raw, capture_output=True, check=False)
        if answer.returncode != 0:
            said = answer.stderr.decode(errors="replace").strip()
            raise RuntimeError(f"ffmpeg cannot make the .mp4 (exit status {answer.returncode}): {said}")
        return made.read_bytes()
