"""The scripted life, walked step by step: what is open, what is broken, what became of promises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import life
import pytest
from life import SITE, Published, instant

from firstword.clock import Clock
from firstword.model import ComponentStatus, Impact, Incident, Kind, Status
from firstword.page import Outcome, Promise, PromiseKind, StatusPage
from firstword.parse import FRONT_KEYS, UPDATE_KEYS

#: For each step its time and, where it is not as at the step before, what is open, what does not
#: work and what became of each promise, which is named by the instant it is due.
LIFE = """
10-12 09:00: the first publish; what came before is not judged; the reminder was there before, too
    open: offcuts published
10-12 10:00: the move of the accounts is announced
    open: move scheduled coming, offcuts published
    move expected 10-20 23:30 pending
10-13 08:52: the lockers refuse every code; first word after 22 minutes
    open: move scheduled coming, offcuts published, lockers investigating
    broken: lockers major_outage
    lockers next 10-13 09:20 pending
10-13 09:15: three places, open again by 13:00
    open: move scheduled coming, offcuts published, lockers identified
    lockers expected 10-13 13:00 pending
    lockers next 10-13 09:20 kept
    lockers next 10-13 10:00 pending
10-13 09:31: a correction: four places; the next word moves in time
    lockers next 10-13 10:00 replaced
    lockers next 10-13 10:30 pending
10-13 09:40: the first two updates in Dutch
10-13 10:24: an answer is a next word, too
    lockers next 10-13 10:30 kept
    lockers next 10-13 12:00 pending
10-13 12:00: signed at 11:58 and not pushed: the promise lapses
    lockers next 10-13 12:00 overdue
10-13 12:20: the van is parked, and it is pushed: late
    open: move scheduled coming, offcuts published, lockers monitoring
    broken: lockers degraded_performance
    lockers next 10-13 12:00 late
    lockers next 10-13 14:00 pending
10-13 12:47: resolved, thirteen minutes before it was promised
    open: move scheduled coming, offcuts published
    broken: nothing
    lockers expected 10-13 13:00 kept
    lockers next 10-13 14:00 kept
    lockers next 10-15 pending
10-13 13:10: resolved in Dutch; two updates are not translated
10-13 17:40: open again
    open: move scheduled coming, offcuts published, lockers investigating
    broken: lockers partial_outage
    lockers expected 10-13 13:00 missed
    lockers expected 10-13 19:00 pending
    lockers next 10-13 18:15 pending
    lockers next 10-15 kept
10-13 18:15: nobody writes
    lockers next 10-13 18:15 overdue
10-13 18:22: a correction of a promise that had lapsed: missed
    lockers next 10-13 18:15 missed
    lockers next 10-13 18:45 pending
10-13 18:40: a later end, with the reason
    open: move scheduled coming, offcuts published, lockers identified
    lockers expected 10-13 19:00 replaced
    lockers expected 10-13 20:30 pending
    lockers next 10-13 18:45 kept
    lockers next 10-13 20:15 pending
10-13 20:12: nearly; kept out of mail
    open: move scheduled coming, offcuts published, lockers monitoring
    lockers next 10-13 20:15 kept
    lockers next 10-13 21:00 pending
10-13 20:30: the second end is overdue
    lockers expected 10-13 20:30 overdue
10-13 20:50: resolved, late
    open: move scheduled coming, offcuts published
    broken: nothing
    lockers expected 10-13 20:30 late
    lockers next 10-13 21:00 kept
    lockers next 10-16 17:00 pending
10-14 11:30: a delay, told before anybody asks
    open: move scheduled coming, offcuts published, covers published
    broken: orders degraded_performance
    covers expected 10-23 pending
    covers next 10-21 pending
10-15 16:00: the crate with offcuts is at the door
10-16 15:10: the explanation, with six follow-ups
    lockers follow_up1 10-15 kept
    lockers follow_up2 10-21 pending
    lockers follow_up3 10-23 pending
    lockers follow_up4 11-04 pending
    lockers follow_up5 01-29 pending
    lockers follow_up6 11-06 pending
    lockers next 10-16 17:00 kept
10-17 09:00: a spelling mistake is mended
10-19 09:20: two people say that they paid twice
    open: move scheduled coming, paid-twice investigating, offcuts published, covers published
    broken: checkout degraded_performance, orders degraded_performance
    paid-twice expected 10-19 17:00 pending
    paid-twice next 10-19 11:00 pending
