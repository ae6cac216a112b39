"""Which pages a site has, and what each template gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from msgspec import Struct

from firstword import urls
from firstword.clock import Clock
from firstword.model import (
    UNDER_WAY,
    Component,
    ComponentStatus,
    Facts,
    Impact,
    Incident,
    Kind,
    Moment,
    Status,
    Update,
)
from firstword.page import Outcome, Promise, PromiseKind, StatusPage
from firstword.page.components import under_way
from firstword.page.occasions import begins
from firstword.render.connect import ways
from firstword.render.head import Head, home_head, story_head
from firstword.render.history import history_pages
from firstword.render.page import Page
from firstword.render.told import Said, Told, ToldFacts, said, told_follow_up
from firstword.unsaid import plainly_unsaid
from firstword.words import speak

STORY_TEMPLATES = {
    Kind.INCIDENT: "incident.html",
    Kind.MAINTENANCE: "maintenance.html",
    Kind.NOTICE: "notice.html",
}
#: What the home page shows at most: open incidents in full, lines of a list, lines of a day.
MOST_IN_FULL = 3
MOST_LINES = 10
MOST_A_DAY = 5
#: What only a correction changes that is shown beside it.
_CORRECTED = ("started", "ended")
#: What an update may change that is shown beside it, with the label it gets.
_CHANGES = (
    *("title", "impact", "affected", "unaffected", "workaround"),
    *("scheduled_for", "scheduled_until", "until"),
)


class Entry(Struct, frozen=True, kw_only=True):
    """One update as a timeline shows it."""

    moment: Moment
    #: (label, value before, value now) of every fact it changed.
    changes: tuple[tuple[str, Any, Any], ...]
    #: (component, state before or none, state now) of every component it speaks of.
    components: tuple[tuple[Component, ComponentStatus | None, ComponentStatus], ...]
    #: Why an expected time changed.
    because: Told | None
    promises: tuple[Promise, ...]
    #: The update this one corrects.
    corrects: Update | None
    #: (update, its words) of every correction of this one.
    fixes: tuple[tuple[Update, Said], ...]
    #: When it was first published, where that is not when it was signed.
    published_late: datetime | None
    #: Its words.
    said: Said
    #: Who signed the translation, where it was somebody else; else empty.
    translator: str


def pages(status: StatusPage) -> Iterator[Page]:
    """Yield the pages that are there whatever is told, and one for each month."""
    yield Page(key="index.html", template="home.html", context=lambda clock: home(status, clock))
    yield Page(
        key=urls.page_key(urls.SUBSCRIBE),
        template="subscribe.html",
        context=_const({"ways": ways(status.site)}),
        leaf=True,
    )
    yield from history_pages(status)


def story_pages(status: StatusPage, incident: Incident) -> Iterator[Page]:
    """Yield the pages of one story: itself, its translations, its old addresses."""
    for one in (incident, *incident.translations):
        yield _story_page(status, incident, one)
    for alias in incident.aliases:
        for one in (incident, *incident.translations):
            # What was translated had an address in each language.
            if one is incident or urls.is_story(alias):
                yield Page(
                    key=urls.alias_key(f"{one.language}/{alias}" if one.language else alias),
                    template="moved.html",
                    context=_const(moved(status, one)),
                    leaf=True,
                    owner=incident.id,
                    language=one.language,
                )


def _const(context: Mapping[str, Any]) -> Callable[[Clock], Mapping[str, Any]]:
    return lambda _clock: context


def _story_page(status: StatusPage, incident: Incident, shown: Incident) -> Page:
    return Page(
        key=urls.page_key(urls.incident_path(shown)),
        template=STORY_TEMPLATES[incident.kind],
        context=lambda clock: story(status, incident, shown, clock),
        leaf=True,
        owner=incident.id,
        language=shown.language,
    )


def home(status: StatusPage, clock: Clock) -> dict[str, Any]:
    """Return what home.html gets. However much there is, it grows no further than the limits."""
    told = status.newest_update
    newest = told[1].at if told else None
    # Drills last: what is wrong comes first.
    open_now = sorted(status.open_incidents, key=lambda incident: incident.drill)
    now, coming = status.maintenance_now(clock), status.maintenance_coming(clock)
    unconfirmed = status.maintenance_unconfirmed(clock)
    planned = [*now, *(i for i in unconfirmed if i not in now), *coming]
    notices = status.notices(clock)
    context = {
        "open": [story(status, i, i, clock) for i in open_now[:MOST_IN_FULL]],
        "also_open": open_now[MOST_IN_FULL:][:MOST_LINES],
        "open_left": len(open_now[MOST_IN_FULL:][MOST_LINES:]),
        "maintenance": planned[:MOST_LINES],
        "maintenance_left": len(planned[MOST_LINES:]),
        "maintenance_now": now,
        "maintenance_unconfirmed": unconfirmed,
        "notices": [(i, status.next_occurrence(i, clock)) for i in notices[:MOST_LINES]],
        "notices_left": len(notices[MOST_LINES:]),
        "groups": status.groups(clock),
        "days": status.recent(clock),
        "most_a_day": MOST_A_DAY,
        "sentence": standing(status),
        "head": home_head(status, clock),
        "tone": home_tone(status, clock),
    }
    # Last, when the clock has been asked everything: since when all of the above has been so.
    known = [at for at in (newest, clock.as_of) if at]
    return {**context, "as_of": max(known) if known else None}


def moved(status: StatusPage, incident: Incident) -> dict[str, Any]:
    """Return what moved.html gets."""
    return {
        "incident": incident,
        "canonical": urls.absolute(status.site, urls.incident_path(incident)),
        "head": Head(noindex=True),
    }


def home_tone(status: StatusPage, clock: Clock) -> str:
    """Return what colours the sentence of state: an impact, `maintenance` or `quiet`."""
    real = [i.impact for i in status.open_incidents if not i.drill]
    if real:
        return str(max(real, key=lambda impact: impact.severity))
    if any(not i.drill for i in status.maintenance_now(clock)):
        return "maintenance"
    return "quiet"


def _tone(incident: Incident, clock: Clock) -> str:
    """Return what colours the head of a story's page; what is over has no colour any more."""
    if incident.drill or not incident.is_open:
        return "plain"
    if incident.kind is Kind.MAINTENANCE:
        return "maintenance" if under_way(incident, clock) else "quiet"
    return str(incident.impact) if incident.kind is Kind.INCIDENT else "quiet"


