"""Rules that need all stories: one address each, links that lead somewhere, translations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from firstword import urls
from firstword.check.report import error, warning
from firstword.markup import linked_slugs
from firstword.model import Facts, Incident, Problem, Update
from firstword.parse.keys import nearest

#: Path → when it was first known; the older of two that collide keeps the name.
Seniority = Callable[[str], datetime | None]

#: What a translation puts into other words; everything else it has from the original.
_WORDS = frozenset({"title", "affected", "unaffected", "workaround", "because"})


class Clash(NamedTuple):
    """An error between two stories; `other` is the path of the one that stays as it is."""

    problem: Problem
    other: str


def check_together(incidents: Sequence[Incident], since: Seniority) -> Iterator[Problem]:
    """Yield what is wrong between stories. `incidents` holds originals and translations alike."""
    for clash in clashes(incidents, since):
        yield clash.problem
    yield from remarks(incidents)


def clashes(incidents: Sequence[Incident], since: Seniority) -> Iterator[Clash]:
    """Yield the errors between stories: each holds one of the two back."""
    originals = [incident for incident in incidents if not incident.language]
    yield from _unique(originals, since, "id", lambda i: [i.id])
    yield from _unique(incidents, since, "address", _addresses)
    by_slug = {incident.slug: incident for incident in originals}
    for incident in incidents:
        if incident.language:
            yield from _translation(incident, by_slug)
        for alias in incident.aliases:
            if alias.split("/")[0] in urls.OURS:
                message = f"{alias!r} is an address of this site itself"
                line = incident.line("aliases")
                yield Clash(error(incident, line, "address", message), "")


def remarks(incidents: Sequence[Incident]) -> Iterator[Problem]:
    """Yield the warnings between stories: links to no story, other promises."""
    by_slug = {incident.slug: incident for incident in incidents if not incident.language}
    for incident in incidents:
        yield from remarks_on(incident, by_slug)


def remarks_on(incident: Incident, by_slug: Mapping[str, Incident]) -> Iterator[Problem]:
    """Yield the warnings about one story beside the others; `by_slug` holds the originals."""
    yield from _links(incident, by_slug)
    original = by_slug.get(incident.slug)
    if incident.language and original:
        yield from _other_promises(incident, original)


def claims(incident: Incident) -> Iterator[tuple[str, str]]:
    """Yield (rule, name) of everything that no other story may claim as well."""
    if not incident.language:
        yield "id", incident.id
    for name in dict.fromkeys(_addresses(incident)):
        yield "address", name


def fits(incident: Incident, by_slug: Mapping[str, Incident]) -> bool:
    """Tell whether `clashes` has nothing against one story, other than names claimed twice."""
    if any(alias.split("/")[0] in urls.OURS for alias in incident.aliases):
        return False
    return not incident.language or next(_translation(incident, by_slug), None) is None


def _links(incident: Incident, by_slug: Mapping[str, Incident]) -> Iterator[Problem]:
    """Warn about links to no story; the words are shown without the link."""
    for update in incident.updates:
        for slug in linked_slugs(update.body):
            meant = by_slug.get(slug)
            if meant is None:
                message = f"no such incident: {slug!r}{nearest(slug, sorted(by_slug))}"
            elif meant.draft and not incident.draft:
                message = f"{slug!r} is a draft; nobody can follow that link"
            else:
                continue
            yield warning(incident, update.line, "link", message)


def _addresses(incident: Incident) -> list[str]:
    """Every file a story answers for, and the address that other stories link it by."""
    return [
        urls.page_key(urls.incident_path(incident)),
        *([] if incident.language else [f"incident:{incident.slug}"]),
        *(urls.alias_key(alias) for alias in incident.aliases),
    ]


def _unique(
    incidents: Iterable[Incident],
    since: Seniority,
    rule: str,
    names: Callable[[Incident], list[str]],
) -> Iterator[Clash]:
    """Report every story but the oldest that claims a name. Age is asked for in collisions only.

    Two stories that share several names are told of the first.
    """
    claims: dict[str, list[Incident]] = {}
    for incident in sorted(incidents, key=lambda i: i.path):
        for name in dict.fromkeys(names(incident)):
            claims.setdefault(name, []).append(incident)
    told: set[tuple[str, str]] = set()
    for name, claimants in claims.items():
        if len(claimants) == 1:
            continue
        oldest, *younger = sorted(claimants, key=lambda i: _age(i, since))
        for incident in younger:
            if (incident.path, oldest.path) in told:
                continue
            told.add((incident.path, oldest.path))
            message = f"{name!r} belongs to {oldest.path} already"
            yield Clash(error(incident, _line(incident, rule, name), rule, message), oldest.path)


def _line(incident: Incident, rule: str, name: str) -> int:
    """Return the line that claims a name; 1 where the file's own name does."""
    if rule == "id":
        return incident.line("id")
    by_alias = name in {urls.alias_key(alias) for alias in incident.aliases}
    return incident.line("aliases") if by_alias else 1


