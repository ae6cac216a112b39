"""Nine days of a site that mails two hundred people through a real server, command by command.

The scripted life from the eve of the lockers' trouble to its first follow-up is published and
mailed as it came. On the way the password is wrong, TLS is refused, the server goes down midway;
somebody subscribes, two people leave, a third has enough of one story, a fourth is impersonated,
one mailbox is not there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, urlsplit

import life
from ceph import wait_until
from life import Step, instant
from mail_life import readers
from postfix import NAME, PASSWORD, MailHost
from sites import Ran, SmallSite

from firstword.mail.people import open_people

STATUS, CARE = "status@ternpaper.example", "care@ternpaper.example"
#: One answers a digest, one uses what a mail program makes of List-Unsubscribe, one a link in a
#: letter; one did not write what bears the address; one has no mailbox.
REPLIES, CLICKS, MUTES, FORGED, NOWHERE = (
    f"u{number:03}@reader.example" for number in (6, 14, 20, 10, 42)
)
#: Not among the two hundred.
NEW = "new@reader.example"

BEGIN, END = instant("2026-10-12 09:00"), instant("2026-10-20 09:05")
#: The first update of all, and the first about the lockers.
FIRST, DOWN = instant("2026-10-12 10:00"), instant("2026-10-13 08:52")
ASKED, CONFIRMED = instant("2026-10-13 09:33"), instant("2026-10-13 09:36")
LEFT, MENDED = instant("2026-10-14 09:00"), instant("2026-10-17 09:00")
#: Then cron sends what is due.
NIGHTS = tuple(instant(f"2026-10-{day} 00:10") for day in range(13, 22))
REMINDER_AT = instant("2026-10-14 16:05")


class Commands:
    """Who runs the commands of a site, one after the other: see then.py."""

    def __init__(self, folder: Path) -> None:
        self._said = folder / "out", folder / "err"
        self._parent = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("then.py"))],
            env={"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, site: SmallSite, environ: Mapping[str, str], *command: str) -> None:
        """Begin a command: "firstword" or "publish.py", with its arguments."""
        asked = {
            "folder": str(site.root),
            "environ": site.environ(**environ),
            "command": command,
            **dict(zip(("out", "err"), map(str, self._said), strict=True)),
        }
        assert self._parent.stdin
        self._parent.stdin.write(f"{json.dumps(asked)}\n")
        self._parent.stdin.flush()
        self._number()

    def end(self) -> Ran:
        """Wait for what has begun."""
        code = self._number()
        out, err = (path.read_text(encoding="utf-8") for path in self._said)
        return Ran(code, out, err)

    def close(self) -> None:
        """End."""
        self._parent.communicate()

    def _number(self) -> int:
        assert self._parent.stdout
        return int(self._parent.stdout.readline())


@dataclass
class Days:
    """The site, the mail host, and what the commands said."""

    site: SmallSite
    host: MailHost
    #: What a command said, by a name of ours or by when it ran.
    ran: dict[str, Ran] = field(default_factory=dict)
    #: How many messages Postfix had taken when something happened.
    taken: dict[str, int] = field(default_factory=dict)

    def live(self) -> None:
        """Live through it."""
        with TemporaryDirectory() as folder, closing(Commands(Path(folder))) as self._commands:
            self._live()

    def _live(self) -> None:
        self.conf()
        rows = "".join(f"{one.row}\n" for one in readers())
        table = self.site.root.parent / "readers.csv"
        table.write_text(f"address,cadence,components,kinds,language,zone\n{rows}")
        words = ("--shown", "Hear from us")
        self.firstword("import", BEGIN, "subscribers", "import", str(table), *words)
        # Where nobody has touched a file there is nothing to publish.
        pushes = [new for old, new in pairwise(life.steps()) if old.files != new.files]
        acts: list[tuple[datetime, Callable[[datetime], None]]] = [
            *((step.at, partial(self._push, step)) for step in (life.steps()[0], *pushes)),
            *((at, self._night) for at in (*NIGHTS, REMINDER_AT)),
            *((ASKED, self._somebody_asks), (CONFIRMED, self._somebody_confirms)),
            (LEFT, self._people_write),
        ]
        for at, act in sorted(acts, key=lambda one: one[0]):
            if BEGIN <= at <= max(END, *NIGHTS):
                act(at)

    # ── commands ─────────────────────────────────────────────────────────────────────────────────

    def firstword(self, name: str, at: datetime, *arguments: str, **env: str) -> Ran:
        """Run `firstword` by a clock of ours, and let all mail arrive."""
        return self._do(name, at, "firstword", *arguments, **env)

    def publish(self, at: datetime, *arguments: str) -> Ran:
        """Run publish.py, likewise."""
        return self._do(f"publish {local(at)}", at, "publish.py", *arguments)

    def _do(self, name: str, at: datetime, *command: str, **env: str) -> Ran:
        self._commands.begin(self.site, self._environ(at) | env, *command)
        ran = self._commands.end()
        self.host.delivered()
        self.ran[name] = ran
        return ran

    def _environ(self, at: datetime) -> dict[str, str]:
        return {
            "SOURCE_DATE_EPOCH": str(int(at.timestamp())),
            "FIRSTWORD_SMTP_PASSWORD": PASSWORD,
            "FIRSTWORD_IMAP_PASSWORD": PASSWORD,
            "SSL_CERT_FILE": str(self.host.authority),
        }

    def conf(self, scheme: str = "smtp", rate: int = 0) -> None:
        """Write the site's settings."""
        host = self.host
        told = {
            **life.SETTINGS,
            "PUBLISH_TO": "public",
            "MAIL_FROM": STATUS,
            "MAIL_INBOX": CARE,
            "MAIL_TRANSPORT": f"{scheme}://{quote(STATUS, safe='')}@localhost:{host.entry}",
            "MAIL_IMAP": f"imaps://{quote(CARE, safe='')}@localhost:{host.imaps}/INBOX",
            "MAIL_AUTHSERV": NAME,
            "MAIL_RATE": rate,
        }
        lines = "".join(f"{name} = {value!r}\n" for name, value in told.items())
        self.site.write("pelicanconf.py", f"from firstword.pelican_defaults import *\n\n{lines}")

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    def _push(self, step: Step, at: datetime) -> None:
        for path, text in step.files.items():
            self.site.write(path, text)
        # Whoever mends a spelling mistake in published words says that it is one.
        self.site.commit(f"{step.what}\n\nfix: spelling" if at == MENDED else step.what)
        if at == FIRST:
            self.publish(at)
            self._in_vain(at)
            plan = self.firstword("plan", at, "digest").out.split()[-1]
            self.firstword("first", at, "send", plan)
        elif at == DOWN:
            self.publish(at)
            self._down_midway(at)
            self.firstword("bounces", at, "subscribers", "bounces", str(self._box(STATUS)))
        else:
            self.publish(at, "--send")

    def _in_vain(self, at: datetime) -> None:
        """Try to send with a wrong password, to whom nobody vouches for, and without TLS."""
        send = ("send", "--yes")
        self.firstword("wrong password", at, *send, FIRSTWORD_SMTP_PASSWORD="wrong")
        self.firstword("stranger", at, *send, SSL_CERT_FILE="")
        self.conf("smtp+plain")
        self.firstword("no TLS", at, *send)
        self.conf()
        sync = ("subscribers", "sync")
        self.firstword("wrong IMAP password", at, *sync, FIRSTWORD_IMAP_PASSWORD="wrong")
        self.firstword("IMAP stranger", at, *sync, SSL_CERT_FILE="")
        self.taken["in vain"] = self.delivered()

    def _down_midway(self, at: datetime) -> None:
        """Stop the server when it has taken a few messages, and go on when it is there again."""
        # Slow enough that there is a midway, however busy the machine is.
        self.conf(rate=5)
        before = self.delivered()
        self._commands.begin(self.site, self._environ(at), "firstword", "send", "--yes")
        wait_until(lambda: self.delivered() >= before + 10)
        self.host.stop("postfix")
        self.ran["down"] = self._commands.end()
        self.taken["down"] = self.delivered() - before
        self.conf()
        self.host.start("postfix")
        self.firstword("up again", at, "send", "--yes")

    def _night(self, at: datetime) -> None:
        self.firstword(f"cron {local(at)}", at, "send", "--yes")

    def _somebody_asks(self, at: datetime) -> None:
        self.host.written_by(NEW, letter(NEW, CARE, "subscribe components=lockers language=de"))
        self.firstword("asked", at, "subscribers", "sync")

    def _somebody_confirms(self, at: datetime) -> None:
        [request] = self.messages(NEW)
        self.host.written_by(NEW, reply(NEW, request, "Ja, gerne!"))
        self.firstword("confirmed", at, "subscribers", "sync")

    def _people_write(self, at: datetime) -> None:
        digest = self.messages(REPLIES)[-1]
        self.host.written_by(REPLIES, reply(REPLIES, digest, "unsubscribe"))
        update = self.messages(CLICKS)[-1]
        assert (digest["References"], bool(update["References"])) == (None, True)
        way = urlsplit(str(update["List-Unsubscribe"]).strip("<> "))
        subject = parse_qs(way.query)["subject"][0]
        self.host.written_by(CLICKS, letter(CLICKS, way.path, subject))
        found = re.search(r"mailto:\S+=mute%20\S+", text_of(self.messages(MUTES)[-1]))
        assert found
        link = urlsplit(found[0])
        self.host.written_by(MUTES, letter(MUTES, link.path, parse_qs(link.query)["subject"][0]))
        forged = letter(FORGED, CARE, "unsubscribe")
        forged["Authentication-Results"] = f"{NAME}; dkim=pass header.d=reader.example"
        self.host.written_by(FORGED, forged, signed=False)
        self.firstword("left", at, "subscribers", "sync")
        self.firstword("left already", at + timedelta(hours=1), "subscribers", "sync")

    # ── what can be seen ─────────────────────────────────────────────────────────────────────────

    def messages(self, address: str) -> list[EmailMessage]:
        """Read somebody's inbox as a mail program does."""
        return [read(raw) for raw in self.host.inbox(address)]

    def delivered(self) -> int:
        """Count what Postfix has brought to a mailbox so far."""
        return self.host.log().count("status=sent")

    def standing(self, address: str) -> str:
        """Return how it stands with a subscriber; "" = not on the list."""
        people = open_people(self.site.root / ".mail")
        found = people.find(people.person(address))
        people.close()
        return found.state.value if found else ""

    def _box(self, address: str) -> Path:
        return self.host.folder / "mail" / address


