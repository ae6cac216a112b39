"""Sending takes the same memory for many people as for few, and the bench of it runs."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from benchmarks.mailing import Nowhere, mailed, rows
from firstword.mail.ledger import Fate


def most(folder: Path, many: int) -> tuple[int, int]:
    """Return the most bytes that were in use while so many were mailed, and those of a message."""
    folder.mkdir()
    tracemalloc.start()
    try:
        sent, told = mailed(folder, many, Nowhere())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent.count(Fate.ACCEPTED) == many
    return peak, told.size


def test_mailing_ten_times_as_many_takes_no_more_memory(tmp_path: Path) -> None:
    # What is imported and compiled once is not counted.
    most(tmp_path / "warm", 1)
    (few, _), (many, size) = most(tmp_path / "few", 300), most(tmp_path / "many", 3000)

    # A hundredth of the messages that went out.
    assert many - few < 3000 * size / 100


def test_the_bench_tells_of_mail_beside_the_ceiling(tmp_path: Path) -> None:
    found = list(rows(tmp_path, 40, rounds=1, budget=60))
    told = [row.cells() for row in found]

    assert [cells[0] for cells in told] == [
        "one update mailed to 40: SMTP, 4 connections",
        "one update mailed to 40: SMTP, 16 connections",
        "one update mailed to 40: to nowhere: our own work",
        "most memory of mailing 40",
    ]
    assert all("12 bodies composed" in cells[-1] for cells in told[:3])
    assert "messages a second" in told[0][-1]
    assert told[0][2] == "`smtplib`, bytes made already"
