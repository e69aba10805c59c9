"""The review page over HTTP: who may see it, and what each form does to the rows."""

import http.client
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from fixtures.installation import Box
from fixtures.proxy import Proxy
from fixtures.reports import axis, report
from fixtures.reviewing import Visitor, free_port, said, serving, with_pictures
from fixtures.running import running
from fixtures.visit_log import VisitLog
from fixtures.waiting import PATIENCE_S, wait
from visitord.core.clock import Clock
from visitord.core.config import load
from visitord.core.values import address
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.web import security
from visitord.web.app import site
from visitord.web.server import Review
from visitord.web.server import address as address_of
from visitord.web.sessions import Sessions


@pytest.fixture
def visit_log(database: Database) -> VisitLog:
    """Three people; the first came twice."""
    visit_log = VisitLog(database)
    for n, face in enumerate((axis(0), axis(1), axis(2), axis(0, 3, 0.7))):
        visit_log.recorder.handle(report(face, 1000 * n))
    return visit_log


@pytest.fixture
def pictures(visit_log: VisitLog, box: Box) -> list[str]:
    return with_pictures(visit_log, box.folder / "state")


@pytest.fixture
def page(box: Box, pictures: list[str]) -> Iterator[Review]:
    with serving(box) as page:
        yield page


@pytest.fixture
def visitor(page: Review, visit_log: VisitLog) -> Iterator[Visitor]:
    visitor = Visitor.of(page, visit_log)
    yield visitor
    visitor.http.close()


def every_page(visitor: Visitor, pictures: list[str]) -> list[str]:
    one = f"/person/{visitor.id_of(1)}"
    some = [
        "/",
        "/?show=all",
        one,
        f"{one}/compare",
        f"{one}/forget",
        "/unidentified",
        "/suggestions",
        "/merges",
        "/cameras",
    ]
    return [*some, "/cameras/door/picture", f"/crop/{pictures[0]}"]


# Who may see it


def test_nothing_is_shown_without_a_session(
    visitor: Visitor, page: Review, pictures: list[str]
) -> None:
    for path in every_page(visitor, pictures):
        answer = httpx.get(page.address + path)
        assert answer.status_code == 401, path
        assert "visitorctl review" in said(answer.text)
        assert not re.search("crop|visitor 1|csrf", answer.text)
    rename = f"{page.address}/person/{visitor.id_of(1)}/rename"
    assert httpx.post(rename, data={"name": "x"}).status_code == 401
    assert httpx.post(f"{page.address}/sign-out").status_code == 401


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}]
)
def test_a_forged_form_does_nothing(visitor: Visitor, headers: dict[str, str]) -> None:
    form = {"name": "Kim", "csrf": visitor.csrf() if headers else "guessed"}
    answer = visitor.http.post(f"/person/{visitor.id_of(1)}/rename", data=form, headers=headers)
    assert answer.status_code == 403
    assert "not from this page" in said(answer.text)
    assert (
        visitor.http.post(f"/person/{visitor.id_of(1)}/forget", headers=headers).status_code == 403
    )
    assert visitor.visit_log.one("select count(*) from identity where name is not null") == 0
    assert visitor.visit_log.one("select count(*) from identity") == 3


def test_what_browsers_say_of_our_own_forms_is_let_through(visitor: Visitor, page: Review) -> None:
    for n, origin in enumerate(("null", page.address, page.address.replace("http:", "https:"))):
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        form = {"name": f"Kim {n}", "csrf": visitor.csrf()}
        answer = visitor.http.post(f"/person/{visitor.id_of(1)}/rename", data=form, headers=headers)
        assert f"is now called Kim {n}." in said(answer.text)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8642", "127.0.0.1.evil.example", "[::1", "", "a b"]
)
def test_no_other_site_can_use_its_own_name_for_this_one(
    visitor: Visitor, page: Review, host: str
) -> None:
    answer = visitor.http.get("/", headers={"Host": host})
    assert answer.status_code in (400, 403)
    assert "visitor 1" not in answer.text
    assert httpx.get(page.new_link(), headers={"Host": host}).status_code in (400, 403)


def test_the_names_of_this_machine_and_those_configured_are_its_own(
    box: Box, visit_log: VisitLog
) -> None:
    box.configure(
        (box.folder / "config.toml").read_text() + '[review]\nhosts = ["Faces.example.org"]\n'
    )
    with serving(box) as page:
        visitor = Visitor.of(page, visit_log)
        for host in ("localhost:9", "127.0.0.1", "[::1]:8642", "faces.example.org"):
            assert visitor.http.get("/", headers={"Host": host}).status_code == 200, host


