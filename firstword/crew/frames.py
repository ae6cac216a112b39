"""Messages between two processes: how long one is, what it is, and its bytes."""

from __future__ import annotations

import struct
from typing import BinaryIO

_HEAD = struct.Struct(">cI")
#: What all tasks of a job have in common; it has no answer.
BEGIN = b"B"
#: Tasks, and results in their order.
DO = b"D"
DONE = b"R"
#: Whoever asked has to do it.
CANNOT = b"N"


def write(to: BinaryIO, kind: bytes, data: bytes = b"") -> None:
    """Write one message. Raises OSError where nobody reads any more."""
    to.write(_HEAD.pack(kind, len(data)))
    to.write(data)
    to.flush()


def read(source: BinaryIO) -> tuple[bytes, bytes] | None:
    """Read one message; None where there is none, or not a whole one, any more."""
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, length = _HEAD.unpack(head)
    data = source.read(length)
    return (kind, data) if len(data) == length else None
