"""An installed Firstword → a wheel of it: the same files make the same bytes. Pure."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping

#: A zip knows no time before 1980; this one is nobody's.
_WHEN = (2020, 2, 2, 0, 0, 0)
_FILE = 0o100644 << 16


def wheel_name(version: str) -> str:
    """Return the file name of a wheel that every Python 3 can install."""
    return f"firstword-{version}-py3-none-any.whl"


def pack(version: str, files: Mapping[str, bytes]) -> bytes:
    """Return the wheel of these files by their paths in it, its list of them made anew."""
    listed = f"firstword-{version}.dist-info/RECORD"
    held = {path: files[path] for path in sorted(files) if path != listed}
    rows = [f"{path},sha256={_digest(data)},{len(data)}" for path, data in held.items()]
    held[listed] = "".join(f"{row}\n" for row in [*rows, f"{listed},,"]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in held.items():
            entry = zipfile.ZipInfo(path, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _FILE
            archive.writestr(entry, data)
    return packed.getvalue()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
