"""compose and parse are each other's way back; mend makes foreign text fit for parse."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.compose import compose, compose_update, mend
from firstword.model import (
    LIFECYCLE,
    About,
    ComponentChange,
    ComponentStatus,
    Due,
    Facts,
    Impact,
    Incident,
    Kind,
    Status,
    Update,
)
from firstword.parse import end_of_day, parse
from firstword.values import replace

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
ZONES: list[tzinfo] = [UTC, COPENHAGEN, ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Chatham")]


def at(text: str) -> datetime:
    """Read an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def bare(incident: Incident) -> Incident:
    """Return an incident without the line numbers and follow-ups that reading adds."""
    updates = tuple(replace(u, line=0, follow_ups=()) for u in incident.updates)
    return replace(incident, updates=updates)


def incident(**values: object) -> Incident:
    """Return a small incident with some values replaced."""
    small = Incident(
        id="kiln",
        slug="kiln",
        path="content/incidents/2026/kiln.md",
        kind=Kind.INCIDENT,
        first=Facts(title="The kiln is cold", impact=Impact.MAJOR),
        updates=(
            Update(
                at=at("2026-03-04 09:12"),
                author="Ian Reyes",
                status=Status.INVESTIGATING,
                body="It heats to 300 °C and stops.",
            ),
        ),
        started=at("2026-03-04 09:00"),
    )
    return replace(small, **values)


# ── the text itself ──────────────────────────────────────────────────────────────────────────────


def test_an_incident_file_reads_as_people_would_write_it() -> None:
    story = incident(
        first=Facts(
            title="Kiln three: cold",
            impact=Impact.MAJOR,
            components=(
                ComponentChange("kiln", ComponentStatus.MAJOR_OUTAGE),
                ComponentChange("shop"),
            ),
            affected="Mugs and bowls.",
            workaround='Ask for "plan B"',
        ),
        updates=(
            Update(
                at=at("2026-03-04 09:12"),
                author="Ian Reyes",
                status=Status.INVESTIGATING,
                body="It heats to 300 °C and stops.",
                says=Facts(next=Due(at("2026-03-04 10:00"))),
            ),
            Update(
                at=at("2026-03-04 16:30:05"),
                author="Ian Reyes",
                status=Status.RESOLVED,
                body="It holds 1240 °C again.",
                says=Facts(
                    components=(ComponentChange("kiln", ComponentStatus.OPERATIONAL),),
                    ended=at("2026-03-04 16:02"),
                ),
                done=(1, 2),
                notify=False,
            ),
        ),
        aliases=("issues/kiln",),
    )

    expected = dedent(
        """\
        ---
        title: "Kiln three: cold"
        impact: major
        started: 2026-03-04 10:00
        components: [kiln major_outage, shop]
        affected: Mugs and bowls.
        workaround: "Ask for \\"plan B\\""
        aliases: [issues/kiln]
        ---

        ## 2026-03-04 10:12 | Ian Reyes | investigating
        next: 2026-03-04 11:00

        It heats to 300 °C and stops.

        ## 2026-03-04 17:30:05 | Ian Reyes | resolved
        components: kiln operational
        ended: 2026-03-04 17:02
        done: 1, 2
        notify: no

        It holds 1240 °C again.
        """
    )
    assert compose(story, COPENHAGEN) == expected


def test_without_a_zone_times_are_in_utc_and_say_so() -> None:
    text = compose(incident())

    assert "started: 2026-03-04 09:00Z\n" in text
    assert "## 2026-03-04 09:12Z | Ian Reyes | investigating\n" in text


def test_a_wall_time_that_happens_twice_carries_its_offset() -> None:
    summer, winter = at("2026-10-25 00:30"), at("2026-10-25 01:30")

    headings = [
        compose_update(replace(incident().updates[0], at=moment), COPENHAGEN).split(" | ")[0]
        for moment in (summer, winter)
    ]

    assert headings == ["## 2026-10-25 02:30+02:00", "## 2026-10-25 02:30+01:00"]


def test_an_imported_update_may_have_no_words() -> None:
    closing = Update(at=at("2026-03-04 10:00"), author="imported", status=Status.RESOLVED, body="")

    assert compose_update(closing) == "## 2026-03-04 10:00Z | imported | resolved\n"


@pytest.mark.parametrize(
    "title",
    [
        "No",
        "10:00",
        "- a list?",
        "Fault on line #3",
        "'quoted' and \"quoted\"",
        "back\\slash",
        "{braces} and [brackets]",
        "a: b",
        "---",
        "* & ! % @ `",
        "ünïcødé 🎄",
        "~",
        "zero\u200bwidth",
        "a no-break\u00a0space",
        "&anchor",
        "ends with a colon:",
    ],
)
def test_a_title_stays_what_it_is(title: str) -> None:
    story = incident(first=Facts(title=title, impact=Impact.NONE))

    parsed = parse(compose(story).encode(), story.path, UTC)

    assert parsed.problems == ()
    assert parsed.incident is not None
    assert parsed.incident.title == title


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"author": "A | B"}, "an author's name has no '|': 'A | B'"),
        ({"author": ""}, "'author' is one line of text: ''"),
        ({"says": Facts(affected="two\nlines")}, "'affected' is one line of text: 'two\\nlines'"),
        ({"says": Facts(because=" ")}, "'because' is one line of text: ' '"),
    ],
)
def test_what_the_format_cannot_say_is_refused(update: dict[str, object], message: str) -> None:
    broken = replace(incident().updates[0], **update)

    with pytest.raises(ValueError, match=re.escape(message)):
        compose_update(broken)


