"""One update, a story in a digest, a promise → what a message says of them, as text and as HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from firstword import urls
from firstword.clock import Clock
from firstword.digest.gather import Item
from firstword.digest.plain import as_text
from firstword.digest.reader import page_for, translated
from firstword.feeds.facts import Told, facts, signature, signer, told
from firstword.feeds.text import first_paragraphs, first_words, legal
from firstword.mail.parcel import Look
from firstword.markup import Markup
from firstword.model import Facts, Incident, Person, Status, Update
from firstword.page import Promise, PromiseKind, StatusPage
from firstword.values import replace
from firstword.words import Language, speak

#: Earlier updates in a message, a line each; the story's page has all.
EARLIER = 5
_JOINERS = "\u200c\u200d"
_PICTURE = re.compile(r'<img\b[^>]*?(?: alt="([^"]*)"[^>]*)?>')


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An update in full."""

    #: What it says of the whole: its status; empty where that stands above it.
    state: str
    signature: str
    #: Sanitised, links absolute, no pictures.
    html: str
    text: str
    #: The language its words are in.
    code: str
    facts: tuple[tuple[str, str], ...]
    #: "Reply to Dawn Okafor", and where that goes; empty where nobody can be asked.
    reply: str
    reply_to: str
    mailto: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An update or a promise in one line."""

    #: What leads to more.
    label: str
    text: str
    link: str
    #: "Next word by 14:30 UTC"; empty where none is promised, or where it is told elsewhere.
    next_word: str = ""
    #: Who signed it, in what role, and when; empty where the label says so.
    signed: str = ""
    #: As in a telling; empty where whoever said it is asked elsewhere.
    reply: str = ""
    reply_to: str = ""
    mailto: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story in a message."""

    title: str
    link: str
    #: How it stands, in a line.
    state: str
    tellings: tuple[Telling, ...]
    lines: tuple[Line, ...]
    #: What stands above the lines: "Earlier:".
    label: str = ""


