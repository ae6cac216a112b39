"""Sending through Amazon's SESv2, and its contact list as the place where people subscribe.

No call of SES can be told from its own repetition, so the client never repeats one: what was
throttled is tried again here, since that answer proves that nothing was taken. Whatever else leaves
us without an answer is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from firstword.errors import ListMissing, MailError
from firstword.mail.address import AddressProblem, read_address
from firstword.mail.conf import split_transport
from firstword.mail.ledger import Fate
from firstword.mail.parcel import PACES, Consent, Standing, Subscriber
from firstword.mail.transport import Outcome, Quota
from firstword.model import Kind, Mail, Site
from firstword.values import replace

if TYPE_CHECKING:
    from firstword.mail.people import People

#: Answers that prove that nothing was taken, and that a moment later may be another.
_BUSY = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling"})
#: How long is waited before a throttled message is tried again, in seconds.
_WAITS = (1.0, 2.0, 4.0, 8.0)
#: Answers about this one message.
_REFUSED = frozenset({"BadRequestException"})
_TIMEOUT = 60
#: So many people are written into our copy of a list together.
_AT_ONCE = 500


def make_client(mail: Mail, region: str = "") -> Any:
    """Return a client that asks once and never again. Raises MailError without credentials."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    session = Session()
    region = region or split_transport(mail.transport).hostname or ""
    try:
        return session.create_client(
            "sesv2",
            region_name=region or session.get_config_variable("region") or "us-east-1",
            config=Config(
                retries={"mode": "standard", "total_max_attempts": 1},
                connect_timeout=10,
                read_timeout=_TIMEOUT,
                max_pool_connections=mail.connections,
            ),
        )
    except BotoCoreError as error:
        raise MailError(f"SES: {error}") from error


