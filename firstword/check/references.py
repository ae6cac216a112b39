"""Rules over what one story points at: its own updates, its follow-ups, links and pictures."""

from __future__ import annotations

from collections.abc import Iterator

from firstword.check.report import error, say, warning
from firstword.markup import examine
from firstword.model import Incident, Problem, Site, Status, Update
from firstword.parse.keys import nearest
from firstword.recurrence import next_occurrence, why_not


def references(incident: Incident, site: Site) -> Iterator[Problem]:
    """`corrects`, `done`, answers and recurrences mean what they say."""
    for update in incident.updates:
        if message := _correction(incident, update, site):
            yield error(incident, update.line_of("corrects"), "corrects", message)
        if message := _answer(update):
            yield error(incident, update.line, "answer", message)
    yield from _done(incident, site)
    yield from _left_behind(incident, site)
    yield from _repeats(incident, site)


def _correction(incident: Incident, update: Update, site: Site) -> str:
    """Say what is wrong with an update's `corrects`, or with the lack of it."""
    if update.status is not Status.CORRECTION:
        on = str(update.status)
        return f"'corrects' on {on!r}; only a correction corrects" if update.corrects else ""
    if update.corrects is None:
        return "which update does it correct? add 'corrects: YYYY-MM-DD HH:MM'"
    meant = incident.find(update.corrects)
    if meant is None:
        others = [say(u.at, site) for u in incident.updates if u.status is not Status.CORRECTION]
        wrong = say(update.corrects, site)
        return f"there is no update of {wrong!r}{nearest(wrong, others)}"
    if meant.at >= update.at:
        return "an update corrects one that came before it"
    if meant.status is Status.CORRECTION:
        first = f" of {say(meant.corrects, site)!r}" if meant.corrects else ""
        return f"that is a correction itself; correct the update{first} once more"
    return ""


def _answer(update: Update) -> str:
    """Say what an answer lacks."""
    if update.status is not Status.ANSWER or not update.signed:
        return ""
    lines = [line.strip() for line in update.body.split("\n") if line.strip()]
    if not lines or not lines[0].startswith(">"):
        return "an answer begins with the question, quoted: '> ...'"
    if all(line.startswith(">") for line in lines):
        return "only the question is here; the answer stands below it, without '>'"
    return ""


def _done(incident: Incident, site: Site) -> Iterator[Problem]:
    """`done` closes follow-ups that were promised before, each once."""
    promised = {f.number: u for u in incident.updates for f in u.follow_ups}
    closed: dict[int, Update] = {}
    for update in incident.updates:
        line = update.line_of("done")
        for number in update.done:
            made = promised.get(number)
            if made is None:
                known = len(promised)
                yield error(
                    incident, line, "done", f"there is no follow-up {number}; the file has {known}"
                )
            elif made.at >= update.at:
                yield error(
                    incident,
                    line,
                    "done",
                    f"follow-up {number} is promised only on {say(made.at, site)}",
                )
            elif number in closed:
                before = say(closed[number].at, site)
                yield warning(
                    incident, line, "done", f"follow-up {number} was closed on {before} already"
                )
            else:
                closed[number] = update


def _left_behind(incident: Incident, site: Site) -> Iterator[Problem]:
    """Warn about an open follow-up that is due after its person has left."""
    closed = {number for update in incident.updates for number in update.done}
    for update in incident.updates:
        signed_on = update.at.astimezone(site.timezone).date()
        for item in update.follow_ups:
            person = site.people.get(item.person)
            if item.ticked or item.number in closed or person is None or person.until is None:
                continue
            if signed_on <= person.until < item.due:
                answers = site.who_answers(person.name)
                then = f"; {answers.name!r} answers for it" if answers else ""
                message = f"due on {item.due}, and {person.name!r} leaves on {person.until}{then}"
                yield warning(incident, item.line, "follow-up", message)


def _repeats(incident: Incident, site: Site) -> Iterator[Problem]:
    """A recurrence can be read, and begins on one of its own days."""
    rule, line = incident.repeats, incident.line("repeats")
    if not rule:
        return
    if reason := why_not(rule):
        yield error(incident, line, "repeats", f"not a recurrence: {rule!r}: {reason}")
        return
    begins = incident.started_at
    first = next_occurrence(rule, begins, begins, site.timezone)
    if first != begins:
        # Calendars count the beginning as the first time, whatever the rule says (RFC 5545, 3.8.5).
        if incident.started is None:
            instead = f"add 'started: {say(first, site)}'" if first else "it never comes after that"
            message = f"the first word, {say(begins, site)!r}, is not one of its times; {instead}"
        else:
            instead = f"; the first is {say(first, site)!r}" if first else ""
            message = (
                f"'started' is the first time, and {say(begins, site)!r} is not one of its times"
                f"{instead}"
            )
        yield error(incident, line, "repeats", message)


def words(incident: Incident) -> Iterator[Problem]:
    """Warn about what somebody typed and no reader gets to see."""
    for update in incident.updates:
        found = examine(update.body)
        for address in found.lost_pictures:
            yield warning(
                incident,
                update.line,
                "picture",
                f"not shown: {address[:80]!r}; put it into content/images/ and write '/images/...'",
            )
        for address in found.lost_links:
            yield warning(
                incident,
                update.line,
                "link",
                f"leads nowhere, so it is no link: {address[:80]!r}; "
                "write 'https://...', '/...' or 'incident:slug'",
            )
        for tag in found.lost_tags:
            yield warning(
                incident,
                update.line,
                "html",
                f"taken for HTML and not shown: {tag[:80]!r}; between backquotes it stays",
            )
