"""Editions → letters: the one who writes mail, for those who send it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

from firstword import urls
from firstword.clock import Clock
from firstword.digest.editions import announcement, next_time, said_in
from firstword.digest.gather import Gathered, concerns, gather, stories_of
from firstword.digest.headers import POLICY, Unmailable, mailbox, put_common
from firstword.digest.layout import Message, Section, as_html, as_text
from firstword.digest.mime import put_body, split
from firstword.digest.published import TICK, published_before
from firstword.digest.sections import kicker_of, sections_of
from firstword.digest.telling import Story, Teller, subject_of
from firstword.digest.windows import Window, parse_window
from firstword.mail.parcel import SES_HOLE, TOKEN_HOLE, Cadence, Edition, Letter, Look
from firstword.markup import Markup
from firstword.model import Incident, Mail, Update
from firstword.page import StatusPage
from firstword.render import Renderer
from firstword.values import replace

#: Gmail on a telephone cuts a message's HTML at about this size, Gmail elsewhere at 102 KB.
HEAVY = 20_000
TOO_HEAVY = 80_000
DIGESTS = frozenset({Cadence.DAILY, Cadence.WEEKLY})
_TOKEN = TOKEN_HOLE.decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A letter with what somebody may want to know before it is sent."""

    letter: Letter
    #: Bytes of its HTML.
    size: int
    #: Only how each update begins is in its HTML.
    shortened: bool
    first_line: str

    @property
    def heavy(self) -> bool:
        """Whether some mail programs will cut it."""
        return self.size > HEAVY


