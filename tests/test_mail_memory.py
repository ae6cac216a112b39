"""Sending takes the same memory for many people as for few, and the benchmark of it runs."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from contextlib import closing
from pathlib import Path

from benchmarks.mailing import EDITION, SIZE, Nowhere, desk
from firstword.mail.ledger import Fate
from firstword.mail.sending import send

ROOT = Path(__file__).resolve().parent.parent


def most(folder: Path, many: int) -> int:
    """Return the most bytes that were in use while so many were mailed."""
    folder.mkdir()
    at = desk(folder, many)
    with closing(at.people), closing(at.ledger):
        tracemalloc.start()
        try:
            sent = send(at, [EDITION], Nowhere(), expected=None)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert sent.count(Fate.ACCEPTED) == many
    return peak


def test_mailing_ten_times_as_many_takes_no_more_memory(tmp_path: Path) -> None:
    few, many = most(tmp_path / "few", 300), most(tmp_path / "many", 3000)

    # A hundredth of the messages that went out.
    assert many - few < 3000 * SIZE / 100


def test_the_benchmark_of_mail_prints_its_table(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.mailing", "--people", "100", "--wire", "20"]
    ran = subprocess.run(
        [*command, "--work", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert ran.stdout.count("\n| ours, ") == 4
    assert "smtplib, bytes made already" in ran.stdout
