"""What the ledger forgets: who got what is over and old, and nothing that anybody may still need.

An edition that is forgotten is closed: it goes out to nobody any more, whatever becomes of its
story. For without its letters nobody can tell who has it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from firstword.mail.parcel import Cadence

#: How long it is kept who got an edition: far longer than any can still go out.
KEPT = timedelta(days=90)
TABLES = "CREATE TABLE IF NOT EXISTS closed(edition TEXT PRIMARY KEY) WITHOUT ROWID;"

_CLOSE = """
INSERT OR IGNORE INTO closed
SELECT id FROM edition
WHERE cadence = :cadence AND at < :before
    AND id NOT IN (SELECT value FROM json_each(:current))
    AND (incident = ''
        OR (:open IS NOT NULL AND incident NOT IN (SELECT value FROM json_each(:open))))
"""
#: Of a story's words, what may have arrived waits until somebody has looked into the server's log.
_FORGET = """
DELETE FROM letter
WHERE edition IN (SELECT id FROM edition JOIN closed ON edition = id WHERE cadence = :cadence)
    AND (state NOT IN ('claimed', 'unknown')
        OR edition IN (SELECT id FROM edition WHERE incident = ''))
"""


def close_old(
    db: sqlite3.Connection,
    looks: Mapping[Cadence, datetime],
    current: Collection[str],
    open_stories: Collection[str] | None,
) -> None:
    """Close the editions of some cadences that are older than KEPT, and forget who got them.

    `looks` says what time it is (UTC), `current` are the ids of editions that may still go out,
    `open_stories` the ids of stories of which none of the words may go, None = of all stories.
    """
    is_open = None if open_stories is None else json.dumps(sorted(open_stories))
    told = {"current": json.dumps(sorted(current)), "open": is_open}
    for cadence, at in looks.items():
        before = int((at - KEPT).timestamp())
        db.execute(_CLOSE, {**told, "cadence": cadence, "before": before})
        db.execute(_FORGET, {"cadence": cadence})


def closed_of(db: sqlite3.Connection, editions: Collection[str]) -> frozenset[str]:
    """Return which of these editions are closed."""
    asked = "SELECT edition FROM closed WHERE edition IN (SELECT value FROM json_each(?))"
    return frozenset(one for (one,) in db.execute(asked, (json.dumps(sorted(editions)),)))
