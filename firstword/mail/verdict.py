"""What our own mail server found out about a sender: Authentication-Results (RFC 8601). Pure.

Only the topmost header that bears the server's own name counts: whatever stands below it may have
been written by the sender. Our server removes foreign headers of its name (RFC 8601, 5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

#: By which name SES signs what it finds out.
SES = "amazonses.com"
_RESULT = re.compile(r"\s*([a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)\b(.*)", re.DOTALL)
_PROPERTY = re.compile(r"\b(header\.(?:from|d|i))\s*=\s*([^\s;]+)")
#: Results of DMARC with which a signature of the sender's own domain is proof enough: the domain
#: has no policy, or our server does not ask.
_SILENT = frozenset({"none", ""})


def proves(results: Sequence[str], server: str, address: str) -> bool:
    """Tell whether our server vouches for an address in `From`.

    `results` are the message's Authentication-Results, the topmost first; `server` is the name
    (authserv-id) by which ours signs them.
    """
    domain = address.rpartition("@")[2].lower()
    for header in results:
        clauses = _clauses(header)
        if not clauses or clauses[0].split()[:1] != [server.lower()]:
            continue
        found = [match.groups() for one in clauses[1:] if (match := _RESULT.fullmatch(one))]
        policies = [(result, rest) for method, result, rest in found if method == "dmarc"]
        if any(result == "pass" for result, _ in policies):
            return len(policies) == 1 and _names(policies[0][1], "header.from", domain)
        if {result for result, _ in policies} - _SILENT:
            return False
        return any(
            method == "dkim" and result == "pass" and _signed_by(rest, domain)
            for method, result, rest in found
        )
    return False


def _signed_by(properties: str, domain: str) -> bool:
    """Tell whether a signature is of just this domain, which SES names by the identity alone."""
    if any(key == "header.d" for key, _ in _PROPERTY.findall(properties)):
        return _names(properties, "header.d", domain)
    return _names(properties, "header.i", domain)


def _names(properties: str, name: str, domain: str) -> bool:
    found = [value for key, value in _PROPERTY.findall(properties) if key == name]
    return [value.rpartition("@")[2].rstrip(".") for value in found] == [domain]


def _clauses(header: str) -> list[str]:
    """Return a header's parts in lower case, without comments; quoted text says nothing in them.

    A sender can put almost anything between quotes or brackets: none of it is to be read as a
    result. A header that leaves one open has no parts.
    """
    plain: list[str] = []
    depth, quoted, escaped = 0, False, False
    for letter in header:
        if escaped:
            escaped = False
        elif letter == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            quoted = letter != '"'
        elif letter == '"' and not depth:
            quoted = True
            plain.append("?")
        elif letter == "(":
            depth += 1
            plain.append(" ")
        elif letter == ")" and depth:
            depth -= 1
        elif not depth:
            plain.append(letter)
    if depth or quoted:
        return []
    return "".join(plain).lower().split(";")
