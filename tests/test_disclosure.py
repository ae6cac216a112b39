"""What a story leaves unsaid, by structure and by wording: `check_told` and the commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sites import CARDS_FILE, CONF, SmallSite

from firstword.check import check_told
from firstword.model import Person, Site, update_id
from firstword.parse import parse
from firstword.values import replace

ROOT = Path(__file__).parent.parent
FRONT = """\
---
title: {title}
impact: major
started: 2026-11-21 09:12
{front}---
"""
TOLD = "affected: About one in five.\nworkaround: Nothing yet.\n"
FIRST = """
## 2026-11-21 09:20 | Dawn Okafor | investigating
next: 10:00

We are on the phone with the bank.
"""
SITE = Site(
    name="Acme",
    url="https://status.acme.example",
    timezone=ZoneInfo("UTC"),
    people={
        "Dawn Okafor": Person(
            name="Dawn Okafor",
            role="Engineer",
            address="dawn@acme.example",
            shown="Dawn Okafor",
            slug="dawn-okafor",
        )
    },
    tag_authority="status.acme.example,2026",
)


def found(
    *updates: str,
    front: str = TOLD,
    site: Site = SITE,
    readers: int = 0,
    title: str = "Card payments fail",
) -> list[str]:
    """Return what is said of a story; its first `readers` updates are published."""
    text = FRONT.format(front=front, title=title) + "".join(updates)
    incident = parse(text.encode(), "a.md", site.timezone).incident
    assert incident
    known = frozenset(update_id(update.at) for update in incident.updates[:readers])
    return [
        f"{p.line}: {p.rule}: {p.level}: {p.message}" for p in check_told(incident, site, known)
    ]


def at(minute: str, status: str, text: str, keys: str = "") -> str:
    return f"\n## 2026-11-21 {minute} | Dawn Okafor | {status}\n{keys}\n{text}\n"


def test_a_first_word_that_says_it_all() -> None:
    assert found(FIRST) == []


def test_an_open_incident_says_who_what_and_when() -> None:
    bare = at("09:20", "investigating", "Card payments fail.")
    vague = at("09:20", "investigating", "There is an issue. We are aware of it.")

    assert found(bare, front="") == [
        f"7: disclosure: warning: nobody has said {what}"
        for what in (
            "who is affected: 'affected:' takes a number, a place, 'We do not know yet'",
            "what you are doing: who does what, with 'we' or a name",
            "what people can do: 'workaround:' takes 'Nothing yet' as well",
            "when the next word comes: 'next:'",
        )
    ]
    told = [line.partition("nobody has said ")[2] for line in found(vague, title="An issue")]
    assert told[:2] == [
        "what happens to people: what do they see, what fails?",
        "what you are doing: who does what, with 'we' or a name",
    ]


def test_not_knowing_yet_is_an_answer_with_a_time() -> None:
    unknown = "affected: We do not know yet.\nworkaround: Nothing yet.\n"
    by_eleven = unknown.replace("yet.", "yet; by 11:00 CET we will.", 1)
    endless = FIRST.replace("next: 10:00\n", "")

    assert found(FIRST, front=unknown) == []
    assert [line.partition("warning: ")[2] for line in found(endless, front=unknown)] == [
        "nobody has said when the next word comes: 'next:'",
        "'affected' is not known yet: by when will it be? 'next:' tells",
    ]
    assert len(found(endless, front=by_eleven)) == 1


@pytest.mark.parametrize(
    ("text", "doing"),
    [
        ("We are on the phone with the bank.", True),
        ("Dawn Okafor reads the log.", True),
        ("I pulled the cable and put in another.", True),
        ("We are sorry. We apologise.", False),
        ("We are aware of it. We will keep you posted.", False),
        ("We do not know why.", False),
        ('The bank says: "We are on it."', False),
        ("> We are on it.\n\nSo the bank.", False),
        ("The bank looks at it. `we work`", False),
        ("Our team is aware of it.", False),
        ("Our engineers have been notified.", False),
    ],
)
def test_somebody_is_doing_something(text: str, doing: bool) -> None:
    problems = found(at("09:20", "investigating", text, "next: 10:00\n"))

    assert [line for line in problems if "what you are doing" in line] == (
        [] if doing else [line for line in problems if ": disclosure:" in line]
    )
    assert bool(problems) is not doing


@pytest.mark.parametrize(
    "text",
    [
        "Our engineers are restarting the queue in Kiel, one machine after the other.",
        "Our team is copying the table back, from the backup of 08:00 UTC.",
        "The night shift is calling every shop.",
        "Two technicians are replacing the switch in Aarhus.",
        "An electrician is putting in a new fuse.",
        "Our people are carrying the parcels by hand.",
        "We are restarting the queue.",
        "We are on the phone with the bank.",
        "We are being helped by the bank's night shift.",
        "I am reading the log of the firewall.",
        "I'm waiting for the courier with the spare disk.",
        "We're moving the shop to the other rack.",
        "We test each card by hand and write down what it says.",
        "We pay every refund today.",
        "We have switched to the second line and it holds.",
        "We've stopped the job that filled the disk.",
        "One of us is driving to the hall.",
        "Both of us look at the same graph: 40 errors a minute.",
        "Dawn Okafor is comparing the two tables.",
        "Dawn Okafor and the bank are in one call.",
        "We are watching the queue; it holds 40 jobs and shrinks.",
        "We are looking for the cable that was cut.",
        "We are investigating why the second machine did not take over.",
        "We wait until 11:00 UTC, then we put the old version back.",
        "We see 12 errors a minute; at nine it was none.",
        "We do not know the cause yet, and read the logs to find it.",
        "Our drivers are bringing the post to Odense.",
        "We keep both versions running until 14:00 UTC.",
        "We write to everyone whose order is missing.",
        "We are asking three shops to try again every ten minutes.",
    ],
)
def test_honest_words_in_the_present_pass_strict(text: str) -> None:
    later = at("09:58", "update", text, "next: 11:30\n")

    assert [
        p for p in found(later.replace("update", "investigating")) if ": notice:" not in p
    ] == []
    assert [p for p in found(FIRST, later) if ": notice:" not in p] == []


@pytest.mark.parametrize(
    ("title", "text", "told"),
    [
        ("Card payments fail", "We look at it.", True),
        ("An issue with checkout", "Nobody can pay by card.", True),
        ("Prints come out green", "We look at the ink.", True),
        ("Outage", "Two of the five pumps stand still.", True),
        ("An issue with checkout", "We are investigating an incident.", False),
        ("Degraded performance", "Our team is aware of technical difficulties.", False),
    ],
)
def test_what_happens_to_people_is_asked(title: str, text: str, told: bool) -> None:
    site = replace(SITE, wording=(("en", "aware-of-issue", "off", "", "", ""),))
    story = at("09:20", "investigating", f"{text}", "next: 10:00\n")

    asked = [line for line in found(story, title=title, site=site) if "what happens" in line]
    assert len(asked) == (not told)


def test_a_time_needs_a_zone_somewhere_in_the_story() -> None:
    bare = FIRST.replace("bank.", "bank since 09:15.")
    later = at("09:58", "update", "We wait. It is 10:58 CET here.", "next: 11:30\n")

    (notice,) = found(bare)
    assert notice == (
        "12: disclosure: notice: '09:15': in whose time? "
        "Feeds and mail are read elsewhere; name the zone once"
    )
    assert found(bare, later) == []
    assert found(FIRST.replace("bank.", "bank. It says `09:15`.")) == []
    assert found(FIRST.replace("bank.", 'bank. It says "at 09:15".')) == []


def test_nothing_is_asked_where_nothing_is_wrong_for_anybody() -> None:
    quiet = TOLD.replace("affected", "unaffected") + "impact: none\n"
    text = FRONT.replace("impact: major\n", "").format(front=quiet, title="T") + FIRST
    incident = parse(text.encode(), "a.md", SITE.timezone).incident

    assert incident
    assert list(check_told(incident, SITE)) == []


def test_the_next_word_is_asked_of_the_newest() -> None:
    later = at("09:58", "update", "We still wait for the bank.")

    assert [line[:60] for line in found(FIRST, later)] == [
        "14: disclosure: warning: nobody has said when the next word "
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Cards work since 09:45.", 1),
        ("Cards work since 09:45. Nothing was lost.", 0),
        ("Cards work since 09:45. Please try again.", 0),
        ("Cards work. What was lost we do not know yet.", 1),
        ("Cards work. What was lost we do not know yet; on Friday we will.", 0),
        ("Cards work again. You can pay by card again.", 1),
        ("Cards work. Nothing to see here.", 1),
        ("Orders work again.", 1),
        ("Cards work. If yours failed, press Pay again.", 0),
        ('Cards work. The bank says "nothing was lost".', 1),
    ],
)
def test_a_resolution_says_what_was_lost_or_is_to_be_done_again(text: str, count: int) -> None:
    problems = found(FIRST, at("10:00", "resolved", text))

    assert [line for line in problems if "what was lost" in line] == problems
    assert len(problems) == count


ENDED = at("10:00", "resolved", "All cards work. Nothing was lost.")
NO_CAUSE = at("11:00", "postmortem", "It was a long night, since 09:12 CET, and all works again.")
EMPTY = at("11:00", "postmortem", "The certificate failed because nobody renewed it.")
WHOLE = at(
    "11:00",
    "postmortem",
    "We do not know the cause yet.\n\n- [ ] Find it (Dawn Okafor, 2026-12-01)",
)


def test_a_postmortem_has_a_cause_and_follow_ups() -> None:
    assert [line[:29] for line in found(FIRST, ENDED, NO_CAUSE)] == [
        "18: postmortem: warning: no w",
        "18: postmortem: error: nothin",
    ]
    assert [line[:29] for line in found(FIRST, ENDED, EMPTY)] == ["18: postmortem: error: nothin"]
    assert found(FIRST, ENDED, WHOLE) == []


def test_what_readers_have_or_nobody_sees_yet_is_not_held_back() -> None:
    published = found(FIRST, ENDED, NO_CAUSE, readers=3)
    draft = found(FIRST, ENDED, NO_CAUSE, front=f"{TOLD}draft: yes\n")
    drill = found(FIRST, ENDED, NO_CAUSE, front=f"{TOLD}drill: yes\n")

    assert [line.split(": ")[2] for line in published + draft] == ["warning"] * 4
    assert [line.split(": ")[2] for line in drill] == ["warning", "error"]


def test_history_and_what_was_withdrawn_are_left_alone() -> None:
    evasive = at("09:20", "investigating", "Sorry for any inconvenience.")
    withdrawn = at("10:00", "withdrawn", "It was a false alarm of ours.")

    assert found(evasive, front="imported: cstate\n") == []
    assert [p for p in found(FIRST, withdrawn, front="") if "wording" not in p] == []


def test_words_are_asked_about_where_they_stand() -> None:
    later = at("09:58", "update", "The bank answers.\n\nWe will write\nshortly.", "next: 10:30\n")

    ask = "When will they hear from you next? Give the time."
    assert found(FIRST, later, front=TOLD.replace("Nothing yet", "Bear with us")) == [
        f"6: wording: warning: 'Bear with us' (bear-with-us): {ask}",
        "19: wording: warning: 'shortly' (as-soon-as-possible): By what time?",
    ]


def test_the_first_word_of_an_incident_is_only_noted() -> None:
    evasive = FIRST.replace("We are", "Some customers cannot pay. We are")

    assert [line.split(": ")[1:3] for line in found(evasive)] == [["wording", "notice"]]


def test_somebody_may_allow_a_phrase_and_signs_for_it() -> None:
    text = "We will write shortly.\n\n<!-- allow: as-soon-as-possible, Dawn Okafor -->"
    wrong = "We work.\n\n<!-- allow: asap, Dawn Okafor --> <!-- allow: glitch, Ian -->"

    assert found(FIRST, at("09:58", "update", text, "next: 10:30\n")) == []
    assert found(FIRST, at("09:58", "update", wrong, "next: 10:30\n")) == [
        "19: allow: warning: no such rule: 'asap'",
        "19: allow: warning: not in PEOPLE: 'Ian'; one of: Dawn Okafor",
    ]
    ian = replace(SITE.people["Dawn Okafor"], name="Ian Reyes", slug="ian-reyes")
    both = replace(SITE, people={**SITE.people, "Ian Reyes": ian})
    another = text.replace("Dawn Okafor", "Ian Reyes")
    assert found(FIRST, at("09:58", "update", another, "next: 10:30\n"), site=both) == [
        "19: allow: warning: 'Ian Reyes' did not sign this update; 'Dawn Okafor' may allow it",
        "17: wording: warning: 'shortly' (as-soon-as-possible): By what time?",
    ]


def test_a_site_in_another_language_has_its_own_words() -> None:
    german = replace(SITE, language="de")
    text = at("10:00", "resolved", "Alle Karten gehen. Es ging nichts verloren.")

    assert found(FIRST, text, site=german) == []
    assert len(found(FIRST, at("10:00", "resolved", "Alles geht."), site=german)) == 1
    assert (
        found(FIRST, at("10:00", "resolved", "Alles werkt."), site=replace(SITE, language="nl"))
        == []
    )


# ── in the commands ─────────────────────────────────────────────────────────────────────────────

VAGUE = """\
---
title: Cards fail
impact: major
started: 2026-11-21 09:12
affected: Some customers.
workaround: Nothing yet.
---

