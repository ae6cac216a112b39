"""Whoever composes letters, each distinct one once, however many there are and whoever gets them.

Those used last are in memory. All of them lie in a file without a name that goes away with us: it
holds no address, for letters do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from tempfile import TemporaryFile
from types import TracebackType

from firstword.errors import FirstwordError, MailError
from firstword.mail.parcel import Composer, Edition, Letter, Look
from firstword.values import replace

#: How many letters are kept in memory, and how many answers about who reads the same.
_IN_MEMORY = 256
_LOOKS = 4096

_Key = tuple[str, Look, tuple[str, ...]]


class Unwritten(MailError):
    """A letter that cannot be written; the text says why."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where a letter lies in the file: its headers and its body, and all the rest of it."""

    at: int
    head: int
    body: int
    rest: Letter


class Press:
    """Composes the letters of some editions. To be used in a `with`."""

    def __init__(self, composer: Composer, editions: Sequence[Edition]) -> None:
        self._composer = composer
        self._editions = {edition.id: edition for edition in editions}
        self._file = TemporaryFile(prefix="firstword-letters-")  # noqa: SIM115  closed by __exit__
        self._kept: dict[_Key, _Kept] = {}
        self._failed: dict[_Key, str] = {}
        self._letter = lru_cache(_IN_MEMORY)(self._found)
        self._alike = lru_cache(_LOOKS)(self._stands_for)

    def __enter__(self) -> Press:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def alike(self, name: str, look: Look) -> Look | None:
        """Return the look of all who read the same of an edition; None = it holds nothing."""
        return self._alike(name, look)

    def letter(self, name: str, look: Look, missed: tuple[str, ...]) -> Letter:
        """Return a letter for a look as `alike` answers it. Raises Unwritten."""
        key = (name, look, missed)
        if key not in self._failed:
            try:
                return self._letter(*key)
            except FirstwordError as error:
                self._failed[key] = str(error)
            except Exception as error:  # noqa: BLE001  a theme's template may do anything
                self._failed[key] = f"{type(error).__name__}: {error}"
        raise Unwritten(self._failed[key])

    def _stands_for(self, name: str, look: Look) -> Look | None:
        return self._composer.alike(self._editions[name], look)

    def _found(self, name: str, look: Look, missed: tuple[str, ...]) -> Letter:
        key = (name, look, missed)
        kept = self._kept.get(key)
        if kept is not None:
            self._file.seek(kept.at)
            head, body = self._file.read(kept.head), self._file.read(kept.body)
            return replace(kept.rest, head=head, body=body)
        made = self._composer.compose(self._editions[name], look, missed)
        at = self._file.seek(0, 2)
        self._file.write(made.head + made.body)
        rest = replace(made, head=b"", body=b"")
        self._kept[key] = _Kept(at=at, head=len(made.head), body=len(made.body), rest=rest)
        return made
