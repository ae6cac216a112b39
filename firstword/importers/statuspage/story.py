"""One row of `incidents` or `scheduled_maintenances` → a story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

from firstword.compose import mend
from firstword.importers import Story
from firstword.importers.images import Pictures
from firstword.importers.reading import Unreadable
from firstword.importers.report import CLOSING, DATE, Entry, LeftOut, Outcome, Repair
from firstword.importers.siteconf import Numbered, slugify
from firstword.importers.statuspage.parts import Json, Parts, line, rows, spelled
from firstword.importers.statuspage.text import (
    NotHtml,
    breaks_itself,
    has_tags,
    lines_of,
    markdown_of,
    with_breaks,
)
from firstword.importers.telling import not_carried, window
from firstword.importers.times import BadTime, Log, utc
from firstword.model import (
    ENDINGS,
    LIFECYCLE,
    ComponentChange,
    Facts,
    Impact,
    Incident,
    Kind,
    Status,
    Update,
)
from firstword.parse.names import ALIAS, SLUG
from firstword.values import replace

_SECOND = timedelta(seconds=1)
_LONGEST = 100
_IMPACTS = {str(impact): impact for impact in Impact}
#: What becomes of these is decided here.
_CARRIED = frozenset(
    {
        *("id", "name", "status", "impact", "incident_updates", "components", "started_at"),
        *("scheduled_for", "scheduled_until", "postmortem_body", "postmortem_published_at"),
    }
)
#: Follows from what is carried, or says something of Statuspage's own workings.
_USUAL = frozenset(
    {
        *("created_at", "updated_at", "monitoring_at", "resolved_at", "page_id", "shortlink"),
        *("reminder_intervals", "started_at"),
    }
)
_CARRIED_OF_UPDATES = frozenset(
    {
        *("id", "incident_id", "status", "body", "created_at", "display_at", "updated_at"),
        *("affected_components", "deliver_notifications"),
    }
)


@dataclass(slots=True, kw_only=True)
class Shared:
    """What the rows of one source share."""

    zone: tzinfo
    parts: Parts
    pictures: Pictures
    slugs: Numbered = field(default_factory=Numbered)


@dataclass(slots=True, kw_only=True)
class _Word:
    """An update in the making."""

    at: datetime
    status: Status
    body: str = ""
    components: tuple[ComponentChange, ...] = ()
    notify: bool = True


class Row:
    """One row on its way to a story; collects what has to be said about it."""

    def __init__(
        self, source: str, row: Json, *, file: str, maintenance: bool, shared: Shared
    ) -> None:
        self.source = source
        self.file = file
        self.row = row
        self.kind = Kind.MAINTENANCE if maintenance else Kind.INCIDENT
        self.shared = shared
        self.log = Log(zone=shared.zone)

    def story(self) -> Story:
        """Make the story."""
        try:
            incident = self._incident()
        except Unreadable as error:
            return not_carried(self.source, str(error), self.file)
        entry = Entry(
            source=self.source,
            outcome=Outcome.CARRIED,
            target=incident.path,
            is_open=incident.is_open,
            repairs=tuple(self.log.repairs),
            left_out=tuple(self.log.left_out),
            needs=tuple(self.log.needs),
            zoneless=self.log.zoneless,
            file=self.file,
            updates=len(incident.updates),
        )
        return Story(entry=entry, incident=incident)

    def _incident(self) -> Incident:
        words = self._words()
        self._close(words)
        planned = self.kind is Kind.MAINTENANCE
        started = None if planned else self._time("started_at") or words[0].at
        day = started or words[0].at
        if started and started > words[0].at:
            why = "an update is older"
            self.log.repair("started_at", utc(started), utc(words[0].at), why)
            started = words[0].at
        title = self._title()
        begin, end = self._window(words) if planned else (None, None)
        there = line(self.row.get("id"))
        slug = self._slug(day, title)
        self._leave_out()
        return Incident(
            id=there if SLUG.fullmatch(there) and len(there) <= _LONGEST else slug,
            slug=slug,
            path=f"content/incidents/{day:%Y}/{slug}.md",
            kind=self.kind,
            first=Facts(
                title=title,
                impact=self._impact(),
                components=self._only_named(words),
                scheduled_for=begin,
                scheduled_until=end,
            ),
            started=started,
            updates=tuple(self._update(word) for word in words),
            aliases=(f"incidents/{there}",) if self._is_address(there, slug) else (),
            imported="statuspage",
        )

    # ── values ──

    def _time(self, key: str) -> datetime | None:
        """Return the instant of a key, None where there is none that can be read."""
        value = self.row.get(key)
        if value is None or value == "":
            return None
        try:
            return self.log.time(key, line(value) or spelled(value)[:80]).at
        except BadTime:
            self.log.repair(key, spelled(value), "", "not a time", DATE)
            return None

    def _window(self, words: list[_Word]) -> tuple[datetime, datetime]:
        ends = [word.at for word in words if word.status in ENDINGS]
        planned = (self._time("scheduled_for"), self._time("scheduled_until"))
        return window(*planned, words[0].at, ends, self.log)

    def _title(self) -> str:
        if title := line(self.row.get("name")):
            return title
        title = f"untitled {self.kind}"
        self.log.repair("name", spelled(self.row.get("name", "")), title, "there is none")
        return title

    def _impact(self) -> Impact | None:
        said = self.row.get("impact")
        impact = _IMPACTS.get(line(said))
        if self.kind is Kind.MAINTENANCE and (said == "maintenance" or impact is Impact.NONE):
            return None
        if impact is None and (said is not None or self.kind is Kind.INCIDENT):
            self.log.repair("impact", spelled(said), "impact none", "not an impact")
        return impact or (Impact.NONE if self.kind is Kind.INCIDENT else None)

    def _only_named(self, words: list[_Word]) -> tuple[ComponentChange, ...] | None:
        """Return the components that the row names and no update does."""
        said = {change.id for word in words for change in word.components}
        found = {
            self.shared.parts.find(line(row.get("id")), line(row["name"]), self.log)
            for row in rows(self.row.get("components"))
            if line(row.get("name")) and row.get("group") is not True
        }
        return tuple(ComponentChange(name) for name in sorted(found - said)) or None

    def _leave_out(self) -> None:
        """Note the values that have no home here."""
        # When a maintenance was announced is when its first word was.
        carried = _CARRIED - ({"started_at"} if self.kind is Kind.MAINTENANCE else frozenset())
        for key, value in self.row.items():
            if key not in carried and value not in (None, "", [], {}, False):
                usual = key in _USUAL
                shown = "as Statuspage keeps it" if usual else spelled(value)
                self.log.left_out.append(LeftOut(line(key), shown, usual=usual))
        for update in rows(self.row.get("incident_updates")):
            for key, value in update.items():
                if key not in _CARRIED_OF_UPDATES and value not in (None, "", [], {}, False):
                    self.log.left_out.append(LeftOut(f"update: {line(key)}", spelled(value)))

    # ── the file's place ──

    def _slug(self, day: datetime, title: str) -> str:
        wanted = f"{day:%Y-%m-%d}-{slugify(title) or self.kind}"[:_LONGEST].rstrip("-")
        slug = self.shared.slugs.take(wanted)
        if slug != wanted:
            self.log.repair("file name", wanted, slug, "another story of that day has that title")
        return slug

    def _is_address(self, there: str, slug: str) -> bool:
        return there != slug and bool(ALIAS.fullmatch(f"incidents/{there}")) and "/" not in there

    # ── the timeline ──

    def _words(self) -> list[_Word]:
        """Make the updates, oldest first, each at an instant of its own."""
        given = self.row.get("incident_updates")
        for update in given if isinstance(given, list) else []:
            if not isinstance(update, dict):
                self.log.needs.append(f"an update that is none: {spelled(update)[:200]}")
        placed = [self._word(update) for update in reversed(rows(given))]
        placed.sort(key=lambda one: one[0])
        words = [word for _, word in placed]
        if body := self._body(self.row.get("postmortem_body"), "postmortem_body"):
            # Maintenance has no word for it.
            status = Status.POSTMORTEM if self.kind is Kind.INCIDENT else Status.UPDATE
            told = any(word.body == body for word in words)
            at = self._time("postmortem_published_at") or self._row_time()
            empty = next((w for w in words if w.status is Status.POSTMORTEM and not w.body), None)
            if empty is not None:
                # The same one twice: where it was announced, and what it says.
                empty.body = "" if told else body
            elif not told:
                words.append(_Word(at=at, status=status, body=body))
                words.sort(key=lambda word: word.at)
        if not words:
            begin = LIFECYCLE[self.kind][0]
            words = [_Word(at=self._row_time(), status=begin)]
            self.log.repair("incident_updates", "", str(begin), "there is none")
        for before, word in pairwise(words):
            if word.at <= before.at:
                after = before.at + _SECOND
                why = "two updates in one second; an update's id is its instant"
                self.log.repair("display_at", utc(word.at), utc(after), why)
                word.at = after
        return words

    def _word(self, update: Json) -> tuple[tuple[datetime, str, str], _Word]:
        """Make one update and say where it stands: by what was shown, then by what was typed."""
        shown, typed = line(update.get("display_at")), line(update.get("created_at"))
        at = self._update_time(update)
        word = _Word(
            at=at,
            status=self._status(update.get("status")),
            body=self._body(update.get("body"), "text"),
            components=self.shared.parts.changes(update.get("affected_components"), self.log),
            notify=update.get("deliver_notifications") is not False,
        )
        return (at, shown, typed), word

    def _update_time(self, update: Json) -> datetime:
        for key in ("display_at", "created_at", "updated_at"):
            if text := line(update.get(key)):
                try:
                    return self.log.time(key, text).at
                except BadTime:
                    self.log.repair(key, text, "", "not a time", DATE)
        at = self._row_time()
        self.log.repair("display_at", "", utc(at), "the update has no time; it is the row's")
        return at

    def _row_time(self) -> datetime:
        for key in ("started_at", "created_at", "scheduled_for", "resolved_at", "updated_at"):
            if at := self._time(key):
                return at
        raise Unreadable("no time that can be read")

    def _status(self, said: object) -> Status:
        found = next((s for s in LIFECYCLE[self.kind] if s == said), None)
        if found is None and said != Status.UPDATE:
            why = f"not a status of {'an' if self.kind is Kind.INCIDENT else 'a'} {self.kind}"
            self.log.repair("status", spelled(said), str(Status.UPDATE), why)
        return found or Status.UPDATE

    def _close(self, words: list[_Word]) -> None:
        """End the story where the row says that it is over and no update does."""
        said = next((s for s in LIFECYCLE[self.kind] if s == self.row.get("status")), None)
        moved = [word.status for word in words if word.status is not Status.UPDATE]
        held = moved[-1] if moved else Status.UPDATE
        if said is None or said is held or (said in ENDINGS and held in ENDINGS):
            return
        if said in ENDINGS:
            end = Status.RESOLVED if said is Status.POSTMORTEM else said
            at = self._time("resolved_at") or self._time("updated_at") or words[-1].at
            at = max(at, words[-1].at + _SECOND)
            why = "the row says so; no update"
            self.log.repair("status", str(held), f"{end}, {utc(at)}", why, CLOSING)
            words.append(_Word(at=at, status=end))
        else:
            self.log.needs.append(f"the newest update says {held}, the row says {said}")

    def _body(self, value: object, what: str) -> str:
        """Return a text as Markdown that can stand under an update."""
        if value is None:
            return ""
        if not isinstance(value, str):
            self.log.repair(what, spelled(value), spelled(value), "not a text")
            value = spelled(value)
        text = lines_of(value)
        if text != value.replace("\r\n", "\n").replace("\r", "\n"):
            self.log.repair(what, value, text, "characters that cannot be published are left out")
        lines_end = not breaks_itself(text)
        if has_tags(text):
            try:
                text, html = markdown_of(text), text
                self.log.repair(what, html, text, "HTML, written as Markdown")
            except NotHtml as error:
                self.log.needs.append(f"HTML that cannot be read stays as it is: {error}")
        text = with_breaks(text) if lines_end else text
        body, mends = mend(self.shared.pictures.take(text, self.log))
        self.log.repairs += [Repair(what, m.before, m.after, m.why) for m in mends]
        return body

    def _update(self, word: _Word) -> Update:
        return Update(
            at=word.at,
            author="imported",
            status=word.status,
            body=word.body,
            says=Facts(components=word.components or None),
            notify=word.notify,
        )


def with_needs(story: Story, needs: Iterator[str]) -> Story:
    """Return a story with more that a person should look at."""
    return replace(story, entry=replace(story.entry, needs=(*story.entry.needs, *needs)))
