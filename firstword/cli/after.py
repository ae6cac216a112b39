"""After the commit: clear the CDN's copies, and look whether readers see the new build."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from firstword.model import Target
from firstword.publisher import Report
from firstword.store.parallel import in_parallel
from firstword.store.public import Answer, fetch, unseen, wait_until_seen
from firstword.values import replace


def follow_up(
    reports: Sequence[Report],
    targets: Sequence[Target],
    build_id: str,
    *,
    now: datetime,
    sleep: Callable[[float], None],
    get: Callable[[str], Answer] = fetch,
) -> tuple[list[Report], tuple[str, ...]]:
    """Return the reports with what came of it, and a line for each address that lags behind.

    `targets` are in the order of the reports; what is told comes first in their lines. Where
    nothing was sent readers had their time: one look is enough.
    """

    def follow(pair: tuple[Report, Target]) -> tuple[Report, str]:
        report, target = pair
        if report.outcome not in {"published", "unchanged"}:
            return report, ""
        # The same build may come back after another one: that is another invalidation.
        lines = _invalidated(report, target, f"{build_id[:32]}-{now:%Y%m%dT%H%M%SZ}")
        late = ""
        if target.address:
            if report.outcome == "published":
                instead = wait_until_seen(target.address, build_id, sleep=sleep, get=get)
            else:
                instead = unseen(target.address, build_id, get)
            if instead:
                late = f"published, not yet seen at {target.address}/: {instead}"
            lines.append(late or f"seen at {target.address}/")
        return replace(report, lines=(*lines, *report.lines)), late

    followed = in_parallel(follow, list(zip(reports, targets, strict=True)), len(reports))
    return [report for report, _ in followed], tuple(late for _, late in followed if late)


def _invalidated(report: Report, target: Target, reference: str) -> list[str]:
    if not target.cloudfront or not report.keys:
        return []
    from firstword.store.cdn import invalidate

    done, warning = invalidate(
        target.cloudfront, report.keys, reference=reference, profile=target.profile
    )
    return [done or warning]
