"""Answers → a file's text, with the one update that is new in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from firstword.compose import compose, compose_update
from firstword.drafts.questions import Question, first_status, story_questions
from firstword.drafts.readings import Desk, read_answer
from firstword.model import ComponentChange, Facts, Incident, Kind, Person, Status, Update
from firstword.parse import parse
from firstword.parse.names import slug_of

#: Of a title, so much becomes the name of its file.
_LONGEST_NAME = 48
_FACTS = frozenset(Facts.__struct_fields__)


class Flaw(NamedTuple):
    """An answer that is missing or cannot be used."""

    name: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A file as it is to be written."""

    #: Relative to the site's root.
    path: str
    #: The whole file.
    text: str
    #: What is new in it: all of it, or one update.
    added: str
    slug: str
    update: Update


def draft_story(
    answers: Mapping[str, str],
    desk: Desk,
    signer: Person,
    *,
    folder: str,
    taken: Collection[str] = (),
) -> Draft | tuple[Flaw, ...]:
    """Begin a story; `taken` are the slugs that others have, `folder` is where stories lie.

    Returns what is wrong with the answers where they do not suffice.
    """
    try:
        kind: Kind = read_answer("kind", answers.get("kind", Kind.INCIDENT), answers, desk)
    except ValueError as error:
        return (Flaw("kind", str(error)),)
    values, flaws = _read(story_questions(kind), answers, desk)
    if flaws:
        return flaws
    day = desk.at.astimezone(desk.site.timezone).date()
    slug = values.get("slug") or _free_name(f"{day}-{_name(values['title'], kind)}", taken)
    if slug in taken:
        return (Flaw("slug", f"another story has this name: {slug!r}"),)
    # What a story begins with stands in front; what this word promises stands with it.
    own: dict[str, Any] = {k: values[k] for k in ("next", "expected") if k in values}
    named: Sequence[ComponentChange] = values.get("components", ())
    if any(change.status for change in named):
        own["components"] = tuple(named)
    first = {name: values[name] for name in values.keys() & _FACTS - own.keys()}
    if named:
        first["components"] = tuple(ComponentChange(change.id) for change in named)
    update = _update(values, desk.at, signer, values.get("status") or first_status(kind), own)
    path = f"{folder}/{day.year}/{slug}.md"
    story = {"started", "about", "repeats", "remind", "draft", "drill"}
    incident = Incident(
        id=slug,
        slug=slug,
        path=path,
        kind=kind,
        first=Facts(**first),
        updates=(update,),
        **{name: values[name] for name in values.keys() & story},
    )
    try:
        text = compose(incident, desk.site.timezone)
    except ValueError as error:
        return (Flaw("", str(error)),)
    if flaw := _another(path, text, "", update, desk):
        return (flaw,)
    return Draft(path=path, text=text, added=text, slug=slug, update=update)


def draft_update(
    answers: Mapping[str, str],
    questions: Sequence[Question],
    desk: Desk,
    signer: Person,
    *,
    text: str,
) -> Draft | tuple[Flaw, ...]:
    """Add one update to the text of the story on the desk; nothing else of that text changes."""
    story = desk.story
    assert story is not None  # noqa: S101 - who calls has picked one
    values, flaws = _read(questions, answers, desk)
    if flaws:
        return flaws
    status: Status = values.get("status") or Status.UPDATE
    if "question" in values:
        quoted = "\n".join(f"> {line}".rstrip() for line in values["question"].splitlines())
        values["say"] = f"{quoted}\n\n{values['say']}"
    own = {name: values[name] for name in values.keys() & _FACTS}
    update = _update(values, desk.at, signer, status, own)
    try:
        added = compose_update(update, desk.site.timezone)
    except ValueError as error:
        return (Flaw("", str(error)),)
    whole = _with(text, added, story)
    if flaw := _another(story.path, whole, text, update, desk):
        return (flaw,)
    return Draft(path=story.path, text=whole, added=added, slug=story.slug, update=update)


