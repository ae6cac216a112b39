"""Which questions a story and an update ask, in their order. Questions only: never an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firstword.model import ENDINGS, About, Impact, Incident, Kind, Status
from firstword.values import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; `name` is the key, the flag and the line of a draft."""

    name: str
    text: str
    #: In which form to answer.
    form: str = ""
    #: Without an answer nothing is written.
    needed: bool = False
    #: What it is when nothing is answered, where that is no sentence: a time or a status.
    empty: str = ""
    choices: tuple[str, ...] = ()
    #: Asked one by one on a terminal; the others wait in the draft for who opens it.
    asked: bool = True


_UNKNOWN = "or: we do not know yet"
_AHEAD = "30m, in 2 hours, 10:30, tomorrow 09:00"
_PAST = "now, 20m ago, 09:12"

_TITLE = {
    Kind.INCIDENT: "What can people not do right now?",
    Kind.MAINTENANCE: "What will you do, and what will people notice of it?",
    Kind.NOTICE: "What should people know?",
}
_AFFECTED = Question(name="affected", text="Who exactly?", form=f"a number, a place, {_UNKNOWN}")
_UNAFFECTED = Question(name="unaffected", text="What works, and who is not affected?", asked=False)
_WORKAROUND = Question(name="workaround", text="What can they do in the meantime?", form=_UNKNOWN)
_COMPONENTS = Question(
    name="components", text="Which parts?", form="checkout partial_outage, api; Tab completes"
)
_IMPACT = Question(name="impact", text="How bad is it for them?", choices=tuple(Impact))
_NEXT = Question(name="next", text="When will you speak next?", form=_AHEAD)
_EXPECTED = Question(
    name="expected", text="When will it work, be sent, be done?", form=_AHEAD, asked=False
)
_NOTIFY = Question(name="notify", text="Does it go out by mail?", form="yes or no", asked=False)
_WINDOW = (
    Question(name="scheduled_for", text="When does it begin?", form="tomorrow 01:00, a full time"),
    Question(name="scheduled_until", text="When does it end?", form="2h, 03:00, a full time"),
)
_BEGAN = Question(name="started", text="When did it really begin?", form=_PAST, asked=False)
_ENDED = Question(name="ended", text="When did it really end?", form=_PAST, empty="now")
_UNTIL = Question(name="until", text="Until when does it matter?", form="a day, a time")

_SAY = {
    Kind.INCIDENT: "What do you know, and what are you doing about it?",
    Kind.MAINTENANCE: "What do you do, why, and what should people do before and after?",
    Kind.NOTICE: "What do you say?",
}
#: What a reader needs to hear with a status; asked, never answered here.
_SAY_WITH = {
    Status.IDENTIFIED: "What is it, how do you know, and what are you doing about it?",
    Status.MONITORING: "What did you change, what works again, and what are you watching?",
    Status.RESOLVED: "What works, since when, what was lost, and what should people do again?",
    Status.POSTMORTEM: (
        "What was the cause, and who changes what by when? '- [ ] what (Full Name, YYYY-MM-DD)'"
    ),
    Status.COMPLETED: "What was done, what is different now, and what should people do?",
    Status.CANCELLED: "Why not, and what happens instead?",
    Status.DONE: "What came of it?",
    Status.WITHDRAWN: "Why do you take it back?",
    Status.ANSWER: "What do you answer?",
    Status.CORRECTION: "What was wrong, and what is right?",
}


