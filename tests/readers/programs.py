"""The programs, each with a memory of its own as its users have it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from abc import ABC, abstractmethod
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import feedparser
import pytest

from readers.sink import Sink

ROOT = Path(__file__).resolve().parent.parent.parent
CLIENTS = ROOT / "tests" / "clients"


@dataclass(frozen=True, kw_only=True)
class Room:
    """What a reader gets: a folder of its own, an address to poll, a mail server."""

    folder: Path
    url: str
    sink: Sink

    def run(self, *command: str) -> str:
        """Run a program that knows nothing of this machine but loopback."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr or done.stdout
        return done.stdout


class Reader(ABC):
    """Somebody's feed reader."""

    #: The formats it reads.
    forms: ClassVar[tuple[str, ...]] = ("atom", "rss")

    def __init__(self, room: Room) -> None:
        self.room = room

    @classmethod
    def missing(cls) -> str:
        """Say what is missing on this machine; empty where nothing is."""
        return ""

    @abstractmethod
    def poll(self) -> list[str]:
        """Look once, and return the titles that are shown to the user as new."""


class Feedparser(Reader):
    """The library most Python readers are made with; news is an id not seen before."""

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self._seen: set[str] = set()
        self._etag = ""

    def poll(self) -> list[str]:
        found: Any = feedparser.parse(self.room.url, etag=self._etag or None)
        assert not found.bozo, found.bozo_exception
        self._etag = found.get("etag", "")
        new = [entry for entry in found.entries if entry.id not in self._seen]
        self._seen |= {entry.id for entry in new}
        return [entry.title for entry in new]


class Newsboat(Reader):
    """A reader for terminals; news is what it calls unread, and everything is read after a poll."""

    @classmethod
    def missing(cls) -> str:
        return "" if shutil.which("newsboat") else "no newsboat: apt-get install newsboat"

    def poll(self) -> list[str]:
        folder = self.room.folder
        (folder / "urls").write_text(f"{self.room.url}\n", encoding="utf-8")
        (folder / "config").write_text("", encoding="utf-8")
        self.room.run("newsboat", "-u", "urls", "-c", "cache.db", "-C", "config", "-x", "reload")
        with sqlite3.connect(folder / "cache.db") as cache:
            found = cache.execute("SELECT title FROM rss_item WHERE unread = 1").fetchall()
            cache.execute("UPDATE rss_item SET unread = 0")
        cache.close()
        return [title for (title,) in found]


class Sfeed(Reader):
    """A reader made of small programs; news is a line that its file did not have.

    As it comes it also compares titles and links, so that whatever changes in them is news;
    docs/connect.md tells how to have it compare ids.
    """

    merge = """merge() { sort -t "$(printf '\\t')" -u -k6,6 "$2" "$3"; }"""

    @classmethod
    def missing(cls) -> str:
        return "" if shutil.which("sfeed_update") else "no sfeed: apt-get install sfeed"

    def poll(self) -> list[str]:
        folder = self.room.folder
        (folder / "sfeedrc").write_text(
            f"sfeedpath='{folder}/feeds'\n{self.merge}\n"
            f"feeds() {{ feed status {self.room.url}; }}\n",
            encoding="utf-8",
        )
        before = self._lines()
        self.room.run("sfeed_update", str(folder / "sfeedrc"))
        return [line.split("\t")[1] for line in self._lines() if line not in before]

    def _lines(self) -> list[str]:
        path = self.room.folder / "feeds" / "status"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


class SfeedAsItComes(Sfeed):
    """The same without the line that we recommend."""

    merge = ""


class Rss2Email(Reader):
    """Feed entries as mails, here from its own sender into a mail server; news is a mail."""

    def poll(self) -> list[str]:
        folder, sink = self.room.folder, self.room.sink
        with (folder / "rss2email.cfg").open("w", encoding="utf-8") as file:
            rss2email_settings(self.room.url, sink.port).write(file)
        before = len(sink.mails)
        program = str(Path(sys.executable).with_name("r2e"))
        self.room.run(program, "-c", "rss2email.cfg", "-d", "data", "run")
        return [str(mail["Subject"]) for mail in sink.mails[before:]]


def rss2email_settings(url: str, port: int) -> ConfigParser:
    """Return what docs/connect.md gives, for another feed and a mail server without secrets."""
    text = (ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
    settings = ConfigParser(interpolation=None)
    settings.read_string(text.partition("```ini\n")[2].partition("```")[0])
    local = {"smtp-server": "127.0.0.1", "smtp-port": str(port)}
    settings["DEFAULT"].update(local, **{"smtp-ssl": "False", "smtp-auth": "False"})
    settings["feed.status-northwind-example"]["url"] = url
    return settings


class Npm(Reader):
    """A parser for Node; news is an id not seen before."""

    script: ClassVar[str]

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self._seen: set[str] = set()

    @classmethod
    def missing(cls) -> str:
        if not shutil.which("node"):
            return "no node: apt-get install nodejs npm"
        there = (CLIENTS / "node_modules" / cls.script).is_dir()
        return "" if there else f"no {cls.script}: make clients"

    def poll(self) -> list[str]:
        shown = self.room.run("node", str(CLIENTS / f"{self.script}.mjs"), self.room.url)
        entries = json.loads(shown)
        assert all(entry["id"] and entry["date"] and entry["author"] for entry in entries)
        new = [entry for entry in entries if entry["id"] not in self._seen]
        self._seen |= {entry["id"] for entry in new}
        return [entry["title"] for entry in new]


class RssParser(Npm):
    """npm rss-parser."""

    script = "rss-parser"


class Feedsmith(Npm):
    """npm feedsmith, the one that also reads JSON Feed."""

    script = "feedsmith"
    forms = ("atom", "rss", "json")


READERS: tuple[type[Reader], ...] = (Feedparser, Newsboat, Sfeed, Rss2Email, RssParser, Feedsmith)


def need(reader: type[Reader]) -> None:
    """Skip with a line where a reader cannot run here."""
    if reason := reader.missing():
        pytest.skip(reason)
