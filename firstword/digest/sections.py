"""What a digest holds → its sections, as long as a message can be."""

from __future__ import annotations

from collections.abc import Iterator

from firstword import urls
from firstword.digest.gather import Gathered, nearest
from firstword.digest.layout import Section
from firstword.digest.telling import Teller, one_line

#: So many stories of a section are told where all of them are too much; a link leads to the rest.
FEW = 5
#: So many promises where HTML is too heavy with all: each is signed, and has its reply link.
SOME = 10


def kicker_of(gathered: Gathered, teller: Teller) -> str:
    """Name the first story that somebody wrote about, and say how many more there are.

    It is what a list of messages shows of a digest.
    """
    every = (*gathered.wrong, *gathered.over, *gathered.coming, *gathered.notices)
    told = [item for item in every if item.words]
    first = told[0].incident if told else every[0].incident
    kicker = f"{teller.language.word(first.status)}: {one_line(teller.title(first))}"
    return f"{kicker} · {teller.many_more(len(told) - 1)}" if len(told) > 1 else kicker


def sections_of(gathered: Gathered, teller: Teller, *, short: bool, few: bool) -> Iterator[Section]:
    """Yield the sections. `short` leaves out what only comes, `few` what is too much of all."""
    say = teller.language.say
    news = sum(bool(item.words) for item in gathered.coming)
    for heading, items, many, path in (
        (say("Still wrong"), gathered.wrong, None, urls.HOME),
        (say("No longer open"), gathered.over, None, urls.HISTORY),
        (say("Coming"), gathered.coming, max(news, FEW) if short else None, urls.HOME),
        (teller.language.word("notice", many=True), gathered.notices, None, urls.HOME),
    ):
        some = nearest(items, FEW if few else many or len(items))
        left = len(items) - len(some)
        if items:
            yield Section(
                heading=heading,
                stories=tuple(teller.item(item) for item in some),
                lines=(teller.more(left, path),) if left else (),
            )
    if gathered.promises:
        some_promises = gathered.promises[: FEW if few else SOME if short else None]
        left = len(gathered.promises) - len(some_promises)
        lines = [teller.promise(promise) for promise in some_promises]
        lines += [teller.more(left, urls.HISTORY)] if left else []
        yield Section(heading=say("Promises kept and missed"), lines=tuple(lines))
