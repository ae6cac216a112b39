"""Reminding people by mail of what they owe: one message a person, to their address in PEOPLE.

How it leaves is somebody else's: `firstword.mail.sender.open_sender(site)` returns what takes an
EmailMessage and sends it. Where there is no such module, nothing can be sent, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from email.message import EmailMessage
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from firstword.errors import SettingsError
from firstword.model import Person, Site

Sender = Callable[[EmailMessage], None]

_SENDER = "firstword.mail.sender"


def open_sender(site: Site) -> Sender:
    """Return what sends a message. Raises SettingsError where nothing does."""
    if find_spec(_SENDER) is None:
        raise SettingsError("--mail", "this Firstword cannot send mail; nobody was reminded")
    return cast("Sender", import_module(_SENDER).open_sender(site))


def nudges(site: Site, lines: Mapping[Person, Sequence[str]]) -> Iterator[EmailMessage]:
    """Yield one message for everybody who owes something; `lines` say what."""
    for person, owed in lines.items():
        message = EmailMessage()
        message["To"] = person.address
        many = f"{len(owed)} promises" if len(owed) > 1 else "a promise"
        message["Subject"] = f"{site.name}: {many} of yours"
        message.set_content("\n".join([*owed, "", site.url, ""]))
        yield message
