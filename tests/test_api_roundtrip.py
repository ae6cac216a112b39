"""Real Statuspage documents → incident files → our documents: what comes out is what went in.

Every difference that remains is in the table of docs/api.md, which is read here and holds both
ways. The files are written here, value by value: an importer may decide otherwise.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apis import files, mistakes, read

from firstword.compose import compose, mend
from firstword.content import load, scan
from firstword.model import (
    ComponentChange,
    ComponentStatus,
    Facts,
    Impact,
    Incident,
    Kind,
    Site,
    Status,
    Update,
)
from firstword.page import StatusPage
from firstword.settings import read_site

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 21, tzinfo=UTC)
#: Ours, beyond Statuspage's.
OURS = {
    *("author", "next_update_at", "expected_at", "affected", "unaffected", "workaround"),
    *("ended_at", "withdrawn_at", "imported", "body_html", "kind", "corrects", "url"),
}
EMMA, GITHUB = "emma-2019", "github-2024-09"
NAMES = (EMMA, GITHUB)
#: What incidents.json calls a list → what the documentation calls a thing in it.
THINGS = {
    "incidents": "story",
    "incident_updates": "update",
    "components": "component",
    "affected_components": "change",
}

Document = dict[str, Any]


def source(corpus: Path, name: str) -> Document:
    """Return the incidents of a Statuspage and, where there are any, its components."""
    folder = corpus / "statuspage-json"
    found: Document = json.loads((folder / f"{name}-incidents.json").read_text(encoding="utf-8"))
    listed = folder / f"{name}-components.json"
    if listed.exists():
        found["components"] = json.loads(listed.read_text(encoding="utf-8"))["components"]
    return found


def grouped(document: Document) -> Document:
    """Put a Statuspage's components into a group, with a row for it, as Statuspage does.

    No page of the corpus has one: this is what the reference and clients' types say of it.
    """
    children = document["components"]
    row = {**children[0], "id": "g6tgbxkxhxqd", "name": "Code", "group": True, "description": None}
    row["components"] = [child["id"] for child in children]
    return {
        **document,
        "components": [row, *({**child, "group_id": row["id"]} for child in children)],
    }


# ── Statuspage's values → a site of ours ─────────────────────────────────────────────────────────


def instant(text: str) -> datetime:
    """Read Statuspage's time; our updates are kept to the second."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


def slug(name: str) -> str:
    """Make a component's id of its name."""
    return "-".join(re.findall(r"[a-z0-9]+", name.lower()))


def site_of(document: Document) -> Site:
    """Return the settings of a site with the components of a Statuspage."""
    rows = document.get("components", [])
    groups = {row["id"]: row["name"] for row in rows if row["group"]}
    listed = {
        row["name"]: {
            "description": row["description"] or "",
            "group": groups.get(row["group_id"], ""),
        }
        for row in rows
        if not row["group"]
    }
    for story in document["incidents"]:
        for row in story.get("components", ()):
            listed.setdefault(row["name"], {"description": row["description"] or ""})
        for update in story["incident_updates"]:
            for change in update["affected_components"] or ():
                listed.setdefault(change["name"], {})
    return read_site(
        {
            "SITENAME": document["page"]["name"],
            "SITEURL": document["page"]["url"],
            "TIMEZONE": document["page"]["time_zone"],
            "COMPONENTS": [{"id": slug(name), "name": name, **row} for name, row in listed.items()],
        }
    )


def incident_of(row: dict[str, Any]) -> Incident:
    """Make an incident of Statuspage's values."""
    updates = sorted(row["incident_updates"], key=lambda u: (u["display_at"], u["created_at"]))
    shown: list[datetime] = []
    for update in updates:
        at = instant(update["display_at"])
        shown.append(at if at not in shown else shown[-1] + timedelta(seconds=1))
    return Incident(
        id=row["id"],
        slug=row["id"],
        path=f"content/incidents/{row['id']}.md",
        kind=Kind.INCIDENT,
        first=Facts(title=row["name"], impact=Impact(row["impact"])),
        # A file says when it began; older Statuspages do not, and then it is the first word.
        started=instant(row["started_at"]) if row.get("started_at") else shown[0],
        imported="statuspage",
        updates=tuple(
            Update(
                at=at,
                author="imported",
                status=Status(update["status"]),
                body=mend(update["body"])[0],
                notify=update["deliver_notifications"],
                says=Facts(
                    components=tuple(
                        ComponentChange(slug(c["name"]), ComponentStatus(c["new_status"]))
                        for c in update["affected_components"] or ()
                        if "new_status" in c
                    )
                    or None
                ),
            )
            for at, update in zip(shown, updates, strict=True)
        ),
    )


