"""Reading the mailbox: each message is decided about, the list changed, the answer sent, all noted.

In this order, each step written to the disk before the next, and each safe to repeat: after a death
an answer that may have left goes out again under the same Message-ID.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from firstword.mail.deciding import Decision, Deed, Office, decide
from firstword.mail.events import UNPROVEN, apply, read_message
from firstword.mail.inbox import OLDEST, Inbox, State
from firstword.mail.incoming import Incoming, read_incoming
from firstword.mail.ledger import Fate
from firstword.mail.parcel import Standing
from firstword.mail.people import Asked
from firstword.mail.transport import Lane, Transport
from firstword.values import replace

#: Answers to one address within a day, and answers of one run.
ANSWERS_A_DAY = 4
ANSWERS_A_RUN = 200
#: How often an answer is tried that the server puts off, or at which the process dies.
_TRIES = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A message in the mailbox: its number there, when it came (UTC), and how it begins."""

    number: int
    at: datetime
    raw: bytes


class Mailbox(Protocol):
    """Where mail comes in. Everything raises MailError where the server fails."""

    #: as people call it, without user and password
    name: str

    def unread(self, notes: Inbox, since: datetime) -> Iterator[Found]:
        """Yield what came since and is not noted as read, the oldest first; changes nothing."""

    def passed(self, notes: Inbox, found: Found) -> None:
        """Note that a message, and all before it, need not be looked at again."""

    def mark(self, number: int, *, answered: bool) -> None:
        """Mark a message as read, and as answered where it was."""


