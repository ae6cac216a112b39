"""Rules over a published version of a story and the one in the files now: nothing changes silently.

A number, a time, a component or the sense of what was published is put right by a `correction`,
which a person signs; the old words stay beside it. Whoever edits them in place takes them away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct

from firstword import urls
from firstword.check.one import check_published
from firstword.check.report import error, say
from firstword.check.reworded import SPELLING, Rewording
from firstword.model import ComponentChange, Due, Facts, Incident, Problem, Site, Update
from firstword.parse.keys import TEXTS

_TIMES = frozenset(
    {
        *("next", "expected", "started", "ended", "until"),
        *("scheduled_for", "scheduled_until", "corrects"),
    }
)
#: What a file says of a story as a whole, in its front matter.
_WHOLE = ("kind", "started", "about", "repeats", "imported")
#: The rule of where a story was to be found.
ADDRESS = "changed-address"
_ADVICE = "put the old words back, and say what is right in a signed 'correction'"
_SPELLED = "if it is the same word, say so in the commit: a line 'fix: spelling'; if not, "


class Changed(Struct, frozen=True, kw_only=True):
    """Something published that reads otherwise now."""

    #: Id of the update, or "" for the front matter.
    update: str
    line: int
    #: Key it stands in, "" for the text of the update.
    key: str
    rewording: Rewording

    def problem(self, incident: Incident, where: str) -> Problem:
        """Say it, with the old value and the new one."""
        told, key = self.rewording, f"{self.key!r}: " if self.key else ""
        if told.rule == ADDRESS:
            message = (
                f"{told.old!r} is published and would lead nowhere; add it to 'aliases', "
                f"'aliases: [{told.old}]', or give the file its old name"
            )
            return error(incident, self.line, told.rule, message)
        old, new = (repr(text) if text else "nothing" for text in (told.old, told.new))
        advice = _SPELLED + _ADVICE if told.rule == SPELLING else _ADVICE
        message = f"{key}{old} became {new} in {where}; {advice}"
        return error(incident, self.line, told.rule, message)


def check_since(
    old: Incident, new: Incident, site: Site, waived: Collection[tuple[str, Rewording]] = ()
) -> Iterator[Problem]:
    """Yield what was public in one version of a story and is not so in another.

    `waived` are changed words, by update, that a commit calls a fix of spelling.
    """
    if old.draft or old.drill:
        return
    for key in ("draft", "drill"):
        if getattr(new, key):
            message = f"{old.id!r} is published; {key!r} cannot take it back; 'withdrawn' does"
            yield error(new, new.line(key), "draft", message)
    if not old.withdrawn:
        yield from check_published(new, frozenset(update.id for update in old.updates), site)
    signed = {update.id: update.at for update in reversed(new.updates)}
    for change in changes(old, new, site):
        if (change.update, change.rewording) not in waived:
            yield change.problem(new, _where(signed.get(change.update), site))


def changes(old: Incident, new: Incident, site: Site) -> Iterator[Changed]:
    """Yield everything that reads otherwise in another version of a story."""
    for key in _WHOLE:
        at = _Place("", new.line(key), key)
        yield from _value(at, getattr(old, key), getattr(new, key), site)
    here, there = (urls.incident_path(one).strip("/") for one in (old, new))
    # A translation moves with its original, and so do its old addresses.
    if here != there and here not in new.aliases and not new.language:
        at = _Place("", new.line("aliases"), "aliases")
        yield at.changed(Rewording(ADDRESS, here, there))
    for alias in old.aliases:
        if alias not in new.aliases and alias != there:
            at = _Place("", new.line("aliases"), "aliases")
            yield at.changed(Rewording("changed-key", alias, ""))
    for key in dict.fromkeys((*old.first.names(), *new.first.names())):
        yield from _fact(_Place("", new.line(key), key), old.first, new.first, site)
    told = {update.at: update for update in reversed(new.updates)}
    for update in old.updates:
        if (kept := told.get(update.at)) is not None:
            yield from _update(update, kept, site)


class _Place(Struct, frozen=True):
    """Where something stands."""

    update: str
    line: int
    key: str = ""

    def changed(self, rewording: Rewording) -> Changed:
        return Changed(update=self.update, line=self.line, key=self.key, rewording=rewording)


def _update(old: Update, new: Update, site: Site) -> Iterator[Changed]:
    for key in ("author", "status", "corrects", "done"):
        at = _Place(old.id, new.line_of(key), key)
        yield from _value(at, getattr(old, key), getattr(new, key), site)
    for key in dict.fromkeys((*old.says.names(), *new.says.names())):
        yield from _fact(_Place(old.id, new.line_of(key), key), old.says, new.says, site)
    for found in _rewordings(old.body, new.body):
        yield _Place(old.id, new.line).changed(found)


def _rewordings(old: str, new: str) -> Iterable[Rewording]:
    if old == new:
        return ()
    # Here, since most edits leave what is published as it reads.
    from firstword.check.rewording import rewordings

    return rewordings(old, new)


def _fact(at: _Place, old: Facts, new: Facts, site: Site) -> Iterator[Changed]:
    was, now = getattr(old, at.key), getattr(new, at.key)
    if at.key in TEXTS and was and now:
        yield from map(at.changed, _rewordings(was, now))
    else:
        yield from _value(at, was, now, site)


def _value(at: _Place, was: object, now: object, site: Site) -> Iterator[Changed]:
    if was != now:
        rule = "changed-key"
        if at.key == "components":
            rule = "changed-component"
        elif at.key in _TIMES:
            rule = "changed-time"
        yield at.changed(Rewording(rule, _spell(was, site), _spell(now, site)))


def _spell(value: Any, site: Site) -> str:
    """Spell a value as a file has it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return say(value, site)
    if isinstance(value, Due):
        return say(value.at, site)
    if isinstance(value, tuple):
        return ", ".join(_spell(one, site) for one in value)
    if isinstance(value, ComponentChange):
        return f"{value.id} {value.status}" if value.status else value.id
    return str(value)