def written(document: Document, root: Path) -> StatusPage:
    """Write a Statuspage's incidents as files of ours, and read them as a build does."""
    site = site_of(document)
    for row in document["incidents"]:
        incident = incident_of(row)
        path = root / incident.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(compose(incident, site.timezone), encoding="utf-8")
    found, problems = scan(root, root / "content")
    assert problems == []
    content = load(found, site, NOW)
    assert content.held == (), content.problems
    return StatusPage.of(site, content.published(site))


def told(document: Document, root: Path) -> Document:
    """Return what our incidents.json and components.json say of a Statuspage."""
    made = files(written(document, root), NOW)
    assert list(mistakes(made)) == []
    found: Document = read(made, "incidents.json")
    if "components" in document:
        found["components"] = read(made, "components.json")["components"]
    return found


# ── what differs ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that did not come out as it went in."""

    path: tuple[str, ...]
    old: Any
    new: Any

    @property
    def thing(self) -> str:
        """What the value is said of, as the documentation calls it."""
        names = [THINGS[name] for name in self.path[:-1] if name in THINGS]
        return names[-1] if names else "page"

    @property
    def key(self) -> str:
        """The key as Statuspage has it."""
        return self.path[-1]

    @property
    def same_second(self) -> bool:
        """Whether both are the same instant to the second."""
        return bool(self.old and self.new) and instant(self.old) == instant(self.new)


def place(name: str, index: int, inner: Any) -> str:
    """Name an item of a list: components and updates by what they say, all else by position."""
    if name in {"components", "affected_components"}:
        return str(inner["name"])
    if name == "incident_updates":
        return f"{inner['status']}: {' '.join(words(inner['body']))}"
    return str(index)


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every value of a document by its path, lists by position."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, place(path[-1], index, inner)))
    else:
        yield path, value


def words(text: str) -> list[str]:
    """Return the words of a text, without tags."""
    return re.sub(r"<[^>]*>", " ", text).split()


def differences(old: Document, new: Document) -> Iterator[Difference]:
    """Yield every value that did not come out as it went in."""
    found = dict(leaves(new))
    for path, value in leaves(old):
        if found.get(path, "missing") != value:
            yield Difference(path, value, found.get(path, "missing"))


def always(_found: Difference) -> bool:
    return True


def later(found: Difference) -> bool:
    return not found.same_second


