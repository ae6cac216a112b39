"""Drafts: what somebody typed lies in a file until it is written where it belongs."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from firstword.drafts import Desk, Draft, Flaw, Question, read_sheet, write_sheet
from firstword.model import update_id

if TYPE_CHECKING:
    from firstword.content import SourceFile

#: Answers that only say what is being written.
ABOUT = frozenset({"kind", "incident"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is being written: which questions it asks, and what becomes of the answers."""

    #: "new" or "update": the command that goes on with a draft.
    name: str
    #: The first lines of a draft that is opened in an editor.
    head: tuple[str, ...]
    #: Every name an answer may have.
    names: tuple[str, ...]
    questions: Callable[[Mapping[str, str]], Sequence[Question]]
    desk: Callable[[], Desk]
    draft: Callable[[Mapping[str, str]], Draft | tuple[Flaw, ...]]
    #: Every incident file as it was read, for the check and against changes in between.
    files: Sequence[SourceFile]


class Keeper:
    """The draft of one piece of work."""

    def __init__(self, path: Path, work: Work, *, ours: bool) -> None:
        self.path = path
        self._work = work
        self._ours = ours
        #: An editor has it: what it holds is newer than any answer known here.
        self.in_hands = False

    @classmethod
    def open(cls, folder: Path, work: Work, source: Path | None, now: datetime) -> Keeper:
        """Return the draft that is gone on with, or a new one; none is ever written over."""
        if source and source.resolve().is_relative_to(folder.resolve()):
            return cls(source, work, ours=True)
        name = f"{work.name}-{update_id(now)}"
        path, number = folder / f"{name}.md", 1
        while path.exists():
            number += 1
            path = folder / f"{name}-{number}.md"
        return cls(path, work, ours=False)

    def keep(self, answers: Mapping[str, str]) -> None:
        """Write down what is answered so far, unless somebody's editor knows better."""
        if self.in_hands:
            return
        sheet = write_sheet(self._work.head, self._work.questions(answers), answers)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self._ours:
            # Not for others until it is published.
            self.path.touch(mode=0o600, exist_ok=False)
            self._ours = True
        fresh = self.path.with_suffix(".new")
        fresh.write_text(sheet, encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(self.path)

    def read(self) -> dict[str, str]:
        """Read it back. Raises OSError, ValueError."""
        return read_sheet(self.path.read_text(encoding="utf-8"), self._work.names)

    def tell(self, answers: Mapping[str, str]) -> None:
        """Keep it, unless nothing was said, and say how to go on."""
        if answers.keys() - ABOUT:
            self.keep(answers)
        if self._ours:
            path = shlex.quote(os.path.relpath(self.path))
            print(
                f"kept: {path}; go on with: firstword {self._work.name} --from {path}",
                file=sys.stderr,
            )

    def drop(self) -> None:
        """Forget it: its words are where they belong."""
        if self._ours:
            self.path.unlink(missing_ok=True)
