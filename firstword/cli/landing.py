"""A draft → the file it belongs in, checked before and committed after."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from firstword import gitlog
from firstword.cli.writing import Place
from firstword.drafts import Draft, commit_message
from firstword.errors import Refused
from firstword.gitlog.call import environment
from firstword.model import Problem

if TYPE_CHECKING:
    from firstword.content import SourceFile


def examine(place: Place, draft: Draft, files: Sequence[SourceFile]) -> list[Problem]:
    """Return what the check says of a draft, beside the stories that have to do with it."""
    from firstword.content import SourceFile, load

    near = [
        file
        for file in files
        if file.path != draft.path
        and (draft.slug.encode() in file.data or Path(file.path).name.split(".")[0] in draft.text)
    ]
    mine = SourceFile(draft.path, draft.text.encode())
    found = load([mine, *near], place.site, place.clock()).problems
    return [problem for problem in found if problem.path == draft.path]


def land(
    place: Place,
    draft: Draft,
    files: Sequence[SourceFile],
    *,
    forget: Callable[[], None],
    commit: bool,
) -> int:
    """Write the file, `forget` its draft, and commit the file alone. Returns the exit code.

    Raises Refused when it is not as it was read.
    """
    target = place.root / draft.path
    before = next((file.data for file in files if file.path == draft.path), None)
    if (target.read_bytes() if target.exists() else None) != before:
        raise Refused(f"{draft.path!r} was changed by somebody else in between")
    along = commit and before is not None and gitlog.uncommitted(place.root, draft.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    fresh.write_bytes(draft.text.encode())
    if before is not None:
        fresh.chmod(target.stat().st_mode)
    fresh.replace(target)
    forget()
    print(draft.path)
    if not commit:
        return 0
    message = commit_message(draft.slug, draft.update)
    for command in (["add"], ["commit", "--quiet", "--only", "--message", message]):
        git = ["git", "-C", str(place.root), "--literal-pathspecs", *command, "--", draft.path]
        try:
            ended = subprocess.run(
                git, env=environment(), stdout=sys.stderr.fileno(), check=False
            ).returncode
        except FileNotFoundError:
            ended = 127
        if ended:
            print(f"{draft.path}: written, NOT committed{_what_to_do(place)}", file=sys.stderr)
            return 3
    print(message)
    if along:
        said = "what you had changed in it before went into the commit, too: look with git show"
        print(f"{draft.path}: {said}", file=sys.stderr)
    if not gitlog.branch(place.root):
        said = "the commit is on no branch (detached HEAD): git switch -c NAME keeps it"
        print(f"{draft.path}: {said}", file=sys.stderr)
    return 0


def _what_to_do(place: Place) -> str:
    if gitlog.has_work_tree(place.root):
        return "; do what git says, then commit that file: nothing is lost, and nothing public yet"
    return ": this is no git repository, or there is no git; nothing is lost"
