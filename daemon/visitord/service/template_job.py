"""Looks for templates that are not of the person they are filed under, and sets them aside."""

import logging
import random
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from visitord.core.records import Embedding, Thresholds
from visitord.identity.audit import Audit, Finding
from visitord.identity.centring import centred
from visitord.identity.neighbours import Neighbours
from visitord.store import merges, template_audit
from visitord.store.database import Cursor

log = logging.getLogger(__name__)

SUSPECTS_MAX = 200  # identities that one run of the merge job looks at; the next, at others


def load(cursor: Cursor, pack: str, near: Neighbours, thresholds: Thresholds) -> Audit:
    """The templates of a pack, ready to be looked through.

    Parameters
    ----------
    cursor
        Of an open transaction.
    pack
        The recogniser's fingerprint.
    near
        Holds the embeddings of its templates; others are left out.
    thresholds
        In force while so many people are known.
    """
    templates = template_audit.audited(cursor, pack, merges.JOB_NAME)
    unknown = set(near.unknown(template.template_id for template in templates))
    return Audit([t for t in templates if t.template_id not in unknown], near, thresholds)


def find(
    cursor: Cursor,
    pack: str,
    audit: Audit,
    centre: Embedding | None,
    most: int | None = None,
) -> list[Finding]:
    """What is wrong with these templates, the least like their own first.

    Parameters
    ----------
    cursor
        Of an open transaction.
    pack
        Fingerprint of the recogniser that made them.
    audit
        The templates.
    centre
        What all faces have in common to it (d,), where it has that.
    most
        How many identities to look at: of more, these are chosen by chance, for some may stay
        suspect for good.  None: all.
    """
    suspects = audit.suspects()
    if most is not None and most < len(suspects):
        suspects = random.sample(suspects, most)
    if not suspects:
        return []
    looks = template_audit.looks(cursor, pack, suspects)
    seen = {root: centred(own, centre) for root, own in looks.items()}
    return audit.findings(suspects, seen)


def set_aside(cursor: Cursor, findings: Sequence[Finding], now: datetime) -> list[UUID]:
    """Set aside what may be; returns whose templates these were, for the caller to announce."""
    reasons = {f.template_id: str(f.why) for f in findings if f.sets_aside}
    if not reasons:
        return []

    owners = template_audit.set_aside(cursor, reasons, now)
    log.info(
        "Set aside %d template(s), which are not of their person: visitorctl audit.", len(owners)
    )
    return owners