def make_queue_client(address: str) -> Any:
    """Return a client for the SQS queue at an address, which names its region."""
    from botocore.session import Session

    session = Session()
    found = re.fullmatch(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com/.*", address)
    region = found[1] if found else session.get_config_variable("region")
    return session.create_client("sqs", region_name=region or "us-east-1")


class SesTransport:
    """An account that sends for us."""

    name = "SES"

    def __init__(self, client: Any, mail: Mail, sleep: Callable[[float], None]) -> None:
        self.lanes = mail.connections
        self._client = client
        self._mail = mail
        self._sleep = sleep

    def quota(self) -> Quota:
        """Ask what the account may send today. Raises MailError where it may not send."""
        told = _ask(self._client.get_account)
        if not told.get("SendingEnabled", True):
            raise MailError("SES: sending is switched off for this account")
        quota = told.get("SendQuota", {})
        most, gone = quota.get("Max24HourSend", -1), quota.get("SentLast24Hours", 0)
        return Quota(
            left=None if most < 0 else max(0, int(most - gone)),
            rate=quota.get("MaxSendRate") or None,
        )

    def open(self) -> SesLane:
        return SesLane(self._client, self._mail, self._sleep)


class SesLane:
    """One thread's way to SES; the client is shared."""

    def __init__(self, client: Any, mail: Mail, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._sleep = sleep
        self._always: dict[str, Any] = {"FromEmailAddress": mail.sender}
        if mail.configuration_set:
            self._always["ConfigurationSetName"] = mail.configuration_set
        if mail.subscribers:
            # SES then puts in its own way to unsubscribe, which works with one click.
            self._always["ListManagementOptions"] = {"ContactListName": list_name(mail)}

    def send(self, address: str, message: bytes) -> Outcome:
        outcome = self._offer(address, message)
        for wait in _WAITS:
            if outcome.fate is not Fate.DEFERRED:
                break
            self._sleep(wait)
            outcome = self._offer(address, message)
        return outcome

    def close(self) -> None:
        """Nothing to close: the client keeps its connections."""

    def _offer(self, address: str, message: bytes) -> Outcome:
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectTimeoutError,
            EndpointConnectionError,
            HTTPClientError,
            ProxyConnectionError,
            SSLError,
        )

        try:
            self._client.send_email(
                **self._always,
                Destination={"ToAddresses": [address]},
                Content={"Raw": {"Data": message}},
            )
        except ClientError as error:
            return _answered(error.response)
        except (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError) as error:
            return Outcome(fate=Fate.PLANNED, stop=f"cannot be reached: {type(error).__name__}")
        except SSLError:
            # Nearly always the handshake; sure it is not.
            return Outcome(fate=Fate.UNKNOWN, stop="TLS failed")
        except HTTPClientError as error:
            return Outcome(fate=Fate.UNKNOWN, code=type(error).__name__)
        except BotoCoreError as error:
            # Before anything was sent: credentials, parameters.
            return Outcome(fate=Fate.PLANNED, stop=f"{type(error).__name__}")
        return Outcome(fate=Fate.ACCEPTED, code="200")


def _answered(response: Any) -> Outcome:
    """Read an answer that is no yes. Its words may hold the address; its name does not."""
    name = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if name in _BUSY or status == 429:
        return Outcome(fate=Fate.DEFERRED, code=name)
    if status >= 500:
        return Outcome(fate=Fate.UNKNOWN, code=name or str(status))
    if name in _REFUSED:
        return Outcome(fate=Fate.REFUSED, code=name)
    # The account, the sender, the configuration set, the words: nobody else would fare better.
    return Outcome(fate=Fate.PLANNED, stop=f"SES refuses to send: {name or status}")


# ── the contact list ─────────────────────────────────────────────────────────────────────────────


def list_name(mail: Mail) -> str:
    """Return the name of the contact list."""
    return mail.subscribers.partition(":")[2]


def take_over(people: People, client: Any, site: Site, mail: Mail) -> int:
    """Bring the list up to date with SES's; return how many of its addresses cannot be mailed.

    Who is gone there is forgotten here. What we know of bounces and complaints stays. Raises
    ListMissing, with nobody forgotten, where there is no such list, or nobody is left of a list
    that had people.
    """
    name = list_name(mail)
    listed: set[str] = set()
    changed: list[Subscriber] = []
    cannot = 0
    for contact in _contacts(client, name):
        try:
            new = _subscriber(contact, site, name)
        except AddressProblem:
            cannot += 1
            continue
        person = people.person(new.address)
        listed.add(person)
        old = people.find(person)
        if old is not None:
            bad = old.state in {Standing.BOUNCED, Standing.COMPLAINED}
            new = replace(
                new, since=old.since, muted=old.muted, state=old.state if bad else new.state
            )
        if new != old:
            changed.append(new)
        if len(changed) >= _AT_ONCE:
            people.put(changed)
            changed.clear()
    if not listed and (before := people.count().total()):
        raise ListMissing(
            f"SES: the contact list {name!r} has nobody who can be mailed, and had {before}: "
            "nothing is sent, and nobody was removed here. Bring it back; or, where it is to be "
            "empty, put one address of your own into it"
        )
    people.put(changed)
    if gone := [member.person for member in people if member.person not in listed]:
        people.forget(*gone)
    people.note_unmailable(cannot)
    return cannot


def _contacts(client: Any, name: str) -> Iterator[dict[str, Any]]:
    """Yield every contact. A page may be empty and yet not be the last."""
    more: dict[str, str] = {}
    while True:
        page = _ask(client.list_contacts, ContactListName=name, **more)
        yield from page.get("Contacts", ())
        following = page.get("NextToken")
        if not following:
            return
        if following == more.get("NextToken"):
            raise MailError(f"SES: the contact list {name!r} does not end: its pages repeat")
        more = {"NextToken": following}


def _subscriber(contact: dict[str, Any], site: Site, name: str) -> Subscriber:
    """Read a contact: topics say the pace, and with "component-ID" and "kind-KIND" what of.

    Raises AddressProblem.
    """
    told = [*contact.get("TopicDefaultPreferences", ()), *contact.get("TopicPreferences", ())]
    # What somebody chose comes after, and holds before, what the list says of itself.
    chosen = {t["TopicName"]: t["SubscriptionStatus"] == "OPT_IN" for t in told}
    wanted = {topic for topic, yes in chosen.items() if yes}
    pace = next((pace for pace in PACES if pace in wanted), None)
    leaves = contact.get("UnsubscribeAll", False) or pace is None
    at = contact["LastUpdatedTimestamp"]
    return Subscriber(
        address=read_address(contact["EmailAddress"]),
        cadence=pace or PACES[0],
        components=frozenset(c for c in site.components if f"component-{c}" in wanted),
        kinds=frozenset(kind for kind in Kind if f"kind-{kind}" in wanted),
        consent=Consent(at=at, how=f"SES contact list {name}", words=""),
        state=Standing.UNSUBSCRIBED if leaves else Standing.ACTIVE,
        since=at,
    )


def _ask(call: Callable[..., Any], **what: Any) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, Any] = call(**what)
    except ClientError as error:
        name = error.response.get("Error", {}).get("Code", "error")
        if name == "NotFoundException" and "ContactListName" in what:
            raise ListMissing(
                f"SES: there is no contact list {what['ContactListName']!r}: nothing is sent, and "
                "nobody was removed here. Create it, or mend MAIL_SUBSCRIBERS"
            ) from error
        raise MailError(f"SES: {error.operation_name}: {name}") from error
    except BotoCoreError as error:
        raise MailError(f"SES: {type(error).__name__}: {error}") from error
    return answer
