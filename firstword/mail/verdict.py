"""What our own mail server found out about a sender: Authentication-Results (RFC 8601). Pure.

Only the topmost header that bears the server's own name counts: whatever stands below it may have
been written by the sender. Our server removes foreign headers of its name (RFC 8601, 5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_RESULT = re.compile(r"\s*([a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)\b(.*)", re.DOTALL)
_PROPERTY = re.compile(r"\b(header\.(?:from|d))\s*=\s*([^\s;]+)")
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
            method == "dkim" and result == "pass" and _names(rest, "header.d", domain)
            for method, result, rest in found
        )
    return False


def _names(properties: str, name: str, domain: str) -> bool:
    values = [value.rstrip(".") for key, value in _PROPERTY.findall(properties) if key == name]
    return values == [domain]


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