def standing(status: StatusPage) -> str:
    """Return the sentence of state: the home page's first line."""
    return speak(status.site).state_sentence(status.stated, status.quiet_since)


def story(status: StatusPage, incident: Incident, shown: Incident, clock: Clock) -> dict[str, Any]:
    """Return what the page of a story gets; `shown` is it or one of its translations."""
    made = status.promises(incident, clock)
    for promise in made:
        if promise.outcome is Outcome.OVERDUE and not promise.due.whole_day:
            # The page says how long nothing came: ask now, so that whoever sums up knows of it.
            clock.stepped(promise.due.at)
    facts = ToldFacts(incident, shown, status.site.language)
    entries = _entries(status, incident, shown, facts, made)
    start, end = incident.facts.scheduled_for, incident.facts.scheduled_until
    return {
        "head": story_head(status, incident, clock),
        "incident": incident,
        "facts": facts,
        "title": _title(status, facts, incident),
        "untranslated": sum(not entry.said.translated for entry in entries),
        "signed": "all" if all(u.signed for u in (*incident.updates, *shown.updates)) else "",
        # In a drill nobody waits for it.
        "unsaid": () if incident.drill else plainly_unsaid(incident, status.site),
        "tone": _tone(incident, clock),
        "in_calendar": not incident.drill and bool(begins(incident, status.site.timezone)),
        "languages": [i for i in (incident, *incident.translations) if i is not shown],
        "entries": entries[::-1],
        "components": [
            (status.component(name), state) for name, state in _states(incident).items()
        ],
        "next_word": _last(made, PromiseKind.NEXT) if incident.is_open else None,
        "expected": [p for p in made if p.kind is PromiseKind.EXPECTED][::-1],
        "follow_ups": [
            (p, told_follow_up(shown, p.follow_up, status.site.language))
            for p in sorted(made, key=lambda p: p.follow_up.number if p.follow_up else 0)
            if p.follow_up
        ],
        "ended_at": incident.ended_at,
        "not_begun": bool(start and incident.is_open and not clock.passed(start))
        and not any(update.status in UNDER_WAY for update in incident.updates),
        "unconfirmed": bool(end and incident.is_open and clock.passed(end)),
        "next_time": status.next_occurrence(incident, clock) if incident.is_open else None,
    }


