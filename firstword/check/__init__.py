"""Rules over parsed incidents: each yields problems, none changes anything.

`check_incident` needs one story, the settings and the time; `check_told` asks what it does not say;
`check_published` needs what readers have of it; `check_together` all stories, and is made of
`clashes`, its errors, and `remarks`, its warnings. What stands in a single file's text alone is
`parse`'s business. `since` judges what was public before; it knows many words, and is imported
where somebody asks.
"""

from __future__ import annotations

from firstword.check.across import (
    check_together,
    claims,
    clashes,
    fits,
    remarks,
    remarks_on,
)
from firstword.check.disclosure import check_told
from firstword.check.one import check_incident, check_published
from firstword.check.report import worth_telling
from firstword.check.settings import check_plugins, check_settings

__all__ = [
    "check_incident",
    "check_plugins",
    "check_published",
    "check_settings",
    "check_together",
    "check_told",
    "claims",
    "clashes",
    "fits",
    "remarks",
    "remarks_on",
    "worth_telling",
]
