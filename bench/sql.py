"""How fast the views answer when the log is large.

    python bench/sql.py [--people 200000] [--sightings 10000000] [--state FOLDER] [--plans] [--drop]

Fills a PostgreSQL of its own with two years at two sites that never close, up to now: people of
whom some come four times a day and most a few times a year, some of them merged; visits of one to
four sightings; some sightings pending. Then it asks what analysts ask, as they would, and prints
the median time of several runs in milliseconds, fetching included.  With --state the database is
kept in that folder, and used again when it is there; --plans prints how each question is answered;
--drop measures dropping the oldest month, which changes the data.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import psycopg2
import psycopg2.extensions
from rich.console import Console
from rich.table import Table

from visitord.store import migrate
from visitord.store.database import Database

RUNS = 7
Cursor = psycopg2.extensions.cursor
console = Console(width=120, highlight=False)

FILL = {
    "sites": """
        insert into visitord.site values
            ('main', 'Europe/Berlin', '5 minutes'), ('branch', 'America/New_York', '5 minutes')
    """,
    "people": """
        insert into visitord.identity
            (identity_id, number, status, name, root_id, merged_into, created_at)
        select md5('person ' || n)::uuid, n,
               case
                   when n %% 5000 = 7 then 'ignored'
                   when n %% 100 = 3 then 'named'
                   else 'provisional'
               end,
               case when n %% 100 = 3 then 'person ' || n end,
               md5('person ' || n - (n %% 50 = 0)::integer)::uuid,
               case when n %% 50 = 0 then md5('person ' || n - 1)::uuid end,
               now() - interval '730 days'
        from generate_series(1, %(people)s) n
    """,
    "sightings": """
        insert into visitord.sighting
            (sighting_id, identity_id, site, camera, started_at, ended_at, decision, reason, score,
             second_score, candidate_id, quality, good_samples, face_px, pack, embedding)
        select md5('sighting ' || v.n || ' ' || s)::uuid,
               case when v.pending then null else v.person end,
               v.site,
               v.site || ' ' || (v.n + s) %% 3 + 1,
               v.start + s * v.pace,
               v.start + s * v.pace + v.pace / 3,
               case when v.pending then 'pending' else 'matched' end,
               'like a known person at 0.71, and the next at 0.12; match 0.42, new 0.32',
               0.71, 0.12, v.person, 0.6, 5, 80, 'pack', array_fill(0.0884::real, array[128])
        from (
            select n,
                   md5('person ' || 1 + floor(%(people)s * power(random(), 1.7)))::uuid as person,
                   case when random() < 0.75 then 'main' else 'branch' end as site,
                   now() - interval '730 days' * (1 - n / %(visits)s::float8)
                       - interval '2 minutes' as start,
                   interval '1 second' * (10 + floor(230 * random() ^ 2)) as pace,
                   1 + floor(4 * random())::integer as length,
                   random() < 0.03 as pending
            from generate_series(1, %(visits)s) n
        ) v, generate_series(0, v.length - 1) s
    """,
    "templates": """
        insert into visitord.template
        select identity_id, identity_id, null, 'pack', array_fill(0.0884::real, array[128]), 0.8,
               created_at
        from visitord.identity
    """,
    # What rebuild_visits makes one person after another, for all at once.
    "visits": """
        insert into visitord.visit
            (visit_id, identity_id, site, started_at, ended_at, sightings, cameras, last_camera,
             day, previous_day, previous_end)
        select v.*, lag(day) over person, lag(ended_at) over person
        from (
            select (array_agg(sighting_id order by started_at, sighting_id))[1], root_id, site,
                   min(started_at) as started_at, max(ended_at) as ended_at, count(*),
                   array(select c from unnest(array_agg(camera order by started_at, sighting_id))
                         with ordinality u (c, place) group by c order by min(place)),
                   (array_agg(camera order by ended_at desc, started_at desc, sighting_id desc))[1],
                   (min(started_at) at time zone timezone)::date as day
            from (
                select *, count(*) filter (where started_at - until > interval '5 minutes')
                    over (partition by root_id, site order by started_at, sighting_id) as pauses
                from (
                    select sighting_id, root_id, site, camera, started_at, ended_at,
                           max(ended_at) over (
                               partition by root_id, site order by started_at, sighting_id
                               rows between unbounded preceding and 1 preceding
                           ) as until
                    from visitord.sighting join visitord.identity using (identity_id)
                ) s
            ) r join visitord.site using (site)
            group by root_id, site, timezone, pauses
        ) v
        window person as (partition by root_id, site order by started_at)
        order by started_at
    """,
}
# Camera by camera, which needs the indexes.
UNIDENTIFIED = """
    select visitord.refresh_unidentified(site, camera, '-infinity', 'infinity')
    from (select distinct site, camera from visitord.sighting where identity_id is null) c
