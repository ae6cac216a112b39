"""What is answered to whoever subscribes or leaves by mail: labels, in their language. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from firstword import urls
from firstword.digest.headers import POLICY, mailbox
from firstword.digest.mime import put_text
from firstword.digest.telling import one_line
from firstword.mail.commands import Verb, wishes_of
from firstword.mail.deciding import Decision, Deed
from firstword.mail.incoming import Incoming
from firstword.mail.parcel import Cadence, Subscriber
from firstword.mail.place import mail_of
from firstword.model import Site
from firstword.values import replace
from firstword.words import Language, speak


def agreed_words(site: Site, one: Subscriber) -> str:
    """Say what somebody agrees to hear, in their language: a line each."""
    return "\n".join(_agreed(site, one, _language(site, one)))


def write_answer(
    site: Site, mail: Incoming, decision: Decision, *, leave: str, now: datetime, title: str = ""
) -> bytes:
    """Return the message that answers another one. `leave` is the token that unsubscribes.

    `title` is that of the story that is muted, where readers have been told of it; else its id.
    The same message is answered under the same Message-ID. Raises Unmailable.
    """
    language = _language(site, decision.subscriber, decision.language)
    settings = mail_of(site)
    confirms = ""
    if decision.deed is Deed.ASKED and decision.subscriber:
        confirms = f"{Verb.CONFIRM} {wishes_of(decision.subscriber)} {decision.token}"
    story = one_line(title) or decision.story
    lines = list(_lines(site, decision, language, confirms=confirms, leave=leave, story=story))
    message = EmailMessage(policy=POLICY)
    message["From"] = mailbox(site.name, settings.sender, "MAIL_FROM")
    message["To"] = decision.to
    # An answer to the request is the confirmation: it has to come back to where it is read.
    reply = settings.inbox if confirms or not site.contact else site.contact
    message["Reply-To"] = mailbox(site.name, reply, "CONTACT")
    message["Subject"] = confirms or one_line(f"{site.name}: {lines[0]}")
    message["Date"] = format_datetime(now)
    message["Message-ID"] = urls.message_id(f"a.{mail.key[:32]}", urls.mail_domain(site))
    if mail.message_id and decision.deed is not Deed.GONE:
        message["In-Reply-To"] = mail.message_id
        message["References"] = mail.message_id
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    message["Content-Language"] = language.code
    put_text(message, "\n".join([*lines, "", "-- ", site.name, urls.absolute(site, urls.HOME), ""]))
    return message.as_bytes(policy=POLICY)


def _lines(
    site: Site, decision: Decision, language: Language, *, confirms: str, leave: str, story: str
) -> Iterator[str]:
    """Yield an answer's lines; the first says what it is about."""
    say, one = language.say, decision.subscriber
    inbox = mail_of(site).inbox
    page = urls.absolute(site, urls.SUBSCRIBE)
    if decision.deed is Deed.ASKED and one and decision.until:
        yield say("To confirm, reply to this message.")
        yield from ("", *_agreed(site, one, language), "")
        yield from (say("To confirm in a message of its own:"), urls.mail_to(inbox, confirms))
        yield from (say("It can be confirmed until:"), language.moment(decision.until), "")
        yield say(
            "Not you? Then do nothing: your address is put on no list. What is kept is the message "
            "that asked, in our mailbox, and for 90 days a code made from your address, from which "
            "it cannot be read."
        )
    elif decision.deed is Deed.JOINED and one:
        yield say("You are subscribed.")
        yield from ("", *_agreed(site, one, language), "")
        yield from (say("To change it:"), page)
        yield from (say("To end it:"), urls.mail_to(inbox, f"{Verb.UNSUBSCRIBE} {leave}"))
    elif decision.deed is Deed.GONE:
        yield say("You are not subscribed any more.")
        yield from ("", say("To subscribe again:"), page)
    elif decision.deed is Deed.MUTED:
        yield say("You get no more mail about this:")
        yield from (story, "", say("To hear of it again:"))
        yield urls.mail_to(inbox, f"{Verb.UNMUTE} {decision.story} {leave}")
        yield from (say("To end it all:"), urls.mail_to(inbox, f"{Verb.UNSUBSCRIBE} {leave}"))
    elif decision.deed is Deed.UNMUTED:
        yield from (say("You get mail about this again:"), story)
    elif decision.deed is Deed.EXPIRED:
        yield say("This can no longer be confirmed.")
        yield from ("", say("To ask again:"), page)
    else:
        yield say("Not understood.")
        if wrong := decision.problem:
            yield from ("", f"{wrong.name}={wrong.value}", say("What can stand there:"))
            yield from (f"{wrong.name}={value}" for value in wrong.allowed)
        yield from ("", say("To ask again:"), page)


def _agreed(site: Site, one: Subscriber, language: Language) -> Iterator[str]:
    paces = {
        Cadence.IMMEDIATE: language.say("Every update as it is signed"),
        Cadence.DAILY: language.say("Once a day, where there was something"),
        Cadence.WEEKLY: language.say("Once a week, where there was something"),
    }
    yield f"{site.name}: {paces[one.cadence]}"
    if one.components:
        names = [site.components[name].name for name in sorted(one.components)]
        label = language.say("Components")
        yield f"{label}: {language.join(names)}"
    if one.kinds:
        yield language.join([language.word(kind, many=True) for kind in sorted(one.kinds)])


def _language(site: Site, one: Subscriber | None, asked: str = "") -> Language:
    """Return the language, in the zone, of somebody; else what is asked for, or the site's."""
    if one is None:
        return speak(site, asked)
    zone = ZoneInfo(one.zone) if one.zone else site.timezone
    return replace(speak(site, one.language), zone=zone)
