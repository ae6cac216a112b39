"""Say the next word in a story: ask what is new, add one signed update, check it, commit it.

The one open incident is found by itself; else name a story, or a part of its name. On a terminal
every question is asked that no flag answers; elsewhere flags say everything. No word of yours is
ever filled in, and nothing else in the file changes.

examples:
  firstword update
  firstword update card-payments --status resolved --ended 14:02 \\
      --say "All cards work since 14:02. If a payment failed, nothing was taken; please try again."
  firstword update card-payments --status postmortem --edit
  firstword update --status answer --question "Was I charged twice?" --say - --commit < answer.md

exit code: 0 written, 1 the check finds errors, or it was left; 2 usage, settings or an answer is
missing; 3 written, but not committed
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from firstword.drafts import (
    Desk,
    Draft,
    Flaw,
    Question,
    draft_update,
    find_story,
    offered,
    open_stories,
    read_answer,
    signed_at,
    update_questions,
)
from firstword.errors import SettingsError
from firstword.model import Incident, Kind, Status

if TYPE_CHECKING:
    from firstword.cli.writing import Place
    from firstword.content import SourceFile

#: Flag → what it holds.
FLAGS = {
    "status": "where it stands; else 'update': news that changes no status",
    "question": "with status answer: what was asked",
    "corrects": "with status correction: the time of the update it corrects",
    "next": "when you speak next: 30m, 10:30",
    "components": "'checkout operational, api': ids or names",
    "started": "with status correction of the first update: when it really began",
    "ended": "when it really ended: now, '20m ago', 14:02",
    "expected": "when it will work, be sent, be done",
    "because": "why the expected time changed",
    "affected": "who is affected from now on",
    "unaffected": "who and what is not",
    "workaround": "what they can do meanwhile",
    "impact": "none, minor, major, critical",
    "title": "what it is called from now on",
    "scheduled_for": "when a maintenance begins",
    "scheduled_until": "when it ends: a time, or how long: 2h",
    "until": "until when a notice matters",
    "done": "numbers of follow-ups this closes: 1, 3",
    "notify": "'no' keeps it out of mail",
}
#: So many ended stories are offered where none is open.
_RECENT = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from firstword.cli.writing import add_shared_arguments

    parser.add_argument("incident", nargs="?", help="file, id or a part of its name")
    for name, what in FLAGS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar="TEXT", help=what)
    parser.add_argument("-m", "--say", metavar="TEXT", help="what you say; '-' reads stdin")
    add_shared_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Add an update to a story of the site around the current folder."""
    from firstword.cli.keeping import Work
    from firstword.cli.new import HEAD
    from firstword.cli.settling import write
    from firstword.cli.writing import Place, can_ask, given, who_signs
    from firstword.content import scan

    place = Place.here()
    names = ("incident", *FLAGS, "say")
    answers = given(options, names)
    files, _ = scan(place.root, place.content)
    story = _story(answers.get("incident", ""), place, files, asks=can_ask(options))
    signer = who_signs(place, options)
    text = next(file.data for file in files if file.path == story.path).decode("utf-8")
    answers["incident"] = story.slug
    can_follow = offered(story, place.clock(), place.site)

    def desk() -> Desk:
        return Desk(site=place.site, at=signed_at(place.clock(), story), story=story)

    def questions(said: Mapping[str, str]) -> tuple[Question, ...]:
        return update_questions(story, _status(said, desk()), can_follow)

    def draft(said: Mapping[str, str]) -> Draft | tuple[Flaw, ...]:
        return draft_update(said, questions(said), desk(), signer, text=text)

    head = (f"firstword update {story.slug}: {story.title}", f"{signer.name} signs.", *HEAD)
    work = Work(
        name="update",
        head=head,
        names=names,
        questions=questions,
        desk=desk,
        draft=draft,
        files=files,
    )
    return write(place, work, answers, options)


def _status(said: Mapping[str, str], desk: Desk) -> Status:
    try:
        status: Status = read_answer("status", said.get("status", ""), said, desk)
    except ValueError:
        # Not answered yet, or wrongly: that is told where it is read for good.
        return Status.UPDATE
    return status


def _story(name: str, place: Place, files: Sequence[SourceFile], *, asks: bool) -> Incident:
    """Find the story that is meant. Raises SettingsError."""
    from firstword.parse import parse

    stories = []
    for file in files:
        incident = parse(file.data, file.path, place.site.timezone).incident
        if incident is not None:
            stories.append(incident)
        else:
            print(f"{file.path}: cannot be read; see firstword check", file=sys.stderr)
    waiting = open_stories(stories)
    if name:
        found = find_story(name, stories)
        if len(found) > 1:
            # A part of a name most likely means what is still open.
            found = find_story(name, waiting) or found
    else:
        incidents = tuple(story for story in waiting if story.kind is Kind.INCIDENT)
        found = incidents if len(incidents) == 1 else waiting
    if len(found) == 1:
        return found[0]
    told = [story for story in stories if not (story.language or story.draft)]
    recent = sorted(told, key=lambda story: story.updated_at, reverse=True)[:_RECENT]
    choices = found or (() if name else tuple(recent))
    if asks and choices:
        return _chosen(choices)
    many = "more than one story" if found else "no story"
    what = f"{many} is called {name!r}" if name else f"{many} is open"
    listed = ", ".join(story.slug for story in choices) or "none"
    raise SettingsError("INCIDENT", f"{what}; name one: {listed}")


def _chosen(stories: Sequence[Incident]) -> Incident:
    from firstword.cli.asking import Interrupted, choose

    rows = {f"{story.slug}  {story.status}  {story.title}": story for story in stories}
    try:
        return rows[choose("In which story?", list(rows))]
    except Interrupted:
        raise KeyboardInterrupt from None
