"""axe-core: what a machine can find of WCAG 2.2 A and AA and of good practice."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from .pages import ROOT

AXE = ROOT / "tests" / "clients" / "node_modules" / "axe-core" / "axe.min.js"

#: By tag, since a plain run leaves out some rules of WCAG 2.2 (the size of targets).
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
#: All that can be otherwise in other colours.
COLOURS = ("color-contrast", "link-in-text-block")
_RUN = """runOnly => axe.run({runOnly, resultTypes: ["violations", "incomplete"]})"""


def prepare(page: Page) -> None:
    """Put axe into a page that was opened; stays until the next navigation."""
    page.evaluate(AXE.read_text(encoding="utf-8") + ";0")


def complaints(page: Page, *, colours: bool = False) -> list[str]:
    """Return what axe finds, of any impact, and what it could not judge, a line an element.

    `colours` alone, where the page was judged as it is but for those.
    """
    kind, names = ("rule", COLOURS) if colours else ("tag", RULES)
    found: dict[str, Any] = page.evaluate(_RUN, {"type": kind, "values": [*names]})
    return [
        f"{rule['id']} ({rule['impact']}{sure}): {' '.join(map(str, node['target']))}: "
        f"{node['html'][:120]}"
        for rules, sure in ((found["violations"], ""), (found["incomplete"], ", not sure"))
        for rule in rules
        for node in rule["nodes"]
    ]
