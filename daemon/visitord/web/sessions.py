"""Who is signed in: links that work once, and the sessions they become.

Both are files in the folder `review` of the state folder, so that a link made by one program opens
the page of another, and a session outlives a restart.  A file's name has the hash of the secret,
never the secret.  The date of a link's file says when it was made, that of a session's when it was
last used; the text of a session's file says when it began.
"""

import contextlib
import hashlib
import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from visitord.core.clock import Clock, aware
from visitord.core.errors import VisitordError
from visitord.core.files import create_file, make_private_folder

FOLDER = "review"
KEY = "key"
SECRET_BYTES = 32
LINK_WITHIN = timedelta(minutes=15)
IDLE_MAX = timedelta(days=1)
NOTED_EVERY = timedelta(minutes=1)  # a use: the disk is spared

_LINK = "link-"
_SESSION = "session-"


class Sessions:
    """Links and sessions of one state folder; any thread and several programs may use them.

    Parameters
    ----------
    state : Path
        The state folder.
    clock : Clock
        Says when a link was made and a session used.
    life : timedelta
        How long a session lasts, however much it is used.
    """

    def __init__(self, state: Path, clock: Clock, life: timedelta) -> None:
        self._folder = state / FOLDER
        self._clock = clock
        self._life = life

    def key(self) -> bytes:
        """What cookies are signed with, made at the first call.

        Raises VisitordError when it is spoilt or not secret.
        """
        path = self._folder / KEY
        try:
            self._make_folder()
            if create_file(path, secrets.token_urlsafe(SECRET_BYTES).encode()):
                self._give_to_owner(path)
            content = path.read_bytes().strip()
            mode = path.stat().st_mode
        except OSError as error:
            raise self._unusable(path, error) from None

        problem = ""
        if mode & 0o077:
            problem = "can be read by other accounts"
        elif len(content) < SECRET_BYTES:
            problem = "holds no key"
        if problem:
            raise VisitordError(f"{path} {problem}; delete it, and a new one is made.")
        return content

    def new_link(self) -> str:
        """A secret that `begin` takes once; raises VisitordError."""
        link = secrets.token_urlsafe(SECRET_BYTES)
        path = self._file(_LINK, link)
        try:
            self._make_folder()
            self._sweep()
            self._put(path, b"")
        except OSError as error:
            raise self._unusable(path, error) from None
        return link

    def begin(self, link: str) -> str | None:
        """The secret of a new session, None unless the link is good; it is used up by that.

        Raises VisitordError when the disk does not take the session.
        """
        path = self._file(_LINK, link)
        try:
            if not self._is_recent(path, LINK_WITHIN):
                return None
            path.unlink()  # whoever does it first has it
        except OSError:
            return None

        session = secrets.token_urlsafe(SECRET_BYTES)
        path = self._file(_SESSION, session)
        try:
            self._put(path, self._clock.now().isoformat().encode())
        except OSError as error:
            raise self._unusable(path, error) from None
        return session

    def holds(self, session: str) -> bool:
        """Whether this is the secret of a session that goes on; notes that it is used."""
        path = self._file(_SESSION, session)
        try:
            if not self._goes_on(path):
                return False
            if not self._is_recent(path, NOTED_EVERY):
                now = self._clock.now().timestamp()
                os.utime(path, (now, now))
        except (OSError, ValueError):  # ended meanwhile, or of another account
            return False
        return True

    def end(self, session: str) -> None:
        """Let the session be worth nothing from now on, wherever its cookie is."""
        self._file(_SESSION, session).unlink(missing_ok=True)

    def end_all(self) -> int:
        """Let no link and no session be worth anything; returns how many sessions went on."""
        self._sweep()
        sessions = list(self._folder.glob(f"{_SESSION}*"))
        for path in (*sessions, *self._folder.glob(f"{_LINK}*")):
            path.unlink(missing_ok=True)
        return len(sessions)

    def _goes_on(self, path: Path) -> bool:
        """Whether neither its life nor its idle time is over; raises OSError, ValueError."""
        began = aware(datetime.fromisoformat(path.read_text("ascii")))
        return self._is_near(began, self._life) and self._is_recent(path, IDLE_MAX)

    def _is_recent(self, path: Path, within: timedelta) -> bool:
        return self._is_near(datetime.fromtimestamp(path.stat().st_mtime, UTC), within)

    def _is_near(self, moment: datetime, within: timedelta) -> bool:
        """Also a moment in the future is too far away, when the clock was set back."""
        return abs(self._clock.now() - moment) <= within

    def _sweep(self) -> None:
        """Delete what is over, and what is spoilt."""
        for path in self._folder.glob(f"{_LINK}*"):
            with contextlib.suppress(FileNotFoundError):  # used meanwhile
                if not self._is_recent(path, LINK_WITHIN):
                    path.unlink()

        for path in self._folder.glob(f"{_SESSION}*"):
            try:
                over = not self._goes_on(path)
            except FileNotFoundError:  # ended meanwhile
                continue
            except ValueError:
                over = True
            if over:
                path.unlink(missing_ok=True)

    def _put(self, path: Path, content: bytes) -> None:
        """A new file of a link or a session, dated now; raises OSError."""
        now = self._clock.now().timestamp()
        create_file(path, content)
        os.utime(path, (now, now))
        self._give_to_owner(path)

    def _file(self, kind: str, secret: str) -> Path:
        return (
            self._folder / f"{kind}{hashlib.sha256(secret.encode('utf-8', 'replace')).hexdigest()}"
        )

    def _make_folder(self) -> None:
        make_private_folder(self._folder.parent)
        try:
            self._folder.mkdir(mode=0o700)
        except FileExistsError:
            return
        self._give_to_owner(self._folder)

    def _give_to_owner(self, path: Path) -> None:
        """What root makes belongs to the service, whose state folder it is."""
        owner = self._folder.parent.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            os.chown(path, owner.st_uid, owner.st_gid)

    @staticmethod
    def _unusable(path: Path, error: OSError) -> VisitordError:
        return VisitordError(
            f"The review page needs {path}, which cannot be used: {error.strerror}."
        )
