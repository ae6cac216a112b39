"""Addresses: which can be mailed, which two are the same, how one is shown to whoever looks.

An address that is refused is not repeated: what is printed ends up in logs.
"""

from __future__ import annotations


class AddressProblem(ValueError):
    """Why an address cannot be mailed. The text does not hold it."""


def read_address(text: str) -> str:
    """Return an address as it is written into a message: ASCII, its domain in Punycode.

    Raises AddressProblem. Asks no server whether the mailbox is there.
    """
    import email_validator

    try:
        found = email_validator.validate_email(
            text.strip(), check_deliverability=False, allow_smtputf8=False
        )
    except email_validator.EmailSyntaxError as error:
        raise AddressProblem(_reason(text)) from error.__cause__
    if found.ascii_email is None:  # the library's type allows it, for SMTPUTF8
        raise AddressProblem(_reason(text))
    return f"{found.ascii_local_part}@{found.ascii_domain.lower()}"


def same_mailbox(address: str) -> str:
    """Return what two ways to write one mailbox have in common.

    Case is no difference, though RFC 5321 leaves that to the receiver: nobody gives a second
    mailbox to "Ada". Tags ("ada+status") and dots are: what they mean is the receiver's business.
    """
    return address.casefold()


def masked(address: str) -> str:
    """Return an address as `list` shows it: enough to recognise one that is known already."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _reason(text: str) -> str:
    local, at, domain = text.strip().rpartition("@")
    if not at:
        return "no address: it has no @"
    if not text.strip().isprintable():
        return "no address: it holds a control character or a line break"
    if not local.isascii():
        return "the part before the @ has letters that many mail servers do not take (not ASCII)"
    if "." not in domain:
        return "no address: the part after the @ has no dot"
    return "not an address that mail can be sent to"
