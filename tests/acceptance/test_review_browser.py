"""The review page in a real browser, on real faces: by mouse or keys, on a phone, scriptless."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser as Started
from playwright.sync_api import BrowserContext, Locator, Page, sync_playwright

from fixtures.databases import copied
from fixtures.faces import people as faces
from fixtures.installation import Box
from fixtures.programs import installed
from fixtures.reports import START
from fixtures.reviewing import serving
from fixtures.visit_log import VisitLog
from visitord.core.config import load
from visitord.core.errors import CameraError
from visitord.service import control
from visitord.store import people
from visitord.store.database import Database
from visitord.web.server import Review

QUIET = ("background-networking", "component-update", "sync", "gpu", "quic")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    *(f"--disable-{feature}" for feature in QUIET),
]
PHONE, DESKTOP = (360, 780), (1280, 900)
SEEN = ("astronaut", "hanks", "t1-1", "t1-4", "t1-1")  # a minute apart


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The system's browser."""
    return installed("chromium", "chromium", "fonts-dejavu-core")


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory, models_dir: Path, server_url: str
) -> Iterator[tuple[Path, str]]:
    """State folder and database after four people were there, the third of them twice."""
    folder = tmp_path_factory.mktemp("recorded")
    with copied(server_url) as url:
        box = Box.at(folder / "box", models_dir, url)
        photographs = [folder / f"{n}.png" for n in range(len(SEEN))]
        for n, path in enumerate(photographs):
            room = np.full((540, 960, 3), 140 + 5 * n, np.uint8)
            room[100:360, 300:560] = cv2.resize(faces()[SEEN[n]].image, (260, 260))
            cv2.imwrite(str(path), room)
            os.utime(path, (at := START.timestamp() + 60 * n, at))
        box.ok("visitord", "replay", *map(str, photographs), "--camera", "door")
        yield box.folder / "state", url


@pytest.fixture
def box(recorded: tuple[Path, str], tmp_path: Path, models_dir: Path) -> Iterator[Box]:
    """A box of its own with what was recorded."""
    state, url = recorded
    with copied(url) as own:
        box = Box.at(tmp_path / "box", models_dir, own)
        shutil.copytree(state / "crops", box.folder / "state" / "crops")
        yield box


@pytest.fixture
def visit_log(box: Box) -> Iterator[VisitLog]:
    database = Database(load(box.folder / "config.toml").database_url())
    yield VisitLog(database)
    database.close()


@pytest.fixture
def review(box: Box) -> Iterator[Review]:
    with serving(box) as page:
        yield page


@pytest.fixture(scope="session")
def started(chromium: Path) -> Iterator[Started]:
    """One browser for all tests, which none of them leaves a trace in."""
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS) as started,
    ):
        yield started


class Browser:
    """A browser that was never here; what goes wrong in its pages, and what they ask of other
    sites, is kept.
    """

    def __init__(self, started: Started, review: Review) -> None:
        self._started, self.review = started, review
        self.contexts: list[BrowserContext] = []
        self.troubles: list[str] = []

    def open(
        self, size: tuple[int, int] = DESKTOP, *, dark: bool = False, scripts: bool = True
    ) -> Page:
        """A window on the page, past the link; it shares nothing with any other."""
        context = self._started.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on(
            "console",
            lambda line: (
                self.troubles.append(line.text) if "Content Security" in line.text else None
            ),
        )
        page.on("request", lambda request: self._hear(request.url))
        page.goto(self.review.new_link())
        if not scripts:
            page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.review.address}/")
        return page

    def _hear(self, url: str) -> None:
        if urlsplit(url).scheme != "blob" and not url.startswith(self.review.address):
            self.troubles.append(f"asked for {url}")


@pytest.fixture
def browser(started: Started, review: Review) -> Iterator[Browser]:
    browser = Browser(started, review)
    yield browser
    for context in browser.contexts:
        context.close()
    assert browser.troubles == []


def card(page: Page, name: str) -> Locator:
    return page.locator(".card", has_text=name)


def sentence(page: Page) -> str:
    return page.locator("[role=status] p").inner_text()


def suggest(visit_log: VisitLog, one: str, other: str) -> None:
    with visit_log.database.transaction() as cursor:
        ids = sorted(people.find(cursor, who).visitor_id for who in (one, other))
        cursor.execute(
            "insert into suggestion (one_id, other_id, agreement, reason, made_at) "
            "values (%s, %s, 0.4, 'why', now())",
            ids,
        )