@dataclass(slots=True)
class Synced:
    """What a run came to."""

    deeds: Counter[Deed] = field(default_factory=Counter)
    answers: int = 0
    #: Done, but not answered: this address has been answered too often today.
    quiet: int = 0
    #: Answers that the server put off: the next run tries again.
    waiting: int = 0
    #: Answers that the server will not take, or that were tried too often.
    unanswered: int = 0
    #: Whom delivery reports and complaints took off the list, and how many prove nothing.
    reported: Counter[Standing] = field(default_factory=Counter)
    unproven: int = 0
    #: Commands of senders whom our server vouches for.
    believed: int = 0
    #: Why it ended early; "" = it did not.
    stopped: str = ""

    @property
    def nobody_believed(self) -> bool:
        """Whether there were commands, and our server vouched for no one's."""
        return bool(self.deeds[Deed.DOUBTED] and not self.believed)

    @property
    def needs_another(self) -> bool:
        """Whether something is left to do, or to look at."""
        return bool(self.waiting or self.unanswered or self.stopped or self.nobody_believed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where messages are dealt with. `answer` writes the message for a decision."""

    office: Office
    inbox: Inbox
    answer: Callable[[Incoming, Decision], bytes]
    #: By which name our mail server signs its findings, and which addresses are ours.
    server: str
    ours: frozenset[str]


def sync(desk: Desk, mailbox: Mailbox, transport: Transport, now: datetime) -> Synced:
    """Deal with what came in since the last time. `now` is UTC. Raises MailError."""
    lane = transport.open()
    try:
        return _Run(desk, mailbox, lane, now).run()
    finally:
        lane.close()


class _Run:
    """One reading of the mailbox."""

    def __init__(self, desk: Desk, mailbox: Mailbox, lane: Lane, now: datetime) -> None:
        self._desk = desk
        self._mailbox = mailbox
        self._lane = lane
        self._now = now
        self._synced = Synced()

    def run(self) -> Synced:
        """Deal with one message after the other."""
        inbox, mailbox, synced = self._desk.inbox, self._mailbox, self._synced
        inbox.forget_old(self._now)
        self._desk.office.people.pending(self._now)  # forgets whose request has lapsed
        inbox.judged_by(mailbox.name, self._desk.server)
        for found in mailbox.unread(inbox, self._now - OLDEST):
            self._deal(found)
            if synced.stopped:
                break
            # What waits keeps its place, and all behind it: what is done there is known by its key.
            if not synced.waiting:
                mailbox.passed(inbox, found)
        return synced

    def _deal(self, found: Found) -> None:
        desk, synced = self._desk, self._synced
        mail = read_incoming(found.raw, desk.server, desk.ours)
        state, tries = desk.inbox.state(mail.key) or (None, 0)
        if state is State.DONE:
            # Perhaps this process died before it could be marked.
            self._mailbox.mark(found.number, answered=bool(tries))
            return
        decision = decide(mail, desk.office, self._now)
        if decision.deed is Deed.LEFT and self._reports(mail, found):
            return
        if decision.deed in {Deed.LEFT, Deed.DOUBTED}:
            synced.deeds[decision.deed] += 1
            return
        synced.believed += mail.proven
        answers = self._answers(mail, decision)
        if answers and synced.answers >= ANSWERS_A_RUN:
            synced.stopped = f"{ANSWERS_A_RUN} answers are enough for one run"
            return
        if answers or decision.deed is not Deed.ASKED:
            # Who is not asked to confirm cannot, and is not waited for.
            self._change_list(decision)
        desk.inbox.take(mail.key, decision.person, self._now, answers=answers)
        if not self._finish(mail, decision, tries, answers=answers):
            return
        desk.inbox.done(mail.key)
        synced.deeds[decision.deed] += 1
        self._mailbox.mark(found.number, answered=answers)

    def _reports(self, mail: Incoming, found: Found) -> bool:
        """Take in what a report tells of a letter of ours; tell whether it is one that counts."""
        report = read_message(self._desk.office.people, found.raw) if mail.automatic else None
        if report is None:
            return False
        if report is UNPROVEN:
            self._synced.unproven += 1
            return False
        if report.state is None:
            # It is noted, and lies there for a person as before.
            dated = replace(report, at=report.at or found.at)
            apply(self._desk.office.people, iter([dated]))
            return False
        self._synced.reported += apply(self._desk.office.people, iter([report]))
        self._desk.inbox.take(mail.key, report.person, self._now, answers=False)
        self._desk.inbox.done(mail.key)
        self._mailbox.mark(found.number, answered=False)
        return True

    def _answers(self, mail: Incoming, decision: Decision) -> bool:
        """Tell whether there is to be an answer: not too many to one address."""
        if not decision.to:
            return False
        had = self._desk.inbox.answered(decision.person, self._now - _DAY, but=mail.key)
        if had >= ANSWERS_A_DAY:
            self._synced.quiet += 1
        return had < ANSWERS_A_DAY

    def _change_list(self, decision: Decision) -> None:
        people = self._desk.office.people
        if decision.deed is Deed.JOINED and decision.subscriber:
            people.put([decision.subscriber])
        elif decision.deed is Deed.ASKED and decision.subscriber and decision.until:
            cadence = decision.subscriber.cadence
            people.note_asked(Asked(decision.person, cadence, decision.until))
        elif decision.deed is Deed.GONE:
            people.set_state(decision.person, Standing.UNSUBSCRIBED)
        elif decision.deed in {Deed.MUTED, Deed.UNMUTED}:
            people.mute(decision.person, decision.story, mutes=decision.deed is Deed.MUTED)

    def _finish(self, mail: Incoming, decision: Decision, tries: int, *, answers: bool) -> bool:
        """Send the answer, if there is one; tell whether the message is dealt with."""
        synced = self._synced
        if not answers:
            return True
        if tries >= _TRIES:
            synced.unanswered += 1
            return True
        outcome = self._lane.send(decision.to, self._desk.answer(mail, decision))
        if outcome.stop:
            self._desk.inbox.not_tried(mail.key)
            synced.stopped = f"the server {outcome.stop}"
            return False
        if outcome.fate in {Fate.DEFERRED, Fate.UNKNOWN}:
            synced.waiting += 1
            return False
        if outcome.fate is Fate.ACCEPTED:
            synced.answers += 1
        else:
            synced.unanswered += 1
        return True
