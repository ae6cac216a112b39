"""Measure Firstword and its peers on this machine and print one table of ratios.

examples:
  make bench                                     everything; an hour or more
  make bench ARGS=--quick                        1,000 stories, two rounds; a few minutes
  make bench ARGS="--parts edit,cold"            some parts
  make bench ARGS="--parts mail"                 100,000 people; a quarter of an hour
  make bench ARGS="--sizes 1000,10000"           other sizes; the last is the one of most rows
  make bench ARGS="--cstate ../cstate"           with a copy of the cState theme
  make bench ARGS=--smoke                        100 stories, nobody but ourselves

Everything happens on this machine, most of it in /dev/shm; the peers are installed into .bench/.
The complete run also writes benchmarks/RESULTS.md and the table of the README.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.examples import weights
from benchmarks.lab import Lab, lab
from benchmarks.measure import BenchError
from benchmarks.parts import ALONE, LATENCY, MOST, PARTS
from benchmarks.table import Row, Weight, markdown, replaced
from benchmarks.tools import ROOT, install, machine, versions
from firstword.clock import system_clock
from firstword.publisher.pace import FEW, MANY, MANY_PUTS, USUAL

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
README = ROOT / "README.md"
_HEAD = """\
# Measured

Written by `make bench`; [README.md](README.md) says what is measured and how.

"""
_S3 = (
    f"the S3 is benchmarks/s3server.py; {LATENCY} ms away means that each answer is held back so "
    f"long; everybody asks {USUAL} things at once, and {MANY} for a first publish of more than "
    f"{MANY_PUTS} files (aws {FEW} each time); s3cmd asks one"
)
#: What 100,000 stories, their pages and a bucket that holds them take.
_ROOM = 12 * 2**30


def say(line: str) -> None:
    """Say at once what goes on."""
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the parts that were asked for."""
    options = _options(argv)
    # What was started and written is ended and removed then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work = Path(tempfile.mkdtemp(prefix="firstword-bench-", dir=options.work))
    notes = machine(work)
    alone = options.smoke or set(options.parts) <= ALONE
    tools = None if alone else install(ROOT / ".bench", say)
    notes += [*versions(tools), *_how(options)]
    began = time.monotonic()
    rows: list[Row] = []
    weighed: list[Weight] = []
    failed = False
    with lab(
        work,
        tools=tools,
        cstate=options.cstate,
        say=say,
        rounds=options.rounds,
        budget=options.budget,
    ) as it:
        for name in options.parts:
            failed |= not _part(it, name, options.sizes, rows, weighed)
    minutes = (time.monotonic() - began) / 60
    notes.append(f"{system_clock():%Y-%m-%d}; the run took {minutes:.0f} minutes")
    text = markdown(rows, weighed, notes)
    print(text)
    if options.out:
        options.out.write_text(_HEAD + text, encoding="utf-8")
    if options.out == RESULTS:
        readme = README.read_text(encoding="utf-8")
        README.write_text(replaced(readme, text), encoding="utf-8")
    return 1 if failed else 0


def _part(it: Lab, name: str, sizes: Sequence[int], rows: list[Row], weighed: list[Weight]) -> bool:
    """Run one part; what another could not do leaves the rest standing."""
    say(f"== {name}")
    try:
        if name == "weight":
            weighed += weights(it)
        else:
            at = sizes if name == "scale" else [n for n in sizes if n <= MOST][-1:] or sizes[:1]
            for row in PARTS[name](it, at):
                rows.append(row)
                say(" | ".join(row.cells()))
    except BenchError as error:
        say(f"{name}: {error}")
        return False
    return True


def _how(options: argparse.Namespace) -> list[str]:
    return [
        f"parts: {', '.join(options.parts)}; stories: {', '.join(f'{n:,}' for n in options.sizes)}",
        f"{options.rounds} rounds in turn, or as many as fit into {options.budget:.0f} s",
        "seconds are medians of whole processes and all they start",
        _S3,
        "memory is the largest sum of VmRSS over all processes of a build, looked at every 10 ms",
    ]


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    every = (*PARTS, "weight")
    parser.add_argument("--parts", type=lambda text: text.split(","), help=",".join(every))
    parser.add_argument("--sizes", type=lambda text: sorted(map(int, text.split(","))))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--budget", type=float, help="seconds a contender may take in a part")
    parser.add_argument("--quick", action="store_true", help="1,000 stories, two rounds")
    parser.add_argument("--smoke", action="store_true", help="100 stories, one round, no peers")
    parser.add_argument("--cstate", type=Path, default=os.environ.get("CSTATE"))
    parser.add_argument("--work", type=Path, default=_room(), help="default: /dev/shm")
    parser.add_argument("--out", type=Path, help="default: benchmarks/RESULTS.md if complete")
    options = parser.parse_args(argv)
    complete = not (options.quick or options.smoke or options.parts or options.sizes)
    if unknown := set(options.parts or ()) - set(every):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    small = options.smoke or options.quick
    if options.parts is None:
        options.parts = [p for p in every if not (options.quick and p == "scale")]
    if options.sizes is None:
        options.sizes = (
            [50, 100] if options.smoke else [1000] if options.quick else [1000, 10_000, 100_000]
        )
    options.rounds = options.rounds or (1 if options.smoke else 2 if options.quick else 7)
    options.budget = options.budget or (20.0 if small else 180.0)
    options.cstate = Path(options.cstate).resolve() if options.cstate else None
    options.out = options.out.resolve() if options.out else (RESULTS if complete else None)
    return options


def _room() -> Path | None:
    """Return /dev/shm where it has room, else leave the choice to the system."""
    memory = Path("/dev/shm")  # noqa: S108 - the very place
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM else None


if __name__ == "__main__":
    raise SystemExit(main())