def test_a_reminder_in_seconds_is_refused() -> None:
    with pytest.raises(ValueError, match="whole minutes"):
        compose(incident(remind=timedelta(seconds=90)))


# ── round trip ───────────────────────────────────────────────────────────────────────────────────

_LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufffe\uffff"
)
#: Quotes around a whole value draw a warning in an update.
words = (
    st.text(_LETTERS, min_size=1, max_size=40)
    .map(lambda text: " ".join(re.sub("[\"'\x85\u2028\u2029]", "", text).split()))
    .filter(bool)
)
slugs = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
instants = st.integers(min_value=800_000_000, max_value=4_000_000_000).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)
changes = st.lists(
    st.builds(ComponentChange, slugs, st.none() | st.sampled_from(ComponentStatus)),
    min_size=1,
    max_size=3,
    unique_by=lambda change: change.id,
).map(tuple)
_LINES = ["", "Twice.", "- item", "### More", "> quoted", "    code", "a | b", "*Well*"]
_FENCED = "```\n## code\n```"
bodies = st.lists(st.sampled_from([*_LINES, _FENCED]), max_size=6).map(
    lambda lines: "\n".join(["Once.", *lines]).rstrip()
)


@st.composite
def stories(draw: st.DrawFn) -> tuple[Incident, tzinfo]:
    """Draw an incident of any kind with any facts its kind may carry, and its zone."""
    zone: tzinfo = draw(st.sampled_from(ZONES))
    kind = draw(st.sampled_from(Kind))
    due = st.builds(Due, instants) | st.dates(
        datetime(2001, 1, 2, tzinfo=UTC).date(), datetime(2090, 1, 1, tzinfo=UTC).date()
    ).map(lambda day: Due(end_of_day(day, zone), whole_day=True))

    def maybe(strategy: st.SearchStrategy[object]) -> object:
        return draw(st.none() | strategy)

    def facts(*, first: bool) -> Facts:
        planned = kind is Kind.MAINTENANCE
        return Facts(
            title=draw(words) if first else maybe(words),  # type: ignore[arg-type]
            impact=None  # type: ignore[arg-type]
            if kind is Kind.NOTICE
            else draw(st.sampled_from(Impact))
            if first
            else maybe(st.sampled_from(Impact)),
            affected=maybe(words),  # type: ignore[arg-type]
            unaffected=maybe(words),  # type: ignore[arg-type]
            workaround=maybe(words),  # type: ignore[arg-type]
            scheduled_for=draw(instants) if planned and first else None,
            scheduled_until=draw(instants) if planned and first else None,
            until=maybe(due) if kind is Kind.NOTICE else None,  # type: ignore[arg-type]
            components=maybe(changes),  # type: ignore[arg-type]
            next=None if first else maybe(due),  # type: ignore[arg-type]
            expected=None if first else maybe(due),  # type: ignore[arg-type]
            because=None if first else maybe(words),  # type: ignore[arg-type]
            ended=None if first or kind is Kind.NOTICE else maybe(instants),  # type: ignore[arg-type]
        )

    moments = sorted(draw(st.sets(instants, min_size=1, max_size=4)))
    statuses = st.sampled_from([*LIFECYCLE[kind], Status.UPDATE, Status.ANSWER])
    updates = tuple(
        Update(
            at=moment,
            author=draw(
                st.sampled_from(["Dawn Okafor", "Søren Ødegård-Nair", "李小龙", "A. B. C."])
            ),
            status=draw(statuses),
            body=draw(bodies),
            says=facts(first=False),
            corrects=maybe(instants),  # type: ignore[arg-type]
            done=tuple(draw(st.lists(st.integers(1, 9999), max_size=2, unique=True))),
            notify=draw(st.booleans()),
        )
        for moment in moments
    )
    slug = draw(slugs)
    notice = kind is Kind.NOTICE
    story = Incident(
        id=draw(st.just(slug) | slugs),
        slug=slug,
        path=f"content/incidents/2026/{slug}.md",
        kind=kind,
        first=facts(first=True),
        updates=updates,
        started=draw(instants) if kind is Kind.INCIDENT else maybe(instants),  # type: ignore[arg-type]
        about=draw(st.sampled_from(About)) if notice else None,
        repeats=draw(st.just("") | st.just("FREQ=WEEKLY;INTERVAL=2;BYDAY=TH")) if notice else "",
        remind=None
        if kind is Kind.INCIDENT
        else maybe(st.integers(1, 9999).map(lambda n: timedelta(minutes=n))),  # type: ignore[arg-type]
        aliases=tuple(
            draw(
                st.lists(
                    st.from_regex(r"issues/[a-z~_-][a-z0-9.]{0,4}", fullmatch=True), unique=True
                )
            )
        ),
        draft=draw(st.booleans()),
        drill=draw(st.booleans()),
        imported=draw(st.sampled_from(["", "cstate"])),
    )
    return story, zone