def _title(status: StatusPage, facts: ToldFacts, incident: Incident) -> Told:
    """Return the title as the page's first line has it."""
    title = facts.told("title", incident.title)
    if not incident.drill:
        return title
    language = speak(status.site, title.code)
    return Told.of(language.say("Drill: %(title)s", title=title), title.code)


def _states(incident: Incident) -> dict[str, ComponentStatus]:
    """Return the state each component is in; of an ended story, the worst that it was in."""
    if incident.is_open:
        return incident.now_holds.component_states
    worst: dict[str, ComponentStatus] = {}
    for moment in incident.timeline:
        for name, state in moment.component_states.items():
            known = worst.get(name)
            if known is not state and (known is None or state.severity > known.severity):
                worst[name] = state
    return worst


def _last(made: tuple[Promise, ...], kind: PromiseKind) -> Promise | None:
    """Return the promise of a kind that is owed now: the newest one that nothing has settled."""
    owed = [p for p in made if p.kind is kind and p.outcome in (Outcome.PENDING, Outcome.OVERDUE)]
    return owed[-1] if owed else None


def _entries(
    status: StatusPage,
    incident: Incident,
    shown: Incident,
    told: ToldFacts,
    made: tuple[Promise, ...],
) -> list[Entry]:
    """Return the timeline, oldest first."""
    timeline, code = incident.timeline, status.site.language
    befores: list[Moment | None] = [None, *(before for before, _ in pairwise(timeline))]
    entries = []
    for before, moment in zip(befores, timeline, strict=True):
        update = moment.update
        theirs = said(incident, shown, update, code)
        entries.append(
            Entry(
                moment=moment,
                changes=tuple(_changes(incident, told, before, moment)),
                because=told.told("because", reason) if (reason := update.says.because) else None,
                components=tuple(_states_said(status, before, moment)),
                promises=tuple(
                    p for p in made if p.update is update and p.kind is not PromiseKind.FOLLOW_UP
                ),
                corrects=incident.find(update.corrects) if update.corrects else None,
                fixes=tuple((fix, said(incident, shown, fix, code)) for fix in moment.corrections),
                published_late=status.records.late_stamp(incident, update),
                said=theirs,
                translator=_translator(update, theirs.update),
            )
        )
    return entries


def _states_said(
    status: StatusPage, before: Moment | None, moment: Moment
) -> Iterator[tuple[Component, ComponentStatus | None, ComponentStatus]]:
    """Yield the components an update itself speaks of, each with the state it left.

    Other tools wrote all of them under each update again: of what is imported, what changed.
    """
    held = before.component_states if before else {}
    for change in moment.update.says.components or ():
        was, now = held.get(change.id), moment.component_states[change.id]
        if moment.update.signed or was != now:
            yield status.component(change.id), was, now


def _translator(update: Update, words: Update) -> str:
    """Return who signed a translation, where it is not who signed the update itself."""
    return words.author if words.signed and words.author != update.author else ""


def _changes(
    incident: Incident, told: ToldFacts, before: Moment | None, moment: Moment
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the facts an update itself changed, as it said them, each with what it replaced."""
    update = moment.update
    held: Facts | None = before.facts if before else None
    names: tuple[str, ...] = _CHANGES
    if update.status is Status.CORRECTION:
        held, names = _as_first_said(incident, update), (*_CORRECTED, *_CHANGES)
    for name in names if held else ():
        now = getattr(update.says, name)
        if now is not None:
            was = getattr(held, name)
            if isinstance(now, str) and not isinstance(now, Impact):
                now, was = told.told(name, now), was and told.told(name, was)
            yield name, was, now


def _as_first_said(incident: Incident, correction: Update) -> Facts | None:
    """Return what the corrected update said before this correction."""
    first = incident.updates[0]
    said = Facts()
    if correction.corrects == first.at:
        said = incident.first.over(Facts(started=incident.started))
    for update in incident.updates:
        if update.at == correction.corrects or (
            update.corrects == correction.corrects and update.at < correction.at
        ):
            said = update.says.over(said)
            if update.at == correction.corrects and correction.says.ended:
                # Where nobody stated an end, the word that ended it was taken for it.
                said = said.over(Facts(ended=update.at))
    return said
