"""Made-up people who are as alike as real strangers are to the default pack, for a site to know.

    python bench/crowd.py PEOPLE [--config FILE] [--seed 5]

Writes them into the configured database, two templates each, as if each had come once or twice.  A
replay into that site is what its owner has after months.  Embeddings are spread around what all
faces have in common; around nothing, as a plain normal distribution gives, would be far too easy.
"""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray
from psycopg2.extras import execute_values

from visitord.core.config import load
from visitord.models import sface
from visitord.models.opening import open_pack
from visitord.store import gallery_changes
from visitord.store.database import Database
from visitord.store.opening import open_database

LOOKS = 2  # templates of each
LIKENESS = 0.9  # cosine of a look to its person
QUALITY = 0.8
FIRST_SEEN = datetime(2025, 6, 1, tzinfo=UTC)

_NAMESPACE = UUID("c0a4d6a8-3b1e-5f5e-9a55-6b6f7a1c2d90")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("people", type=int)
    options.add_argument("--config", type=Path, default=Path("config.toml"))
    options.add_argument("--seed", type=int, default=5)
    given = options.parse_args()

    config = load(given.config)
    database = open_database(config)
    fingerprint = open_pack(config).fingerprint
    write(database, fingerprint, crowd(given.people, np.random.default_rng(given.seed)))
    database.close()


def crowd(people: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Unit embeddings (people, LOOKS, 128) of so many strangers."""
    centre = sface.CENTRE.astype(np.float64)
    own = rng.normal(size=(people, 1, sface.DIM)) * np.sqrt((1 - centre @ centre) / sface.DIM)
    persons = _unit(centre + own)

    aside = rng.normal(size=(people, LOOKS, sface.DIM))
    aside -= (aside * persons).sum(axis=-1, keepdims=True) * persons
    looks = LIKENESS * persons + np.sqrt(1 - LIKENESS**2) * _unit(aside)
    return looks.astype(np.float32)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / lengths


def made_up(people: int) -> list[UUID]:
    """The ids of so many of these people."""
    return [uuid5(_NAMESPACE, f"identity {n}") for n in range(people)]


def write(database: Database, pack: str, embeddings: NDArray[np.float32]) -> None:
    """Let the site know these people (n, looks, d), by templates of this pack."""
    identities = []
    templates = []
    ids = made_up(len(embeddings))
    for n, (identity_id, looks) in enumerate(zip(ids, embeddings.tolist(), strict=True)):
        since = FIRST_SEEN + timedelta(minutes=n)
        identities.append((identity_id, "provisional", identity_id, since))
        for k, look in enumerate(looks):
            template_id = uuid5(_NAMESPACE, f"template {n} {k}")
            templates.append((template_id, identity_id, pack, look, QUALITY, since))

    with database.transaction() as cursor:
        execute_values(
            cursor,
            "insert into identity (identity_id, status, root_id, created_at) values %s",
            identities,
        )
        execute_values(
            cursor,
            "insert into template "
            "(template_id, identity_id, pack, embedding, quality, created_at) values %s",
            templates,
        )
        gallery_changes.announce(cursor, [row[0] for row in identities])


if __name__ == "__main__":
    main()