#: The last column of the table in docs/api.md → whether a difference in those keys is of that sort.
KNOWN: dict[str, Callable[[Difference], bool]] = {
    "Made of our own files' ids, as those of feed entries are": always,
    "Our own address": always,
    "To the second, as an update's id is its instant; written in UTC": lambda d: d.same_second,
    "Two updates shown in one second are a second apart": (
        lambda d: later(d) and instant(d.new) - instant(d.old) == timedelta(seconds=1)
    ),
    "When it was shown: not when it was typed in, nor when it was edited without a word": later,
    "When its first word was signed": later,
    "When its newest word was signed, not when its row was saved": later,
    "When the first story named it, and when the newest word of such a story was signed": later,
    "Counted in the order of `COMPONENTS`, within a group from 1": always,
    "Plain text, a line for each block; `body_html` has links and lists": (
        lambda d: words(d.old) == words(d.new)
    ),
    "Null where a story has named no component; older Statuspages put a sentence in its place": (
        lambda d: "No components were affected by this update." in (d.old, *d.path)
    ),
    "Once a story has named a component, every later update says how it is": (
        lambda d: d.old is None and d.new == "missing"
    ),
    "Not there: about mail that is not sent from here": lambda d: d.new == "missing",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table in docs/api.md."""

    things: frozenset[str]
    keys: frozenset[str]
    why: str

    def explains(self, found: Difference) -> bool:
        """Tell whether a difference is the one that the documentation speaks of."""
        listed = found.thing in self.things and found.key in self.keys
        return listed and KNOWN[self.why](found)


def table() -> tuple[Row, ...]:
    """Return what docs/api.md lists."""
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    _, found, rest = text.partition("\n### Where it differs\n")
    assert found
    section = rest.partition("\n#")[0]
    rows = re.findall(r"^\| ([a-z, ]+) \| (`[^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    return tuple(
        Row(frozenset(things.split(", ")), frozenset(re.findall(r"`(\w+)`", keys)), why)
        for things, keys, why in rows
    )


# ── the tests ────────────────────────────────────────────────────────────────────────────────────


def sources(corpus: Path) -> Iterator[Document]:
    yield from (source(corpus, name) for name in NAMES)
    yield grouped(source(corpus, GITHUB))


def unexplained(found: Sequence[Difference], rows: Sequence[Row]) -> list[Difference]:
    return [one for one in found if not any(row.explains(one) for row in rows)]


def test_real_statuspages_come_out_as_they_went_in(corpus: Path, tmp_path: Path) -> None:
    rows = table()
    happened: Counter[tuple[str, str]] = Counter()
    equal = 0
    for number, document in enumerate(sources(corpus)):
        found = list(differences(document, told(document, tmp_path / str(number))))
        equal += len(list(leaves(document))) - len(found)

        assert unexplained(found, rows) == []
        for one in found:
            row = next(row for row in rows if row.explains(one))
            happened.update((row.why, name) for name in (one.thing, one.key))
    # What explains nothing any more goes: a row, a key of it, or what it is said of.
    assert set(happened) == {(row.why, name) for row in rows for name in row.things | row.keys}
    assert {row.why for row in rows} == set(KNOWN)
    assert equal > 2000


def test_a_difference_that_nobody_listed_is_found(corpus: Path, tmp_path: Path) -> None:
    document = source(corpus, GITHUB)
    changed = told(document, tmp_path)
    changed["incidents"][0]["name"] = "Another name"
    changed["components"][1]["description"] = None

    found = unexplained(list(differences(document, changed)), table())

    assert [(one.thing, one.key) for one in found] == [
        ("story", "name"),
        ("component", "description"),
    ]


def test_components_come_out_with_their_groups(corpus: Path, tmp_path: Path) -> None:
    document = grouped(source(corpus, GITHUB))

    rows = told(document, tmp_path)["components"]

    # Beside the group, two more that only the incidents name.
    names = ["Code", "Git Operations", "Webhooks", "Actions", "Pages"]
    assert [row["name"] for row in rows] == names
    group, git, hooks, *others = rows
    assert [row["position"] for row in (group, git, hooks)] == [1, 1, 2]
    assert [row["group"] for row in rows] == [True, False, False, *(False for _ in others)]
    assert group["components"] == [git["id"], hooks["id"]]
    assert {git["group_id"], hooks["group_id"]} == {group["id"]}
    assert git["description"] == document["components"][1]["description"]
    assert group["description"] is None
    assert group.keys() - {"components"} == document["components"][0].keys() - {"components"}


@pytest.mark.parametrize("name", NAMES)
def test_updates_come_out_in_the_order_they_were_shown_in(
    corpus: Path, tmp_path: Path, name: str
) -> None:
    document = source(corpus, name)

    for old, new in zip(document["incidents"], told(document, tmp_path)["incidents"], strict=True):
        shown = sorted(
            old["incident_updates"], key=lambda u: (u["display_at"], u["created_at"]), reverse=True
        )
        assert [u["status"] for u in new["incident_updates"]] == [u["status"] for u in shown]
        assert new["name"] == old["name"]


def test_what_we_add_is_named(corpus: Path, tmp_path: Path) -> None:
    document = source(corpus, GITHUB)
    old, new = document["incidents"][0], told(document, tmp_path)["incidents"][0]

    assert new.keys() - old.keys() == OURS - {"body_html", "kind", "corrects", "url"}
    assert old.keys() - new.keys() == {"reminder_intervals"}
    [ours, *_], [theirs, *_] = new["incident_updates"], old["incident_updates"]
    assert ours.keys() - theirs.keys() == OURS & ours.keys()
    assert theirs.keys() <= ours.keys()
