"""What a day's or a week's digest holds for somebody, in the order people need it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from firstword.clock import Clock
from firstword.digest.editions import next_time, said_in
from firstword.digest.published import Word, active
from firstword.digest.windows import Window
from firstword.mail.parcel import Look
from firstword.model import Incident, Kind, Update
from firstword.page import Outcome, Promise, PromiseKind, StatusPage

#: How long ago something may have been said whose promises are followed: a year.
PROMISED = timedelta(days=366)
#: What takes place within this time after a window is coming.
SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A story in a digest, as it stood when the window closed."""

    incident: Incident
    #: What was said of it in the window, oldest first; none where it only goes on.
    words: tuple[Word, ...]
    #: The newest signed update that is not kept out of mail; None where there is none.
    newest: Update | None
    #: When what it announces takes place next.
    next_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A digest's sections."""

    window: Window
    #: Incidents that are open, the worst first.
    wrong: tuple[Item, ...]
    #: Incidents and maintenance that ended, or that were told of after their end.
    over: tuple[Item, ...]
    #: Maintenance that is planned or goes on, in its order; what repeats and comes soon.
    coming: tuple[Item, ...]
    notices: tuple[Item, ...]
    #: Promises that came to something, or lapsed, in the window.
    promises: tuple[Promise, ...]


def concerns(incident: Incident, look: Look) -> bool:
    """Tell whether somebody wants to hear of a story; one that names no part concerns all."""
    return (
        incident.id not in look.muted
        and (not look.kinds or incident.kind in look.kinds)
        and (
            not look.components
            or not incident.component_ids
            or not look.components.isdisjoint(incident.component_ids)
        )
    )


def stories_of(page: StatusPage, window: Window) -> tuple[Incident, ...]:
    """Return the stories that a digest may tell of, as they stood when its window closed."""
    return tuple(active(page, window.begin - PROMISED, window.end))


def gather(
    page: StatusPage, window: Window, look: Look, told: Iterable[Incident] | None = None
) -> Gathered | None:
    """Return what a window holds for somebody; None where nobody wrote anything for them.

    `told` is what `stories_of` answers, for whoever asks for many.
    """
    clock = Clock(window.end)
    told = stories_of(page, window) if told is None else told
    stories = [story for story in told if concerns(story, look)]
    said: dict[str, list[Word]] = {}
    for word in said_in(page, stories, window):
        said.setdefault(word.incident.id, []).append(word)
    if not said:
        return None
    items = [_item(page, story, said.get(story.id, ()), clock) for story in stories]
    wrong = [i for i in items if i.incident.kind is Kind.INCIDENT and i.incident.is_open]
    over = [
        i
        for i in items
        if i.words and not i.incident.is_open and i.incident.kind is not Kind.NOTICE
    ]
    coming = [i for i in items if _is_coming(i, window)]
    notices = [i for i in items if i.words and i.incident.kind is Kind.NOTICE and i not in coming]
    return Gathered(
        window=window,
        wrong=tuple(sorted(wrong, key=_worst_first)),
        over=tuple(sorted(over, key=_by_word)),
        coming=tuple(sorted(coming, key=_by_time)),
        notices=tuple(sorted(notices, key=_by_word)),
        promises=tuple(_settled(page, stories, window, clock)),
    )


def nearest(items: Sequence[Item], many: int) -> tuple[Item, ...]:
    """Return so many of a section, in its order: those first of which somebody wrote."""
    first = sorted(range(len(items)), key=lambda place: (not items[place].words, place))[:many]
    return tuple(items[place] for place in sorted(first))


def _item(page: StatusPage, story: Incident, said: Iterable[Word], clock: Clock) -> Item:
    # What was there before records began makes no edition, and still says how things stand.
    told = [update for update in story.updates if update.signed and update.notify]
    return Item(
        incident=story,
        words=tuple(said),
        newest=told[-1] if told else None,
        next_time=next_time(page, story, clock),
    )


def _is_coming(item: Item, window: Window) -> bool:
    if item.incident.kind is Kind.MAINTENANCE:
        return item.incident.is_open
    return (
        item.incident.remind is not None
        and item.next_time is not None
        and item.next_time < window.end + SOON
    )


def _worst_first(item: Item) -> tuple[int, datetime, str]:
    return -item.incident.impact.severity, item.incident.started_at, item.incident.id


def _by_word(item: Item) -> tuple[datetime, str]:
    return item.incident.updated_at, item.incident.id


def _by_time(item: Item) -> tuple[datetime, str]:
    at = item.next_time or item.incident.facts.scheduled_for or item.incident.started_at
    return at, item.incident.id


def _settled(
    page: StatusPage, stories: Iterable[Incident], window: Window, clock: Clock
) -> Iterator[Promise]:
    """Yield what came of promises in a window, where stamps tell, in the order of when it did."""
    found = []
    for story in stories:
        for promise in _promises(page, story, clock):
            at = promise.due.at if promise.outcome is Outcome.OVERDUE else promise.settled_at
            if at and window.begin <= at < window.end and promise.judged:
                found.append((at, story.id, promise.kind, promise.due.at, promise))
    found.sort(key=lambda row: row[:4])
    yield from (row[-1] for row in found)


def _promises(page: StatusPage, story: Incident, clock: Clock) -> Iterator[Promise]:
    """Yield a story's promises; of next words, those alone that did not come in time.

    That a word came is told by the word.
    """
    for promise in page.promises(story, clock):
        if promise.kind is not PromiseKind.NEXT or promise.outcome not in (
            Outcome.KEPT,
            Outcome.REPLACED,
            Outcome.RELEASED,
        ):
            yield promise
