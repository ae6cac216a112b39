"""What others make of our mail: SpamAssassin, what mail programs support, DKIM, a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from email import message_from_bytes
from email.utils import format_datetime, parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path

import dkim
import letters
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from judges import axe
from mail_kinds import LANGUAGES, LETTERS, NAMES, WRITERS, answers, letter, message
from playwright.sync_api import Browser
from test_letters import FOR_PROGRAMS, KINDS

from firstword.mail.deciding import Deed
from firstword.mail.parcel import Cadence, dated
from firstword.model import Kind

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).resolve().parent.parent / "firstword"

# ── that nothing is left out ─────────────────────────────────────────────────────────────────────


def test_every_kind_of_message_is_among_those_that_are_judged() -> None:
    known = letters.last_page().stories
    told = [letters.every_edition()[edition] for edition, _, _ in KINDS.values()]
    kinds = {story.kind for one in told if (story := known.get(one.incident or ""))}
    made = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if "EmailMessage(" in path.read_text()
    }

    assert {one.cadence for one in told} == set(Cadence)
    assert kinds == set(Kind)
    assert {look.language or "en" for _, look, _ in KINDS.values()} == set(LANGUAGES)
    for language in LANGUAGES:
        assert set(answers(language)[1]) == set(Deed) - {Deed.LEFT, Deed.DOUBTED}
    # Whoever writes mail anywhere else brings it here.
    assert made == WRITERS


# ── a strict reader ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
def test_every_message_is_read_without_a_defect(name: str) -> None:
    raw = message(name)
    found = letter(name)  # reads by the strictest policy
    head = re.sub(rb"\r\n[ \t]+", b" ", raw.partition(b"\r\n\r\n")[0]).decode()

    # For servers that take nothing else, and for programs that break what is longer.
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 160
    assert not any(b"\n" in line or b"\r" in line for line in raw.split(b"\r\n"))
    headers = [line.partition(": ")[::2] for line in head.split("\r\n")]
    names = [name for name, _ in headers]
    assert sorted(set(names)) == sorted(names)
    assert {"From", "To", "Date", "Subject", "Message-ID", "Auto-Submitted"} <= set(names)
    assert not [value for name, value in headers if name in FOR_PROGRAMS and "=?" in value]
    assert found.text.strip()


# ── SpamAssassin ─────────────────────────────────────────────────────────────────────────────────


def scores(raw: list[bytes], home: Path) -> list[tuple[float, str]]:
    """Let SpamAssassin judge messages by the rules it has on this machine."""
    program = shutil.which("spamassassin")
    if program is None:
        pytest.skip("no spamassassin on this machine: apt-get install spamassassin")
    box = b"".join(b"From x Thu Jan  1 00:00:00 2026\n" + one + b"\n" for one in raw)
    ran = subprocess.run(
        [program, "--local", "--test-mode", "--mbox"],
        input=box,
        capture_output=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C"},
    )
    found = re.findall(
        r"^X-Spam-Status: \w+, score=(-?[\d.]+).*?tests=((?:[^=]|\n\t)*?) ?autolearn",
        ran.stdout.decode("utf-8", "replace"),
        re.MULTILINE | re.DOTALL,
    )
    return [(float(score), "".join(tests.split())) for score, tests in found]


def arrives(raw: bytes, after: timedelta) -> bytes:
    """Return a message as a reader's server keeps it, so long after its Date."""
    at = parsedate_to_datetime(str(message_from_bytes(raw)["Date"])) + after
    received = (
        "Received: from mail.acme.example (mail.acme.example [93.184.215.14])\n"
        "\tby mx.reader.example (Postfix) with ESMTPS id 4F1x2y3z4a\n"
        f"\tfor <ada@reader.example>; {format_datetime(at)}\n"
    )
    return received.encode() + raw.replace(b"\r\n", b"\n")