"""
QUESTIONS = {
    "a month of daily_footfall": """
        select * from visitord.daily_footfall
        where day >= date_trunc('month', current_date - interval '1 month')
          and day < date_trunc('month', current_date)
        order by day, site
    """,
    "the same at one site": """
        select * from visitord.daily_footfall
        where day >= date_trunc('month', current_date - interval '1 month')
          and day < date_trunc('month', current_date)
          and site = 'main'
        order by day
    """,
    "present_now": "select * from visitord.present_now",
    "frequent_visitor, the first 50": """
        select * from visitord.frequent_visitor order by visits_30d desc limit 50
    """,
    "frequent_visitor, 4 visits or more": """
        select * from visitord.frequent_visitor where visits_30d >= 4
    """,
    "frequent_visitor, how many": "select count(*) from visitord.frequent_visitor",
    "frequent_visitor, everybody": "select * from visitord.frequent_visitor",
}
PEOPLE = {
    1: "who comes most often",
    1003: "a regular",
    100_003: "one of many",
}  # nobody was merged into them
for number, who in PEOPLE.items():
    for view in ("visitor", "visit_log", "sighting_log"):
        QUESTIONS[f"{view} of {who}"] = (
            f"select * from visitord.{view} where visitor_id = md5('person {number}')::uuid"
        )
QUESTIONS |= {
    "visitor by name": "select * from visitord.visitor where name = 'person 1003'",
    "a day of visit_log": "select * from visitord.visit_log where day = current_date - 40",
    "everybody, those seen last first": """
        select * from visitord.visitor order by last_seen desc limit 50
    """,
}


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--people", type=int, default=200_000)
    options.add_argument("--sightings", type=int, default=10_000_000)
    options.add_argument("--state", type=Path, help="where to keep the database [default: nowhere]")
    options.add_argument(
        "--plans", action="store_true", help="also print how each question is answered"
    )
    options.add_argument("--drop", action="store_true", help="also drop the oldest month")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="visitord-") as folder:
        state = given.state or Path(folder)
        database = Database.at("embedded", state)
        migrate.migrate(database)
        connection = psycopg2.connect(database.url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select exists (select from visitord.visit)")
            if cursor.fetchone() == (False,):
                fill(cursor, given.people, given.sightings)
            measure(cursor, plans=given.plans)
            recording(cursor)
            if given.drop:
                drop(cursor)
        connection.close()
        database.close()


def fill(cursor: Cursor, people: int, sightings: int) -> None:
    """Build the data; indexes come last, and nothing is checked that is right by construction."""
    cursor.execute(
        "set session_replication_role = replica; "
        "set work_mem = '512MB'; set maintenance_work_mem = '512MB'"
    )
    cursor.execute("set synchronous_commit = off; select setseed(0.5)")
    cursor.execute(
        "select indexname, indexdef from pg_indexes where schemaname = 'visitord' "
        "and indexdef not like '%UNIQUE%' and tablename in ('sighting', 'visit')"
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"drop index visitord.{name}")
    for what, statement in FILL.items():
        begun = time.perf_counter()
        cursor.execute(statement, {"people": people, "visits": sightings * 2 // 5})
        console.print(f"{cursor.rowcount:>10,} {what} in {time.perf_counter() - begun:.0f} s")
    begun = time.perf_counter()
    for _, definition in indexes:
        cursor.execute(definition)
    cursor.execute("vacuum analyze")
    cursor.execute("reset all")
    console.print(f"indexed in {time.perf_counter() - begun:.0f} s")

    begun = time.perf_counter()
    cursor.execute(UNIDENTIFIED)
    cursor.execute("vacuum analyze visitord.visit, visitord.unidentified")
    console.print(f"unidentified counted in {time.perf_counter() - begun:.0f} s")


def measure(cursor: Cursor, *, plans: bool) -> None:
    """Ask every question several times."""
    cursor.execute("select pg_size_pretty(pg_database_size(current_database())), version()")
    console.print("{} on {}".format(*cursor.fetchone() or ()))
    table = Table("question", "rows", "median, ms", "longest, ms", box=None, pad_edge=False)
    for question, statement in QUESTIONS.items():
        times, rows = [], 0
        for _ in range(RUNS + 1):  # the first warms up
            begun = time.perf_counter()
            cursor.execute(statement)
            rows = len(cursor.fetchall())
            times.append((time.perf_counter() - begun) * 1000)
        table.add_row(
            question, f"{rows:,}", f"{statistics.median(times[1:]):.1f}", f"{max(times[1:]):.1f}"
        )
        if plans:
            cursor.execute(f"explain (analyze, buffers, costs off) {statement}")
            console.print(
                f"\n{question}\n{statement}\n" + "\n".join(row[0] for row in cursor.fetchall()),
                markup=False,
            )
    console.print(table)


def recording(cursor: Cursor) -> None:
    """What a recorder pays: the visits of a person looked at again because one sighting changed."""
    for number, who in PEOPLE.items():
        cursor.execute(
            "select identity_id, site, started_at, ended_at from visitord.visit "
            "where identity_id = md5('person ' || %s)::uuid order by started_at desc limit 1",
            (number,),
        )
        if not cursor.rowcount:
            continue
        person, site, start, end = cursor.fetchone() or ()
        times = []
        for _ in range(RUNS + 1):
            begun = time.perf_counter()
            cursor.execute(
                "select * from visitord.refresh_visits(%s, %s, '5 minutes', %s, %s)",
                (person, site, start, end),
            )
            times.append((time.perf_counter() - begun) * 1000)
            assert cursor.fetchall() == [], "the visits are not what the sightings say"
        console.print(f"visits of {who} looked at again: {statistics.median(times[1:]):.1f} ms")

    cursor.execute(
        "select site, camera, started_at, ended_at from visitord.sighting "
        "where identity_id is null order by started_at desc limit 1"
    )
    newest = cursor.fetchone()
    times = []
    for _ in range(RUNS + 1):
        begun = time.perf_counter()
        cursor.execute("select visitord.refresh_unidentified(%s, %s, %s, %s)", newest)
        times.append((time.perf_counter() - begun) * 1000)
    console.print(f"the newest unidentified looked at again: {statistics.median(times[1:]):.1f} ms")


def drop(cursor: Cursor) -> None:
    """Drop the oldest month, as docs/sql.md says."""
    begun, dropped, calls, longest = time.perf_counter(), 0, 0, 0.0
    while True:
        asked = time.perf_counter()
        cursor.execute("select visitord.drop_before(now() - interval '700 days')")
        ((some,),) = cursor.fetchall()
        if not some:
            break
        dropped, calls, longest = (
            dropped + some,
            calls + 1,
            max(longest, time.perf_counter() - asked),
        )
    took = time.perf_counter() - begun
    console.print(
        f"{dropped:,} sightings dropped in {took:.0f} s, {calls} calls of at most {longest:.1f} s"
    )


if __name__ == "__main__":
    main()
