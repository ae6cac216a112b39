"""Files of the content folder → the incidents that can be published, and what is wrong with the
rest. The one place that decides which version of a file is shown."""

from __future__ import annotations

from firstword.content.committed import Commit, CommittedFile
from firstword.content.gone import left_out
from firstword.content.guard import Guard, fills_gaps, spelled
from firstword.content.load import Content, Held, load
from firstword.content.read import read_content, report
from firstword.content.scan import Seen, SourceFile, look, look_at, scan
from firstword.content.signers import veils, with_signers

__all__ = [
    "Commit",
    "CommittedFile",
    "Content",
    "Guard",
    "Held",
    "Seen",
    "SourceFile",
    "fills_gaps",
    "left_out",
    "load",
    "look",
    "look_at",
    "read_content",
    "report",
    "scan",
    "spelled",
    "veils",
    "with_signers",
]