10-19 10:35: paid back, with two follow-ups
    open: move scheduled coming, offcuts published, covers published
    broken: orders degraded_performance
    paid-twice expected 10-19 17:00 kept
    paid-twice follow_up1 10-23 pending
    paid-twice follow_up2 11-06 pending
    paid-twice next 10-19 11:00 kept
10-19 16:40: cancelled; the promised end is released
    open: offcuts published, covers published
    move expected 10-20 23:30 released
    move next 10-21 pending
10-20 09:05: the alarm is in, a day early
    lockers follow_up2 10-21 kept
10-21 11:15: planned anew, for the night in which the clocks go back
    open: move scheduled coming, offcuts published, covers published
    move expected 10-25 04:00 pending
    move next 10-21 kept
10-21 15:20: another week, with the reason, before the first date
    covers expected 10-23 replaced
    covers expected 10-30 pending
    covers next 10-21 kept
    covers next 10-28 16:00 pending
10-22 14:00: a tip, as a draft
10-23 09:30: the tip turns public
    open: move scheduled coming, damp published, offcuts published, covers published
10-24 00:00: two follow-ups were due yesterday
    lockers follow_up3 10-23 overdue
    paid-twice follow_up1 10-23 overdue
10-25 01:00: the window opens by the clock; nobody has said so
    open: move scheduled now, damp published, offcuts published, covers published
    broken: checkout under_maintenance, accounts under_maintenance, orders degraded_performance
10-25 01:04: now somebody has
    open: move in_progress now, damp published, offcuts published, covers published
    move next 10-25 02:30+02 pending
10-25 02:28+02: the first half past two of two
    move next 10-25 02:30+02 kept
    move next 10-25 03:00 pending
10-25 02:58+01: verifying at 02:58, an hour that comes twice: the file breaks
    held back: move, 2026-10-25 00:28Z
10-25 03:00: and the promise lapses meanwhile
    move next 10-25 03:00 overdue
    held back: move, 2026-10-25 00:28Z
10-25 03:08: mended, ten minutes later
    open: move verifying now, damp published, offcuts published, covers published
    broken: checkout under_maintenance, orders degraded_performance
    move next 10-25 03:00 late
    move next 10-25 04:15 pending
10-25 03:40: half past five, with the reason
    move expected 10-25 04:00 replaced
    move expected 10-25 05:30 pending
    move next 10-25 04:15 kept
10-25 04:00: the planned end; not confirmed
    open: move verifying now unconfirmed, damp published, offcuts published, covers published
10-25 05:30: the new end is overdue
    move expected 10-25 05:30 overdue
10-25 05:52: completed, late
    open: damp published, offcuts published, covers published
    broken: orders degraded_performance
    move expected 10-25 05:30 late
10-26 11:30: a follow-up done three days late
    lockers follow_up3 10-23 late
10-27 10:05: withdrawn: nobody paid twice
    paid-twice follow_up1 10-23 missed
    paid-twice follow_up2 11-06 released
10-28 14:00: a drill
    open: drill investigating, damp published, offcuts published, covers published
    drill next 10-28 14:20 pending
10-28 14:16: the drill goes on
    open: drill identified, damp published, offcuts published, covers published
    drill next 10-28 14:20 kept
10-28 14:25: the drill is over
    open: damp published, offcuts published, covers published
10-28 16:00: four o'clock was promised
    covers next 10-28 16:00 overdue
10-28 18:05: a reader asks; the answer is late and says so
    covers next 10-28 16:00 late
10-29 16:00: offcuts again, at four as before the clocks went back
10-29 17:50: and they go on after Christmas
10-31 00:00: the covers were to be sent by yesterday
    covers expected 10-30 overdue
10-31 10:10: a third date, too late to be a replacement
    covers expected 10-30 missed
    covers expected 11-05 pending
11-03 12:00: a box is ticked in the published text
    lockers follow_up4 11-04 kept
11-05 16:45: sent, on the day that was promised last
    open: damp published, offcuts published
    broken: nothing
    covers expected 11-05 kept
11-07 00:00: a follow-up was due yesterday
    lockers follow_up6 11-06 overdue
