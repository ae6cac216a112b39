"""An incident (or maintenance, or notice) and its updates; everything else is derived."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache, cached_property, lru_cache
from operator import attrgetter
from typing import Any

from msgspec import Struct, structs

from firstword.model.words import (
    ENDINGS,
    HOLDING,
    About,
    ComponentStatus,
    Impact,
    Kind,
    Status,
)


@lru_cache(8192)  # asked for the same instants again and again: anchors, links, ids of entries
def update_id(at: datetime) -> str:
    """Spell an update's id: its instant in UTC, `20261121T092000Z`."""
    return f"{at.isoformat()[:19].replace('-', '').replace(':', '')}Z"


class Due(Struct, frozen=True, omit_defaults=True):
    """A promised instant. `whole_day`: only the day was promised, and `at` is where it ends."""

    at: datetime
    whole_day: bool = False


class ComponentChange(Struct, frozen=True, omit_defaults=True):
    """What an update says of one component; no status means: as the impact has it."""

    id: str
    status: ComponentStatus | None = None


class Facts(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a file's first values or one update's keys say; None: it says nothing of this."""

    title: str | None = None
    impact: Impact | None = None
    affected: str | None = None
    unaffected: str | None = None
    workaround: str | None = None
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    until: Due | None = None
    components: tuple[ComponentChange, ...] | None = None
    next: Due | None = None
    expected: Due | None = None
    because: str | None = None
    ended: datetime | None = None
    #: Of a correction: when it really began. What the front matter says is `Incident.started`.
    started: datetime | None = None

    def over(self, older: Facts) -> Facts:
        """Return these facts laid over older ones: what they say wins, the rest stays."""
        return _laid(_filled(_FACTS, _VALUES(self)), older)

    def lasting_over(self, older: Facts) -> Facts:
        """The same for what lasts: a next word, a reason and an end are one update's own."""
        return _laid(_filled(_LASTING, _LASTING_VALUES(self)), older)

    def names(self) -> tuple[str, ...]:
        """Name the facts that are said, in the order of the file format."""
        return tuple(_filled(_FACTS, _VALUES(self)))

    def without(self, *names: str) -> Facts:
        """Return these facts as if nothing were said of some."""
        said = [name for name in names if getattr(self, name) is not None]
        if not said:
            return self
        left = structs.replace(self, **dict.fromkeys(said))
        return left if left != NO_FACTS else NO_FACTS


def _filled(names: tuple[str, ...], values: tuple[Any, ...]) -> dict[str, Any]:
    return {name: one for name, one in zip(names, values, strict=True) if one is not None}


def _laid(said: dict[str, Any], older: Facts) -> Facts:
    return structs.replace(older, **said) if said else older


#: One for all who say nothing: where it is the same, it is not written into the cache.
NO_FACTS = Facts()
# Asked for once: these are read and laid over each other for every update of every file.
_FACTS = Facts.__struct_fields__
_VALUES = attrgetter(*_FACTS)
_PASSING = ("next", "because", "ended")
_LASTING = tuple(name for name in _FACTS if name not in _PASSING)
_LASTING_VALUES = attrgetter(*_LASTING)


class FollowUp(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A promise to change something: who, what, by when."""

    #: Counted over the whole incident from 1, in the order of time; `done: 2` means number 2.
    number: int
    text: str
    person: str
    due: date
    #: Ticked in the text it was promised in.
    ticked: bool
    line: int


class _Said(Struct, frozen=True, eq=False):
    """What counts is what is said: where it stands in a file makes it no other one."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        said = _said(type(self))
        return self is other or bool(said(self) == said(other))

    def __ne__(self, other: object) -> bool:
        # A struct has one of its own, which Python would ask.
        return not self == other

    def __hash__(self) -> int:
        return hash(_said(type(self))(self))


@cache
def _said(kind: type[Struct]) -> attrgetter[tuple[Any, ...]]:
    where = {"body_line", "lines"}
    return attrgetter(*(name for name in kind.__struct_fields__ if name not in where))


class Update(_Said, frozen=True, kw_only=True, eq=False, omit_defaults=True):
    """One dated, signed entry in a timeline."""

    at: datetime
    #: The name as it was signed; the literal `imported` where history has no signed author.
    author: str
    status: Status
    #: Markdown, never empty where a person signed.
    body: str
    says: Facts = NO_FACTS
    #: The instant of the update this one corrects.
    corrects: datetime | None = None
    #: Numbers of the follow-ups this update closes.
    done: tuple[int, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    #: False: kept out of mail.
    notify: bool = True
    line: int = 0
    #: The line the body begins on.
    body_line: int = 0
    #: Key → line, for those who report problems.
    lines: Mapping[str, int] = {}

    @property
    def id(self) -> str:
        """Permanent within the incident: the instant in UTC."""
        return update_id(self.at)

    @property
    def signed(self) -> bool:
        """Whether a named person stands behind it."""
        return self.author != "imported"

    def line_of(self, key: str) -> int:
        """Return the line a key stands on, or the heading's."""
        return self.lines.get(key, self.line)


class Moment(Struct, frozen=True, kw_only=True):
    """An update in its place: what held once it was published."""

    update: Update
    #: The lifecycle status held after it.
    status: Status
    #: What this update says, with the keys of later corrections put in.
    says: Facts
    #: All that held after it.
    facts: Facts
    #: Every component named so far, with the status it was given (None: as the impact has it).
    components: Mapping[str, ComponentStatus | None]
    #: The updates that correct this one.
    corrections: tuple[Update, ...]

    @property
    def component_states(self) -> dict[str, ComponentStatus]:
        """Each component's status at this moment; an ended story holds none of them down."""
        if self.status in ENDINGS:
            return dict.fromkeys(self.components, ComponentStatus.OPERATIONAL)
        by_impact = (self.facts.impact or Impact.NONE).component_status
        return {
            name: by_impact if given is None else given for name, given in self.components.items()
        }


class Incident(_Said, frozen=True, kw_only=True, eq=False, omit_defaults=True, dict=True):
    """One file's story: an incident, a maintenance or a notice."""

    id: str
    slug: str
    path: str
    kind: Kind
    #: The values of the front matter: what held before and with the first update.
    first: Facts
    updates: tuple[Update, ...]
    started: datetime | None = None
    about: About | None = None
    #: RFC 5545 RRULE, in the site's wall time.
    repeats: str = ""
    remind: timedelta | None = None
    aliases: tuple[str, ...] = ()
    draft: bool = False
    drill: bool = False
    #: Where unsigned history came from; empty for a story told here.
    imported: str = ""
    #: BCP 47 tag of a translation; empty for the original.
    language: str = ""
    translations: tuple[Incident, ...] = ()
    #: Key of the front matter → line, for those who report problems.
    lines: Mapping[str, int] = {}

    @cached_property
    def timeline(self) -> tuple[Moment, ...]:
        """Every update in its place, oldest first."""
        return _timeline(self)

    @property
    def now_holds(self) -> Moment:
        """The newest moment: what holds today."""
        return self.timeline[-1]

    @property
    def facts(self) -> Facts:
        """The facts that hold after every update."""
        return self.now_holds.facts

    @property
    def title(self) -> str:
        """The title that holds."""
        return self.facts.title or ""

    @property
    def impact(self) -> Impact:
        """The impact that holds."""
        return self.facts.impact or Impact.NONE

    @property
    def worst_impact(self) -> Impact:
        """The worst impact that ever held."""
        return max(
            (m.facts.impact or Impact.NONE for m in self.timeline),
            key=lambda i: i.severity,
        )

    @property
    def status(self) -> Status:
        """Where it stands: the last lifecycle status."""
        return self.now_holds.status

    @property
    def is_open(self) -> bool:
        """Whether anybody still waits for the end of it."""
        return self.status not in ENDINGS

    @property
    def began(self) -> datetime | None:
        """When it began, as stated: by the last correction of that, else by the front matter."""
        return self.facts.started or self.started

    @property
    def started_at(self) -> datetime:
        """When it began: as stated, else the planned start, else the first update."""
        return self.began or self.facts.scheduled_for or self.updates[0].at

    @property
    def announced_at(self) -> datetime:
        """When the first word was signed."""
        return self.updates[0].at

    @property
    def updated_at(self) -> datetime:
        """When the newest word was signed."""
        return self.updates[-1].at

    @property
    def ended_at(self) -> datetime | None:
        """When it ended: as stated on the ending update, else that update's own instant."""
        ending = self.ending
        return (ending.says.ended or ending.update.at) if ending else None

    @property
    def ending(self) -> Moment | None:
        """The moment with the word that ended it; None while it is open."""
        if self.is_open:
            return None
        ending: Moment | None = None
        for moment in self.timeline:
            if moment.update.status in ENDINGS:
                # A postmortem comes after the end; it does not move it.
                ending = ending if ending and moment.status is Status.POSTMORTEM else moment
            elif moment.update.status not in HOLDING:
                ending = None
        return ending

    @property
    def withdrawn(self) -> bool:
        """Whether it was openly taken back; its words stay."""
        # Of few stories that was ever said: the others need not be walked through.
        said = any(update.status is Status.WITHDRAWN for update in self.updates)
        return said and self.status is Status.WITHDRAWN

    @property
    def component_ids(self) -> tuple[str, ...]:
        """Every component it ever named, in the order it named them."""
        return tuple(self.now_holds.components)

    @property
    def follow_ups(self) -> tuple[FollowUp, ...]:
        """All follow-ups promised, by number."""
        return tuple(f for update in self.updates for f in update.follow_ups)

    def line(self, key: str) -> int:
        """Return the line a key of the front matter stands on, or the file's first."""
        return self.lines.get(key, 1)

    def find(self, at: datetime) -> Update | None:
        """Return the update of that instant."""
        return next((u for u in self.updates if u.at == at), None)


def _timeline(incident: Incident) -> tuple[Moment, ...]:
    """Walk the updates once, oldest first, and note what held after each."""
    corrections: dict[datetime, list[Update]] = {}
    for update in incident.updates:
        if update.corrects is not None:
            corrections.setdefault(update.corrects, []).append(update)

    first = incident.first
    for update in corrections.get(incident.updates[0].at, ()) if incident.updates else ():
        # The front matter is the first update's: correcting that update corrects it too.
        first = update.says.over(first)
    facts = first.without(*_PASSING)
    components = _named({}, first.components)
    status = Status.UPDATE
    moments = []
    for update in incident.updates:
        fixes = tuple(corrections.get(update.at, ()))
        says = NO_FACTS if update.status is Status.CORRECTION else update.says
        for fix in fixes:
            says = fix.says.over(says)
        facts = says.lasting_over(facts)
        components = _named(components, says.components)
        if update.status not in HOLDING:
            status = update.status
        moments.append(
            Moment(
                update=update,
                status=status,
                says=update.says if update.status is Status.CORRECTION else says,
                facts=facts,
                components=components,
                corrections=fixes,
            )
        )
    return tuple(moments)


def _named(
    before: Mapping[str, ComponentStatus | None],
    changes: tuple[ComponentChange, ...] | None,
) -> Mapping[str, ComponentStatus | None]:
    """Return the components with one update's changes laid over them."""
    if not changes:
        return before
    return {**before, **{change.id: change.status for change in changes}}
