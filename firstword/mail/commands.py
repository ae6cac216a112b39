"""What people can say to us by mail, and how it is written: a verb, then wishes. Pure.

    subscribe daily components=api,checkout language=de
    confirm daily components=api components=checkout language=de <token>
    mute 2026-11-21-card-payments <token>
    unsubscribe <token>

Whatever has another word in it is no command, but a letter to a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from firstword.mail.parcel import PACES, TOKEN_LENGTH, Cadence, Subscriber
from firstword.mail.table import OPTIONAL


class Verb(StrEnum):
    """What somebody asks for."""

    SUBSCRIBE = "subscribe"
    #: The same: what is asked for takes the place of what was.
    CHANGE = "change"
    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    #: No more of one story, and all of it again.
    MUTE = "mute"
    UNMUTE = "unmute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What somebody said; `wishes` are name and value, as they were written."""

    verb: Verb
    wishes: tuple[tuple[str, str], ...] = ()
    token: str = ""
    #: The id of the story to mute; "" = the one that the message answers.
    story: str = ""

    @property
    def language(self) -> str:
        """The language that is asked for; "" = none."""
        return next((value for name, value in self.wishes if name == "language"), "")

    def row(self, address: str) -> dict[str, str]:
        """Return the wishes as a row of the list's table, not checked yet."""
        row = {"address": address, "cadence": Cadence.IMMEDIATE.value}
        for name, value in self.wishes:
            row[name] = f"{row[name]},{value}" if name in _MANY and name in row else value
        return row


#: What mail programs put before the subject of an answer: "Re:", "AW:", "Antw:", "返信:", "Re[2]:".
#: Not "Automatic reply:", which nobody wrote.
_ANSWERS = re.compile(r"(?:[^\W\d_]{1,4}(?:\[\d+\])?\s?[:\uff1a]\s*)*")
_TOKEN = re.compile(rf"[a-z2-7]{{{TOKEN_LENGTH}}}", re.IGNORECASE)
_WISH = re.compile(rf"({'|'.join(OPTIONAL)})=([\w.,/+-]+)", re.ASCII | re.IGNORECASE)
_STORY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MANY = frozenset({"components", "kinds"})
_MUTING = frozenset({Verb.MUTE, Verb.UNMUTE})
#: A hundred components of forty characters, each named on its own so that the header can be folded.
_LONGEST = 20_000


def read_command(text: str) -> Command | None:
    """Read a subject or a line; None = it is no command."""
    if len(text) > _LONGEST:
        return None
    words = text[_prefix(text) :].split()
    verb = words.pop(0).lower().rstrip(".!") if words else ""
    if verb not in set(Verb):
        return None
    if verb in _MUTING:
        return _read_muting(Verb(verb), words)
    wishes: list[tuple[str, str]] = []
    token = ""
    for word in words:
        if word.lower() in PACES:
            wishes.append(("cadence", word.lower()))
        elif match := _WISH.fullmatch(word):
            wishes.append((match[1].lower(), match[2]))
        elif _TOKEN.fullmatch(word) and not token:
            token = word.lower()
        else:
            return None
    if not _fits(Verb(verb), wishes, token):
        return None
    return Command(verb=Verb(verb), wishes=tuple(wishes), token=token)


def _read_muting(verb: Verb, words: list[str]) -> Command | None:
    """Read which story, and the token, of which either may be missing."""
    token = words.pop().lower() if words and _TOKEN.fullmatch(words[-1]) else ""
    story = words.pop().lower() if words else ""
    if words or (story and not _STORY.fullmatch(story)):
        return None
    return Command(verb=verb, token=token, story=story)


def wishes_of(one: Subscriber) -> str:
    """Write somebody's wishes as a command says them: the same wishes, the same words."""
    words = [one.cadence.value]
    words += [f"components={name}" for name in sorted(one.components)]
    words += [f"kinds={kind}" for kind in sorted(one.kinds)]
    words += [f"language={one.language}"] if one.language else []
    words += [f"zone={one.zone}"] if one.zone else []
    return " ".join(words)


def _prefix(text: str) -> int:
    match = _ANSWERS.match(text.lstrip())
    return len(text) - len(text.lstrip()) + (match.end() if match else 0)


def _fits(verb: Verb, wishes: list[tuple[str, str]], token: str) -> bool:
    single = [name for name, _ in wishes if name not in _MANY]
    if len(set(single)) < len(single):
        return False
    if verb is Verb.CONFIRM:
        return bool(token)
    if verb is Verb.UNSUBSCRIBE:
        return not wishes
    return not token
