"""What the tests of mail share: readers, a site that sends, and how both are written down."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from sites import CONF

from firstword.mail.parcel import Cadence, Consent, Subscriber
from firstword.mail.people import People, open_people

JOINED = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
CONSENT = Consent(at=JOINED, how="a form", words="Mail me every update")

MAIL_CONF = CONF + 'MAIL_FROM = "status@acme.example"\n'


def reader(address: str, cadence: str = "immediate", **more: object) -> Subscriber:
    """Return somebody who subscribed on 1 November."""
    told = {"consent": CONSENT, "since": JOINED, **more}
    return Subscriber(address=address, cadence=Cadence(cadence), **told)  # type: ignore[arg-type]


def listed(folder: Path, readers: Iterable[Subscriber]) -> People:
    """Begin a list with these."""
    folder.mkdir(parents=True, exist_ok=True)
    people = open_people(folder, create=True)
    people.put(readers)
    return people
