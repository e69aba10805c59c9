"""The review page as tests serve it: a real server on a port of its own, and a client with the link."""

import contextlib
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx

from support import Box
from test_recorder import Desk
from visitord.core.config import load
from visitord.core.threads import Worker
from visitord.store.crops import Crops
from visitord.store.database import Database
from visitord.web.server import Review


@contextlib.contextmanager
def serving(box: Box) -> Iterator[Review]:
    """The page of this box; its loop must end when it is asked to, and must not have died."""
    config = load(box.folder / "config.toml")
    page, died = Review(config, Database(config.database_url()), ("127.0.0.1", 0)), list[str]()
    loop = Worker("review", page.run, lambda: died.append("died"))
    loop.start()
    yield page
    page.stop()
    loop.join(5)
    assert not loop.is_alive()
    assert not died


def base_of(page: Review) -> str:
    return page.link.split("/?")[0]


@dataclass(frozen=True)
class Visitor:
    """Someone with the link."""

    http: httpx.Client
    desk: Desk

    @classmethod
    def of(cls, page: Review, desk: Desk) -> "Visitor":
        return cls.of_link(page.link, desk)

    @classmethod
    def of_link(cls, link: str, desk: Desk) -> "Visitor":
        http = httpx.Client(base_url=link.split("/?")[0], follow_redirects=True)
        assert http.get(link).status_code == 200
        return cls(http, desk)

    def id_of(self, number: int) -> UUID:
        return UUID(str(self.desk.one(f"select identity_id from identity where number = {number}")))

    def look(self, path: str, status: int = 200) -> str:
        answer = self.http.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def csrf(self) -> str:
        """The secret of this session's forms."""
        someone = self.desk.one("select identity_id from identity where merged_into is null limit 1")
        return re.findall('name="csrf" value="(.+?)"', self.look(f"/person/{someone}"))[0]

    def act(self, path: str, form: Mapping[str, str | list[str]] | None = None, status: int = 200) -> str:
        """Send a form as a browser would; returns what the page says that follows."""
        answer = self.http.post(path, data={"csrf": self.csrf(), **(form or {})})
        assert answer.status_code == status, answer.text
        return said(answer.text)


def said(text: str) -> str:
    """The sentence a page reports, be it news or an error."""
    (sentence,) = re.findall(r'role="(?:status|alert)">\s*<p>(.*?)</p>|role="alert">\s*<h1>(.*?)</h1>', text, re.DOTALL)
    return "".join(sentence)


def with_pictures(desk: Desk, state: Path) -> list[str]:
    """Gives every sighting a picture of its own; returns their names."""
    crops, names = Crops(state / "crops"), []
    for (sighting,) in desk.rows("select sighting_id from sighting order by started_at"):
        name = crops.keep(f"a picture of {sighting}".encode())
        assert name
        names.append(name)
        with desk.database.transaction() as cursor:
            cursor.execute("update sighting set crop = %s where sighting_id = %s", (name, sighting))
    return names


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