def visits(visit_log: VisitLog) -> list[tuple[object, ...]]:
    return visit_log.rows("select name, count(*) from visit_log group by 1 order by 1")


def test_faces_are_named_by_keys_alone(browser: Browser, visit_log: VisitLog) -> None:
    page = browser.open()
    first = page.locator(".card .who").first.inner_text()
    for key in ("j", "j", "k", "n"):
        page.keyboard.press(key)
    page.keyboard.type("Kim Larsen")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]")
    assert sentence(page) == f"{first} is now called Kim Larsen."
    assert visit_log.rows("select label from visitor where name = 'Kim Larsen'") == [(first,)]
    assert page.locator(".card").count() == 3
    page.keyboard.press("/")
    page.keyboard.type("larsen")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=larsen")
    assert page.locator(".card .who").all_inner_texts() == ["Kim Larsen"]
    page.keyboard.press("j")
    page.keyboard.press("m")
    page.wait_for_url("**/compare")
    heading = page.locator("h1").inner_text()
    assert heading == "Is one of these the same person as Kim Larsen?"


def test_two_faces_are_merged_and_the_merge_undone(browser: Browser, visit_log: VisitLog) -> None:
    before = visits(visit_log)
    page = browser.open()
    card(page, "visitor 2").locator(".look").click()
    page.get_by_text("Same as …").click()
    card(page, "visitor 4").get_by_role("button", name="Same person").click()
    assert sentence(page) == "visitor 2 is now part of visitor 4."
    assert page.locator("h1").inner_text() == "visitor 4"
    assert visits(visit_log) == [("visitor 1", 1), ("visitor 3", 2), ("visitor 4", 2)]
    page.get_by_role("link", name="Merges", exact=True).click()
    assert page.locator(".merge img").count() == 2
    page.get_by_role("button", name="Undo").click()
    assert sentence(page) == "visitor 2 stands apart from visitor 4 again."
    assert visits(visit_log) == before


def test_a_merge_is_undone_by_the_button_beside_its_news(
    browser: Browser, visit_log: VisitLog
) -> None:
    before = visits(visit_log)
    suggest(visit_log, "1", "2")
    page = browser.open()
    page.get_by_text("1 pair to decide").click()
    assert page.locator(".pair img").count() >= 2
    page.get_by_role("button", name="One person").click()
    assert sentence(page) == "visitor 2 is now part of visitor 1."
    assert len(visits(visit_log)) == 3
    page.get_by_role("button", name="Undo").click()
    assert sentence(page) == "visitor 2 stands apart from visitor 1 again."
    assert visits(visit_log) == before


def test_a_suggestion_is_rejected(browser: Browser, visit_log: VisitLog) -> None:
    suggest(visit_log, "1", "2")
    page = browser.open()
    page.get_by_role("link", name="Suggestions").click()
    page.get_by_role("button", name="Two people").click()
    assert sentence(page) == "visitor 2 and visitor 1 stay two people."
    assert page.get_by_text("There is no open question.").is_visible()
    assert visit_log.one("select count(*) from rejection") == 1


def test_ticked_sightings_become_a_person_of_their_own(
    browser: Browser, visit_log: VisitLog
) -> None:
    page = browser.open()
    card(page, "visitor 3").locator(".look").click()
    assert page.locator(".visits li").count() == 2
    page.locator(".sightings .card").first.click()
    page.get_by_role("button", name="Make them a person").click()
    assert sentence(page) == "What was ticked of visitor 3 is now visitor 5."
    assert ("visitor 5", 1) in visits(visit_log)


def test_somebody_is_ignored_and_it_is_undone(browser: Browser, visit_log: VisitLog) -> None:
    page = browser.open()
    card(page, "visitor 2").locator(".look").click()
    page.get_by_role("button", name="Ignore").click()
    assert sentence(page) == "visitor 2 is ignored from now on."
    assert visit_log.rows("select name from visitor where status = 'ignored'") == [("visitor 2",)]
    page.get_by_role("button", name="Undo").click()
    assert sentence(page) == "visitor 2 is no longer ignored."
    assert visit_log.rows("select name from visitor where status = 'ignored'") == []


