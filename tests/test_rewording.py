"""What counts as spelling or layout in published words, and what is another word."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from test_check import SITE, story
from test_record import FRONT

from firstword.check.rewording import rewordings
from firstword.check.seen import Beside, TooMuch
from firstword.check.since import check_since
from firstword.check.slips import _MEANT
from firstword.check.weighty import weight_of

GAP = "[redacted 2026-11-21 14:02 UTC by Dawn: a number]"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("One payment\nin five is refused.", "One payment in five\n  is refused"),
        ("We *know* the cause.", "we **know** the `cause`!"),
        ("We <b>know</b> it", "We know it"),
        ("About 5 % of them", "About 5% of them"),
        ("It is \u201cdown\u201d.", 'It is "down".'),
        ("Fine.<!-- who? -->", "Fine."),
        ("- a pump\n- a pipe", "* a pump\n* a pipe"),
        ("> Is it\n> safe?\n\nYes.", "> Is it safe?\n\nYes."),
        ("See <https://a.example/x>.", "See https://a.example/x."),
        ("5\u201310 minutes, \u22125 °C", "5-10 minutes, -5 °C"),
        ("５件の支払い", "5件の支払い"),
        ("决済、停止。", "决済・停止"),
        ('He said "no." Then it stopped.', 'He said "no". Then it stopped.'),
        ('"Not yet," it said, and hung up.', '"Not yet", it said, and hung up.'),
        ('Is it safe? "No."', 'Is it safe? "No".'),
        ('It is "down". Not "slow".', "It is \u201cdown.\u201d Not \u201cslow.\u201d"),
        ("\u300cいいえ。\u300dその後", "\u300cいいえ\u300d。その後"),
    ],
)
def test_layout_passes(old: str, new: str) -> None:
    assert list(rewordings(old, new)) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("We lost 40 orders.", "[We lost 40]: orders.", "changed-number"),
        ("No. Cards work in Denmark only.", "No cards work in Denmark only.", "changed-sense"),
        ("See https://bank.example/pay", "See https://bank.example.pay", "changed-words"),
        ("[Pay](https://a.example/x/y)", "[Pay](https://a.example/x.y)", "changed-words"),
        ("a | b\n-|-\nc | d", "a | b\n-|-\nc | | d", "changed-words"),
        (
            "Cards do not fail. In the EU, PayPal fails.",
            "Cards do not fail in the EU. PayPal fails.",
            "changed-sense",
        ),
        ("It says `<!-- 40 -->`.", "It says `<!-- 400 -->`.", "changed-number"),
        ('They say no. "Cards work."', 'They say no "cards work".', "changed-sense"),
        ("No, cards work.", "No cards work.", "changed-sense"),
        ("We do not know. It is out.", "We do not know, it is out.", "changed-sense"),
        ("Cards fail. In the EU, all is well.", "Cards fail in the EU, all is well.", "spelling"),
        ("Pay at bank/cards", "Pay at bank cards", "spelling"),
        ("It fails. Now " + "and then " * 2100, "It fails now " + "and then " * 2100, "spelling"),
    ],
)
def test_what_is_layout_only_in_the_file_is_told(old: str, new: str, rule: str) -> None:
    assert rule in " ".join(found.rule for found in rewordings(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("and the sytem stoped there", "and the system stopped there"),
        ("We recieve the adress seperately.", "We receive the address separately."),
        ("Die Maschienen laufen vorraussichtlich.", "Die Maschinen laufen voraussichtlich."),
        ("Hellllo there", "Hello there"),
        ("the the bank refuses", "the bank refuses"),
        ("refused by the\nthe bank", "refused by the bank"),
    ],
)
def test_what_was_no_word_passes_of_itself(old: str, new: str) -> None:
    assert list(rewordings(old, new)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Call 555-0199 now.", f"Call {GAP} now."),
        ("the key is AKIA0123456789secret", f"the key is AKIA{GAP}secret"),
        ("Jens (+45 12 34 56 78) says Jens is in.", f"{GAP} ({GAP}) says {GAP} is in."),
        ("all of it", GAP),
        (f"a {GAP} b secret", f"a {GAP} b {GAP}"),
    ],
)
def test_gaps_pass(old: str, new: str) -> None:
    assert list(rewordings(old, new)) == []


@pytest.mark.parametrize(
    ("old", "new", "became"),
    [
        ("We paid 1,000 people", "We paid 1000 people", ("1,000", "1000")),
        ("open at 9:00", "open at 09:00", ("9:00", "09:00")),
        ("the colour", "the color", ("colour", "color")),
        ("you are affected", "you are effected", ("affected", "effected")),
        ("a casual link", "a causal link", ("casual", "causal")),
        ("we aer here", "we are here", ("aer", "are")),
        ("the firewal", "the firewall", ("firewal", "firewall")),
        ("log in here", "login here", ("log in", "login")),
        ("US customers", "us customers", ("US", "us")),
        ("its cause", "it's cause", ("its", "it's")),
        ("the programm stoped", "the program stopped", ("programm", "program")),
        ('It is "fixed".', "It is fixed.", ('"', "")),
        ("We do not know, but look", "We do not know; but look", ("know, but", "know; but")),
        ("we can not pay", "we cannot pay", ("can not", "cannot")),
        ("it doesnt work", "it doesn't work", ("doesnt", "doesn't")),
        ("einen Kunden", "einem Kunden", ("einen", "einem")),
        ("支払が止まる", "支払いが止まる", ("", "い")),
    ],
)
def test_what_may_be_spelling_needs_somebody_who_says_so(
    old: str, new: str, became: tuple[str, str]
) -> None:
    first = next(rewordings(old, new))

    assert (first.rule, (first.old, first.new)) == ("changed-spelling", became)


def test_a_word_of_weight_that_stood_twice_may_be_spelling() -> None:
    assert {one.rule for one in rewordings("many, many people", "many people")} == {
        "changed-spelling"
    }
    assert {one.rule for one in rewordings("not, not now", "now")} == {"changed-sense"}


def test_neighbours_are_told_word_by_word() -> None:
    """Two commits may have mended them one after the other."""
    found = list(rewordings("we aer heer, at the firewal", "we are here, at the firewall"))

    assert [(one.old, one.new) for one in found] == [
        *(("aer", "are"), ("heer", "here"), ("firewal", "firewall")),
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule", "became"),
    [
        ("2 % of logins", "11 % of logins", "changed-number", ("2%", "11%")),
        ("one in five", "one in ten", "changed-number", ("five", "ten")),
        ("lost 5 EUR", "lost -5 EUR", "changed-number", ("5", "-5")),
        ("lost 5 EUR", "lost 5 USD", "changed-number", ("EUR", "USD")),
        ("lost 5 €", "lost 5 $", "changed-number", ("€", "$")),
        ("a third of you", "all of you", "changed-number", ("a third", "all")),
        ("sixteen orders", "sixty orders", "changed-number", ("sixteen", "sixty")),
        ("fünfzehn", "fünfzig", "changed-number", ("fünfzehn", "fünfzig")),
        ("zweihundert", "dreihundert", "changed-number", ("zweihundert", "dreihundert")),
        ("三分の一", "三分の二", "changed-number", ("一", "二")),
        ("خمسة عملاء", "ستة عملاء", "changed-number", ("خمسة", "ستة")),
        ("٣ عملاء", "٤ عملاء", "changed-number", ("3", "4")),
        ("10 mb", "10 Mb", "changed-number", ("10mb", "10Mb")),
        ("in KB", "in kB", "changed-number", ("KB", "kB")),
        ("½ of it", "⅓ of it", "changed-number", ("½", "⅓")),
        ("10² of it", "102 of it", "changed-number", ("10 ²", "102")),
        ("back by 10:30", "back by 11:30", "changed-time", ("10:30", "11:30")),
        ("back on Monday", "back on Tuesday", "changed-time", ("monday", "tuesday")),
        ("im Juni", "im Juli", "changed-time", ("juni", "juli")),
        ("午前10時", "午後10時", "changed-time", ("前", "後")),
        ("月曜まで", "火曜まで", "changed-time", ("月", "火")),
        ("يوم السبت", "يوم الأحد", "changed-time", ("السبت", "الأحد")),
        ("nothing was lost", "something was lost", "changed-sense", ("nothing", "something")),
        ("it is not safe", "it is now safe", "changed-sense", ("not", "now")),
        ("you were charged", "you were not charged", "changed-sense", ("", "not")),
        ("you are affected", "you are unaffected", "changed-sense", ("affected", "unaffected")),
        ("It is safe?", "It is safe.", "changed-sense", ("?", "")),
        ("安全です\uff1f", "安全です。", "changed-sense", ("?", "")),
        ("هل هو آمن؟", "هل هو آمن.", "changed-sense", ("؟", "")),
        ("返金できます", "返金できません", "changed-sense", ("す", "せ ん")),
        ("kein Problem", "ein Problem", "changed-sense", ("kein", "ein")),
        ("لا يعمل", "يعمل", "changed-sense", ("لا", "")),
        ("it is safe", "it is broken", "changed-words", ("safe", "broken")),
        ("Contact us", "Contract us", "changed-words", ("contact", "contract")),
        ("It was our fault", "It was your fault", "changed-words", ("our", "your")),
        ("cards were charged", "cards were changed", "changed-words", ("charged", "changed")),
        ("it was accessed", "it was assessed", "changed-words", ("accessed", "assessed")),
        ("The last orders", "The lost orders", "changed-words", ("last", "lost")),
        ("They breached it", "They reached it", "changed-words", ("breached", "reached")),
        ("The claim is refused", "The claim is refuted", "changed-words", ("refused", "refuted")),
        ("you could pay", "you would pay", "changed-words", ("could", "would")),
        ("It is unclear", "It is nuclear", "changed-words", ("unclear", "nuclear")),
        ("Cards fail", "Card fails", "changed-words", ("cards fail", "card fails")),
        ("Sie sind betroffen", "Sie sind betrogen", "changed-words", ("betroffen", "betrogen")),
        ("We will refund you", "We may refund you", "changed-sense", ("will", "may")),
        ("1.000 people", "1,000 people", "changed-number", ("1.000", "1,000")),
        ("We paid 1,000", "We paid 1001", "changed-number", ("1,000", "1001")),
        ("open at 9:00", "open at 19:00", "changed-time", ("9:00", "19:00")),
        ("Maße", "Masse", "changed-words", ("maße", "masse")),
        ("失敗", "成功", "changed-words", ("失 敗", "成 功")),
        ("- [ ] A pump (Ian)", "- [x] A pump (Ian)", "changed-words", ("[ ]", "[x]")),
        ("it was lost", "~~it~~ was lost", "changed-words", ("", "~~")),
        ("[help](/a)", "[help](/b)", "changed-words", ("a", "b")),
        ("👍 back", "👎 back", "changed-words", ("👍", "👎")),
        ("> It is safe.\n\nYes.", "It is safe.\n\nYes.", "changed-words", (">", "")),
        ("कि", "का", "changed-words", ("ि", "ा")),
    ],
)  # fmt: skip
def test_numbers_times_and_sense_never_pass(
    old: str, new: str, rule: str, became: tuple[str, str]
) -> None:
    first = next(rewordings(old, new))

    assert (first.rule, (first.old, first.new)) == (rule, became)


#: Every digit there is, of every script.
DIGITS = [c for c in map(chr, range(0x1FBFA)) if c.isdigit()]
PROSE = st.text(st.sampled_from("ab é支い لا\n.,*_-"), max_size=12)


@given(PROSE, PROSE, st.sampled_from(DIGITS), st.sampled_from(DIGITS))
def test_a_digit_that_changes_is_no_spelling_in_any_script(
    before: str, after: str, one: str, other: str
) -> None:
    if unicodedata.digit(one) == unicodedata.digit(other):
        return
    found = [r.rule for r in rewordings(f"{before}{one}{after}", f"{before}{other}{after}")]

    assert found
    assert set(found) <= {"changed-number", "changed-time"}


@given(st.text("abAB12٣一い ,.:-'\"()[]xX~*_/>+%€?\n\u2019<!", min_size=1, max_size=24), st.data())
def test_whatever_is_cut_out_in_the_open_passes(text: str, data: st.DataObject) -> None:
    """Else a secret would stay on the page until somebody understood why."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))

    assert list(rewordings(text, text[:start] + GAP + text[end:])) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # A gap that was there already takes no more words with it.
        (f"a {GAP} b, and 5 more", f"a {GAP} more"),
        # Nobody but the comparison itself writes its marks.
        ("a secret b", "a \ue000 b"),
        (f"1 {GAP} and 2", f"2 {GAP} and {GAP}"),
    ],
)
def test_under_a_gap_nothing_else_goes(old: str, new: str) -> None:
    assert list(rewordings(old, new)) != []


