"""The words of the file format as readers see them, in English; other languages have catalogues."""

from __future__ import annotations

#: Value → label. In the catalogues the value is the context, so that two that look alike in
#: English may differ elsewhere.
WORDS = {
    "investigating": "Investigating",
    "identified": "Cause found",
    "monitoring": "Watching",
    "resolved": "Resolved",
    "postmortem": "Explained",
    "scheduled": "Planned",
    "in_progress": "Under way",
    "verifying": "Checking",
    "completed": "Done",
    "cancelled": "Cancelled",
    "published": "Published",
    "done": "Done",
    "withdrawn": "Withdrawn",
    "update": "Update",
    "answer": "Answer",
    "correction": "Correction",
    "operational": "Works",
    "under_maintenance": "Under maintenance",
    "degraded_performance": "Works poorly",
    "partial_outage": "Partly down",
    "major_outage": "Down",
    "none": "No impact",
    "minor": "Minor",
    "major": "Major",
    "critical": "Critical",
    "incident": "Incident",
    "maintenance": "Maintenance",
    "notice": "Notice",
    "delay": "Delay",
    "safety": "Safety",
    "security": "Security",
    "reminder": "Reminder",
    "tip": "Tip",
    "pending": "still to come",
    "kept": "kept",
    "late": "late",
    "overdue": "overdue",
    "replaced": "replaced",
    "missed": "missed",
    "released": "no longer owed",
    "ticked": "ticked off in the text",
    "took": "explained",
    "unexplained": "not explained",
}

#: A kind as the heading of a list.
MANY = {"incident": "Incidents", "maintenance": "Maintenance", "notice": "Notices"}

#: The whole page in a word or two, for a badge. "None" claims nothing that nobody has looked at.
INDICATORS = {
    "none": "no problem reported",
    "maintenance": "under maintenance",
    "minor": "minor problem",
    "major": "major problem",
    "critical": "critical problem",
}

#: (context in the catalogues, English) of every word above.
CONTEXTS = {
    **WORDS,
    **{f"many:{value}": text for value, text in MANY.items()},
    **{f"badge:{value}": text for value, text in INDICATORS.items()},
}
