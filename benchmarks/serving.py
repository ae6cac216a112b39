"""`firstword serve`, and a browser's part: wait for the news, fetch the page again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

from benchmarks.contenders import Ours
from benchmarks.measure import BenchError, Took

_EVENTS = "/.firstword-events"
_PATIENCE = 300.0


class Served:
    """A running `firstword serve` and its address."""

    def __init__(self, site: Ours, host: str) -> None:
        self._site = site
        self._host = host
        self.page_size = 0

    @classmethod
    @contextmanager
    def of(cls, site: Ours) -> Iterator[Served]:
        """Start it and wait until it shows the page; end it."""
        command = (str(site.lab.python.parent / "firstword"), "serve", "--port", "0")
        log = site.folder.parent / "serve-said"
        # The clock stands a day later: it does not stop for a process that goes on.
        environ = {**site.environ, "SOURCE_DATE_EPOCH": str(int(site.at.timestamp()) + 86400)}
        with log.open("w") as said:
            child = subprocess.Popen(
                command,
                cwd=site.folder,
                env=environ,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
            try:
                assert child.stdout is not None
                line = child.stdout.readline()
                if not line:
                    raise BenchError(f"firstword serve ended:\n{log.read_text()[-1000:]}")
                address = next(word for word in line.split() if word.startswith("http"))
                served = cls(site, urlsplit(address).netloc)
                served.reloaded()  # warm
                yield served
            finally:
                child.terminate()
                child.communicate()

    def reloaded(self, _number: int = 0) -> Took:
        """Save an edit; return how long it took until the page came back with it."""
        events = HTTPConnection(self._host, timeout=_PATIENCE)
        events.request("GET", _EVENTS)
        answer = events.getresponse()
        words = self._site.edit()
        began = time.perf_counter()
        page = ""
        while words not in page:
            while not answer.readline().startswith(b"data:"):
                if time.perf_counter() - began > _PATIENCE:
                    raise BenchError("no news from firstword serve")
            page = self._fetch()
            if words not in page:  # the news of an earlier save: wait for the next
                events.close()
                events = HTTPConnection(self._host, timeout=_PATIENCE)
                events.request("GET", _EVENTS)
                answer = events.getresponse()
                page = self._fetch()
        wall = time.perf_counter() - began
        self.page_size = len(page.encode())
        events.close()
        return Took(wall=wall, cpu=0.0)

    def _fetch(self) -> str:
        connection = HTTPConnection(self._host, timeout=_PATIENCE)
        connection.request("GET", f"/{self._site.page.removesuffix('index.html')}")
        page = connection.getresponse().read().decode()
        connection.close()
        return page
