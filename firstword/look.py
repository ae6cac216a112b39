"""What a site may change of its look without touching a template: accent, logo, favicon, links."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

from msgspec import Struct

from firstword.errors import SettingsError
from firstword.model import Accent, Link, Site
from firstword.patterns import later

#: WCAG 2.2, 1.4.3: text of any size.
CONTRAST = 4.5
#: The hardest grounds to read on: no lighter theme ground is darker than the first, no dark one
#: lighter than the second.
LIGHT_GROUND = "#efebe2"
DARK_GROUND = "#262a2f"
#: A picture travels inside every page, which is one request and must stay small.
MOST_BYTES = 4096
#: How tall a logo stands, in CSS pixels.
LOGO_HEIGHT = 28

_COLOUR = later(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_STEPS = 64
_MAILTO = later(r"mailto:[^@\s<>\"',;:?]+@[^@\s<>\"',;:?]+\.[^@\s<>\"',;:?]+")
_URL = later(r"https?://[^\s<>\"'`\\^{|}]+", re.IGNORECASE)
_PNG = b"\x89PNG\r\n\x1a\n"
_VIEW_BOX = later(r'<svg\b[^>]*?\sviewBox\s*=\s*["\']([^"\']+)["\']', re.DOTALL)

Rgb = tuple[int, int, int]


class Picture(Struct, frozen=True, kw_only=True):
    """A small picture that travels inside the page."""

    #: Free of '&', '<', '>' and '"', so that it can stand in an attribute as it is.
    uri: str
    #: Width divided by height.
    ratio: float

    @property
    def width(self) -> int:
        """Width at the height of a logo, in CSS pixels."""
        return max(1, round(LOGO_HEIGHT * self.ratio))

    @property
    def height(self) -> int:
        """The height of a logo, in CSS pixels."""
        return LOGO_HEIGHT


# ── colour ───────────────────────────────────────────────────────────────────────────────────────


def read_accent(value: object) -> Accent | None:
    """Read ACCENT_COLOR: one colour, which is darkened and lightened until it can be read on light
    and on dark, or a pair for light and dark, taken as it is. Raises SettingsError."""
    if value in ("", None):
        return None
    if isinstance(value, str):
        colour = _rgb(value)
        return Accent(
            light=_readable(colour, _rgb(LIGHT_GROUND), (0, 0, 0)),
            dark=_readable(colour, _rgb(DARK_GROUND), (255, 255, 255)),
        )
    if not isinstance(value, Sequence) or len(value) != 2:
        raise SettingsError(
            "ACCENT_COLOR", f"a colour, or one for light and one for dark pages, not {value!r}"
        )
    for name, given, ground in zip(
        ("light", "dark"), value, (LIGHT_GROUND, DARK_GROUND), strict=True
    ):
        found = contrast(_rgb(given), _rgb(ground))
        if found < CONTRAST:
            raise SettingsError(
                "ACCENT_COLOR",
                f"{given!r} has a contrast of {found:.1f} on {name} pages; text needs {CONTRAST}. "
                "Give one colour to have it darkened and lightened as needed",
            )
    return Accent(light=_hex(_rgb(value[0])), dark=_hex(_rgb(value[1])))


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Rgb) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _readable(colour: Rgb, ground: Rgb, towards: Rgb) -> str:
    """Return the nearest mixture with black or white that can be read on a ground."""
    mixtures = (_mixed(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return _hex(next((m for m in mixtures if contrast(m, ground) >= CONTRAST), towards))


def _mixed(colour: Rgb, towards: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, towards, strict=True))
    return red, green, blue


def _rgb(value: object) -> Rgb:
    if not isinstance(value, str) or not _COLOUR.fullmatch(value.strip()):
        raise SettingsError("ACCENT_COLOR", f"not a colour: {value!r}; write '#174f8a'")
    digits = value.strip()[1:]
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def _hex(colour: Rgb) -> str:
    return "#" + bytes(colour).hex()


# ── links ────────────────────────────────────────────────────────────────────────────────────────


def read_links(value: object) -> tuple[Link, ...]:
    """Read LINKS, pairs of a text and an address. Raises SettingsError."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise SettingsError("LINKS", f"a list of (text, address) is expected, not {value!r}")
    return tuple(map(_link, value))


def _link(row: object) -> Link:
    match row:
        case (str(text), str(url)) if text.strip():
            if _MAILTO.fullmatch(url) or (_URL.fullmatch(url) and _has_host(url)):
                return Link(text=" ".join(text.split()), url=url)
            raise SettingsError("LINKS", f"{text!r}: not an http, https or mailto address: {url!r}")
    raise SettingsError("LINKS", f"a text and an address are expected, not {row!r}")


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────


def read_picture_path(setting: str, value: object) -> str:
    """Read the path of an SVG or PNG below the content folder, or "". Raises SettingsError."""
    if not isinstance(value, str):
        raise SettingsError(setting, f"the path of a picture is expected, not {value!r}")
    path = PurePosixPath(value.strip())
    if not value.strip():
        return ""
    if path.is_absolute() or ".." in path.parts or "\\" in value:
        raise SettingsError(setting, f"a path below the content folder, not {value!r}")
    if path.suffix.lower() not in (".svg", ".png"):
        raise SettingsError(setting, f"an SVG or a PNG is expected, not {value!r}")
    return path.as_posix()


def load_pictures(site: Site, folder: Path) -> tuple[Picture | None, Picture | None]:
    """Read a site's logo and icon from its content folder. Raises SettingsError."""
    return load_picture("LOGO", folder, site.logo), load_picture("FAVICON", folder, site.favicon)


def load_picture(setting: str, folder: Path, name: str) -> Picture | None:
    """Read a picture of the content folder; None when none is set. Raises SettingsError."""
    if not name:
        return None
    path = folder / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(setting, f"no such picture in the content folder: {name!r}") from error
    if not path.resolve().is_relative_to(folder.resolve()):
        raise SettingsError(setting, f"leads out of the content folder: {name!r}")
    if len(data) > MOST_BYTES:
        raise SettingsError(
            setting,
            f"{name!r} has {len(data)} bytes; {MOST_BYTES} at most, for it is part of every page",
        )
    return _svg(setting, name, data) if name.lower().endswith(".svg") else _png(setting, name, data)


def data_uri(svg: str) -> str:
    """Spell an SVG as an address of its own, of characters that need no escaping in HTML."""
    return "data:image/svg+xml," + quote(svg.strip(), safe="!'()*+,-./:;=?@_~")


def _svg(setting: str, name: str, data: bytes) -> Picture:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(setting, f"{name!r} is not text in UTF-8") from error
    box = _VIEW_BOX.search(text)
    try:
        _, _, width, height = (float(n) for n in re.split(r"[\s,]+", box[1].strip()) if box)  # type: ignore[index]
        ratio = width / height
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise SettingsError(
            setting, f"{name!r}: an SVG needs a viewBox that tells its width and height"
        ) from error
    if not 0 < ratio < float("inf"):
        raise SettingsError(setting, f"{name!r}: a viewBox without an area: {box and box[1]!r}")
    return Picture(uri=data_uri(text), ratio=ratio)


def _png(setting: str, name: str, data: bytes) -> Picture:
    """Read a PNG; its first chunk, IHDR, begins with width and height (PNG, 11.2.1)."""
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if not data.startswith(_PNG) or data[12:16] != b"IHDR" or not width or not height:
        raise SettingsError(setting, f"{name!r} is not a PNG")
    return Picture(
        uri="data:image/png;base64," + base64.b64encode(data).decode(), ratio=width / height
    )
