"""Helpers of the tests: a box on disk with its commands, databases, footage made of real faces, synthetic reports."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import av
import cv2
import numpy as np
import psycopg2
from click.testing import CliRunner

import commands
from visitord.cli import visitorctl as admin
from visitord.core.records import Detection, Quality, Shot, TrackReport
from visitord.demo.faces import Portrait, portraits
from visitord.models.pack import middle, portrait

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Box:
    """A folder with config.toml and state, and the commands run in it."""

    folder: Path

    @classmethod
    def at(cls, folder: Path, models_dir: Path | None, url: str, extra: str = "") -> "Box":
        (folder / "state").mkdir(parents=True)
        if models_dir is not None:
            (folder / "state" / "models").symlink_to(models_dir)
        box = cls(folder)
        # Tests run side by side: a thread more would only wait for a core, and use up another one meanwhile.
        box.configure(f'[database]\nurl = "{url}"\n[visit]\ngap = "30s"\n[models]\nthreads = 1\n{extra}')
        return box

    def configure(self, text: str) -> None:
        (self.folder / "config.toml").write_text(text)

    def start(self, command: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """A command as a user starts it, in the box's folder."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / command), *arguments],
            cwd=self.folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def run(self, command: str, *arguments: str, timeout_s: float = 120, **environment: str) -> "Done":
        code, out, err = commands.run([command, *arguments], self.folder, {**os.environ, **environment}, timeout_s)
        assert code != -signal.SIGKILL, f"{command} {arguments} did not end in {timeout_s} s:\n{out}\n{err}"
        return Done(code, out, err)

    def ok(self, command: str, *arguments: str, timeout_s: float = 120) -> str:
        """What a command that must succeed prints."""
        done = self.run(command, *arguments, timeout_s=timeout_s)
        assert done.code == 0, done.err
        return done.out

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What `visitorctl sql` answers; it runs in this process, except where it would keep a database running."""
        arguments = ("sql", query, "--format", "json")
        config = self.folder / "config.toml"
        if not config.exists() or 'url = "embedded"' in config.read_text():
            return list(json.loads(self.ok("visitorctl", *arguments)))
        done = CliRunner().invoke(admin.main, ["--config", str(config), *arguments])
        assert done.exit_code == 0, done.output
        return list(json.loads(done.stdout))


@contextlib.contextmanager
def copied(url: str, template: str = "") -> Iterator[str]:
    """A database of its own while the block runs: as the one at `url`, or as another one of that server."""
    here, name = url.split("?")[0].rsplit("/", 1)[1], f"test_{uuid4().hex}"

    def administer(statement: str) -> None:
        connection = psycopg2.connect(url.replace(f"/{here}?", "/postgres?"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    administer(f"create database {name} template {template or here}")
    try:
        yield url.replace(f"/{here}?", f"/{name}?")
    finally:
        administer(f"drop database {name} with (force)")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    def fails_with(self, *parts: str, code: int = 1) -> None:
        """The command failed as users should see it: the code, one sentence on stderr, no traceback."""
        assert self.code == code, (self.code, self.err)
        assert len(self.err.strip().splitlines()) == 1, self.err
        assert self.err.startswith("Error: "), self.err
        for part in parts:
            assert part in self.err


def align(image: np.ndarray, detection: Detection) -> np.ndarray:
    """The face turned upright and scaled to (112, 112, 3)."""
    return middle(portrait(image, detection))


def people() -> dict[str, Portrait]:
    """The real faces that installed wheels ship."""
    return {portrait.person: portrait for portrait in portraits()}


@dataclass(frozen=True)
class Walk:
    """One person crossing the picture from left to right, at `height` of it (0 top .. 1 bottom)."""

    person: str
    start_s: float
    end_s: float
    height: float = 0.5


def film(path: Path, walks: Sequence[Walk], length_s: float, fps: int = 12, face_px: int = 260) -> Path:
    """A 960×540 H.264 clip of people walking through a plain room; returns its path."""
    portrait = {name: cv2.resize(p.image, (face_px, face_px)) for name, p in people().items()}
    random = np.random.default_rng(1)
    grain = random.integers(-2, 3, (540, 960, 1)).repeat(3, axis=2).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "veryfast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = 960, 540, "yuv420p"
        for i in range(round(length_s * fps)):
            frame = np.full((540, 960 + 2 * face_px, 3), 150, np.uint8)
            for walk in walks:
                share = (i / fps - walk.start_s) / (walk.end_s - walk.start_s)
                if 0 <= share < 1:
                    x, y = round(share * (960 + face_px)), round(walk.height * (540 - face_px))
                    frame[y : y + face_px, x : x + face_px] = portrait[walk.person]
            noise = np.roll(grain, random.integers(0, 540, 2), (0, 1))  # new noise is slow to make
            seen = cv2.add(frame[:, face_px : 960 + face_px], noise, dtype=cv2.CV_8U)
            picture = av.VideoFrame.from_ndarray(np.asarray(seen), format="bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def axis(i: int, j: int | None = None, cosine: float = 1.0, dim: int = 128) -> np.ndarray:
    """A unit vector along axis i, or at this cosine to it in the plane of axes i and j."""
    vector = np.zeros(dim, np.float32)
    vector[i] = cosine
    if j is not None:
        vector[j] = np.sqrt(1 - cosine**2)
    return vector


def report(
    embedding: np.ndarray,
    at_s: float,
    *,
    camera: str = "door",
    length_s: float = 4.0,
    good: bool = True,
    final: bool = True,
    together: Sequence[UUID] = (),
    sighting_id: UUID | None = None,
) -> TrackReport:
    """A track that looks like `embedding`, beginning at_s after START."""
    start = START + timedelta(seconds=at_s)
    quality = Quality(0.8) if good else Quality(0.2, ("small",))
    shot = Shot(start, np.asarray(embedding, np.float32), quality, 80.0 if good else 25.0)
    end = start + timedelta(seconds=length_s)
    chosen = sighting_id or uuid4()
    return TrackReport(chosen, camera, start, end, (shot,) * 5, 20, frozenset(together), final)
