"""A mail host on loopback as a provider runs one: Postfix, Dovecot, and OpenDKIM at the door.

Postfix listens twice. Who logs in (STARTTLS, SASL by Dovecot) may send to anybody, as mail programs
and we do. The other door is for other mail servers: there OpenDKIM writes down who is vouched for.
Mail goes to Dovecot, which every mailbox is read from by IMAP. Nothing leaves this machine.
"""

from __future__ import annotations

import base64
import imaplib
import os
import shutil
import signal
import smtplib
import ssl
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from stat import S_ISREG, S_IXUSR
from tempfile import TemporaryDirectory

import dkim
import trustme
from ceph import free_port, listens, wait_until
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

#: Folders of Postfix's own that are to be there when it starts.
_QUEUES = (
    *("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming"),
    *("maildrop", "private", "public", "saved", "trace"),
)
MASTER, LMTP = Path("/usr/lib/postfix/sbin/master"), Path("/usr/lib/dovecot/lmtp")
#: By this name the host signs what it found out about a sender.
NAME = "mx.ternpaper.example"
PASSWORD = "hunter2"
#: Bytes that its mailboxes and queues may need.
_ROOM = 2**28
#: Seconds after which Postfix ends by itself.
_LONGEST = "1200"
SELECTOR = "mail"

_MAIN = """\
compatibility_level = 3.6
myhostname = {name}
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
alias_maps =
alias_database =
virtual_mailbox_domains = {domains}
virtual_transport = lmtp:unix:private/dovecot
default_transport = error:5.1.2 no mail leaves this machine
in_flow_delay = 0
smtpd_error_sleep_time = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
smtpd_tls_cert_file = {folder}/server.pem
smtpd_tls_key_file = {folder}/server.pem
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
"""

# No service is put into a chroot: that would take files of the machine's own.
_SERVICES = """\
127.0.0.1:{entry} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{door} inet n - n - - smtpd
  -o smtpd_tls_security_level=may
  -o smtpd_milters=inet:127.0.0.1:{milter}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_DOVECOT = """\
