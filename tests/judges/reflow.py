"""What becomes of a page when it is narrow, large, spaced, printed or in somebody's own colours."""

from __future__ import annotations

import base64
from typing import Any

from playwright.sync_api import Locator, Page

from .keys import contrast

#: Elements that stick out where lines end, other than in what scrolls by itself (code, tables).
_OUT = """() => {
  const scrolls = e => {
    for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
      if (["auto", "scroll"].includes(getComputedStyle(p).overflowX)) return true;
    return false;
  };
  const wide = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll("body *")].filter(e => {
    const box = e.getBoundingClientRect();
    const over = document.dir === "rtl" ? -box.left : box.right - wide;
    return box.width && over > 0.5 && !scrolls(e)
  }).map(e => `${Math.round(e.getBoundingClientRect().right)} px: ${e.outerHTML.slice(0, 90)}`);
  const root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth) out.push(`the page is ${root.scrollWidth} px wide`);
  return out;
}"""
#: Text that is cut off by the box around it, other than where that is the point.
_CUT = """() => [...document.querySelectorAll("body *")].filter(e => {
    const style = getComputedStyle(e);
    return ["hidden", "clip"].includes(style.overflowX) && style.clipPath === "none"
      && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
      && e.innerText;
  }).map(e => `cut off: ${e.outerHTML.slice(0, 90)}`)"""
#: Words of normal length that a narrow column takes apart; Chinese and Japanese break anywhere.
_BROKEN_WORDS = """() => {
  const found = [];
  for (const cell of document.querySelectorAll("th, td, dt, h1, h2, h3, .state")) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());)
      for (const word of node.data.matchAll(/[\\p{L}\\p{N}]{2,12}/gu)) {
        if (/[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}]/u.test(word[0])) continue;
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map(b => Math.round(b.top))).size > 1)
          found.push(`taken apart: ${word[0]} in ${cell.outerHTML.slice(0, 60)}`);
      }
  }
  return found;
}"""
#: WCAG 1.4.12: what a reader may ask of spacing.
_SPACED = """() => { for (const e of document.querySelectorAll("body, body *")) {
  e.style.setProperty("line-height", "1.5", "important");
  e.style.setProperty("letter-spacing", "0.12em", "important");
  e.style.setProperty("word-spacing", "0.16em", "important"); } }"""
#: Boxes that stay where they are while the page scrolls, as a share of the window's height.
_STUCK = """() => [...document.querySelectorAll("body *")]
  .filter(e => ["fixed", "sticky"].includes(getComputedStyle(e).position))
  .reduce((sum, e) => sum + e.getBoundingClientRect().height, 0) / innerHeight"""
#: The colours of every text and of what lies behind it.
_COLOURS = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const ground = e => {
    const colour = e && getComputedStyle(e).backgroundColor;
    if (!e) return "rgb(255, 255, 255)";
    return /^rgba.*, 0\\)$/.test(colour) ? ground(e.parentElement) : colour;
  };
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (node.data.trim() && e.checkVisibility({visibilityProperty: true}))
      found.push([getComputedStyle(e).color, ground(e), e.outerHTML.slice(0, 90)]);
  }
  return found;
}"""
_INK = """async url => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
  return data.reduce((sum, pixel) => sum + (pixel !== data[0]), 0) / data.length;
}"""


def fits(page: Page) -> list[str]:
    """Return what makes a reader scroll sideways, cuts text off or takes words apart."""
    return [*page.evaluate(_OUT), *page.evaluate(_CUT), *page.evaluate(_BROKEN_WORDS)]


def zoomed(page: Page) -> list[str]:
    """Judge a window of 1280 × 1024 at 400 %, which is one of 320 × 256."""
    page.set_viewport_size({"width": 320, "height": 256})
    found = fits(page)
    if (share := page.evaluate(_STUCK)) > 0.3:
        found.append(f"{share:.0%} of the window does not scroll")
    return found


def larger_text(page: Page) -> list[str]:
    """Judge text twice as large in a window of 640 px (WCAG 1.4.4)."""
    page.set_viewport_size({"width": 640, "height": 800})
    before = page.evaluate("getComputedStyle(document.body).fontSize")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    after = page.evaluate("getComputedStyle(document.body).fontSize")
    found = fits(page)
    page.evaluate("document.documentElement.style.fontSize = ''")
    if float(after[:-2]) < 1.9 * float(before[:-2]):
        found.append(f"text stays at {after} where {before} was to be doubled")
    return found


def spaced(page: Page) -> list[str]:
    """Judge a page with WCAG's spacing of text at 320 px; changes the page for good."""
    page.set_viewport_size({"width": 320, "height": 800})
    page.evaluate(_SPACED)
    return [*page.evaluate(_OUT), *page.evaluate(_CUT)]


def words(page: Page | Locator) -> list[str]:
    """Return what is seen, word by word."""
    seen = page.locator("body") if isinstance(page, Page) else page
    return seen.inner_text().split()


def ink(page: Page, picture: bytes) -> float:
    """Return the share of a picture's pixels that differ from its first; needs a blank page."""
    url = "data:image/png;base64," + base64.b64encode(picture).decode()
    share: float = page.evaluate(_INK, url)
    return share


def faint(page: Page) -> list[str]:
    """Return text that hardly differs from what lies behind it, in whatever colours are forced.

    axe is no judge of that: it asks for -webkit-text-fill-color, which Chromium does not force.
    """
    return [
        f"{colour} on {ground}: {html}"
        for colour, ground, html in page.evaluate(_COLOURS)
        if contrast(colour, ground) < 4.5
    ]


def moving(page: Page) -> list[str]:
    """Return what still moves for somebody who asked for less of that."""
    found: list[Any] = page.evaluate(
        """() => [
          ...document.getAnimations().map(a => `animation ${a.animationName ?? a.id}`),
          ...[document.documentElement, ...document.querySelectorAll("body *")].filter(e => {
            const style = getComputedStyle(e);
            return style.transitionDuration.split(", ").some(d => parseFloat(d) > 0.01)
              || style.scrollBehavior === "smooth";
          }).map(e => `moves: ${e.outerHTML.slice(0, 80)}`)]"""
    )
    return [str(one) for one in found]
