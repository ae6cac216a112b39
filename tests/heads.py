"""A site with every kind of page, among them a hostile incident."""

from __future__ import annotations

from pathlib import Path

from sites import CARDS, CARDS_FILE, CONF, SLOW, SLOW_FILE, SmallSite

MOVE = """\
---
kind: maintenance
title: The API moves
scheduled_for: 2026-11-25 01:00
scheduled_until: 2026-11-25 03:00
components: [api]
---

## 2026-11-20 10:00 | Dawn Okafor | scheduled

The API moves to the new machines.
"""
BOWLS = """\
---
kind: notice
title: Blue bowls
about: safety
started: 2026-10-14 09:00
---

## 2026-10-14 09:00 | Dawn Okafor | published

Do not put the blue bowls into a microwave.
"""
DRILL = CARDS.replace("title: Card payments fail in the EU", "title: All is lost\ndrill: true")
KARTEN = """\
---
title: Kartenzahlungen scheitern in der EU
affected: Alle, die mit einer Karte aus der EU zahlen.
---

## 2026-11-21 09:20 | Ian Reyes | investigating

Eine Zahlung von fünf wird abgelehnt.
"""
#: What somebody might write who wants a script to run, or the page to fall apart.
NASTY = (
    "<script>window.ran = 1</script>",
    '<img src="x" onerror="window.ran = 2">',
    '<p onclick="window.ran = 3" onmouseover="window.ran = 3" style="position:fixed">here</p>',
    '[a](javascript:window.ran=4) <a href="javascript:window.ran=5">b</a>',
    '<svg onload="window.ran = 6"><script>window.ran = 6</script><a xlink:href="javascript:1"/>',
    "<style>body { display: none }</style><link rel=stylesheet href=//evil.example/x.css>",
    '<iframe srcdoc="<script>parent.ran = 7</script>"></iframe><object data="x"></object>',
    '<form action="//evil.example"><input autofocus onfocus="window.ran = 8"><button>c</button>',
    '<base href="//evil.example/"><meta http-equiv="refresh" content="0;url=//evil.example">',
    "<b><i></b></i></div></main></body></html><div><table><td>",
    "![x](data:image/svg+xml,<svg onload=alert(1)>) ![y](javascript:window.ran=9)",
    "</style></script><script>window.ran = 10</script><!-- <p>",
    "W" * 10_000,
    "right \u202eto left\u202c",
    '<div id="live">not the region</div><input id="news">',
)
TITLE = "\"><script>window.ran = 11</script>&amp;</title></style> ' onload=x"
HOSTILE = f"""\
---
title: '{TITLE.replace("'", "''")}'
impact: critical
started: 2026-11-21 09:00
components: [api]
affected: '"><img src=x onerror="window.ran = 12">'
workaround: '<a href="javascript:window.ran=13">pay</a>'
---

## 2026-11-21 09:05 | Dawn Okafor | investigating

{chr(10).join(f"{line}{chr(10)}" for line in NASTY)}
"""

FOLDER = "content/incidents/2026"
FILES = {
    CARDS_FILE: CARDS.replace("impact: major", "impact: major\naliases: [old/cards]"),
    CARDS_FILE.replace(".md", ".de.md"): KARTEN,
    SLOW_FILE: SLOW,
    f"{FOLDER}/2026-11-20-move.md": MOVE,
    f"{FOLDER}/2026-10-14-bowls.md": BOWLS,
    f"{FOLDER}/2026-11-21-drill.md": DRILL,
    f"{FOLDER}/2026-11-21-hostile.md": HOSTILE,
    "content/pages/about.md": "Title: About & more\nSlug: about\n\nHello.\n",
}

ADDRESS = "https://status.acme.example/"
HOME = "index.html"
CARDS_PAGE = "incidents/2026-11-21-card-payments/index.html"
HOSTILE_PAGE = "incidents/2026-11-21-hostile/index.html"


def make_site(root: Path, files: dict[str, str] | None = None) -> SmallSite:
    """Make and build the site into `output/`."""
    site = SmallSite.make(root, files or FILES)
    site.write("pelicanconf.py", CONF + "DRILLS = True\n")
    ran = site.pelican()
    assert ran.code == 0, ran.err
    return site
