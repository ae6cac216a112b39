"""What a reader without a mouse gets: every link in reading order, and sight of where they are."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from playwright.sync_api import Page

_FOCUSABLE = (
    "a[href], button:not([disabled]), input:not([disabled]):not([type=hidden]), "
    "select:not([disabled]), textarea:not([disabled]), summary, [tabindex]:not([tabindex='-1'])"
)
#: Numbers everything that can have the focus, in the order of the document.
_NUMBER = """selector => [...document.querySelectorAll(selector)]
  .filter(e => e.checkVisibility({visibilityProperty: true}))
  .map((e, i) => { e.dataset.judged = i; return e.outerHTML.slice(0, 90); })"""
#: What is told of the element that has the focus.
_WHERE = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const style = getComputedStyle(e), boxes = [...e.getClientRects()];
  const box = boxes.find(b => b.width && b.height) || {left: 0, top: 0, width: 0, height: 0};
  const x = box.left + box.width / 2, y = box.top + box.height / 2;
  const top = document.elementFromPoint(x, y);
  const ground = e => {
    const colour = e && getComputedStyle(e).backgroundColor;
    if (!e) return "rgb(255, 255, 255)";
    return /^rgba.*, 0\\)$/.test(colour) ? ground(e.parentElement) : colour;
  };
  return {
    number: Number(e.dataset.judged ?? -1), html: e.outerHTML.slice(0, 90),
    main: !!e.closest("main"), top: box.top + scrollY, left: box.left,
    sized: box.width > 0 && box.height > 0,
    seen: x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight,
    covered: !!top && !(e.contains(top) || top.contains(e)),
    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    colour: style.outlineColor,
    ground: ground(e.parentElement),
  };
}"""
#: Pixels that two links on one line may differ in height.
_LINE = 12


def walk(page: Page) -> tuple[list[str], list[dict[str, Any]]]:
    """Press Tab from the top until the page is left; return what there is and where one came."""
    everything: list[str] = page.evaluate(_NUMBER, _FOCUSABLE)
    stops: list[dict[str, Any]] = []
    for _ in range(len(everything) + 1):
        page.keyboard.press("Tab")
        here = page.evaluate(_WHERE)
        if here is None or (stops and here["number"] == stops[0]["number"]):
            break
        stops.append(here)
    return everything, stops


def complaints(page: Page) -> list[str]:
    """Return what is wrong with a page for somebody who has only Tab and Enter."""
    everything, stops = walk(page)
    found = []
    visited = [stop["number"] for stop in stops]
    found += [f"not reached: {html}" for i, html in enumerate(everything) if i not in visited]
    if visited != sorted(visited):
        found.append(f"Tab does not follow the document: {visited}")
    for stop in stops:
        found += [f"{why}: {stop['html']}" for why in _of_one(stop)]
    main = [stop for stop in stops if stop["main"]]
    for above, below in pairwise(main):
        up = above["top"] - below["top"]
        # Only a narrow window has one column for sure.
        if up > _LINE and page.evaluate("innerWidth < 400"):
            found.append(f"{up:.0f} px further up than the stop before: {below['html']}")
    return found + _skipping(page, stops) + _folding(page)


def _of_one(stop: dict[str, Any]) -> list[str]:
    """Judge one stop: one has to see where one is (WCAG 2.4.7, 2.4.11, 1.4.11)."""
    found = []
    if not stop["sized"] or not stop["seen"]:
        found.append("has the focus out of sight")
    if stop["covered"]:
        found.append("has the focus under something else")
    if stop["outline"] < 2:
        found.append(f"shows the focus with an outline of {stop['outline']} px")
    elif contrast(stop["colour"], stop["ground"]) < 3:
        found.append(f"shows the focus in {stop['colour']} on {stop['ground']}")
    return found


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast of two colours, each `rgb(r, g, b)` as browsers compute it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    numbers = [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (number / 255 for number in numbers[:3])
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _skipping(page: Page, stops: list[dict[str, Any]]) -> list[str]:
    """Judge the first stop: it leads past the header, and the next stop lies behind it."""
    if not stops or 'href="#' not in stops[0]["html"]:
        return ["the first stop is no link past the header"]
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    # Where the browser begins again after a blur is its own affair: the first stop is asked for.
    page.locator("[data-judged='0']").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    here = page.evaluate(_WHERE)
    inside = any(stop["main"] for stop in stops)
    if inside and (here is None or not here["main"]):
        return [f"the first stop does not lead into the page: {here and here['html']}"]
    return []


def _folding(page: Page) -> list[str]:
    """Judge what folds: Enter opens it, and closes it again."""
    found = []
    for summary in page.locator("summary").all():
        states = []
        for _ in range(2):
            summary.focus()
            page.keyboard.press("Enter")
            states.append(summary.evaluate("e => e.parentElement.open"))
        if sorted(states) != [False, True]:
            found.append(f"does not fold by Enter: {summary.inner_text()}")
    return found
