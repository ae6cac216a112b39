"""Reminding people by mail of what they owe: once before it lapses, and once after.

One message a person, to their address in PEOPLE, by the site's own way of sending mail. What was
told is noted as soon as a server took it: a message whose answer is lost comes twice, never not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

from firstword import urls
from firstword.model import Person, Site

if TYPE_CHECKING:
    from firstword.mail.transport import Transport
    from firstword.page.due import Owed

#: Below the cache: who was reminded of what. Ids of stories and updates, no addresses.
TOLD = "reminded.json"


def remind(
    site: Site,
    found: Sequence[Owed],
    now: datetime,
    *,
    kept: Path,
    say: Callable[[Owed], str],
    transport: Transport,
) -> list[str]:
    """Mail everybody what they were not told yet; return what went wrong, ready to print."""
    known = _read(kept)
    news: dict[Person, list[Owed]] = {}
    for one in found:
        if one.person and _name(one) not in known:
            news.setdefault(one.person, []).append(one)
    wrong: list[str] = []
    if news:
        from firstword.digest.headers import POLICY, Unmailable
        from firstword.mail.ledger import Fate

        lane = transport.open()
        try:
            for person, owed in news.items():
                try:
                    message = nudge(site, person, [say(one) for one in owed], now)
                except Unmailable as error:
                    wrong.append(f"{person.name} was not reminded: {error}")
                    continue
                outcome = lane.send(person.address, message.as_bytes(policy=POLICY))
                if outcome.fate is Fate.ACCEPTED:
                    known |= {_name(one) for one in owed}
                    _note(kept, known)
                else:
                    told = outcome.stop or f"{outcome.fate} {outcome.code}".strip()
                    wrong.append(f"{person.name} was not reminded: {told}")
        finally:
            lane.close()
    # What is not owed any more need not be remembered.
    _note(kept, known & set(map(_name, found)))
    return wrong


def nudge(site: Site, person: Person, lines: Sequence[str], now: datetime) -> EmailMessage:
    """Return the message to somebody who owes something; `lines` say what. Raises Unmailable."""
    from firstword.digest.headers import POLICY, mailbox, put_common
    from firstword.digest.mime import put_text
    from firstword.mail.place import mail_of

    words = "\n".join([*lines, "", site.url, ""])
    name = hashlib.sha256(f"{person.name}\0{now}\0{words}".encode()).hexdigest()[:32]
    many = f"{len(lines)} promises" if len(lines) > 1 else "a promise"
    message = EmailMessage(policy=POLICY)
    message["From"] = mailbox(site.name, mail_of(site).sender, "MAIL_FROM")
    message["To"] = mailbox(person.shown, person.address, "PEOPLE")
    message["Message-ID"] = urls.message_id(f"due.{name}", urls.mail_domain(site))
    put_common(message, at=now, subject=f"{site.name}: {many} of yours", language="en")
    put_text(message, words)
    return message


def _name(one: Owed) -> str:
    """Name what somebody is reminded of by what does not move when the file is written on."""
    which = one.update.follow_ups.index(one.follow_up) + 1 if one.follow_up else ""
    about = (one.incident.id, one.update.id, one.measure, one.component, which, one.due.at)
    return " ".join(map(str, (*about, "lapsed" if one.lapsed else "soon")))


def _note(kept: Path, known: set[str]) -> None:
    """Write down what was told; a file that is cut off would remind everybody again."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_name(f".{kept.name}.new")
    fresh.write_text(json.dumps(sorted(known)), encoding="utf-8")
    fresh.replace(kept)


def _read(kept: Path) -> set[str]:
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {str(one) for one in found} if isinstance(found, list) else set()
