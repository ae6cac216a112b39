"""The headers of a message: folded as mail programs need them, never built by hand."""

from __future__ import annotations

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from firstword.digest.telling import one_line
from firstword.errors import MailError

#: Headers that programs read: identifiers and addresses in ASCII. The standard library would fold
#: long ones into encoded words, which breaks threads and one-click buttons.
_AS_IT_IS = frozenset(
    {"message-id", "in-reply-to", "references", "archived-at", "list-id", "list-help"}
    | {"list-archive", "list-unsubscribe", "list-unsubscribe-post"}
)
_LINE = 76
#: RFC 5322, 2.1.1.
_LONGEST_LINE = 998


class Unmailable(MailError):
    """A message that cannot be sent as it is; nothing of it was sent."""


class MailPolicy(EmailPolicy):
    """Folds headers for machines at spaces alone, and refuses what is not ASCII in them."""

    def fold(self, name: str, value: str) -> str:
        """Return a header's lines."""
        return _folded(name, value) if name.lower() in _AS_IT_IS else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return the same as bytes."""
        if name.lower() in _AS_IT_IS:
            return _folded(name, value).encode("ascii")
        return super().fold_binary(name, value)


#: An encoded word has at most 75 characters (RFC 2047, 2), and a space stands before it.
POLICY = MailPolicy(linesep="\r\n", raise_on_defect=True, max_line_length=_LINE)


def _folded(name: str, value: str) -> str:
    text = str(value)
    if not text.isascii():
        raise Unmailable(f"{name}: only plain ASCII can stand there, not {text!r}")
    lines = [f"{name}:"]
    for part in text.split():
        if len(part) >= _LONGEST_LINE:
            raise Unmailable(f"{name}: too long for a line of mail: {part[:60]!r} …")
        if len(lines[-1]) + 1 + len(part) > _LINE and not lines[-1].endswith(":"):
            lines.append("")
        lines[-1] += f" {part}"
    return "\r\n".join(lines) + "\r\n"


def mailbox(name: str, address: str, whose: str) -> Address:
    """Return a name with its address. Raises Unmailable for an address that no server takes.

    `whose` says in an error where the address comes from.
    """
    user, _, host = address.rpartition("@")
    try:
        host = host.encode("idna").decode("ascii")
        if not user.isascii():
            raise Unmailable(
                f"{whose}: {address!r}: mail servers take plain ASCII alone before the '@'"
            )
        return Address(display_name=one_line(name), addr_spec=f"{user}@{host}")
    except (ValueError, IndexError, MessageError) as error:
        raise Unmailable(f"{whose}: no address to answer: {address!r}") from error


def put_common(message: EmailMessage, *, at: datetime, subject: str, language: str) -> None:
    """Put what every message has: its subject, its date, and that a program sent it."""
    message["Date"] = format_datetime(at)
    message["Subject"] = one_line(subject)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message["Precedence"] = "bulk"
    message["Content-Language"] = language
