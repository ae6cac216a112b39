"""Which story, which person, which statuses: found by what is known, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import PurePath

from firstword.check import check_incident
from firstword.model import HOLDING, LIFECYCLE, Incident, Kind, Person, Site, Status, Update
from firstword.values import replace


def open_stories(stories: Iterable[Incident]) -> tuple[Incident, ...]:
    """Return the stories that somebody waits for: incidents first, each kind by its newest word.

    Drafts are told nobody, imported history and translations are told elsewhere.
    """
    found = [s for s in stories if s.is_open and not (s.draft or s.imported or s.language)]
    kinds = list(Kind)
    found.sort(key=lambda s: (kinds.index(s.kind), -s.updated_at.timestamp(), s.slug))
    return tuple(found)


def find_story(name: str, stories: Sequence[Incident]) -> tuple[Incident, ...]:
    """Return the stories a name can mean: a file, a slug, an id, or words out of one of those."""
    stem = PurePath(name).name.removesuffix(".md")
    originals = [story for story in stories if not story.language]
    exact = tuple(s for s in originals if name == s.path or stem in {s.slug, s.id})
    if exact:
        return exact
    return tuple(s for s in originals if stem and (stem in s.slug or stem in s.id))


def offered(story: Incident, at: datetime, site: Site) -> tuple[Status, ...]:
    """Return the statuses that the check would let the next update have, ends last."""
    words = [*LIFECYCLE[story.kind], *sorted(HOLDING)]
    name = story.updates[-1].author
    later = max(at, story.updated_at)
    return tuple(
        status
        for status in words
        if not any(
            problem.rule == "status-order"
            for problem in check_incident(
                replace(
                    story,
                    updates=(
                        *story.updates,
                        Update(at=later, author=name, status=status, body="", line=-1),
                    ),
                ),
                site,
                later,
            )
            if problem.line == -1
        )
    )


def signers(site: Site, at: datetime, *, address: str, name: str) -> tuple[Person, ...]:
    """Return who of PEOPLE may be signing: by the address git knows, else by the name it knows.

    A mailbox that several share leaves it to the name. Everybody who can sign, where neither says.
    """
    today = at.astimezone(site.timezone).date()
    here = [p for p in site.people.values() if not p.until or today <= p.until]
    by_address = [p for p in here if address and p.address.casefold() == address.casefold()]
    by_name = [p for p in by_address or here if p.name.casefold() == name.casefold()]
    return tuple(by_name if len(by_address) != 1 and by_name else by_address or here)


def signed_at(now: datetime, story: Incident | None = None) -> datetime:
    """Return the instant a word is signed at: this minute, but after every word of its story."""
    minute = now.replace(second=0, microsecond=0)
    if story is None or minute > story.updated_at:
        return minute
    return max(now.replace(microsecond=0), story.updated_at + timedelta(seconds=1))


def commit_message(slug: str, update: Update) -> str:
    """Say in data what a commit adds: story, status, the update's id, who signed."""
    return f"{slug}: {update.status} {update.id} ({update.author})"
