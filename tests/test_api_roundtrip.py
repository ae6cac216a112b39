"""Real Statuspage documents → imported, built → our documents: what comes out is what went in.

Every difference that remains is in the table of docs/api.md, which is read here and holds both
ways. `firstword import statuspage` writes the files, `pelican content` the documents.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apis import mistakes, read
from sites import SmallSite

ROOT = Path(__file__).resolve().parent.parent
#: Ours, beyond Statuspage's.
OURS = {
    *("author", "next_update_at", "expected_at", "affected", "unaffected", "workaround"),
    *("ended_at", "withdrawn_at", "imported", "body_html", "kind", "corrects", "url"),
}
EMMA, GITHUB, GROUPED = "emma-2019", "github-2024-09", "github-2024-09, grouped"
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


def instant(text: str) -> datetime:
    """Read Statuspage's time; our updates are kept to the second."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


# ── there and back ───────────────────────────────────────────────────────────────────────────────


def told(document: Document, root: Path) -> Document:
    """Import a Statuspage into a new site, build it, and return what our documents say."""
    page = document["page"]
    settings = {"SITENAME": page["name"], "SITEURL": page["url"], "TIMEZONE": page["time_zone"]}
    lines = [f"{name} = {value!r}" for name, value in {**settings, "COMPONENTS": []}.items()]
    conf = "\n".join(["from firstword.pelican_defaults import *", *lines, ""])
    site = SmallSite.make(root / "site", {"pelicanconf.py": conf})
    for name in ("incidents", "components"):
        if name in document:
            site.write(f"../saved/{name}.json", json.dumps({"page": page, name: document[name]}))

    imported = site.firstword("import", "statuspage", str(root / "saved"))
    count = len(document["incidents"])
    assert f"read {count} = carried {count} + drafts 0" in imported.out, imported
    built = site.pelican()
    assert built.code == 0, built.err

    made = site.files("output")
    assert list(mistakes(made)) == []
    found: Document = read(made, "incidents.json")
    if "components" in document:
        found["components"] = read(made, "components.json")["components"]
    return found


class Pages:
    """The Statuspages of the corpus and what became of them; each is built once."""

    def __init__(self, corpus: Path, root: Path) -> None:
        self._old = {name: source(corpus, name) for name in NAMES}
        self._old[GROUPED] = grouped(source(corpus, GITHUB))
        self._new = {name: told(old, root / name) for name, old in self._old.items()}

    def both(self, name: str) -> tuple[Document, Document]:
        """Return what went in and what came out, to be changed at will."""
        return copy.deepcopy(self._old[name]), copy.deepcopy(self._new[name])


@pytest.fixture(scope="module")
def pages(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return Pages(corpus, tmp_path_factory.mktemp("pages"))


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


def unexplained(found: Sequence[Difference], rows: Sequence[Row]) -> list[Difference]:
    return [one for one in found if not any(row.explains(one) for row in rows)]


def test_real_statuspages_come_out_as_they_went_in(pages: Pages) -> None:
    rows = table()
    happened: Counter[tuple[str, str]] = Counter()
    equal = 0
    for name in (*NAMES, GROUPED):
        document, new = pages.both(name)
        found = list(differences(document, new))
        equal += len(list(leaves(document))) - len(found)

        assert unexplained(found, rows) == []
        for one in found:
            row = next(row for row in rows if row.explains(one))
            happened.update((row.why, word) for word in (one.thing, one.key))
    # What explains nothing any more goes: a row, a key of it, or what it is said of.
    assert set(happened) == {(row.why, name) for row in rows for name in row.things | row.keys}
    assert {row.why for row in rows} == set(KNOWN)
    assert equal > 2000


def test_a_difference_that_nobody_listed_is_found(pages: Pages) -> None:
    document, changed = pages.both(GITHUB)
    changed["incidents"][0]["name"] = "Another name"
    changed["components"][1]["description"] = None

    found = unexplained(list(differences(document, changed)), table())

    assert [(one.thing, one.key) for one in found] == [
        ("story", "name"),
        ("component", "description"),
    ]


def test_components_come_out_with_their_groups(pages: Pages) -> None:
    document, new = pages.both(GROUPED)

    rows = new["components"]

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
def test_updates_come_out_in_the_order_they_were_shown_in(pages: Pages, name: str) -> None:
    before, after = pages.both(name)

    for old, new in zip(before["incidents"], after["incidents"], strict=True):
        shown = sorted(
            old["incident_updates"], key=lambda u: (u["display_at"], u["created_at"]), reverse=True
        )
        assert [u["status"] for u in new["incident_updates"]] == [u["status"] for u in shown]
        assert new["name"] == old["name"]


def test_what_we_add_is_named(pages: Pages) -> None:
    old, new = (document["incidents"][0] for document in pages.both(GITHUB))

    assert new.keys() - old.keys() == OURS - {"body_html", "kind", "corrects", "url"}
    assert old.keys() - new.keys() == {"reminder_intervals"}
    [ours, *_], [theirs, *_] = new["incident_updates"], old["incident_updates"]
    assert ours.keys() - theirs.keys() == OURS & ours.keys()
    assert theirs.keys() <= ours.keys()
