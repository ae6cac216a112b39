"""Pictures that foreign text shows from the old site's own folder, taken along."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

from firstword.importers.reading import Unreadable, read_file
from firstword.importers.times import Log

_FOLDER = "content/images"
_MOST_BYTES = 20_000_000
_IMAGE = re.compile(
    r"""(?P<before>\]\(\s{0,8}<?|\]:\s{0,8}<?|\bsrc\s{0,8}=\s{0,8}["']?)"""
    r"""(?P<path>/(?!/)[^\s()"'<>]{1,300}\.(?:png|jpe?g|gif|svg|webp|avif|bmp|ico))""",
    re.IGNORECASE,
)


@dataclass(slots=True, kw_only=True)
class Pictures:
    """The pictures of one source: found in `folder`, which is inside `root`."""

    root: Path
    folder: Path
    #: Path relative to the site's root → the picture.
    found: dict[str, bytes] = field(default_factory=dict)

    def take(self, body: str, log: Log) -> str:
        """Take along what a body shows; return the body with the addresses they have here."""
        return _IMAGE.sub(lambda found: found["before"] + self._one(found["path"], log), body)

    def _one(self, path: str, log: Log) -> str:
        """Return the address of a picture here; as it was when it cannot be taken along."""
        name = self.folder.name
        parts = [part for part in unquote(path).split("/") if part not in ("", ".")]
        if ".." in parts or not all(part.isprintable() for part in parts):
            log.needs.append(f"image {path!r}: not a path below {name}/")
            return path
        try:
            data = read_file(self.folder.joinpath(*parts), self.root, _MOST_BYTES)
        except Unreadable as error:
            log.needs.append(f"image {path!r}: {name}/{'/'.join(parts)}: {error}")
            return path
        own = "/".join(parts[1:] if parts[0] == "images" and len(parts) > 1 else parts)
        if self.found.setdefault(f"{_FOLDER}/{own}", data) != data:
            log.needs.append(f"image {path!r}: another one is called {_FOLDER}/{own} already")
            return path
        address = f"/images/{quote(own)}"
        if unquote(path) == f"/images/{own}":
            return path
        log.repair("image", path, address, "pictures are served from /images/")
        return address
