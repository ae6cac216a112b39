"""New signed words of a file whose published words were changed: they wait for no others."""

from __future__ import annotations

from firstword.model import Incident, Update


def with_news(published: str, old: Incident, text: str, new: Incident) -> str:
    """Return what was published with the updates that readers do not have yet; "" for none.

    `old` is the story as it was published, `new` the one that `text` tells.
    """
    known = {update.at for update in old.updates}
    last = max(known)
    # An update that is gone may have moved, and would be told again as news.
    if not known <= {update.at for update in new.updates}:
        return ""
    news = [update for update in new.updates if update.at > last]
    # `done: 2` counts over the whole file, so both must promise the same.
    if any(update.done for update in news) and _promised(old) != _promised(new)[: _count(old)]:
        return ""
    # As the parser reads them; lines are counted so.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    headings = sorted(update.line for update in new.updates)
    blocks = [_block(lines, headings, update) for update in news]
    return "\n\n".join((published.rstrip(), *blocks)) + "\n" if blocks else ""


def _block(lines: list[str], headings: list[int], update: Update) -> str:
    """Return the lines from an update's heading to the next one's."""
    end = next((line for line in headings if line > update.line), len(lines) + 1)
    return "\n".join(lines[update.line - 1 : end - 1]).strip("\n")


def _promised(incident: Incident) -> list[tuple[str, object, str]]:
    return [(one.person, one.due, one.text) for u in incident.updates for one in u.follow_ups]


def _count(incident: Incident) -> int:
    return len(_promised(incident))
