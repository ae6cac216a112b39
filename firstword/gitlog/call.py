"""How git is called: in the folder that it is told, and no other. Imports next to nothing."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

# Set by git itself around hooks and aliases: they would point us at another repository.
_LEAKS = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)


def environment() -> dict[str, str]:
    """Return the environment for a git that is to work in the folder it is told, and no other."""
    return {name: value for name, value in os.environ.items() if name not in _LEAKS}


def command(repo: Path, *arguments: str) -> list[str]:
    """Return a git command that works in a folder, takes no locks and guesses at no paths."""
    return ["git", "-C", str(repo), "--no-optional-locks", "--literal-pathspecs", *arguments]


def quiet_environment() -> dict[str, str]:
    """Return the environment for a git that talks to a program: English, asking nobody."""
    return environment() | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}


def blob_id(data: bytes) -> str:
    """Return the id that git gives a file of these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class Question:
    """A question to git that it works on while we do something else."""

    def __init__(self, repo: Path, *arguments: str) -> None:
        self._git: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        try:
            # A pipe holds so little that git would wait for us to read it.
            self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer
            self._git = subprocess.Popen(
                command(repo, *arguments),
                env=quiet_environment(),
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=subprocess.PIPE,
            )
        except OSError:
            self._forget()

    def answer(self, patience: float) -> bytes | None:
        """Return what git says; None where it cannot, has doubts, or needs more than seconds."""
        if self._git is None or self._said is None:
            return None
        try:
            _, doubts = self._git.communicate(timeout=patience)
        except (subprocess.TimeoutExpired, OSError):
            self.close()
            return None
        sound = self._git.returncode == 0 and not doubts
        self._git = None
        self._said.seek(0)
        said = self._said.read()
        self._forget()
        return said if sound else None

    def close(self) -> None:
        """Ask no longer."""
        if self._git is not None:
            with suppress(OSError):
                self._git.kill()
            self._git.communicate()
            self._git = None
        self._forget()

    def _forget(self) -> None:
        if self._said is not None:
            self._said.close()
            self._said = None
