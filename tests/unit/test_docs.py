"""What the pages promise about themselves: links lead somewhere, and the README stays short."""

import re
from pathlib import Path

import pytest

from fixtures.paths import ROOT

README = ROOT / "README.md"
GUIDE = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *GUIDE]
README_LINES_MAX = 150
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FRAMED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


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


@pytest.mark.parametrize("page", PAGES, ids=map(name, PAGES))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One & two\n[a](#one--two) [b](#three) [c](none.md) [d](https://e.f/g.md)\n")
    assert broken(page) == ["#three", "none.md"]


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