def test_pictures_are_given_by_their_names_only(
    visitor: Visitor, pictures: list[str], box: Box
) -> None:
    answer = visitor.http.get(f"/crop/{pictures[0]}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content.startswith(b"a picture of ")
    tricks = [
        "../../review/key",
        "..%2f..%2freview%2fkey",
        "..%2f..%2fconfig.toml",
        "%2e%2e/%2e%2e/config.toml",
        "..",
        "%00",
    ]
    (note := box.folder / "state" / "crops" / "no" / "note.txt").parent.mkdir()
    note.write_text("a picture of nobody")
    tricks += [
        "note.txt",
        pictures[0].upper(),
        pictures[0][:-1],
        f"{pictures[0]}%0a",
        f"{pictures[0]}/",
        "0" * 64,
        "static/../x",
    ]
    server = http.client.HTTPConnection(
        visitor.http.base_url.host, visitor.http.base_url.port
    )  # sends them as they are
    for path in (
        *(f"/crop/{trick}" for trick in tricks),
        "/static/../guard.py",
        "/static/%2e%2e/guard.py",
        "//crop/..",
    ):
        server.request(
            "GET",
            path,
            headers={"Cookie": "; ".join(f"{k}={v}" for k, v in visitor.http.cookies.items())},
        )
        answer = server.getresponse()
        body = answer.read()
        assert answer.status in (308, 404), path
        assert not re.search(b"postgresql|def |picture of", body), path


def test_nothing_is_kept_by_browsers_or_shown_inside_other_sites(
    visitor: Visitor, pictures: list[str]
) -> None:
    for path in (
        *every_page(visitor, pictures),
        "/nothing",
        "/static/review.css",
        f"/person/{uuid4()}",
    ):
        headers = visitor.http.get(path).headers
        assert headers["cache-control"] == "no-store", path
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_pages_have_nothing_from_elsewhere_and_no_script_or_style_inside(
    visitor: Visitor, pictures: list[str]
) -> None:
    for path in every_page(visitor, pictures)[:-2]:
        text = visitor.look(path)
        assert not re.search(r"""(src|href|action)=["']?(https?:)?//""", text), path
        assert not re.search(
            r"""<script(?! src="/static/review.js" defer></script>)|<style|\sstyle=|\son\w+=""",
            text,
        ), path
        assert re.search(r"<title>.+ · visitord</title>", text), path


def test_looking_changes_nothing(visitor: Visitor, pictures: list[str], question: int) -> None:
    before = visitor.visit_log.everything()
    for path in every_page(visitor, pictures):
        visitor.http.get(path)
    for action in ("rename", "merge", "ignore", "split"):
        assert visitor.http.get(f"/person/{visitor.id_of(1)}/{action}").status_code in (404, 405)
    assert visitor.visit_log.everything() == before


def test_too_much_at_once_is_refused(visitor: Visitor) -> None:
    for size in (security.BODY_MAX_BYTES + 1, 40 * security.BODY_MAX_BYTES):
        answer = visitor.http.post(f"/person/{visitor.id_of(1)}/rename", data={"name": "x" * size})
        assert answer.status_code == 413
    assert visitor.look("/")


def test_what_cannot_be_is_answered_with_a_sentence(visitor: Visitor) -> None:
    one = f"/person/{visitor.id_of(1)}"
    assert said(visitor.look("/nothing", 404)) == "There is no such page."
    assert said(visitor.look("/?show=nobody", 404)) == "There is no such page."
    assert said(visitor.look("/?q=%00", 400)).startswith("The browser sent something")
    assert "Nobody is known as" in said(visitor.look(f"/person/{uuid4()}", 404))
    assert said(visitor.look(f"{one}/rename", 405)).startswith("Nothing is shown at this address")
    assert visitor.act("/suggestions/7/merge", status=404) == "There is no open suggestion 7."
    assert "visitorctl" not in visitor.act(f"/merges/{uuid4()}/undo", status=404)
    assert visitor.look("/?page=99999999999999999999") == visitor.look("/?page=1000000")
    assert "To the faces" in visitor.look("/nothing", 404)


def test_a_form_that_fails_says_so_on_the_page_it_came_from(visitor: Visitor) -> None:
    one = f"/person/{visitor.id_of(1)}"
    for form, values, why in (
        ("merge", {"other": str(uuid4())}, "Nobody is known as"),
        ("reject", {"other": str(visitor.id_of(1))}, "visitor 1 is one person here."),
        ("rename", {"name": " "}, "needs at least one visible character"),
        ("rename", {"name": "Sam\u200b"}, "visible characters only"),
        ("unignore", {}, "visitor 1 is not ignored."),
        ("split", {}, "Tick the sightings"),
        ("split", {"sighting": str(uuid4())}, "has no sighting"),
        ("forget", {}, "Nothing was erased"),
    ):
        for back in ("", "/?show=all&q=visitor"):
            data = {"csrf": visitor.csrf(), "back": back, **values}
            answer = visitor.http.post(f"{one}/{form}", data=data)
            assert (answer.status_code, answer.url.raw_path.decode()) == (200, back or one), form
            assert why in said(answer.text)
            assert "visitorctl" not in said(answer.text)
            assert 'class="said" role="alert"' in answer.text
            assert 'class="said"' not in visitor.look(one), "it is said once"


def test_a_form_about_somebody_who_is_gone_says_so_once(visitor: Visitor) -> None:
    assert "Nobody is known as" in visitor.act(f"/person/{uuid4()}/ignore", status=404)


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example/", "/\\evil.example", "/a\r\nX: y", "x"]
)
def test_a_form_leads_back_to_this_site_only(visitor: Visitor, back: str) -> None:
    form = {"csrf": visitor.csrf(), "name": "Kim", "back": back}
    answer = visitor.http.post(
        f"/person/{visitor.id_of(1)}/rename", data=form, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    form["name"] = " "
    answer = visitor.http.post(
        f"/person/{visitor.id_of(1)}/rename", data=form, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_fault_of_ours_is_logged_and_its_trace_not_shown(
    box: Box, visit_log: VisitLog, caplog: pytest.LogCaptureFixture
) -> None:
    config = load(box.folder / "config.toml")
    sessions = Sessions(config.state, Clock(), config.review.session)
    app = site(config, visit_log.database, sessions, security.LOOPBACK, Clock())
    app.add_url_rule("/broken", view_func=lambda: [][0])
    client = app.test_client()
    client.post("/sign-in", data={"link": sessions.new_link()})
    answer = client.get("/broken")
    assert answer.status_code == 500
    assert said(answer.text) == "Something went wrong in visitord; its log says what."
    assert "IndexError" in caplog.text
    assert "IndexError" not in answer.text


def test_while_the_database_is_away_the_page_says_so_and_tries_again(
    box: Box, visit_log: VisitLog, database_url: str
) -> None:
    with Proxy(database_url) as network:
        text = (box.folder / "config.toml").read_text().replace(database_url, network.url("s3cret"))
        box.configure(text + '[[camera]]\nname = "door"\nsource = "rtsp://192.0.2.10/a"\n')
        network.away()
        with serving(box) as page:
            visitor = Visitor.of(page, visit_log)
            answer = visitor.http.get("/")
            assert (answer.status_code, answer.headers["refresh"]) == (503, "5")
            assert "cannot be used" in said(answer.text)
            assert "s3cret" not in answer.text
            assert "cannot be used" in visitor.look("/cameras"), "which need no database"
            network.back()
            assert "visitor 1" in visitor.look("/")
            network.away()
            visitor.look("/", 503)
            network.back()
            assert "visitor 1" in visitor.look("/")


def test_a_schema_of_another_version_is_told(
    box: Box, empty_url: str, database_url: str, visit_log: VisitLog
) -> None:
    box.configure((box.folder / "config.toml").read_text().replace(database_url, empty_url))
    with serving(box) as page:
        assert "run: visitord migrate" in said(Visitor.of(page, visit_log).look("/", 503))


# What it shows


def names(text: str) -> list[str]:
    return re.findall(r'class="who">([^<]+)<', text)


def test_the_wall_has_who_was_seen_last_and_most_first_and_can_be_searched(
    visitor: Visitor,
) -> None:
    for n in range(3):
        visitor.visit_log.recorder.handle(report(axis(1), 4000 + 1000 * n))
    assert names(visitor.look("/")) == ["visitor 2", "visitor 1", "visitor 3"], (
        "one day: the most frequent first"
    )
    visitor.visit_log.recorder.handle(report(axis(2), 90_000))
    assert names(visitor.look("/")) == ["visitor 3", "visitor 2", "visitor 1"], (
        "the newest day first"
    )
    visitor.act(f"/person/{visitor.id_of(2)}/rename", {"name": "Zoë 100%"})
    assert names(visitor.look("/")) == ["visitor 3", "visitor 1"]
    assert names(visitor.look("/?show=named")) == ["Zoë 100%"]
    assert names(visitor.look("/?show=all&q=zO%C3%AB")) == ["Zoë 100%"]
    assert names(visitor.look("/?show=all&q=%25")) == ["Zoë 100%"]
    assert names(visitor.look("/?show=all&q=_")) == []
    assert names(visitor.look("/?show=all&q=Visitor%202")) == ["Zoë 100%"], "its label stays"
    assert "Nobody is called “nobody” here." in visitor.look("/?q=nobody")
    assert names(visitor.look("/?q=zo")) == ["Zoë 100%"], "a search looks among all"
    assert names(visitor.look("/?show=unnamed&q=zo")) == []
    assert names(visitor.look("/?q=")) == ["visitor 3", "visitor 1"]
    assert not re.search('type="hidden" name="show"', visitor.look("/"))
    assert re.search('type="hidden" name="show" value="named"', visitor.look("/?show=named"))


def test_more_people_than_fit_are_on_further_pages(visitor: Visitor) -> None:
    with visitor.visit_log.database.transaction() as cursor:
        cursor.execute(
            "insert into identity (identity_id, status, root_id, created_at) "
            "select id, 'provisional', id, now() "
            "from (select gen_random_uuid() as id from generate_series(1, 60)) s"
        )
    first, second = visitor.look("/"), visitor.look("/?page=2")
    assert len(names(first)) == 48
    assert len(set(names(first) + names(second))) == 63
    assert 'href="?page=2" rel="next"' in first
    assert 'rel="next"' not in second
    assert 'href="?page=1" rel="prev"' in second


def test_a_person_has_visits_sightings_and_their_faces(
    visitor: Visitor, pictures: list[str]
) -> None:
    text = visitor.look(f"/person/{visitor.id_of(1)}")
    assert "2 visits · 2 sightings" in text
    starts = re.findall(r'<time datetime="2026-01-05T(\d\d:\d\d):\S+">', text)
    assert starts == ["09:50", "09:00"]
    assert text.count("<span>4 s</span>") == 2
    assert text.count("main: door") == 2
    assert {f"/crop/{name}" for name in (pictures[0], pictures[3])} <= set(
        re.findall(r'src="(/crop/\w+)"', text)
    )
    assert re.findall('class="why">(.+?)<', text) == [
        "recognised, likeness 0.70",
        "new then: nobody was known yet",
    ]


def test_times_are_those_of_the_site(box: Box, visit_log: VisitLog) -> None:
    box.configure(
        (box.folder / "config.toml").read_text() + '[site]\ntimezone = "Asia/Kathmandu"\n'
    )
    with visit_log.database.transaction() as cursor:
        cursor.execute("update site set timezone = 'Asia/Kathmandu'")  # as the daemon does
    with serving(box) as page:
        visitor = Visitor.of(page, visit_log)
        text = visitor.look(f"/person/{visitor.id_of(2)}")
        times = re.findall(r'<time datetime="2026-01-05T(\S+)\+05:45">', text)
        assert times == ["15:01:40"], "9:16:40 UTC is 15:01:40 there"


def test_a_picture_that_is_no_longer_here_is_no_broken_picture(
    visitor: Visitor, box: Box, pictures: list[str]
) -> None:
    (box.folder / "state" / "crops" / pictures[1][:2] / pictures[1]).unlink()
    text = visitor.look("/")
    assert pictures[1] not in text
    assert "No picture of visitor 2: the picture is on another box" in text
    with visitor.visit_log.database.transaction() as cursor:
        cursor.execute("update sighting set box = 'box-2'")
    assert ">the picture is on box box-2</span>" in visitor.look("/"), "it can be seen, too"
    with visitor.visit_log.database.transaction() as cursor:
        cursor.execute("update sighting set box = %s", (load(box.folder / "config.toml").box,))
    assert "visitor 2: the picture is no longer kept" in visitor.look("/")
    with visitor.visit_log.database.transaction() as cursor:
        cursor.execute("update sighting set crop = null")
    assert "visitor 2: no picture was kept" in visitor.look("/")


def test_a_person_of_photographs_has_a_face_everywhere(
    visitor: Visitor, question: int, box: Box
) -> None:
    folder, three = box.folder / "state" / "crops", visitor.id_of(3)
    photograph = Crops(folder).keep(b"a photograph")
    with visitor.visit_log.database.transaction() as cursor:
        photographed = "update template set sighting_id = null, crop = %s where identity_id = %s"
        cursor.execute(photographed, (photograph, three))
    for path in folder.glob("*/*"):
        if path.name != photograph:
            path.unlink()  # it expired
    for page in (
        "/",
        f"/person/{three}",
        f"/person/{three}/compare",
        f"/person/{three}/forget",
        "/suggestions",
    ):
        assert f"/crop/{photograph}" in visitor.look(page), page
    text = visitor.look("/suggestions")
    assert "No picture of visitor 3" not in text
    assert text.count("No picture of visitor 1") == 1, "not one for each sighting"
    visitor.act(f"/suggestions/{question}/merge")
    assert f"/crop/{photograph}" in visitor.look("/merges")


def test_a_better_picture_that_expired_leaves_the_one_by_which_they_are_recognised(
    visitor: Visitor, pictures: list[str], box: Box
) -> None:
    best = pictures[3]
    with visitor.visit_log.database.transaction() as cursor:
        cursor.execute("update sighting set quality = 0.99 where crop = %s", (best,))
        untaught = (
            "delete from template "
            "where sighting_id = (select sighting_id from sighting where crop = %s)"
        )
        cursor.execute(untaught, (best,))
    assert f"/crop/{best}" in visitor.look("/")
    (box.folder / "state" / "crops" / best[:2] / best).unlink()
    assert f"/crop/{pictures[0]}" in visitor.look("/")


def test_an_old_id_leads_to_whom_it_was_merged_into(visitor: Visitor) -> None:
    old = visitor.id_of(2)
    visitor.act(f"/person/{old}/merge?other={visitor.id_of(1)}")
    assert "also visitor 2" in visitor.look(f"/person/{old}")


def test_names_are_text_and_nothing_else(visitor: Visitor) -> None:
    name = "<img src=x onerror=alert(1)>&\"'"
    visitor.act(f"/person/{visitor.id_of(1)}/rename", {"name": name})
    for path in (
        "/?show=all",
        f"/person/{visitor.id_of(1)}",
        f"/person/{visitor.id_of(2)}/compare",
    ):
        assert "<img src=x" not in visitor.look(path)
        assert "&lt;img src=x" in visitor.look(path)


def test_cameras_without_a_daemon_say_so(visitor: Visitor) -> None:
    assert (
        visitor.look("/cameras/door/picture", 503)
        == "No daemon runs on this box: start visitord run."
    )


# What each form does


def test_a_name(visitor: Visitor) -> None:
    one = f"/person/{visitor.id_of(1)}"
    assert (
        visitor.act(f"{one}/rename", {"name": " Kim  Larsen "})
        == "visitor 1 is now called Kim Larsen."
    )
    assert visitor.visit_log.rows("select name, status from visitor where label = 'visitor 1'") == [
        ("Kim Larsen", "named")
    ]
    answer = visitor.http.post(
        f"{one}/rename", data={"csrf": visitor.csrf(), "name": "Sam", "back": "/?show=all&q=s"}
    )
    assert str(answer.url).endswith("/?show=all&q=s")


def test_a_name_that_another_has_is_asked_about(visitor: Visitor) -> None:
    visitor.act(f"/person/{visitor.id_of(1)}/rename", {"name": "Kim"})
    form = {"csrf": visitor.csrf(), "name": "kim"}
    answer = visitor.http.post(f"/person/{visitor.id_of(2)}/rename", data=form)
    assert said(answer.text) == "visitor 2 is now called kim, as visitor 1 is."
    (offer,) = re.findall(r'action="([^"]+/merge[^"]+)"', answer.text)
    assert visitor.act(offer.replace("&amp;", "&")) == (
        "kim (visitor 2) is now part of Kim (visitor 1)."
    )


def test_a_merge_and_its_undoing(visitor: Visitor) -> None:
    before = visitor.visit_log.rows("select * from visit_log order by 1")
    form = {"csrf": visitor.csrf(), "other": str(visitor.id_of(1))}
    answer = visitor.http.post(f"/person/{visitor.id_of(2)}/merge", data=form)
    assert said(answer.text) == "visitor 2 is now part of visitor 1."
    assert str(answer.url).endswith(f"/person/{visitor.id_of(1)}")
    assert visitor.visit_log.rows("select name, visits from visitor order by 1") == [
        ("visitor 1", 3),
        ("visitor 3", 1),
    ]
    (merge_id,) = re.findall(r'action="(/merges/[\w-]+/undo)"', answer.text)
    assert merge_id in visitor.look("/merges")
    assert visitor.act(merge_id) == "visitor 2 stands apart from visitor 1 again."
    assert visitor.visit_log.rows("select * from visit_log order by 1") == before
    assert visitor.visit_log.rows("select reason, undone_reason from merge_log") == [
        ("said on the review page",) * 2
    ]
    assert "undone before" in visitor.act(merge_id, status=409)
    assert "No merge is in force." in visitor.look("/merges")


def test_a_pair_rejected(visitor: Visitor) -> None:
    path = f"/person/{visitor.id_of(2)}/reject?other={visitor.id_of(3)}"
    assert visitor.act(path) == "visitor 2 and visitor 3 stay two people."
    assert visitor.visit_log.one("select count(*) from rejection") == 1


def test_a_pair_rejected_is_not_asked_about_again(visitor: Visitor) -> None:
    one, two, three = (f"/person/{visitor.id_of(n)}" for n in (1, 2, 3))
    answer = visitor.http.post(
        f"{two}/reject?other={visitor.id_of(3)}", data={"csrf": visitor.csrf()}
    )
    for page, apart, asked in ((two, three, one), (three, two, one)):
        text = visitor.look(f"{page}/compare")
        marked, open_ = (
            re.findall(f'href="{who}">.*?</li>', text, re.DOTALL)[0] for who in (apart, asked)
        )
        assert "two people, you said" in marked
        assert "<form" not in marked
        assert open_.count("<form") == 2
    assert "two people, you said" not in visitor.look(f"{one}/compare")
    (offer,) = re.findall(r'action="([^"]+/merge[^"]+)"', answer.text)
    assert visitor.act(offer.replace("&amp;", "&")) == "visitor 2 is now part of visitor 3.", (
        "a slip is taken back"
    )
    visitor.act(f"{two}/reject?other={visitor.id_of(1)}")
    assert "two people, you said" in visitor.look(f"{one}/compare"), (
        "whoever was merged counts as the one they are now"
    )


def test_what_was_said_before_is_asked_about_when_two_are_merged(visitor: Visitor) -> None:
    one, two = (f"/person/{visitor.id_of(n)}" for n in (1, 2))
    visitor.act(f"{two}/reject?other={visitor.id_of(1)}")
    answer = visitor.http.post(
        f"{two}/merge?other={visitor.id_of(1)}", data={"csrf": visitor.csrf()}
    )
    assert "are two people by what is known" in answer.text
    assert "(said on the review page)" in answer.text
    assert visitor.visit_log.one("select count(*) from merge") == 0

    (offer,) = re.findall(r'action="([^"]+certain=1[^"]*)"', answer.text)
    assert visitor.act(offer.replace("&amp;", "&")) == "visitor 2 is now part of visitor 1."
    assert visitor.look(one)


def test_whoever_has_a_name_stays_when_the_same_is_picked(visitor: Visitor) -> None:
    visitor.act(f"/person/{visitor.id_of(1)}/rename", {"name": "Kim"})
    text = visitor.look(f"/person/{visitor.id_of(1)}/compare")
    assert names(text) == ["visitor 3", "visitor 2"]
    assert f'action="/person/{visitor.id_of(2)}/merge?other={visitor.id_of(1)}"' in text
    assert names(visitor.look(f"/person/{visitor.id_of(2)}/compare?q=kim")) == ["Kim"]


def test_whom_somebody_may_be_the_same_as_is_sorted_by_likeness(visitor: Visitor) -> None:
    for n, cosine in ((10, 0.3), (11, 0.41), (12, 0.1)):
        visitor.visit_log.recorder.handle(report(axis(1, n, cosine), 1000 * n))
    two = f"/person/{visitor.id_of(2)}"
    text = visitor.look(f"{two}/compare")
    assert names(text) == [f"visitor {n}" for n in (5, 4, 6, 1, 3)]
    assert re.findall(r"likeness (\d\.\d\d)", text)[:3] == ["0.41", "0.30", "0.10"]
    assert re.findall(r"<button[^>]*>(.+?)</button>", text)[1:3] == ["Same person", "Someone else"]
    assert "you are not asked about them again" in text

    visitor.act(f"{two}/reject?other={visitor.id_of(5)}")
    assert names(visitor.look(f"{two}/compare"))[0] == "visitor 4"
    assert names(visitor.look(f"{two}/compare"))[-1] == "visitor 5", "what was answered goes last"
    chosen = visitor.id_of(2)
    with visitor.visit_log.database.transaction() as cursor:
        cursor.execute("update template set pack = 'pack-2' where identity_id <> %s", (chosen,))
    text = visitor.look(f"{two}/compare")
    assert len(names(text)) == 5
    assert "likeness" not in text.lower(), "no recogniser knows both"


@pytest.mark.parametrize(
    ("verdict", "outcome", "people", "rejections"),
    [
        ("merge", "visitor 3 is now part of visitor 1.", 2, 0),
        ("reject", "visitor 3 and visitor 1 stay two people.", 3, 1),
    ],
)
def test_a_suggestion_answered(
    visitor: Visitor, question: int, verdict: str, outcome: str, people: int, rejections: int
) -> None:
    assert "1 pair to decide" in visitor.look("/")
    assert f"/suggestions/{question}/{verdict}" in visitor.look("/suggestions")
    assert visitor.act(f"/suggestions/{question}/{verdict}") == outcome
    assert visitor.visit_log.one("select count(*) from visitor") == people
    assert visitor.visit_log.one("select count(*) from rejection") == rejections
    assert "There is no open question." in visitor.look("/suggestions")
    assert f"no open suggestion {question}" in visitor.act(
        f"/suggestions/{question}/{verdict}", status=404
    )


def test_of_two_names_a_person_chooses(visitor: Visitor, question: int) -> None:
    visitor.act(f"/person/{visitor.id_of(1)}/rename", {"name": "Kim"})
    visitor.act(f"/person/{visitor.id_of(3)}/rename", {"name": "Sam"})
    text = visitor.look("/suggestions")
    assert "One person: Kim" in text
    assert "One person: Sam" in text
    assert f'action="/person/{visitor.id_of(1)}/merge?other={visitor.id_of(3)}"' in text
    (rejecting,) = re.findall(r'action="([^"]+/reject[^"]*)"', text)
    form = {"csrf": visitor.csrf(), "back": "/suggestions"}
    assert (
        "There is no open question."
        in visitor.http.post(rejecting.replace("&amp;", "&"), data=form).text
    )


def test_sightings_split_off(visitor: Visitor) -> None:
    ((newest,), _) = visitor.visit_log.rows(
        "select sighting_id from sighting_log where name = 'visitor 1' order by started_at desc"
    )
    one = f"/person/{visitor.id_of(1)}"
    assert (
        visitor.act(f"{one}/split", {"sighting": [str(newest)]})
        == "What was ticked of visitor 1 is now visitor 4."
    )
    assert visitor.visit_log.rows(f"select name from visit_log where visit_id = '{newest}'") == [
        ("visitor 4",)
    ]
    assert "all sightings of visitor 4" in visitor.act(
        f"/person/{visitor.id_of(4)}/split", {"sighting": [str(newest)]}
    )


def test_ignoring_and_no_longer(visitor: Visitor) -> None:
    one = f"/person/{visitor.id_of(1)}"
    assert visitor.act(f"{one}/ignore") == "visitor 1 is ignored from now on."
    assert visitor.visit_log.rows("select status from visitor where label = 'visitor 1'") == [
        ("ignored",)
    ]
    assert names(visitor.look("/?show=ignored"))[0].strip() == "visitor 1"
    assert "visitor 1" not in visitor.look("/")
    assert visitor.act(f"{one}/unignore") == "visitor 1 is no longer ignored."
    assert visitor.visit_log.rows("select status from visitor where label = 'visitor 1'") == [
        ("provisional",)
    ]


def test_forgetting_destroys_what_the_question_named(
    visitor: Visitor, box: Box, pictures: list[str]
) -> None:
    one = f"/person/{visitor.id_of(1)}"
    asked = visitor.look(f"{one}/forget")
    assert "2 visits and 2 sightings" in asked
    assert "cannot be undone" in asked
    (back,) = re.findall('name="back" value="(.+?)"', asked)
    assert back == f"{one}/forget"
    assert "Nothing was erased" in visitor.act(f"{one}/forget", {"back": back})
    assert visitor.visit_log.one("select count(*) from visitor") == 3
    assert visitor.act(f"{one}/forget", {"certain": "on"}) == "visitor 1 is forgotten."
    assert visitor.visit_log.rows("select name from visitor order by 1") == [
        ("visitor 2",),
        ("visitor 3",),
    ]
    assert visitor.visit_log.one("select count(*) from sighting") == 2
    assert {p.name for p in (box.folder / "state" / "crops").glob("*/*")} == {
        pictures[1],
        pictures[2],
    }
    visitor.look(f"/crop/{pictures[0]}", 404)
    visitor.look(one, 404)


def test_what_is_forgotten_is_named_with_everyone_merged_into_them(visitor: Visitor) -> None:
    one = f"/person/{visitor.id_of(1)}"
    visitor.act(f"/person/{visitor.id_of(2)}/rename", {"name": "Sam"})
    visitor.act(f"{one}/merge", {"other": str(visitor.id_of(2)), "certain": "1"})
    asked = visitor.look(f"{one}/forget")
    (named,) = re.findall("<li>(.*visitor 1.*)</li>", asked)
    assert {"visitor 1", "Sam", "visitor 2"} <= set(re.findall(r"Sam|visitor \d", named))


# Who could not be identified


@pytest.fixture
def unidentified(visitor: Visitor, box: Box) -> list[str]:
    """The ids of three sightings that were seen too poorly, the newest first."""
    for n, face in enumerate((axis(1, 20, 0.4), axis(21), axis(22))):
        visitor.visit_log.recorder.handle(report(face, 10_000 + 1000 * n, good=False))
    with_pictures(visitor.visit_log, box.folder / "state")
    text = visitor.look("/unidentified")
    return re.findall(r'name="sighting" value="(.+?)"', text)


def asked_about(ids: Sequence[str]) -> str:
    return "/unidentified/who?" + "&".join(f"sighting={one}" for one in ids)


def test_who_could_not_be_identified_is_shown_with_face_and_reason(
    visitor: Visitor, unidentified: list[str]
) -> None:
    assert len(unidentified) == 3
    text = visitor.look("/unidentified")
    assert text.count('src="/crop/') == 3
    assert re.findall('class="why">(.+?)<', text)[2] == (
        "most like visitor 2, but not enough (0.40); seen too poorly to become a new person"
    )
    assert 'aria-current="page">Unidentified' in text
    assert said(visitor.look("/unidentified/who")) == "Tick the faces of one person first."


def test_a_face_nobody_was_found_for_is_filed_under_whom_a_person_picks(
    visitor: Visitor, unidentified: list[str]
) -> None:
    text = visitor.look(asked_about(unidentified[2:]))
    assert names(text)[0] == "visitor 2", "the most alike first"
    assert "likeness 0.40" in text
    two = str(visitor.id_of(2))
    assert f'name="who" value="{two}"' in text
    form: dict[str, str | list[str]] = {"sighting": unidentified[2:], "who": two}
    assert visitor.act("/unidentified/assign", form) == "1 sighting is now of visitor 2."
    assert visitor.visit_log.one("select visits from visitor where label = 'visitor 2'") == 2
    assert unidentified[2] not in visitor.look("/unidentified")
    assert "has the id" in visitor.act("/unidentified/assign", form), "it is somebody's now"
    assert names(visitor.look(asked_about(unidentified[:1]) + "&q=visitor+3")) == ["visitor 3"]


def test_somebody_in_the_same_picture_is_asked_about(
    visitor: Visitor, unidentified: list[str]
) -> None:
    three = visitor.id_of(3)
    with visitor.visit_log.database.transaction() as cursor:
        cursor.execute(
            "insert into together select %s, sighting_id from sighting where identity_id = %s",
            (unidentified[0], three),
        )
    form = {"csrf": visitor.csrf(), "sighting": unidentified[:1], "who": str(three)}
    answer = visitor.http.post("/unidentified/assign", data=form)
    assert "visitor 3 was in one picture with this face" in said(answer.text)
    (offer,) = re.findall(r'action="([^"]+certain=1[^"]*)"', answer.text)
    assert visitor.act(offer.replace("&amp;", "&")) == "1 sighting is now of visitor 3."


@pytest.mark.parametrize(("name", "called"), [("Kim", "Kim"), (" ", "visitor 4")])
def test_faces_nobody_was_found_for_become_a_new_person(
    visitor: Visitor, unidentified: list[str], name: str, called: str
) -> None:
    said_ = visitor.act("/unidentified/enrol", {"sighting": unidentified[:2], "name": name})
    assert said_ == f"2 sightings are now of {called}."
    assert visitor.visit_log.one("select name from visitor where label = 'visitor 4'") == called
    assert visitor.act("/unidentified/enrol", {}) == "Tick the faces of one person first."


def test_a_face_nobody_was_found_for_is_erased_after_being_asked(
    visitor: Visitor, unidentified: list[str]
) -> None:
    asked = visitor.look(asked_about(unidentified[:1]))
    assert "1 sighting and every picture of it are destroyed" in asked
    (picture,) = re.findall(r'class="face large" src="(/crop/\w+)"', asked)
    form: dict[str, str | list[str]] = {"sighting": unidentified[:1]}
    assert "Nothing was erased" in visitor.act("/unidentified/erase", form)
    assert visitor.act("/unidentified/erase", {**form, "certain": "on"}) == "1 sighting is erased."
    assert unidentified[0] not in visitor.look("/unidentified")
    assert visitor.visit_log.one("select count(*) from sighting where identity_id is null") == 2
    visitor.look(picture, 404)


# The command, and the page beside the cameras


def test_an_address_is_a_host_and_a_port() -> None:
    assert address("127.0.0.1:8642") == ("127.0.0.1", 8642)
    assert address("[::1]:0") == ("::1", 0)
    for wrong in (
        "8642",
        "127.0.0.1",
        "::1:80",
        "a b:80",
        "host:66000",
        "http://host:80",
        8642,
        "",
    ):
        with pytest.raises(ValueError, match="must be an address and a port"):
            address(wrong)


def test_a_wrong_address_in_the_configuration_is_told(box: Box) -> None:
    box.configure('[review]\nlisten = "8642"\n')
    sentence = 'review.listen must be an address and a port such as "127.0.0.1:8642"'
    box.run("visitord", "check-config").fails_with(sentence)


def test_the_command_prints_the_link_and_ends_when_asked(box: Box, visit_log: VisitLog) -> None:
    process = box.start("visitorctl", "review", "--listen", "127.0.0.1:0")
    try:
        assert process.stdout
        assert "Ctrl-C" in process.stdout.readline()
        link = process.stdout.readline().strip()
        assert "visitor 1" in Visitor.of_link(link, visit_log).look("/")
        other = box.ok("visitorctl", "review", "--link", "--listen", urlsplit(link).netloc).strip()
        assert "visitor 1" in Visitor.of_link(other, visit_log).look("/")
        port = link.split(":")[2].split("/")[0]
        box.run("visitorctl", "review", "--listen", f"127.0.0.1:{port}").fails_with(
            f"The review page cannot listen on 127.0.0.1:{port}: Address already in use; "
            "it may be open there already: visitorctl review --link prints a link to it."
        )
    finally:
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE_S)
    assert err == ""
    assert box.run("visitorctl", "review", "--listen", "nowhere").code == 2


EVERYWHERE = "0.0.0.0"  # noqa: S104


def test_the_command_on_all_addresses_prints_a_link_of_this_box_and_one_warning(
    box: Box, visit_log: VisitLog
) -> None:
    process = box.start("visitorctl", "review", "--listen", f"{EVERYWHERE}:0")
    try:
        assert process.stdout
        process.stdout.readline()
        link = process.stdout.readline().strip()
        assert link.startswith("http://127.0.0.1:")
        assert "visitor 1" in Visitor.of_link(link, visit_log).look("/")
    finally:
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE_S)
    assert len(err.splitlines()) == 1
    assert "put TLS before it" in err


