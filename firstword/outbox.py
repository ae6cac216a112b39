"""Messages → a Maildir, which any mail program opens: to look at before anything is sent.

The same messages have the same names, so that rendering again changes nothing, and what somebody
has read stays read.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from mailbox import Maildir
from pathlib import Path

#: What our files end with: others in the folder are left alone.
_OURS = ".firstword"


def message_name(seconds: int, edition: str, data: bytes) -> str:
    """Spell a message's file: when it is dated (seconds since 1970), its edition, its digest."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "." for c in edition)
    return f"{seconds}.{plain[:120]}.{sha256(data).hexdigest()[:12]}{_OURS}"


def write_outbox(folder: Path, messages: Iterable[tuple[str, bytes]]) -> int:
    """Make a Maildir hold these (name, message) of ours and no others; return how many."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    Maildir(folder, create=True)
    # A mail program moves what was seen, and puts flags behind its name.
    there = {
        path.name.partition(":")[0]: path
        for place in ("new", "cur")
        for path in sorted((folder / place).iterdir())
        if path.name.partition(":")[0].endswith(_OURS)
    }
    wanted = 0
    for name, data in messages:
        wanted += 1
        if there.pop(name, None) is None:
            _put(folder, name, data)
    for path in there.values():
        path.unlink(missing_ok=True)
    return wanted


def _put(folder: Path, name: str, data: bytes) -> None:
    """Write a message where no mail program looks, then move it to where all do."""
    begun = folder / "tmp" / name
    begun.write_bytes(data)
    begun.chmod(0o600)
    begun.replace(folder / "new" / name)
