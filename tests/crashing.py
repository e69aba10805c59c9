"""A recorder that is killed again and again while it works through a long day, and continued each time.

Run as a program it loads everything once and forks for each life; `play` is the same day in one life.
"""

import functools
import gc
import itertools
import json
import os
import random
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from support import axis, report
from visitord.core.records import Thresholds, TrackReport
from visitord.service.recorder import Recorder
from visitord.store import sightings
from visitord.store.database import Database
from visitord.store.sightings import Site
from visitord.store.spool import Spool, waiting

LIMITS = Thresholds(match=0.42, new=0.32, merge=0.42, certain=0.55, source="for tests")
SITE = Site("main", "UTC", timedelta(seconds=30))
PEOPLE, LENGTH, AT_ONCE = 25, 360, 4


def day(length: int = LENGTH) -> list[TrackReport]:
    """Reports of tracks as vision hands them over: strangers, people known well and badly, pairs, open tracks.

    What is decided does not depend on how soon: an open track that is clear enough to be decided early says the same
    in its last report, and whoever came just before it taught nothing new.
    """
    return list(itertools.islice(_events(random.Random(5)), length))


def _events(chance: random.Random) -> Iterator[TrackReport]:
    make = functools.partial(_report, chance)
    met: list[int] = []
    at_s = 0.0
    while True:
        at_s += chance.uniform(2, 12)
        kind = chance.choice(["stranger", "known", "new look", "unclear", "poor", "pair", "open", "open"])
        if not met or (kind == "stranger" and len(met) < PEOPLE):
            met.append(len(met))
            stranger = make(axis(met[-1]), at_s)
            yield replace(stranger, final=False, shots=stranger.shots[:2])  # too early to enrol anybody
            yield stranger
            continue
        who, other = chance.choice(met), 40 + chance.randrange(80)
        if kind == "new look":
            yield make(axis(who, other, 0.7), at_s)
        elif kind == "unclear":
            yield make(axis(who, other, 0.37), at_s)
        elif kind == "poor":
            yield make(axis(other), at_s, good=False)
        elif kind == "pair":
            one, two = UUID(int=chance.getrandbits(128)), UUID(int=chance.getrandbits(128))
            yield make(axis(who), at_s, sighting_id=one, together=[two])
            yield make(axis(who, other, 0.95), at_s + 1, sighting_id=two, together=[one])
        elif kind == "open":
            yield make(axis(who), at_s)
            track = make(axis(who, other, 0.9), at_s + 1, length_s=9)
            yield replace(track, ended_at=track.started_at + timedelta(seconds=3), final=False)
            yield track
        else:
            yield make(axis(who), at_s)


def _report(chance: random.Random, embedding: object, at_s: float, **more: object) -> TrackReport:
    given = {"sighting_id": UUID(int=chance.getrandbits(128)), "camera": chance.choice(["door", "hall"]), **more}
    return report(embedding, at_s, **given)  # type: ignore[arg-type]


def play(
    url: str,
    path: Path,
    begin: int = 0,
    told: Callable[[], object] = lambda: None,
    *,
    tracks: Sequence[TrackReport] = (),
    end: bool = True,
) -> None:
    """Hand reports (default: the day's) from number `begin` on to a recorder with a spool; `told` is called after each.

    end: return when all is in the database; otherwise go on until the process is killed.
    """
    database = Database(url)
    sightings.declare_site(database, SITE)
    spool = Spool(path, 100_000_000, "pack-1")
    recorder = Recorder(database, SITE, "pack-1", 128, LIMITS, lambda _: None, spool=spool)
    stop = threading.Event()
    thread = threading.Thread(target=recorder.run, args=(stop,), daemon=True)
    thread.start()
    for track in (tracks or day())[begin:]:
        recorder.submit(track)
        told()
        while waiting(path).sightings > AT_ONCE:
            time.sleep(0.001)
    while not end:
        signal.pause()
    stop.set()
    thread.join(60)
    database.close()


def main(url: str, path: Path, kills: int, seed: int) -> None:
    """Print, as JSON, how many reports had been handed over at each kill; then let one life go on to the end."""
    chance = random.Random(seed)
    day()
    gc.freeze()  # else each new process copies all memory when it collects
    handed: list[int] = []
    for _ in range(kills):
        reading, writing = os.pipe()
        life = os.fork()
        if life == 0:
            play(url, path, handed[-1] if handed else 0, functools.partial(os.write, writing, b"."), end=False)
        os.close(writing)
        heard, wanted = b"", chance.randrange(6)
        while len(heard) < wanted and select.select([reading], [], [], 0.5)[0]:
            heard += os.read(reading, wanted - len(heard))
        time.sleep(chance.uniform(0, 0.015))
        os.kill(life, signal.SIGKILL)
        os.waitpid(life, 0)
        while more := os.read(reading, 100):
            heard += more
        os.close(reading)
        handed.append((handed[-1] if handed else 0) + len(heard))
    play(url, path, handed[-1])
    print(json.dumps(handed))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
