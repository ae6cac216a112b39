"""The catalogues: complete in every language, and what `make messages` would write today."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from firstword.model import About, ComponentStatus, Impact, Kind, Status
from firstword.page import Outcome
from firstword.words import CONTEXTS, WORDS, languages, placeholders
from firstword.words.vocabulary import MANY

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import messages  # noqa: E402 - a script, not a package

SPOKEN = ("ar", "de", "en", "ja")


def texts(message: Message) -> tuple[str, ...]:
    """Return what a message says, form by form."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def test_the_languages_there_are() -> None:
    assert languages() == SPOKEN


@pytest.mark.parametrize("name", SPOKEN)
def test_catalogues_are_what_templates_code_and_cldr_ask_for(name: str) -> None:
    # Every text of templates and code, none that is gone; the compiled file is of this very text.
    for path, data in messages.files(name):
        assert path.read_bytes() == data, f"{path.name}: run make messages"
    assert messages.missing(name) == []


@pytest.mark.parametrize("name", SPOKEN)
def test_nothing_is_doubtful_and_nothing_is_lost_in_translation(name: str) -> None:
    with messages.po(name).open("rb") as file:
        catalog = read_po(file)
    for message in catalog:
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        needed = placeholders(" ".join(ids(message)))
        tags = sorted(re.findall(r"</?\w+[^>]*>", ids(message)[-1]))
        for text in texts(message):
            assert text.strip() or message.id == " ", message.id
            # A form for one or two may say so without a figure.
            assert needed - {"count"} <= placeholders(text) <= needed, (message.id, text)
            assert sorted(re.findall(r"</?\w+[^>]*>", text)) == tags, (message.id, text)
            assert text % dict.fromkeys(needed, "x")
            assert (ids(message)[0][-1] == " ") == (text[-1] == " ") or message.id == ", "


def test_every_word_of_the_file_format_has_a_label() -> None:
    values = {
        str(v) for kind in (Status, Impact, ComponentStatus, Kind, About, Outcome) for v in kind
    }

    assert values <= WORDS.keys()
    assert {str(kind) for kind in Kind} == MANY.keys()
    assert WORDS.items() <= CONTEXTS.items()
