"""Patterns that are compiled when they are first asked: an edit meets only half of ours."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, AnyStr, Generic, cast


class _Later(Generic[AnyStr]):
    def __init__(self, text: AnyStr, flags: int) -> None:
        self._text: AnyStr = text
        self._flags = flags

    @cached_property
    def _compiled(self) -> re.Pattern[AnyStr]:
        return re.compile(self._text, self._flags)

    def __getattr__(self, name: str) -> Any:
        # Found without asking here from the second time on.
        found = vars(self)[name] = getattr(self._compiled, name)
        return found


def later(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what answers as the compiled pattern does, to whoever calls its methods.

    Raises re.error when it is first asked. Not for the functions of `re`, which want the pattern
    itself.
    """
    return cast("re.Pattern[AnyStr]", _Later(text, flags))
