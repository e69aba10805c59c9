"""Signing in to the review page with a link that works once, and what ends a session."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from fixtures.installation import Box
from fixtures.reviewing import Visitor, said, serving, sign_in
from fixtures.visit_log import VisitLog
from visitord.core.clock import Clock
from visitord.web.refusals import FREE
from visitord.web.server import Review
from visitord.web.sessions import FOLDER, IDLE_MAX, LINK_WITHIN


class SetClock(Clock):
    """Shows the time it is set to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def page(box: Box, clock: SetClock) -> Iterator[Review]:
    with serving(box, clock) as page:
        yield page


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True) as browser:
        yield browser


def cookies(browser: httpx.Client) -> dict[str, str]:
    return dict(browser.cookies)


# The link


def test_a_link_works_once_and_its_refusal_says_how_to_get_another(
    page: Review, browser: httpx.Client
) -> None:
    link = page.new_link()
    assert sign_in(browser, link).url.path == "/"
    with httpx.Client() as other:
        refused = sign_in(other, link)
        assert refused.status_code == 403
        assert "visitorctl review --link prints another" in said(refused.text)
        assert "set-cookie" not in refused.headers
        assert other.get(page.address).status_code == 401
    assert browser.get(f"{page.address}/cameras").status_code == 200


def test_looking_at_a_link_does_not_use_it_up(page: Review, browser: httpx.Client) -> None:
    link = page.new_link()
    for method in ("GET", "HEAD", "GET"):
        answer = httpx.request(method, link)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert sign_in(browser, link).url.path == "/"


def test_a_link_is_too_old_after_a_quarter_of_an_hour(
    page: Review, browser: httpx.Client, clock: SetClock
) -> None:
    link = page.new_link()
    clock.at += LINK_WITHIN + timedelta(seconds=1)
    assert sign_in(browser, link).status_code == 403


def test_a_link_opened_again_where_somebody_is_signed_in_leads_to_the_page(
    page: Review, browser: httpx.Client
) -> None:
    link = page.new_link()
    sign_in(browser, link)
    assert sign_in(browser, link).url.path == "/"


def test_neither_address_nor_cookie_nor_file_shows_the_link_afterwards(
    page: Review, browser: httpx.Client, box: Box
) -> None:
    link = page.new_link()
    secret = link.split("link=")[1]
    answer = browser.get(link)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    opened = sign_in(browser, link)
    assert secret not in f"{opened.url} {opened.text} {cookies(browser)}"
    for path in (box.folder / "state" / FOLDER).iterdir():
        assert secret not in path.name + path.read_text()


def test_another_site_cannot_sign_a_browser_in(page: Review) -> None:
    secret = page.new_link().split("link=")[1]
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = httpx.post(f"{page.address}/sign-in", data={"link": secret}, headers=headers)
        assert answer.status_code == 403
        assert "not from this page" in said(answer.text)


# The session


def test_the_cookie_is_kept_from_scripts_and_other_sites(
    page: Review, browser: httpx.Client
) -> None:
    secret = page.new_link().split("link=")[1]
    browser.follow_redirects = False
    answer = browser.post(f"{page.address}/sign-in", data={"link": secret})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie, "the box itself has no TLS"


def test_whoever_signs_out_is_out_wherever_the_cookie_is(page: Review, visit_log: VisitLog) -> None:
    visitor = Visitor.of(page, visit_log)
    copied = cookies(visitor.http)
    assert "Sign out" in visitor.look("/")
    assert visitor.http.post(f"{page.address}/sign-out").status_code == 403, "a forged form"
    form = {"csrf": re.findall('name="csrf" value="(.+?)"', visitor.look("/"))[0]}
    answer = visitor.http.post("/sign-out", data=form)
    assert "You are signed out." in answer.text
    assert visitor.http.get("/").status_code == 401
    assert httpx.get(page.address, cookies=copied).status_code == 401


def test_a_session_outlives_a_restart(box: Box, browser: httpx.Client) -> None:
    with serving(box) as page:
        sign_in(browser, page.new_link())
    with serving(box) as page:
        cookie = cookies(browser)
        assert httpx.get(f"{page.address}/cameras", cookies=cookie).status_code == 200


def test_a_session_ends_when_nobody_uses_it(
    page: Review, browser: httpx.Client, clock: SetClock
) -> None:
    sign_in(browser, page.new_link())
    for _ in range(3):
        clock.at += IDLE_MAX - timedelta(minutes=2)
        assert browser.get(page.address).status_code == 200
    clock.at += IDLE_MAX + timedelta(minutes=2)
    assert browser.get(page.address).status_code == 401


def test_a_session_ends_after_its_life_however_much_it_is_used(
    page: Review, browser: httpx.Client, clock: SetClock
) -> None:
    sign_in(browser, page.new_link())
    end = clock.at + timedelta(days=7)
    while clock.at < end:
        assert browser.get(page.address).status_code == 200
        clock.at += timedelta(hours=12)
    clock.at += timedelta(seconds=1)
    assert browser.get(page.address).status_code == 401


def test_a_forged_cookie_is_worth_nothing(page: Review, browser: httpx.Client) -> None:
    sign_in(browser, page.new_link())
    forged = dict.fromkeys(cookies(browser), "x.y.z")
    assert httpx.get(page.address, cookies=forged).status_code == 401