@pytest.mark.parametrize(
    ("host", "hosts", "shown"),
    [
        (EVERYWHERE, (), "127.0.0.1"),
        ("::", (), "[::1]"),
        (EVERYWHERE, ("box.example.org", "192.0.2.7"), "box.example.org"),
        ("::", ("2001:db8::7",), "[2001:db8::7]"),
        ("127.0.0.1", ("box.example.org",), "127.0.0.1"),
    ],
)
def test_the_address_of_a_page_on_all_addresses_can_be_opened(
    host: str, hosts: tuple[str, ...], shown: str
) -> None:
    assert address_of((host, 8642), hosts) == f"http://{shown}:8642"


def test_a_page_on_all_addresses_is_warned_of_once(
    box: Box, visit_log: VisitLog, caplog: pytest.LogCaptureFixture
) -> None:
    config = load(box.folder / "config.toml")
    for host, told in ((EVERYWHERE, 1), ("127.0.0.1", 0)):
        page = Review(config, visit_log.database, (host, 0), Clock())
        page.stop()
        page.run()
        lines = [r.getMessage() for r in caplog.records if "TLS" in r.getMessage()]
        assert len(lines) == told, host
        caplog.clear()


CAMERA = '[[camera]]\nname = "door"\nsource = "missing.mp4"\n'


