"""Run a program and say what it took: wall, CPU, memory, files read and written."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Where `sitecustomize` of counted runs lies.
COUNTED = Path(__file__).resolve().parent / "counted"
_TICK = 0.01


class BenchError(Exception):
    """A measured program did not do what it was asked to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one run of a program took, its children included."""

    wall: float
    cpu: float
    said: str = ""
    timed_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What lay in a folder at one moment: path to (mtime, inode, size)."""

    files: Mapping[str, tuple[int, int, int]]

    @classmethod
    def of(cls, root: Path) -> Folder:
        """Look at every file of a folder."""
        found: dict[str, tuple[int, int, int]] = {}
        folders = [root] if root.is_dir() else []
        while folders:
            for entry in os.scandir(folders.pop()):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                else:
                    stat = entry.stat()
                    found[entry.path] = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        return cls(files=found)

    def written_since(self, before: Folder) -> tuple[int, int]:
        """Return how many files were written since, and their bytes."""
        sizes = [f[2] for path, f in self.files.items() if before.files.get(path) != f]
        return len(sizes), sum(sizes)


def run(
    argv: Sequence[str | Path],
    *,
    folder: Path,
    environ: Mapping[str, str],
    limit: float = 3600.0,
    ok: Sequence[int] = (0,),
) -> Took:
    """Run a program to its end. Raises BenchError for an exit code that is not ok.

    One that goes on past `limit` seconds is ended with its children, and that is no error.
    """
    log = _beside(folder)
    with log.open("w+b") as said:
        began = time.perf_counter()
        child = _start(argv, folder, environ, said.fileno())
        over = threading.Event()
        timer = threading.Timer(limit, _end, (child.pid, over))
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:  # we are told to end: whoever we measure ends with us
            os.killpg(child.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    log.unlink()
    if not over.is_set() and child.returncode not in ok:
        raise BenchError(f"{[*map(str, argv)]!r} ended with {child.returncode}:\n{text[-2000:]}")
    cpu = usage.ru_utime + usage.ru_stime
    return Took(wall=wall, cpu=cpu, said=text, timed_out=over.is_set())


def peak(argv: Sequence[str | Path], *, folder: Path, environ: Mapping[str, str]) -> int:
    """Run a program and return the most memory it had at one moment, in bytes.

    That is the sum of VmRSS over all its processes, looked at every 10 ms: pages that processes
    share count for each of them. Raises BenchError when it fails.
    """
    with _beside(folder).open("wb") as said:
        child = _start(argv, folder, environ, said.fileno())
        most = 0
        while child.poll() is None:
            most = max(most, sum(_resident(pid) for pid in _session(child.pid)))
            time.sleep(_TICK)
    _beside(folder).unlink()
    if child.returncode:
        raise BenchError(f"{[*map(str, argv)]!r} ended with {child.returncode}")
    return most


def counted(environ: Mapping[str, str], content: Path, log: Path) -> dict[str, str]:
    """Return an environment in which Python programs note what they open and render in `log`."""
    log.write_bytes(b"")
    return {
        **environ,
        "PYTHONPATH": str(COUNTED),
        "BENCH_CONTENT": str(content),
        "BENCH_LOG": str(log),
    }


def read_counts(log: Path) -> tuple[int, int]:
    """Return how many content files were opened for reading and how many templates rendered."""
    data = log.read_bytes()
    return data.count(b"r"), data.count(b"t")


def alternate(
    contenders: Mapping[str, Callable[[int], Took]],
    *,
    rounds: int,
    budget: float,
    least: int = 1,
) -> dict[str, list[Took]]:
    """Let contenders run in turn, so that what disturbs one disturbs all.

    Who has used up `budget` seconds of wall time, and has run `least` times, sits out the rest.
    """
    results: dict[str, list[Took]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, contender in contenders.items():
            done = results[name]
            spent = sum(took.wall for took in done)
            if len(done) < least or spent + spent / len(done) <= budget:
                done.append(contender(number))
    return results


def wall(results: Sequence[Took]) -> float:
    """Return the median wall time."""
    return statistics.median(took.wall for took in results)


def cpu(results: Sequence[Took]) -> float:
    """Return the median CPU time."""
    return statistics.median(took.cpu for took in results)


def _beside(folder: Path) -> Path:
    """Return where a program's words go: a file within a repository would make it dirty."""
    return folder.parent / f"{folder.name}.said"


def _start(
    argv: Sequence[str | Path], folder: Path, environ: Mapping[str, str], said: int
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(a) for a in argv],
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=said,
        start_new_session=True,
    )


def _end(pid: int, over: threading.Event) -> None:
    over.set()
    os.killpg(pid, signal.SIGKILL)


def _session(leader: int) -> list[int]:
    """Return the processes of a session: a program and whatever it started."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                stat = Path(entry.path, "stat").read_text()
            except OSError:
                continue  # ended in between
            if int(stat.rpartition(")")[2].split()[3]) == leader:
                found.append(int(entry.name))
    return found


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
