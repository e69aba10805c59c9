"""Recorded footage and photographs through the same pipeline, as fast as the machine goes.

Time is the footage's own: what is seen is stamped with it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from uuid import UUID

from visitord.capture import photographs, recordings
from visitord.capture.inspection import Inspector
from visitord.capture.photographs import Kind
from visitord.core.clock import aware
from visitord.core.errors import ConfigError, MediaError
from visitord.core.file_types import has_pictures_name
from visitord.core.records import Frame, Picture, TrackReport
from visitord.core.text import as_text, composed
from visitord.core.values import NAME_MAX, valid_name
from visitord.models.pack import LivenessDetector, Pack
from visitord.service.recorder import Recorder
from visitord.vision.pipeline import Pipeline

# Between photographs of one camera, when one --start is given for all of them
PHOTOGRAPH_S = 60.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A file to replay.

    camera: the one it counts as.  start: when it begins.  length_s: 0 of a photograph.  still:
    whether it is one.
    """

    path: Path
    camera: str
    start: datetime
    length_s: float
    still: bool


@dataclass(frozen=True, slots=True)
class Analysed:
    """How far a clip is analysed, in seconds from its start."""

    clip: Clip
    done_s: float


# When and as which camera each file counts


def plan(files: Sequence[Path], camera: str | None, start: datetime | None) -> list[Clip]:
    """Arrange files in time, before any of them is analysed.

    Parameters
    ----------
    files
        Videos and photographs, in order.
    camera
        The camera that all of them count as; without it each file is a camera of its own, called by
        its name.
    start
        When the first file of each camera begins; the others of that camera follow it.  Without it
        a video ends, and a photograph was taken, when the file was last written.

    Raises
    ------
    ConfigError
        When a file's name cannot be a camera's.
    MediaError
        For the first file that cannot be read.
    """
    clips: list[Clip] = []
    free_from: dict[str, datetime] = {}
    for path in files:
        name = camera or composed(as_text(path.stem))[:NAME_MAX]
        if not valid_name(name):
            raise ConfigError(f'"{name}" cannot be a camera\'s name; give one with --camera.')
        _require_file(path)
        still, length_s = _examined(path)

        try:
            if start:
                begin = free_from.get(name, aware(start))
            else:
                begin = _written_at(path) - timedelta(seconds=length_s)
            free_from[name] = begin + timedelta(seconds=PHOTOGRAPH_S if still else length_s)
        except OverflowError:
            raise MediaError(
                f"{path} would end after the last day there is; choose an earlier --start."
            ) from None

        clips.append(Clip(path, name, begin, length_s, still))
    return clips


def _require_file(path: Path) -> None:
    if path.is_file():
        return
    reason = "is not a file" if path.exists() else "cannot be read: No such file"
    raise MediaError(f"{path} {reason}.")


def _examined(path: Path) -> tuple[bool, float]:
    """Whether a file is a photograph, and its length in seconds; raises MediaError."""
    kind = photographs.kind_of(path)
    if kind is Kind.PHOTOGRAPH:
        photographs.read(path)
        return True, 0.0
    if kind is Kind.ANIMATION:
        photographs.require_played(path)

    try:
        return False, recordings.length_s(path)
    except MediaError:
        if has_pictures_name(path):
            raise photographs.not_decoded(path) from None
        raise


def _written_at(path: Path) -> datetime:
    """When a file was last written, in whole seconds."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)


# Playing them


def play(
    clips: Iterable[Clip],
    pack: Pack,
    recorder: Recorder,
    site: str,
    fps: float,
    liveness_detectors: Mapping[str, LivenessDetector] | None = None,
    note: Callable[[UUID], None] = lambda _: None,
    pixel_aspects: Mapping[str, Fraction | None] | None = None,
) -> Iterator[Analysed]:
    """Analyse and record the clips in order; says after each picture how far it is.

    A caller that stops asking leaves the open tracks undecided: what is seen half must not be
    recorded, for the next replay would keep that.

    Parameters
    ----------
    clips
        From `plan`.
    pack
        The detector and the recogniser.
    recorder
        Takes what was seen; it must be prepared.
    site
        Name of the site.
    fps
        Pictures of a video that are analysed for each second of it.
    liveness_detectors
        Those of the cameras that ask for liveness, by name.
    note
        Called with the id of each sighting before it is recorded.
    pixel_aspects
        Those that are said of cameras, by name.

    Raises
    ------
    MediaError
        For a file damaged further in; what was seen before the damage is recorded.
    DatabaseError
        When the database does not take what was seen.
    """
    for clip in clips:
        liveness_detector = (liveness_detectors or {}).get(clip.camera)
        pipeline = Pipeline(pack, site, liveness_detector=liveness_detector)
        analyse = pipeline.photograph if clip.still else pipeline.process

        try:
            for frame in _frames(clip, fps, (pixel_aspects or {}).get(clip.camera)):
                _record(recorder, analyse(frame), note)
                yield Analysed(clip, frame.t)
        except MediaError:
            _record(recorder, pipeline.flush(), note)
            raise
        _record(recorder, pipeline.flush(), note)


def _frames(clip: Clip, fps: float, pixel_aspect: Fraction | None) -> Iterator[Frame]:
    if clip.still:
        picture = Picture.of(photographs.read(clip.path))
        yield Frame(clip.camera, picture, clip.start, picture.t)
        return

    inspector = Inspector()
    for picture in recordings.read(clip.path, fps, pixel_aspect=pixel_aspect):
        if not inspector.flaw(picture):
            at = clip.start + timedelta(seconds=picture.t)
            yield Frame(clip.camera, picture, at, picture.t)


def _record(
    recorder: Recorder, reports: Iterable[TrackReport], note: Callable[[UUID], None]
) -> None:
    for report in reports:
        note(report.sighting_id)
        recorder.handle(report)
