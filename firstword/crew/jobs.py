"""The jobs that can be done in another process: from a task to a result, and nothing beside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from firstword.content import SourceFile
from firstword.content.judging import Judged, judge
from firstword.model import Site


class Judging(Struct, frozen=True):
    """What files are judged by."""

    site: Site
    now: datetime


class Job(Struct, frozen=True, kw_only=True):
    """One sort of work. Whoever does it is made from what all tasks have in common."""

    #: What all tasks have in common → who does one.
    begin: Callable[[Any], Callable[[Any], Any]]
    tasks: msgspec.msgpack.Decoder[Any]
    results: msgspec.msgpack.Decoder[Any]
    #: Tasks that are sent at a time: a few hundredths of a second of work.
    chunk: int


def _begin_judging(common: Judging) -> Callable[[SourceFile], Judged]:
    return lambda file: judge(file, common.site, common.now)


def _begin_making(common: Any) -> Callable[[Any], Any]:
    # Here and not above: half of the work is done before any template is loaded.
    from firstword.making.bench import Bench

    return Bench(common).make


def job(name: str) -> Job:
    """Return the job of a name."""
    if name == JUDGE:
        return Job(
            begin=_begin_judging,
            tasks=msgspec.msgpack.Decoder(list[SourceFile]),
            results=msgspec.msgpack.Decoder(list[Judged]),
            chunk=24,
        )
    from firstword.making.bench import Order, Outcome

    return Job(
        begin=_begin_making,
        tasks=msgspec.msgpack.Decoder(list[Order]),
        results=msgspec.msgpack.Decoder(list[Outcome | None]),
        chunk=12,
    )


JUDGE = "judge"
MAKE = "make"
