"""A site and its stories as one reader has them: language, time zone, translations. Pure."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from firstword.mail.parcel import Look
from firstword.model import Facts, Incident, Site, Update
from firstword.page import StatusPage
from firstword.values import replace

_TEXTS = ("title", "affected", "unaffected", "workaround", "because")


def page_for(page: StatusPage, look: Look) -> StatusPage:
    """Return a page whose labels and times are in the language and zone of a reader."""
    zone = page.site.timezone
    if look.zone:
        try:
            zone = ZoneInfo(look.zone)
        except (KeyError, ValueError, OSError):
            # A list may name a zone that this machine does not know: the site's is right as well.
            zone = page.site.timezone
    language = look.language or page.site.language
    return replace(page, site=replace(page.site, language=language, timezone=zone))


def translated(incident: Incident, language: str, site: Site) -> tuple[Incident, frozenset[str]]:
    """Return a story in a language, and the ids of the updates that nobody translated into it.

    What the original says and a translation does not stays as the original has it.
    """
    if not language or language == site.language:
        return incident, frozenset()
    theirs = _translation(incident, language)
    if theirs is None:
        return incident, frozenset(update.id for update in incident.updates)
    missing = {u.id for u in incident.updates if theirs.find(u.at) is None}
    updates = tuple(_in_words_of(update, theirs.find(update.at)) for update in incident.updates)
    told = replace(incident, first=_laid_over(incident.first, theirs.first), updates=updates)
    return told, frozenset(missing)


def _translation(incident: Incident, language: str) -> Incident | None:
    names = (language, language.partition("-")[0])
    by_language = {one.language: one for one in incident.translations}
    return next((by_language[name] for name in names if name in by_language), None)


def _in_words_of(update: Update, theirs: Update | None) -> Update:
    if theirs is None:
        return update
    return replace(
        update, body=theirs.body or update.body, says=_laid_over(update.says, theirs.says)
    )


def _laid_over(ours: Facts, theirs: Facts) -> Facts:
    """Return facts with the translated texts of those that the original says."""
    texts = {
        name: text
        for name in _TEXTS
        if getattr(ours, name) is not None and (text := getattr(theirs, name)) is not None
    }
    return replace(ours, **texts) if texts else ours
