"""Which words readers of every target have, and which mail waits for that."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from apis import page, story
from mails import day, word

from firstword.cli.there import Place, Readers, hold_back
from firstword.mail.parcel import Edition
from firstword.mail.planning import Plan
from firstword.store.public import Answer
from firstword.values import replace

FIRST, SECOND = "20261121T082000Z", "20261121T085000Z"
CARDS = story(
    "2026-11-21-card-payments",
    "title: Card payments fail\nimpact: major\nstarted: 2026-11-21 09:12",
    "2026-11-21 09:20 | Dawn Okafor | investigating\n\nOne in five is refused.",
    "2026-11-21 09:50 | Dawn Okafor | resolved\n\nAll cards work since 09:45.",
)
HELD = {CARDS.id: {FIRST: None, SECOND: None}}
PAGE = f'<article id="u-{FIRST}">'.encode()
#: Digests: of the first word, and of both.
OLD = replace(day(20), words=((CARDS.id, FIRST),))
NEW = replace(day(21), words=((CARDS.id, FIRST), (CARDS.id, SECOND)))


class Web:
    """Shows files, and notes what is asked for."""

    def __init__(self, **shown: Answer) -> None:
        self.shown = shown
        self.asked: list[str] = []

    def get(self, url: str) -> Answer:
        """Return what is there: the build, or a story."""
        self.asked.append(url)
        return self.shown["build" if url.endswith("/status.json") else "story"]


def build(name: str) -> Answer:
    """Return a /status.json of that build."""
    return Answer(status=200, body=json.dumps({"build_id": name}).encode())


def readers(web: Web, *addresses: str) -> Readers:
    """Return who reads a site whose targets hold both words."""
    places = [Place("public", address, "new", HELD) for address in addresses]
    return Readers(places, page(CARDS), web.get)


def test_where_the_newest_build_is_seen_no_page_is_looked_at() -> None:
    web = Web(build=build("new"))
    seen = readers(web, "http://one")

    assert [seen.lacking(NEW), seen.lacking(OLD)] == ["", ""]
    assert web.asked == ["http://one/status.json"]


def test_of_an_older_build_the_stories_pages_say_what_is_there() -> None:
    web = Web(build=build("old"), story=Answer(status=200, body=PAGE))
    seen = readers(web, "http://one")

    assert seen.lacking(OLD) == ""
    assert seen.lacking(NEW) == "not yet seen at http://one/: build 'old' is there"
    assert web.asked == [
        "http://one/status.json",
        "http://one/incidents/2026-11-21-card-payments/",
    ]


def test_a_page_of_an_error_shows_nothing_though_it_names_the_word() -> None:
    broken = Answer(status=503, body=PAGE, error="HTTP 503")
    seen = readers(Web(build=build("old"), story=broken), "http://one")

    assert seen.lacking(OLD) == "not yet seen at http://one/: build 'old' is there"


def test_an_address_that_does_not_answer_is_asked_once() -> None:
    web = Web(build=Answer(status=0, error="timed out"), story=Answer(status=200, body=PAGE))
    seen = readers(web, "http://one")

    assert seen.lacking(OLD) == seen.lacking(NEW) == "not yet seen at http://one/: timed out"
    assert web.asked == ["http://one/status.json"]


def test_every_target_has_to_hold_a_word_and_without_an_address_none_is_asked() -> None:
    web = Web()
    places = [
        Place("public", "", "new", HELD),
        Place("s3://second", "", "old", {CARDS.id: {FIRST: None}}),
    ]
    seen = Readers(places, page(CARDS), web.get)

    assert seen.lacking(OLD) == ""
    assert seen.lacking(NEW) == "s3://second does not hold it"
    assert web.asked == []


def test_what_goes_to_nobody_waits_for_nothing_and_an_older_word_waits_in_its_turn() -> None:
    eight, nine, others = word(8), word(9), day(20)

    def plan(some: Sequence[Edition]) -> Plan:
        # Of a story its newest word alone goes out, of the digest there is nobody to read it.
        newest = [edition.id for edition in some if edition.incident][-1:]
        return Plan(tuple(some), recipients=Counter(newest))

    free, held = hold_back([others, eight, nine], lambda edition: f"{edition.at:%H}", plan)

    assert free == [others]
    assert held == {nine.id: "09", eight.id: "08"}
