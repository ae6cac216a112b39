"""A message as values → its text and its HTML. Both say the same; the text lacks nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from css_inline import CSSInliner

from firstword.clock import Clock
from firstword.digest.telling import Line, Story, Telling
from firstword.errors import MailError
from firstword.render import Renderer
from firstword.render.page import Page
from firstword.words import Language

TEMPLATE = "mail.html"
_RULE = "-" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a message under a heading; the first of a single update has none."""

    heading: str
    stories: tuple[Story, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """All that a message says."""

    subject: str
    #: The first line, which lists of messages show.
    kicker: str
    sections: tuple[Section, ...]
    site: str
    home: str
    subscribe: str
    #: Where an unsubscribing reader goes.
    leave: str
    #: Where a reader goes who wants no more of this story; "" = nowhere.
    mute: str
    #: What the whole is, such as of which week; empty where it is one story with a title.
    heading: str
    #: What it is dated.
    at: datetime


def as_html(message: Message, renderer: Renderer) -> str:
    """Render a message with the theme's template, its styles where mail programs leave them.

    Raises MailError where a theme has none.
    """
    if TEMPLATE not in renderer.sources:
        raise MailError(f"THEME: it has no {TEMPLATE}; Firstword's own can be copied")
    shown = Page(
        key="mail",
        template=TEMPLATE,
        context=lambda _clock: {"message": message},
        language=renderer.page.site.language,
    )
    # Nothing of a message depends on when it is made.
    return _inliner().inline(renderer.render(shown, Clock(message.at)).decode())


@lru_cache(1)
def _inliner() -> CSSInliner:
    """Return what moves styles into the elements; what is in a media query stays."""
    return CSSInliner(keep_at_rules=True, minify_css=True, load_remote_stylesheets=False)


def as_text(message: Message, language: Language) -> str:
    """Write a message as plain text, lines separated by a line feed."""
    return "\n".join(_lines(message, language)) + "\n"


def _lines(message: Message, language: Language) -> Iterator[str]:
    yield message.kicker
    if message.heading:
        yield from ("", message.heading)
    for section in message.sections:
        yield ""
        if section.heading:
            yield from (section.heading.upper(), _RULE, "")
        for number, story in enumerate(section.stories):
            yield from ("", "") if number else ()
            yield from _story(story)
        yield from ("",) if section.stories and section.lines else ()
        yield from _bullets(section.lines)
    yield from ("", "-- ", f"{message.site}: {message.home}")
    yield f"{language.say('Every way to hear from us')}: {message.subscribe}"
    if message.mute:
        yield f"{language.say('No more about this')}: {message.mute}"
    yield f"{language.say('Unsubscribe')}: {message.leave}"


def _story(story: Story) -> Iterator[str]:
    if story.title:
        yield story.title
        if story.state:
            yield story.state
        yield ""
    for telling in story.tellings:
        yield from _telling(telling)
    if story.lines:
        if story.tellings:
            yield from ("", story.label)
        yield from _bullets(story.lines)


def _telling(telling: Telling) -> Iterator[str]:
    yield f"{telling.state}. {telling.signature}" if telling.state else telling.signature
    yield ""
    yield telling.text
    yield ""
    for label, value in telling.facts:
        yield f"{label}: {value}"
    if telling.facts:
        yield ""
    if telling.reply:
        yield f"{telling.reply}: {telling.reply_to}"
    yield telling.link


def _bullets(lines: Iterable[Line]) -> Iterator[str]:
    for line in lines:
        yield f"- {line.label}: {line.text}" if line.text else f"- {line.label}"
        if line.next_word:
            yield f"  {line.next_word}"
        if line.signed:
            yield f"  {line.signed}"
        if line.reply:
            yield f"  {line.reply}: {line.reply_to}"
        yield f"  {line.link}"
