"""Take a picture of every kind of page, for people to look at.

    python tests/judges/look.py FOLDER [KIND ...]

Writes FOLDER/<kind>-<width>-<light|dark>.png, FOLDER/<kind>-print.png and FOLDER/<kind>-forced.png
(forced colours); without names, of every kind. `mail` stands for every letter that has HTML:
FOLDER/mail-<kind>-<width>-<light|dark>.png.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

# Run as a program, this folder is on the path and not the one above.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Browser

from judges.browser import find_chromium, launched, opened
from judges.pages import BY_NAME, HEIGHT, SCHEMES, WIDTHS, build
from judges.serve import serving

MAIL = "mail"
#: A telephone, and the pane of a mail program.
MAIL_WIDTHS = (390, 800)


def look(folder: Path, names: list[str]) -> int:
    """Build the site, open every page and write its pictures; return how many."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit("no chromium on this machine: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving(build(Path(scratch) / "site")) as address,
        launched(chromium) as browser,
    ):
        if MAIL in names:
            written += look_at_mail(folder, browser)
        for name in filter(BY_NAME.__contains__, names):
            with opened(browser, address + BY_NAME[name].path) as page:
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": HEIGHT})
                    for scheme in SCHEMES:
                        page.emulate_media(color_scheme=scheme)
                        page.screenshot(
                            path=folder / f"{name}-{width}-{scheme}.png", full_page=True
                        )
                page.emulate_media(color_scheme="dark", forced_colors="active")
                page.screenshot(path=folder / f"{name}-forced.png", full_page=True)
                page.emulate_media(color_scheme="light", forced_colors="none", media="print")
                page.screenshot(path=folder / f"{name}-print.png", full_page=True)
                written += len(WIDTHS) * len(SCHEMES) + 2
    return written


def look_at_mail(folder: Path, browser: Browser) -> int:
    """Open every letter and write its pictures; return how many."""
    from mail_kinds import LETTERS, letter

    page = browser.new_page()
    for name in LETTERS:
        page.set_content(letter(name).html)
        for width in MAIL_WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=folder / f"mail-{name}-{width}-{scheme}.png", full_page=True)
    return len(LETTERS) * len(MAIL_WIDTHS) * len(SCHEMES)


def main(arguments: list[str]) -> int:
    """Read the arguments and look."""
    every = [*BY_NAME, MAIL]
    names = arguments[1:] or every
    if not arguments or arguments[0].startswith("-") or not set(every) >= set(names):
        print(__doc__, "Kinds:", ", ".join(every), file=sys.stderr)  # noqa: T201 - a program
        return 2
    written = look(Path(arguments[0]), names)
    print(f"{written} pictures in {arguments[0]}")  # noqa: T201 - a program
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
