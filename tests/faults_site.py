"""The example site with a history: commits to publish one over another, warm or from a clone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sites import SmallSite, share_templates

from firstword import gitlog
from firstword.build import RunOptions
from firstword.building import build_site
from firstword.gitlog import Relation, Source
from firstword.manifest import Built, Memory
from firstword.publisher import Report, publish
from firstword.store import Store
from firstword.values import replace

ROOT = Path(__file__).resolve().parent.parent
STORIES = "content/incidents/2026/"
CARD = f"{STORIES}2026-11-21-card-payments.md"
STOOLS = f"{STORIES}2026-09-08-ash-stools.md"
SEATS = "content/pages/seats.md"
SLOW = f"{STORIES}2026-10-06-slow-pages.md"
LIST = f"{STORIES}2026-11-04-wrong-list.md"
LINE = f"{STORIES}2026-11-25-second-line.md"

#: The example's own clock, at which its pages are made.
PINNED = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
#: When the newer commit is published; the older ones were hours before.
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Checkout:
    """One commit, checked out somewhere; it can be built and published."""

    site: SmallSite
    source: Source
    _built: dict[str, Built] = field(default_factory=dict)
    _relations: dict[tuple[str, tuple[str, ...]], Relation] = field(default_factory=dict)

    @classmethod
    def of(cls, site: SmallSite) -> Checkout:
        return cls(site, gitlog.read_source(site.root))

    @property
    def commit(self) -> str:
        return self.source.commit or ""

    def build(self, memory: Memory) -> Built:
        """Build, once for all memories that make the same pages: what counts is the stamps."""
        memory = replace(memory, now=PINNED)
        for built in self._built.values():
            if (same := _stamps(built, memory)) in self._built:
                return self._built[same]
        folder = self.site.root / "output" / str(len(self._built))
        options = RunOptions(now=PINNED, memory=memory, embedded=True)
        share_templates(self.site.root)
        built = build_site(self.site.root, options, folder).built()
        self._built[_stamps(built, memory)] = built
        return built

    def relation(self, theirs: str, ancestors: tuple[str, ...]) -> Relation:
        """Ask git, once for each question."""
        asked = (theirs, ancestors)
        if asked not in self._relations:
            self._relations[asked] = gitlog.relation(self.site.root, self.source, theirs, ancestors)
        return self._relations[asked]

    def publish(
        self,
        store: Store,
        *,
        now: datetime = NOW,
        clock: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] | None = None,
        workers: int = 1,
        owner: str | None = None,
        full: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> Report:
        """Publish to one target; the clock stands still unless one is given."""
        [report] = publish(
            [store],
            source=self.source,
            build=self.build,
            clock=clock or (lambda: now),
            sleep=sleep or never,
            owner=owner or f"publisher of {self.commit[:8]}",
            relation=self.relation,
            say=say or (lambda line: None),
            workers=workers,
            full=full,
            fixed_now=PINNED,
        )
        return report

    def outputs(self) -> list[dict[str, bytes]]:
        """Return the public files of every build that was made of this commit."""
        return [
            {key: (built.folder / key).read_bytes() for key in built.outputs}
            for built in self._built.values()
        ]


def _stamps(built: Built, memory: Memory) -> str:
    """Return what of a memory reaches the pages of a build."""
    new = PINNED if memory.records_began else None
    return repr(
        [
            (id_, update, memory.stamps.get(id_, {}).get(update, new))
            for id_, record in sorted(built.records.items())
            for update in record.updates
        ]
    )


def never(seconds: float) -> None:
    """Stand in for sleeping where nothing may have to wait."""
    raise AssertionError(f"wanted to sleep for {seconds} s")


@dataclass
class Example:
    """The example site of this repository as a repository of its own, with more of a past."""

    site: SmallSite
    commits: dict[str, str] = field(default_factory=dict)
    _checkouts: dict[tuple[str, int | None], Checkout] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path) -> Example:
        """Make a repository whose files are the example's; nothing is committed yet."""
        site = SmallSite(folder / "origin")
        shutil.copytree(ROOT / "content", site.root / "content")
        for name in ("pelicanconf.py", "publish.py", ".gitignore"):
            shutil.copy(ROOT / name, site.root / name)
        return cls(site)

    def commit(self, name: str, minute: int) -> None:
        """Commit what is there, so many minutes after nine."""
        at = f"{int(datetime(2026, 11, 21, 9, tzinfo=UTC).timestamp()) + 60 * minute} +0000"
        site = self.site
        if not (site.root / ".git").exists():
            site.git("init", "-q", "-b", "main")
            site.git("config", "uploadpack.allowAnySHA1InWant", "true")
        site.git("add", "-A")
        who = ("-c", "user.name=T", "-c", "user.email=t@northwind.example")
        ran = site.run(
            *("git", *who, "commit", "-q", "-m", name),
            GIT_COMMITTER_DATE=at,
            GIT_AUTHOR_DATE=at,
        )
        assert ran.code == 0, ran.err
        site.git("branch", "-f", name)
        self.commits[name] = site.git("rev-parse", "HEAD").out.strip()

    def checkout(self, name: str, *, depth: int | None = None) -> Checkout:
        """Return a clone at that commit: with all of its history, or cut to a depth."""
        if (name, depth) not in self._checkouts:
            self._checkouts[name, depth] = Checkout.of(self.clone(name, f"{name}-{depth}", depth))
        return self._checkouts[name, depth]

    def clone(self, name: str, folder: str, depth: int | None = 1) -> SmallSite:
        """Return a clone of that commit that nobody else uses."""
        to = self.site.root.parent / folder
        shallow = [f"--depth={depth}"] if depth else []
        self.site.git(
            *("clone", "-q", *shallow, "--branch", name, self.site.root.as_uri(), str(to))
        )
        return SmallSite(to)

    def edit(self, path: str, change: Callable[[str], str]) -> None:
        """Change one file."""
        file = self.site.root / path
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")


