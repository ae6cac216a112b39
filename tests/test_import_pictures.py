"""Pictures and links of imported text: taken along, or named."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

import pytest

from firstword.importers import carry
from firstword.importers.reading import Original
from firstword.importers.report import Entry, Outcome, Report
from firstword.importers.site import Site
from firstword.markup import Markup
from firstword.parse import parse

CONFIG = "baseURL: https://status.hollow-oak.example/old/\nparams: {systems: []}\n"
FRONT = "---\ntitle: Cold\ndate: 2021-03-04T09:00:00Z\nseverity: down\n---\n"
REMOTE = "not of the old site itself; a link leads to it"


def moved_in(tmp_path: Path, files: Mapping[str, str | bytes], name: str = "cstate") -> Report:
    """Import a source of these files into a new site."""
    for path, data in files.items():
        target = tmp_path / "source" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)
    site = tmp_path / "site"
    site.mkdir()
    (site / "pelicanconf.py").write_text("COMPONENTS = []\n")
    mapping = tmp_path / "source" / "mapping.yaml"
    return carry(
        name,
        tmp_path / "source",
        site_root=site,
        zone=None,
        dry_run=False,
        mapping=mapping if mapping.exists() else None,
    )


def body_of(tmp_path: Path, entry: Entry) -> str:
    """Return the words of the first update that a file became."""
    assert entry.outcome is Outcome.CARRIED, entry.why
    data = (tmp_path / "site" / entry.target).read_bytes()
    incident = parse(data, entry.target, UTC).incident
    assert incident is not None
    return incident.updates[0].body


def cold(
    tmp_path: Path, text: str, pictures: tuple[str, ...] = (), path: str = "cold.md"
) -> tuple[str, Report]:
    """Import one issue beside pictures; return what became of its words."""
    files: dict[str, str | bytes] = {name: name.encode() for name in pictures}
    files |= {"config.yml": CONFIG, f"content/issues/{path}": FRONT + text}
    report = moved_in(tmp_path, files)
    [entry] = report.entries
    return body_of(tmp_path, entry), report


def needs(report: Report) -> list[str]:
    """Return what a person should look at."""
    return [need for entry in report.entries for need in entry.needs]


# ── where a picture may lie ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "text", "places"),
    [
        ("cold/index.md", "x.png", ("content/issues/cold/x.png", "issues/cold/x.png")),
        ("cold/index.md", "in/x.png", ("content/issues/cold/in/x.png", "issues/cold/in/x.png")),
        ("cold.md", "../img/x.png", ("static/issues/img/x.png", "issues/img/x.png")),
        ("cold.md", "../img/x.png", ("content/img/x.png", "img/x.png")),
        ("cold.md", "x.png", ("content/issues/x.png", "issues/x.png")),
        ("cold.md", "../../static/img/x.png", ("static/img/x.png", "img/x.png")),
        ("cold.md", "images/x.png", ("static/images/x.png", "x.png")),
        ("cold.md", "/img/x.png?v=2", ("static/img/x.png", "img/x.png")),
        ("cold.md", "/img/x.png", ("content/img/x.png", "img/x.png")),
        ("cold.md", "/img/x.png", ("assets/img/x.png", "img/x.png")),
        ("cold.md", "/old/img/x.png", ("static/img/x.png", "img/x.png")),
        (
            "cold.md",
            "https://status.hollow-oak.example/old/img/x.png",
            ("static/img/x.png", "img/x.png"),
        ),
        ("cold.md", "//status.hollow-oak.example/old/x.png", ("static/x.png", "x.png")),
    ],
)
@pytest.mark.parametrize("form", ["![a b]({})", '<img src="{}" alt="a b">', "![a b][1]\n\n[1]: {}"])
def test_a_picture_of_the_source_is_taken_along_wherever_it_lies(
    tmp_path: Path, path: str, text: str, places: tuple[str, str], form: str
) -> None:
    lies, shown = places
    body, report = cold(tmp_path, form.format(text), (lies,), path)

    assert f'src="/@/images/{shown}"' in Markup().html(body)
    assert 'alt="a b"' in Markup().html(body)
    assert (tmp_path / "site/content/images" / shown).read_text() == lies
    assert report.images == (f"content/images/{shown}",)
    assert needs(report) == []
    moves = [repair for repair in report.entries[0].repairs if repair.what == "image"]
    assert [(repair.before, repair.after) for repair in moves] == (
        [(text, f"/images/{shown}")] if text != f"/images/{shown}" else []
    )


@pytest.mark.parametrize(
    ("name", "file", "text", "shown"),
    [
        ("statusfy", "content/2021-03-04_cold.md", "![a](x.png)", "x.png"),
        ("statusfy", "content/2021-03-04_cold.md", "![a](/x.png)", "x.png"),
        ("pelican", "in/cold.md", "![a]({static}/img/x.png)", "img/x.png"),
        ("pelican", "in/cold.md", "![a]({attach}x.png)", "in/x.png"),
        ("pelican", "in/cold.md", "![a](x.png)", "in/x.png"),
        ("pelican", "in/cold.md", "![a]({static}x.png)", "in/x.png"),
        ("pelican", "in/cold.md", "![a](../img/x.png)", "img/x.png"),
        ("stactus", "in/cold.yaml", "![a](x.png)", "in/x.png"),
    ],
)
def test_other_formats_take_theirs_along(
    tmp_path: Path, name: str, file: str, text: str, shown: str
) -> None:
    story = FRONT + text
    if name == "stactus":
        event = f'{{ts: 2021-03-04 09:00, description: "{text}"}}'
        story = f"version: incident/v1\nname: Cold\ntimeline: [{event}]\n"
    folders = {"statusfy": ("static", "content")}.get(name, ("in", "img"))
    files: dict[str, str | bytes] = {f"{folder}/x.png": b"x" for folder in folders}
    files |= {file: story, "mapping.yaml": "title: title\nstarted: date\nfiles: '**/cold.md'\n"}

    report = moved_in(tmp_path, files, name)

    [entry] = [entry for entry in report.entries if entry.target]
    assert f'src="/@/images/{shown}"' in Markup().html(body_of(tmp_path, entry))
    assert report.images == (f"content/images/{shown}",)
    assert needs(report) == []


def test_a_source_may_be_named_by_a_way_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cold(tmp_path, "![a](/x.png)", ("static/x.png",))
    for name, place in (("one", "."), ("two", "../source"), ("three", "static/..")):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / "source")

        report = carry("cstate", place, site_root=tmp_path / name, zone=None, dry_run=False)

        assert report.images == ("content/images/x.png",)


def test_no_picture_is_ever_held_in_memory_as_a_whole(tmp_path: Path) -> None:
    names = tuple(f"static/{letter}.png" for letter in "abc")
    for name in names:
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "source" / name).write_bytes(name.encode() * 400_000)
    text = "".join(f"![x](/{name[-5:]}) ![again](/{name[-5:]})\n" for name in names)
    # What is imported while it works is no picture.
    files: dict[str, str | bytes] = {"config.yml": CONFIG, "content/issues/cold.md": FRONT + text}
    moved_in(tmp_path / "before", {**files, "static/a.png": b"x"})

    tracemalloc.start()
    report = moved_in(tmp_path, files)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < len(names[0]) * 400_000
    assert len(report.images) == 3
    for name in names:
        copy = tmp_path / "site/content/images" / name[-5:]
        assert copy.read_bytes() == name.encode() * 400_000
    assert len([*(tmp_path / "site/content/images").iterdir()]) == 3
    again = carry(
        "cstate", tmp_path / "source", site_root=tmp_path / "site", zone=None, dry_run=False
    )
    assert (again.images, needs(again)) == ((), [])


def test_half_a_picture_is_never_left(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    picture = Original(path=tmp_path / "gone.png", root=tmp_path, most=9)

    why = Site(tmp_path / "site", dry_run=False).copy("content/images/x.png", picture)

    assert why.startswith("content/images/x.png cannot be written: the old one cannot be read: No")
    assert [*(tmp_path / "site/content/images").iterdir()] == []


# ── what cannot be taken along ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "became", "html"),
    [
        (
            "![A relay](https://else.example/x.png)",
            "[A relay](https://else.example/x.png)",
            '<a href="https://else.example/x.png" rel="noopener">A relay</a>',
        ),
        (
            "![](//else.example/x.png 'x')",
            "[//else.example/x.png](//else.example/x.png 'x')",
            ">//else.example/x.png</a>",
        ),
        (
            "[![A relay](https://else.example/x.png)](https://shop.example)",
            "[A relay](https://shop.example)",
            '<a href="https://shop.example" rel="noopener">A relay</a>',
        ),
        (
            "![A relay][1]\n\n[1]: https://else.example/x.png",
            "[A relay][1]\n\n[1]: https://else.example/x.png",
            ">A relay</a>",
        ),
        (
            '<img src="https://else.example/x.png" alt="A relay">',
            '<a href="https://else.example/x.png">A relay</a>',
            ">A relay</a>",
        ),
    ],
)
def test_a_picture_from_elsewhere_becomes_a_link_and_is_named(
    tmp_path: Path, text: str, became: str, html: str
) -> None:
    body, report = cold(tmp_path, text)

    assert body == became
    assert html in Markup().html(body)
    assert "<img" not in Markup().html(body)
    [need] = needs(report)
    assert "//else.example/x.png" in need
    assert need.endswith(REMOTE)
    [repair] = [one for one in report.entries[0].repairs if one.what == "image"]
    assert repair.before in text
    assert report.images == ()


@pytest.mark.parametrize("name", ["statuspage", "stactus"])
def test_formats_without_pictures_name_them_too(tmp_path: Path, name: str) -> None:
    text = "See ![a](https://else.example/x.png)"
    update = f'{{"id": "u", "display_at": "2021-03-04T09:00:00Z", "body": "{text}"}}'
    row = f'{{"id": "cold", "name": "Cold", "incident_updates": [{update}]}}'
    event = f'{{ts: 2021-03-04 09:00, description: "{text}"}}'
    files = {
        "statuspage": {"a.json": f'{{"incidents": [{row}]}}', "components.json": "{}"},
        "stactus": {"a.yaml": f"version: incident/v1\nname: Cold\ntimeline: [{event}]\n"},
    }[name]

    report = moved_in(tmp_path, files, name)

    assert f"image 'https://else.example/x.png': {REMOTE}" in needs(report)
    [entry] = [entry for entry in report.entries if entry.target]
    assert body_of(tmp_path, entry) == "See [a](https://else.example/x.png)"


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("![a](x.png)", "image 'x.png': static/issues/cold/x.png: cannot be read: No such file or"),
        (
            "![a](/x.pdf)",
            "image '/x.pdf': static/x.pdf: not a kind of picture that a browser shows",
        ),
        ("![a](/.x.png)", "image '/.x.png': static/.x.png: a hidden file"),
        ("![a](data:image/png;base64,AAAA)", f"image 'data:image/png;base64,AAAA': {REMOTE}"),
        ("[a](/up/x.png)", "image '/up/x.png': static/up/x.png: cannot be read: No such file or"),
        ('<img src="/no.png">', "image '/no.png': static/no.png: cannot be read: No such file or"),
    ],
)
def test_a_picture_that_cannot_be_taken_along_is_named(
    tmp_path: Path, text: str, need: str
) -> None:
    _, report = cold(tmp_path, text, ("static/x.pdf", "static/.x.png"))

    assert needs(report)[0].startswith(need)
    assert report.images == ()


def test_a_picture_without_an_address_leaves_its_words(tmp_path: Path) -> None:
    body, report = cold(tmp_path, 'One <img alt="A < relay" width="3"> two <img> three.')

    assert body == "One A &lt; relay two  three."
    facts = [line.strip() for line in report.entries[0].lines()][1:]
    assert facts == [
        "image: '<img alt=\"A < relay\" width=\"3\">' -> 'A &lt; relay' (it has no address)",
        "image: '<img>' -> '' (it has no address)",
        "left out: <img width>: '3'",
    ]


def test_what_a_picture_says_stays_and_what_it_is_shaped_like_is_named(tmp_path: Path) -> None:
    text = '<p><IMG title="So & so" class=wide src=/x.png loading="lazy"></p>'

    body, report = cold(tmp_path, text, ("static/x.png",))

    assert body == '<p><img src="/images/x.png" alt="" title="So &amp; so"></p>'
    told = [str(item) for item in report.entries[0].left_out]
    assert told == ["left out: <img class>: 'wide'", "left out: <img loading>: 'lazy'"]


def test_a_page_never_has_a_picture_without_an_address() -> None:
    shown = Markup().html('![A relay](x.png) <img title="t"> ![b](/b.png)')

    assert shown == '<p>A relay  <img src="/@/b.png" alt="b"></p>'


# ── links ────────────────────────────────────────────────────────────────────────────────────────


def test_a_link_relative_to_the_old_page_holds_on_any(tmp_path: Path) -> None:
    body, report = cold(tmp_path, "[one](../warm/) [two](/issues/cold/#top) [three](#x)")

    assert body == "[one](/issues/warm/) [two](/issues/cold/#top) [three](#x)"
    assert needs(report) == ["link '/issues/warm/': nothing of that address was carried"]
    assert "link: '../warm/' -> '/issues/warm/' (relative to the old page)" in map(
        str, report.entries[0].repairs
    )


def test_what_readers_will_not_be_shown_is_named(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "mapping.yaml": "title: title\nstarted: date\nfiles: '*.md'\n",
        "cold.md": FRONT + "[a]({filename}warm.md) <div>Words</div> [b](/about/) [c](/feeds/)",
    }

    report = moved_in(tmp_path, files, "pelican")

    assert needs(report) == [
        "link '{filename}warm.md': leads nowhere",
        "link '/about/': nothing of that address was carried",
    ]
    [left] = [item for item in report.entries[0].left_out if "tag" in item.what]
    assert left.value == "<div>"