11-11 12:00: thirty days
"""

NAMES = {file.removesuffix(".md"): name for name, file in life.FILES.items()}


def name(incident: Incident) -> str:
    return NAMES[incident.slug]


def local(at: datetime) -> str:
    """Spell an instant of this life; both hours between two and three have their offset."""
    wall = at.astimezone(SITE.timezone)
    twice = f"{wall:%m-%d %H}" == "10-25 02"
    return f"{wall:%m-%d %H:%M}" + (f"{wall:%z}"[:3] if twice else "")


def due(promise: Promise) -> str:
    """Spell a promise's instant; a day ends at midnight, which is not that day any more."""
    if promise.due.whole_day:
        return local(promise.due.at - timedelta(seconds=1))[:5]
    return local(promise.due.at)


def spell(promise: Promise) -> str:
    number = promise.follow_up.number if promise.follow_up else ""
    what = f"{promise.kind}{number} {due(promise)}"
    return f"{name(promise.incident)} {what} {promise.outcome}"


def stands(incident: Incident, page: StatusPage, clock: Clock) -> str:
    words = [name(incident), str(incident.status)]
    words += ["coming"] if incident in page.maintenance_coming(clock) else []
    words += ["now"] if incident in page.maintenance_now(clock) else []
    words += ["unconfirmed"] if incident in page.maintenance_unconfirmed(clock) else []
    return " ".join(words)


def made(one: Published) -> list[Promise]:
    clock = Clock(one.step.at)
    return [promise for i in one.page.incidents for promise in one.page.promises(i, clock)]


def broken(page: StatusPage, clock: Clock) -> list[str]:
    return [
        f"{state.component.id} {state.status}"
        for state in page.components(clock)
        if state.status is not ComponentStatus.OPERATIONAL
    ]


def rows() -> Iterator[str]:
    was_open, was_broken, were = "", "nothing", set[str]()
    for one in life.published():
        clock, page = Clock(one.step.at), one.page
        is_open = ", ".join(stands(i, page, clock) for i in page.incidents if i.is_open)
        is_broken = ", ".join(broken(page, clock)) or "nothing"
        promised = {spell(promise) for promise in made(one)}
        yield f"{local(one.step.at)}: {one.step.what}"
        if is_open != was_open:
            yield f"    open: {is_open}"
        if is_broken != was_broken:
            yield f"    broken: {is_broken}"
        yield from (f"    {line}" for line in sorted(promised - were))
        yield from (f"    held back: {NAMES[h.path[23:-3]]}, {h.kept}" for h in one.content.held)
        was_open, was_broken, were = is_open, is_broken, promised


def test_the_life_at_every_step() -> None:
    assert "\n".join(rows()) == LIFE.strip("\n")


# ── nothing disappears ───────────────────────────────────────────────────────────────────────────


def test_nothing_ever_disappears() -> None:
    seen: dict[str, set[str]] = {}
    promised: set[tuple[str, PromiseKind, str, datetime]] = set()
    for one in life.published():
        here = {i.id: {u.id for u in i.updates} for i in one.page.incidents}
        owed = {(p.incident.id, p.kind, p.update.id, p.due.at) for p in made(one)}

        lost = {f"{i}/{u}" for i, updates in seen.items() for u in updates - here.get(i, set())}
        assert lost == set(), one.step.what
        assert promised <= owed, one.step.what

        seen, promised = here, owed


def test_a_promise_that_is_settled_stays_so() -> None:
    settled: dict[tuple[str, PromiseKind, str, datetime], Outcome] = {}
    for one in life.published():
        for promise in made(one):
            key = (promise.incident.id, promise.kind, promise.update.id, promise.due.at)
            before = settled.get(key, Outcome.PENDING)
            if one.step.what == "open again" and promise.kind is PromiseKind.EXPECTED:
                # The end that kept it was none.
                assert (before, promise.outcome) in {
                    (Outcome.KEPT, Outcome.MISSED),
                    (before, before),
                    (Outcome.PENDING, Outcome.PENDING),
                }
            elif before not in (Outcome.PENDING, Outcome.OVERDUE):
                assert promise.outcome is before, one.step.what
            if before is Outcome.OVERDUE:
                assert promise.outcome in (Outcome.OVERDUE, Outcome.LATE, Outcome.MISSED)
            settled[key] = promise.outcome


