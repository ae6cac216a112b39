"""ACCENT_COLOR, LOGO, FAVICON, LINKS: what is read, and what is refused in which words."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from pathlib import Path
from urllib.parse import unquote

import pytest
from sites import CONF, SmallSite
from test_settings import read, refusal

from firstword.errors import SettingsError
from firstword.look import (
    CONTRAST,
    DARK_GROUND,
    LIGHT_GROUND,
    MOST_BYTES,
    Rgb,
    contrast,
    load_picture,
)
from firstword.model import Accent, Link

STYLE = Path(__file__).resolve().parent.parent / "theme" / "templates" / "style.css"
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><path d="M0 0h9"/></svg>\n'


def rgb(colour: str) -> Rgb:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def png(width: int, height: int, padding: int = 0) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0" * padding


# ── the accent ───────────────────────────────────────────────────────────────────────────────────


def test_contrast_is_wcags() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((255, 255, 255), (255, 255, 255)) == pytest.approx(1)
    # The well-known lightest grey that can be read on white.
    assert contrast((0x76,) * 3, (255,) * 3) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("colour", ["#174f8a", "#e4003a", "#ffd500", "#fff", "#000000", "#7F7F7F"])
def test_one_colour_can_be_read_on_light_and_on_dark(colour: str) -> None:
    accent = read(ACCENT_COLOR=colour).accent

    assert accent is not None
    assert contrast(rgb(accent.light), rgb(LIGHT_GROUND)) >= CONTRAST
    assert contrast(rgb(accent.dark), rgb(DARK_GROUND)) >= CONTRAST


def test_a_colour_that_can_be_read_already_stays_as_it_is() -> None:
    assert read(ACCENT_COLOR="#174F8A").accent == Accent(light="#174f8a", dark="#7294b8")
    assert read().accent is None


def test_a_pair_is_taken_as_it_is() -> None:
    pair = read(ACCENT_COLOR=("#a3002a", "#FF8FA5")).accent

    assert pair == Accent(light="#a3002a", dark="#ff8fa5")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("red", "ACCENT_COLOR: not a colour: 'red'; write '#174f8a'"),
        ("#12345", "ACCENT_COLOR: not a colour: '#12345'; write '#174f8a'"),
        ("#fff;}body{display:none", "ACCENT_COLOR: not a colour: '#fff;}body{display:none'"),
        (0x174F8A, "ACCENT_COLOR: a colour, or one for light and one for dark pages, not 1527690"),
        (("#174f8a",), "ACCENT_COLOR: a colour, or one for light and one for dark pages, not"),
        (("#ffd500", "#ffd500"), "ACCENT_COLOR: '#ffd500' has a contrast of 1.2 on light pages"),
        (("#174f8a", "#174f8a"), "ACCENT_COLOR: '#174f8a' has a contrast of 1.7 on dark pages"),
    ],
)
def test_an_accent_that_cannot_be(value: object, message: str) -> None:
    assert refusal(ACCENT_COLOR=value).startswith(message)


def test_no_ground_of_the_theme_is_harder_to_read_on_than_what_we_reckon_with() -> None:
    grounds = re.findall(r"--(?:paper|card):\s*(#[0-9a-f]{6})", STYLE.read_text(encoding="utf-8"))
    black, white = (0, 0, 0), (255, 255, 255)

    assert len(grounds) >= 4
    for ground in map(rgb, grounds):
        assert contrast(ground, black) >= contrast(rgb(LIGHT_GROUND), black) or contrast(
            ground, white
        ) >= contrast(rgb(DARK_GROUND), white), ground


# ── links ────────────────────────────────────────────────────────────────────────────────────────


def test_links() -> None:
    site = read(LINKS=[("Acme", "https://acme.example/?a=1&b=2"), ("C", "mailto:c@acme.example")])

    assert site.links == (
        Link(text="Acme", url="https://acme.example/?a=1&b=2"),
        Link(text="C", url="mailto:c@acme.example"),
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("Acme", "LINKS: a list of (text, address) is expected, not 'Acme'"),
        ([("Acme",)], "LINKS: a text and an address are expected, not ('Acme',)"),
        ([("", "https://acme.example")], "LINKS: a text and an address are expected"),
        ([("Acme", "javascript:alert(1)")], "LINKS: 'Acme': not an http, https or mailto address"),
        ([("Acme", "//acme.example")], "LINKS: 'Acme': not an http, https or mailto address"),
        ([("Acme", "https:///x")], "LINKS: 'Acme': not an http, https or mailto address"),
        ([("Acme", 'https://a.example/"x')], "LINKS: 'Acme': not an http, https or mailto"),
    ],
)
def test_links_that_cannot_be(value: object, message: str) -> None:
    assert refusal(LINKS=value).startswith(message)


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────


def test_an_svg_travels_as_text_and_a_png_as_base64(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(LOGO, encoding="utf-8")
    (tmp_path / "logo.png").write_bytes(png(64, 32))

    svg = load_picture("LOGO", tmp_path, "logo.svg")
    bitmap = load_picture("LOGO", tmp_path, "logo.png")

    assert svg is not None
    assert bitmap is not None
    assert unquote(svg.uri) == "data:image/svg+xml," + LOGO.strip()
    assert set('&<>"').isdisjoint(svg.uri)
    assert (svg.width, svg.height) == (84, 28)
    assert bitmap.uri == "data:image/png;base64," + base64.b64encode(png(64, 32)).decode()
    assert (bitmap.width, bitmap.height) == (56, 28)
    assert load_picture("LOGO", tmp_path, "") is None


@pytest.mark.parametrize("setting", ["LOGO", "FAVICON"])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("/etc/logo.svg", "a path below the content folder, not '/etc/logo.svg'"),
        ("../logo.svg", "a path below the content folder, not '../logo.svg'"),
        ("images\\logo.svg", "a path below the content folder"),
        ("images/logo.gif", "an SVG or a PNG is expected, not 'images/logo.gif'"),
        (7, "the path of a picture is expected, not 7"),
    ],
)
def test_a_path_that_cannot_be(setting: str, value: object, message: str) -> None:
    assert refusal(**{setting: value}).startswith(f"{setting}: {message}")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("gone.svg", None, "no such picture in the content folder: 'gone.svg'"),
        ("a.png", b"GIF89a" + b"\0" * 40, "'a.png' is not a PNG"),
        ("a.png", png(0, 5), "'a.png' is not a PNG"),
        ("a.png", png(5, 5, MOST_BYTES), "'a.png' has 4129 bytes; 4096 at most"),
        ("a.svg", b"\xff\xfe<svg/>", "'a.svg' is not text in UTF-8"),
        ("a.svg", b"<svg width='9'/>", "'a.svg': an SVG needs a viewBox"),
        ("a.svg", b"<svg viewBox='0 0 9 0'/>", "'a.svg': an SVG needs a viewBox"),
        ("a.svg", b"<svg viewBox='0 0 -9 9'/>", "'a.svg': a viewBox without an area"),
    ],
)
def test_a_picture_that_cannot_be(
    tmp_path: Path, name: str, data: bytes | None, message: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)

    with pytest.raises(SettingsError) as refused:
        load_picture("LOGO", tmp_path, name)

    assert str(refused.value).startswith(f"LOGO: {message}")


def test_a_link_out_of_the_content_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "secret.svg").write_text(LOGO, encoding="utf-8")
    (tmp_path / "content" / "logo.svg").symlink_to(tmp_path / "secret.svg")

    with pytest.raises(SettingsError, match=r"leads out of the content folder: 'logo\.svg'"):
        load_picture("LOGO", tmp_path / "content", "logo.svg")


# ── on a site ────────────────────────────────────────────────────────────────────────────────────

LOOK = """
ACCENT_COLOR = "#e4003a"
LOGO = "images/logo.svg"
FAVICON = "images/icon.svg"
LINKS = [("Acme & Sons", "https://acme.example/?a=1&b=2")]
"""


def test_a_site_looks_as_its_settings_say(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path)
    site.write("pelicanconf.py", CONF + LOOK)
    site.write("content/images/logo.svg", LOGO)
    site.write("content/images/icon.svg", LOGO.replace("M0 0h9", "M1 1h2"))
    site.write("content/pages/about.md", "Title: About\n\nHello.\n")

    assert site.pelican().code == 0

    accent = read(ACCENT_COLOR="#e4003a").accent
    assert accent is not None
    for key in ("index.html", "about/index.html", "404.html"):
        page = site.page(key, "output")
        rules = f":root{{--accent:{accent.light}}}@media (prefers-color-scheme:dark)"
        assert f"{rules}{{:root{{--accent:{accent.dark}}}}}</style>" in page
        assert '<img class="logo" src="data:image/svg+xml,%3Csvg' in page
        assert 'alt="" width="84" height="28">' in page
        assert re.search(r'<link rel="icon" href="data:image/svg\+xml,[^"]*M1%201h2', page)
        assert '<a href="https://acme.example/?a=1&amp;b=2"><bdi>Acme &amp; Sons</bdi></a>' in page


def test_check_names_the_line_of_a_picture_that_is_not_there(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path)
    site.write("pelicanconf.py", CONF + LOOK)

    ran = site.firstword("check")

    line = CONF.count("\n") + 3
    assert ran.code == 2
    assert f"pelicanconf.py:{line}: settings: LOGO: no such picture" in ran.out
