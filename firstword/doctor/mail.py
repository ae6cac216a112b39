"""Checks of mail: who sends, how, to whom. Nothing is looked up in DNS, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from firstword.doctor.findings import Finding, Place, fail, note, ok
from firstword.errors import FirstwordError, SettingsError
from firstword.model import Mail
from firstword.settings import CONF


def sender(place: Place, mail: Mail) -> Iterator[Finding]:
    """What mail comes from, and where answers to a digest go."""
    domain, host = mail.sender.rpartition("@")[2], urlsplit(place.site.url).hostname or ""
    yield ok("mail", f"comes from {domain}; SPF, DKIM and DMARC of that name are not looked at")
    if not (host == domain or host.endswith(f".{domain}") or domain.endswith(f".{host}")):
        yield note(
            "mail",
            f"readers know {host}, and mail comes from {domain}",
            "a name that readers know is trusted sooner: MAIL_FROM",
        )
    if not place.site.contact:
        yield fail("mail", "nobody answers for a digest", f"set CONTACT in {CONF}")
    for person in place.site.people.values():
        if not person.address.isascii():
            yield fail(
                "mail",
                f"no mail server takes the address of {person.name!r}",
                "give an address of ASCII letters in PEOPLE",
            )


def transport(place: Place, mail: Mail) -> Iterator[Finding]:
    """By what mail goes, and whether its password is at hand; neither is printed."""
    if not mail.transport:
        yield note("mail", "no server to send by: firstword digest works", "set MAIL_TRANSPORT")
        return
    scheme = urlsplit(mail.transport).scheme
    if scheme == "ses":
        yield ok("mail", "goes by Amazon SES; its quota is read before each sending")
        return
    from firstword.mail.smtp import read_server

    try:
        server = read_server(mail.transport, place.environ)
    except SettingsError as error:
        yield fail("mail", str(error), "put it into the environment, or into ~/.netrc")
        return
    if server.secure == "plain" and not server.loopback:
        yield note("mail", f"goes to {server.host} unencrypted", "write smtp:// or smtps://")
    else:
        yield ok("mail", f"goes by {server.host}, port {server.port}")


def private(place: Place, mail: Mail) -> Iterator[Finding]:
    """Where the list lies: private, and there."""
    if mail.state.startswith("s3://"):
        yield from _bucket(place, mail)
        return
    from firstword.mail.place import in_git, published_folders, state_folder

    try:
        published = published_folders(place.root, place.settings, place.site)
        folder = state_folder(place.root, mail.state, published)
    except SettingsError as error:
        yield fail("mail", str(error), "name a folder of its own as MAIL_STATE, such as '.mail'")
        return
    if folder.is_dir() and in_git(folder):
        yield fail(
            "mail",
            f"git has what is in {mail.state!r}, or takes it with the next commit",
            f"git rm -r --cached {mail.state}; write /{mail.state}/ into .gitignore",
        )
        return
    there = sorted(path for path in folder.glob("*.db*") if path.is_file())
    if not there:
        yield note(
            "mail",
            f"no list of subscribers in {mail.state!r}: sending ends with 3",
            "firstword subscribers add, or import",
        )
        return
    open_to_all = [path.name for path in there if path.stat().st_mode & 0o077]
    if open_to_all:
        yield fail(
            "mail", f"others on this machine may read {open_to_all[0]!r}", "chmod 600 what is there"
        )
    else:
        yield ok("mail", f"the list lies in {mail.state!r}, and only its owner may read it")


def _bucket(place: Place, mail: Mail) -> Iterator[Finding]:
    from firstword.mail.bucket import open_private_store
    from firstword.store import Remote

    try:
        store = open_private_store("MAIL_STATE", mail.state, place.site.publish_to, place.environ)
        unknown = store.exposure().unknown if isinstance(store, Remote) else ()
    except FirstwordError as error:
        yield fail("mail", str(error), "mend that first: nothing is sent without the list")
        return
    for what in unknown:
        yield note(
            "mail", f"whether strangers may read {mail.state!r} could not be told from {what}"
        )
    if not unknown:
        yield ok(
            "mail", f"the list lies in {mail.state!r}, where strangers may neither write nor read"
        )


def inbox(place: Place, mail: Mail) -> Iterator[Finding]:
    """Where mail to MAIL_INBOX is read, as far as that can be told without a login."""
    if mail.received:
        from firstword.mail.bucket import open_private_store
        from firstword.mail.received import Dated

        try:
            store = open_private_store(
                "MAIL_RECEIVED", mail.received, place.site.publish_to, place.environ
            )
            if not isinstance(store, Dated):
                yield fail("mail", f"not a bucket: {mail.received!r}", "mend MAIL_RECEIVED")
                return
            waits = next(iter(store.dated()), None)
        except FirstwordError as error:
            yield fail("mail", str(error), "nobody can subscribe or leave by mail until then")
            return
        if waits is None:
            yield note(
                "mail",
                f"nothing lies in {mail.received!r}",
                "a receipt rule of SES puts mail to MAIL_INBOX there; write one to try it",
            )
        else:
            yield ok("mail", f"mail to {mail.inbox} is read from {mail.received!r}")
    elif mail.imap:
        from firstword.mail.imap import read_mailbox

        try:
            server, folder = read_mailbox(mail.imap, place.environ)
        except SettingsError as error:
            yield fail("mail", str(error), "put it into the environment, or into ~/.netrc")
            return
        yield ok("mail", f"mail to {mail.inbox} is read from {folder} at {server.host}")


def one_click(_place: Place, mail: Mail) -> Iterator[Finding]:
    """How people get out of the list."""
    if mail.one_click or mail.hosted:
        yield ok("mail", "people leave with one click (RFC 8058)")
    else:
        yield note(
            "mail",
            "people leave by a mail to MAIL_INBOX; some mail programs ask for one click",
            "docs/mail.md tells what it takes: a contact list of SES, or an HTTPS address",
        )


CHECKS: tuple[Callable[[Place, Mail], Iterator[Finding]], ...] = (
    *(sender, transport, private, inbox, one_click),
)


def mail(place: Place) -> Iterator[Finding]:
    """All of it, where the site sends mail."""
    if place.site.mail is not None:
        for check in CHECKS:
            yield from check(place, place.site.mail)