def test_a_file_that_breaks_at_night_stays_as_it_was() -> None:
    by_time = {one.step.at: one for one in life.published()}
    before, while_broken, after = (
        by_time[instant(f"2026-10-25 {when}")] for when in ("02:28+02:00", "02:58+01:00", "03:08")
    )
    path = life.path_of("move")

    [held] = while_broken.content.held
    assert "\n".join(held.lines()) == (
        f"{path}:45: time-twice: '2026-10-25 02:58' happens twice in Europe/Amsterdam: the clocks "
        "go back then; write '2026-10-25 02:58+02:00' or '2026-10-25 02:58+01:00'\n"
        f"{path}: held back; shown as of 2026-10-25 00:28Z"
    )
    assert while_broken.content.sources[path] == before.step.files[path]
    assert while_broken.step.files[path] != before.step.files[path]
    assert while_broken.page.incidents == before.page.incidents
    assert (before.content.held, after.content.held) == ((), ())
    assert after.page.by_slug["2026-10-12-accounts-move"].status is Status.VERIFYING


def test_nothing_else_is_wrong_with_the_life() -> None:
    problems = {
        (local(one.step.at), problem.rule)
        for one in life.published()
        for problem in one.content.problems
        # What a story leaves unsaid is asked for; this one learns to say it.
        if problem.rule != "disclosure"
    }

    assert problems == {("10-25 02:58+01", "time-twice"), ("10-25 03:00", "time-twice")}


# ── what the stamps know ─────────────────────────────────────────────────────────────────────────


def test_signed_and_published_at_different_times() -> None:
    page = life.published()[-1].page

    late = {
        (name(incident), local(update.at), local(stamp))
        for incident in page.incidents
        for update in incident.updates
        if (stamp := page.records.late_stamp(incident, update))
    }

    assert late == {
        ("lockers", "10-13 11:58", "10-13 12:20"),
        ("damp", "10-22 14:00", "10-23 09:30"),
        ("move", "10-25 02:58+01", "10-25 03:08"),
    }


def test_what_came_before_the_first_publish_is_not_judged() -> None:
    page = life.published()[-1].page

    unstamped = {
        (name(incident), local(update.at))
        for incident in page.incidents
        for update in incident.updates
        if page.records.stamp(incident, update) is None
    }

    assert unstamped == {
        ("book-club", "03-02 20:24"),
        ("book-club", "03-02 21:40"),
        ("offcuts", "10-08 14:00"),
    }
    assert {spell(p) for p in made(life.published()[-1]) if not p.judged} == {
        "lockers follow_up1 10-15 kept",
        "lockers follow_up4 11-04 kept",
    }


# ── what the clock moves ─────────────────────────────────────────────────────────────────────────


def test_the_reminder_keeps_its_hour_when_the_clocks_go_back() -> None:
    page = life.published()[-1].page
    offcuts = page.by_slug["2026-10-08-offcuts"]

    times = [
        page.next_occurrence(offcuts, Clock(instant(now)))
        for now in ("2026-10-12 09:00", "2026-10-15 15:59", "2026-10-15 16:00", "2026-10-29 16:01")
    ]

    assert [at and f"{at:%Y-%m-%d %H:%M}Z" for at in times] == [
        "2026-10-15 14:00Z",
        "2026-10-15 14:00Z",
        "2026-10-29 15:00Z",
        "2026-11-12 15:00Z",
    ]


def test_every_hour_that_changes_something_is_known_ahead() -> None:
    """A page says the same from the instant it is told to have been so until it must change."""
    for one in life.published():
        clock = Clock(one.step.at)
        asked = said(one.page, clock)
        until = clock.valid_until
        assert until is not None
        since = clock.as_of
        assert since is not None

        assert said(one.page, Clock(since)) == asked, one.step.what
        assert said(one.page, Clock(until - timedelta(seconds=1))) == asked, one.step.what
        assert said(one.page, Clock(until)) != asked, one.step.what


def said(page: StatusPage, clock: Clock) -> list[object]:
    """Ask a page everything that it answers by the clock."""
    return [
        [spell(p) for i in page.incidents for p in page.promises(i, clock)],
        [stands(i, page, clock) for i in page.incidents],
        broken(page, clock),
        page.notices(clock),
        [page.next_occurrence(i, clock) for i in page.notices(clock)],
        page.recent(clock),
    ]


# ── what is built of it ──────────────────────────────────────────────────────────────────────────


