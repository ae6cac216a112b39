"""Frozen values that differ in a field: the same call for msgspec's structs and for dataclasses.

What a build makes by the thousand is a struct: its classes are there without compiling code when
they are imported, and it is made in a tenth of the time. The rest may stay a dataclass.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def replace(value: T, **changes: Any) -> T:
    """Return a copy of a frozen value with some fields changed."""
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **changes)
    # Whoever has one of those imported it.
    import dataclasses

    return dataclasses.replace(value, **changes)  # type: ignore[type-var]
