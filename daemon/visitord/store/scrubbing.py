"""What the server itself still has of erased rows: dead ones in its files, statistics, and WAL.

A deleted row stays in its table's file until something is written over it, and in the write-ahead
log until that is recycled.  Rewriting the tables that rows were erased from drops the one, a
checkpoint on a new segment the other, as far as the account may and the time allows.
"""

from dataclasses import dataclass

from visitord.core.clock import Clock
from visitord.core.errors import DatabaseError, VisitordError
from visitord.store import statements
from visitord.store.database import Database, allow

TABLES = (
    "identity",
    "template",
    "merge",
    "split",
    "rejection",
    "membership",
    "suggestion",
    "reembedding",
    "together",
    "unidentified",
    "visit",
    "event",
    "arrived",
    "event_due",
    "gallery_change",
    "sighting",
)
"""Whose rows are erased; the one that is the largest by far comes last."""
WITHIN_S = 120.0  # a sighting table of a million rows takes about half of it
LEAST_S = 1.0  # with less left, nothing more is begun
_SQL = statements.load("scrubbing")


@dataclass(frozen=True, slots=True)
class _Scrub:
    """One run: on what, and until when by the monotonic clock."""

    database: Database
    clock: Clock
    until_s: float

    @property
    def left_s(self) -> float:
        return self.until_s - self.clock.monotonic()

    def does(self, statement: str) -> bool:
        """Run a statement outside transactions; returns whether it did all that it was to do."""
        if self.left_s < LEAST_S:
            return False
        try:
            with self.database.outside_transactions() as cursor:
                cursor.execute(_SQL["limit"], {"left": f"{self.left_s:.0f}s"})
                allow(cursor, self.left_s)
                cursor.connection.notices.clear()
                cursor.execute(statement)
                # What the account may not do, vacuum leaves out with a warning.
                return not any("WARNING" in line for line in cursor.connection.notices)
        except DatabaseError:
            return False


def scrub(database: Database, clock: Clock, *, ours: bool, within_s: float = WITHIN_S) -> list[str]:
    """Rewrite the tables that rows were erased from, renew statistics, and begin new WAL.

    Whoever records meanwhile waits for a table that is rewritten; what is seen lies in the spool.

    Parameters
    ----------
    database : whose connection is in no transaction
    clock : measures the time it takes
    ours : whether the server is the embedded one, whose settings are ours
    within_s : how long it may take in all

    Returns
    -------
    What could not be done, a sentence each; nothing where all was.
    """
    run = _Scrub(database, clock, clock.monotonic() + within_s)
    left = [table for table in TABLES if not run.does(f"vacuum (full, analyze) visitord.{table}")]
    for table in left:
        run.does(f"vacuum (analyze) visitord.{table}")

    # Samples that the planner had before such columns were left out of them, and their dead rows.
    sampled = _sampled(database)
    if sampled:
        if not run.does(_SQL["clear_statistics"]):
            run.does(_SQL["clear_own_statistics"])
        sampled = not run.does("vacuum full pg_catalog.pg_statistic") or _sampled(database)

    # A segment that is renamed for later use keeps what was in it.
    if ours:
        run.does(_SQL["recycle_no_wal"])
        run.does(_SQL["reload"])
    begun = run.does("checkpoint") and run.does(_SQL["switch_wal"]) and run.does("checkpoint")
    return [*_told(database, left, sampled=sampled, begun=begun)]


def _sampled(database: Database) -> bool:
    """Whether statistics may still hold a name or an embedding; they are there for who may read."""
    try:
        with database.transaction() as cursor:
            return bool(statements.fetch_value(cursor, _SQL["sampled"]))
    except VisitordError:
        return True


def _told(database: Database, left: list[str], *, sampled: bool, begun: bool) -> list[str]:
    told = []
    if left:
        tables = ", ".join(f"visitord.{table}" for table in left)
        told.append(
            "Remains of erased rows may still lie in the files of "
            f"{tables}, which were in use, too large for the time, or are another account's: run "
            "visitorctl forget --clean later, or let their owner run vacuum full on them."
        )
    if sampled:
        told.append(
            "The server's statistics may still hold samples of what was erased: an "
            f"administrator of the database at {database.shown} runs visitorctl forget --clean."
        )
    if not begun:
        told.append(
            "The server's write-ahead log still holds what was erased until it is recycled: an "
            "administrator ends that with checkpoint and pg_switch_wal()."
        )
    return told