def _where(at: datetime | None, site: Site) -> str:
    return f"the published update of {say(at, site)}" if at else "the front matter"


def waivers(
    versions: Iterable[tuple[Incident, Incident]], site: Site
) -> set[tuple[str, Rewording]]:
    """Return the words that commits changed which say so: `fix: spelling`.

    Never a number, a time, a component or a key, and no other word: those are no spelling.
    """
    return {
        (change.update, change.rewording)
        for before, after in versions
        for change in changes(before, after, site)
        if change.rewording.rule == SPELLING
    }


def restored(
    older: Iterable[Incident], old: Incident, new: Incident, site: Site
) -> set[tuple[str, Rewording]]:
    """Return what reads otherwise than in `old`, and again as an older public version had it."""
    open_ = list(changes(old, new, site))
    found: set[tuple[str, Rewording]] = set()
    for version in older if open_ else ():
        if version.draft or version.drill or version.id != old.id:
            continue
        told = {"", *(update.id for update in version.updates)}
        other = {(change.update, change.key) for change in changes(version, new, site)}
        found |= {
            (change.update, change.rewording)
            for change in open_
            if change.update in told and (change.update, change.key) not in other
        }
    return found


def gone(old: Incident, now: Iterable[Incident]) -> Iterator[Problem]:
    """Report a story that no file tells any more; `now` are those that there are."""
    if old.draft or old.drill or old.withdrawn:
        return
    signed = {(update.at, update.author) for update in old.updates}
    copy = next(
        (one for one in now if signed <= {(u.at, u.author) for u in one.updates}),
        None,
    )
    if copy is not None and copy.language == old.language:
        was = urls.incident_path(old).strip("/")
        message = (
            f"published as {old.path}; add 'id: {old.id}', or readers get it twice, and "
            f"'aliases: [{was}]', or links to it lead nowhere"
        )
        yield error(copy, copy.line("id"), "gone", message)
    else:
        message = (
            f"{old.id!r} was published and no file tells it any more; bring {old.path} back. The "
            "open way to take it back is an update 'withdrawn'"
        )
        yield error(old, 1, "gone", message)