def test_somebody_is_forgotten_after_being_asked(
    browser: Browser, visit_log: VisitLog, box: Box
) -> None:
    pictures = {path.name for path in (box.folder / "state" / "crops").glob("*/*")}
    page = browser.open()
    card(page, "visitor 3").locator(".look").click()
    page.get_by_text("Forget …").click()
    assert page.get_by_text("2 visits and 2 sightings").is_visible()
    page.get_by_role("button", name="Forget visitor 3").click()
    assert page.url.endswith("/forget"), "the box is not ticked"
    page.get_by_label("I am certain").check()
    page.get_by_role("button", name="Forget visitor 3").click()
    assert sentence(page) == "visitor 3 is forgotten."
    assert page.locator(".card").count() == 3
    assert len(visits(visit_log)) == 3
    left = {path.name for path in (box.folder / "state" / "crops").glob("*/*")}
    assert left < pictures
    assert len(left) == len(pictures) - 2


def test_everything_works_without_scripts(browser: Browser, visit_log: VisitLog) -> None:
    page = browser.open(PHONE, scripts=False)
    card(page, "visitor 1").get_by_placeholder("Name").fill("Kim")
    card(page, "visitor 1").get_by_role("button", name="Save").click()
    assert sentence(page) == "visitor 1 is now called Kim."
    card(page, "visitor 2").locator(".look").click()
    page.get_by_text("Same as …").click()
    card(page, "Kim").get_by_role("button", name="Same").click()
    page.get_by_role("button", name="Undo").click()
    assert sentence(page) == "visitor 2 stands apart from Kim again."
    assert ("Kim", 1) in visits(visit_log)


def test_a_browser_signs_out_and_the_old_link_does_not_let_it_in(browser: Browser) -> None:
    link = browser.review.new_link()
    page = browser.open()
    page.goto(link)
    page.wait_for_url(f"{browser.review.address}/")
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("heading", name="You are signed out.").is_visible()
    page.goto(link)
    page.get_by_text("This link was used before").wait_for()
    page.goto(browser.review.address)
    assert page.get_by_text("opens with a link that works once").is_visible()


def test_cameras_show_what_they_see_or_why_they_do_not(browser: Browser, box: Box) -> None:
    text = (box.folder / "config.toml").read_text()
    cameras = "".join(
        f'[[camera]]\nname = "{name}"\nsource = "0"\n' for name in ("back door", "hall")
    )
    box.configure(text + cameras)
    green = cv2.imencode(".jpg", np.full((90, 160, 3), (0, 160, 0), np.uint8))[1].tobytes()

    def snapshot(camera: str) -> bytes:
        if camera == "hall":
            raise CameraError("Camera hall has given no picture yet: it is gone.")
        return green

    with serving(box) as page_of_box:
        browser.review = page_of_box
        page = browser.open()
        page.goto(f"{page_of_box.address}/cameras")
        page.get_by_text("No daemon runs on this box").first.wait_for()
        control.listen(box.folder / "state", snapshot)
        page.get_by_text("Camera hall has given no picture yet").wait_for()
        page.wait_for_function("document.querySelector('.view img').naturalWidth == 160")
        first = page.locator(".view img").first.get_attribute("src")
        page.wait_for_function("was => document.querySelector('.view img').src != was", arg=first)
        assert card(page, "hall").locator("img").is_hidden()


# How it looks

CONTRASTS = """() => {
  const rgb = (css) => css.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const linear = (v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = colour.map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim()) continue;
    if (!element.checkVisibility() || element.closest("svg")) continue;
    const ink = rgb(getComputedStyle(element).color).slice(0, 3);
    const [a, b] = [light(ink), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push([walk.currentNode.textContent.trim(), ratio]);
  }
  return found;
}"""
UNNAMED = """() => [
    ...document.querySelectorAll("input:not([type=hidden]), button, img, svg[role], a")
  ]
  .filter((e) => !(e.ariaLabel || e.alt || e.textContent.trim() || e.closest("label")))
  .map((e) => e.outerHTML)"""


TARGET_PX = 44  # WCAG 2.2, 2.5.5: what a finger hits at once
SMALL = """(least) => [
    ...document.querySelectorAll("main a, nav a, button, summary, input:not([type=hidden])")
  ]
  .filter((e) => e.checkVisibility() && !e.closest("h1, .skip"))
  .map((e) => e.type == "checkbox" ? e.closest("label") : e)
  .map((e) => [e.outerHTML.slice(0, 100), e.getBoundingClientRect()])
  .filter(([, at]) => Math.min(at.width, at.height) < least - 0.5)"""
