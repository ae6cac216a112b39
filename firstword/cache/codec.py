"""A story ↔ MessagePack: no code in a cache, whoever it came from, and read twice as fast as JSON.

What is not said takes no room. Nothing here is checked beyond its form: what a cache holds was
checked before it went in, and a cache that was damaged is thrown away.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec

from firstword.model import Incident, Level, Problem
from firstword.values import replace


def from_instant(at: datetime) -> int:
    """Spell an instant; nothing in a file is finer than a second."""
    return int(at.timestamp())


def to_instant(seconds: int) -> datetime:
    """Read an instant, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Incident)


def spell(incident: Incident) -> bytes:
    """Spell one file's story; its translations are other files'."""
    if incident.translations:
        incident = replace(incident, translations=())
    return _encoder.encode(incident)


def read(record: bytes) -> Incident:
    """Read one file's story."""
    return _decoder.decode(record)


def spell_problems(problems: list[Problem]) -> str:
    """Spell what is wrong with a file; "" for nothing."""
    if not problems:
        return ""
    return json.dumps([[p.line, p.rule, p.message, str(p.level)] for p in problems])


def read_problems(path: str, text: str) -> list[Problem]:
    """Read what is wrong with a file."""
    found = json.loads(text) if text else []
    return [
        Problem(path, line, rule, message, Level(level)) for line, rule, message, level in found
    ]
