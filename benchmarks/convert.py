"""The same words for everybody: incident files → articles for Pelican, pages for Hugo, cState."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"

_UPDATE = re.compile(r"^## (?P<at>[^|\n]+) \| (?P<who>[^|\n]+) \| (?P<status>\w+)$", re.MULTILINE)
_SEVERITY = {"minor": "notice", "major": "disrupted", "critical": "down", "none": "notice"}

PELICAN_CONF = '''\
"""Stock Pelican: what it comes with, plus its cache and the feeds its quickstart proposes."""

AUTHOR = "Staff"
SITENAME = "Long history"
SITEURL = "https://status.long.example"
PATH = "content"
STATIC_PATHS = ["images"]
TIMEZONE = "UTC"
DEFAULT_LANG = "en"
DEFAULT_PAGINATION = 10
FEED_ALL_ATOM = "feeds/all.atom.xml"
FEED_ALL_RSS = "feeds/all.rss.xml"
CATEGORY_FEED_ATOM = "feeds/{slug}.atom.xml"
DELETE_OUTPUT_DIRECTORY = False
CACHE_CONTENT = CACHED
LOAD_CONTENT_CACHE = CACHED
STATIC_CHECK_IF_MODIFIED = True
'''

HUGO_DEPLOYMENT = """
[[deployment.targets]]
name = "bench"
URL = "s3://{bucket}?endpoint={endpoint}&region=us-east-1&use_path_style=true&disable_https=true"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One incident file as a peer sees it."""

    path: Path
    title: str
    at: str
    ended: str
    impact: str
    components: tuple[str, ...]
    body: str

    @property
    def slug(self) -> str:
        """Return the name of the file without its ending."""
        return self.path.stem


def stories(content: Path) -> Iterator[Story]:
    """Yield every story below a content folder, in order of path."""
    for path in sorted((content / "incidents").rglob("*.md")):
        yield story(path)


def story(path: Path) -> Story:
    """Read one incident file. Keys of the front matter that nobody shows are dropped."""
    _, front, text = path.read_text(encoding="utf-8").split("---\n", 2)
    keys = dict(line.split(": ", 1) for line in front.splitlines() if ": " in line)
    updates = [match["at"].strip() for match in _UPDATE.finditer(text)]
    statuses = [match["status"] for match in _UPDATE.finditer(text)]
    over = statuses[-1] not in {"investigating", "identified", "monitoring", "update"}
    affected = f"{keys['affected']}\n\n" if "affected" in keys else ""
    # A peer has no updates: headings of their own level, and what was a key is a line of text.
    body = _UPDATE.sub(r"### \g<at> \g<who> \g<status>\n", text).strip()
    return Story(
        path=path,
        title=keys["title"].strip('"'),
        at=updates[0],
        ended=updates[-1] if over else "",
        impact=keys.get("impact", "none"),
        components=tuple(
            name.split()[0] for name in keys.get("components", "").strip("[]").split(", ") if name
        ),
        body=affected + body + "\n",
    )


def pelican_article(story: Story) -> str:
    """Write a story as an article."""
    tags = f"Tags: {', '.join(story.components)}\n" if story.components else ""
    category = story.impact.capitalize()
    head = f"Title: {story.title}\nDate: {story.at}\nSlug: {story.slug}\nCategory: {category}\n"
    return f"{head}{tags}\n{story.body}"


def hugo_page(story: Story) -> str:
    """Write a story as a page for the lean theme."""
    return f"{_json({**_common(story), 'components': list(story.components)})}\n\n{story.body}"


def cstate_page(story: Story) -> str:
    """Write a story as an issue for cState."""
    more = {
        "section": "issue",
        "severity": _SEVERITY[story.impact],
        "affected": list(story.components),
        "resolved": bool(story.ended),
        **({"resolvedWhen": _instant(story.ended)} if story.ended else {}),
    }
    return f"{_json({**_common(story), **more})}\n\n{story.body}"


def pelican_site(content: Path, folder: Path, *, cached: bool) -> None:
    """Write a whole stock Pelican site of the same words."""
    for it in stories(content):
        _write(folder / "content" / it.path.parent.relative_to(content) / it.path.name, it)
    _copy_pictures(content, folder / "content" / "images")
    conf = PELICAN_CONF.replace("CACHED", str(cached))
    (folder / "pelicanconf.py").write_text(conf, encoding="utf-8")


def hugo_site(content: Path, folder: Path, *, deploy_to: str = "", bucket: str = "") -> None:
    """Write a whole site for Hugo with the lean theme."""
    shutil.copytree(PEERS / "hugo-lean", folder, dirs_exist_ok=True)
    for it in stories(content):
        target = folder / "content" / it.path.parent.relative_to(content) / it.path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(hugo_page(it), encoding="utf-8")
    _copy_pictures(content, folder / "static" / "images")
    if deploy_to:
        with (folder / "hugo.toml").open("a", encoding="utf-8") as conf:
            conf.write(HUGO_DEPLOYMENT.format(bucket=bucket, endpoint=deploy_to))


def cstate_site(content: Path, theme: Path, folder: Path) -> None:
    """Write a whole cState site: its own example's settings, our words. Copies the theme."""
    shutil.copytree(theme / "exampleSite", folder, dirs_exist_ok=True)
    shutil.copytree(theme, folder / "themes" / "cstate", ignore=shutil.ignore_patterns(".git"))
    issues = folder / "content" / "issues"
    for old in issues.glob("*.md"):
        old.unlink()
    issues.mkdir(parents=True, exist_ok=True)
    names = _issues(content, folder)
    conf = next(folder.glob("config.y*ml"))
    text = conf.read_text(encoding="utf-8")
    systems = "".join(f"    - name: {name}\n      category: Services\n" for name in sorted(names))
    # From the line "systems:" to the next key of the same depth.
    text = re.sub(r"(?ms)^  systems:.*?(?=^  \w)", f"  systems:\n{systems}", text)
    text = re.sub(r"(?ms)^  categories:.*?(?=^  \w)", "  categories:\n    - name: Services\n", text)
    text = re.sub(r"(?m)^theme:.*$", "theme: cstate", text)
    conf.write_text(text, encoding="utf-8")


def _issues(content: Path, folder: Path) -> set[str]:
    """Write a page for each story, and the pictures; return the components they name."""
    names: set[str] = set()
    for it in stories(content):
        names.update(it.components)
        page = folder / "content" / "issues" / f"{it.slug}.md"
        page.write_text(cstate_page(it), encoding="utf-8")
    _copy_pictures(content, folder / "static" / "images")
    return names


def _write(target: Path, it: Story) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(pelican_article(it), encoding="utf-8")


def _copy_pictures(content: Path, to: Path) -> None:
    if (content / "images").is_dir():
        shutil.copytree(content / "images", to, dirs_exist_ok=True)


def _common(story: Story) -> dict[str, object]:
    return {"title": story.title, "date": _instant(story.at), "impact": story.impact}


def _instant(at: str) -> str:
    """Return an ISO 8601 time as Hugo wants it; times without a zone are in UTC."""
    day, _, clock = at.partition(" ")
    return f"{day}T{clock if clock.count(':') == 2 else clock + ':00'}Z"


def _json(keys: dict[str, object]) -> str:
    return json.dumps(keys, indent=1)
