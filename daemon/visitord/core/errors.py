"""What can go wrong, as the operator sees it.

Every message is one sentence (or two joined by a colon or semicolon) that says what happened,
where, and what to do.  Libraries' own errors are translated into these once, at the edge where they
arise; nothing above the edge catches a library's exception.
"""


class VisitordError(Exception):
    """Anything visitord reports to a person instead of showing a traceback.

    As text it is what the command line prints.  A front that has no command line shows `fact`
    alone, with advice of its own where it has any.

    Parameters
    ----------
    fact : str
        What happened, and what to do about it wherever one is: a sentence with its full stop.
    advice : str
        What to do about it at the command line, also with its full stop; empty for nothing.
    joint : str
        What stands between the two, in place of the fact's full stop.
    """

    def __init__(self, fact: str, *, advice: str = "", joint: str = "; ") -> None:
        super().__init__(f"{fact.removesuffix('.')}{joint}{advice}" if advice else fact)
        self.fact = fact
        self.advice = advice


class ConfigError(VisitordError):
    """The configuration cannot be used: a key is unknown, of the wrong type, or contradicts
    another.
    """


class SecretUnseenError(ConfigError):
    """A variable or a password file that this process does not see; the service's may.

    Parameters
    ----------
    fact : str
        As for every error.
    refused : bool
        Whether there is a file, which this account may not read.
    """

    def __init__(self, fact: str, *, refused: bool) -> None:
        super().__init__(fact)
        self.refused = refused


class MediaError(VisitordError):
    """A recorded file cannot be read as video or as a picture."""


class CameraError(VisitordError):
    """A camera cannot be opened, or its stream broke; reading it again later may work."""


class StreamEndedError(CameraError):
    """A stream that should go on came to its end; a live camera has failed."""


class CameraStaleError(CameraError):
    """The camera is there, but no picture comes that could be used."""


class CameraRefusedError(CameraError):
    """The camera said no (wrong password, wrong path), or is not to be trusted with the password: a
    person has to act.
    """


class ModelError(VisitordError):
    """A model pack is missing, damaged, or cannot be fetched."""


class DatabaseError(VisitordError):
    """The database refuses what was asked and will refuse it again: a person has to act."""


class RowRefusedError(DatabaseError):
    """The database will never take this row, for its values are not allowed; it takes others."""


class DatabaseUnavailableError(DatabaseError):
    """The database cannot be reached just now; the same request may succeed later."""


class SpoolError(VisitordError):
    """The disk does not take or give what should wait there for the database."""


class NotFoundError(VisitordError):
    """No person, merge or camera of that name; the message lists the near ones."""