class Teller:
    """Tells stories to somebody of one look."""

    def __init__(
        self, page: StatusPage, look: Look, markup: Markup, *, at: datetime, short: bool = False
    ) -> None:
        """Take a page in the site's own language, and when it is told (UTC).

        `short` tells only how each update begins.
        """
        self.original = page.site
        self.page = page_for(page, look)
        self.site = self.page.site
        self.language: Language = speak(self.site, look.language)
        self._look = look
        self._markup = markup
        self._short = short
        self._clock = Clock(at)

    # ── one update ───────────────────────────────────────────────────────────────────────────────

    def update(self, story: Incident, update: Update) -> Telling:
        """Tell an update in full, as it stood when it was published."""
        theirs, missing = self.translation(story)
        entry = told(theirs, story.updates.index(update))
        rendered = _without_pictures(
            urls.absolute_text(self.site, story, self._markup.html(entry.update.body))
        )
        reply, reply_to, mailto = self._reply(story, self.who_answers(update.author))
        return Telling(
            state=self.language.word(update.status),
            signature=legal(signature(self.site, theirs, update)),
            html=_beginning(rendered) if self._short else rendered,
            text=as_text(rendered),
            code=self.original.language if update.id in missing else self.language.code,
            facts=tuple(self._facts(entry)),
            reply=reply,
            reply_to=reply_to,
            mailto=mailto,
            link=urls.absolute(self.site, urls.update_path(story, update)),
        )

    def _reply(self, story: Incident, person: Person | None) -> tuple[str, str, str]:
        """Return "Reply to Dawn Okafor", the address, and the link; empty where nobody answers."""
        if person is None:
            return "", "", ""
        subject = f"Re: {one_line(subject_of(story))}"
        label = self.language.say("Reply to %(name)s", name=person.shown)
        return label, person.address, urls.reply_address(person.address, subject)

    def who_answers(self, name: str) -> Person | None:
        """Return who answers for a signature when this is told."""
        return self.original.who_answers(name, self._clock.day_over(self.original.timezone))

    def translation(self, story: Incident) -> tuple[Incident, frozenset[str]]:
        """Return a story in the reader's language, and what of it nobody translated."""
        return translated(story, self._look.language, self.original)

    def _facts(self, entry: Told) -> Iterator[tuple[str, str]]:
        for label, value in facts(self.page, entry, self._markup):
            yield legal(label), legal(value)

    def kicker(self, story: Incident, update: Update) -> str:
        """Say how things stand after an update, in the line that lists of messages show."""
        moment = story.timeline[story.updates.index(update)]
        parts = [self.language.word(update.status)]
        if done := self._done(story, update):
            parts = [f"{self.language.word('done')}: {done}"]
        elif update.status is not moment.status:
            # An answer, a correction: things stand as they did.
            parts.append(self.language.word(moment.status))
        promised = self.next_word(update)
        if moment.status is Status.SCHEDULED and (planned := self._planned(moment.facts)):
            start = moment.facts.scheduled_for
            # With both ends a next word would be out of sight.
            parts.append(self.language.moment(start) if promised and start else planned)
        return legal(" · ".join([*parts, promised] if promised else parts))

    def _done(self, story: Incident, update: Update) -> str:
        """Return what was promised and an update says is done, where it says nothing else."""
        if update.status is not Status.UPDATE:
            return ""
        texts = self._follow_ups(story)
        done = [first_words(self._markup.html(texts[n])) for n in update.done if n in texts]
        return self.language.join(done)

    def _follow_ups(self, story: Incident) -> dict[int, str]:
        """Return what was promised, by number; in the language of the letter where it is told."""
        theirs, _ = self.translation(story)
        return {one.number: one.text for one in (*story.follow_ups, *theirs.follow_ups)}

    def _planned(self, facts: Facts) -> str:
        """Say when something takes place; empty where that is not said."""
        start, end = facts.scheduled_for, facts.scheduled_until
        if not start or not end:
            return ""
        return self.language.say(
            "%(start)s to %(end)s",
            start=self.language.moment(start),
            end=self.language.near(end, start),
        )

    def next_word(self, update: Update) -> str:
        """Say when an update promises the next word; empty where it does not."""
        due = update.says.next
        if due is None:
            return ""
        return f"{self.language.say('Next word by')} {self.language.due(due)}"

    def line(self, story: Incident, update: Update) -> Line:
        """Tell an update in a line."""
        theirs, _ = self.translation(story)
        said = theirs.find(update.at) or update
        at, status = self.language.moment(update.at), self.language.word(update.status)
        label = f"{at} · {signer(self.site, update)} · {status}"
        text = first_words(self._markup.html(said.body))
        link = urls.absolute(self.site, urls.update_path(story, update))
        return Line(label=legal(label), text=text, link=link)

    def earlier(self, story: Incident, before: Sequence[Update]) -> tuple[Line, ...]:
        """Tell what was said before, the newest first; a link leads to what no longer fits."""
        return self._newest(story, [update for update in before if update.notify], EARLIER)

    def _newest(self, story: Incident, before: Sequence[Update], many: int) -> tuple[Line, ...]:
        newest = list(reversed(before))
        lines = [self.line(story, update) for update in newest[:many]]
        if rest := newest[many:]:
            more = self.language.say_many(
                "%(count)s more before this", "%(count)s more before these", len(rest)
            )
            lines.append(Line(label=more, text="", link=self.link(story)))
        return tuple(lines)

    def more(self, many: int, path: str) -> Line:
        """Say how many are left out here, and where they are."""
        return Line(label=self.many_more(many), text="", link=urls.absolute(self.site, path))

    def many_more(self, many: int) -> str:
        """Say that there are so many more."""
        return self.language.say_many("and %(count)s more", "and %(count)s more", many)

    def link(self, story: Incident) -> str:
        """Return the address of a story's page."""
        return urls.absolute(self.site, urls.incident_path(story))

    def title(self, story: Incident) -> str:
        """Return the title that holds."""
        return legal(self.translation(story)[0].title)

    # ── in a digest ──────────────────────────────────────────────────────────────────────────────

    def item(self, item: Item) -> Story:
        """Tell a story of a digest: its newest word in full, those of the same window in a line."""
        story = item.incident
        said = [word.update for word in item.words]
        tellings: tuple[Telling, ...] = ()
        lines: tuple[Line, ...] = ()
        if said:
            newest = self.update(story, said[-1])
            if said[-1].status is story.status:
                # The line above says so already.
                newest = replace(newest, state="")
            tellings = (newest,)
            lines = self._newest(story, said[:-1], EARLIER if self._short else len(said))
        elif item.newest:
            person = self.who_answers(item.newest.author)
            reply, reply_to, mailto = self._reply(story, person)
            lines = (
                replace(
                    self.line(story, item.newest),
                    next_word=self.next_word(item.newest),
                    reply=reply,
                    reply_to=reply_to,
                    mailto=mailto,
                ),
            )
        return Story(
            title=self.title(story),
            link=self.link(story),
            state=self.standing(item),
            tellings=tellings,
            lines=lines,
            label=self.language.say("Earlier:") if lines and tellings else "",
        )

    def standing(self, item: Item) -> str:
        """Say how a story stands: its status, when it takes place, what it touches."""
        story, language = item.incident, self.language
        parts = [language.word(story.status)]
        planned = self._planned(story.facts) if story.is_open else ""
        if planned:
            parts.append(planned)
        elif item.next_time:
            parts.append(language.moment(item.next_time))
        if names := [self.page.component(name).name for name in story.component_ids]:
            parts.append(language.join(names))
        return legal(" · ".join(parts))

    def promise(self, promise: Promise) -> Line:
        """Tell what came of a promise, who signed it, and who can be asked about it."""
        language, story, author = self.language, promise.incident, promise.update.author
        theirs, _ = self.translation(story)
        due = language.say("by %(due)s", due=language.due(promise.due))
        came = f"{language.word(promise.outcome)} ({self.title(story)})"
        if promise.follow_up:
            number = promise.follow_up.number
            what = " ".join(self._markup.plain(self._follow_ups(story)[number]).split())
            if promise.person != author:
                # It may be owed by somebody else than who wrote it down.
                person = self.original.people.get(promise.person)
                who = person.shown if person else promise.person
                due = language.say("%(name)s, %(at)s", name=due, at=who)
            came = f"{due}: {came}"
        else:
            label = {
                PromiseKind.NEXT: language.say("Next word"),
                PromiseKind.EXPECTED: language.say("Expected"),
            }[promise.kind]
            what = f"{label} {due}"
        settled = promise.settled_by or promise.update
        signed = signature(self.site, theirs, promise.update)
        answers = self.who_answers(promise.person) or self.who_answers(author)
        reply, reply_to, mailto = self._reply(story, answers)
        return Line(
            label=legal(what),
            text=legal(came),
            link=urls.absolute(self.site, urls.update_path(story, settled)),
            signed=legal(language.say("Promised: %(signature)s", signature=signed)),
            reply=reply,
            reply_to=reply_to,
            mailto=mailto,
        )


def subject_of(story: Incident) -> str:
    """Return what every message about a story has as its subject: the title it began with.

    In the site's language for all: a translation may come when the thread has begun.
    """
    return story.first.title or story.title


def one_line(text: str) -> str:
    """Return a text that can stand in a header: one line, nothing that does not show.

    What joins or parts letters shows: many names and words are misspelt without.
    """
    return "".join(c for c in " ".join(text.split()) if c.isprintable() or c in _JOINERS)


def _without_pictures(rendered: str) -> str:
    """Leave what a picture shows in its place: mail loads nothing."""
    return _PICTURE.sub(lambda found: f"<em>{found[1]}</em>" if found[1] else "", rendered)


def _beginning(rendered: str) -> str:
    """Return how an update begins, as HTML."""
    lines = first_paragraphs(rendered).split("\n")
    return "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in lines)
