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


@pytest.mark.parametrize(("name", "count"), [("packit-status", 108), ("x4b-status", 109)])
def test_a_real_history_moves_in(corpus: Path, site: SmallSite, name: str, count: int) -> None:
    imported = site.firstword("import", "cstate", str(corpus / name))

    sources = [p.stem for p in (corpus / name / "content/issues").glob("*.md")]
    written = list((site.root / "content/incidents").rglob("*.md"))
    assert len(sources) == len(written) == count
    # Every source file is accounted for, and the totals add up.
    assert [s for s in sources if not re.search(rf"{re.escape(s)}\.md -> ", imported.out)] == []
    assert f"read {count} = carried {count}" in imported.out
    checked = site.firstword("check")
    assert (checked.code, checked.out) == (0, ""), checked.out

    built = site.pelican()
    assert built.code == 0, built.err
    stories = [
        path.parent.name
        for kind in ("incidents", "notices")
        for path in (site.root / "output" / kind).glob("*/index.html")
    ]
    assert len(stories) == count
    months = "".join(
        p.read_text(encoding="utf-8") for p in (site.root / "output").glob("history/*/index.html")
    )
    assert [story for story in stories if f"/{story}/" not in months] == []
    assert links.complaints(site.root / "output", "https://status.acme.example") == []
    # Nobody's name is put under what nobody signed.
    assert "Imported from cstate" in site.page(f"incidents/{stories[0]}/index.html", "output")

    again = site.firstword("import", "cstate", str(corpus / name))
    assert list((site.root / "content/incidents").rglob("*.md")) == written
    assert f"unchanged {count}" in again.out or "unchanged" in again.out


def test_a_real_history_is_published_and_stays(corpus: Path, site: SmallSite) -> None:
    site.firstword("import", "cstate", str(corpus / "packit-status"))
    site.commit()

    first, again = site.publish(), site.publish()

    assert (first.code, again.code) == (0, 0)
    assert again.out.splitlines()[-1].startswith("live already: nothing to send")