def test_spamassassin_takes_no_letter_for_spam_however_late_it_leaves(tmp_path: Path) -> None:
    raw = message(NAMES[0])
    at = parsedate_to_datetime(str(message_from_bytes(raw)["Date"]))
    late, as_made = [], []
    for hours in (4, 8, 30, 100):
        now = at + timedelta(hours=hours, minutes=50)
        date = f"Date: {format_datetime(dated(at, now))}\r\n".encode()
        moved = re.sub(rb"^Date: .*\r\n", date, raw, flags=re.MULTILINE)
        late.append(arrives(moved, now - dated(at, now)))
        as_made.append(arrives(raw, now - at))

    assert [one for one in scores(late, tmp_path) if one[0] >= 1.0 or "DATE" in one[1]] == []
    # Dated when its word was published, it would meet the four rules that are about that.
    assert ["DATE_IN_PAST" in rules for _, rules in scores(as_made, tmp_path)] == [True] * 4


def test_spamassassin_takes_no_kind_of_message_for_spam(tmp_path: Path) -> None:
    raw = [arrives(one, timedelta(minutes=100)) for one in map(message, NAMES)]
    bought = b"Subject: VIAGRA $$$ FREE MONEY!!! 100% GUARANTEED\nFrom: a@b.example\n\nBUY NOW!!!\n"

    found = scores([*raw, bought], tmp_path)

    assert len(found) == len(raw) + 1
    # It answers in an order of its own. One message is there to show that it judges at all.
    *ours, worst = sorted(found)
    assert worst[0] > 5.0
    assert [verdict for verdict in ours if verdict[0] >= 1.0] == []


# ── what Gmail, Outlook and Apple Mail support ───────────────────────────────────────────────────

UNSUPPORTED: dict[str, list[str]] = json.loads((DATA / "caniemail.json").read_bytes())[
    "unsupported"
]
#: What is used though a program lacks it: the programs, and what happens there. docs/mail.md tells
#: the same. Whatever else a letter begins to use, or a program to lack, is looked at first.
LACKING: dict[str, tuple[str, str]] = {
    "HTML5 doctype": ("outlook.windows", "it puts its own there, and no rule here depends on it"),
    "<body> element": ("outlook.macos", "its margin alone is set on it"),
    "<style> element": ("gmail.mobile-webmail", "light: all that is in it is the dark ground"),
    "@media (prefers-color-scheme)": (
        (
            "gmail.android gmail.desktop-webmail gmail.ios gmail.mobile-webmail outlook.windows "
            "outlook.windows-mail"
        ),
        "light, or the dark ground that the program makes of what has no colour of its own",
    ),
    "color-scheme meta tag": (
        (
            "apple-mail.ios gmail.android gmail.desktop-webmail gmail.ios gmail.mobile-webmail "
            "outlook.android outlook.ios outlook.macos outlook.outlook-com outlook.windows "
            "outlook.windows-mail"
        ),
        "as above; where it is known, no dark of the program's own lies over ours",
    ),
    "word-break": ("outlook.windows-mail", "a word wider than the window is scrolled to"),
    "white-space": (
        "outlook.windows outlook.windows-mail",
        "code keeps its lines, as <pre> says, and a long one is scrolled to",
    ),
}
#: Elements and properties that its data does not list, because all programs have them.
_EVERYWHERE = frozenset(
    ["a", "em", "head", "html", "meta", "title", "tr", "td", "th", "thead", "tbody"]
)
_PLAIN = frozenset({"color", "font-family"})
_NAMED = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "<h1> to <h6> elements"),
    **dict.fromkeys(("ul", "ol", "dl", "li", "dt", "dd"), "<ul>, <ol> and <dl>"),
}


