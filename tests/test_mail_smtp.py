"""Sending by SMTP: what each answer comes to, and what is never sent in the open."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
from mailserver import CLOSE, LOSE, Mailbox, mailserver, secured
from running import running

from firstword.errors import MailError, SettingsError
from firstword.mail.ledger import Fate
from firstword.mail.smtp import PASSWORD, Server, SmtpTransport, read_server

ADA, BO = "ada@reader.example", "bo@reader.example"
WORDS = b"Subject: x\r\n\r\nOne in five fails.\r\n.\r\n.. and dots\r\n"


@pytest.fixture(params=[False, True], ids=["one by one", "at once"])
def box(request: pytest.FixtureRequest) -> Iterator[Mailbox]:
    """Return a server that takes everything, commands one by one or several at once."""
    with mailserver(Mailbox(pipelining=request.param)) as box:
        yield box


def way(box: Mailbox, secure: str = "starttls", **more: str) -> SmtpTransport:
    """Return a transport to a server; it waits for nothing."""
    return SmtpTransport(
        Server(host="127.0.0.1", port=box.port, secure=secure, **more),
        "status@acme.example",
        lanes=1,
        sleep=lambda _: None,
        patience=5,
        patience_after_dot=5,
    )


def test_one_connection_carries_many_messages_byte_for_byte(box: Mailbox) -> None:
    lane = way(box).open()
    fates = [lane.send(who, WORDS).fate for who in (ADA, BO, ADA)]
    lane.close()

    assert fates == [Fate.ACCEPTED] * 3
    assert box.taken == [(ADA, WORDS), (BO, WORDS), (ADA, WORDS)]
    assert box.connections == 1


@pytest.mark.parametrize(
    ("step", "answer", "fate", "code", "gone"),
    [
        ("RCPT", "550 5.1.1 no such user bo@reader.example", Fate.REFUSED, "550 5.1.1", True),
        ("RCPT", "550 5.1.2 no such domain", Fate.REFUSED, "550 5.1.2", True),
        ("RCPT", "556 5.1.10 a domain without mail", Fate.REFUSED, "556 5.1.10", True),
        ("RCPT", "550 5.2.1 closed", Fate.REFUSED, "550 5.2.1", True),
        # What says nothing of the reader, or not what.
        ("RCPT", "550 relay not permitted", Fate.REFUSED, "550", False),
        ("RCPT", "550 5.1.0 sender address rejected", Fate.REFUSED, "550 5.1.0", False),
        ("RCPT", "553 5.1.7 bad sender", Fate.REFUSED, "553 5.1.7", False),
        ("RCPT", "550 5.1.8 no such sender's domain", Fate.REFUSED, "550 5.1.8", False),
        ("RCPT", "550 5.7.1 we do not like you", Fate.REFUSED, "550 5.7.1", False),
        ("RCPT", "552 5.2.2 full", Fate.REFUSED, "552 5.2.2", False),
        ("RCPT", "451 4.7.1 later", Fate.DEFERRED, "451 4.7.1", False),
        ("RCPT", "421 4.3.2 going down", Fate.DEFERRED, "421 4.3.2", False),
        ("MAIL", "452 4.3.1 no room", Fate.DEFERRED, "452 4.3.1", False),
        ("DATA", "451 not now", Fate.DEFERRED, "451", False),
        ("words", "554 5.6.0 these words are spam", Fate.REFUSED, "554 5.6.0", False),
        ("words", "451 4.3.0 later", Fate.DEFERRED, "451 4.3.0", False),
        ("words", LOSE, Fate.UNKNOWN, "no answer", False),
        ("RCPT", CLOSE, Fate.DEFERRED, "lost", False),
        ("DATA", CLOSE, Fate.DEFERRED, "lost", False),
    ],
)
def test_what_an_answer_comes_to(
    box: Mailbox, step: str, answer: str, fate: Fate, code: str, *, gone: bool
) -> None:
    box.script = lambda at, who: answer if at == step and (who == BO or at == "MAIL") else None
    lane = way(box).open()
    told = lane.send(BO, WORDS)
    box.script = lambda at, who: None
    after = lane.send(ADA, WORDS)
    lane.close()

    assert (told.fate, told.code, told.gone) == (fate, code, gone)
    assert "reader" not in repr(told)
    assert after.fate is Fate.ACCEPTED
    assert box.recipients() == ([BO, ADA] if answer == LOSE else [ADA])


@pytest.mark.parametrize(
    ("refused", "then", "connections"),
    [
        # Whoever takes no recipient refuses to be told the words (RFC 2920, 3.1),
        ("550 5.1.1 no such user", "554 5.5.1 no valid recipients", 1),
        ("451 4.7.1 later", "503 5.5.1 no recipients", 1),
        # or waits for them, and is left alone: nothing can be accepted so.
        ("550 5.1.1 no such user", None, 2),
    ],
)
def test_a_recipient_that_is_refused_costs_no_other_their_message(
    refused: str, then: str | None, connections: int
) -> None:
    with mailserver(Mailbox(pipelining=True)) as box:
        answers = {"RCPT": refused, "DATA": then}
        box.script = lambda step, who: answers.get(step) if who == BO else None
        lane = way(box).open()
        fates = [lane.send(who, WORDS).fate for who in (ADA, BO, ADA)]
        lane.close()

    assert fates[::2] == [Fate.ACCEPTED] * 2
    assert fates[1] is (Fate.DEFERRED if refused.startswith("4") else Fate.REFUSED)
    assert box.taken == [(ADA, WORDS), (ADA, WORDS)]
    assert box.connections == connections
    assert box.cut == [b""] * (connections - 1)


def test_commands_go_in_one_way_there_and_back() -> None:
    asked: list[bytes] = []

    class Session(socketserver.StreamRequestHandler):
        """Answers MAIL, RCPT and DATA when all three are here."""

        def handle(self) -> None:
            self.wfile.write(b"220 ready\r\n")
            self.rfile.readline()
            self.wfile.write(b"250-loopback\r\n250 PIPELINING\r\n")
            asked.extend(self.rfile.readline() for _ in range(3))
            self.wfile.write(b"250 fine\r\n250 fine\r\n354 go on\r\n")
            while self.rfile.readline() not in {b".\r\n", b""}:
                pass
            with suppress(OSError):
                self.wfile.write(b"250 taken\r\n")

    with running(socketserver.TCPServer(("127.0.0.1", 0), Session)) as address:
        lane = way(Mailbox(port=int(address.partition(":")[2]))).open()
        told = lane.send(ADA, WORDS)
        lane.close()

    assert told.fate is Fate.ACCEPTED
    assert asked == [
        b"MAIL FROM:<status@acme.example>\r\n",
        b"RCPT TO:<ada@reader.example>\r\n",
        b"DATA\r\n",
    ]


def test_an_address_brings_no_command_along(box: Mailbox) -> None:
    lane = way(box).open()
    with pytest.raises(ValueError, match="line break"):
        lane.send(f"{ADA}>\r\nRCPT TO:<{BO}", WORDS)
    lane.close()

    assert box.taken == []
    assert "RCPT" not in box.steps


def test_a_connection_that_was_kept_too_long_is_made_anew(box: Mailbox) -> None:
    lane = way(box).open()
    lane.send(ADA, WORDS)
    closed: list[str] = []

    def close_once(step: str, who: str) -> str | None:
        if step == "MAIL" and not closed:
            closed.append(step)
            return CLOSE
        return None

    box.script = close_once
    assert lane.send(BO, WORDS).fate is Fate.ACCEPTED
    lane.close()

    assert box.connections == 2
    assert box.recipients() == [ADA, BO]


@pytest.mark.parametrize("step", ["MAIL", "connect"])
def test_a_server_that_takes_nothing_from_us_stops_the_sending(box: Mailbox, step: str) -> None:
    box.script = lambda at, who: "554 5.7.1 go away" if at == step else None
    lane = way(box).open()
    told = lane.send(ADA, WORDS)
    lane.close()

    assert told.fate is Fate.PLANNED
    assert "554" in told.stop


def test_a_server_that_is_not_there_stops_the_sending() -> None:
    with mailserver() as box:
        gone = way(box)
    waited: list[float] = []
    lane = SmtpTransport(
        Server(host="127.0.0.1", port=box.port, secure="plain"),
        "status@acme.example",
        lanes=1,
        sleep=waited.append,
    ).open()

    assert "cannot be reached" in lane.send(ADA, WORDS).stop
    assert waited == [2, 10]
    with pytest.raises(MailError, match="cannot be reached"):
        gone.quota()


# ── nothing in the open ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Return an authority that this process trusts, and no other."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


def test_the_password_goes_over_starttls(authority: trustme.CA) -> None:
    with mailserver(secured(authority)) as box:
        transport = way(box, user="ann", password="hunter2")
        transport.quota()
        lane = transport.open()
        fate = lane.send(ADA, WORDS).fate
        lane.close()

    assert fate is Fate.ACCEPTED
    assert box.steps.index("STARTTLS") < box.steps.index("AUTH") < box.steps.index("MAIL")


def test_a_wrong_password_stops_before_anything_is_planned_and_is_not_told(
    authority: trustme.CA,
) -> None:
    with (
        mailserver(secured(authority)) as box,
        pytest.raises(MailError, match="does not let us in: 535") as told,
    ):
        way(box, user="ann", password="hunter3").quota()

    assert "hunter" not in str(told.value) + repr(told.value)


@pytest.mark.parametrize(
    ("offers", "why"), [("AUTH XOAUTH2", "in no way that we know"), ("8BITMIME", "offers no AUTH")]
)
def test_a_server_that_takes_no_password_of_ours_is_not_asked_again(
    authority: trustme.CA, offers: str, why: str
) -> None:
    box = secured(authority)
    says = {"EHLO": f"250-loopback\r\n250-STARTTLS\r\n250 {offers}"}
    box.script = lambda step, who: says.get(step)
    with mailserver(box), pytest.raises(MailError, match=why):
        way(box, user="ann", password="hunter2").quota()

    assert box.connections == 1


def test_a_certificate_of_another_name_stops_the_sending(authority: trustme.CA) -> None:
    with (
        mailserver(secured(authority, "mail.elsewhere.example")) as box,
        pytest.raises(MailError, match="TLS failed"),
    ):
        way(box, user="ann", password="hunter2").quota()


def test_a_server_elsewhere_without_starttls_gets_nothing(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "loopback", property(lambda self: False))
    with pytest.raises(MailError, match="offers no STARTTLS"):
        way(box).quota()

    assert "MAIL" not in box.steps


def test_a_password_is_never_sent_in_the_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Server, "loopback", property(lambda self: False))
    with (
        mailserver(Mailbox(login="ann hunter2")) as box,
        pytest.raises(MailError, match="unencrypted"),
    ):
        way(box, "plain", user="ann", password="hunter2").quota()

    assert "AUTH" not in box.steps


# ── where passwords come from ────────────────────────────────────────────────────────────────────


def test_the_password_comes_from_the_environment() -> None:
    server = read_server("smtp://ann%40acme@mail.acme.example", {PASSWORD: "hunter2"})

    assert (server.user, server.password, server.port) == ("ann@acme", "hunter2", 587)
    assert "hunter2" not in repr(server)


def test_the_password_comes_from_netrc(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine mail.acme.example login ann password hunter2\n")
    (tmp_path / ".netrc").chmod(0o600)
    server = read_server("smtps://mail.acme.example", {"HOME": str(tmp_path)})

    assert (server.user, server.password, server.port) == ("ann", "hunter2", 465)


@pytest.mark.parametrize("user", ["ann", ""])
def test_a_password_that_is_not_ascii_is_refused_and_not_repeated(
    tmp_path: Path, user: str
) -> None:
    (tmp_path / ".netrc").write_text("machine mail.acme.example login ann password hünter2\n")
    (tmp_path / ".netrc").chmod(0o600)
    environ = {"HOME": str(tmp_path), **({PASSWORD: "hünter2"} if user else {})}
    where = f"{user}@mail.acme.example".lstrip("@")
    with pytest.raises(SettingsError, match="the password has letters that are not ASCII") as told:
        read_server(f"smtp://{where}", environ)

    assert "nter2" not in str(told.value)
    with pytest.raises(SettingsError, match="the user has letters that are not ASCII"):
        read_server("smtp://j%C3%BCrgen@mail.acme.example", {PASSWORD: "hunter2"})


def test_a_user_without_a_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=PASSWORD):
        read_server("smtp://ann@mail.acme.example", {"HOME": str(tmp_path)})
