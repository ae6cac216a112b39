"""Writing to SES's contact list: who joins, changes and leaves, a contact at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from firstword.errors import MailError
from firstword.mail.contacts import Sleep, ask_patiently
from firstword.mail.parcel import PACES, Standing, Subscriber
from firstword.mail.ses import NotThere

#: What a contact may have of AttributesData, in bytes.
_MOST = 1000
_OURS = ("component-", "kind-")


def write_contacts(client: Any, name: str, wanted: Sequence[Subscriber], sleep: Sleep) -> None:
    """Put subscribers into a contact list, each with all that they chose.

    Topics and attributes that are not ours stay as they are. Who left, or has no mailbox, becomes a
    contact that is unsubscribed from everything, unless they are one already: that one stays as it
    is. Raises MailError: before anything is written where the list lacks a topic; later on, what
    was written stays.
    """
    if not wanted:
        return

    def joins(one: Subscriber) -> bool:
        return one.state is Standing.ACTIVE

    listed = ask_patiently(sleep, client.get_contact_list, ContactListName=name)
    topics = {topic["TopicName"] for topic in listed.get("Topics", ())}
    if missing := sorted(
        {topic for one in wanted if joins(one) for topic in _topics(one)} - topics
    ):
        raise MailError(
            f"SES: the contact list {name!r} has no topic {', '.join(map(repr, missing))}: nobody "
            "was added or changed. Create it there"
        )
    for one in wanted:
        named = {"ContactListName": name, "EmailAddress": one.address}
        try:
            found = ask_patiently(sleep, client.get_contact, **named)
            write = client.update_contact
            if not joins(one):
                continue
        except NotThere:
            found, write = {}, client.create_contact
        attributes = _attributes(one, found.get("AttributesData") or "")
        ask_patiently(
            sleep,
            write,
            **named,
            TopicPreferences=_preferences(one, topics, found),
            UnsubscribeAll=not joins(one),
            **({"AttributesData": attributes} if attributes else {}),
        )


def leave_contact(client: Any, name: str, address: str, sleep: Sleep) -> None:
    """Unsubscribe a contact from everything; what it chose stays to be read. Raises MailError."""
    named = {"ContactListName": name, "EmailAddress": address}
    # What an update does not repeat, SES forgets.
    found = ask_patiently(sleep, client.get_contact, **named)
    kept = {key: found[key] for key in ("TopicPreferences", "AttributesData") if found.get(key)}
    ask_patiently(sleep, client.update_contact, **named, UnsubscribeAll=True, **kept)


def delete_contact(client: Any, name: str, address: str, sleep: Sleep) -> None:
    """Remove a contact; one that is not there is gone already. Raises MailError."""
    try:
        ask_patiently(sleep, client.delete_contact, ContactListName=name, EmailAddress=address)
    except NotThere:
        return


def _topics(one: Subscriber) -> set[str]:
    """Return the topics that say what somebody chose."""
    parts = {f"component-{part}" for part in one.components}
    return {str(one.cadence), *parts, *(f"kind-{kind}" for kind in one.kinds)}


def _preferences(
    one: Subscriber, topics: Iterable[str], found: dict[str, Any]
) -> list[dict[str, str]]:
    """Return all preferences: of our topics what was chosen, of others what they were."""
    chosen = _topics(one)
    told = {p["TopicName"]: p["SubscriptionStatus"] for p in found.get("TopicPreferences", ())}
    for topic in topics:
        if topic in PACES or topic.startswith(_OURS):
            told[topic] = "OPT_IN" if topic in chosen else "OPT_OUT"
    return [{"TopicName": t, "SubscriptionStatus": status} for t, status in sorted(told.items())]


def _attributes(one: Subscriber, before: str) -> str:
    """Return a contact's AttributesData with language and zone; what else is there stays.

    "" = there is nothing to write. Raises MailError.
    """
    try:
        told = json.loads(before) if before.strip() else {}
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise MailError(
            "SES: a contact has AttributesData that are no object of JSON: they are not written "
            "over, and nobody after it was added or changed. Mend them there"
        )
    for key, value in (("language", one.language), ("zone", one.zone)):
        if value:
            told[key] = value
        else:
            told.pop(key, None)
    written = json.dumps(told, ensure_ascii=False, sort_keys=True) if told or before else ""
    if len(written.encode()) > _MOST:
        raise MailError(
            "SES: a contact's AttributesData would be longer than SES takes: nobody after it was "
            "added or changed"
        )
    return written