## 2026-11-21 09:20 | Dawn Okafor | investigating
next: 10:00

We are on the phone with the bank.
"""
SECOND = "\n## 2026-11-21 09:40 | Dawn Okafor | update\nnext: 10:30\n\nWe will write shortly.\n"


def test_the_first_word_goes_out_even_when_strict(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site", {CARDS_FILE: VAGUE})
    site.commit()

    checked, published = site.firstword("check", "--strict"), site.publish("--strict")

    assert "wording: notice: 'Some customers' (how-many)" in checked.out
    assert checked.err == "0 errors, 0 warnings and 1 notice in 1 file\n"
    assert (checked.code, published.code) == (0, 0), published.err
    assert "Some customers." in site.page("index.html")


def test_later_words_count_when_strict(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site", {CARDS_FILE: VAGUE + SECOND})

    plain, strict = site.firstword("check"), site.firstword("check", "--strict")

    assert (plain.code, strict.code) == (0, 1)
    rows = json.loads(site.firstword("check", "--format", "json").out)
    assert [(r["line"], r["rule"], r["level"]) for r in rows] == [
        (5, "wording", "warning"),
        (17, "wording", "warning"),
    ]
    github = site.firstword("check", "--format", "github").out.splitlines()
    assert github[1] == (
        f"::warning file={CARDS_FILE},line=17,title=wording::"
        "'shortly' (as-soon-as-possible): By what time?"
    )


@pytest.mark.parametrize(
    ("who", "code"), [("Dawn Okafor", 0), ("Dawn", 1), ("Somebody Else", 1), ("", 1)]
)
def test_strict_lets_pass_what_somebody_of_people_allows(
    tmp_path: Path, who: str, code: int
) -> None:
    number = VAGUE.replace("Some customers", "Twelve of our customers")
    allow = f"\n<!-- allow: as-soon-as-possible, {who} -->\n"
    site = SmallSite.make(tmp_path / "site", {CARDS_FILE: number + SECOND + allow})

    checked = site.firstword("check", "--strict")

    assert checked.code == code, checked.out
    assert ("(as-soon-as-possible)" in checked.out) is bool(code)


def test_a_company_writes_rules_of_its_own(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site", {CARDS_FILE: VAGUE + SECOND})
    site.write("pelicanconf.py", f'{CONF}\nWORDING = "wording.tsv"\n')
    site.write("wording.tsv", "en\thow-many\toff\nen\tbank\tthe bank\t\tWhich bank?\n")

    told = site.firstword("check").out
    built = site.pelican()

    assert "(how-many)" not in told
    assert "'the bank' (bank): Which bank?" in told
    assert "'the bank' (bank): Which bank?" in built.err
    site.write("wording.tsv", "en\thow-many\n")
    refused = site.firstword("check")
    assert refused.code == 2
    assert refused.out.startswith("pelicanconf.py:16: settings: WORDING: wording.tsv:1: 5 columns")


def test_findings_are_kept_with_the_file_and_change_with_the_table(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site", {CARDS_FILE: VAGUE + SECOND})
    site.write("pelicanconf.py", f'{CONF}\nWORDING = "wording.tsv"\n')
    site.write("wording.tsv", "")

    first, again = site.pelican().err, site.firstword("check").out
    site.write("wording.tsv", "en\tas-soon-as-possible\toff\n")
    after = site.pelican().err

    assert first.count("wording: warning") == again.count("wording: warning") == 2
    assert after.count("wording: warning") == 1


def test_a_postmortem_from_which_nothing_follows_is_held_back(tmp_path: Path) -> None:
    story = (
        VAGUE + "\n## 2026-11-21 09:50 | Dawn Okafor | resolved\n\nAll work. Nothing was lost.\n"
    )
    site = SmallSite.make(tmp_path / "site", {CARDS_FILE: story})
    site.commit()
    assert site.publish().code == 0
    site.write(CARDS_FILE, story + NO_CAUSE.replace("11:00", "10:10"))

    held = site.publish()

    assert held.code == 3
    assert "postmortem: nothing follows from it" in held.err
    assert "long night" not in site.page("incidents/2026-11-21-card-payments/index.html")
    site.write(CARDS_FILE, story + WHOLE.replace("11:00", "10:10"))
    assert site.publish().code == 0


def test_the_example_content_passes_strict(tmp_path: Path) -> None:
    site = SmallSite(tmp_path / "site")
    site.root.mkdir()
    for name in ("content", "theme"):
        shutil.copytree(ROOT / name, site.root / name)
    shutil.copy(ROOT / "pelicanconf.py", site.root)

    # As the README has it.
    checked = site.firstword("check", "--strict", "--format", "json", SOURCE_DATE_EPOCH="")

    assert checked.code == 0
    assert [(p["path"], p["rule"], p["level"]) for p in json.loads(checked.out)] == [
        ("pelicanconf.py", "pinned-clock", "notice")
    ]
