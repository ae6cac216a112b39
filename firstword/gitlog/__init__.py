"""What git knows: which commit this is, what came before it, how a file used to read.

A checkout without git, or without a commit, is no error: then git knows nothing. Everything here
also works on a depth-1 clone, where the commit itself still names its parents.
"""

from __future__ import annotations

import enum
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, cast

from msgspec import Struct

from firstword.errors import FirstwordError
from firstword.gitlog.call import command, quiet_environment

ANCESTORS = 256
TIMEOUT_SECONDS = 60
#: How many paths are named in one command: of the longest, fewer than a system allows.
_MANY = 400

_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


class Source(Struct, frozen=True, kw_only=True):
    """The checkout that is being published; `commit` is None where git knows nothing."""

    commit: str | None = None
    committed_at: datetime | None = None
    #: newest first, at most ANCESTORS; the parents are among them even on a shallow clone
    ancestors: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    #: the history ends early here, so that "not an ancestor" proves nothing
    shallow: bool = False
    dirty: bool = False


class Relation(enum.Enum):
    """How our commit stands to another one: SAME, NEWER (ours descends from it), ..."""

    SAME = "same"
    NEWER = "newer"
    OLDER = "older"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"


def head(repo: Path) -> str | None:
    """Return the commit that is checked out, or None."""
    return _line(repo, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")


def branch(repo: Path) -> str | None:
    """Return the branch that `repo` is on; None for a detached HEAD, or where there is no git."""
    return _line(repo, "symbolic-ref", "--quiet", "--short", "HEAD")


def read_source(repo: Path, *, clean: bool = False, but: str = "") -> Source:
    """Read what is checked out: commit, time (UTC), ancestors, and whether files were changed.

    `clean` = only what is committed is published: then nobody looks for changed files. `but` = a
    folder in `repo` where somebody else does.
    """
    # Here and not above: whoever only asks which files were written needs no threads.
    from firstword.asked import Asked

    # The one question whose answer takes longer the more files there are.
    changed = [] if clean else [Asked(partial(_text, repo, *one)) for one in _looks(repo, but)]
    told = _text(repo, "rev-parse", "--is-shallow-repository", "HEAD^{commit}").split()
    if len(told) != 2:
        return Source()
    shallow, commit = told[0] == "true", told[1]
    # A line is: time, commit, parents.
    wanted = f"--max-count={ANCESTORS + 1}"
    history = _text(repo, "rev-list", "--timestamp", "--parents", wanted, commit)
    lines = [line.split() for line in history.splitlines()]
    at, _, *known = lines[0]
    parents = tuple(known)
    if shallow:  # history is cut, but the commit itself still names its parents
        parents = _commit(repo, commit)[1]
    ancestors = dict.fromkeys([*parents, *(one for _, one, *_ in lines if one != commit)])
    return Source(
        commit=commit,
        committed_at=datetime.fromtimestamp(int(at), UTC),
        ancestors=tuple(ancestors)[:ANCESTORS],
        parents=parents,
        shallow=shallow,
        dirty="".join(one.result() for one in changed) != "",
    )


def _looks(repo: Path, but: str) -> Iterator[tuple[str, ...]]:
    """Yield what git is asked to find out whether something was changed, `but` for a folder."""
    status = ("status", "--porcelain")
    if not but:
        yield *status, "--", "."
        return
    # Git looks for files that it does not hold in each folder that it is not told to leave out by
    # naming others. What is gone is not among these.
    try:
        found = _beside(repo, but)
    except OSError:
        found = ["."]
    yield from ((*status, "--", *found[at : at + _MANY]) for at in range(0, len(found), _MANY))
    others = ("--", ".", f":(exclude,literal){but}")
    yield "--no-literal-pathspecs", *status, "--untracked-files=no", *others


def _beside(repo: Path, folder: str) -> list[str]:
    """Return everything in `repo` that a folder is not in, in as few paths as there can be."""
    found, here = [], ""
    for part in folder.split("/"):
        names = sorted(path.name for path in (repo / here).iterdir())
        found += [f"{here}{name}" for name in names if name not in {part, ".git"}]
        here = f"{here}{part}/"
    return found


def relation(
    repo: Path, ours: Source, theirs: str, theirs_ancestors: tuple[str, ...] = ()
) -> Relation:
    """Tell how our commit stands to `theirs`, by the local history or by the recorded one.

    `theirs_ancestors` is what was recorded beside `theirs`, for clones that do not hold it.
    """
    if ours.commit is None or not _HASH.fullmatch(theirs):
        return Relation.UNKNOWN
    if theirs == ours.commit:
        return Relation.SAME
    known = theirs in ours.ancestors  # as nearly always: then git is not asked
    here = not known and _ok(repo, "cat-file", "-e", f"{theirs}^{{commit}}")
    if known or (here and _is_ancestor(repo, theirs, ours.commit)):
        return Relation.NEWER
    if ours.commit in theirs_ancestors or (here and _is_ancestor(repo, ours.commit, theirs)):
        return Relation.OLDER
    # A complete history that lacks their commit, yet shares an older one, went another way. On a
    # shallow clone only our own parent tells as much.
    shared = ours.parents if ours.shallow else ours.ancestors
    if (here and not ours.shallow) or not set(shared).isdisjoint(theirs_ancestors):
        return Relation.DIVERGED
    return Relation.UNKNOWN


def versions(
    repo: Path, path: str, limit: int = 50, *, at: str = "HEAD"
) -> Iterator[tuple[str, bytes]]:
    """Yield (commit, content) of a file, newest first, following no renames.

    `path` is relative to `repo`, and `at` the commit to begin with. Yields nothing where git knows
    nothing.
    """
    asked = ("log", "--format=%H", f"--max-count={limit}", at, "--", path)
    for commit in _text(repo, *asked).split():
        content = _run(repo, "cat-file", "blob", f"{commit}:./{path}")
        if content.returncode == 0:  # else this commit is the one that removed it
            yield commit, content.stdout


def commit_of(repo: Path, name: str) -> str | None:
    """Return the commit that a branch, a tag or a short hash names; None where git has it not."""
    # What begins with a dash would be an option.
    return (
        None
        if name.startswith("-")
        else _line(repo, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    )


def changed_since(repo: Path, commit: str, folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content at a commit) of the files that read otherwise now, or are gone.

    Paths are relative to `repo`; what is not committed yet counts as now. No renames are guessed.
    """
    asked = ("diff", "--relative", "--name-only", "--no-renames", "--diff-filter=MDT", "-z", commit)
    for path in sorted(filter(None, _text(repo, *asked, "--", folder).split("\0"))):
        content = blob(repo, commit, path)
        if content is not None:
            yield path, content


def blob(repo: Path, commit: str, path: str) -> bytes | None:
    """Return a file as it was at a commit, or before it (`^`); None where it was not."""
    found = _run(repo, "cat-file", "blob", f"{commit}:./{path}")
    return found.stdout if found.returncode == 0 else None


def messages(repo: Path, since: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield (commit, message) of the commits that changed a file, newest first, merges left out.

    Those after the commit `since`; "" = all that this clone knows.
    """
    which = f"{since}..HEAD" if since else "HEAD"
    asked = ("log", "--no-merges", "--full-history", "--format=%H%n%B", "-z", which)
    for told in filter(None, _text(repo, *asked, "--", path).split("\0")):
        commit, _, message = told.partition("\n")
        yield commit, message


class Held(Struct, frozen=True):
    """One file as a commit holds it."""

    #: Relative to the folder that git was asked in.
    path: str
    #: "100644" and "100755" are files, "120000" a link; "000000" where it is gone.
    mode: str
    blob: str


def tree(repo: Path, commit: str, folder: str) -> list[Held]:
    """Return every file that a commit holds in a folder of `repo`, in the order of their paths."""
    found = []
    listed = _text(repo, "ls-tree", "-r", "-z", commit, "--", folder)
    for line in filter(None, listed.split("\0")):
        what, _, path = line.partition("\t")
        mode, _, blob = what.split()
        found.append(Held(path, mode, blob))
    return found


def changes(repo: Path, old: str, new: str, folder: str) -> list[Held] | None:
    """Return what of a folder of `repo` is another file in the newer of two commits, or gone.

    None where git cannot tell, since it does not hold both of them.
    """
    result = _run(repo, *asking_changes(old, new, folder))
    return None if result.returncode else read_changes(result.stdout)


def asking_changes(old: str, new: str, folder: str) -> tuple[str, ...]:
    """Return how git is asked for what `changes` returns."""
    told = ("diff-tree", "-r", "-z", "--no-renames", "--relative")
    return *told, old, new, "--", folder


def read_changes(said: bytes) -> list[Held]:
    """Read what git answers to that."""
    parts = said.decode("utf-8", "surrogateescape").split("\0")
    # Two parts each: ":100644 100755 <old> <new> M" and the path.
    return [
        Held(path, what.split()[1], what.split()[3])
        for what, path in zip(parts[::2], parts[1::2], strict=False)
    ]


def uncommitted(repo: Path, *paths: str) -> tuple[str, ...]:
    """Return what below some paths in `repo` is not as the commit has it, as git lists it."""
    return tuple(_text(repo, "status", "--porcelain", "--", *paths).splitlines())


class Blobs:
    """Reads files out of commits, through one git process for all of them."""

    def __init__(self, repo: Path) -> None:
        self._git = subprocess.Popen(
            command(repo, "cat-file", "--batch"),
            env=quiet_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._given = cast(IO[bytes], self._git.stdin)
        self._taken = cast(IO[bytes], self._git.stdout)

    def read(self, blob: str) -> bytes:
        """Return what a file holds. Raises FirstwordError where git does not have it."""
        with suppress(OSError):
            self._given.write(f"{blob}\n".encode())
            self._given.flush()
            head = self._taken.readline().split()
            if len(head) == 3:
                data = self._taken.read(int(head[2]) + 1)
                if len(data) == int(head[2]) + 1:
                    return data[:-1]
        raise FirstwordError(f"git does not hold what the commit is made of: {blob!r}")

    def close(self) -> None:
        """End the process."""
        self._git.communicate()


def added_at(repo: Path, path: str) -> datetime | None:
    """Return when the commit was made that first added a file (UTC), or None if unknown."""
    lines = _text(repo, "log", "--diff-filter=A", "--format=%H %P", "--", path).splitlines()
    if not lines:
        return None
    commit, *parents = lines[-1].split()
    committed_at, real_parents = _commit(repo, commit)
    # Where a shallow clone was cut, a commit looks as if it had added every file.
    return None if real_parents and not parents else committed_at


def _commit(repo: Path, commit: str) -> tuple[datetime, tuple[str, ...]]:
    """Return time (UTC) and parents as the commit itself states them, also where history is cut."""
    raw = _run(repo, "cat-file", "commit", commit).stdout.decode("utf-8", "replace")
    header = raw.partition("\n\n")[0].splitlines()
    parents = tuple(line.removeprefix("parent ") for line in header if line.startswith("parent "))
    for line in header:
        if line.startswith("committer "):
            return datetime.fromtimestamp(int(line.split()[-2]), UTC), parents
    raise FirstwordError(f"git holds no such commit: {commit!r}")


def identity(repo: Path) -> tuple[str, str]:
    """Return the address and the name that git writes on a commit here; "" where it knows none."""
    return _line(repo, "config", "user.email") or "", _line(repo, "config", "user.name") or ""


def knows_committer(repo: Path) -> bool:
    """Tell whether git was told who commits here, by its settings or by the environment."""
    return _ok(repo, "-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")


def has_work_tree(repo: Path) -> bool:
    """Tell whether files here can be committed."""
    return _line(repo, "rev-parse", "--is-inside-work-tree") == "true"


def around(folder: Path) -> Path | None:
    """Return the work tree that a folder is in, other than its own; none where it is ignored there.

    The folder need not be there yet.
    """
    near = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    top = _line(near, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() == folder.resolve():
        return None
    # This one command knows no literal paths.
    ignored = ("--no-literal-pathspecs", "check-ignore", "--quiet", str(folder.absolute()))
    return None if _ok(near, *ignored) else Path(top)


def is_shallow(repo: Path) -> bool:
    """Tell whether the history of this clone ends early."""
    return _line(repo, "rev-parse", "--is-shallow-repository") == "true"


def _is_ancestor(repo: Path, older: str, newer: str) -> bool:
    """Tell whether one commit comes before another; both are here."""
    return _ok(repo, "merge-base", "--is-ancestor", older, newer)


def _ok(repo: Path, *arguments: str) -> bool:
    """Tell whether a git command says yes."""
    return _run(repo, *arguments).returncode == 0


def _line(repo: Path, *arguments: str) -> str | None:
    """Return the one line a git command answers with, or None."""
    return _text(repo, *arguments).strip() or None


def _text(repo: Path, *arguments: str) -> str:
    """Return what a git command says; "" when it fails, or when there is no git."""
    result = _run(repo, *arguments)
    return result.stdout.decode("utf-8", "replace") if result.returncode == 0 else ""


def _run(repo: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in `repo`; no git at all answers as git does outside a repository (128)."""
    asked = command(repo, *arguments)
    try:
        result = subprocess.run(
            asked,
            env=quiet_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(asked, 128, b"", b"")
    except subprocess.TimeoutExpired as error:
        raise FirstwordError(
            f"git took more than {TIMEOUT_SECONDS} s: {arguments[0]!r} in {str(repo)!r}"
        ) from error
    if b"dubious ownership" in result.stderr:
        # Silence here would publish without the guard against older checkouts.
        raise FirstwordError(
            f"git will not read {str(repo)!r}, which belongs to another user; "
            f"run: git config --global --add safe.directory {repo.resolve()}"
        )
    return result
