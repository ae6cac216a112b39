"""Who gets what: editions, subscribers and what was sent already → what to write down next. Pure.

Of one story people get its newest word only; what of it did not reach them goes inside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from firstword.mail.heard import Heard
from firstword.mail.ledger import Entry, Event, Fate, Ledger
from firstword.mail.parcel import Cadence, Composer, Edition, Look, Standing, Subscriber, same_words
from firstword.mail.people import People
from firstword.model import Kind
from firstword.values import replace

#: An urgent letter whose arrival cannot be known is sent again this often, and no more.
AGAIN_AT_MOST = 5
#: How many answers about who reads the same are kept.
_LOOKS = 4096

_NEW = Entry(Fate.PLANNED)


@dataclass(slots=True)
class Plan:
    """What would be sent now. The hash says: these words, to these people."""

    editions: tuple[Edition, ...]
    recipients: Counter[str] = field(default_factory=Counter)
    #: Editions whose words changed since they began to go out → how many are left without.
    changed: Counter[str] = field(default_factory=Counter)
    #: Letters of which nobody knows whether they arrived, and which are not sent again.
    unknown: Counter[str] = field(default_factory=Counter)
    hash: str = ""

    @property
    def total(self) -> int:
        """How many messages that is."""
        return self.recipients.total()


def wants(one: Subscriber, edition: Edition) -> bool:
    """Tell whether an edition is for somebody, as far as that can be told without its words."""
    return (
        one.state is Standing.ACTIVE
        and _at_pace(one, edition.cadence)
        and edition.incident not in one.muted
        and (one.since <= edition.at or edition.standing)
        and (edition.before is None or one.since <= edition.before)
    )


def _is_new(one: Subscriber, edition: Edition, since: datetime | None) -> bool:
    """Tell whether nobody can have been sent an edition by a ledger that was lost."""
    return since is None or edition.at >= since or one.since > since


def _at_pace(one: Subscriber, cadence: Cadence) -> bool:
    if cadence is Cadence.REMINDER:
        # A weekly mail would come too late for what somebody asked to be told of.
        return one.cadence is Cadence.IMMEDIATE or Kind.NOTICE in one.kinds
    return one.cadence is (Cadence.IMMEDIATE if cadence is Cadence.FOLLOW_UP else cadence)


def decide(
    editions: Sequence[Edition], entries: Mapping[str, Entry], changed: frozenset[str]
) -> Iterator[Event]:
    """Yield what becomes of one person's letters; `editions` are those this person wants.

    `entries` is what the ledger knows of them, `changed` names editions that went out with other
    words: who stands in the ledger for one of those does not get it. The person is filled in by
    the caller.
    """
    stories: dict[str, list[Edition]] = {}
    for edition in sorted(editions, key=lambda one: (one.at, one.id)):
        # What has no story is a story of its own: every digest is sent. So is a reminder, which no
        # later word of its story has inside.
        story = edition.incident if edition.cadence is not Cadence.REMINDER else ""
        stories.setdefault(story or f"\n{edition.id}", []).append(edition)
    for told in stories.values():
        # A word that comes late, when a newer one has gone out without it, goes on its own.
        left = [place for place, one in enumerate(told) if is_open(one, entries.get(one.id))]
        last = left[-1] if left else len(told) - 1
        newest = told[last]
        if edition_refused(newest, entries, changed):
            # One that may have arrived stays what it is: unknown.
            if _entry(entries, newest).fate is not Fate.UNKNOWN:
                yield Event(newest.id, "", Fate.HELD)
            continue
        if left:
            again = _entry(entries, newest).fate is Fate.UNKNOWN
            yield Event(newest.id, "", Fate.PLANNED, again=again)
        for edition in told[:last]:
            entry = entries.get(edition.id)
            moved = entry and entry.fate is Fate.WITHIN and entry.within != newest.id
            if is_open(edition, entry) or (moved and _open_within(entry, told, entries)):
                yield Event(edition.id, "", Fate.WITHIN, within=newest.id)


def edition_refused(
    edition: Edition, entries: Mapping[str, Entry], changed: frozenset[str]
) -> bool:
    """Tell whether somebody does not get an edition because its words changed on the way."""
    return edition.id in changed and edition.id in entries and is_open(edition, entries[edition.id])


def _first_words(
    one: Subscriber, wanted: Iterable[Edition], entries: Mapping[str, Entry]
) -> set[str]:
    """Return which editions somebody gets with the words as they are now, whatever others got.

    Who came when they had been out already reads what stands now; a letter that was put off is no
    reason for other words than those. One that may have arrived is.
    """

    def may_have_come(entry: Entry | None) -> bool:
        return entry is not None and (entry.fate is Fate.UNKNOWN or entry.again > 0)

    late = (e for e in wanted if e.standing and one.since > e.at)
    return {e.id for e in late if not may_have_come(entries.get(e.id))}


def is_open(edition: Edition, entry: Entry | None) -> bool:
    """Tell whether an edition has yet to reach somebody, by what the ledger knows."""
    if entry is None or entry.fate in {Fate.PLANNED, Fate.DEFERRED, Fate.DROPPED, Fate.HELD}:
        return True
    return entry.fate is Fate.UNKNOWN and edition.urgent and entry.again < AGAIN_AT_MOST


def _open_within(
    entry: Entry | None, told: Iterable[Edition], entries: Mapping[str, Entry]
) -> bool:
    """Tell whether the edition that carries an earlier one has not arrived either."""
    carrier = next((one for one in told if entry and one.id == entry.within), None)
    return carrier is not None and is_open(carrier, entries.get(carrier.id))


def _entry(entries: Mapping[str, Entry], edition: Edition) -> Entry:
    return entries.get(edition.id, _NEW)


def make_plan(
    people: People,
    ledger: Ledger,
    editions: Sequence[Edition],
    composer: Composer,
    look_at: Callable[[str, Look], object] | None = None,
) -> tuple[Plan, Iterator[Event]]:
    """Return a plan and the events that write it down; the plan is whole when those have ended.

    `look_at` is called with every edition and look that a letter is planned for, again and again;
    a look stands for all who read the same.
    """
    closed = ledger.closed(editions)
    plan = Plan(tuple(edition for edition in editions if edition.id not in closed))
    return plan, _events(plan, people, ledger, composer, look_at)


def _events(
    plan: Plan,
    people: People,
    ledger: Ledger,
    composer: Composer,
    look_at: Callable[[str, Look], object] | None,
) -> Iterator[Event]:
    by_id = {edition.id: edition for edition in plan.editions}
    sent_with = {name: ledger.digest_of(name) for name in by_id}

    @lru_cache
    def changed_in(language: str) -> frozenset[str]:
        return frozenset(
            name
            for name, digest in sent_with.items()
            if digest is not None and not same_words(digest, by_id[name].digest, language)
        )

    known, since = ledger.known(by_id), ledger.since
    heard = Heard(ledger, plan.editions)

    @lru_cache(_LOOKS)
    def alike(name: str, look: Look) -> Look | None:
        return composer.alike(by_id[name], look)

    seal = sha256()
    for edition in plan.editions:
        seal.update(f"{edition.id} {edition.digest}\n".encode())
    for member in people:
        one = member.subscriber
        looks = {
            e.id: look
            for e in plan.editions
            if wants(one, e) and _is_new(one, e, since) and (look := alike(e.id, one.look))
        }
        if not looks:
            continue
        entries = ledger.entries(member.person, known)
        wanted = [
            by_id[name]
            for name, look in looks.items()
            if not is_open(by_id[name], entries.get(name))
            or not heard.all_of(by_id[name], member.person, look.muted)
        ]
        changed = changed_in(one.language) - _first_words(one, wanted, entries)
        told = list(decide(wanted, entries, changed))
        goes = {event.edition for event in told if event.fate is not Fate.HELD}
        _count(plan, wanted, entries, goes, changed)
        for event in told:
            seal.update(f"{event.edition} {member.person} {event.within}\n".encode())
            if event.fate is Fate.PLANNED:
                plan.recipients[event.edition] += 1
                if look_at:
                    look_at(event.edition, looks[event.edition])
            yield replace(event, person=member.person)
    plan.hash = seal.hexdigest()[:16]


def left_out(
    people: People, ledger: Ledger, editions: Sequence[Edition], composer: Composer
) -> Iterator[Event]:
    """Yield who was never offered editions that are too old by now: noted as not sent."""
    since, heard = ledger.since, Heard(ledger, editions)
    for member in people if editions else ():
        one = member.subscriber
        wanted = [e for e in editions if wants(one, e) and _is_new(one, e, since)]
        known = ledger.entries(member.person, (edition.id for edition in wanted))
        for edition in wanted:
            if edition.id in known or not (look := composer.alike(edition, one.look)):
                continue
            if not heard.all_of(edition, member.person, look.muted):
                yield Event(edition.id, member.person, Fate.PLANNED)


def _count(
    plan: Plan,
    wanted: Iterable[Edition],
    entries: Mapping[str, Entry],
    told: Iterable[str],
    changed: frozenset[str],
) -> None:
    """Count what somebody does not get, and why."""
    for edition in wanted:
        entry = entries.get(edition.id)
        if entry is None or edition.id in told:
            continue
        plan.changed[edition.id] += edition_refused(edition, entries, changed)
        plan.unknown[edition.id] += entry.fate is Fate.UNKNOWN and not is_open(edition, entry)
