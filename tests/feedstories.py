"""Stories, a site and the ways to its feeds, for the tests of feeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from firstword import urls
from firstword.content import load, scan
from firstword.feeds import build_feeds
from firstword.markup import Markup
from firstword.model import Facts, Incident, Kind, Site, Status, Update
from firstword.page import StatusPage
from firstword.parse import parse
from firstword.settings import load_settings, read_site

ROOT = Path(__file__).resolve().parent.parent
KEYS = (urls.UPDATES_ATOM, urls.UPDATES_RSS, urls.INCIDENTS_ATOM, urls.INCIDENTS_RSS)

Feeds = Mapping[str, bytes]

SETTINGS: dict[str, Any] = {
    "SITENAME": "Acme status",
    "SITEURL": "https://status.acme.example",
    "TIMEZONE": "Europe/Berlin",
    "PEOPLE": [
        {"name": "Dawn Okafor", "role": "Payments", "address": "dawn@acme.example"},
        {"name": "Ian Reyes", "role": "Network", "address": "ian@acme.example"},
        {
            "name": "Priya Nair",
            "shown": "Priya",
            "role": "Care",
            "address": "care@acme.example",
        },
    ],
    "COMPONENTS": [
        {"id": "checkout", "name": "Checkout"},
        {"id": "api", "name": "Partner API"},
    ],
}
SITE = read_site(SETTINGS)

CARDS = """\
---
title: Card payments fail in the EU
impact: minor
started: 2026-11-21 09:12
components: [checkout]
affected: Anyone paying with a card from an EU bank.
unaffected: PayPal and gift cards work.
workaround: Pay with PayPal.
---

## 2026-11-21 09:20 | Dawn Okafor | investigating
next: 10:00

One card payment in twenty is refused by the bank in between.

## 2026-11-21 09:55 | Dawn Okafor | identified
title: Every second card payment fails
impact: major
expected: 2026-11-21 12:00
next: 11:30
components: checkout partial_outage, api

The bank changed a certificate. [What to do](/help/#cards) until it is back.

## 2026-11-21 10:05 | Priya Nair | correction
corrects: 2026-11-21 09:20
affected: Anyone paying with a card.

I must correct the first word: it is every bank.

## 2026-11-21 11:25 | Ian Reyes | update
expected: 2026-11-22
because: the bank found a second certificate

- Tomorrow, not today.
- Nothing was taken from anybody.

## 2026-11-21 18:40 | Priya Nair | answer

> Was I charged twice?

No.

## 2026-11-22 08:10 | Ian Reyes | resolved
ended: 2026-11-22 07:58
components: checkout operational, api operational

All cards work since 07:58.

## 2026-11-23 16:00 | Ian Reyes | postmortem

What we will do:

- [ ] A second acquiring bank (Dawn Okafor, 2027-01-30)

## 2026-12-02 09:00 | Dawn Okafor | update
done: 1

The second bank has taken its first payment.
"""

MOVE = """\
---
title: The API is closed on the night of 1 December
kind: maintenance
scheduled_for: 2026-12-01 23:30
scheduled_until: 2026-12-02 01:00
components: [api]
affected: Partners who call the API that night.
---

## 2026-11-20 15:00 | Ian Reyes | scheduled
next: 2026-12-01 12:00

We move the API to another building, as after
[the card payments](incident:2026-11-21-cards).
"""

STOOLS = """\
---
title: Nine orders of stools are late
kind: notice
about: delay
components: [checkout]
affected: The nine of you who ordered two.
---

## 2026-11-19 08:00 | Priya Nair | published
expected: 2026-11-27

They come on Friday.
"""

OLD = """\
---
title: DNS was slow
impact: minor
started: 2019-05-01 00:00
components: [api]
imported: cstate
---

## 2019-05-01 00:00 | imported | resolved
"""

DRILL = """\
---
title: We rehearse an outage
impact: critical
drill: true
started: 2026-11-18 10:00
components: [checkout]
affected: Nobody.
---

## 2026-11-18 10:00 | Ian Reyes | investigating

This is a drill.
"""

STORIES = {
    "2026-11-21-cards": CARDS,
    "2026-11-20-move": MOVE,
    "2026-11-19-stools": STOOLS,
    "2019-05-01-dns": OLD,
    "2026-11-18-drill": DRILL,
}


def read(slug: str, text: str, site: Site = SITE) -> Incident:
    """Return the incident of a file's text."""
    parsed = parse(text.encode(), f"content/incidents/{slug}.md", site.timezone)
    assert parsed.incident, parsed.problems
    return parsed.incident


def incidents(stories: Mapping[str, str] = STORIES, site: Site = SITE) -> list[Incident]:
    """Return the incidents of several files."""
    return [read(slug, text, site) for slug, text in stories.items()]


def build(told: Iterable[Incident], site: Site = SITE) -> Feeds:
    """Return the feeds of some incidents."""
    return build_page(StatusPage.of(site, told))


def build_page(page: StatusPage) -> Feeds:
    """Return the feeds of a page."""
    by_slug = {incident.slug: urls.incident_path(incident) for incident in page.incidents}
    return dict(build_feeds(page, Markup(by_slug.get)))


def example() -> Feeds:
    """Return the feeds of the example site."""
    site = read_site(load_settings(ROOT / "pelicanconf.py"))
    files, _ = scan(ROOT, ROOT / "content")
    assert site.pinned_clock
    content = load(files, site, site.pinned_clock)
    assert content.held == ()
    return build(content.published(site), site)


def story(slug: str, at: str, words: str = "We are looking.", **keys: str) -> Incident:
    """Return a small incident whose only update is dated `at`, in UTC; `keys` are quoted."""
    quoted = {key: "'" + value.replace("'", "''") + "'" for key, value in keys.items()}
    front = {"title": "Slow", "impact": "minor", "affected": "Everyone.", "started": f"{at}Z"}
    lines = [f"{key}: {value}" for key, value in (front | quoted).items()]
    update = [f"## {at}Z | Ian Reyes | investigating", "", words]
    return read(slug, "\n".join(["---", *lines, "---", "", *update, ""]))


def bare(slug: str, at: datetime) -> Incident:
    """Return an incident with one wordless update."""
    update = Update(at=at, author="Ian Reyes", status=Status.INVESTIGATING, body="")
    return Incident(
        id=slug, slug=slug, path="", kind=Kind.INCIDENT, first=Facts(title="x"), updates=(update,)
    )