def _read(
    questions: Sequence[Question], answers: Mapping[str, str], desk: Desk
) -> tuple[dict[str, Any], tuple[Flaw, ...]]:
    """Read every answer. Returns the values by name, and what is wrong, all at once."""
    values: dict[str, Any] = {}
    flaws = []
    asked = {question.name for question in questions}
    for question in questions:
        said = answers.get(question.name, "").strip()
        if not said:
            if question.needed:
                flaws.append(Flaw(question.name, f"not answered: {question.text}"))
            continue
        try:
            values[question.name] = read_answer(question.name, said, answers, desk)
        except ValueError as error:
            flaws.append(Flaw(question.name, str(error)))
    flaws += [
        Flaw(name, f"has no meaning here: {answers[name]!r}")
        for name in answers
        if name not in asked | {"kind", "incident"} and answers[name].strip()
    ]
    return values, tuple(flaws)


def _update(
    values: Mapping[str, Any], at: datetime, signer: Person, status: Status, own: Mapping[str, Any]
) -> Update:
    return Update(
        at=at,
        author=signer.name,
        status=status,
        body=values["say"],
        says=Facts(**own),
        corrects=values.get("corrects"),
        done=values.get("done", ()),
        notify=values.get("notify", True),
    )


def _another(path: str, text: str, before: str, mine: Update, desk: Desk) -> Flaw | None:
    """Refuse a text that is not read as the updates there were and the one that is signed.

    What cannot be read at all is for the check to tell.
    """
    made = parse(text.encode(), path, desk.site.timezone).incident
    if made is None:
        return None
    old = parse(before.encode(), path, desk.site.timezone).incident
    there = old.updates if old else ()
    for update in there:
        if _words(update) not in map(_words, made.updates):
            return Flaw("say", f"hides an update that is there: {_heading(before, update)!r}")
    known = set(map(_words, there))
    new = [update for update in made.updates if _words(update) not in known]
    others = [update for update in new if _words(update)[1:] != _words(mine)[1:]]
    if not others and len(made.updates) == len(there) + 1:
        return None
    odd = next((update for update in others if update.at != mine.at), made.updates[-1])
    return Flaw("say", f"would be read as an update of its own: {_heading(text, odd)!r}")


def _heading(text: str, update: Update) -> str:
    return text.split("\n")[update.line - 1].rstrip("\r")


def _words(update: Update) -> tuple[str, ...]:
    """Tell updates apart by what a person signed, wherever in a file it stands."""
    body = " ".join(update.body.split())
    return f"{update.at:%Y-%m-%d %H:%M%z}", update.author, str(update.status), body


def _with(text: str, added: str, story: Incident) -> str:
    """Put an update where this file has its newest one: at the end, or above all others."""
    lines = [update.line for update in story.updates]
    if len(lines) > 1 and lines == sorted(lines, reverse=True):
        before, after = _cut(text, min(lines))
        whole = f"{before}{added}\n{after}"
    else:
        end = "" if text.endswith("\n") else "\n"
        whole = f"{text}{end}\n{added}"
    if "\r\n" in text:
        whole = whole.replace("\r\n", "\n").replace("\n", "\r\n")
    return whole


def _cut(text: str, line: int) -> tuple[str, str]:
    """Cut a text above a line, counted from 1."""
    lines = text.split("\n")
    before = "".join(f"{one}\n" for one in lines[: line - 1])
    return before, "\n".join(lines[line - 1 :])


def _name(title: str, kind: Kind) -> str:
    """Spell a title as the name of a file: whole words, as many as fit."""
    name = slug_of(title)
    if len(name) > _LONGEST_NAME:
        name = name[: _LONGEST_NAME + 1].rpartition("-")[0] or name[:_LONGEST_NAME]
    return name or str(kind)


def _free_name(name: str, taken: Collection[str]) -> str:
    number = 1
    free = name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free
