"""Bring firstword/lint/wording.json up to date with wording.tsv: `make wording`."""

from __future__ import annotations

from firstword.lint.rules import READY, make_ready

READY.write_bytes(make_ready())