@dataclass(frozen=True)
class Composer:
    """Writes editions, as `mail.parcel.Composer` asks. Answers depend on the arguments alone."""

    page: StatusPage
    markup: Markup
    theme: Path
    #: Folders of templates that stand in for the theme's.
    overrides: tuple[Path, ...] = ()
    #: Edition → its stories, as they stood then, and of which there is a word: for every look.
    _told: dict[str, tuple[tuple[Incident, ...], frozenset[str]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _looked: dict[str, Incident | None] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def mail(self) -> Mail:
        """What is set about mail. Raises Unmailable where nothing is."""
        if self.page.site.mail is None:
            raise Unmailable("MAIL_FROM: from which address does mail come?")
        return self.page.site.mail

    # ── for whom ─────────────────────────────────────────────────────────────────────────────────

    def alike(self, edition: Edition, look: Look) -> Look | None:
        """Return the look that stands for all who read the very same; None = nothing for them.

        Of a choice of parts, kinds and muted stories there is left what it leaves out here.
        """
        site = self.page.site
        same = Look(
            language="" if look.language == site.language else look.language,
            zone="" if look.zone == site.timezone.key else look.zone,
        )
        if edition.cadence not in DIGESTS:
            return same if concerns(self._story(edition), look) else None
        told, said = self._stories(edition)
        out = frozenset(story.id for story in told if not concerns(story, look))
        return replace(same, muted=out) if said - out else None

    def _stories(self, edition: Edition) -> tuple[tuple[Incident, ...], frozenset[str]]:
        """Return what a digest may tell of, and the ids of what somebody wrote about."""
        if edition.id not in self._told:
            window = self._window(edition)
            told = stories_of(self.page, window)
            said = frozenset(word.incident.id for word in said_in(self.page, told, window))
            self._told[edition.id] = told, said
        return self._told[edition.id]

    def _gathered(self, edition: Edition, look: Look) -> Gathered | None:
        return gather(self.page, self._window(edition), look, self._stories(edition)[0])

    def _window(self, edition: Edition) -> Window:
        return parse_window(edition.id, self.page.site.timezone)

    def _story(self, edition: Edition) -> Incident:
        """Return the story of an edition as it stood when its word was first published."""
        if edition.id not in self._looked:
            story = self.page.stories.get(edition.incident or "")
            end = edition.at + TICK
            told = published_before(story, self.page.records, end) if story else None
            self._looked[edition.id] = told
        found = self._looked[edition.id]
        if found is None:
            raise Unmailable(f"nothing is published of {edition.id!r}")
        return found

    # ── what ─────────────────────────────────────────────────────────────────────────────────────

    def compose(self, edition: Edition, look: Look, missed: tuple[str, ...] = ()) -> Letter:
        """Return the edition's letter; what was missed before stands inside. Raises Unmailable."""
        return self.written(edition, look, missed).letter

    def written(self, edition: Edition, look: Look, missed: tuple[str, ...] = ()) -> Composed:
        """Return the letter with its weight. Raises Unmailable for one that nobody would get."""
        found = self._written(edition, look, missed, short=False)
        if found.heavy:
            found = self._written(edition, look, missed, short=True)
        if found.size > TOO_HEAVY and edition.cadence in DIGESTS:
            found = self._written(edition, look, missed, short=True, few=True)
        if found.size > TOO_HEAVY:
            raise Unmailable(
                f"{edition.id}: its HTML has {found.size:,} bytes; mail programs cut it long "
                f"before, and {TOO_HEAVY:,} is where we stop"
            )
        return found

    def _written(
        self,
        edition: Edition,
        look: Look,
        missed: tuple[str, ...],
        *,
        short: bool,
        few: bool = False,
    ) -> Composed:
        teller = Teller(self.page, look, self.markup, at=edition.at, short=short)
        if edition.cadence in DIGESTS:
            message = self._digest(teller, edition, look, short=short, few=few)
            envelope = self._digest_headers(teller, message, edition)
        else:
            story = self._story(edition)
            update = self._update(edition, story)
            message = self._single(teller, edition, story, update, missed)
            envelope = self._single_headers(teller, message, edition, story, update)
        html = as_html(message, self._renderer(teller.page))
        text = as_text(message, teller.language)
        put_body(envelope, text, html)
        head, body = split(envelope)
        hosted = self.mail.hosted  # SES puts its own headers in
        letter = Letter(
            head=head,
            body=body,
            name=urls.mail_name(edition.id, edition.digest),
            domain=urls.mail_domain(self.page.site),
            unsubscribe_to="" if hosted else self.mail.inbox,
            one_click="" if hosted else self.mail.one_click,
        )
        first_line = next(line for line in text.split("\n") if line)
        return Composed(
            letter=letter, size=len(html.encode()), shortened=short, first_line=first_line
        )

    @cached_property
    def _templates(self) -> Renderer:
        """Who has loaded the theme's templates, once for all letters."""
        return Renderer(self.page, self.markup, self.theme, overrides=self.overrides)

    def _renderer(self, page: StatusPage) -> Renderer:
        return Renderer(
            page, self.markup, self.theme, overrides=self.overrides, like=self._templates
        )

    def _leave_link(self) -> str:
        if self.mail.hosted:
            return SES_HOLE
        if self.mail.one_click:
            return f"{self.mail.one_click}{_TOKEN}"
        return urls.mail_to(self.mail.inbox, f"unsubscribe {_TOKEN}")

    def _mute_link(self, story: Incident) -> str:
        """Return what mutes a story; "" where nobody would read it."""
        if not self.mail.reads_inbox:
            return ""
        return urls.mail_to(self.mail.inbox, f"mute {story.id} {_TOKEN}")

    def _message(
        self,
        edition: Edition,
        *,
        subject: str,
        kicker: str,
        sections: tuple[Section, ...],
        heading: str = "",
        mute: str = "",
    ) -> Message:
        site = self.page.site
        return Message(
            subject=subject,
            kicker=kicker,
            sections=sections,
            site=site.name,
            home=urls.absolute(site, urls.HOME),
            subscribe=urls.absolute(site, urls.SUBSCRIBE),
            leave=self._leave_link(),
            mute=mute,
            heading=heading,
            at=edition.at,
        )

    # ── one update, a reminder ───────────────────────────────────────────────────────────────────

    def _update(self, edition: Edition, story: Incident) -> Update:
        name = edition.id.rpartition("/")[2]
        if edition.cadence is Cadence.REMINDER:
            found = announcement(story)
        else:
            found = next((update for update in story.updates if update.id == name), None)
        if found is None:
            raise Unmailable(f"nothing is published of {edition.id!r}")
        return found

    def _single(
        self,
        teller: Teller,
        edition: Edition,
        story: Incident,
        update: Update,
        missed: Sequence[str],
    ) -> Message:
        language = teller.language
        told = teller.update(story, update)
        if edition.cadence is Cadence.REMINDER:
            kicker = language.word("reminder")
            if at := next_time(self.page, story, Clock(edition.at)):
                kicker += f" · {language.moment(at, weekday=True)}"
        else:
            kicker = teller.kicker(story, update)
            # Said once is enough, and this is two lines below.
            told = replace(told, state="")
        not_had = [u for u in story.updates if f"update/{story.id}/{u.id}" in missed]
        before = [u for u in story.updates if u.at < update.at and u not in not_had]
        sections = []
        if not_had:
            sections.append(
                Section(
                    heading=language.say("Not sent to you before"),
                    stories=tuple(
                        Story(
                            title="",
                            link="",
                            state="",
                            tellings=(teller.update(story, one),),
                            lines=(),
                        )
                        for one in reversed(not_had)
                    ),
                )
            )
        first = Story(
            title=teller.title(story),
            link=teller.link(story),
            state="",
            tellings=(told,),
            lines=() if not_had else teller.earlier(story, before),
            label=language.say("Earlier:"),
        )
        return self._message(
            edition,
            subject=subject_of(story),
            kicker=kicker,
            sections=(Section(heading="", stories=(first,)), *sections),
            mute=self._mute_link(story),
        )

    def _single_headers(
        self, teller: Teller, message: Message, edition: Edition, story: Incident, update: Update
    ) -> EmailMessage:
        site = self.page.site
        person = site.people.get(update.author)
        answers = teller.who_answers(update.author)
        name = person.shown if person else update.author
        reply = mailbox(answers.shown, answers.address, "PEOPLE") if answers else None
        link = urls.absolute(site, urls.update_path(story, update))
        root = urls.thread_root(site, story.id)
        return self._headers(
            teller,
            edition.at,
            message.subject,
            sender=f"{name} ({site.name})",
            reply=reply,
            list_name=Cadence.IMMEDIATE,
            link=link,
            root=root,
        )

    # ── a day, a week ────────────────────────────────────────────────────────────────────────────

    def _digest(
        self, teller: Teller, edition: Edition, look: Look, *, short: bool, few: bool
    ) -> Message:
        gathered = self._gathered(edition, look)
        if gathered is None:
            raise Unmailable(f"{edition.id}: nobody wrote anything for this reader")
        window, language = gathered.window, teller.language
        if window.cadence is Cadence.DAILY:
            span = language.day(window.first, weekday=True)
        else:
            span = language.say(
                "%(start)s to %(end)s",
                start=language.day(window.first),
                end=language.day(window.last),
            )
        return self._message(
            edition,
            subject=f"{self.page.site.name}: {span}",
            heading=span,
            kicker=kicker_of(gathered, teller),
            sections=tuple(sections_of(gathered, teller, short=short, few=few)),
        )

    def _digest_headers(self, teller: Teller, message: Message, edition: Edition) -> EmailMessage:
        site = self.page.site
        return self._headers(
            teller,
            edition.at,
            message.subject,
            sender=site.name,
            reply=mailbox(site.name, site.contact, "CONTACT") if site.contact else None,
            list_name=edition.cadence,
            link="",
            root="",
        )

    # ── both ─────────────────────────────────────────────────────────────────────────────────────

    def _headers(
        self,
        teller: Teller,
        at: datetime,
        subject: str,
        *,
        sender: str,
        reply: Address | None,
        list_name: Cadence,
        link: str,
        root: str,
    ) -> EmailMessage:
        site = self.page.site
        message = EmailMessage(policy=POLICY)
        message["From"] = mailbox(sender, self.mail.sender, "MAIL_FROM")
        if reply:
            message["Reply-To"] = reply
        put_common(message, at=at, subject=subject, language=teller.language.code)
        if root:
            message["In-Reply-To"] = root
            message["References"] = root
        message["List-Id"] = urls.list_id(site, list_name)
        message["List-Help"] = f"<{urls.absolute(site, urls.SUBSCRIBE)}>"
        message["List-Archive"] = f"<{urls.absolute(site, urls.HISTORY)}>"
        if link:
            message["Archived-At"] = f"<{link}>"
        return message