NAME_PX = 120  # of a tile's field for a name
WIDTHS = """(tag) => [...document.querySelectorAll(`.wall .card ${tag}`)]
  .map((e) => e.getBoundingClientRect().width)"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_fits_is_legible_labelled_and_found_by_fingers(
    browser: Browser, visit_log: VisitLog, size: tuple[int, int], dark: bool, tmp_path: Path
) -> None:
    suggest(visit_log, "1", "2")
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "insert into sighting (sighting_id, site, camera, started_at, ended_at, decision, "
            "reason, quality, good_samples, face_px, embedding, pack) "
            "select gen_random_uuid(), site, camera, started_at, ended_at, 'pending', "
            "'it moved too fast', quality, 0, face_px, embedding, pack from sighting limit 2"
        )
    page = browser.open(size, dark=dark)
    assert min(page.evaluate(WIDTHS, "input[name=name]")) >= NAME_PX
    tiles = page.evaluate(WIDTHS, ".look")
    assert page.evaluate(WIDTHS, "img.face") == pytest.approx(tiles), "from edge to edge"

    page.locator("[name=name]").first.fill(
        "Somebody with quite a long name, and then some more of it"
    )
    page.locator(".card button").first.click()
    someone = urlsplit(page.locator(".look").first.get_attribute("href") or "").path
    chosen = visit_log.rows("select sighting_id from sighting where identity_id is null")
    paths = [
        "/",
        "/?show=ignored",
        someone,
        f"{someone}/compare",
        f"{someone}/forget",
        "/unidentified",
        "/unidentified/who?" + "&".join(f"sighting={one}" for (one,) in chosen),
        "/suggestions",
        "/merges",
    ]
    for n, path in enumerate((*paths, "/cameras", "/nothing")):
        page.goto(browser.review.address + path)
        page.screenshot(path=tmp_path / f"{n}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
        assert page.evaluate(CONTRASTS) == [], path
        assert page.evaluate(UNNAMED) == [], path
        assert page.evaluate(SMALL, TARGET_PX) == [], path
        assert page.locator("h1").count() == 1, path
        broken = (
            "[...document.images]"
            ".filter((i) => i.complete && !i.naturalWidth && i.checkVisibility()).length"
        )
        assert page.evaluate(broken) == 0, path


def test_a_face_nobody_was_found_for_is_given_to_whom_it_is_most_like(
    browser: Browser, visit_log: VisitLog
) -> None:
    with visit_log.database.transaction() as cursor:
        cursor.execute(
            "update sighting set identity_id = null, decision = 'pending', reason = 'by a test' "
            "where sighting_id = (select sighting_id from sighting_log where name = 'visitor 3' "
            "and decision = 'matched')"
        )
    page = browser.open(PHONE, scripts=False)
    page.get_by_role("link", name="Unidentified").click()
    page.get_by_role("button", name="Say who it is").click()
    assert page.get_by_text("Tick the faces of one person first.").is_visible()
    page.locator(".card label").click()
    page.get_by_role("button", name="Say who it is").click()
    assert page.locator(".wall .who").first.inner_text() == "visitor 3"
    assert page.locator(".chosen img").count() == 1
    page.get_by_role("button", name="It is them: visitor 3").click()
    assert sentence(page) == "1 sighting is now of visitor 3."
    assert page.get_by_text("Everyone who came was identified.").is_visible()
    assert visit_log.one("select count(*) from sighting where decision = 'settled'") == 1


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_long_names_keep_their_measure(
    browser: Browser, visit_log: VisitLog, size: tuple[int, int]
) -> None:
    page, name = browser.open(size), "Somebody " * 22 + "A"
    card(page, "visitor 1").get_by_placeholder("Name").fill(name)
    card(page, "visitor 1").get_by_role("button", name="Save").click()
    page.goto(f"{browser.review.address}/?show=all")
    called = page.locator(".who", has_text="Somebody")
    line = float(called.evaluate("parseFloat(getComputedStyle(document.body).lineHeight)"))
    assert called.evaluate("e => e.clientHeight") == pytest.approx(3 * line, abs=2)
    assert called.get_attribute("title") == name
    page.goto(f"{browser.review.address}/cameras")
    told = page.get_by_text("No camera is configured.").bounding_box()
    assert told
    assert told["x"] + told["width"] / 2 == pytest.approx(size[0] / 2, abs=10)


def test_the_keyboard_shows_where_it_is(browser: Browser) -> None:
    page = browser.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    seen = []
    for _ in range(16):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        seen.append(
            page.evaluate(
                "document.activeElement.ariaLabel || document.activeElement.textContent.trim()"
            )
        )
    pages = ["Faces", "Unidentified", "Suggestions", "Merges", "Cameras"]
    assert seen[:6] == [*pages, "Unnamed"]
    assert any(name.startswith("Name for visitor") for name in seen)