@given(stories())
def test_what_is_composed_parses_to_the_same_incident(drawn: tuple[Incident, tzinfo]) -> None:
    story, zone = drawn

    parsed = parse(compose(story, zone).encode(), story.path, zone)

    assert parsed.problems == ()
    assert parsed.incident is not None
    assert bare(parsed.incident) == story


@given(stories())
def test_what_is_composed_without_a_zone_means_the_same_on_any_site(
    drawn: tuple[Incident, tzinfo],
) -> None:
    story, zone = drawn
    text = compose(story).encode()

    here, there = (parse(text, story.path, place).incident for place in (zone, UTC))

    assert here is not None
    assert here == there
    assert [update.at for update in here.updates] == [update.at for update in story.updates]


# ── foreign text ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # what needs nothing stays
        ("Text\n\n### Fine\n\n- item\n\n---\n\nMore", "Text\n\n### Fine\n\n- item\n\n---\n\nMore"),
        ("#42 was refused", "#42 was refused"),
        ("- [ ] Call (Eve Moss, 2021-01-01)", "- [ ] Call (Eve Moss, 2021-01-01)"),
        ("```\n# code\n## code\n```", "```\n# code\n## code\n```"),
        ("<!-- ## hidden -->", "<!-- ## hidden -->"),
        ("a\u200bb", "a\u200bb"),
        # headings
        ("# One\n\n## Two", "### One\n\n### Two"),
        ("## a | b | resolved", "### a | b | resolved"),
        ("## 2021-01-01 10:00 | Eve | resolved", "### 2021-01-01 10:00 &#124; Eve | resolved"),
        ("##once | Eve | resolved\nx", "\\##once | Eve | resolved\nx"),
        ("##", "###"),
        # underlines
        ("Title\n=====\nText", "### Title\nText"),
        ("Two\nlines\n--", "### Two lines"),
        ("- item\n  more\n---", "- item\n  more\n\n---"),
        ("```\ncode\n```\n---\nText", "```\ncode\n```\n---\nText"),
        # never closed
        ("```sh\n# code\n", "```sh\n# code\n```"),
        ("~~~~\n```", "~~~~\n```\n~~~~"),
        ("<!-- to do\n## x", "<!-- to do\n## x\n-->"),
        ("<!-- a\n<!-- b -->", "<!-- a\n<! -- b -->"),
        # what would be an update
        ("2021-01-01 10:00 | Eve | update", "2021-01-01 10:00 &#124; Eve | update"),
        ("```\n2021-01-01 10:00 | Eve | update\n```", "```\n2021-01-01 10:00 ¦ Eve | update\n```"),
        # an update that was commented out, and a comment that was never closed
        (
            "<!--\n2021-01-01 10:00 | Eve | update",
            "<!--\n2021-01-01 10:00 | Eve | update\n-->",
        ),
        # a merge that stayed
        ("<<<<<<< HEAD\n\na\n=======\n", " <<<<<<< HEAD\n\n### a"),
        # blank lines around
        ("\n\n  \ntext  \n\n", "text"),
    ],
)
def test_foreign_text_is_mended_as_little_as_needed(before: str, after: str) -> None:
    assert mend(before)[0] == after


def test_every_mend_is_told() -> None:
    _, mends = mend("# One\n\nTwo\n---\n```")

    assert [(m.before, m.after, m.why) for m in mends] == [
        ("# One", "### One", "only updates stand at level 1 and 2"),
        ("Two\n---", "### Two", "only updates stand at level 1 and 2"),
        ("", "```", "a fence was never closed"),
    ]


MARKS = ["#", "##", "# a", "## a | b | c", "---", "==", "```", "~~~", "<!--", "-->", "- [ ] x"]
MARKS += ["", "text", "  more", "> quote", "| a | b |", "1. one", "<<<<<<< x", ">>>>>>> y"]
MARKS += [
    "=======",
    "-",
    "2021-01-01 10:00 | Eve | update",
    "<!-- a --> <!--",
    "    code",
    "\t- [x] y (Z, 2020-01-01)",
    "##x",
    "next: 10:00",
    "``` a",
    "***",
]


@given(st.lists(st.sampled_from(MARKS) | st.text(_LETTERS, max_size=12), max_size=12))
def test_whatever_the_text_what_was_mended_parses(lines: list[str]) -> None:
    body, _ = mend("\n".join(lines))
    closing = Update(
        at=at("2026-03-04 10:00"), author="imported", status=Status.RESOLVED, body=body
    )
    story = incident(imported="cstate", updates=(closing,))

    parsed = parse(compose(story).encode(), story.path, UTC)

    # What looks like an update inside a comment is worth a warning, and stays a comment.
    assert {problem.rule for problem in parsed.problems} <= {"comment"}
    assert parsed.incident is not None
    assert bare(parsed.incident) == bare(story)
    assert mend(body) == (body, ())
