"""What readers get: the public address of a target, fetched as a browser does."""

from __future__ import annotations

import json
from collections.abc import Callable

from msgspec import Struct

from firstword.errors import FirstwordError

#: Which build a site is of; see the api room.
STATUS, BUILD = "status.json", "build_id"
#: Seconds before each look. A minute in all: twice what Cache-Control lets a copy live.
WAITS = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_MOST_BYTES = 1_000_000
_TIMEOUT = 10.0


class Answer(Struct, frozen=True, kw_only=True):
    """What a GET of a public address came to; `status` 0 = no answer, and `error` says why."""

    status: int
    body: bytes = b""
    error: str = ""


def fetch(url: str) -> Answer:
    """GET an address past the caches that obey."""
    # Here, since most publishes have no address to look at.
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    request = urllib.request.Request(  # noqa: S310 - settings take http and https only
        url, headers={"Cache-Control": "no-cache", "User-Agent": "firstword"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 - the same
            return Answer(status=answer.status, body=answer.read(_MOST_BYTES))
    except urllib.error.HTTPError as error:
        error.close()
        return Answer(status=error.code, error=f"HTTP {error.code}")
    except (OSError, HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return Answer(status=0, error=str(reason) or type(reason).__name__)


def unseen(address: str, build_id: str, get: Callable[[str], Answer] = fetch) -> str:
    """Look once; return what is there instead of the build, or "" when it is the build."""
    answer = get(f"{address}/{STATUS}")
    if answer.error:
        return answer.error
    try:
        shown = json.loads(answer.body)[BUILD]
    except (KeyError, TypeError, ValueError):
        return f"no {BUILD!r} in /{STATUS}: {answer.body[:40]!r}"
    return "" if shown == build_id else f"build {str(shown)[:12]!r} is there"


def stands(body: bytes, anchor: str) -> bool:
    """Tell whether a story's page holds an update, by the update's anchor."""
    return f'id="{anchor}"'.encode() in body


def wait_until_seen(
    address: str,
    build_id: str,
    *,
    sleep: Callable[[float], None],
    get: Callable[[str], Answer] = fetch,
) -> str:
    """Look until the build is seen, for a minute; return "" or what was there in the end."""
    instead = ""
    for seconds in WAITS:
        try:
            sleep(seconds)
        except FirstwordError as stopped:
            return f"{instead}; {stopped}"
        instead = unseen(address, build_id, get)
        if not instead:
            break
    return instead
