"""Whoever is measured: how each is edited, built and published, and how to see that it worked."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import convert
from benchmarks.lab import PARALLEL, Lab
from benchmarks.measure import (
    BenchError,
    Folder,
    Took,
    counted,
    peak,
    read_counts,
    run,
)
from benchmarks.tools import Tools

#: The first edit is made now; each further one two minutes later, and built a minute after that.
_EDITS_BEGIN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
_WORDS = "The second line carries half of the traffic since a minute ago; we watch it for an hour."


@dataclass(kw_only=True)
class Ours:
    """A Firstword site, edited and committed, then built or published."""

    lab: Lab
    folder: Path
    edits: int = 0

    @property
    def at(self) -> datetime:
        """When the newest edit was made."""
        return _EDITS_BEGIN + timedelta(minutes=2 * self.edits)

    @property
    def page(self) -> str:
        """The page of the story that is edited, below the output."""
        return f"incidents/{self.newest.stem}/index.html"

    @property
    def newest(self) -> Path:
        """The story that is edited: the newest, still open."""
        return _newest(self.folder)

    @property
    def environ(self) -> dict[str, str]:
        """The clock stands a minute after the newest edit."""
        now = self.at + timedelta(minutes=1)
        return {**self.lab.environ, "SOURCE_DATE_EPOCH": str(int(now.timestamp()))}

    def edit(self) -> str:
        """Sign one more update, commit it, return words that no page had before."""
        self.edits += 1
        words = f"Round {self.edits}. {_WORDS}"
        heading = f"## {self.at:%Y-%m-%d %H:%M:%S} | Ada Holm | update"
        with self.newest.open("a", encoding="utf-8") as file:
            file.write(f"\n{heading}\n\n{words}\n")
        subprocess.run(("git", "commit", "-qam", words), cwd=self.folder, check=True)
        return words

    def begin(self) -> tuple[str, str]:
        """Sign the first word of an incident, commit it, return its page and words of it."""
        self.edits += 1
        words = f"Round {self.edits}. {_WORDS}"
        name = f"{self.at:%Y-%m-%d}-round-{self.edits}"
        path = self.folder / f"content/incidents/{self.at:%Y/%m}/{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        at = f"{self.at:%Y-%m-%d %H:%M:%S}"
        path.write_text(
            f"---\ntitle: Sign-in is slow, round {self.edits}\nimpact: minor\nstarted: {at}\n"
            f"components: [login]\n---\n\n## {at} | Ada Holm | investigating\n\n{words}\n",
            encoding="utf-8",
        )
        subprocess.run(("git", "add", path), cwd=self.folder, check=True)
        subprocess.run(("git", "commit", "-qm", words), cwd=self.folder, check=True)
        return f"incidents/{name}/index.html", words

    def build(self, *, cold: bool = False) -> Took:
        """Run `pelican content`."""
        if cold:
            _remove(self.folder / "output", self.folder / ".cache")
        return run(self.build_command, folder=self.folder, environ=self.environ)

    @property
    def build_command(self) -> Sequence[str | Path]:
        """How it is built."""
        return (self.lab.python.parent / "pelican", "content")

    def publish(self, bucket: str, *options: str) -> Took:
        """Run `publish.py`. Exit code 3 is a page that needs a person: here, nobody looks."""
        command = (str(self.lab.python), "publish.py", *options, f"s3://{bucket}")
        return run(command, folder=self.folder, environ=self.environ)

    def edited_build(self, _number: int = 0) -> Took:
        """Edit, then build; only the build is timed."""
        words = self.edit()
        took = self.build()
        _shown(words, (self.folder / "output" / self.page).read_text(encoding="utf-8"), took)
        return took

    def edited_publish(self, bucket: str, *options: str) -> Took:
        """Edit, then publish; only the publish is timed."""
        words = self.edit()
        took = self.publish(bucket, *options)
        _shown(words, self.lab.stored(bucket, self.page), took)
        return took

    def begun_publish(self, bucket: str) -> Took:
        """Sign the first word of an incident, then publish; only the publish is timed."""
        page, words = self.begin()
        took = self.publish(bucket)
        _shown(words, self.lab.stored(bucket, page), took)
        return took

    def count(self, command: Sequence[str | Path]) -> str:
        """Run once more, not timed, and tell what was read, rendered and written."""
        log = self.lab.work / "counted"
        before = Folder.of(self.folder / "output")
        environ = counted(self.environ, self.folder / "content", log)
        run(command, folder=self.folder, environ=environ)
        after = Folder.of(self.folder / "output")
        return told(*read_counts(log), *after.written_since(before))

    def memory(self) -> int:
        """Build cold and return the most memory it took."""
        _remove(self.folder / "output", self.folder / ".cache")
        return peak(self.build_command, folder=self.folder, environ=self.environ)


@dataclass(kw_only=True)
class Pelican:
    """A stock Pelican site of the same words."""

    lab: Lab
    tools: Tools
    folder: Path
    cached: bool
    edits: int = field(default=0)

    @property
    def command(self) -> Sequence[str | Path]:
        """How it is built."""
        return (self.tools.pelican, "content")

    @property
    def page(self) -> str:
        """The page of the story that is edited, below the output."""
        return f"{_newest(self.folder).stem}.html"

    def build(self, *, cold: bool = False) -> Took:
        """Run `pelican content`."""
        if cold:
            _remove(self.folder / "output", self.folder / "cache")
        return run(self.command, folder=self.folder, environ=self.lab.environ)

    def edit(self) -> str:
        """Add a few words to the newest article."""
        self.edits += 1
        return _edit_peer(self.folder, self.edits)

    def edited_publish(self, bucket: str) -> Took:
        """Edit; time the build and `aws s3 sync`."""
        words = self.edit()
        built = self.build()
        sent = sync_aws(self.lab, self.tools, self.folder / "output", bucket)
        _shown(words, self.lab.stored(bucket, self.page), sent)
        return both(built, sent)

    def count(self) -> str:
        """Build once more, not timed, and tell what was read, rendered and written."""
        log = self.lab.work / "counted"
        before = Folder.of(self.folder / "output")
        environ = counted(self.lab.environ, self.folder / "content", log)
        run(self.command, folder=self.folder, environ=environ)
        after = Folder.of(self.folder / "output")
        return told(*read_counts(log), *after.written_since(before))


@dataclass(kw_only=True)
class Hugo:
    """A Hugo site of the same words; Hugo keeps nothing between runs."""

    lab: Lab
    tools: Tools
    folder: Path
    edits: int = field(default=0)

    @property
    def command(self) -> Sequence[str | Path]:
        """How it is built."""
        return (self.tools.hugo, "--quiet")

    @property
    def page(self) -> str:
        """The page of the story that is edited, below the output."""
        newest = _newest(self.folder).relative_to(self.folder / "content")
        return f"{newest.with_suffix('').as_posix()}/index.html"

    def build(self, *, cold: bool = False) -> Took:
        """Run `hugo`."""
        if cold:
            _remove(self.folder / "public")
        return run(self.command, folder=self.folder, environ=self.lab.environ)

    def memory(self) -> int:
        """Build cold and return the most memory it took."""
        _remove(self.folder / "public")
        return peak(self.command, folder=self.folder, environ=self.lab.environ)

    def edited_publish(self, bucket: str, how: str) -> Took:
        """Edit; time the build and `hugo deploy`, `rclone` or `s3cmd`."""
        self.edits += 1
        words = _edit_peer(self.folder, self.edits)
        built = self.build()
        public = self.folder / "public"
        if how == "hugo deploy":
            deploy = (self.tools.hugo, "deploy", "--quiet", "--target", "bench")
            more = ("--maxDeletes", "-1", "--workers", str(PARALLEL))
            sent = run((*deploy, *more), folder=self.folder, environ=self.lab.environ)
        elif how == "rclone":
            sent = sync_rclone(self.lab, self.tools, public, bucket)
        else:
            sent = sync_s3cmd(self.lab, self.tools, public, bucket)
        _shown(words, self.lab.stored(bucket, self.page), sent)
        return both(built, sent)


def sync_aws(lab: Lab, tools: Tools, folder: Path, bucket: str) -> Took:
    """Run `aws s3 sync`."""
    command = (tools.aws, "s3", "sync", folder, f"s3://{bucket}", "--only-show-errors")
    return run(command, folder=folder.parent, environ=lab.environ)


def sync_rclone(
    lab: Lab, tools: Tools, folder: Path, bucket: str, *, at_once: int = PARALLEL
) -> Took:
    """Run `rclone sync`, told all that makes it fast here: checksums, one list, no HEADs."""
    remote = f':s3,provider=Other,env_auth=true,endpoint="{lab.s3}",force_path_style=true:{bucket}'
    fast = ("--checksum", "--fast-list", "--s3-no-head", "--s3-no-check-bucket")
    many = ("--transfers", str(at_once), "--checkers", str(at_once), "--quiet")
    command = (tools.rclone, "sync", folder, remote, *fast, *many)
    return run(command, folder=folder.parent, environ=lab.environ)


def sync_s3cmd(lab: Lab, tools: Tools, folder: Path, bucket: str) -> Took:
    """Run `s3cmd sync`, which sends one file at a time."""
    host = lab.s3.removeprefix("http://")
    keys = ("--access_key", lab.environ["AWS_ACCESS_KEY_ID"], "--secret_key", "invented")
    where = ("--host", host, "--host-bucket", host, "--no-ssl", "--no-progress", "--quiet")
    command = (tools.s3cmd, *keys, *where, "sync", f"{folder}/", f"s3://{bucket}/")
    return run(command, folder=folder.parent, environ=lab.environ)


def floor(lab: Lab) -> Took:
    """Import Pelican and end: what nobody who builds on it can be faster than."""
    command = (lab.python, "-c", "import pelican")
    return run(command, folder=lab.work, environ=lab.environ)


def both(first: Took, second: Took) -> Took:
    """Return what two programs took, one after the other."""
    return Took(wall=first.wall + second.wall, cpu=first.cpu + second.cpu)


def told(read: int, rendered: int, written: int, size: int) -> str:
    """Say in a few words what a build did."""
    return f"{read:,} read, {rendered:,} rendered, {written:,} written ({size / 1000:,.0f} kB)"


def told_requests(counts: dict[str, int]) -> str:
    """Say in a few words what was asked of the S3."""
    verbs = ", ".join(f"{n:,} {verb}" for verb, n in sorted(counts.items()) if verb.isupper())
    return f"{verbs}; {counts.get('bytes in', 0) / 1000:,.0f} kB up"


def peer_sites(lab: Lab, tools: Tools, count: int, *, cached: bool) -> tuple[Pelican, Hugo]:
    """Write the same history for stock Pelican and for Hugo."""
    content = lab.history(count) / "content"
    pelican, hugo = lab.work / f"pelican-{count}", lab.work / f"hugo-{count}"
    _remove(pelican, hugo)
    convert.pelican_site(content, pelican, cached=cached)
    convert.hugo_site(content, hugo, deploy_to=lab.s3, bucket="hugo-deploy")
    return (
        Pelican(lab=lab, tools=tools, folder=pelican, cached=cached),
        Hugo(lab=lab, tools=tools, folder=hugo),
    )


def _newest(folder: Path) -> Path:
    return next((folder / "content" / "incidents").rglob("*-000000.md"))


def _edit_peer(folder: Path, number: int) -> str:
    words = f"Round {number}. {_WORDS}"
    at = _EDITS_BEGIN + timedelta(minutes=2 * number)
    with _newest(folder).open("a", encoding="utf-8") as file:
        file.write(f"\n### {at:%Y-%m-%d %H:%M:%S} Ada Holm update\n\n{words}\n")
    return words


def _shown(words: str, page: str, took: Took) -> None:
    if words not in page:
        raise BenchError(f"{words[:9]!r} did not reach the page:\n{took.said[-1000:]}")


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
