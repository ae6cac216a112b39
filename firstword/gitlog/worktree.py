"""Which incident files were written since a build, where git can tell.

Looking at each of ten thousand files takes longer than an edit. Git looks at them too, on another
core and while a build is still waking up. What is true of the last build is noted in its cache:
the commit that was checked out, and the files that were not as that commit has them, or that were
read while nobody can say what git saw. All others held what that commit holds. So whatever is not
named in that note, not named by git now, and the same in both commits, is as it was read.

What git might not see makes it no witness at all: links, repositories inside, files it was told to
look away from, folders it cannot read. Then every file is looked at.

To list all that it holds and does not hold takes git as long as to look at it. So it is not asked
where that shows without it: in its index, and in the names of each folder, which are noted too.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from firstword.folder import FOLDER, hidden
from firstword.gitlog import Held, asking_changes, changes, head, read_changes
from firstword.gitlog.call import Question
from firstword.gitlog.index import held_in, holds, index_of, looks_at_all, written_index
from firstword.gitlog.names import Names, hides, names_below, same_names

#: With more than so many in doubt it is quicker to look at all.
_MOST = 1000
#: With more than so many git tells quicker than we which of them it holds.
_FEW = 8
#: How long git may take, in seconds.
_PATIENCE = 10.0
# Two questions, since the two looks that take long share nothing: at each file that git holds, and
# for files that it does not hold. How far the upstream is away may take long too, and is not told.
# What `_LISTED` tells beside that, `unlike` and `sees_all` need.
_STATUS = (
    *("-c", "core.fsmonitor=false", "-c", "core.checkStat=default", "-c", "core.trustctime=true"),
    *("status", "--porcelain=v2", "--branch", "--no-ahead-behind", "-z", "--untracked-files=no"),
    *("--no-renames", "--ignore-submodules=none", "--", "."),
)
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_LISTED = ("ls-files", "--others", "--cached", "--stage", "-v", "-z", "--", ".")


class Now:
    """What git says of the incident files as they lie there."""

    def __init__(self, commit: str, paths: frozenset[str], *, changed: bool, hidden: bool) -> None:
        #: The commit that is checked out.
        self.commit = commit
        #: The files that are not as it has them, relative to the folder of incidents.
        self.paths = paths
        #: Whether it has one of them, hidden ones included, and has it otherwise.
        self.changed = changed
        #: Whether a hidden file is among them, which `paths` leaves out.
        self.hidden = hidden


class Worktree:
    """Asks git when it is made; the answer is fetched when it is needed."""

    def __init__(self, content: Path) -> None:
        # Through a link git could be another one than the last time, with the same commit.
        self.folder = Path(os.path.realpath(content / FOLDER))
        self._top = _top(self.folder)
        self._prefix = _prefix(self.folder, self._top) if self._top else None
        self._status: Question | None = None
        self._answer: Now | None = None
        self._said = b""
        self._listed: tuple[list[str], bytes] | None = None
        #: Its index, where that is plain and git was not asked for a list.
        self._index = b""
        self._names: Names = {}
        #: What git does not hold of what may have been written: it will not say when that changes.
        self._not_held: frozenset[str] = frozenset()
        #: Whether something may lie there that git does not hold, as far as nobody listed it.
        self._doubt = True
        self._told: tuple[str, frozenset[str] | None] | None = None
        self._ahead: tuple[str, str, Question] | None = None
        self._index_was = written_index(self._top) if self._top else ()
        if self._prefix is not None and self.folder.is_dir():
            self._status = Question(self.folder, *_STATUS)

    def ask_ahead(self, since: str) -> None:
        """Ask what changed from one commit to that which seems to be checked out.

        `since` = what was likely built last. Where that is known by now, nobody is asked.
        """
        if self._top is None or self._told or not _COMMIT.fullmatch(since):
            return
        now = self._answer.commit if self._answer else _seems_checked_out(self._top)
        if not now or now == since or (self._ahead and self._ahead[:2] == (since, now)):
            return
        if self._ahead:
            self._ahead[2].close()
        asked = Question(self.folder, *asking_changes(since, now, "."))
        self._ahead = since, now, asked

    def now(self) -> Now | None:
        """Return what git says; None where it cannot tell of every file.

        What it does not hold is among it where it had to be asked for that.
        """
        if self._status is not None and self._top is not None:
            # Git goes on while we read its index.
            index = index_of(self._top)
            plain = looks_at_all(index, self._prefix or "")
            self._index = index if plain else b""
            said, self._status = self._status.answer(_PATIENCE), None
            if said is not None and self._same_index() and (plain or self._list()):
                self._said = said
                self._answer = self._read(self._listed[0] if self._listed else ())
        return self._answer

    def _read(self, others: Collection[str]) -> Now | None:
        return read_status(self._said, self._prefix or "", others)

    def _list(self) -> tuple[list[str], bytes] | None:
        """Return what git does not hold, and its list of what it does; None where it skips some."""
        if self._listed is None:
            listed = Question(self.folder, *_LISTED).answer(_PATIENCE)
            if listed is not None and self._same_index():
                others, held = apart(listed)
                self._listed = (others, held) if sees_all(held) else None
        return self._listed

    @property
    def _loose(self) -> bool:
        """Whether something may lie there that git does not hold, if only what nobody builds."""
        return bool(self._listed[0]) if self._listed else self._doubt

    def _same_index(self) -> bool:
        """Tell whether its index is as it was: else it may hold what it did not when git looked."""
        return self._top is not None and written_index(self._top) == self._index_was

    def within(self, root: Path) -> str | None:
        """Return the folder of incidents as seen from one around it; None where git is another."""
        root = Path(os.path.realpath(root))
        if self._status is None or _top(root) != self._top or not self.folder.is_relative_to(root):
            return None
        return self.folder.relative_to(root).as_posix()

    def of(self, content: Path) -> bool:
        """Tell whether it was asked about the incidents in a content folder."""
        return self.folder == Path(os.path.realpath(content / FOLDER))

    def head(self, root: Path) -> str | None:
        """Return the commit that is checked out around a folder; None where it was not told."""
        if self._answer is None or _top(Path(os.path.realpath(root))) != self._top:
            return None
        return self._answer.commit

    def dirty(self, note: str) -> bool | None:
        """Tell whether git has something to commit there.

        `note` = what the last build left. None where it has to be asked: that depends on what it
        ignores, or nobody knows what lies there.
        """
        told = self.now()
        if told is not None and told.changed:
            return True
        if self.written_since(note) is None or self._loose or hides(self._names):
            return None
        return False

    def note(
        self, doubtful: Collection[str] | None, known: Callable[[], Mapping[str, str]] | None = None
    ) -> str:
        """Return what the next build needs to know; "" where it had better look at all.

        `doubtful` = the files that were read, relative to the folder of incidents; None = all.
        `known` = all files by their path → what git calls the bytes that were read; None where
        only those were looked at that git named.
        """
        told = self.now()
        if told is None:
            return ""
        if known is not None:
            # What is there and nobody saw is in doubt as well: git and we look a moment later.
            found = names_below(str(self.folder), {})
            listed = self._list()
            if found is None or listed is None:
                return ""
            self._names, there = found
            few = doubtful is not None and len(doubtful) <= _MOST
            seen = known()
            unseen = unhidden(there - seen.keys())
            doubtful = unlike(listed[1], seen, doubtful if few else None)
            doubtful = None if doubtful is None else doubtful | unseen
        if doubtful is None or len(doubtful) > _MOST:
            return ""
        doubts = sorted(told.paths.union(doubtful, self._not_held))
        loose = self._loose or told.hidden
        return json.dumps([self._prefix, told.commit, self._names, loose, *doubts])

    def written_since(self, note: str) -> frozenset[str] | None:
        """Return what may be written since a build left a note; None where git cannot tell.

        Paths are relative to the folder of incidents; what is gone is among them.
        """
        if self._told is None or self._told[0] != note:
            self._told = note, self._written_since(note)
        return self._told[1]

    def _written_since(self, note: str) -> frozenset[str] | None:
        known = json.loads(note) if note else (None, "", {}, True)
        prefix, before, self._names, self._doubt, *doubtful = known
        told = self.now() if prefix is not None and prefix == self._prefix else None
        if told is None:
            return None
        paths = told.paths | frozenset(doubtful)
        if before != told.commit:
            changed = self._changes(before, told.commit)
            if changed is None:
                return None
            seen = unhidden(held.path for held in changed)
            # Of what is hidden, nobody looks whether it is held still.
            self._doubt |= len(seen) < len(changed)
            paths |= seen
        if self._listed is None:
            others = self._others(paths, moved=before != told.commit)
            if others is None:
                return None
            paths |= others
        return paths if len(paths) <= _MOST else None

    def _others(self, paths: Collection[str], *, moved: bool) -> frozenset[str] | None:
        """Return what git does not hold, but for what is among `paths`; None where nobody can tell.

        That can only lie in folders that have other names than were noted. It is noted for the next
        build, and so is what of `paths` is there and git does not hold.
        """
        before, found = self._names, names_below(str(self.folder), self._names)
        if found is None:
            return None
        self._names, there = found
        other = moved or not same_names(before, self._names)
        if len(paths) > _FEW or (other and (self._loose or not before)):
            listed = self._list()
            if listed is None:
                return None
            self._answer = told = self._read(listed[0])
            return told.paths if told else None
        loose = self._loose_in(there)
        others = unhidden(loose)
        self._not_held = others.union(
            path
            for path in paths
            if os.path.lexists(self.folder / path)
            and not holds(self._index, f"{self._prefix}{path}")
        )
        self._doubt |= bool(loose or self._not_held)
        return others

    def _loose_in(self, there: Collection[str]) -> frozenset[str]:
        """Return which of some files git does not hold; they are all that their folders hold."""
        if not there:
            return frozenset()
        places = {folder: f"{self._prefix}{folder}" for folder in map(_folder_of, there)}
        held = {
            f"{folder}{path}"
            for folder, place in places.items()
            for path in (held_in(self._index, place) if place else ())
        }
        return frozenset(path for path in there if path not in held)

    def _changes(self, old: str, new: str) -> list[Held] | None:
        """Return what git says of two commits, where it was asked of these in time or now."""
        if self._ahead and self._ahead[:2] == (old, new):
            said = self._ahead[2].answer(_PATIENCE)
            if said is not None:
                return read_changes(said)
        return changes(self.folder, old, new, ".")

    def close(self) -> None:
        """Ask no longer."""
        ahead = self._ahead[2] if self._ahead else None
        for question in (self._status, ahead):
            if question is not None:
                question.close()
        self._status = None


def head_of(root: Path, told: Worktree | None) -> str | None:
    """Return the commit that is checked out around a folder, without asking git once more."""
    known = told.head(root) if told else None
    return known or head(root)


def sees_all(listed: bytes) -> bool:
    """Tell whether git looks at every file that it holds: none is a link, or to be looked past."""
    # An entry is: tag, mode, hash, stage, path. "H" is a file like any other, 100 one with bytes.
    plain = listed.count(b"\0H 100") + listed.startswith(b"H 100")
    return plain == listed.count(b"\0")


def unlike(
    listed: bytes, known: Mapping[str, str], read: Collection[str] | None = None
) -> frozenset[str] | None:
    """Return the paths that only git or only `known` has, and those that were `read`.

    Where that is not said, those of which git holds other bytes. None where a path is not spelled
    as it is: a stray byte in a name is shown to people.
    """
    if any("\\" in path for path in known):
        return None
    held: dict[str, str] = {}
    for entry in listed.decode("utf-8", "surrogateescape").split("\0"):
        what, _, path = entry.partition("\t")
        if path:
            held[path] = what.split(" ")[2]
    if read is not None:
        return unhidden(held.keys() ^ known.keys()).union(read)
    paths = held.keys() | known.keys()
    return unhidden(path for path in paths if held.get(path) != known.get(path))


def apart(listed: bytes) -> tuple[list[str], bytes]:
    """Return the files that git does not hold, which it lists first, and the list of the others."""
    end = 0
    while listed.startswith(b"? ", end):
        end = listed.index(b"\0", end) + 1
    entries = listed[:end].decode("utf-8", "surrogateescape").split("\0")
    return [entry[2:] for entry in entries if entry], listed[end:]


def read_status(said: bytes, prefix: str, others: Collection[str] = ()) -> Now | None:
    """Read `git status --porcelain=v2 --branch -z`; None where git tells of more than files.

    `prefix` = what paths begin with in git's answer; `others` = what git does not hold. Hidden
    files are left out.
    """
    commit, changed = "", False
    paths = [*others]
    for line in said.decode("utf-8", "surrogateescape").split("\0"):
        kind, _, rest = line.partition(" ")
        if kind in {"", "#"}:
            commit = rest.removeprefix("branch.oid ") if rest.startswith("branch.oid ") else commit
            continue
        fields = {"1": 7, "u": 9}.get(kind)
        path = rest.split(" ", fields or 0)[-1]
        if fields is None or not path.startswith(prefix):
            return None
        paths.append(path[len(prefix) :])
        changed = True
    # A folder in which git looks at nothing is a repository.
    if not commit or commit.startswith("(") or any(path.endswith("/") for path in paths):
        return None
    shown = unhidden(paths)
    return Now(commit, shown, changed=changed, hidden=len(shown) < len({*paths}))


def unhidden(paths: Iterable[str]) -> frozenset[str]:
    """Leave out what belongs to editors and to git."""
    return frozenset(path for path in paths if not hidden(path.split("/")))


def _folder_of(path: str) -> str:
    """Return what stands before a name, with its slash."""
    return path[: path.rfind("/", 0, -1) + 1]


def _seems_checked_out(top: Path) -> str:
    """Return the commit that is checked out, where that is told as nearly always; "" elsewhere.

    Only to know early what to ask about: which commit it is, git says.
    """
    git = top / ".git"
    try:
        told = (git / "HEAD").read_text().strip()
        if told.startswith("ref: refs/heads/"):
            told = (git / told.removeprefix("ref: ")).read_text().strip()
    except (OSError, ValueError):
        return ""
    return told if _COMMIT.fullmatch(told) else ""


def _top(folder: Path) -> Path | None:
    """Return the work tree that a folder is in."""
    return next((path for path in (folder, *folder.parents) if (path / ".git").exists()), None)


def _prefix(folder: Path, top: Path) -> str:
    """Return what git puts before the paths of a folder."""
    within = folder.relative_to(top).as_posix()
    return "" if within == "." else f"{within}/"


def noted_commit(note: str) -> str:
    """Return the commit that was checked out when a note was left; "" where nobody knows."""
    return str(json.loads(note)[1]) if note else ""


def about(content: Path, asked: Worktree | None) -> Worktree:
    """Return what git was asked about a content folder, or ask it."""
    return asked if asked is not None and asked.of(content) else Worktree(content)
