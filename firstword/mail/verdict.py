"""What our own mail server found out about a sender: Authentication-Results (RFC 8601). Pure.

Each filter of a server writes a field of its own under the server's name: they are read together,
from the topmost down to where the message came in (`Received`); what stands below that may have
been written by the sender. Our server removes foreign fields of its name (RFC 8601, 5). Should one
slip through all the same, it stands below ours: of each method the topmost field that names it
counts, and a no in any of them is a no.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

#: By which name SES signs what it finds out.
SES = "amazonses.com"
_RESULT = re.compile(r"\s*([a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)\b(.*)", re.DOTALL)
_PROPERTY = re.compile(r"\b(header\.(?:from|d|i))\s*=\s*([^\s;]+)")
#: Results of DMARC with which a signature of the sender's own domain is proof enough: the domain
#: has no policy, or our server does not ask.
_SILENT = frozenset({"none", ""})


def heard(fields: Iterable[tuple[str, str]], server: str) -> list[str]:
    """Return the results that our server wrote, out of a message's fields, the topmost first.

    `fields` are names in lower case, and values; `server` is the name (authserv-id) by which ours
    signs.
    """
    found: list[str] = []
    for name, value in fields:
        if name == "authentication-results" and _writer(_clauses(value)) == server.lower():
            found.append(value)
        elif name == "received" and found:
            break
    return found


def proves(results: Sequence[str], server: str, address: str) -> bool:
    """Tell whether our server vouches for an address in `From`.

    `results` are Authentication-Results, the topmost first, as `heard` returns them; those of
    others are left out.
    """
    domain = address.rpartition("@")[2].lower()
    written = [clauses for one in results if (clauses := _clauses(one))]
    found = [_results(one[1:]) for one in written if _writer(one) == server.lower()]
    policies = _topmost(found, "dmarc")
    if {result for each in found for result, _ in each.get("dmarc", ())} - {"pass"} - _SILENT:
        return False
    if any(result == "pass" for result, _ in policies):
        return len(policies) == 1 and _names(policies[0][1], "header.from", domain)
    return any(
        result == "pass" and _signed_by(rest, domain) for result, rest in _topmost(found, "dkim")
    )


_Results = dict[str, list[tuple[str, str]]]


def _writer(clauses: list[str]) -> str:
    """Return who wrote a field; "" = nobody, or in a version of these that we do not know."""
    words = clauses[0].split() if clauses else []
    return words[0] if words and words[1:] in ([], ["1"]) else ""


def _results(clauses: Iterable[str]) -> _Results:
    """Return what a field says, by method: the result, and the properties behind it."""
    found: _Results = {}
    for clause in clauses:
        if match := _RESULT.fullmatch(clause):
            found.setdefault(match[1], []).append((match[2], match[3]))
    return found


def _topmost(fields: Sequence[_Results], method: str) -> list[tuple[str, str]]:
    return next((one[method] for one in fields if method in one), [])


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
