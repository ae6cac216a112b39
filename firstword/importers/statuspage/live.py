"""A Statuspage's address → its documents, read over HTTP; nothing is ever sent but GET.

The public documents hold the 50 newest. What is older is found through `/history.json`, which
pages back through the months, and read from each story's own `/incidents/<code>.json`: Statuspage
serves both and documents neither, so what they do not answer is said. What is busy is asked again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlsplit

from firstword.errors import ImportFailed
from firstword.importers.statuspage.asking import Asker
from firstword.importers.statuspage.parts import Json, line, rows

#: Statuspage gives so many, and says nowhere that there are more.
WHOLE = 50
MOST_BYTES = 50_000_000
_DOCUMENTS = ("summary", "components", "incidents", "scheduled-maintenances")
_TOLD = ("incidents", "scheduled_maintenances")
#: A page of the history holds three months: after five quiet years there is nothing older.
_QUIET = 20
_MOST_PAGES = 200

#: Returns the bytes at an address. Raises OSError or ValueError.
Get = Callable[[str], bytes]


def is_address(place: str) -> bool:
    """Tell whether a source is an address rather than a folder."""
    return place.lower().startswith(("https://", "http://"))


def fetched(address: str, needs: list[str], get: Get | None = None) -> dict[str, bytes | str]:
    """Read a page's documents: name → bytes, or why a story that is known of cannot be read.

    Raises ImportFailed when it has none.
    """
    parts = urlsplit(address)
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ImportFailed(f"not the address of a page: {address!r}")
    if get is None:
        with Asker(MOST_BYTES) as asker:
            return fetched(address, needs, asker.get)
    base = address.rstrip("/")
    found: dict[str, bytes] = {}
    for name in _DOCUMENTS:
        key = f"api/v2/{name}.json"
        try:
            found[key] = get(f"{base}/{key}")
        except (OSError, ValueError) as error:
            needs.append(f"{key}: cannot be read: {_why(error)}")
    given = {name: _json(data) for name, data in found.items()}
    stories = [row for one in given.values() for key in _TOLD for row in rows(one.get(key))]
    if not any(isinstance(one.get(key), list) for one in given.values() for key in _TOLD):
        raise ImportFailed(f"no documents of a Statuspage at {address!r}: {'; '.join(needs)}")
    more: dict[str, bytes | str] = {}
    if any(len(rows(one.get(key))) >= WHOLE for one in given.values() for key in _TOLD):
        more = _older(base, get, {line(row.get("id")) for row in stories}, needs)
    return {**found, **more}


def _older(base: str, get: Get, known: set[str], needs: list[str]) -> dict[str, bytes | str]:
    """Read the stories that the documents are too short for."""
    found: dict[str, bytes | str] = {}
    for code in _codes(base, get, needs):
        if code in known:
            continue
        known.add(code)
        name = f"incidents/{quote(code, safe='')}.json"
        try:
            found[name] = get(f"{base}/{name}")
        except (OSError, ValueError) as error:
            found[name] = f"cannot be read: {_why(error)}"
    return found


def _codes(base: str, get: Get, needs: list[str]) -> Iterator[str]:
    """Yield what the pages of the history call their stories, newest first."""
    quiet = 0
    for page in range(1, _MOST_PAGES + 1):
        name = f"history.json?page={page}"
        try:
            document = _json(get(f"{base}/{name}"))
        except (OSError, ValueError) as error:
            needs.append(f"{name}: cannot be read: {_why(error)}; look for older stories")
            return
        months = document.get("months")
        if not isinstance(months, list):
            needs.append(f"{name}: no months in it; look for older stories")
            return
        codes = [
            code
            for month in rows(months)
            for row in rows(month.get("incidents"))
            if (code := line(row.get("code") or row.get("id")))
        ]
        yield from codes
        quiet = 0 if codes else quiet + 1
        if not months or quiet == _QUIET:
            return
    needs.append(f"history.json: more than {_MOST_PAGES} pages; look for older stories")


def _json(data: bytes) -> Json:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _why(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
