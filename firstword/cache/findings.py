"""What one reading of a content folder came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct

from firstword.cache.questions import Change
from firstword.content import Held
from firstword.model import Problem, Site


class Findings(Struct, kw_only=True):
    """What reading came to."""

    #: What is wrong with files that were read or judged now, sorted; warnings too.
    problems: tuple[Problem, ...] = ()
    #: The same of all files, whoever touched them.
    every: Callable[[], tuple[Problem, ...]] = tuple
    #: How many files that were not looked at again have warnings.
    others: int = 0
    #: Path → its newest update, in seconds: of many warnings those come first that matter now.
    newest: Mapping[str, int] = {}
    held: tuple[Held, ...] = ()
    changes: list[Change] = []
    #: When a file that is held as signed ahead of time becomes good.
    good_at: datetime | None = None
    #: The site with a stand-in for who is in PEOPLE no more; None = all who signed are.
    site: Site | None = None
    #: What a journal may call it that nothing was remembered of these stories; "" = something was.
    unremembered: str = ""
    files_read: int = 0
    parsed: int = 0
