"""Which other editions tell what one of them tells: for whom it did not reach. Pure."""

from __future__ import annotations

from firstword.digest.editions import UPDATE, said_in, tells_of, update_name
from firstword.digest.gather import concerns, stories_of
from firstword.digest.published import Word, words
from firstword.digest.windows import parse_window
from firstword.mail.parcel import Cadence, Look, Tells
from firstword.page import StatusPage


def ways_of(page: StatusPage, name: str, look: Look) -> Tells:
    """Return what an edition, by its id, tells somebody, however old it is, as `Edition.tells`.

    Nothing for a reminder, of which there is no other, and for words that are there no more.
    """
    return tells_of(page, [w for w in _words(page, name) if concerns(w.incident, look)], but=name)


def _words(page: StatusPage, name: str) -> list[Word]:
    kind, _, rest = name.partition("/")
    if kind == UPDATE:
        story = page.stories.get(rest.rpartition("/")[0])
        told = words(story, page.records) if story else ()
        return [word for word in told if update_name(word.incident, word.update) == name]
    if kind in {Cadence.DAILY, Cadence.WEEKLY}:
        window = parse_window(name, page.site.timezone)
        return list(said_in(page, stories_of(page, window), window))
    return []
