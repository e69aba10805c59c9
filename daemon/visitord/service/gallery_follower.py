"""The gallery in memory, which follows what this box and others write to the database."""

from collections.abc import Iterable
from dataclasses import replace

from visitord.core.errors import DatabaseUnavailableError
from visitord.core.records import Embedding, PooledSamples, Template
from visitord.identity.centring import centred
from visitord.identity.gallery import Gallery
from visitord.store import gallery_changes, identities
from visitord.store import templates as stored_templates
from visitord.store.database import Cursor


class SchemaChangedError(DatabaseUnavailableError):
    """The database was migrated since this process last looked at its schema."""


class GalleryFollower:
    """Everyone known, as the database had it at `version`.  Owned by the recorder's thread.

    centre: what all faces have in common to the recogniser, where it has that.
    gallery: empty with `vector`, for then the database itself looks for whom a face is like.
    version: of the database, None while the gallery is not what the database holds: at the start,
    after something was added that is not written, and when another database may come back.
    informed: whether the gallery was ever that of a database.  Until then a face that is not in it
    need not be a new one.
    """

    def __init__(
        self, pack: str, dim: int, centre: Embedding | None = None, *, vector: bool = False
    ) -> None:
        self.centre = centre
        self.gallery = Gallery(dim, centre=centre)
        self.version: int | None = None
        self.informed = False
        self._pack = pack
        self._dim = dim
        self._vector = vector
        self._schema: str | None = None  # of the database at the last look
        # At most, and about how many, in the database at `version`; only with `vector`.
        self._people = 0
        self._templates = 0

    @property
    def recognises(self) -> bool:
        """Whether people can be recognised from memory alone."""
        return self.informed and not self._vector

    def recall(self, templates: Iterable[Template]) -> None:
        """Start with what an earlier process knew."""
        self.gallery = Gallery(self._dim, templates, self.centre)
        self.informed = True

    def catch_up(self, cursor: Cursor) -> None:
        """Follow what others changed.

        Raises SchemaChangedError once for each migration that is found; the next call goes on.
        """
        found = gallery_changes.version(cursor)
        if self._schema not in (None, found.schema):
            self._schema = None
            raise SchemaChangedError(
                "The database was migrated meanwhile; what that means is looked at again."
            )

        self._schema = found.schema
        if found.version != self.version:
            if self._vector:
                self._people = identities.highest_number(cursor)
                self._templates = stored_templates.estimated_count(cursor)
            else:
                self._load(cursor, found.version)
        self.version = found.version
        self.informed = True

    def _load(self, cursor: Cursor, version: int) -> None:
        """Fetch what changed; all, the first time and when an earlier state was restored."""
        if self.version is None or self.version > version:
            everyone = stored_templates.templates(cursor, self._pack)
            self.gallery = Gallery(self._dim, everyone, self.centre)
            return

        changed = gallery_changes.since(cursor, self.version)
        theirs = stored_templates.templates(cursor, self._pack, changed)
        self.gallery = self.gallery.update(changed, theirs)

    def candidates(self, cursor: Cursor, pooled: PooledSamples | None, companions: int) -> Gallery:
        """Everyone a face may be.

        Parameters
        ----------
        cursor
            A transaction that caught up.
        pooled
            What the face looks like; None where no sample says so.
        companions
            How many people may be among those like it who are somebody else for certain.
        """
        if not self._vector:
            return self.gallery
        if pooled is None:
            return Gallery(self._dim)

        # The index compares with templates as they are; asked for what is left of the face without
        # the centre, it puts them in nearly the order that is exact.
        towards = centred(pooled.embedding, self.centre)
        near = stored_templates.nearest(cursor, self._pack, towards, companions)
        return Gallery(self._dim, near, self.centre, self._people, self._templates)

    def is_next(self, version: int) -> bool:
        """Whether no other process changed the database since this one caught up."""
        return self.version is not None and version == self.version + 1

    def learn(self, template: Template, version: int, name: str | None = None) -> None:
        """Add a template that this process wrote, which made the database's version this one.

        Where another process took a version too, the next `catch_up` fetches both changes.
        name: what the database calls its owner, if it said so.
        """
        if not self.is_next(version):
            return

        self.version = version
        if not self._vector:
            called = name if name is not None else self.gallery.name(template.root_id)
            self.gallery.add(replace(template, name=called))

    def guess(self, template: Template) -> None:
        """Add a template that is not written; what the database holds replaces it later."""
        self.gallery.add(template)
        self.version = None

    def distrust(self) -> None:
        """Load everything at the next `catch_up`: the database may come back another one."""
        self.version = None
