"""Answers of a person → the text of an incident file, or of one more update to it. Pure.

No word of a story comes from here: what is not answered is not said. Time is an argument, and so is
everything that git and the content folder know.
"""

from __future__ import annotations

from firstword.drafts.draft import Draft, Flaw, draft_story, draft_update
from firstword.drafts.pick import (
    commit_message,
    find_story,
    offered,
    open_stories,
    signed_at,
    signers,
)
from firstword.drafts.questions import Question, story_questions, update_questions
from firstword.drafts.readings import Desk, read_answer
from firstword.drafts.sheet import read_sheet, write_sheet
from firstword.drafts.when import parse_ahead, parse_past

__all__ = [
    "Desk",
    "Draft",
    "Flaw",
    "Question",
    "commit_message",
    "draft_story",
    "draft_update",
    "find_story",
    "offered",
    "open_stories",
    "parse_ahead",
    "parse_past",
    "read_answer",
    "read_sheet",
    "signed_at",
    "signers",
    "story_questions",
    "update_questions",
    "write_sheet",
]
