"""Sites, cameras and boxes whose names were kept in more than one Unicode form become one again."""

from dataclasses import replace
from unicodedata import normalize

from psycopg2.sql import SQL, Identifier

from fixtures.build import NOON
from fixtures.reports import axis, report
from fixtures.visit_log import SITE, VisitLog
from visitord.capture.health import Health, State
from visitord.store import cameras, migrate
from visitord.store.database import Database
from visitord.store.site import declare_site

DOOR, CAFE = "entrée", "café"
DECOMPOSED_DOOR, DECOMPOSED_CAFE = normalize("NFD", DOOR), normalize("NFD", CAFE)
MIGRATION = "0009_composed_names"
SITES = [replace(SITE, name=name) for name in ("main", "elsewhere", CAFE, DECOMPOSED_CAFE)]
TEXTS = """
select c.table_name, c.column_name from information_schema.columns c
join information_schema.tables t using (table_schema, table_name)
where c.table_schema = 'visitord' and t.table_type = 'BASE TABLE'
and c.data_type in ('text', 'ARRAY')
order by 1, 2
"""
ROWS = """
delete from event;
delete from arrived;
update sighting set box = %(name)s;
update template set box = %(name)s;
insert into erased (erased_id, box, cause, erased_at)
values (gen_random_uuid(), %(name)s, 'forgotten', now());
insert into calibration (site, pack, dims, applied_by, applied_at)
values (%(name)s, 'pack-1', 80, 'me', now() - interval '1 day'),
       (%(composed)s, 'pack-1', 90, 'me', now());
insert into replay (replay_id, site, cameras, files, filed_from, filed_to, ran_by, ran_at)
values (gen_random_uuid(), %(name)s, %(cameras)s, '{a.mp4}', now(), now(), 'me', now());
"""


def test_what_was_kept_in_two_forms_is_one_again(database: Database) -> None:
    main, elsewhere, cafe, decomposed_cafe = (VisitLog(database, site) for site in SITES)
    seen(main, DECOMPOSED_DOOR, 0)
    seen(main, DOOR, 10)
    seen(elsewhere, "door", 200)
    seen(decomposed_cafe, DECOMPOSED_DOOR, 400)
    seen(cafe, DOOR, 410)
    reported(database, DECOMPOSED_CAFE, DECOMPOSED_DOOR, State.GONE)
    reported(database, CAFE, DOOR, State.LIVE)
    with database.transaction() as cursor:
        names = {"name": DECOMPOSED_CAFE, "composed": CAFE, "cameras": [DECOMPOSED_DOOR]}
        cursor.execute(ROWS, names)

    for _ in range(2):  # a second time there is nothing to do
        with database.transaction() as cursor:
            cursor.execute((migrate.folder() / f"{MIGRATION}.sql").read_text())
        assert decomposed(database) == []

    visits = "select site, cameras, last_camera, sightings from visit order by started_at"
    assert main.rows(visits)[0] == ("main", [DOOR], DOOR, 2)
    assert main.rows("select site, state from camera") == [(CAFE, "live")]
    assert main.rows("select site, dims from calibration") == [(CAFE, 90.0)]
    assert main.rows("select site, cameras from replay") == [(CAFE, [DOOR])]

    # As the next daemon finds it: what is concerned is put together anew, and nothing else.
    anew = {site.name: declare_site(database, site) for site in SITES[:3]}
    assert anew == {"main": 1, "elsewhere": None, CAFE: 1}
    assert main.rows(visits) == [
        ("main", [DOOR], DOOR, 2),
        ("elsewhere", ["door"], "door", 1),
        (CAFE, [DOOR], DOOR, 2),
    ]


def seen(log: VisitLog, camera: str, at_s: float) -> None:
    """The same person, at this camera."""
    log.recorder.handle(report(axis(0), at_s, camera=camera))


def reported(database: Database, site: str, camera: str, state: State) -> None:
    """A box called like the site says how its camera is."""
    with database.transaction() as cursor:
        cameras.report(cursor, site, site, [Health(camera, state, last_frame_at=NOON)])


def decomposed(database: Database) -> list[str]:
    """The columns of the database that hold text in another form."""
    with database.transaction() as cursor:
        cursor.execute(TEXTS)
        found = []
        for table, column in cursor.fetchall():
            query = SQL("select count(*) from {} where {}::text is not nfc normalized")
            cursor.execute(query.format(Identifier(table), Identifier(column)))
            ((count,),) = cursor.fetchall()
            if count:
                found.append(f"{table}.{column}")
    return found