def test_a_cookie_of_another_key_is_worth_nothing(box: Box, browser: httpx.Client) -> None:
    with serving(box) as page:
        sign_in(browser, page.new_link())
    (box.folder / "state" / FOLDER / "key").unlink()
    with serving(box) as page:
        cookie = cookies(browser)
        assert httpx.get(page.address, cookies=cookie).status_code == 401


def test_two_boxes_at_two_ports_of_one_host_do_not_sign_each_other_out(
    page: Review, browser: httpx.Client, tmp_path: Path, database_url: str
) -> None:
    another = Box.at(tmp_path / "another", None, database_url)
    with serving(another) as other:  # a cookie is for a host, whatever the port
        for each in (page, other):
            assert sign_in(browser, each.new_link()).url.path == "/"
        for each in (page, other):
            assert browser.get(each.address).status_code == 200
        assert len(cookies(browser)) == 2


# The commands


def test_the_owner_signs_every_browser_out(page: Review, browser: httpx.Client, box: Box) -> None:
    box_page = page.address.removeprefix("http://")
    unused = box.ok("visitorctl", "review", "--link", "--listen", box_page).strip()
    with serving(box) as real:
        sign_in(browser, real.new_link())
        told = box.ok("visitorctl", "review", "--sign-out-all")
        assert told == "Signed out: 1 browser(s); no link is valid.\n"
        assert browser.get(real.address).status_code == 401
        secret = unused.split("link=")[1]
        refused = httpx.post(f"{real.address}/sign-in", data={"link": secret})
        assert refused.status_code == 403


def test_a_session_may_last_as_long_as_the_configuration_says(
    box: Box, browser: httpx.Client, clock: SetClock
) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(text + '[review]\nsession = "1h"\n')
    with serving(box, clock) as page:
        sign_in(browser, page.new_link())
        clock.at += timedelta(hours=1)
        assert browser.get(page.address).status_code == 200
        clock.at += timedelta(seconds=1)
        assert browser.get(page.address).status_code == 401


# Behind a web server


def test_behind_a_named_web_server_the_cookie_is_for_tls_and_clients_are_told_apart(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    text = (box.folder / "config.toml").read_text()
    box.configure(text + '[review]\nproxy = "127.0.0.1"\n')
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.9, 203.0.113.9"}
    with serving(box) as page:
        form = {"link": page.new_link().split("link=")[1]}
        answer = httpx.post(f"{page.address}/sign-in", data=form, headers=forwarded)
        assert "Secure" in answer.headers["set-cookie"]
        httpx.post(f"{page.address}/sign-in", data=form, headers=forwarded)
    assert "The review page refused 203.0.113.9: a link that was used before" in caplog.text


def test_nobody_else_is_believed_to_be_a_web_server(
    box: Box, page: Review, caplog: pytest.LogCaptureFixture
) -> None:
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    form = {"link": page.new_link().split("link=")[1]}
    answer = httpx.post(f"{page.address}/sign-in", data=form, headers=forwarded)
    assert "Secure" not in answer.headers["set-cookie"]
    httpx.post(f"{page.address}/sign-in", data=form, headers=forwarded)
    assert "The review page refused 127.0.0.1: " in caplog.text
    assert "203.0.113.9" not in caplog.text


# Refusals


def guess(page: Review) -> httpx.Response:
    return httpx.post(f"{page.address}/sign-in", data={"link": "guessed"})


def test_guessing_is_slowed_and_logged_and_nobody_is_shut_out(
    page: Review, browser: httpx.Client, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(FREE + 1):
        assert guess(page).status_code == 403
    refused = guess(page)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "2"
    assert said(refused.text) == "That was wrong too often: wait 2 s, and try again."
    link = page.new_link()
    assert sign_in(browser, link).status_code == 429, "before a link is looked at"

    clock.at += timedelta(seconds=2)
    assert sign_in(browser, link).status_code == 200, "the link was not used up"
    assert guess(page).status_code == 403
    assert guess(page).headers["retry-after"] == "4"
    assert browser.get(page.address).status_code == 200, "who is in stays in"
    lines = [line for line in caplog.messages if line.startswith("The review page refused")]
    assert lines == [
        "The review page refused 127.0.0.1: "
        "a link that was used before, is too old, or was made up."
    ]


def test_other_names_and_forged_forms_are_logged_and_do_not_slow_signing_in(
    page: Review, browser: httpx.Client, visit_log: VisitLog, caplog: pytest.LogCaptureFixture
) -> None:
    statuses = {
        httpx.get(page.address, headers={"Host": "evil.example"}).status_code for _ in range(9)
    }
    assert statuses == {403, 429}
    form = {"link": "x"}
    far = {"Origin": "http://evil.example"}
    statuses = {
        httpx.post(f"{page.address}/sign-in", data=form, headers=far).status_code for _ in range(9)
    }
    assert statuses == {403, 429}
    assert "refused 127.0.0.1: a name that is not its own; see hosts" in caplog.text
    assert "refused 127.0.0.1: a form that is not from its own pages" in caplog.text
    assert Visitor.of(page, visit_log).look("/")
