"""Which words of a text are the writer's own: no quotation, code, link or address is."""

from __future__ import annotations

import re
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.lint import allowances, find, own_sentences, prose, quotes, wording

LANGUAGES = ("en", "de", "ja", "ar")
EN = wording("en")
#: One evasion for each language, as it stands in a sentence.
BAD = {
    "en": "sorry for any inconvenience",
    "de": "entschuldigen etwaige Unannehmlichkeiten",
    "ja": "ご迷惑をおかけ",
    "ar": "نعتذر عن الإزعاج",
}
LONG = "The words go on and on, and nobody ends them. " * 40


def rules(text: str, language: str = "en") -> list[str]:
    return [found.rule for found in find(text, wording(language))]


# ── quotations ──────────────────────────────────────────────────────────────────────────────────

QUOTATIONS = {
    "straight": '"{}"',
    "curly": "“{}”",
    "german": "„{}“",
    "polish": "„{}”",
    "swedish": "”{}”",
    "french": "«\u00a0{}\u00a0»",
    "swiss": "«{}»",
    "danish": "»{}«",
    "single": "‘{}’",
    "straight single": "'{}'",
    "german single": "‚{}‘",
    "guillemets": "‹{}›",
    "japanese": "「{}」",
    "japanese double": "『{}』",
    "nested": "“They wrote ‘{}’ to me”, and",
    "nested the other way": "'They wrote \"{}\" to me', and",
    "nested in one kind": "„Sie schrieb „{}“ an uns“",
    "in Japanese": "「彼は『{}』と言いました」",
    "an apostrophe in it": "‘We don’t know, {}, it’s late’",
    "owners in it": "‘The customers’ orders: {}.’",
    "a full stop in it": '"It broke. {}. It works."',
    "two paragraphs": "“One.\n\n{}.”",
    "opened again": "“One.\n\n“{}.\n\n“Three.”",
    "straight, two paragraphs": '"One.\n\n{}."',
    "straight, opened again": '"One.\n\n"{}.\n\n"Three."',
    "wrapped lines": "“One\n{}\nand two”",
    "a list in it": "“One:\n\n- {}\n- two”",
    "emphasis in it": "“One **{}** two”",
    "behind a clipped word": "“Open 'til ten, {}”",
    "long": f"“{LONG}{{}}. {LONG}”",
    "long, straight": f'"{LONG}{{}}. {LONG}"',
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", QUOTATIONS)
def test_a_quotation_is_never_reported_and_what_follows_is(kind: str, language: str) -> None:
    quotation = QUOTATIONS[kind].format(BAD[language])

    assert rules(f"She said {quotation} to me.", language) == []
    assert rules(f"{quotation}", language) == []
    assert rules(f"{quotation} {BAD[language]}", language) == ["any-inconvenience"]
    assert rules(f"{BAD[language]}. {quotation}", language) == ["any-inconvenience"]
    assert rules(f"{quotation}\n\n{BAD[language]}", language) == ["any-inconvenience"]


@pytest.mark.parametrize(
    "text",
    [
        "It's the customers' turn, and we are {}.",
        'The pipe is 5" wide, {}.',
        "“ {}",
        "Home » Status » {}",
        "An unclosed “quotation, {}.",
        'An unclosed "quotation, {}.',
        "Rock 'n' roll, {}, since the '90s.",
        "Closed 'til ten; {} to the customers' staff.",
        "don‘t: {} it‘s",
        "“One.”\n\nTwo, {}.\n\n“Three.”",
        "„Eins“ {} „zwei“",
        "»eins« {} »zwei«",
        '"one" {} "two"',
        '5" and 6": {}',
    ],
)
def test_what_looks_like_a_quotation_and_is_none_hides_nothing(text: str) -> None:
    assert rules(text.format(BAD["en"])) == ["any-inconvenience"]


# ── everything else that is not one's own ───────────────────────────────────────────────────────

#: Each is a paragraph, or stands in one.
VEILS = (
    *("`{}`", "``{} ` x``", "```\n{}\n```", "~~~ text\n{}\n~~~", "    {}", "- a\n\n      {}"),
    *("> {}", "> a\n{}", "> - a\n>   {}", "> > a\n{}", "- > {}"),
    *("[{}](https://a.example)", "[a](</{}>)", "![{}](/images/a.png)", '[a](/b "{}")'),
    *("[{}][1]\n\n[1]: /a", '[a][1]\n\n[1]: /a "{}"', "[{}]\n\n[{}]: /a", "~~{}~~"),
    *("<!-- {} -->", "a <!-- {} --> b", "<a title='{}'>", 'a <i title="{}">b</i>'),
    *("<q>{}</q>", "<blockquote>\n\n{}\n\n</blockquote>", "a <code>{}</code> b"),
    *('<div title="{}">\n</div>', "<a href='/x'>{}</a>", "<pre>\n{}\n</pre>"),
)
#: One word that is a finding by itself, in an address.
ADDRESSES = (
    *("https://a.example/{}", "https://{}.example/", "see http://a.example/?q={}&b=1, b"),
    *("(https://a.example/x-{})", "www.{}.example", "ftp://a.example/{}.", "{}.example/a"),
    *("<https://a.example/{}>", "{}@a.example", "<{}@a.example>", "mailto:{}@a.example"),
    *("a.example/{}", "{}.example", "「https://a.example/{}」", "x-y://{}"),
)


@given(
    st.sampled_from(VEILS),
    st.sampled_from(LANGUAGES),
    st.text(alphabet="ab é字.\n", max_size=40),
    st.text(alphabet="ab é字.", max_size=40),
)
def test_what_is_not_the_writers_own_is_never_reported(
    veil: str, language: str, before: str, after: str
) -> None:
    bad = BAD[language]
    veiled = veil.replace("{}", bad)

    assert rules(f"{before.strip()}\n\n{veiled}\n\n{after.strip()}", language) == []
    assert rules(f"{veiled}\n\n{before.strip()}\n\n{bad}.", language) == ["any-inconvenience"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_no_wording_and_what_follows_is(address: str) -> None:
    veiled = address.format("shortly")

    assert rules(f"Read {veiled} today") == []
    assert rules(f"Read {veiled} and shortly") == ["as-soon-as-possible"]
    assert rules(f"Shortly: {veiled}") == ["as-soon-as-possible"]


def test_japanese_goes_on_right_behind_an_address() -> None:
    text = "https://a.example/をご覧ください。ご迷惑をおかけします。a@b.exampleへ"

    assert rules(text, "ja") == ["any-inconvenience"]


def test_tags_spaces_and_hyphens_that_nobody_sees_hide_nothing() -> None:
    for text in (
        "sorry for <b>any</b> inconvenience",
        "sorry for&nbsp;any inconvenience",
        "sorry\u00a0for any\u202finconvenience",
        "sorry for any incon\u00advenience",
        "<q>unclosed, sorry for any inconvenience",
    ):
        assert rules(text) == ["any-inconvenience"]


def test_a_sentence_that_ends_in_a_quotation_is_over() -> None:
    own = [one.text for one in own_sentences('They wrote: "It is late." Then I went.')]

    assert len(own) == 2
    assert own[1] == "Then I went."


# ── the work grows with the text and no faster ──────────────────────────────────────────────────

UNITS = (
    *('"', "“", "„", "«", "「", "'", "‘", "“«„「", "\"'", "[", "<", "`", '[<`"', "![", "]("),
    *("<a ", "<q>", "<q></q>", "https://", "a@", "a.", "“a\n\n", "'a ", "s' b ", "- ", "> "),
    *("sorry some ", "\\", "&amp", "<!-- allow: x, y -->", "x“", "('"),
)
_LIBRARY = (quotes.__file__, prose.__file__)


def _steps(text: str) -> int:
    """Count the calls that are made for a text, in Python and into C."""
    calls = 0

    def count(frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"} and frame.f_code.co_filename in _LIBRARY

    prose.sentences.cache_clear()
    sys.setprofile(count)
    try:
        for _ in own_sentences(text):
            pass
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_text_is_twice_the_work(unit: str) -> None:
    # Below the number of marks at which a text is no prose.
    some = _steps(unit * 1_000)
    twice = _steps(unit * 2_000)
    four = _steps(unit * 4_000)

    assert twice <= 2.3 * some + 50
    assert four <= 4.6 * some + 50


@pytest.mark.parametrize("unit", UNITS)
def test_a_line_of_a_megabyte_costs_a_bounded_number_of_steps(unit: str) -> None:
    line = unit * (1_000_000 // len(unit.encode()))

    assert _steps(f"{line} sorry for any inconvenience") <= 1_000_000
    assert len(list(allowances(line))) == line.count("allow:")


def test_no_pattern_looks_twice_at_what_it_has_seen() -> None:
    """One step reads a few characters more, or all of an address, which begins only once."""
    parser = __import__("re._parser", fromlist=["parse"])
    patterns = {**vars(quotes), **vars(prose), "_ADDRESS": re.compile(prose._ADDRESS)}
    widths = {
        name: parser.parse(pattern.pattern, pattern.flags & ~32).getwidth()[1]
        for name, pattern in patterns.items()
        if hasattr(pattern, "pattern") and isinstance(pattern.pattern, str)
    }
    unbounded = {name for name, width in widths.items() if width > 100}

    assert widths["_MARK"] == 1
    assert unbounded == {"_ADDRESS"}
    assert prose._ADDRESS.startswith("(?<![A-Za-z0-9_@.+/-])")
