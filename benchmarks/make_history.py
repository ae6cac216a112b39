"""Make a site with a long, realistic history: deterministic, so that runs can be compared.

    python benchmarks/make_history.py --seed 1 --count 10000 [--git] DIR

Of 25 stories, 23 are incidents, one is a maintenance and one a notice. Incidents have three to six
updates over minutes to days, one to three components, an impact, promises, lists, now and then a
picture or a postmortem with follow-ups. There are about 230 to a month, so that a longer history
reaches further back instead of filling months. The newest is still open.
"""

from __future__ import annotations

import argparse
import os
import random
import struct
import subprocess
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

#: The newest incident began here; the history reaches back from it.
NEWEST = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
EVERY = timedelta(minutes=190)

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

PUBLISH = Path(__file__).resolve().parent.parent / "publish.py"

PICTURES = tuple(f"graph-{number}.png" for number in range(8))

_WORK = ("New disks for the storage", "A newer database", "Moving to the second hall")
_ABOUT = ("delay", "safety", "security", "tip")
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
    parser.add_argument("--git", action="store_true", help="make it a repository with one commit")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(argv)
    write_site(options.folder, options.seed, options.count)
    if options.git:
        commit_all(options.folder)
    return 0


def write_site(folder: Path, seed: int, count: int) -> None:
    """Write settings, publish.py, pictures and stories."""
    conf = CONF.format(people=PEOPLE, components=COMPONENTS)
    _write(folder / "pelicanconf.py", conf.encode())
    _write(folder / "publish.py", PUBLISH.read_bytes())
    _write(folder / ".gitignore", b"output/\npublic/\noutbox/\n.cache/\n__pycache__/\n")
    for number, name in enumerate(PICTURES):
        _write(folder / "content" / "images" / name, picture(number))
    for path, text in incidents(seed, count):
        _write(folder / path, text.encode())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def commit_all(folder: Path) -> None:
    """Make the site a git repository with one commit, the same for the same files."""
    who = {"NAME": PEOPLE[0], "EMAIL": "ada@long.example", "DATE": f"{NEWEST.isoformat()}"}
    own = {
        f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()
    }
    environ = {**os.environ, **own, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for command in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        # A collection of rubbish in the background would disturb whoever measures.
        ("config", "gc.auto", "0"),
        ("config", "maintenance.auto", "false"),
        ("config", "user.name", PEOPLE[0]),
        ("config", "user.email", "ada@long.example"),
        ("commit", "--quiet", "--no-verify", "--message", "The history so far"),
    ):
        subprocess.run(("git", "-C", str(folder), *command), check=True, env=environ)


def incidents(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Yield path and text of each story, newest first; each depends on seed and number only."""
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")  # noqa: S311 - nothing secret about it
        start = NEWEST - EVERY * number + timedelta(minutes=rng.randrange(60))
        slug = f"{start:%Y-%m-%d}-{rng.choice(COMPONENTS)}-{number:06d}"
        path = f"content/incidents/{start:%Y}/{start:%m}/{slug}.md"
        write = {7: maintenance, 19: notice}.get(number % 25)
        yield path, write(rng, start) if write else incident(rng, start, still_open=number == 0)


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
        "workaround: Try again after a minute.",
        "---",
    ]
    at = start + timedelta(minutes=rng.randrange(3, 25))
    author = rng.choice(PEOPLE)
    between = ["identified", "monitoring", "update"][: rng.choice((1, 2, 2, 3))]
    statuses = ["investigating", *between]
    if not still_open:
        statuses += ["resolved"] + (["postmortem"] if rng.random() < 0.2 else [])
    for status in statuses:
        over = status in {"resolved", "postmortem"}
        promised = at + timedelta(minutes=rng.randrange(20, 60))
        keys = () if over else (f"next: {promised:%Y-%m-%d %H:%M}",)
        lines += _update(rng, at, author, status, keys)
        if status == "resolved":
            lines += ["", "Nothing was lost."]
        if status == "postmortem":
            due = at + timedelta(days=rng.randrange(7, 60))
            lines += [
                "",
                "The cause was a disk that filled up.",
                "",
                "What changes:",
                "",
                f"- [ ] A second line ({author}, {due:%Y-%m-%d})",
            ]
        at += timedelta(minutes=rng.randrange(10, 90), seconds=rng.randrange(60))
    return "\n".join(lines) + "\n"


def maintenance(rng: random.Random, start: datetime) -> str:
    """Write one maintenance file: announced a week ahead, begun, completed."""
    author, until = rng.choice(PEOPLE), start + timedelta(minutes=rng.randrange(60, 240))
    lines = [
        "---",
        f"title: {rng.choice(_WORK)}",
        "kind: maintenance",
        f"impact: {rng.choice(('none', 'minor'))}",
        f"components: [{', '.join(rng.sample(COMPONENTS, 2))}]",
        f"scheduled_for: {start:%Y-%m-%d %H:%M}",
        f"scheduled_until: {until:%Y-%m-%d %H:%M}",
        "---",
    ]
    lines += _update(rng, start - timedelta(days=7), author, "scheduled")
    lines += _update(rng, start + timedelta(minutes=1), author, "in_progress")
    lines += _update(rng, until - timedelta(minutes=4), author, "completed")
    return "\n".join(lines) + "\n"


def notice(rng: random.Random, start: datetime) -> str:
    """Write one notice file: published, taken down a day later."""
    author = rng.choice(PEOPLE)
    lines = [
        "---",
        f'title: "Please note: {rng.choice(_WHAT).lower()} {rng.choice(_WHO)}"',
        "kind: notice",
        f"about: {rng.choice(_ABOUT)}",
        "---",
    ]
    lines += _update(rng, start, author, "published")
    lines += _update(rng, start + timedelta(hours=rng.randrange(20, 30)), author, "done")
    return "\n".join(lines) + "\n"


def picture(number: int) -> bytes:
    """Draw a graph of bars as a PNG, uncompressed so that its bytes depend on no library."""
    wide, high = 160, 90
    rng = random.Random(number)  # noqa: S311 - nothing secret about it
    tops = [rng.randrange(high) for _ in range(wide // 8)]
    rows = (
        b"\0" + bytes(90 if x % 8 < 6 and y >= tops[x // 8] else 240 for x in range(wide))
        for y in range(high)
    )
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"".join(rows), level=0)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def _update(
    rng: random.Random, at: datetime, author: str, status: str, keys: Sequence[str] = ()
) -> list[str]:
    return ["", f"## {at:%Y-%m-%d %H:%M:%S} | {author} | {status}", *keys, "", _body(rng, at)]


def _body(rng: random.Random, at: datetime) -> str:
    paragraphs = []
    for _ in range(rng.choice((1, 1, 2))):
        said = rng.sample(_SENTENCES, rng.randrange(1, 4))
        text = " ".join(s.format(n=rng.randrange(2, 90), t=f"{at:%H:%M} UTC") for s in said)
        paragraphs.append(text)
    if rng.random() < 0.2:
        paragraphs.append("- try again after a minute\n- or use the **phone** number on your bill")
    if rng.random() < 0.05:
        paragraphs.append(f"![Refused requests an hour](/images/{rng.choice(PICTURES)})")
    return "\n\n".join(paragraphs)


if __name__ == "__main__":
    raise SystemExit(main())
