"""Body and end of an issue → its updates, in an order that a life can go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from firstword.compose import mend
from firstword.importers.cstate.body import (
    Part,
    Word,
    is_end,
    is_marked,
    oldest_first,
    parts_of,
    word_of,
)
from firstword.importers.report import CLOSING, DATE, ENDING, LeftOut, Repair
from firstword.importers.times import BadTime, Log, utc
from firstword.model import Facts, Kind, Status, Update
from firstword.values import replace

_GOING_ON = frozenset({Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING})
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What the front matter says of an issue's life; makes the updates of its body."""

    log: Log
    kind: Kind
    began: datetime
    resolved: bool
    #: As it was written.
    resolved_when: str
    #: Without an end, it is still shown.
    lasting: bool

    def updates(self, body: str) -> tuple[Update, ...]:
        """Make the updates, oldest first."""
        opening, words = self._words(body)
        self._close(words)
        self._tell(opening, words)
        return tuple(self._update(word) for word in words)

    def _words(self, body: str) -> tuple[list[Part], list[Word]]:
        """Make updates in the making, in the order of time; the first one is of `began`.

        The parts that the first one is made of come with them.
        """
        opening: list[Part] = []
        timed: dict[datetime, list[Part]] = {}
        for part in parts_of(body):
            at, placed = self._place(part)
            (opening if at == self.began else timed.setdefault(at, [])).append(placed)
        if len(opening) > 1 and is_marked(opening):
            opening = oldest_first(opening, list(timed))
        words = [self._first(opening)]
        for at, parts in sorted(timed.items()):
            word = word_of(at, parts)
            if self.kind is Kind.NOTICE:
                word.keep_word(Status.UPDATE)
            if len(parts) > 1:
                why = f"{len(parts)} parts carry this time; they are one update"
                self.log.repair("track", parts[0].track, utc(at), why)
            words.append(word)
        return opening, words

    def _first(self, opening: list[Part]) -> Word:
        """Make the update that opens the story."""
        begin = Status.PUBLISHED if self.kind is Kind.NOTICE else Status.INVESTIGATING
        if not opening:
            return Word(self.began, begin, "", "")
        first = word_of(self.began, opening)
        whole = all(part.track for part in opening)
        if self.kind is Kind.NOTICE or not whole or first.status not in _GOING_ON:
            first.keep_word(begin)
        return first

    def _tell(self, opening: list[Part], words: list[Word]) -> None:
        """Say what became of the parts without a time; those of a silent end go to that end."""
        end = Status.DONE if self.kind is Kind.NOTICE else Status.RESOLVED
        closing = next((word for word in words if word.status is end and not word.full), None)
        if closing and self.resolved and opening and is_end(opening[-1]):
            told = word_of(closing.at, opening[-1:])
            closing.full = told.full
            closing.body = told.full if self.kind is Kind.NOTICE else told.body
            why = "a part without a time; this is when the story ended"
            self.log.repair("text", told.full, utc(closing.at), why)
            opening = opening[:-1]
            words[0] = self._first(opening)
        loose = sum(not part.track for part in opening)
        if loose > 1 and is_marked(opening):
            why = "the oldest comes first"
            self.log.repair("text", f"{loose} parts without a time", "in one update", why)

    def _place(self, part: Part) -> tuple[datetime, Part]:
        """Decide at which instant a part stands, and take the shortcode out of its text."""
        if not part.track:
            return self.began, part
        try:
            at = self.log.time("track", part.track).at
        except BadTime:
            self.log.repair("track", part.code, part.code, "not a time; it stays as text", DATE)
            return self.began, replace(part, track="")
        if at < self.began:
            why = f"{utc(at)} is before date; the words stay in the first update"
            self.log.repair("track", part.track, utc(self.began), why)
            return self.began, part.with_code(f"({part.track})", track="")
        return at, part.with_code("", track=part.track)

    def _close(self, words: list[Word]) -> None:
        """End the story where the front matter says so, and only there."""
        closing = None
        if self.resolved or (self.kind is Kind.NOTICE and not self.lasting):
            closing = self._closing(words)
        elif text := self.resolved_when:
            self.log.left_out.append(LeftOut("resolvedWhen, of an issue not resolved", text))
        if self.kind is not Kind.INCIDENT:
            return
        following: Status | None = None
        before_end = closing is None
        for word in reversed(words):
            if word is closing:
                before_end, following = True, word.status
            elif not before_end and word.status in {*_GOING_ON, Status.RESOLVED}:
                self._lower(word, "it comes after resolvedWhen")
            elif before_end and (
                word.status is Status.POSTMORTEM
                or (word.status is Status.RESOLVED and following is not Status.INVESTIGATING)
            ):
                why = "it comes before resolvedWhen" if closing else "the issue is not resolved"
                self._lower(word, why)
            elif word.status is not Status.UPDATE:
                following = word.status

    def _lower(self, word: Word, why: str) -> None:
        self.log.repair("status", str(word.status), str(Status.UPDATE), why)
        word.keep_word(Status.UPDATE)

    def _closing(self, words: list[Word]) -> Word:
        """Find the update that ends the story, or add one without words."""
        end, why, kind = self._end()
        text = self.resolved_when
        resolved = [word for word in words if word.status is Status.RESOLVED]
        if end is None and resolved:
            self.log.repair(
                "resolvedWhen", text, utc(resolved[-1].at), f"{why}; the text has a time", kind
            )
            return resolved[-1]
        if end is None:
            end = words[-1].at + _MINUTE
            self.log.repair("resolvedWhen", text, utc(end), why, kind)
        elif end == words[0].at:
            end += _SECOND
            self.log.repair("resolvedWhen", text, utc(end), "in the same second as date")
        status = Status.DONE if self.kind is Kind.NOTICE else Status.RESOLVED
        same = next((word for word in words if word.at == end), None)
        if same:
            if same.status is not status:
                same.keep_word(status)
            return same
        if resolved and resolved[-1].at > end:
            # The words came later than the end that they tell of.
            resolved[-1].ended = end
            return resolved[-1]
        closing = Word(end, status, "", "")
        words.append(closing)
        words.sort(key=lambda word: word.at)
        return closing

    def _end(self) -> tuple[datetime | None, str, str]:
        """Read when the issue ended, or say why that cannot be."""
        text = self.resolved_when
        if not text and not self.resolved:
            return None, "nothing that goes on, and not pinned", CLOSING
        if not text:
            return None, "resolved, and not said when", CLOSING
        try:
            end = self.log.time("resolvedWhen", text).at
        except BadTime:
            return None, "not a time", DATE
        if end < self.began:
            return None, f"{utc(end)} is before date, {utc(self.began)}", ENDING
        return end, "", ""

    def _update(self, word: Word) -> Update:
        body, mends = mend(word.body)
        self.log.repairs += [Repair("text", m.before, m.after, m.why) for m in mends]
        return Update(
            at=word.at,
            author="imported",
            status=word.status,
            body=body,
            says=Facts(ended=word.ended),
        )
