"""The example site, and the same words on the peers' pages, to be weighed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks import convert
from benchmarks.contenders import Hugo, Pelican
from benchmarks.lab import Lab
from benchmarks.measure import run
from benchmarks.table import Weight
from benchmarks.tools import ROOT
from benchmarks.weight import weigh

_ADDRESS = "https://status.long.example/"


def weights(lab: Lab) -> Iterator[Weight]:
    """Weigh home and one incident of each example site."""
    site = lab.work / "example"
    site.mkdir()
    for name in ("content", "theme"):
        shutil.copytree(ROOT / name, site / name)
    shutil.copy2(ROOT / "pelicanconf.py", site)
    environ = lab.environ
    run((lab.python.parent / "pelican", "content"), folder=site, environ=environ, ok=(0, 3))
    address = _said(site / "pelicanconf.py", "SITEURL")
    story = max(convert.stories(site / "content"), key=lambda it: len(it.body))
    output = site / "output"
    yield weigh("Firstword", "home", output, "index.html", address)
    page = next(output.glob(f"*/{story.slug}/index.html")).relative_to(output)
    yield weigh("Firstword", "its longest story", output, page.as_posix(), address)
    if lab.tools:
        yield from _hugo(lab, site / "content", story)
        yield from _pelican(lab, site / "content", story)
        if lab.cstate:
            yield from _cstate(lab, lab.cstate)


def _hugo(lab: Lab, content: Path, story: convert.Story) -> Iterator[Weight]:
    assert lab.tools is not None
    folder = lab.work / "example-hugo"
    convert.hugo_site(content, folder)
    hugo = Hugo(lab=lab, tools=lab.tools, folder=folder)
    hugo.build()
    output = folder / "public"
    yield weigh("Hugo lean", "home", output, "index.html", _ADDRESS)
    page = next(output.rglob(f"{story.slug}/index.html")).relative_to(output)
    yield weigh("Hugo lean", "the same story", output, page.as_posix(), _ADDRESS)


def _pelican(lab: Lab, content: Path, story: convert.Story) -> Iterator[Weight]:
    assert lab.tools is not None
    folder = lab.work / "example-pelican"
    convert.pelican_site(content, folder, cached=False)
    Pelican(lab=lab, tools=lab.tools, folder=folder, cached=False).build()
    output = folder / "output"
    yield weigh("Pelican, notmyidea", "home", output, "index.html", _ADDRESS)
    yield weigh("Pelican, notmyidea", "the same story", output, f"{story.slug}.html", _ADDRESS)


def _cstate(lab: Lab, theme: Path) -> Iterator[Weight]:
    """Weigh cState's own example, where this Hugo can build it."""
    assert lab.tools is not None
    folder = lab.work / "example-cstate"
    shutil.copytree(theme / "exampleSite", folder)
    shutil.copytree(theme, folder / "themes" / "cstate", ignore=shutil.ignore_patterns(".git"))
    run((lab.tools.hugo, "--quiet"), folder=folder, environ=lab.environ, ok=tuple(range(256)))
    output = folder / "public"
    if (output / "index.html").is_file():
        address = "https://example.com/"
        yield weigh("cState", "home of its own example", output, "index.html", address)
        issue = next(output.glob("issues/20*/index.html")).relative_to(output).as_posix()
        yield weigh("cState", "one of its incidents", output, issue, address)
    else:
        lab.say("this Hugo cannot build cState's example")


def _said(conf: Path, name: str) -> str:
    found = re.search(rf'^{name} = "(.*)"', conf.read_text(encoding="utf-8"), re.MULTILINE)
    return f"{found[1]}/" if found else "/"