def _age(incident: Incident, since: Seniority) -> tuple[bool, float, str]:
    """Sort key: known longest first, the never committed last, then by path."""
    known = since(incident.path)
    return known is None, known.timestamp() if known else 0.0, incident.path


def _translation(translation: Incident, originals: Mapping[str, Incident]) -> Iterator[Clash]:
    """A translation stands beside its original and says in other words what that says."""
    original = originals.get(translation.slug)
    if original is None:
        message = (
            f"there is no {translation.slug + '.md'!r} that it could translate"
            f"{nearest(translation.slug, sorted(originals))}"
        )
        yield Clash(error(translation, 1, "translation", message), "")
        return

    def clash(line: int, message: str) -> Clash:
        return Clash(error(translation, line, "translation", message), original.path)

    if translation.kind is not original.kind:
        message = f"kind {str(translation.kind)!r}; the original is {str(original.kind)!r}"
        yield clash(translation.line("kind"), message)
    for key in _differing(translation, original):
        yield clash(translation.line(key), f"{key!r} is not the original's; leave it out here")
    for update in translation.updates:
        meant = original.find(update.at)
        if meant is None:
            at = f"{update.at:%Y-%m-%d %H:%M:%S} UTC"
            yield clash(update.line, f"the original, as it is shown, has no update of {at}")
        elif meant.status is not update.status:
            message = f"{str(update.status)!r}; the original says {str(meant.status)!r}"
            yield clash(update.line, message)
        else:
            for key in _differing_keys(update, meant):
                message = f"{key!r} is not the original's; leave it out here"
                yield clash(update.line_of(key), message)


def _differing(translation: Incident, original: Incident) -> Iterator[str]:
    """Name the front matter keys that say something else than the original's."""
    yield from _differing_facts(translation.first, original.first)
    for key in ("started", "about", "repeats", "remind"):
        said = getattr(translation, key)
        if said and said != getattr(original, key):
            yield key


def _differing_keys(update: Update, meant: Update) -> Iterator[str]:
    """Name the keys of an update that say something else than the original's."""
    yield from _differing_facts(update.says, meant.says)
    for key in ("corrects", "done"):
        said = getattr(update, key)
        if said and said != getattr(meant, key):
            yield key


def _differing_facts(says: Facts, meant: Facts) -> Iterator[str]:
    for key in says.names():
        if key not in _WORDS and getattr(says, key) != getattr(meant, key):
            yield key


def _other_promises(translation: Incident, original: Incident) -> Iterator[Problem]:
    """Warn where a translation promises other follow-ups; those of the original count."""
    for update in translation.updates:
        meant = original.find(update.at)
        here = [(f.person, f.due, f.ticked) for f in update.follow_ups]
        there = [(f.person, f.due, f.ticked) for f in meant.follow_ups] if meant else []
        if meant and here != there:
            message = "its follow-ups are not the original's: other people, days or ticks"
            yield warning(translation, update.line, "translation", message)
