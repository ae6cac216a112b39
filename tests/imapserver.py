"""An IMAP server on loopback with one folder: it speaks just what reading a mailbox takes.

In threads of this process, and with a script that can kill its client at any command.
"""

from __future__ import annotations

import re
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from running import running


@dataclass
class Folder:
    """What lies in the mailbox, and what was done with it."""

    port: int = 0
    messages: list[bytes] = field(default_factory=list)
    #: number → flags; numbers begin at 1
    flags: dict[int, str] = field(default_factory=dict)
    came: str = "21-Nov-2026 09:00:00 +0000"
    validity: int = 7
    login: str = "list hunter2"
    tls: ssl.SSLContext | None = None
    #: TLS from the first byte; else after STARTTLS, where there is any
    at_once: bool = False
    commands: list[str] = field(default_factory=list)
    #: Gets each command before it is done; "close" hangs up.
    script: Callable[[str], str | None] = lambda _: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fetched(self) -> list[int]:
        """Return the numbers of the messages that were read, in this order."""
        found = [re.match(r"UID FETCH (\d+) ", command) for command in self.commands]
        return [int(match[1]) for match in found if match]


class _Session(socketserver.StreamRequestHandler):
    folder: Folder

    def handle(self) -> None:
        with suppress(OSError):
            if self.folder.tls and self.folder.at_once:
                self._secure()
            self._say("* OK ready")
            while line := self.rfile.readline():
                tag, _, command = line.decode().strip().partition(" ")
                with self.folder.lock:
                    self.folder.commands.append(command)
                if self.folder.script(command) == "close":
                    return
                if not self._do(tag, command):
                    return

    def finish(self) -> None:
        super().finish()
        if isinstance(self.connection, ssl.SSLSocket):
            self.rfile.close()
            self.connection.close()

    def _do(self, tag: str, command: str) -> bool:
        verb = command.split(maxsplit=1)[0].upper()
        if verb == "UID":
            verb = command.split()[1].upper()
        done = "OK done"
        if verb == "CAPABILITY":
            offers = "" if self.folder.tls is None or self.folder.at_once else " STARTTLS"
            self._say(f"* CAPABILITY IMAP4rev1{offers}")
        elif verb == "STARTTLS":
            self._say(f"{tag} OK go")
            self._secure()
            return True
        elif verb == "LOGIN":
            told = command.split(maxsplit=1)[1].replace('"', "")
            done = done if told == self.folder.login else f"NO {told} is not who you say"
        elif verb == "SELECT":
            self._say(f"* {len(self.folder.messages)} EXISTS")
            self._say(f"* OK [UIDVALIDITY {self.folder.validity}] hold")
            done = done if command.split()[1] == '"INBOX"' else "NO there is none"
        elif verb == "SEARCH":
            first = int(re.sub(r".*UID (\d+):.*", r"\1", command))
            last = len(self.folder.messages)
            numbers = [n for n in range(1, last + 1) if n >= min(first, last)]
            self._say("* SEARCH " + " ".join(map(str, numbers)))
        elif verb == "FETCH":
            read = int(command.split()[2])
            if "BODY[" in command:  # only BODY.PEEK leaves a message unread (RFC 9051, 6.4.5)
                self.folder.flags[read] = "\\Seen"
            self._fetch(read)
        elif verb == "STORE":
            _, _, number, _, flags = command.split(maxsplit=4)
            self.folder.flags[int(number)] = flags.strip("()")
        elif verb == "LOGOUT":
            self._say("* BYE")
        self._say(f"{tag} {done}")
        return verb != "LOGOUT"

    def _fetch(self, number: int) -> None:
        raw = self.folder.messages[number - 1][:65536]
        told = f'UID {number} INTERNALDATE "{self.folder.came}" BODY[]<0> {{{len(raw)}}}'
        self._say(f"* {number} FETCH ({told}")
        self.connection.sendall(raw + b")\r\n")

    def _say(self, line: str) -> None:
        self.connection.sendall(line.encode() + b"\r\n")

    def _secure(self) -> None:
        assert self.folder.tls
        self.connection = self.folder.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False


@contextmanager
def imapserver(folder: Folder | None = None) -> Iterator[Folder]:
    """Run a server on a free port of loopback."""
    folder = folder or Folder()
    session = type("Session", (_Session,), {"folder": folder})
    server = _Server(("127.0.0.1", 0), session)
    folder.port = server.server_address[1]
    with running(server):
        yield folder
