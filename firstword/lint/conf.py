"""WORDING in pelicanconf.py: the company's own table, beside the settings."""

from __future__ import annotations

from pathlib import Path

from firstword.errors import SettingsError
from firstword.lint.rules import Row, RowError, read_rows


def read_own(name: str, content: str) -> tuple[Row, ...]:
    """Read the table that a site adds to ours. Raises SettingsError.

    Pelican tells its content folder, by its full path, and not where the settings lie.
    """
    path = Path(content).parent / name
    name = path.name
    try:
        return read_rows(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise SettingsError("WORDING", f"cannot be read: {name!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError("WORDING", f"{name!r} is not text in UTF-8") from error
    except RowError as error:
        raise SettingsError("WORDING", f"{name}:{error.line}: {error}") from error
