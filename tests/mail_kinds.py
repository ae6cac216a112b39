"""One message of every kind that we send, for those who judge mail: editions, answers, nudges.

`WRITERS` names the modules that make messages; `test_mail_judges` fails where there is another, or
where one of them writes what is not among these.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import letters
from letters import Mailed
from mails import STORY, reader, word
from test_letters import KINDS, kind, with_story
from test_mail_deciding import ADA, NOW, SITE, Desks

from firstword.cli.nudge import nudge
from firstword.digest.headers import POLICY
from firstword.mail.deciding import Deed
from firstword.model import Component, ComponentChange, Incident, Person
from firstword.values import replace

#: Below firstword/. `mime` makes the parts of the composer's messages.
WRITERS = {"digest/composer.py", "digest/answers.py", "digest/mime.py", "cli/nudge.py"}
LANGUAGES = ("en", "de", "ja", "ar")
#: 306 characters, and a name that is read from right to left.
JAPANESE = "決済が失敗します。" * 34
MOHAMMED = Person(
    name="محمد عبد الرحمن الطويل جدًا",
    shown="محمد عبد الرحمن الطويل جدًا",
    role="مهندس",
    address="mohammed@ternpaper.example",
    slug="mohammed",
)
#: Nothing in it says where it may be broken.
WIDE = "Donaudampfschifffahrtsgesellschaftskapitän" * 4
HARD_WORDS = f"""\
{WIDE} cannot be reached at <https://status.ternpaper.example/{"a" * 160}>.

    {"x = " * 40}

| Part | What {WIDE} does |
|---|---|
| {WIDE} | `{"y" * 120}` |

> {"w" * 120}

1. {JAPANESE}
"""
LATE = timedelta(days=8)
#: What a person writes to us, one a day → by which name the answer is judged.
SAID = {
    "confirm": "subscribe components=checkout kinds=incident language={language}",
    "welcome": "Re: {asked}",
    "change": "change daily zone=Asia/Tokyo language={language}",
    "mute": f"mute {STORY}",
    "unmute": f"unmute {STORY}",
    "not-understood": "subscribe components=chekout language={language}",
    "too-late": "Re: {asked}",
    "goodbye": "unsubscribe",
}


#: Editions that the life has none of: a week at whose end something is still wrong, a word about
#: sixty components, and one that is as long and as wide as it gets.
MADE_UP = ("still-wrong", "sixty", "hard")
REMINDERS = ("nudge", "nudge-ja", "nudges")
#: Those with HTML, and all.
LETTERS = (*KINDS, *MADE_UP)
NAMES = (*LETTERS, *(f"{one}-{code}" for code in LANGUAGES for one in SAID), *REMINDERS)


@functools.cache
def message(name: str) -> bytes:
    """Return a message of a kind."""
    if name in KINDS:
        return kind(name).raw
    if name in MADE_UP:
        return made_up()[name]
    if name in REMINDERS:
        return reminding()[name]
    said, _, language = name.rpartition("-")
    return answers(language)[0][said]


def letter(name: str) -> Mailed:
    """Return a message as a program reads it; any defect is an error."""
    return letters.read(message(name))


@functools.cache
def made_up() -> dict[str, bytes]:
    """Return editions that the life has none of."""
    page = letters.last_page()
    week = letters.every_edition()["weekly/2026-W43"]
    still = letters.page_of(
        [_still_wrong(one) for one in page.incidents], page.records.stamps, week.at
    )
    first = letters.every_edition()[KINDS["first"][0]]
    names = {f"part-{n}": Component(id=f"part-{n}", name=f"Part {n} of sixty") for n in range(60)}
    sixty, hard = with_story(lambda story: _touches(story, names)), with_story(_hard)
    parts = {**sixty.site.components, **names}
    people = {**hard.site.people, MOHAMMED.name: MOHAMMED}
    sixty = replace(sixty, site=replace(sixty.site, components=parts))
    hard = replace(hard, site=replace(hard.site, people=people))
    made = {
        "still-wrong": letters.mailed(week, by=letters.composer(still)),
        "sixty": letters.mailed(first, by=letters.composer(sixty)),
        "hard": letters.mailed(first, by=letters.composer(hard)),
    }
    return {name: one.raw for name, one in made.items()}


def _still_wrong(story: Incident) -> Incident:
    """Return the orders that were paid twice before anybody knew why."""
    if story.id != "2026-10-19-paid-twice":
        return story
    return replace(story, updates=story.updates[:1])


def _touches(story: Incident, parts: Iterable[str]) -> Incident:
    """Return a story that names so many components."""
    changes = tuple(ComponentChange(part) for part in parts)
    return replace(story, first=replace(story.first, components=changes))


def _hard(story: Incident) -> Incident:
    """Return a story that a narrow window has trouble with."""
    first, *rest = story.updates
    says = replace(first.says, workaround=f"{WIDE} and then {WIDE}")
    first = replace(first, author=MOHAMMED.name, body=HARD_WORDS, says=says)
    return replace(story, first=replace(story.first, title=JAPANESE), updates=(first, *rest))


@functools.cache
def answers(language: str) -> tuple[dict[str, bytes], Counter[Deed]]:
    """Return what a site of a language answers to all that can be said, and what that came to."""
    found, deeds = dict[str, bytes](), Counter[Deed]()
    with TemporaryDirectory() as folder:
        # Whoever is known, and whoever is not, is answered alike.
        desks = Desks(
            Path(folder), reader("bo@reader.example"), site=replace(SITE, language=language)
        )
        desks.told = [(word(9).id, STORY, word(9).digest)]
        asked = ""
        for name, said in SAID.items():
            desks.now += LATE if name == "too-late" else timedelta(days=1)
            desks.comes(said.format(language=language, asked=asked))
            deeds += desks.sync().deeds
            (to, raw), *_ = desks.post.arrived[-1:]
            assert to == ADA
            asked = (
                str(letters.read(raw).message["Subject"])
                if name in {"confirm", "change"}
                else asked
            )
            found[name] = raw
        assert len(desks.post.arrived) == len(SAID)
        desks.people.close()
        desks.inbox.close()
    return found, deeds


@functools.cache
def reminding() -> dict[str, bytes]:
    """Return how people are reminded of what they owe."""
    one = "2026-11-21 10:00  lapsed 30 min ago: next word | Cards fail | content/a.md:11"
    many = [one.replace("Cards fail", JAPANESE), one]
    dawn = Person(
        name="Dawn", shown="Dawn", role="Engineer", address="dawn@acme.example", slug="dawn"
    )
    lines = dict(
        zip(REMINDERS, ([one], ["2026-11-21 10:00  決済が失敗します。"], many), strict=True)
    )
    return {
        name: nudge(SITE, dawn, owed, NOW).as_bytes(policy=POLICY)
        for name, owed in zip(REMINDERS, lines, strict=True)
    }
