"""Stories → the entries of the feeds, as values: what they say and what they are dated. Pure."""

from __future__ import annotations

import heapq
import html
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import islice

import msgspec
from msgspec import Struct

from firstword import urls
from firstword.feeds.dates import EntryDates
from firstword.feeds.facts import Told, facts, promised, signature, signer, told
from firstword.feeds.text import first_paragraphs, first_words, legal
from firstword.markup import Markup
from firstword.model import Incident, Status, Update
from firstword.page import Order, StatusPage, Wanted, Words
from firstword.values import replace
from firstword.words import speak

#: No entry is dated later than this after its update, or fifty would be signed in a minute.
LATE = timedelta(hours=1)
#: Earlier updates in an entry, a line each; a link leads to those before them.
EARLIER = 5


class Entry(Struct, frozen=True, kw_only=True):
    """One entry of a feed. Its texts hold nothing that XML cannot carry."""

    id: str
    title: str
    link: str
    #: As readers see them; the newest signer first.
    authors: tuple[str, ...]
    published: datetime
    updated: datetime
    #: Sanitised, every link absolute.
    content: str
    #: Plain text.
    summary: str
    #: Id of the story.
    story: str
    kind: str
    status: str
    #: Id → name of every component the story had named by then.
    components: Mapping[str, str]
    #: (term, label): the kind, the status, every component.
    categories: tuple[tuple[str, str], ...]
    #: Format → itself as it stands in a document.
    xml: Mapping[str, str] = {}


_encoder = msgspec.json.Encoder()
#: An update stands in several feeds.
_read = lru_cache(128)(msgspec.json.Decoder(Entry).decode)


def _until(incident: Incident, index: int) -> Incident:
    """Return a story as it was told by an update: its entry says no more."""
    return replace(incident, updates=incident.updates[: index + 1], translations=())


def index_of(incident: Incident, update: Update) -> int:
    """Return the place of an update in its story."""
    # Every update of a story has an instant of its own.
    at = update.at
    for index, one in enumerate(incident.updates):
        if one is update or one.at == at:
            return index
    raise ValueError(at)


def _then(incident: Incident, index: int) -> Told:
    """Return an update in its place, in a story that ends with it."""
    # What held at each update is found out once for the whole story.
    entry = told(incident, index)
    # Of what comes later an entry knows nothing; it asks only when it closes what was promised.
    return replace(entry, incident=_until(incident, index)) if entry.update.done else entry