def before(heading: str) -> Callable[[str], str]:
    """Return what cuts a story off before one of its updates."""

    def cut(text: str) -> str:
        assert heading in text, heading
        return text.partition(heading)[0].rstrip() + "\n"

    return cut


def page(title: str, slug: str, *linked: str) -> str:
    links = "".join(f" [This](https://status.northwind.example/{name}/)." for name in linked)
    return f"Title: {title}\nSlug: {slug}\n\nWho gets which stool.{links}\n"


def make_example(folder: Path) -> Example:
    """Make three commits: `first`, `older` (one page less), `newer` (the example as it stands).

    From `older` to `newer` two stories come, one of which an older story now links to; the open
    one gets one more update; and a page that another page linked to goes, together with that link.
    """
    example = Example.make(folder)
    site = example.site
    whole = {path: (site.root / path).read_text(encoding="utf-8") for path in (LIST, LINE)}
    stools, slow, card = ((site.root / path).read_text() for path in (STOOLS, SLOW, CARD))
    for path in whole:
        (site.root / path).unlink()
    example.edit(SLOW, before("## 2026-11-16 11:20"))
    example.edit(CARD, before("## 2026-11-21 10:14"))
    site.write("content/pages/nine.md", page("The nine orders", "nine"))
    site.write("content/pages/window.md", page("The two in the window", "window"))
    seats = "[Who sits where](https://status.northwind.example/seats/)."
    site.write(STOOLS, f"{stools}\n{seats}\n")
    site.write(SEATS, page("Who sits where", "seats", "nine", "window"))
    example.commit("first", 0)
    (site.root / "content/pages/window.md").unlink()
    site.write(SEATS, page("Who sits where", "seats", "nine"))
    example.commit("older", 10)
    (site.root / "content/pages/nine.md").unlink()
    site.write(SEATS, page("Who sits where", "seats"))
    for path, text in [*whole.items(), (SLOW, slow), (CARD, card)]:
        site.write(path, text)
    example.commit("newer", 20)
    return example


def make_race(example: Example) -> None:
    """Add commits r1 to r7 on top of `older`, and `beside`, whose date is the latest of all.

    Each has a word more than the last, and a page that the next one drops; every other word links
    to a new page.
    """
    site = example.site

    def add(name: str, on: str, minute: int, words: str) -> None:
        site.git("checkout", "-q", "--detach", on)
        for unlinked in (site.root / "content/pages").glob("only-*.md"):
            unlinked.unlink()
        site.write(f"content/pages/only-{name}.md", page(f"Only {name}", f"only-{name}"))
        if minute % 2:
            site.write(f"content/pages/{name}.md", page(f"Page {name}", name))
            words += f" [More](https://status.northwind.example/{name}/)."
        word = f"\n## 2026-11-21 10:{minute} | Ian Reyes | update\n\n{words}\n"
        example.edit(CARD, lambda text: text + word)
        example.commit(name, minute)

    for number in range(1, 8):
        on = f"r{number - 1}" if number > 1 else "older"
        add(f"r{number}", on, 14 + number, f"Word {number}.")
    add("beside", "first", 29, "Words of another history.")
