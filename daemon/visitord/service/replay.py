"""Recorded footage and photographs through the same pipeline, as fast as the machine goes, in media
time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from visitord.capture import decode
from visitord.capture.inspection import Inspector
from visitord.core.clock import aware
from visitord.core.errors import ConfigError, MediaError
from visitord.core.file_types import is_photograph
from visitord.core.records import Frame, Picture, TrackReport
from visitord.core.values import NAME_MAX, valid_name
from visitord.models.pack import LivenessDetector, Pack
from visitord.service.recorder import Recorder
from visitord.vision.pipeline import Pipeline

PHOTOGRAPH_S = (
    60.0  # photographs given together stand this far apart when one --start is given for all
)


@dataclass(frozen=True, slots=True)
class Clip:
    """A file, the camera it counts as, when it begins, how long it is (0: unknown), and whether it
    is a photograph.
    """

    path: Path
    camera: str
    start: datetime
    length_s: float
    still: bool


def plan(files: list[Path], camera: str | None, start: datetime | None) -> list[Clip]:
    """When and as which camera each file counts.

    Without `camera`, each file is a camera of its own, called by its name.  With `start`, files of
    one camera follow one another; without, a video ends and a photograph was taken when the file
    was last written.  Raises MediaError for the first file that cannot be read: nothing is analysed
    then.
    """
    clips: list[Clip] = []
    free_from: dict[str, datetime] = {}
    for path in files:
        name = camera or path.stem[:NAME_MAX]
        if not valid_name(name):
            raise ConfigError(f'"{name}" cannot be a camera\'s name; give one with --camera.')
        if not path.is_file():
            raise MediaError(
                f"{path} {'is not a file' if path.exists() else 'cannot be read: No such file'}."
            )
        if still := is_photograph(path):
            decode.photograph(path)
        length_s = 0.0 if still else decode.length_s(path)
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)
        try:
            begin = (
                free_from.get(name, aware(start))
                if start
                else written - timedelta(seconds=length_s)
            )
            free_from[name] = begin + timedelta(seconds=length_s or PHOTOGRAPH_S)
        except OverflowError:
            raise MediaError(
                f"{path} would end after the last day there is; choose an earlier --start."
            ) from None
        clips.append(Clip(path, name, begin, length_s, still))
    return clips


def play(
    clips: list[Clip],
    pack: Pack,
    recorder: Recorder,
    site: str,
    fps: float,
    liveness_detectors: Mapping[str, LivenessDetector] | None = None,
) -> Iterator[tuple[Clip, float]]:
    """Analyse the clips in order; tells after each picture how many seconds of which clip are done.

    liveness_detectors: of the cameras that ask for liveness.
    Raises MediaError for a file damaged further in; what was seen before the damage is recorded.
    """
    for clip in clips:
        pipeline = Pipeline(
            pack, site, liveness_detector=(liveness_detectors or {}).get(clip.camera)
        )
        try:
            for frame in _frames(clip, fps):
                _record(
                    recorder, pipeline.photograph(frame) if clip.still else pipeline.process(frame)
                )
                yield clip, frame.t
        except MediaError:
            _record(recorder, pipeline.flush())
            raise
        # Not reached when interrupted: a track seen half must not be decided, for the next replay
        # would keep that.
        _record(recorder, pipeline.flush())


def _frames(clip: Clip, fps: float) -> Iterator[Frame]:
    if clip.still:
        yield Frame(clip.camera, Picture.of(decode.photograph(clip.path)), clip.start, 0.0)
        return
    inspector = Inspector()
    for picture in decode.recording(clip.path, fps):
        if not inspector.flaw(picture):
            yield Frame(clip.camera, picture, clip.start + timedelta(seconds=picture.t), picture.t)


def _record(recorder: Recorder, reports: list[TrackReport]) -> None:
    for report in reports:
        recorder.handle(report)