def local(at: datetime) -> str:
    """Spell an instant as the site's clock shows it."""
    return f"{at.astimezone(life.SITE.timezone):%Y-%m-%d %H:%M}"


def read(raw: bytes) -> EmailMessage:
    """Read a message; any defect is an error."""
    message = message_from_bytes(raw, policy=policy.SMTP.clone(raise_on_defect=True))
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    """Return what a mail program without HTML shows."""
    body = message.get_body(("plain",))
    assert body
    return str(body.get_content()).replace("\r\n", "\n")


def letter(sender: str, to: str, subject: str, text: str = "") -> EmailMessage:
    """Write a mail as a person does."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = f"Somebody <{sender}>", to, subject
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    message.set_content(text)
    return message


def reply(sender: str, to: EmailMessage, text: str) -> EmailMessage:
    """Answer a mail as a mail program does: where it says, below its subject, with its text."""
    [address] = to["Reply-To"].addresses
    quoted = "".join(f"> {line}\n" for line in text_of(to).splitlines())
    message = letter(sender, address.addr_spec, f"Re: {to['Subject']}", f"{text}\n\n{quoted}")
    message["In-Reply-To"] = str(to["Message-ID"])
    message["References"] = f"{to.get('References', '')} {to['Message-ID']}".strip()
    return message
