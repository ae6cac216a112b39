"""Begin a story: ask who cannot do what, write the file, check it, commit it.

On a terminal every question is asked that no flag answers; elsewhere flags say everything. No word
of yours is ever filled in. Who signs is known from git's user.email. What was typed is kept
whatever happens, and --from goes on with it.

examples:
  firstword new
  firstword new maintenance --edit
  firstword new --title "Card payments fail in the EU" --impact major --started "20m ago" \\
      --components "checkout partial_outage" --affected "We do not know yet" --next 30m \\
      --say "One card payment in five is refused. We are on the phone with the bank." --commit

exit code: 0 written, 1 the check finds errors, or it was left; 2 usage, settings or an answer is
missing; 3 written, but not committed
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from firstword.drafts import Desk, Draft, Flaw, Question, draft_story, signed_at, story_questions
from firstword.model import Kind

#: Flag → what it holds.
FLAGS = {
    "title": "what does not work, or what is coming",
    "impact": "none, minor, major, critical",
    "about": "of a notice: delay, safety, security, reminder, tip",
    "started": "when it began: now, '20m ago', 09:12",
    "scheduled_for": "when a maintenance begins",
    "scheduled_until": "when it ends: a time, or how long: 2h",
    "until": "until when a notice matters",
    "repeats": "a recurrence rule of RFC 5545",
    "remind": "how long before to remind",
    "components": "'checkout partial_outage, api': ids or names",
    "affected": "who is affected",
    "unaffected": "who and what is not",
    "workaround": "what they can do meanwhile",
    "next": "when you speak next: 30m, 10:30",
    "expected": "when it will work, be sent, be done",
    "status": "where it stands; else investigating, scheduled or published",
    "notify": "'no' keeps it out of mail",
    "slug": "the file's name without .md; else the day and the title",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from firstword.cli.writing import add_shared_arguments

    parser.add_argument("kind", nargs="?", choices=[str(kind) for kind in Kind], help="of what")
    for name, what in FLAGS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar="TEXT", help=what)
    parser.add_argument("-m", "--say", metavar="TEXT", help="what you say; '-' reads stdin")
    for name, what in (("draft", "checked, never built"), ("drill", "marked as a drill")):
        parser.add_argument(f"--{name}", action="store_const", const="yes", help=what)
    add_shared_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Begin a story in the site around the current folder."""
    from firstword.cli.keeping import Work
    from firstword.cli.settling import write
    from firstword.cli.writing import Place, given, who_signs
    from firstword.content import scan
    from firstword.folder import FOLDER

    place = Place.here()
    names = ("kind", *FLAGS, "say", "draft", "drill")
    answers = given(options, names)
    answers.setdefault("kind", str(Kind.INCIDENT))
    signer = who_signs(place, options)
    files, _ = scan(place.root, place.content)
    taken = {file.path.rpartition("/")[2].split(".")[0] for file in files}
    folder = (place.content / FOLDER).relative_to(place.root).as_posix()

    def questions(said: Mapping[str, str]) -> tuple[Question, ...]:
        kinds = {str(kind): kind for kind in Kind}
        return story_questions(kinds.get(said.get("kind", ""), Kind.INCIDENT))

    def desk() -> Desk:
        return Desk(site=place.site, at=signed_at(place.clock()))

    def draft(said: Mapping[str, str]) -> Draft | tuple[Flaw, ...]:
        return draft_story(said, desk(), signer, folder=folder, taken=taken)

    head = (f"firstword new; {signer.name} signs.", *HEAD)
    work = Work(
        name="new",
        head=head,
        names=names,
        questions=questions,
        desk=desk,
        draft=draft,
        files=files,
    )
    return write(place, work, answers, options)


#: What stands above every draft.
HEAD = (
    "Answer below the questions: behind the colon, on one line. What stays empty is not said.",
    "Lines that begin with '#?' are questions and never reach the file.",
)
