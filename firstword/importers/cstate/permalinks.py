"""How a Hugo site made the addresses of its stories: `permalinks` and `uglyURLs`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_TOKEN = re.compile(r":[A-Za-z0-9_]+(?:\[[^\]]*\])?")
_KNOWN = frozenset(
    {
        *(":year", ":month", ":day", ":section", ":slug", ":title", ":filename"),
        *(":contentbasename", ":slugorfilename", ":slugorcontentbasename"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """How the addresses of one section are made; no pattern is Hugo's own way."""

    section: str
    pattern: str = ""
    ugly: bool = False
    #: What addresses in a language begin with: "" or "fr/".
    prefix: str = ""

    @property
    def unread(self) -> str:
        """The first token of the pattern that is not read, if there is one."""
        return next((one for one in _TOKEN.findall(self.pattern) if one not in _KNOWN), "")

    def of(self, day: date, *, slug: str, title: str, stem: str) -> str:
        """Return the address that the pattern makes."""
        values = {
            ":year": f"{day:%Y}",
            ":month": f"{day:%m}",
            ":day": f"{day:%d}",
            ":section": self.section,
            ":slug": slug or title or stem,
            ":title": title or stem,
            **dict.fromkeys((":filename", ":contentbasename"), stem),
            **dict.fromkeys((":slugorfilename", ":slugorcontentbasename"), slug or stem),
        }
        path = _TOKEN.sub(lambda found: values[found[0]], self.pattern)
        return self.finished(f"/{self.prefix}{path.strip('/')}")

    def finished(self, address: str) -> str:
        """Return an address as it ends on this site."""
        return f"{address.rstrip('/')}.html" if self.ugly else address
