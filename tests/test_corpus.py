"""Real histories by real teams: imported, built, nothing lost, every page linked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from judges import links
from sites import CONF, SmallSite

EMPTY = re.sub(r"COMPONENTS = \[.*?\n\]\n", "COMPONENTS = []\n", CONF, flags=re.DOTALL)


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    return SmallSite.make(tmp_path / "site", {"pelicanconf.py": EMPTY})


@pytest.mark.parametrize(
    ("name", "form", "count"),
    [
        ("packit-status", "cstate", 108),
        ("x4b-status", "cstate", 109),
        ("cstate-format-samples", "cstate", 11),
        ("statuspage-json", "statuspage", 24),
    ],
)
def test_a_real_history_moves_in(
    corpus: Path, site: SmallSite, name: str, form: str, count: int
) -> None:
    source = corpus / name

    imported = site.firstword("import", form, str(source))

    written = stories_of(site)
    assert len(written) == count
    # Every source file has a row, and the totals add up.
    files = [path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()]
    rows = imported.out.splitlines()
    assert [file for file in files if not any(file in row for row in rows)] == []
    assert rows[-1] == f"read {count} = carried {count} + drafts 0 + not carried 0"
    [whole] = [row for row in rows if row.startswith("in all")]
    told = [int(number) for number in re.findall(r"(?:files|=|\+|[a-z]) (\d+)", whole)]
    assert told[0] == sum(told[1:]) == len(files)
    checked = site.firstword("check")
    assert checked.code == 0, checked.out

    built = site.pelican()
    assert built.code == 0, built.err
    stories = [
        path.parent.name
        for kind in ("incidents", "notices", "maintenance")
        for path in (site.root / "output" / kind).glob("*/index.html")
    ]
    # A page for each, and one for each old address below incidents/.
    slugs = {path.removesuffix(".md").rpartition("/")[2] for path in written}
    assert slugs <= set(stories)
    months = "".join(
        p.read_text(encoding="utf-8") for p in (site.root / "output").glob("history/*/index.html")
    )
    assert [slug for slug in slugs if f"/{slug}/" not in months] == []
    assert links.complaints(site.root / "output", "https://status.acme.example") == []
    # Nobody's name is put under what nobody signed.
    assert f"Imported from {form}" in site.page(f"incidents/{min(slugs)}/index.html", "output")

    again = site.firstword("import", form, str(source))
    assert stories_of(site) == written
    assert again.out.splitlines()[-1] == f"{rows[-1]} ({count} of them unchanged)"


def stories_of(site: SmallSite) -> dict[str, bytes]:
    """Return the file of each story."""
    folder = site.root / "content/incidents"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.md"))
    }


def test_a_real_history_is_published_and_stays(corpus: Path, site: SmallSite) -> None:
    site.firstword("import", "cstate", str(corpus / "packit-status"))
    site.commit()

    first, again = site.publish(), site.publish()

    assert (first.code, again.code) == (0, 0)
    assert again.out.splitlines()[-1].startswith("live already: nothing to send")
