"""What the small sources of every format become, built: old addresses, links, valid HTML."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from judges import links, nu
from judges.serve import serving
from sites import SmallSite
from test_import_formats import ANY_SITE, EVERY, NOW, SAMPLES, moved_in, written

from firstword.check import check_incident
from firstword.check.across import check_together
from firstword.model import Level

SITE = "https://status.hollow-oak.example"


class Built:
    """A site of each sample, made when it is asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def output(self, name: str) -> Path:
        """Return the folder with one's pages."""
        folder = self.root / name
        if not folder.exists():
            folder.mkdir()
            moved_in(name, folder)
            made = SmallSite(folder / "site").pelican()
            assert made.code == 0, made.err
        return folder / "site" / "output"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def served(built: Built) -> Iterator[str]:
    with serving(built.root) as address:
        yield address


@EVERY
def test_no_rule_finds_an_error_in_what_came_over(tmp_path: Path, name: str) -> None:
    moved_in(name, tmp_path)

    incidents = written(tmp_path)

    for incident in incidents.values():
        problems = check_incident(incident, ANY_SITE, NOW)
        # The components are in the site's settings, which these rules have not read.
        assert {p.rule for p in problems if p.level is Level.ERROR} <= {"component"}
    assert list(check_together(list(incidents.values()), lambda _: None)) == []


@EVERY
def test_old_addresses_lead_on_and_no_link_is_dead(built: Built, name: str) -> None:
    output = built.output(name)

    old, slug = SAMPLES[name].moved
    page = (output / old).read_text()
    assert 'http-equiv="refresh"' in page
    assert f"incidents/{slug}/" in page
    assert links.complaints(output, SITE) == []


def test_the_nu_checker_finds_nothing(built: Built, served: str) -> None:
    """All samples in one run: to start it takes as long as to judge a hundred pages."""
    if why := nu.missing():
        pytest.skip(why)
    asked = [
        f"{name}/site/output/{path.relative_to(built.output(name)).as_posix()}"
        for name in SAMPLES
        for path in sorted(built.output(name).rglob("*.html"))
    ]

    assert len(asked) > 90
    assert nu.complaints(built.root, served, asked) == []