class Features(HTMLParser):
    """Collects what a page asks of a mail program, by the names of the data."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = {"HTML5 doctype"}
        self.unknown: set[str] = set()
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = _NAMED.get(tag, f"<{tag}> element")
        if name in UNSUPPORTED:
            self.found.add(name)
        elif tag not in _EVERYWHERE:
            self.unknown.add(tag)
        self._in_style = tag == "style"
        for attribute, value in attrs:
            if attribute == "style":
                self.style(value or "")
            elif f"{attribute} attribute" in UNSUPPORTED:
                self.found.add(f"{attribute} attribute")
            if (attribute, value) == ("name", "color-scheme"):
                self.found.add("color-scheme meta tag")
            if attribute == "href" and (value or "").startswith("#"):
                self.found.add("Local anchors")

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.found |= {
                "@media (prefers-color-scheme)" if "prefers-color-scheme" in rule else rule
                for rule in re.findall(r"@[\w-]+[^{]*", data)
            }
            for block in re.findall(r"\{([^{}]*)\}", data):
                self.style(block)
            self._in_style = False

    def style(self, declarations: str) -> None:
        """Note the properties of a style."""
        for declaration in filter(str.strip, declarations.split(";")):
            name, _, value = declaration.partition(":")
            # Of a shorthand for one side the data speaks with all sides.
            name = re.sub(r"^(border|margin|padding)-(top|right|bottom|left)$", r"\1", name.strip())
            known = next(
                (t for t in (name, f"{name} property", f"{name} shorthand") if t in UNSUPPORTED),
                None,
            )
            if known:
                self.found.add(known)
            elif name not in _PLAIN:
                self.unknown.add(name)
            pair = f"{name}:{value.strip()}"
            self.found |= {title for title in UNSUPPORTED if title.replace(" ", "") == pair}
            for unit in re.findall(r"\d(px|em|rem|vw|vh|%)", value):
                self.found.add(f"{unit} unit")


def used(name: str) -> Features:
    """Return what a message asks of a mail program."""
    features = Features()
    body = letter(name).message.get_body(("html",))
    # Answers and reminders have no HTML: a text shows alike everywhere.
    assert bool(body) == (name in LETTERS)
    features.feed(str(body.get_content()) if body else "")
    return features


@pytest.mark.parametrize("name", NAMES)
def test_gmail_outlook_and_apple_mail_support_all_that_is_used(name: str) -> None:
    features = used(name)

    assert features.unknown == set()
    lacking = {f: " ".join(UNSUPPORTED[f]) for f in features.found if UNSUPPORTED[f]}
    known = {feature: programs for feature, (programs, _) in LACKING.items()}
    assert lacking.items() <= known.items()


def test_nothing_is_excused_that_no_letter_uses_and_every_excuse_is_told() -> None:
    found = {feature for name in LETTERS for feature in used(name).found}
    told = (ROOT.parent / "docs" / "mail.md").read_text()

    assert set(LACKING) <= found
    for feature in LACKING:
        assert f"| `{feature}` |" in told, feature


def test_nothing_that_shows_is_said_of_the_body_alone() -> None:
    (body,) = re.findall(r"<body([^>]*)>", letter("weekly").html)

    assert body.strip() in {'style="margin: 0;"', 'style="margin:0"'}


# ── DKIM ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_signature_holds_and_covers_how_to_unsubscribe() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.split(b"\n")[1:-2])

    for name in NAMES:
        raw = message(name)
        names = [one.lower() for one in letter(name).message]
        headers = [one.encode() for one in names if not one.startswith("x-")]
        line = dkim.sign(raw, b"mail", b"ternpaper.example", private, include_headers=headers)
        signed = line + raw
        covered = line.replace(b"\r\n ", b"").lower()
        assert (b"list-unsubscribe" in covered) == (name in LETTERS)
        assert dkim.verify(signed, dnsfunc=lambda *_, **__: record), name
        # A header or a word changed on the way shows.
        for there, then in ((b"mailto:list@", b"mailto:lost@"), (b"Unsubscribe", b"Unsubscribed")):
            changed = signed.replace(there, then)
            assert changed == signed or not dkim.verify(changed, dnsfunc=lambda *_, **__: record)


# ── a browser ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["missed", "weekly-ja", "weekly-ar", "still-wrong", "hard"])
def test_html_can_be_read_on_a_telephone_light_and_dark(
    browser: Browser, name: str, scheme: str
) -> None:
    if not axe.AXE.is_file():
        pytest.skip("no axe-core: make clients")
    context = browser.new_context(
        viewport={"width": 320, "height": 640},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.set_content(letter(name).html)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    axe.prepare(page)
    found = [line for line in axe.complaints(page) if not _about_landmarks(line)]
    assert found == []
    context.close()


def _about_landmarks(complaint: str) -> bool:
    """Tell what is asked of a page, and not of a message inside of a mail program."""
    return complaint.startswith(("region", "landmark", "page-has-heading-one", "heading-order"))


def test_editions_of_the_life_stay_light() -> None:
    sizes = {
        name: letters.composer().written(edition, letters.EVERYBODY)
        for name, edition in letters.every_edition().items()
    }

    assert {name: found.size for name, found in sizes.items() if found.heavy} == {}
