"""What others make of our mail: SpamAssassin, what mail programs support, DKIM, a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import dkim
import letters
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from judges import axe
from playwright.sync_api import Browser
from test_letters import KINDS, kind

DATA = Path(__file__).parent / "data"

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


def test_spamassassin_takes_no_kind_of_message_for_spam(tmp_path: Path) -> None:
    names = sorted(KINDS)
    raw = [kind(name).raw.replace(b"\r\n", b"\n") for name in names]
    bought = b"Subject: VIAGRA $$$ FREE MONEY!!! 100% GUARANTEED\nFrom: a@b.example\n\nBUY NOW!!!\n"

    found = scores([*raw, bought], tmp_path)

    assert len(found) == len(names) + 1
    # It answers in an order of its own. One message is there to show that it judges at all.
    *ours, worst = sorted(found)
    assert worst[0] > 5.0
    assert [verdict for verdict in ours if verdict[0] >= 1.0] == []


# ── what Gmail, Outlook and Apple Mail support ───────────────────────────────────────────────────

UNSUPPORTED: dict[str, list[str]] = json.loads((DATA / "caniemail.json").read_bytes())[
    "unsupported"
]
#: Every message has them, and programs that do not know them lose nothing by it.
_HARMLESS = frozenset(
    {
        *("HTML5 doctype", "<body> element", "<style> element", "color-scheme meta tag"),
        # The dark ground: whoever leaves it out makes a dark one of its own, or stays light.
        *("@media (prefers-color-scheme)", "@media"),
        # Outlook on Windows shows a table all the same.
        "role attribute",
    }
)
#: Elements and properties that its data does not list, because all programs have them.
_EVERYWHERE = frozenset({"a", "em", "head", "html", "meta", "title", "tr", "td", "tbody"})
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


@pytest.mark.parametrize("name", sorted(KINDS))
def test_gmail_outlook_and_apple_mail_support_all_that_is_used(name: str) -> None:
    features = Features()
    features.feed(kind(name).html)

    assert features.unknown == set()
    lacking = {f: UNSUPPORTED[f] for f in features.found - _HARMLESS if UNSUPPORTED[f]}
    assert lacking == {}


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

    for name in sorted(KINDS):
        raw = kind(name).raw
        headers = [h.lower().encode() for h in kind(name).message if not h.startswith("X-")]
        line = dkim.sign(raw, b"mail", b"ternpaper.example", private, include_headers=headers)
        signed = line + raw
        assert b"list-unsubscribe" in line.replace(b"\r\n ", b"").lower()
        assert dkim.verify(signed, dnsfunc=lambda *_, **__: record), name
        # A header or a word changed on the way shows.
        for there, then in ((b"mailto:list@", b"mailto:lost@"), (b"Unsubscribe", b"Unsubscribed")):
            changed = signed.replace(there, then)
            assert changed == signed or not dkim.verify(changed, dnsfunc=lambda *_, **__: record)


# ── a browser ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["missed", "weekly", "weekly-ja", "weekly-ar"])
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
    page.set_content(kind(name).html)

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