def story_questions(kind: Kind) -> tuple[Question, ...]:
    """Return what the first word of a story answers."""
    title = Question(name="title", text=_TITLE[kind], form="one line", needed=True)
    say = Question(name="say", text=_SAY[kind], form="Markdown", needed=True)
    started = Question(name="started", text="Since when?", form=_PAST, needed=True)
    if kind is Kind.INCIDENT:
        own: tuple[Question, ...] = (replace(_IMPACT, needed=True), started)
    elif kind is Kind.MAINTENANCE:
        own = (*(replace(one, needed=True) for one in _WINDOW), replace(_IMPACT, asked=False))
    else:
        about = Question(name="about", text="What is it about?", choices=tuple(About), needed=True)
        own = (about, _UNTIL)
    extra: tuple[Question, ...] = (_UNAFFECTED, _EXPECTED, _NOTIFY)
    if kind is not Kind.INCIDENT:
        remind = Question(name="remind", text="How long before is a reminder due?", asked=False)
        extra = (*extra, replace(started, needed=False, asked=False), remind)
    if kind is Kind.NOTICE:
        form = "FREQ=WEEKLY;BYDAY=TH"
        extra += (Question(name="repeats", text="How does it repeat?", form=form, asked=False),)
    status = Question(name="status", text="Where does it stand?", asked=False, empty=_FIRST[kind])
    draft = Question(name="draft", text="Only a draft, never built?", form="yes", asked=False)
    drill = Question(name="drill", text="Only a drill?", form="yes", asked=False)
    slug = Question(name="slug", text="Which file name, without .md?", asked=False)
    last = (status, draft, drill, slug)
    return (title, *own, _COMPONENTS, _AFFECTED, _WORKAROUND, say, _NEXT, *extra, *last)


def update_questions(
    story: Incident, status: Status, offered: Sequence[Status]
) -> tuple[Question, ...]:
    """Return what one more update of a story answers; `status` is the one it is to have."""
    ends = status in ENDINGS
    held = replace(_EXPECTED, form=f"{_AHEAD}; a later one needs 'because'")
    facts = story.facts
    where = Question(
        name="status",
        text=f"Where does it stand? Until now: {story.status}",
        choices=tuple(offered),
        empty=Status.UPDATE,
    )
    say = Question(
        name="say",
        text=_SAY_WITH.get(status, "What is new?"),
        form="Markdown",
        needed=True,
    )
    before: tuple[Question, ...] = ()
    moments: tuple[Question, ...] = ()
    if status is Status.ANSWER:
        before = (Question(name="question", text="What was asked?", needed=True),)
    if status is Status.CORRECTION:
        form = "its time, as in its heading"
        before = (
            Question(name="corrects", text="Which update was wrong?", form=form, needed=True),
        )
        moments = (_BEGAN, replace(_ENDED, asked=False, empty=""))
    open_facts = status not in {Status.ANSWER, Status.CORRECTION} and not ends
    own = (
        *((_ENDED,) if _really_ends(story, status) else moments),
        replace(_COMPONENTS, text="Which parts changed?", asked=open_facts),
        replace(_AFFECTED, asked=open_facts and not facts.affected),
        replace(_WORKAROUND, asked=open_facts and not facts.workaround),
        replace(_NEXT, asked=not ends and status is not Status.CORRECTION),
        _UNAFFECTED,
        held,
        Question(name="because", text="Why did the expected time change?", asked=False),
        Question(name="title", text="What is its title from now on?", asked=False),
    )
    kinds: tuple[Question, ...] = ()
    if story.kind is not Kind.NOTICE:
        kinds += (replace(_IMPACT, asked=False),)
    if story.kind is Kind.MAINTENANCE:
        kinds += tuple(replace(one, asked=False) for one in _WINDOW)
    if story.kind is Kind.NOTICE:
        kinds += (replace(_UNTIL, asked=False),)
    done = Question(name="done", text="Which follow-ups are done?", form="1, 3", asked=False)
    closes = (done,) if story.follow_ups else ()
    return (where, *before, say, *own, *kinds, *closes, _NOTIFY)


def _really_ends(story: Incident, status: Status) -> bool:
    """Tell whether the moment of the end is a fact of its own, apart from the signature."""
    return status in {Status.RESOLVED, Status.COMPLETED} and story.is_open


_FIRST = {
    Kind.INCIDENT: Status.INVESTIGATING,
    Kind.MAINTENANCE: Status.SCHEDULED,
    Kind.NOTICE: Status.PUBLISHED,
}


def first_status(kind: Kind) -> Status:
    """Return the status of a first word that says no other."""
    return _FIRST[kind]
