"""A store in memory, in place of the one with SQL."""

import contextlib
from collections.abc import Collection, Iterator, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from visitord.core.records import Arrival, DecidedSighting, Template, TrackReport
from visitord.store import (
    erasure,
    gallery_changes,
    identities,
    sightings,
    suggestions,
    templates,
)
from visitord.store.gallery_changes import GalleryVersion
from visitord.store.site import Site


@dataclass
class FakeStore:
    """A database whose rows are in lists; `failures` are raised by the next transactions."""

    version: int = 0
    schema: str = "1"
    templates: list[Template] = field(default_factory=list)
    changed_since: dict[int, set[UUID]] = field(default_factory=dict)
    written: list[DecidedSighting] = field(default_factory=list)
    extended: list[TrackReport] = field(default_factory=list)
    paired: list[frozenset[UUID]] = field(default_factory=list)  # the new pairs of these reports
    doubts: list[tuple[UUID, UUID]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    write_failures: list[Exception] = field(default_factory=list)  # in the midst of a transaction
    connected: bool = True
    raced: int = 0  # how often another box takes a version just before ours
    fetched: list[object] = field(default_factory=list)  # of whom templates were asked for
    forgotten_at: datetime | None = None  # when somebody was forgotten last

    @contextlib.contextmanager
    def transaction(self) -> Iterator["FakeStore"]:
        if self.failures:
            raise self.failures.pop(0)
        before = self.version, list(self.written)
        try:
            yield self
        except Exception:
            self.version, self.written = before
            raise

    # What stands in for visitord.store.gallery_changes, identities and templates

    def estimated_count(self, _: object) -> int:
        return 2 * len(self.templates)

    def highest_number(self, _: object) -> int:
        return max((t.root_id.int for t in self.templates), default=0)

    def read_version(self, _: object) -> GalleryVersion:
        return GalleryVersion(self.version, self.schema)

    def read_templates(
        self, _: object, __: str, of: Collection[UUID] | None = None
    ) -> list[Template]:
        self.fetched.append(of)
        return [t for t in self.templates if of is None or t.identity_id in of]

    def read_changes(self, _: object, since: int) -> set[UUID]:
        return self.changed_since.get(since, set())

    def announce(self, _: object, __: object) -> int:
        if self.raced:
            self.raced -= 1
            self.version += 1
        self.version += 1
        return self.version

    # What stands in for visitord.store.suggestions and sightings

    def doubt(self, _: object, enrolled: UUID, candidate: UUID, *__: object) -> None:
        self.doubts.append((enrolled, candidate))

    def known(self, _: object, sighting_id: UUID) -> bool:
        return any(decided.report.sighting_id == sighting_id for decided in self.written)

    def companions(self, _: object, __: TrackReport) -> set[UUID]:
        return set()

    def recent(self, _: object, at: datetime, within: timedelta) -> set[UUID]:
        people = set()
        for decided in self.written:
            person = decided.verdict.identity_id
            if person and at - within < decided.report.started_at <= at:
                people.add(person)
        return people

    def forgotten_since(self, _: object, moment: datetime) -> bool:
        return self.forgotten_at is not None and self.forgotten_at >= moment

    def extend(self, _: object, report: TrackReport, __: Site, paired: Set[UUID]) -> Arrival | None:
        self.extended.append(report)
        self.paired.append(report.together - paired)
        return None

    def write(self, _: object, decided: DecidedSighting, site: Site) -> Arrival | None:
        if self.write_failures:
            raise self.write_failures.pop(0)
        self.written.append(decided)
        identity_id = decided.verdict.identity_id
        if identity_id is None:
            return None
        if decided.template:
            self.templates.append(replace(decided.template, name="visitor 1"))
        report = decided.report
        return Arrival(identity_id, "visitor 1", site.name, report.camera, report.started_at, 1)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> FakeStore:
    fake = FakeStore()
    monkeypatch.setattr(gallery_changes, "version", fake.read_version)
    monkeypatch.setattr(gallery_changes, "since", fake.read_changes)
    monkeypatch.setattr(gallery_changes, "announce", fake.announce)
    monkeypatch.setattr(identities, "highest_number", fake.highest_number)
    monkeypatch.setattr(templates, "estimated_count", fake.estimated_count)
    monkeypatch.setattr(templates, "templates", fake.read_templates)
    monkeypatch.setattr(suggestions, "doubt", fake.doubt)
    monkeypatch.setattr(erasure, "forgotten_since", fake.forgotten_since)
    for name in ("known", "companions", "recent", "extend", "write"):
        monkeypatch.setattr(sightings, name, getattr(fake, name))
    return fake
