"""Stories, stamps and a clock → the editions there are. Pure.

An edition is there because somebody wrote something: no word, no edition. Who gets which is for
those who keep the list and the ledger; `composer` says whom one concerns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256

from firstword.clock import Clock
from firstword.digest.published import TICK, Word, active, published_before, words
from firstword.digest.windows import Window, closed, day_window, week_window
from firstword.mail.parcel import Cadence, Edition, Tells
from firstword.model import ENDINGS, HOLDING, About, Incident, Kind, Update, update_id
from firstword.page import StatusPage, Wanted
from firstword.page.components import matters
from firstword.page.occasions import OFF, begins
from firstword.values import replace
from firstword.words import speak

#: A word that was published longer ago goes out alone no more: digests and the page have it.
REACH = timedelta(days=3)
_DAY = timedelta(days=1)
UPDATE = "update"
REMINDER = "reminder"
_HEADLINE = 100


def editions(page: StatusPage, now: datetime) -> tuple[Edition, ...]:
    """Return every edition that may go out by now, the oldest first."""
    stories = tuple(active(page, now - REACH, now + TICK))
    found = [
        *(edition for story in stories for edition in _immediate(page, story, now)),
        *(edition for story in stories for edition in _reminders(page, story, now)),
        *_digests(page, now),
    ]
    return tuple(sorted(found, key=lambda edition: (edition.at, edition.id)))


def news(page: StatusPage, now: datetime) -> tuple[Edition, ...]:
    """Return the editions of single updates alone: what goes out right after a publish."""
    stories = active(page, now - REACH, now + TICK)
    found = (edition for story in stories for edition in _immediate(page, story, now))
    return tuple(sorted(found, key=lambda edition: (edition.at, edition.id)))


def lapsed(page: StatusPage, since: datetime, now: datetime) -> tuple[Edition, ...]:
    """Return the editions that came and went between two instants: too old by now to go out.

    Asked for where no sending ran for longer than an edition can wait.
    """
    found: dict[str, Edition] = {}
    at = now
    while since < (at := at - _DAY):
        for edition in editions(page, at):
            # What stood then is another matter: whoever came since would have got it.
            if edition.at > since:
                found[edition.id] = replace(edition, standing=False)
    current = {edition.id for edition in editions(page, now)} if found else set()
    return tuple(
        sorted(
            (one for one in found.values() if one.id not in current),
            key=lambda edition: (edition.at, edition.id),
        )
    )


def open_stories(page: StatusPage, now: datetime) -> frozenset[str]:
    """Return the ids of the stories that are open: as they are written, or as readers have them."""
    written = page.stories.find(Wanted(open=True))
    read = (story for story in active(page, now, now + TICK) if story.is_open)
    return frozenset(story.id for story in (*written, *read))


# ── one update ───────────────────────────────────────────────────────────────────────────────────


def update_name(incident: Incident, update: Update) -> str:
    """Spell the id of an update's edition."""
    return f"{UPDATE}/{incident.id}/{update.id}"


def _immediate(page: StatusPage, story: Incident, now: datetime) -> Iterator[Edition]:
    """Yield what was said lately, and the newest word of a story that goes on."""
    told = words(story, page.records)
    goes_on = _goes_on(story, now)
    for word in told:
        standing = word is told[-1] and goes_on
        if word.published <= now - REACH and not standing:
            continue
        ended = followed_until(story, word.update)
        yield Edition(
            id=update_name(story, word.update),
            cadence=Cadence.FOLLOW_UP if ended else Cadence.IMMEDIATE,
            incident=story.id,
            # News of a follow-up can be read tomorrow.
            urgent=ended is None,
            digest=_digest([word]),
            at=word.published,
            standing=standing,
            before=ended,
            tells=tells_of(page, [word], but=update_name(story, word.update)),
            words=_names([word]),
            headline=_headline(page, [_as_first_read(page, word)]),
        )


def _goes_on(story: Incident, now: datetime) -> bool:
    """Tell whether somebody who comes now has to know of a story.

    A tip or a reminder was for its time, though nothing ends it; so was what matters no more.
    """
    passing = story.about in {About.REMINDER, About.TIP}
    return story.is_open and not passing and matters(story, Clock(now))


def _as_first_read(page: StatusPage, word: Word) -> Word:
    """Return a word in its story as it stood when it was published: titles change."""
    then = published_before(word.incident, page.records, word.published + TICK)
    return replace(word, incident=then or word.incident)


def followed_until(story: Incident, update: Update) -> datetime | None:
    """Return when a story had ended of which an update only says that a follow-up is done.

    Its news is for those who lived through the story. None for every other update.
    """
    if not update.done or update.status not in HOLDING:
        return None
    moments = [m for m in story.timeline if m.update.at <= update.at]
    if moments[-1].status not in ENDINGS:
        return None
    return next(m.update.at for m in reversed(moments) if m.update.status in ENDINGS)


# ── days and weeks ───────────────────────────────────────────────────────────────────────────────


