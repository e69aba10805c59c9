"""What comparing a face with everyone known takes, beside a pass over the same memory and faiss.

Templates are made up as alike as real ones are, three to a person; one thread each.
"""

import statistics
from functools import partial
from uuid import UUID

import numpy as np
from faces import DIM, People, embeddings
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from speed.rounds import Work, cpu_s, ratio
from speed.setting import Setting
from speed.table import Goal, Line
from visitord.core.records import Template
from visitord.identity.gallery import Gallery
from visitord.models.sface import CENTRE
from visitord.service.deciding import RANKED

EACH = 3  # templates of a person
ROUNDS = 25
QUALITY = 0.8
OVER_MEMORY = Goal(1.2)
OVER_FAISS = Goal(1.0)


def made_up(count: int) -> NDArray[np.float32]:
    """So many templates (n, d), those of one person one after another."""
    rng = np.random.default_rng(1)
    people = People.made(-(-count // EACH), rng)
    whose = np.arange(count) // EACH
    return embeddings(people.visits(whose, rng))


def gallery_of(templates: NDArray[np.float32]) -> Gallery:
    """The product's own gallery of these templates."""
    owners = [UUID(int=n // EACH + 1) for n in range(len(templates))]
    known = (
        Template(UUID(int=2**64 + n), owner, owner, embedding, QUALITY)
        for n, (owner, embedding) in enumerate(zip(owners, templates, strict=True))
    )
    return Gallery(DIM, known, CENTRE)


def lines(setting: Setting) -> list[Line]:
    """How much longer it takes than each."""
    templates = made_up(setting.templates)
    face = made_up(EACH)[0]
    gallery = gallery_of(templates)
    work: dict[str, Work] = {
        "ours": partial(gallery.rank, face, RANKED),
        "memory": partial(np.sum, templates),
    }
    missing = ""
    try:
        import faiss
    except ImportError:
        missing = "faiss is not installed: pip install faiss-cpu"
    else:
        faiss.omp_set_num_threads(1)
        index = faiss.IndexFlatIP(DIM)
        index.add(templates)
        work["faiss"] = partial(index.search, face[None], RANKED)

    with threadpool_limits(1):
        took = cpu_s(work, ROUNDS)

    def said(name: str, what: str) -> str:
        return f"{what}: {statistics.median(took[name]) * 1000:.2f} ms"

    count = f"{setting.templates:,} templates"
    mine = said("ours", "ranked")
    over_memory = ratio(took["ours"], took["memory"])
    found = [
        Line(
            f"a face against {count} ÷ one pass over them",
            over_memory,
            "×",
            OVER_MEMORY,
            mine,
            said("memory", "numpy's sum"),
        )
    ]
    over_faiss = ratio(took["ours"], took["faiss"]) if not missing else None
    beside = missing or said("faiss", "IndexFlatIP")
    measure = f"a face against {count} ÷ faiss"
    return [*found, Line(measure, over_faiss, "×", OVER_FAISS, mine, beside)]
