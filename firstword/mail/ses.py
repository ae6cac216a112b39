"""Sending through Amazon's SESv2.

No call of SES can be told from its own repetition, so the client never repeats one: what was
throttled is tried again here, since that answer proves that nothing was taken. Whatever else leaves
us without an answer is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from firstword.errors import MailError
from firstword.mail.conf import split_transport
from firstword.mail.ledger import Fate
from firstword.mail.transport import Outcome, Quota
from firstword.model import Mail

#: Answers that prove that nothing was taken, and that a moment later may be another.
_BUSY = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling"})
#: How long is waited before a throttled message is tried again, in seconds.
_WAITS = (1.0, 2.0, 4.0, 8.0)
#: Answers about this one message.
_REFUSED = frozenset({"BadRequestException"})
_TIMEOUT = 60


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
        told = ask(self._client.get_account)
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


def list_name(mail: Mail) -> str:
    """Return the name of the contact list that keeps the subscribers."""
    return mail.subscribers.partition(":")[2]


class Busy(MailError):
    """SES asks to come back later: nothing was done."""


class NotThere(MailError):
    """SES has nothing of that name."""


def ask(call: Callable[..., Any], **what: Any) -> dict[str, Any]:
    """Ask SES something. Raises Busy, NotThere, and MailError for every other answer than one."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, Any] = call(**what)
    except ClientError as error:
        name = str(error.response.get("Error", {}).get("Code", "error"))
        # Its words may hold an address; its name does not.
        told = f"SES: {error.operation_name}: {name}"
        kind = Busy if name in _BUSY else NotThere if name == "NotFoundException" else MailError
        raise kind(told) from error
    except BotoCoreError as error:
        raise MailError(f"SES: {type(error).__name__}: {error}") from error
    return answer
