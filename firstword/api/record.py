"""/api/v2/record.json: what was promised and what came of it; the rules are in docs/record.md."""

from __future__ import annotations

from typing import Any

from firstword import urls
from firstword.clock import Clock
from firstword.page import Figures, Judged, Measure, StatusPage, record

Json = dict[str, Any]

#: The document must not grow with the archive: the newest months, and what is listed at most.
MONTHS = 24
LOOKED_INTO = 2
MOST_LISTED = 100


def record_document(status: StatusPage, clock: Clock) -> Json:
    """Return the figures of all years and of the newest months, and what was not kept."""
    by_month = record.months(status, clock)
    overdue, left = record.overdue(status, clock, MOST_LISTED)
    # Months to come hold what is promised for then.
    begun = [month for month in by_month if clock.passed(record.begin(status, month))]
    missed = [
        one
        for month in begun[:LOOKED_INTO]
        for one in record.not_kept(record.month(status, month, clock))[::-1]
    ]
    return {
        "years": [
            {"period": f"{year:04}", **_figures(figures)}
            for year, figures in record.years(by_month).items()
        ],
        "months": [
            {"period": f"{month:%Y-%m}", **_figures(by_month[month])} for month in begun[:MONTHS]
        ],
        "overdue": [_judged(status, one) for one in overdue],
        "overdue_count": len(overdue) + left,
        "not_kept": [_judged(status, one) for one in missed[:MOST_LISTED]],
    }


def _figures(figures: Figures) -> Json:
    return {str(measure): _measure(figures, measure) for measure in Measure}


def _measure(figures: Figures, measure: Measure) -> Json:
    average, longest = figures.average(measure), figures.longest(measure)
    return {
        **{str(verdict): figures.count(measure, verdict) for verdict in record.verdicts(measure)},
        "average_seconds": int(average.total_seconds()) if average else None,
        "longest_seconds": int(longest.total_seconds()) if longest else None,
    }


def _judged(status: StatusPage, one: Judged) -> Json:
    person = status.site.people.get(one.mark.person)
    return {
        "measure": str(one.mark.measure),
        "verdict": str(one.verdict),
        "due_at": f"{one.mark.at:%Y-%m-%dT%H:%M:%SZ}",
        "late_seconds": one.mark.seconds or None,
        "incident_id": one.incident.id,
        "update_id": one.update.id,
        "person": person.shown if person else None,
        "url": urls.absolute(status.site, urls.update_path(one.incident, one.update)),
    }
