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
from firstword.model import Incident, Person, Update
from firstword.page import Promise, PromiseKind, StatusPage
from firstword.values import replace
from firstword.words import Language, speak

#: Earlier updates in a message, a line each; the story's page has all.
EARLIER = 5
_PICTURE = re.compile(r'<img\b[^>]*?(?: alt="([^"]*)"[^>]*)?>')


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An update in full."""

    #: What it says of the whole: its status.
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
        label = self.language.say_many("and %(count)s more", "and %(count)s more", many)
        return Line(label=label, text="", link=urls.absolute(self.site, path))

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
            tellings = (self.update(story, said[-1]),)
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
        start, end = story.facts.scheduled_for, story.facts.scheduled_until
        if story.is_open and start and end:
            parts.append(
                language.say(
                    "%(start)s to %(end)s",
                    start=language.moment(start),
                    end=language.near(end, start),
                )
            )
        elif item.next_time:
            parts.append(language.moment(item.next_time))
        if names := [self.page.component(name).name for name in story.component_ids]:
            parts.append(language.join(names))
        return legal(" · ".join(parts))

    def promise(self, promise: Promise) -> Line:
        """Tell what came of a promise, who signed it, and who can be asked about it."""
        language, story, author = self.language, promise.incident, promise.update.author
        theirs, _ = self.translation(story)
        what = {
            PromiseKind.NEXT: language.say("Next word"),
            PromiseKind.EXPECTED: language.say("Expected"),
        }.get(promise.kind, "")
        if promise.follow_up:
            number = promise.follow_up.number
            texts = {f.number: f.text for f in (*story.follow_ups, *theirs.follow_ups)}
            what = " ".join(self._markup.plain(texts[number]).split())
        if promise.person != author:
            # A follow-up may be owed by somebody else than who wrote it down.
            person = self.original.people.get(promise.person)
            what = f"{person.shown if person else promise.person}: {what}"
        due = language.say("by %(due)s", due=language.due(promise.due))
        settled = promise.settled_by or promise.update
        signed = signature(self.site, theirs, promise.update)
        answers = self.who_answers(promise.person) or self.who_answers(author)
        reply, reply_to, mailto = self._reply(story, answers)
        return Line(
            label=legal(what),
            text=legal(f"{due}: {language.word(promise.outcome)} ({self.title(story)})"),
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
    """Return a text that can stand in a header: one line, nothing that does not show."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _without_pictures(rendered: str) -> str:
    """Leave what a picture shows in its place: mail loads nothing."""
    return _PICTURE.sub(lambda found: f"<em>{found[1]}</em>" if found[1] else "", rendered)


def _beginning(rendered: str) -> str:
    """Return how an update begins, as HTML."""
    lines = first_paragraphs(rendered).split("\n")
    return "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in lines)
