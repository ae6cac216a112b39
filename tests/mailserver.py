"""A mail server on loopback that does what it is told: takes, refuses, hangs up, kills its client.

It speaks just enough SMTP, in threads of this process: aiosmtpd cannot be told to lose the reply
after the dot, nor to act between two verbs.
"""

from __future__ import annotations

import os
import re
import signal
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import trustme
from running import running

#: What is asked of a script at each step; None = go on as usual.
CLOSE = "close"
LOSE = "lose"  #: take the message, and hang up before the answer
Script = Callable[[str, str], str | None]
#: As whom a client logs in, and its password, where a server asks for that.
LOGIN = "ann hunter2"
#: What our transport may say: test_mail_kill.py kills it at each of these.
VERBS = frozenset(["EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "QUIT"])


def _usual(step: str, recipient: str) -> str | None:
    return None


@dataclass
class Mailbox:
    """What a server took, and how it answers."""

    port: int = 0
    #: Messages in the order they were taken, answered or not.
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    #: (step, recipient) → an answer, CLOSE, LOSE or None. Steps: connect, every verb, words (the
    #: message is here), answered (and the client heard so).
    script: Script = _usual
    connections: int = 0
    #: What had come of words when a client hung up before the dot.
    cut: list[bytes] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    #: "user password"; "" = nobody need say who they are
    login: str = ""
    #: Whether it says that commands may come before the answers to those before them.
    pipelining: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    #: What clients said beside VERBS.
    unheard_of: set[str] = field(default_factory=set)

    def recipients(self) -> list[str]:
        """Return who got a message, once for each."""
        return [who for who, _ in self.taken]


class _Session(socketserver.StreamRequestHandler):
    box: Mailbox

    def handle(self) -> None:
        with suppress(OSError, _Ended):
            with self.box.lock:
                self.box.connections += 1
            self._talk()

    def finish(self) -> None:
        super().finish()
        if isinstance(self.connection, ssl.SSLSocket):
            # TLS took the socket over from the server, which closes its own only.
            self.rfile.close()
            self.connection.close()

    def _talk(self) -> None:
        who = ""
        self._answer("connect", "", "220 ready")
        while line := self.rfile.readline():
            verb = line.split(b" ")[0].strip().decode().upper()
            if verb not in VERBS:
                self.box.unheard_of.add(verb)
            if verb == "RCPT":
                who = re.sub(r".*<(.*)>.*", r"\1", line.decode().strip())
            if verb == "STARTTLS" and self.box.tls:
                self._answer(verb, who, "220 go")
                self.connection = self.box.tls.wrap_socket(self.connection, server_side=True)
                self.rfile = self.connection.makefile("rb")
            elif verb == "AUTH":
                import base64

                told = base64.b64decode(line.split()[2]).decode().strip("\0").replace("\0", " ")
                good = told == self.box.login
                self._answer(verb, who, "235 2.7.0 hello" if good else f"535 5.7.8 {told}")
            elif verb == "DATA":
                self._take(who)
            elif verb == "QUIT":
                self._answer(verb, who, "221 bye")
                return
            else:
                self._answer(verb, who, self._usual(verb))

    def _usual(self, verb: str) -> str:
        if verb != "EHLO":
            return "250 2.1.0 fine"
        secured = isinstance(self.connection, ssl.SSLSocket)
        offers = ["STARTTLS"] if self.box.tls and not secured else []
        offers += ["AUTH PLAIN"] if self.box.login else []
        offers += ["PIPELINING"] if self.box.pipelining else []
        lines = ["loopback", *offers, "8BITMIME"]
        return "\r\n".join(f"250{'-' if one != '8BITMIME' else ' '}{one}" for one in lines)

    def _take(self, who: str) -> None:
        if not self._answer("DATA", who, "354 go on").startswith("354"):
            return
        body: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                self.box.cut.append(b"".join(body))
                raise _Ended  # cut before the dot: nothing was taken
            body.append(line[1:] if line.startswith(b".") else line)
        told = self._ask("words", who)
        if told in {None, LOSE, "kill"} or (told and told.startswith("2")):
            with self.box.lock:
                self.box.taken.append((who, b"".join(body)))
        if told in {LOSE, CLOSE}:
            self._hang_up()
        self._say("250 2.0.0 taken" if told in {None, "kill"} else str(told))
        self._ask("answered", who)

    def _answer(self, step: str, who: str, usual: str) -> str:
        told = self._ask(step, who)
        if told == CLOSE:
            self._hang_up()
        said = usual if told in {None, "kill"} else str(told)
        self._say(said)
        return said

    def _ask(self, step: str, who: str) -> str | None:
        with self.box.lock:
            self.box.steps.append(step)
            return self.box.script(step, who)

    def _say(self, line: str) -> None:
        self.connection.sendall(line.encode() + b"\r\n")

    def _hang_up(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(2)
        raise _Ended


class _Ended(Exception):
    """The conversation is over."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False


@contextmanager
def mailserver(box: Mailbox | None = None) -> Iterator[Mailbox]:
    """Run a server on a free port of loopback. Fails where a client said anything beside VERBS."""
    box = box or Mailbox()
    session = type("Session", (_Session,), {"box": box})
    server = _Server(("127.0.0.1", 0), session)
    box.port = server.server_address[1]
    with running(server):
        yield box
    assert not box.unheard_of, f"not in VERBS, and nobody was killed there: {box.unheard_of}"


def secured(authority: trustme.CA, name: str = "127.0.0.1") -> Mailbox:
    """Return what a server with a certificate of that name and a login needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return Mailbox(tls=context, login=LOGIN)


def kill(pid: int) -> None:
    """End a process of ours as a power cut would."""
    os.kill(pid, signal.SIGKILL)
