"""Checks of one target: can it be read and written, safely, and do readers see it?"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from firstword.doctor.findings import At, Finding, fail, note, ok
from firstword.errors import StoreError
from firstword.manifest import ROOT_KEY, parse_root
from firstword.store import Remote
from firstword.store.probe import AT_RISK, block_command, probe
from firstword.store.public import STATUS, unseen
from firstword.store.state import read_root

#: Seconds between our clock and the server's. A lease lasts 120; Amazon refuses requests at 900.
SKEW_NOTED, SKEW_FAILS = 5, 30


def reachable(at: At) -> Iterator[Finding]:
    """The target can be read, and says what it holds."""
    root = read_root(at.store).manifest
    if not root.published:
        yield ok(at.store.name, "can be read; nothing was ever published here")
    else:
        commit = (root.source.commit or "of no git")[:12]
        yield ok(at.store.name, f"can be read; holds build {root.build_id[:12]}, commit {commit}")
    if root.lease is not None:
        if root.lease.live(at.place.now()):
            yield note(at.store.name, f"{root.lease.owner} is publishing until {root.lease.until}")
        else:
            yield note(
                at.store.name,
                f"{root.lease.owner} began to publish at {root.lease.taken_at} and never ended",
                f"publish commit {(root.lease.origin.commit or '?')[:12]}, or a newer one",
            )


def writable(at: At) -> Iterator[Finding]:
    """The target can be written to, and honours the conditions of a write."""
    if not isinstance(at.store, Remote):
        yield from _writable_folder(at, Path(at.target.name))
        return
    try:
        ignored = probe(at.store)
    except StoreError as error:
        yield fail(at.store.name, str(error), "give the publisher the rights of docs/hosting.md")
        return
    if ignored:
        yield fail(
            at.store.name,
            f"conditional writes are not honoured ({ignored}): {AT_RISK}",
            "publish with --no-lock, from one place only; or choose another provider",
        )
    else:
        yield ok(at.store.name, "can be written to; conditional writes are honoured")


def _writable_folder(at: At, folder: Path) -> Iterator[Finding]:
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield fail(
            at.store.name,
            f"{there} cannot be written to",
            f"chown or chmod {there} for the publisher",
        )
    else:
        yield ok(at.store.name, "can be written to")


def guarded(at: At) -> Iterator[Finding]:
    """Nobody but the publisher may write."""
    if not isinstance(at.store, Remote):
        folder = Path(at.target.name)
        if folder.exists() and folder.stat().st_mode & stat.S_IWOTH:
            yield fail(
                at.store.name, "everybody on this machine may write to it", f"chmod o-w {folder}"
            )
        return
    exposure = at.store.exposure()
    if exposure.writable:
        yield fail(
            at.store.name,
            f"strangers may write to it: {exposure.writable}",
            block_command(at.store.name)
            if exposure.blockable
            else "take that out of its policy or its ACL",
        )
    for unknown in exposure.unknown:
        yield note(at.store.name, f"whether strangers may write could not be told from {unknown}")
    if not exposure.writable and not exposure.unknown:
        yield ok(at.store.name, "strangers may not write to it")


def in_time(at: At) -> Iterator[Finding]:
    """Our clock agrees with the server's: leases and signatures are bound to it."""
    if not isinstance(at.store, Remote):
        return
    theirs = at.store.server_time()
    if theirs is None:
        yield note(at.store.name, "the server does not say what time it has")
        return
    skew = (at.place.now() - theirs).total_seconds()
    text = f"this machine's clock is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
    todo = "let the machine set its clock (Debian: apt-get install systemd-timesyncd)"
    if abs(skew) >= SKEW_FAILS:
        yield fail(at.store.name, f"{text}: a lease would end too early or too late", todo)
    elif abs(skew) >= SKEW_NOTED:
        yield note(at.store.name, text, todo)
    else:
        yield ok(at.store.name, "this machine's clock agrees with the server's")


def seen(at: At) -> Iterator[Finding]:
    """Readers get what the target holds."""
    address = at.target.address
    if not address:
        if isinstance(at.store, Remote):
            yield note(
                at.store.name,
                "no 'address': nobody looks whether readers see what was published",
                "write it into PUBLISH_TO (docs/settings.md)",
            )
        return
    root = read_root(at.store).manifest
    if not root.published:
        return
    if instead := unseen(address, root.build_id, at.place.get):
        yield fail(
            at.store.name,
            f"readers do not see this build at {address}/{STATUS}: {instead}",
            "wait a minute and look again; then look at DNS, the CDN and its origin",
        )
    else:
        yield ok(at.store.name, f"readers see this build at {address}/")


def private(at: At) -> Iterator[Finding]:
    """The state beside the pages is not for readers."""
    if not at.target.address:
        return
    url = f"{at.target.address}/{ROOT_KEY}"
    answer = at.place.get(url)
    if not answer.status:
        yield note(at.store.name, f"whether {url} is denied could not be seen: {answer.error}")
        return
    try:
        parse_root(answer.body)
    except StoreError:
        yield ok(at.store.name, "its state cannot be read by the public")
    else:
        yield fail(
            at.store.name,
            f"everybody can read its state at {url}",
            "deny /.firstword/ to the public (docs/hosting.md)",
        )


CHECKS: tuple[Callable[[At], Iterator[Finding]], ...] = (
    reachable,
    writable,
    guarded,
    in_time,
    seen,
    private,
)
