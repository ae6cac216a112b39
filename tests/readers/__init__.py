"""Feed readers of other people, each polled as its user would, and what they poll."""

from __future__ import annotations

from readers.programs import READERS, Reader, Room
from readers.server import Served
from readers.sink import Sink

__all__ = ["READERS", "Reader", "Room", "Served", "Sink"]