def _digests(page: StatusPage, now: datetime) -> Iterator[Edition]:
    windows = tuple(closed(now, page.site.timezone))
    since = min(window.begin for window in windows)
    stories = tuple(active(page, since, now + TICK))
    for window in windows:
        told = tuple(said_in(page, stories, window))
        if told:
            yield Edition(
                id=window.id,
                cadence=window.cadence,
                incident=None,
                urgent=False,
                digest=_digest(told),
                at=window.end,
                tells=tells_of(page, told, but=window.id),
                words=_names(told),
                headline=_headline(page, told),
            )


def said_in(page: StatusPage, stories: Iterable[Incident], window: Window) -> Iterator[Word]:
    """Yield what was first published in a window, story by story, each as it stood at its end."""
    for story in stories:
        then = published_before(story, page.records, window.end)
        for word in words(then, page.records) if then else ():
            if window.begin <= word.published:
                yield word


# ── reminders ────────────────────────────────────────────────────────────────────────────────────


def reminder_name(incident: Incident, at: datetime) -> str:
    """Spell the id of a reminder of what takes place at an instant."""
    return f"{REMINDER}/{incident.id}/{update_id(at)}"


def _reminders(page: StatusPage, story: Incident, now: datetime) -> Iterator[Edition]:
    """Yield the reminder that is due: from so long before as somebody asked for, to the event."""
    at = next_time(page, story, Clock(now))
    if at is None or story.remind is None or now < (due := at - story.remind):
        return
    then = published_before(story, page.records, due + TICK)
    # Whoever heard of it only since has just been told.
    if then is None or next_time(page, then, Clock(due)) != at:
        return
    announced = announcement(then)
    if announced is None:
        return
    word = Word(incident=then, update=announced, published=due)
    yield Edition(
        id=reminder_name(story, at),
        cadence=Cadence.REMINDER,
        incident=story.id,
        urgent=False,
        digest=_digest([word]),
        at=due,
        words=_names([word]),
        headline=_headline(page, [word]),
    )


def next_time(page: StatusPage, story: Incident, clock: Clock) -> datetime | None:
    """Return when what a story announces takes place next, after now; None where it does not."""
    if not story.is_open or story.status in OFF:
        return None
    if story.repeats:
        return page.next_occurrence(story, clock)
    at = begins(story, page.site.timezone)
    if story.kind is Kind.NOTICE:
        at = story.started
    return at if at and not clock.passed(at) else None


def announcement(story: Incident) -> Update | None:
    """Return the signed update that announces what takes place: the newest that says when.

    None where all of them are kept out of mail.
    """
    told = [update for update in story.updates if update.signed and update.notify]
    said_when = [u for u in told if u.says.scheduled_for or u.says.until]
    return next(iter([*reversed(said_when), *told]), None)


# ── all ──────────────────────────────────────────────────────────────────────────────────────────


def _digest(told: Iterable[Word]) -> str:
    """Return the digest of what people wrote; how it is laid out plays no part.

    What is there in other languages follows, as `same_words` reads it.
    """
    said = tuple(told)
    own = sha256()
    others: dict[str, list[str]] = {}
    for word in said:
        update = word.update
        parts = (word.incident.id, update.id, update.author, update.status)
        own.update("\0".join((*parts, *_said(word.incident, update, word.index), "\n")).encode())
        for theirs in word.incident.translations:
            if (found := theirs.find(update.at)) is not None or word.index == 0:
                texts = _said(theirs, found, word.index)
                others.setdefault(theirs.language, []).append("\0".join((*parts[:2], *texts)))
    digests = {
        language: sha256("\n".join(texts).encode()).hexdigest()[:16]
        for language, texts in sorted(others.items())
    }
    return " ".join((own.hexdigest(), *(f"{name}={one}" for name, one in digests.items())))


def _said(story: Incident, update: Update | None, index: int) -> tuple[str, ...]:
    """Return the words of an update, those of the story's head with the first one."""
    says = update.says if update else None
    if index == 0:
        says = says.over(story.first) if says else story.first
    facts = (f"{name}={getattr(says, name)!r}" for name in says.names()) if says else ()
    return (update.body if update else "", *facts)


def _names(told: Iterable[Word]) -> tuple[tuple[str, str], ...]:
    return tuple((word.incident.id, word.update.id) for word in told)


def tells_of(page: StatusPage, told: Iterable[Word], *, but: str) -> Tells:
    """Return each story with the editions, other than one, that tell the newest of its words."""
    newest = {word.incident.id: word for word in told}
    zone = page.site.timezone

    def ways(word: Word) -> tuple[str, ...]:
        day = word.published.astimezone(zone).date()
        windows = day_window(day, zone), week_window(day, zone)
        names = (update_name(word.incident, word.update), *(window.id for window in windows))
        return tuple(name for name in names if name != but)

    return tuple((story, ways(word)) for story, word in newest.items())


def _headline(page: StatusPage, told: Iterable[Word]) -> str:
    """Return a first line for a plan: each story's newest status and its title."""
    language = speak(page.site)
    newest = {word.incident.id: word for word in told}
    text = "; ".join(
        f"{language.word(word.update.status)}: {word.incident.title}" for word in newest.values()
    )
    line = "".join(c for c in " ".join(text.split()) if c.isprintable())
    return line if len(line) <= _HEADLINE else f"{line[: _HEADLINE - 2]} …"