def test_the_translation_follows_and_lags_behind() -> None:
    lengths = [
        (local(one.step.at), len(translation.updates), len(incident.updates))
        for one in life.published()
        for incident in one.page.incidents
        for translation in incident.translations
    ]

    assert lengths[0] == ("10-13 09:40", 2, 3)
    assert lengths[-1] == ("11-11 12:00", 3, 14)


def test_a_draft_is_read_and_not_shown() -> None:
    [draft, public] = [
        life.published()[[one.what for one in life.steps()].index(what)]
        for what in ("a tip, as a draft", "the tip turns public")
    ]

    assert "2026-10-22-damp-books" in {i.slug for i in draft.content.incidents}
    assert "2026-10-22-damp-books" not in draft.page.by_slug
    assert "2026-10-22-damp-books" in public.page.by_slug


def test_a_drill_breaks_nothing_and_reaches_no_feed() -> None:
    during = life.build_page(next(s for s in life.steps() if s.what == "the drill goes on"))

    assert "2026-10-28-drill-no-checkout" in during.by_slug
    assert broken(during, Clock(instant("2026-10-28 14:16"))) == ["orders degraded_performance"]
    assert not {incident for incident, _ in during.updates if incident.drill}


# ── the life is complete ─────────────────────────────────────────────────────────────────────────


def everything() -> list[Incident]:
    return [
        story
        for one in life.published()
        for incident in one.content.incidents
        for story in (incident, *incident.translations)
    ]


def test_every_kind_status_and_impact_is_lived_through() -> None:
    stories = everything()

    assert {i.kind for i in stories} == set(Kind)
    assert {u.status for i in stories for u in i.updates} == set(Status)
    assert {m.facts.impact for i in stories for m in i.timeline} - {None} == set(Impact) - {
        Impact.NONE
    }


def test_every_component_status_is_seen() -> None:
    seen = {
        state.status
        for one in life.published()
        for state in one.page.components(Clock(one.step.at))
    }

    assert seen == set(ComponentStatus)


def test_every_key_of_the_format_is_used() -> None:
    stories = everything()

    assert {key for i in stories for key in i.lines} == set(FRONT_KEYS)
    # A beginning that was put right has tests of its own.
    used = {key for i in stories for u in i.updates for key in u.lines}
    assert used == set(UPDATE_KEYS) - {"started"}


#: What the format has no way to say: a word always comes, be it that everything is taken back, and
#: a follow-up has one date.
CANNOT_BE = {
    (PromiseKind.NEXT, Outcome.RELEASED),
    (PromiseKind.FOLLOW_UP, Outcome.REPLACED),
}


def test_every_promise_has_every_outcome() -> None:
    seen = {(p.kind, p.outcome) for one in life.published() for p in made(one)}

    assert seen == {(kind, outcome) for kind in PromiseKind for outcome in Outcome} - CANNOT_BE


def test_every_update_is_a_step() -> None:
    pushed = {local(one.at) for one in life.steps()}
    late = {"10-13 11:58", "10-25 02:58+01"}
    before = {"03-02 20:24", "03-02 21:40", "10-08 14:00"}
    signed = {local(u.at) for i in everything() if not i.language for u in i.updates}

    assert signed - late - before <= pushed


def test_edits_are_no_updates() -> None:
    """Each edit changes its file at its own step and adds no update, but mends one."""
    for edit in life.EDITS:
        path = life.path_of(edit.file)
        steps = life.steps()
        at = next(n for n, step in enumerate(steps) if step.at == instant(edit.at))
        before, after = steps[at - 1].files[path], steps[at].files[path]

        assert edit.before in before, edit
        assert edit.after in after, edit
        assert edit.before not in after, edit
        assert len(re.findall(r"^## ", before, re.MULTILINE)) == len(
            re.findall(r"^## ", after, re.MULTILINE)
        )


@pytest.mark.parametrize("name", sorted(life.FILES))
def test_the_whole_story_is_told_at_the_end(name: str) -> None:
    final = (life.FOLDER / life.FILES[name]).read_text(encoding="utf-8")

    assert life.steps()[-1].files[life.path_of(name)] == final


def test_steps_follow_each_other() -> None:
    instants = [step.at for step in life.steps()]

    assert instants == sorted(set(instants))
    assert instants[-1] - instants[0] >= timedelta(days=30)