def test_the_service_serves_it_beside_the_cameras_and_it_ends_with_it(
    box: Box, visit_log: VisitLog
) -> None:
    port = free_port()
    box.configure(
        f'{(box.folder / "config.toml").read_text()}[review]\nlisten = "127.0.0.1:{port}"\n{CAMERA}'
    )
    with running(box) as daemon:
        daemon.wait_for("The review page is open")
        link = box.ok("visitorctl", "review", "--link").strip()
        assert link.startswith(f"http://127.0.0.1:{port}/sign-in?link=")
        visitor = Visitor.of_link(link, visit_log)
        assert "visitor 1" in visitor.look("/")
        wait(lambda: "given no picture yet" in visitor.look("/cameras/door/picture", 503))
        assert "has no camera" in visitor.look("/cameras/yard/picture", 503)
        assert daemon.end() == 0
    assert link.split("link=")[1] not in daemon.log
    assert "left behind" not in daemon.log
    with pytest.raises(httpx.ConnectError):
        visitor.http.get("/")


def test_a_taken_port_is_one_warning_and_the_service_goes_on(box: Box, visit_log: VisitLog) -> None:
    with serving(box) as page:
        listen = page.address.removeprefix("http://")
        box.configure(
            f'{(box.folder / "config.toml").read_text()}[review]\nlisten = "{listen}"\n{CAMERA}'
        )
        with running(box) as daemon:
            daemon.wait_for("Camera door is ")
            assert daemon.end() == 0
    told = [line for line in daemon.log.splitlines() if "review" in line]
    assert len(told) == 1
    assert (
        f"cannot listen on {listen}: Address already in use; it may be open there already: "
        in told[0]
    )
    assert told[0].endswith("prints a link to it. The daemon goes on without it.")
    assert "WARNING" in told[0]


def test_the_death_of_its_thread_is_the_end_of_the_service(
    box: Box, visit_log: VisitLog, tmp_path: Path
) -> None:
    box.configure(
        f'{(box.folder / "config.toml").read_text()}[review]\nlisten = "127.0.0.1:0"\n{CAMERA}'
    )
    (tmp_path / "sitecustomize.py").write_text(
        "import waitress.wasyncore\n"
        "def broken(**_): raise RuntimeError('broken for the test')\n"
        "waitress.wasyncore.loop = broken\n"
    )
    with running(box, PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}") as daemon:
        assert daemon.ended() == 1
        daemon.wait_for("The review thread died")
        daemon.wait_for("broken for the test")