class Teller:
    """Makes entries of a site's stories."""

    def __init__(self, page: StatusPage, markup: Markup, dates: EntryDates | None = None) -> None:
        self._page = page
        self._language = speak(page.site)
        self._markup = markup
        self.dates = dates or EntryDates(page.site, page.stories, page.pieces)
        self._entries: dict[str, Entry] = {}
        self._names: dict[str, str] = {}

    def newest_first(self, wanted: Words) -> Iterator[tuple[Incident, Update]]:
        """Yield updates in the order of the feeds: by the dates of their entries."""
        return self._by_date(self._page.stories.words(wanted))

    def _by_date(
        self, pairs: Iterable[tuple[Incident, Update]]
    ) -> Iterator[tuple[Incident, Update]]:
        """Yield what comes by its instants by its dates: those lie at most a while behind."""
        waiting: list[tuple[float, str, tuple[Incident, Update]]] = []
        for incident, update in pairs:
            while waiting and -waiting[0][0] >= (update.at + LATE).timestamp():
                yield heapq.heappop(waiting)[2]
            date = self.date(incident, update)
            heapq.heappush(waiting, (-date.timestamp(), incident.id, (incident, update)))
        while waiting:
            yield heapq.heappop(waiting)[2]

    def update(self, incident: Incident, update: Update) -> Entry:
        """Return the entry of one update."""
        found = urls.entry_id(self._page.site, incident, update)
        if found not in self._entries:
            index = index_of(incident, update)
            self._entries[found] = self._kept(
                found,
                incident,
                lambda: self._update_entry(incident, index),
                lambda: _encoder.encode(_until(incident, index)),
            )
        return self._entries[found]

    def _kept(
        self,
        name: str,
        incident: Incident,
        make: Callable[[], Entry],
        of: Callable[[], bytes] | None = None,
    ) -> Entry:
        """Return an entry as it was made in an earlier build, or make it."""

        def spelled() -> str:
            return _encoder.encode(self._written(make())).decode()

        return _read(self._page.pieces.text(f"entry/{name}", incident.id, spelled, of=of))

    def _written(self, entry: Entry) -> Entry:
        # Here and not above: who spells entries knows what they are.
        from firstword.feeds.items import spelled

        return replace(entry, xml=spelled(entry))

    def incidents(self, most: int) -> Iterator[Entry]:
        """Yield one entry for each of the stories with the newest words; drills are not told.

        In the order of the first words, which date an entry for good: whoever sorts by RSS's only
        date finds what the document shows. An old story that is spoken of again is there, at its
        place.
        """
        newest = self._page.stories.find(Wanted(drills=False, order=Order.UPDATED))
        by_date = self._by_date((incident, incident.updates[-1]) for incident in newest)
        told = sorted(
            (incident for incident, _ in islice(by_date, most)),
            key=lambda incident: self.date(incident, incident.updates[0]),
            reverse=True,
        )
        for incident in told:
            name = urls.entry_id(self._page.site, incident)
            yield self._kept(name, incident, partial(self._incident_entry, incident))

    def date(self, incident: Incident, update: Update) -> datetime:
        """Return the date of an update's entry."""
        return self.dates.of(incident, update)

    def components(self, incident: Incident, update: Update) -> Mapping[str, str]:
        """Return id → name of the components that a story had named by an update."""
        return self.update(incident, update).components

    def _update_entry(self, incident: Incident, index: int) -> Entry:
        entry = _then(incident, index)
        update = entry.update
        date, components = self.date(incident, update), self._components(entry)
        content = [self._words(entry), self._signature(entry), self._facts(entry)]
        if index:
            content.append(self._earlier(incident, incident.updates[:index][::-1]))
        return Entry(
            id=urls.entry_id(self._page.site, incident, update),
            title=legal(f"[{self._language.word(update.status)}] {entry.title}"),
            link=self._link(incident, update),
            authors=(legal(signer(self._page.site, update)),),
            published=date,
            updated=date,
            content=legal("\n".join(filter(None, content))),
            summary=self._summary(entry),
            story=incident.id,
            kind=incident.kind,
            status=update.status,
            components=components,
            categories=self._categories(incident, update.status, components),
        )

    def _incident_entry(self, incident: Incident) -> Entry:
        story = [told(incident, index) for index in range(len(incident.updates))][::-1]
        site = self._page.site
        status = story[0].update.status
        return Entry(
            id=urls.entry_id(site, incident),
            title=legal(incident.title),
            link=urls.absolute(site, urls.incident_path(incident)),
            authors=tuple(dict.fromkeys(legal(signer(site, entry.update)) for entry in story)),
            published=self.date(incident, incident.updates[0]),
            updated=self.date(incident, incident.updates[-1]),
            content=legal("\n".join(self._chapter(entry) for entry in story)),
            summary=f"{self._language.word(status)}: {self._summary(story[0])}",
            story=incident.id,
            kind=incident.kind,
            status=status,
            components=self._components(story[0]),
            categories=self._categories(incident, status, self._components(story[0])),
        )

    def _chapter(self, entry: Told) -> str:
        """Tell one update of an incident's entry, under its status and time."""
        at = self._language.moment(entry.update.at)
        link = html.escape(self._link(entry.incident, entry.update))
        status = self._language.word(entry.update.status)
        corrections = (
            f"<p>{self._corrected(fix)}</p>"
            for fix in entry.incident.updates
            if fix.corrects == entry.update.at
        )
        return "\n".join(
            filter(
                None,
                (
                    f'<h3>{status}, <a href="{link}">{at}</a></h3>',
                    *corrections,
                    self._words(entry),
                    self._signature(entry),
                    self._facts(entry),
                ),
            )
        )

    def _corrected(self, fix: Update) -> str:
        return html.escape(
            self._language.say(
                "Corrected %(at)s; the words below are as they were",
                at=self._language.moment(fix.at),
            ),
            quote=False,
        )

    @property
    def _wordless(self) -> str:
        return self._language.say("No words came with this in the imported history.")

    def _words(self, entry: Told) -> str:
        """Return an update's own words as HTML that holds anywhere."""
        if not entry.update.body:
            return f"<p>{self._wordless}</p>"
        return urls.absolute_text(
            self._page.site, entry.incident, self._markup.html(entry.update.body)
        )

    def _signature(self, entry: Told) -> str:
        signed = signature(self._page.site, entry.incident, entry.update)
        return f"<p>{html.escape(signed, quote=False)}</p>"

    def _facts(self, entry: Told) -> str:
        lines = [
            f"<li>{html.escape(f'{label}: {value}', quote=False)}</li>"
            for label, value in facts(self._page, entry, self._markup)
        ]
        return "\n".join(["<ul>", *lines, "</ul>"]) if lines else ""

    def _earlier(self, incident: Incident, earlier: Sequence[Update]) -> str:
        """Tell what came before in a line each: people arrive in the middle."""
        lines = [self._line(incident, update) for update in earlier[:EARLIER]]
        if (rest := len(earlier) - EARLIER) > 0:
            link = html.escape(self._link(incident, earlier[EARLIER]))
            more = self._language.say_many(
                "%(count)s more before this", "%(count)s more before these", rest
            )
            lines.append(f'<li><a href="{link}">{more}</a></li>')
        heading = self._language.say("Earlier:")
        return "\n".join([f"<p>{heading}</p>", "<ul>", *lines, "</ul>"])

    def _line(self, _incident: Incident, update: Update) -> str:
        """Tell an update in a line."""
        language = self._language
        who, status = signer(self._page.site, update), language.word(update.status)
        line = f"{language.moment(update.at)}, {who}, {status}"
        said = first_words(self._markup.html(update.body)) if update.body else self._wordless
        if said:
            line = f"{line}: {said}"
        return f"<li>{html.escape(line, quote=False)}</li>"

    def _summary(self, entry: Told) -> str:
        """Return how an update begins and what it promises, for readers that show no more."""
        # An answer begins with the question.
        least = 2 if entry.update.status is Status.ANSWER else 1
        begins = (
            first_paragraphs(self._markup.html(entry.update.body), least)
            if entry.update.body
            else self._wordless
        )
        said = (f"{label}: {value}" for label, value in promised(self._page.site, entry))
        lines = (legal(line).strip() for line in (begins, *said))
        # A picture alone has no words; an empty summary would make feedgen put HTML in its place.
        return "\n".join(filter(None, lines)) or legal(entry.title)

    def _categories(
        self, incident: Incident, status: Status, components: Mapping[str, str]
    ) -> tuple[tuple[str, str], ...]:
        return (
            (incident.kind, self._language.word(incident.kind)),
            (status, self._language.word(status)),
            *components.items(),
        )

    def _components(self, entry: Told) -> dict[str, str]:
        return {name: self._shown(name) for name in entry.moment.components}

    def _shown(self, name: str) -> str:
        """Return what readers call a component."""
        shown = self._names.get(name)
        if shown is None:
            shown = self._names[name] = legal(self._page.component(name).name)
        return shown

    def _link(self, incident: Incident, update: Update) -> str:
        return urls.absolute(self._page.site, urls.update_path(incident, update))
