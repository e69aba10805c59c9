"""What the pages promise about themselves: links lead somewhere, files and tests they name exist,
and the README stays short.
"""

import re
from pathlib import Path

import pytest

from fixtures.paths import ROOT

PACKAGE = ROOT / "daemon" / "visitord"
README = ROOT / "README.md"
GUIDE = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *GUIDE]
README_LINES_MAX = 150
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FRAMED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)

PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*/?)(?:::(\w+))?`")
SUFFIXES = (".py", ".sql", ".md", ".service")
FOLDERS = {path.name for path in [*ROOT.iterdir(), *PACKAGE.iterdir()] if path.is_dir()}
OTHERS = {"model_zoo/README.md"}
"""Paths of other projects."""
NAMES_IN_FILE = re.compile(r"((?:`\w+`(?:, | and ))*`\w+`) in `([\w./-]+\.py)`")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """A page without its framed examples, in which a # begins a comment."""
    return FRAMED.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """The names under which a page's headings are reached, as GitHub makes them."""
    texts = (re.sub(r"[^\w\- ]", "", heading).lower() for heading in HEADING.findall(prose(page)))
    return {text.replace(" ", "-") for text in texts}


def links(page: Path) -> set[str]:
    return {link for link in LINK.findall(prose(page)) if not re.match(r"[a-z]+:", link)}


def broken(page: Path) -> list[str]:
    """The relative links of a page that lead nowhere."""
    found = []
    for link in sorted(links(page)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.is_file() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


def is_of_the_repository(path: str) -> bool:
    """Whether a page that says this means a file or folder here, and not one of a box."""
    if path in OTHERS:
        return False
    return path.endswith(SUFFIXES) or (path.endswith("/") and path.split("/")[0] in FOLDERS)


def found(path: str, page: Path) -> Path | None:
    """What a page means by a path: from the top, in the package, or beside the page."""
    places = (base / path for base in (ROOT, PACKAGE, page.parent))
    return next((place for place in places if place.exists()), None)


def missing(page: Path) -> list[str]:
    """Files, folders, tests and names that a page mentions and that are not there."""
    absent = []
    for path, test in PATH.findall(prose(page)):
        if is_of_the_repository(path):
            file = found(path, page)
            if file is None or (test and f"def {test}(" not in file.read_text("utf-8")):
                absent.append(f"{path}::{test}" if test else path)

    for names, path in NAMES_IN_FILE.findall(prose(page)):
        file = found(path, page)
        code = file.read_text("utf-8") if file else ""
        for own in re.findall(r"`(\w+)`", names):
            if not re.search(rf"^ *(def|class) {own}\b|^{own}\b", code, re.MULTILINE):
                absent.append(f"{own} in {path}")
    return absent


@pytest.mark.parametrize("page", PAGES, ids=map(name, PAGES))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One & two\n[a](#one--two) [b](#three) [c](none.md) [d](https://e.f/g.md)\n")
    assert broken(page) == ["#three", "none.md"]


@pytest.mark.parametrize("page", PAGES, ids=map(name, PAGES))
def test_every_file_test_and_name_that_is_mentioned_exists(page: Path) -> None:
    assert missing(page) == []


def test_a_missing_file_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`core/none.py` `core/` `none.sql` `state/x` `tests/unit/test_docs.py::test_none` "
        "`page.md` `prose` and `none` in `tests/unit/test_docs.py` `models/arcface`\n"
    )
    assert missing(page) == [
        "core/none.py",
        "none.sql",
        "tests/unit/test_docs.py::test_none",
        "none in tests/unit/test_docs.py",
    ]


def test_the_readme_hands_on_before_it_gets_long() -> None:
    assert len(README.read_text("utf-8").splitlines()) < README_LINES_MAX


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    named = {(index.parent / link).resolve() for link in links(index)}
    assert set(GUIDE) - {index} <= named


@pytest.mark.parametrize("page", GUIDE, ids=map(name, GUIDE))
def test_a_page_says_first_whom_it_is_for(page: Path) -> None:
    title, _, first = page.read_text("utf-8").splitlines()[:3]
    assert title.startswith("# ")
    assert first.startswith("For ")
