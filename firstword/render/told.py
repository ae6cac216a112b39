"""Texts of people with the language they are in: a translation, or the original in its place."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from firstword.model import FollowUp, Incident, Update

_TEXTS = ("title", "affected", "unaffected", "workaround", "because")


class Told(str):
    """A text of somebody, with the language it is in."""

    __slots__ = ("code",)
    code: str

    @classmethod
    def of(cls, text: str, code: str) -> Told:
        """Note what language a text is in."""
        told = cls(text)
        told.code = code
        return told


class Said(Struct, frozen=True):
    """The words of an update as a page shows them."""

    update: Update
    #: The language they are in.
    code: str
    #: Not so where they should be in another language, and nobody has translated them.
    translated: bool


class ToldFacts:
    """The texts of a story in the language of a page; what nobody translated is in the original's.

    What a translation said before the original changed is no translation of what holds now.
    """

    def __init__(self, incident: Incident, shown: Incident, code: str) -> None:
        self._incident = incident
        self._shown = shown
        self._code = code

    def __getattr__(self, name: str) -> Told | None:
        """Return a text that holds, as templates ask for it: `facts.affected`."""
        if name not in _TEXTS:
            raise AttributeError(name)
        value = getattr(self._incident.facts, name)
        told = self.told(name, value) if value is not None else None
        # Templates ask more than once; who finds it there does not come here.
        setattr(self, name, told)
        return told

    def told(self, name: str, value: str) -> Told:
        """Return a text that the original said at some time, in the translator's words."""
        for theirs in self._translated(name, value):
            return Told.of(theirs, self._shown.language)
        return Told.of(value, self._code)

    def _translated(self, name: str, value: str) -> Iterator[str]:
        if self._shown is self._incident:
            return
        for update in reversed(self._incident.updates):
            translation = self._shown.find(update.at)
            if translation and getattr(update.says, name) == value:
                theirs = getattr(translation.says, name)
                if theirs is not None:
                    yield theirs
        first = getattr(self._shown.first, name)
        if first is not None and getattr(self._incident.first, name) == value:
            yield first


def told_follow_up(shown: Incident, follow_up: FollowUp, code: str) -> Told:
    """Return what somebody will change, in the translator's words where there are some."""
    for theirs in shown.follow_ups if shown.language else ():
        # Where an earlier update is not translated yet, the numbers are not the same.
        if (theirs.number, theirs.person, theirs.due) == (
            follow_up.number,
            follow_up.person,
            follow_up.due,
        ):
            return Told.of(theirs.text, shown.language)
    return Told.of(follow_up.text, code)


def said(incident: Incident, shown: Incident, update: Update, code: str) -> Said:
    """Return an update's words on the page of a translation, or of the original."""
    if shown is incident:
        return Said(update, code, translated=True)
    theirs = shown.find(update.at)
    return Said(theirs or update, shown.language if theirs else code, translated=theirs is not None)
