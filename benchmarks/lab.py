"""Where a run happens: a folder in memory, an S3 of our own, an environment without a home."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import make_history
from benchmarks.s3server import UNCOUNTED, started
from benchmarks.tools import Tools
from firstword.publisher.pace import FEW, USUAL

#: What publish.py does for an edit; the peers are given the same.
PARALLEL = USUAL
SEED = 1


@dataclass(kw_only=True)
class Lab:
    """What all parts of a run share."""

    work: Path
    tools: Tools | None
    cstate: Path | None
    say: Callable[[str], None]
    rounds: int
    budget: float
    s3: str = ""

    @property
    def python(self) -> Path:
        """The Python that runs Firstword."""
        return Path(sys.executable)

    @property
    def environ(self) -> dict[str, str]:
        """What every measured program is told: credentials, the S3, a home with nothing in it."""
        return {
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.work / "home"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "NO_COLOR": "1",
            "AWS_ACCESS_KEY_ID": "AKIABENCHMARK",
            "AWS_SECRET_ACCESS_KEY": "invented",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.s3,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def history(self, count: int) -> Path:
        """Return a site with so many stories, a git repository with one commit; made once."""
        folder = self.work / f"history-{count}"
        if not folder.is_dir():
            self.say(f"a history of {count:,} stories")
            make_history.write_site(folder, SEED, count)
            make_history.commit_all(folder)
        return folder

    def copy(self, folder: Path, name: str) -> Path:
        """Return a copy with the same modification times, made anew."""
        target = self.work / name
        if target.exists():
            shutil.rmtree(target)
        subprocess.run(("cp", "-a", str(folder), str(target)), check=True)
        return target

    def reset(self, *, latency: float, drop: str = "") -> None:
        """Start counting anew; `latency` in milliseconds, `drop` a bucket to forget."""
        address = f"{self.s3}/_bench?latency={latency}&drop={drop}"
        asked = urllib.request.Request(address, method="POST")  # noqa: S310 - our own server
        urllib.request.urlopen(asked).read()  # noqa: S310 - our own server

    def requests(self) -> dict[str, int]:
        """Return what was asked of the S3 since the last reset."""
        with urllib.request.urlopen(f"{self.s3}/_bench") as answer:  # noqa: S310 - our own server
            counts: dict[str, int] = json.load(answer)
        return counts

    def stored(self, bucket: str, key: str) -> str:
        """Return the text of an object."""
        address, headers = f"{self.s3}/{bucket}/{key}", {UNCOUNTED: "yes"}
        asked = urllib.request.Request(address, headers=headers)  # noqa: S310 - our own server
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 - our own server
            text: str = answer.read().decode()
        return text


@contextmanager
def lab(
    work: Path,
    *,
    tools: Tools | None,
    cstate: Path | None,
    say: Callable[[str], None],
    rounds: int,
    budget: float,
) -> Iterator[Lab]:
    """Open a lab, close it again: the folder is emptied, the S3 ended."""
    home = work / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "config").write_text(
        f"[default]\ns3 =\n  max_concurrent_requests = {FEW}\n", encoding="utf-8"
    )
    (home / ".config" / "rclone").mkdir(parents=True)
    (home / ".config" / "rclone" / "rclone.conf").touch()
    try:
        with started() as s3:
            yield Lab(
                work=work,
                tools=tools,
                cstate=cstate,
                say=say,
                rounds=rounds,
                budget=budget,
                s3=s3,
            )
    finally:
        shutil.rmtree(work, ignore_errors=True)