@given(st.text(), st.text())
def test_any_two_texts_can_be_compared(old: str, new: str) -> None:
    assert list(rewordings(old, old)) == []
    list(rewordings(old, new))


@given(PROSE, st.sampled_from("?\u061f\uff1f$€£¥₹﷼%‰°"), PROSE)
def test_a_sign_of_weight_that_is_put_in_is_no_layout(before: str, sign: str, after: str) -> None:
    found = [r.rule for r in rewordings(f"{before} {after}", f"{before} {sign} {after}")]

    assert found
    assert set(found) <= {"changed-number", "changed-time", "changed-sense"}


def test_the_table_of_slips_holds_no_word_of_weight_and_none_that_is_meant() -> None:
    slips = {slip.rstrip("~") for slip in _MEANT}
    meant = {right.rstrip("~") for right in _MEANT.values()}

    assert not slips & meant
    assert not [word for word in slips | meant if weight_of(word)]
    # A beginning that a right word of the table has would let any two of them pass.
    assert not [
        (slip, right)
        for slip in _MEANT
        for right in meant
        if slip.endswith("~") and right.startswith(slip[:-1])
    ]


#: Texts of so many parts that have little, much or all in common, and both ways to tell them apart.
HARD = {
    "signs": lambda n: ("we do not pay, " * n, "we do not pay; " * n),
    "one word": lambda n: ("na " * n + "x " + "na " * n, "na " * n + "y z " + "na " * (n // 2)),
    "two words": lambda n: ("a b " * n, "b b a " * n),
    "spelling": lambda n: ("the teh of and a " * n, "the tehh of and a " * n),
    "letters": lambda n: ("x" * n, "x" * (n - 1) + "y"),
    "comments": lambda n: ("<!-- " * n, "<!-- " * n + "a"),
    "quotes": lambda n: ('"no." ' * n, '"no". ' * n),
    "gaps": lambda n: ("[redacted " * n, "[redacted " * n + "]"),
    "links": lambda n: ("[a](/b) <a href=" * n, "[a](/c) <a href=" * n),
    "lines": lambda n: ("> a\n\nb\n" * n, "> a\nb\n" * n),
}


def lines_of(work: Callable[[], object]) -> int:
    """Count each line that some work runs, but for those of `Beside`, which counts its own."""
    lines = 0

    def count(frame: FrameType, event: str, _arg: object) -> Callable[..., Any] | None:
        nonlocal lines
        if "difflib" in frame.f_code.co_filename or "Beside" in frame.f_code.co_qualname:
            return None
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize("how", HARD)
def test_work_grows_with_the_text_and_no_faster(how: str) -> None:
    old, new = HARD[how](1000)

    lines = lines_of(lambda: list(rewordings(old, new)))

    assert lines < 300 * len(re.findall(r"\w+|[^\w\s]", old + new)) + 20_000


def test_work_grows_with_the_updates_and_no_faster() -> None:
    def lines(many: int) -> int:
        words = "".join(
            f"## 2026-11-21 {9 + n // 60:02}:{n % 60:02} | Dawn Okafor | investigating\n\n"
            f"We look, {n}.\n\n"
            for n in range(many)
        )
        old, new = story(FRONT + words), story(FRONT + words.replace("look,", "look;"))
        return lines_of(lambda: list(check_since(old, new, SITE)))

    assert lines(500) < 6 * lines(100)


def test_laying_two_texts_side_by_side_ends() -> None:
    with pytest.raises(TooMuch):
        Beside(["a", "b"] * 2000, ["b", "a", "b"] * 2000).get_opcodes()
    told = [
        *"the queue of the bank was full and the job that empties it ran not".partition(" ")
    ] * 60
    assert Beside(told, ["so", *told]).get_opcodes()


@pytest.mark.parametrize(("how", "parts"), [("letters", 1_000_000), ("comments", 100_000)])
def test_what_other_code_looks_through_is_looked_through_once(how: str, parts: int) -> None:
    assert list(rewordings(*HARD[how](parts)))


def test_what_is_too_long_to_lay_side_by_side_is_another_text() -> None:
    found = list(rewordings("支払い x " * 100_000, "支払う y " * 100_000))

    assert [one.rule for one in found] == ["changed-words"]


def test_the_page_names_what_passes() -> None:
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    named = dict(re.findall(r'"(\w+)" for "(\w+)"', page))

    assert named
    assert [list(rewordings(*pair)) for pair in named.items()] == [[]] * len(named)
