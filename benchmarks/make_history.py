"""Make a site with a long, realistic history: deterministic, so that runs can be compared.

    python benchmarks/make_history.py --seed 1 --count 10000 DIR

Incidents have two to six updates over minutes to days, one to three components, an impact,
promises, lists and now and then a postmortem with follow-ups. They lie about 165 to a month, so
that a longer history reaches further back instead of filling months. The newest is still open.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

#: The newest incident began here; the history reaches back from it.
NEWEST = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
EVERY = timedelta(minutes=265)

COMPONENTS = (
    *("web", "login", "checkout", "payments", "search", "mail", "api", "webhooks"),
    *("storage", "reports", "mobile", "dns"),
)
PEOPLE = ("Ada Holm", "Ben Castro", "Chi Nwosu", "Dora Lindt", "Emil Sato")

CONF = '''\
"""A made-up site with a long history, for measuring."""

from firstword.pelican_defaults import *

SITENAME = "Long history"
SITEURL = "https://status.long.example"
TIMEZONE = "UTC"
PUBLISH_TO = "public"
PEOPLE = [
    {{"name": name, "role": "Engineer", "address": f"{{name.split()[0].lower()}}@long.example"}}
    for name in {people!r}
]
COMPONENTS = [{{"id": name, "name": name.capitalize()}} for name in {components!r}]
'''

PUBLISH = """\
import sys

from firstword.cli import publish, run_command

raise SystemExit(run_command("publish.py", publish, sys.argv[1:]))
"""

_WHAT = ("Pages load slowly", "Sign-in is refused", "Mails arrive late", "Uploads stop half-way")
_WHO = ("in northern Europe", "for one account in ten", "on phones", "for partners of the API")
_SENTENCES = (
    "One request in {n} is refused since {t}, and a second try usually works.",
    "We moved the traffic to the spare line in hall {n}, which takes about {n} minutes.",
    "The queue holds {n},000 jobs; it shrinks by a third an hour.",
    "A disk in rack {n} reports errors, so we take it out and rebuild from its twin.",
    "The change of {t} is taken back; pages load in under a second again.",
    "Nothing was lost. What you saved between {t} and now is there.",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the site."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(argv)
    options.folder.mkdir(parents=True, exist_ok=True)
    conf = CONF.format(people=PEOPLE, components=COMPONENTS)
    (options.folder / "pelicanconf.py").write_text(conf, encoding="utf-8")
    (options.folder / "publish.py").write_text(PUBLISH, encoding="utf-8")
    (options.folder / ".gitignore").write_text("output/\npublic/\n.cache/\n", encoding="utf-8")
    for path, text in incidents(options.seed, options.count):
        target = options.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return 0


def incidents(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Yield path and text of each incident, newest first; each depends on seed and number only."""
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")  # noqa: S311 - nothing secret about it
        start = NEWEST - EVERY * number + timedelta(minutes=rng.randrange(60))
        slug = f"{start:%Y-%m-%d}-{rng.choice(COMPONENTS)}-{number:06d}"
        path = f"content/incidents/{start:%Y}/{start:%m}/{slug}.md"
        yield path, incident(rng, start, still_open=number == 0)


def incident(rng: random.Random, start: datetime, *, still_open: bool) -> str:
    """Write one incident file."""
    names = rng.sample(COMPONENTS, rng.choice((1, 1, 2, 3)))
    lines = [
        "---",
        f"title: {rng.choice(_WHAT)} {rng.choice(_WHO)}",
        f"impact: {rng.choice(('minor', 'minor', 'major', 'critical'))}",
        f"started: {start:%Y-%m-%d %H:%M}",
        f"components: [{', '.join(names)}]",
        f"affected: About one customer in {rng.randrange(3, 40)}, {rng.choice(_WHO)}.",
        "---",
    ]
    at = start + timedelta(minutes=rng.randrange(3, 25))
    author = rng.choice(PEOPLE)
    statuses = ["investigating", *["identified", "monitoring", "update"][: rng.randrange(4)]]
    if not still_open:
        statuses += ["resolved"] + (["postmortem"] if rng.random() < 0.2 else [])
    for status in statuses:
        lines += ["", f"## {at:%Y-%m-%d %H:%M:%S} | {author} | {status}"]
        if status not in {"resolved", "postmortem"}:
            lines.append(f"next: {at + timedelta(minutes=rng.randrange(20, 60)):%Y-%m-%d %H:%M}")
        lines += ["", _body(rng, at)]
        if status == "postmortem":
            due = at + timedelta(days=rng.randrange(7, 60))
            lines += ["", "What changes:", "", f"- [ ] A second line ({author}, {due:%Y-%m-%d})"]
        at += timedelta(minutes=rng.randrange(10, 90), seconds=rng.randrange(60))
    return "\n".join(lines) + "\n"


def _body(rng: random.Random, at: datetime) -> str:
    paragraphs = []
    for _ in range(rng.choice((1, 1, 2))):
        said = rng.sample(_SENTENCES, rng.randrange(1, 4))
        text = " ".join(s.format(n=rng.randrange(2, 90), t=f"{at:%H:%M}") for s in said)
        paragraphs.append(text)
    if rng.random() < 0.2:
        paragraphs.append("- try again after a minute\n- or use the **phone** number on your bill")
    return "\n\n".join(paragraphs)


if __name__ == "__main__":
    raise SystemExit(main())
