"""What can go wrong, as one small tree.

FirstwordError
├── SettingsError   pelicanconf.py says something that cannot be
├── ContentError    incident files have problems (strict builds only)
├── ThemeError      a template has a mistake
├── BuildError      Pelican ran, or seemed to, and left no build stamp
├── Refused         a plan or a source that would harm what is published
├── StoreError      a target cannot be read or written
│   ├── Conflict    somebody else changed the object in between
│   └── Unavailable the store is busy, broken or out of reach just now
├── ImportFailed    a foreign history cannot be read at all
├── ListMissing     there is no list of subscribers where one should be
├── LedgerMissing   nobody knows any more who was mailed what
└── MailError       mail cannot be sent, or not as it was planned

`exitcode` is what the command line ends with: 1 nothing was done, 2 usage, 3 done but something
needs a person.
"""

from __future__ import annotations


class FirstwordError(Exception):
    """Base of every error we raise on purpose; its text is ready to print."""

    exitcode = 1


class SettingsError(FirstwordError, ValueError):
    """A setting that cannot be; `setting` names it, `line` (0 = not known) is in its file."""

    exitcode = 2

    def __init__(self, setting: str, message: str, line: int = 0) -> None:
        self.setting = setting
        self.line = line
        super().__init__(f"{setting}: {message}")


class ContentError(FirstwordError):
    """Incident files have problems, each told already; `lines` are they, ready to print."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.lines = lines
        many = "problem" if len(lines) == 1 else "problems"
        super().__init__(f"NOT published, --strict: {len(lines)} {many}; what was there stays up")


class ThemeError(FirstwordError):
    """A template has a mistake, at a line of it (0 = not known)."""

    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")


class BuildError(FirstwordError):
    """The build left no stamp, or not the stamp of this build."""


class Refused(FirstwordError):
    """Going on would harm what is already published."""


class StoreError(FirstwordError):
    """A target cannot be read or written."""


class Conflict(StoreError):
    """The object is not what it was when we looked; `key` says which."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"changed by somebody else in between: {key!r}")


class Unavailable(StoreError):
    """The store is busy, broken or out of reach: the same request may do later."""


class ImportFailed(FirstwordError):
    """A foreign history cannot be read at all."""


class ListMissing(FirstwordError):
    """There is no list of subscribers where one should be: never the same as an empty one."""

    exitcode = 3


class LedgerMissing(FirstwordError):
    """What was sent to whom is lost, or not this list's: sending would mail people again."""

    exitcode = 3


class MailError(FirstwordError):
    """Mail cannot be sent, or not as it was planned."""
