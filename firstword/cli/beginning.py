"""The hands of `firstword init`: look at what is there; write all of it, or nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from firstword import gitlog
from firstword.errors import FirstwordError, SettingsError
from firstword.gitlog.call import environment
from firstword.settings import CONF

if TYPE_CHECKING:
    from firstword.starter.renewal import Renewal

MESSAGE = "A status page begins"
#: What everybody makes their own: not worth a word where it was changed.
_THEIRS = frozenset({"README.md"})


def refuse(folder: Path, *, git: bool, asks: bool) -> None:
    """Raise FirstwordError where nothing can begin, before anybody is asked anything.

    `git` = a repository is wanted; `asks` = somebody will say who they are, if git does not know.
    """
    try:
        there = sorted(path.name for path in folder.iterdir() if path.name != ".git")
    except FileNotFoundError:
        there = []
    except OSError as error:
        raise FirstwordError(f"cannot begin in {str(folder)!r}: {error.strerror}") from error
    if there:
        raise FirstwordError(f"{str(folder)!r} is not empty: {there[0]!r} is there; say another")
    above = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not os.access(above, os.W_OK | os.X_OK):
        raise FirstwordError(f"cannot begin in {str(folder)!r}: {str(above)!r} is not yours")
    if git and shutil.which("git") is None:
        raise FirstwordError("git is not installed; install it, or say --no-git")
    if git and not asks and not gitlog.knows_committer(above):
        raise FirstwordError(
            "git does not know who commits; say it (git config --global user.name, user.email), "
            "or say --no-git"
        )


@contextmanager
def all_or_nothing() -> Iterator[list[Path]]:
    """Take away again what was noted as made, unless all goes well."""
    made: list[Path] = []
    try:
        yield made
    except BaseException:
        for path in reversed(made):
            if path.name == ".git":
                shutil.rmtree(path, ignore_errors=True)
                continue
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise


def write(folder: Path, files: Mapping[str, bytes], made: list[Path]) -> None:
    """Write the files of a site, noting everything that was not there. Raises OSError."""
    for name, data in files.items():
        path = folder / name
        missing = [above for above in path.parents if not above.exists()]
        for above in reversed(missing):
            made.append(above)
            above.mkdir()
        made.append(path)
        _put(path, data)


def _put(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    # What begins with "#!" is run by its name.
    if data.startswith(b"#!"):
        path.chmod(path.stat().st_mode | 0o111)


def begin_repository(
    folder: Path, files: Sequence[str], person: str, made: list[Path], *, inside: bool
) -> bool:
    """Begin a repository and commit the files; say what git would not do, and return False.

    Where git knows nobody, `person` commits here from now on: "Full Name, role, address". `inside`
    = the folder belongs to a repository that is there: its settings and branch stay as they are.
    """
    who: list[str] = []
    if person and not gitlog.knows_committer(folder):
        name, *_, address = (part.strip() for part in person.split(","))
        who = [f"user.name={name}", f"user.email={address}"]
    # Forced: what somebody never wants in a repository, such as *.whl, is a part of this one.
    add = ["add", "--force", "--", *files]
    commit = ["commit", "--quiet", f"--message={MESSAGE}", "--", *files]
    if inside:
        once = [word for one in who for word in ("-c", one)]
        try:
            return _git(folder, add, [*once, *commit])
        except BaseException:
            _git(folder, ["rm", "--cached", "--quiet", "--ignore-unmatch", "--", *files])
            raise
    if not (folder / ".git").exists():
        made.append(folder / ".git")
    steps = [["init", "--quiet"]]
    if gitlog.head(folder) is None:
        # Also where somebody began a repository before, under whatever name: workflows know this.
        steps.append(["symbolic-ref", "HEAD", "refs/heads/main"])
    steps += [["config", *one.split("=", 1)] for one in who]
    return _git(folder, *steps, add, commit)


def _git(folder: Path, *steps: Sequence[str]) -> bool:
    """Let git do one thing after the other; say what it would not do, and return False."""
    for step in steps:
        done = subprocess.run(
            ["git", "-C", str(folder), "--literal-pathspecs", *step],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            verb = next(word for word in step if word != "-c" and "=" not in word)
            print(f"written, NOT committed: git {verb} did not work", file=sys.stderr)
            return False
    return True


def renew(folder: Path) -> int:
    """Bring the Firstword that runs now into a site that is there. Raises FirstwordError."""
    from firstword.cli.vendoring import VENDOR, requirement
    from firstword.starter import VERSIONS, required, versions

    if not (folder / CONF).is_file():
        raise FirstwordError(f"no site in {str(folder)!r}: it has no {CONF}")
    line, wheel = requirement()
    listed = folder / "requirements.txt"
    try:
        before = listed.read_text(encoding="utf-8") if listed.exists() else ""
    except UnicodeDecodeError as error:
        raise FirstwordError(f"{str(listed)!r} is no UTF-8: {error.reason}") from error
    # The wheel comes before the line that names it.
    files = {**wheel, "requirements.txt": required(before, line).encode()}
    if (folder / VERSIONS).exists():
        files[VERSIONS] = versions().encode()
    found = _tools(folder, files)
    files |= {name: text.encode() for name, text in found.files.items()}
    for name, data in files.items():
        path = folder / name
        if path.exists() and path.read_bytes() == data:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        _put(path, data)
        print(f"wrote  {name}")
    # Last: whatever stops this halfway, requirements.txt names a wheel that is there.
    for old in sorted((folder / VENDOR).glob("firstword-*.whl")):
        if f"{VENDOR}/{old.name}" not in files:
            old.unlink()
            print(f"removed  {VENDOR}/{old.name}")
    for name, difference in found.left.items():
        if name not in _THEIRS:
            print(f"left  {name}: it was changed here; what this Firstword has in its place:")
            print(difference)
    print("Next: look at the changes and commit them; make install brings them into .venv")
    return 0


def _tools(folder: Path, renewed: Mapping[str, bytes]) -> Renewal:
    """Decide what becomes of the other files that a site begins with; `renewed` are anew anyway."""
    from firstword.settings import load_settings, read_site
    from firstword.starter import tool_files
    from firstword.starter.renewal import WRITTEN, Renewal, renewal

    try:
        new = tool_files(read_site(load_settings(folder / CONF)))
    except SettingsError as error:
        print(f"left: workflows, Makefile and the like, for {error}", file=sys.stderr)
        return Renewal(files={}, left={})
    there: dict[str, str] = {}
    for name in (*new, WRITTEN):
        with suppress(FileNotFoundError):
            data = renewed[name] if name in renewed else (folder / name).read_bytes()
            there[name] = data.decode(errors="replace")
    return renewal(new, there, there.get(WRITTEN, ""))
