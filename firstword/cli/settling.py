"""Ask for what is missing, show what comes of it, until it is written or left."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence

from firstword import gitlog
from firstword.cli.keeping import Keeper, Work
from firstword.cli.landing import examine, land
from firstword.cli.writing import Answers, Place, can_ask
from firstword.drafts import Draft, Flaw, read_answer
from firstword.errors import FirstwordError, SettingsError
from firstword.model import Level, Problem


def write(place: Place, work: Work, answers: Answers, options: argparse.Namespace) -> int:
    """Ask for what is missing, show, check, write and commit. Returns the exit code."""
    keeper = Keeper.open(place.drafts, work, options.source, place.clock())
    try:
        if can_ask(options) and not options.edit:
            _ask(place, work, answers, keeper)
        code = _settle(place, work, answers, options, keeper)
    except KeyboardInterrupt:
        code = 130
    except FirstwordError:
        keeper.tell(answers)
        raise
    if code in {1, 2, 130} and not options.dry_run:
        keeper.tell(answers)
    return code


def _ask(place: Place, work: Work, answers: Answers, keeper: Keeper) -> None:
    """Ask what is not answered yet; each answer is kept before the next question."""
    from firstword.cli.asking import Interrupted, ask

    parts = {key: one.name for key, one in place.site.components.items() if not one.retired}
    asked: set[str] = set()
    while question := next(
        (
            one
            for one in work.questions(answers)
            if one.asked and one.name not in asked and not answers.get(one.name)
        ),
        None,
    ):
        name = question.name

        def judge(said: str, name: str = name) -> str:
            try:
                if said:
                    read_answer(name, said, answers, work.desk())
            except ValueError as error:
                return str(error)
            return ""

        asked.add(name)
        try:
            said = ask(question, judge, parts)
        except Interrupted as stop:
            if stop.typed:
                answers[name] = stop.typed
            raise KeyboardInterrupt from None
        if said:
            answers[name] = said
            keeper.keep(answers)


def _settle(
    place: Place,
    work: Work,
    answers: Answers,
    options: argparse.Namespace,
    keeper: Keeper,
) -> int:
    """Go round until the answers are written or left. Returns the exit code."""
    asks, edit = can_ask(options), options.edit
    while True:
        made = (_edit(answers, keeper) if edit else ()) or work.draft(answers)
        if isinstance(made, tuple):
            for flaw in made:
                print(_told(flaw), file=sys.stderr)
            if not asks:
                return 2
            if edit and _decided("e: edit | q: stop and keep the draft", "eq") == "q":
                return 1
            if not edit:
                for flaw in made:
                    answers.pop(flaw.name, None)
                _ask(place, work, answers, keeper)
            continue
        problems = examine(place, made, work.files)
        wrong = any(problem.level is Level.ERROR for problem in problems)
        _show(made, problems, options)
        if options.dry_run or (wrong and not asks):
            return 1 if wrong else 0
        choice = _choice(place, wrong=wrong) if asks else "" if options.commit else "w"
        if choice in {"", "w"}:
            return land(place, made, work.files, forget=keeper.drop, commit=not choice)
        if choice == "q":
            return 1
        edit = True


def _show(draft: Draft, problems: Sequence[Problem], options: argparse.Namespace) -> None:
    """Print what would be written, and what the check says of it."""
    asks = can_ask(options)
    if asks or options.dry_run:
        file = sys.stderr if asks else sys.stdout
        print(f"\n{draft.path}\n\n{draft.added}", file=file, flush=True)
    for problem in problems:
        print(problem, file=sys.stderr)


def _choice(place: Place, *, wrong: bool) -> str:
    if wrong:
        return _decided("The page would not take this. e: edit | q: stop and keep the draft", "eq")
    if gitlog.has_work_tree(place.root):
        return _decided("Enter: write and commit | w: write | e: edit | q: stop", " weq")
    return _decided("w: write | e: edit | q: stop", "weq")


def _decided(text: str, letters: str) -> str:
    from firstword.cli.asking import Interrupted, decide

    try:
        return decide(text, letters)
    except Interrupted:
        raise KeyboardInterrupt from None


def _told(flaw: Flaw) -> str:
    flag = flaw.name.replace("_", "-")
    return f"--{flag}: {flaw.message}" if flag else flaw.message


def _edit(answers: Answers, keeper: Keeper) -> tuple[Flaw, ...]:
    """Open the draft in the person's editor and take its answers, or say what cannot be read.

    Raises SettingsError, FirstwordError.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    if not editor.strip():
        raise SettingsError("EDITOR", "not set; say which program opens a text")
    keeper.keep(answers)
    keeper.in_hands = True
    # In an editor Ctrl-C means something else; a handler is not inherited, ignoring would be.
    ours = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        done = subprocess.run([*shlex.split(editor), str(keeper.path)], check=False)
    except (OSError, ValueError) as error:
        raise SettingsError("EDITOR", f"{editor!r}: {error}") from error
    finally:
        signal.signal(signal.SIGINT, ours)
    if done.returncode:
        raise FirstwordError(f"{editor!r} ended with {done.returncode}")
    try:
        said = keeper.read()
    except (OSError, ValueError) as error:
        return (Flaw("", f"{keeper.path.name}: {error}"),)
    keeper.in_hands = False
    answers.clear()
    answers.update(said)
    return ()
