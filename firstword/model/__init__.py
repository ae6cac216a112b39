"""The nouns: values that hold, with everything derivable derived.

Frozen structs. Every datetime is aware and in UTC. Nothing here reads a file, the
clock or a setting.
"""

from __future__ import annotations

from firstword.model.incident import (
    NO_FACTS,
    ComponentChange,
    Due,
    Facts,
    FollowUp,
    Incident,
    Moment,
    Update,
    update_id,
)
from firstword.model.problem import Level, Problem
from firstword.model.site import Accent, Component, Link, Mail, Person, Site, Target
from firstword.model.words import (
    ENDINGS,
    HOLDING,
    LIFECYCLE,
    UNDER_WAY,
    About,
    ComponentStatus,
    Impact,
    Kind,
    Status,
)

__all__ = [
    "ENDINGS",
    "HOLDING",
    "LIFECYCLE",
    "NO_FACTS",
    "UNDER_WAY",
    "About",
    "Accent",
    "Component",
    "ComponentChange",
    "ComponentStatus",
    "Due",
    "Facts",
    "FollowUp",
    "Impact",
    "Incident",
    "Kind",
    "Level",
    "Link",
    "Mail",
    "Moment",
    "Person",
    "Problem",
    "Site",
    "Status",
    "Target",
    "Update",
    "update_id",
]