base_dir = {folder}/dovecot
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.pem
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
first_valid_uid = 1
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
  default_fields = uid=nobody gid=nogroup home={folder}/mail/%u
}}
service imap-login {{
  service_count = 0
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service auth {{
  unix_listener {folder}/queue/private/auth {{
    user = postfix
    mode = 0600
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  unix_listener {folder}/queue/private/dovecot {{
    user = postfix
    mode = 0600
  }}
}}
"""

# This machine is no friend: what comes from it is judged as from anywhere.
_OPENDKIM = """\
Mode v
AuthservID {name}
AlwaysAddARHeader yes
Socket inet:{milter}@127.0.0.1
TestPublicKeys {folder}/keys
InternalHosts {folder}/nowhere
Syslog no
"""


def why_not() -> str:
    """Return why no mail host can be run on this machine; "" = it can."""
    missing = [name for name in ("postfix", "dovecot", "opendkim") if shutil.which(name) is None]
    missing += [] if LMTP.exists() else ["dovecot-lmtpd"]
    if missing:
        return f"no {', '.join(missing)} on this machine: see .ci/run"
    return "" if os.geteuid() == 0 else "Postfix is run by root alone"


class MailHost:
    """The three servers, with mailboxes of some domains. Its folder is open to other users."""

    def __init__(self, folder: Path, mailboxes: Iterable[str]) -> None:
        self.folder = folder
        self.mailboxes = tuple(mailboxes)
        self.entry, self.door, self.imaps = free_port(), free_port(), free_port()
        self._milter = free_port()
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        authority = trustme.CA()
        #: Whom to believe that this is the host it says.
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(self.authority)
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(
            folder / "server.pem"
        )
        self._tls = ssl.create_default_context(cafile=str(self.authority))

    # ── running ──────────────────────────────────────────────────────────────────────────────────

    def make(self) -> None:
        """Write what the servers read, and start them."""
        domains = sorted({address.rpartition("@")[2] for address in self.mailboxes})
        told = {
            "folder": self.folder,
            "name": NAME,
            "domains": ", ".join(domains),
            "entry": self.entry,
            "door": self.door,
            "imaps": self.imaps,
            "milter": self._milter,
        }
        for name, text in (
            *(("main.cf", _MAIN), ("master.cf", _SERVICES), ("nowhere", "192.0.2.1\n")),
            *(("dovecot.conf", _DOVECOT), ("opendkim.conf", _OPENDKIM)),
        ):
            (self.folder / name).write_text(text.format(**told))
        (self.folder / "keys").write_text(
            "".join(f"{SELECTOR}._domainkey.{domain} {self._record()}\n" for domain in domains)
        )
        (self.folder / "users").write_text(
            "".join(f"{address}:{{PLAIN}}{PASSWORD}::::::\n" for address in self.mailboxes)
        )
        self._make_folders()
        for name in ("opendkim", "dovecot", "postfix"):
            self.start(name)

    def start(self, name: str) -> None:
        """Start one of them and wait until it serves."""
        conf = str(self.folder / f"{name}.conf")
        command, port = {
            "opendkim": (["opendkim", "-f", "-x", conf], self._milter),
            "dovecot": (["dovecot", "-F", "-c", conf], self.imaps),
            "postfix": ([str(MASTER), "-d", "-e", _LONGEST, "-c", str(self.folder)], self.entry),
        }[name]
        with (self.folder / f"{name}.err").open("ab") as said:
            self._running[name] = subprocess.Popen(
                # When these tests are killed, nothing of theirs goes on listening for long; Postfix
                # forgets the signal, and has an end of its own.
                ["setpriv", "--pdeathsig", "TERM", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        wait_until(lambda: listens(port))

    def stop(self, name: str, *, gently: bool = True) -> None:
        """End one of them at once, with all that it has started."""
        process = self._running.pop(name)
        # Each has a group of its own, with whatever it started.
        if gently and name != "opendkim":  # which takes its time, and leaves nothing behind
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)

    def close(self) -> None:
        """End all that is still running."""
        for name in list(self._running)[::-1]:
            self.stop(name, gently=False)

    def _make_folders(self) -> None:
        """Make what Postfix and Dovecot do not make themselves, for the users they become."""
        for name in _QUEUES:
            (self.folder / "queue" / name).mkdir(parents=True)
            shutil.chown(self.folder / "queue" / name, "postfix")
        for name, user in (("data", "postfix"), ("mail", "nobody")):
            (self.folder / name).mkdir()
            shutil.chown(self.folder / name, user)
        (self.folder / "queue" / "pid").mkdir()

    # ── mail ─────────────────────────────────────────────────────────────────────────────────────

    def delivered(self) -> None:
        """Wait until nothing is on its way any more."""
        wait_until(lambda: not self.on_the_way())

    def on_the_way(self) -> int:
        """Count the messages that Postfix has taken and not delivered."""
        queues = (self.folder / "queue" / name for name in ("incoming", "active", "deferred"))
        return sum(_whole(path) for queue in queues for path in queue.rglob("*"))

    def log(self) -> str:
        """Return what Postfix has written down."""
        return (self.folder / "postfix.log").read_text()

    def inbox(self, address: str) -> list[bytes]:
        """Read a mailbox over IMAP: every message, in the order it came."""
        return [raw for raw, _ in self._read(address)]

    def flags(self, address: str) -> list[set[bytes]]:
        """Return how the messages of a mailbox are marked, in the order they came."""
        return [flags - {b"\\Recent"} for _, flags in self._read(address)]

    def _read(self, address: str) -> Iterator[tuple[bytes, set[bytes]]]:
        with imaplib.IMAP4_SSL("localhost", self.imaps, ssl_context=self._tls) as imap:
            imap.login(address, PASSWORD)
            _, [many] = imap.select("INBOX", readonly=True)
            parts = imap.fetch("1:*", "(FLAGS BODY.PEEK[])")[1] if int(many or 0) else []
        for part in parts:
            if isinstance(part, tuple):
                yield part[1], set(imaplib.ParseFlags(part[0]))

    def written_by(self, sender: str, message: EmailMessage, *, signed: bool = True) -> None:
        """Bring mail to the door, as the server of whoever wrote it does: signed, or forged."""
        raw = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
        if signed:
            domain = sender.rpartition("@")[2].encode()
            raw = dkim.sign(raw, SELECTOR.encode(), domain, self._private()) + raw
        with smtplib.SMTP("localhost", self.door) as smtp:
            smtp.starttls(context=self._tls)
            smtp.sendmail(sender, [message["To"]], raw)
        self.delivered()

    def _private(self) -> bytes:
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def _record(self) -> str:
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def _whole(path: Path) -> bool:
    """Tell whether a file is a message: what was cut off before its end was never taken."""
    try:
        told = path.stat()
    except FileNotFoundError:
        return False  # delivered while we looked
    return S_ISREG(told.st_mode) and bool(told.st_mode & S_IXUSR)


@contextmanager
def mailhost(mailboxes: Iterable[str]) -> Iterator[MailHost]:
    """Run a host with these mailboxes, in a folder that the users of its servers can reach."""
    memory = Path("/dev/shm")  # noqa: S108  the very place
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > _ROOM
    # Postfix has every message written to the disk before it says that it took it.
    with TemporaryDirectory(prefix="mailhost-", dir=memory if roomy else None) as name:
        folder = Path(name)
        folder.chmod(0o755)
        host = MailHost(folder, mailboxes)
        try:
            host.make()
            yield host
        finally:
            host.close()
