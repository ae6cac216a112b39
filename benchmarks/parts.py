"""What is measured. Each part prepares, lets its contenders alternate, and yields rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks import convert, mailing
from benchmarks.contenders import (
    Ours,
    floor,
    peer_sites,
    sync_aws,
    sync_rclone,
    sync_s3cmd,
    told_requests,
)
from benchmarks.lab import Lab
from benchmarks.measure import Took, alternate, cpu, run
from benchmarks.moving import move
from benchmarks.serving import Served
from benchmarks.table import Row, Side
from benchmarks.tools import Tools
from firstword.publisher.pace import MANY, MANY_PUTS, USUAL
from firstword.values import replace

#: How long an answer of the S3 is held back, in milliseconds.
LATENCY = 30
#: The most stories that any part but `scale` works with.
MOST = 10_000
#: How long Hugo with cState may try, in seconds.
CSTATE_LIMIT = 300.0
FLOOR = "`import pelican`"

Part = Callable[[Lab, Sequence[int]], Iterator[Row]]


def edit(lab: Lab, sizes: Sequence[int]) -> Iterator[Row]:
    """One story edited: build and publish, against the floor and against what others would do."""
    count = sizes[-1]
    built, published = _settled(_built(lab, count, "edit")), _built(lab, count, "edit-s3")
    _published(lab, published, "ours")
    contenders: dict[str, Callable[[int], Took]] = {
        "floor": lambda _: floor(lab),
        "build": built.edited_build,
        "publish": lambda _: published.edited_publish("ours"),
    }
    peers = peer_sites(lab, lab.tools, count, cached=True) if lab.tools else None
    if peers:
        pelican, hugo = peers
        lab.say("first builds and uploads of the peers")
        lab.reset(latency=0)
        for build in (pelican.build, hugo.build):
            build()
        pelican.edited_publish("pelican-aws")
        for how in _WAYS:
            hugo.edited_publish(_bucket(how), how)
        contenders["pelican"] = lambda _: pelican.edited_publish("pelican-aws")
        for how in _WAYS:
            contenders[how] = lambda _, how=how: hugo.edited_publish(_bucket(how), how)  # type: ignore[misc]
    lab.reset(latency=LATENCY)
    lab.say(f"{', '.join(contenders)} in turn, {lab.rounds} rounds at most")
    took = alternate(contenders, rounds=lab.rounds, budget=lab.budget)
    ground = Side(name=FLOOR, results=took["floor"])
    built.edit()
    side = Side(
        name="`pelican content`", results=took["build"], counts=built.count(built.build_command)
    )
    yield Row(what=f"edit at {count:,}", side=side, against=ground, goal=1.8)
    sent = _requests(lab, lambda: published.edited_publish("ours"))
    ours = Side(name="`publish.py`", results=took["publish"], counts=sent)
    what = f"edit at {count:,}, S3 {LATENCY} ms away"
    yield Row(what=what, side=ours, against=ground, goal=5)
    ours = replace(ours, counts="")  # said above
    if peers:
        pelican, hugo = peers
        sent = _requests(lab, lambda: pelican.edited_publish("pelican-aws"))
        name = "stock Pelican, its cache + `aws s3 sync`"
        pelican.edit()
        other = Side(name=name, results=took["pelican"], counts=f"{pelican.count()}, {sent}")
        yield Row(what=what, side=ours, against=other, kind="faster", goal=80)
        for how in _WAYS:
            sent = _requests(lab, partial(hugo.edited_publish, _bucket(how), how))
            other = Side(name=f"Hugo lean + `{how}`", results=took[how], counts=sent)
            goal = 10 if how == "hugo deploy" else None
            yield Row(what=what, side=ours, against=other, kind="faster", goal=goal)


_WAYS = ("hugo deploy", "rclone", "s3cmd")


def idle(lab: Lab, sizes: Sequence[int]) -> Iterator[Row]:
    """Nothing to do: a build, a publish, a tick."""
    count = sizes[-1]
    # A folder each: a publish builds with what the target remembers, so they write other pages.
    built, site = _built(lab, count, "idle"), _built(lab, count, "idle-s3")
    _published(lab, site, "idle")
    built.edited_build()
    lab.reset(latency=LATENCY)
    commands: dict[str, Callable[[], Took]] = {
        "`pelican content`": built.build,
        "`publish.py`": partial(site.publish, "idle"),
        "`publish.py --tick`": partial(site.publish, "idle", "--tick"),
    }
    contenders: dict[str, Callable[[int], Took]] = {"floor": lambda _: floor(lab)}
    for name, command in commands.items():
        contenders[name] = lambda _, command=command: command()  # type: ignore[misc]
    took = alternate(contenders, rounds=lab.rounds, budget=lab.budget)
    ground = Side(name=FLOOR, results=took["floor"])
    for name, command in commands.items():
        if name == "`pelican content`":
            counts = built.count(built.build_command)
        else:
            counts = _requests(lab, command)
        side = Side(name=name, results=took[name], counts=counts)
        yield Row(what=f"nothing changed at {count:,}", side=side, against=ground)


def scale(lab: Lab, sizes: Sequence[int]) -> Iterator[Row]:
    """The same edit with a short and with a long history behind it."""
    # No other part wants the largest: it is taken, not copied, for memory is what a disk is here.
    sites = {n: _built(lab, n, "scale", keep=n <= MOST) for n in sizes}
    for site in sites.values():
        _settled(site)
    yield from _scaled(
        lab,
        "`pelican content`",
        {n: lambda _, site=site: site.edited_build() for n, site in sites.items()},  # type: ignore[misc]
        lambda n: _edited_counts(sites[n]),
    )
    # Only now: a publish builds with what the target remembers, and a build after it without that.
    for n, site in sites.items():
        _published(lab, site, f"scale-{n}")
    lab.reset(latency=LATENCY)
    edited = {n: partial(site.edited_publish, f"scale-{n}") for n, site in sites.items()}
    yield from _scaled_publish(lab, "`publish.py`", edited)
    # Where the work tree is not looked at, as in hooks and CI.
    committed = {n: partial(s.edited_publish, f"scale-{n}", "--commit") for n, s in sites.items()}
    yield from _scaled_publish(lab, "`publish.py --commit`", committed)
    # What people wait for most: there is a page more, and lists of the past that name it.
    begun = {n: partial(site.begun_publish, f"scale-{n}") for n, site in sites.items()}
    yield from _scaled_publish(lab, "`publish.py`", begun, what="first word")


def _scaled_publish(
    lab: Lab, name: str, publish: Mapping[int, Callable[[], Took]], what: str = "edit"
) -> Iterator[Row]:
    for once in publish.values():
        once()  # what is kept of another way of looking is no help the first time
    yield from _scaled(
        lab,
        name,
        {n: lambda _, once=once: once() for n, once in publish.items()},  # type: ignore[misc]
        lambda n: _requests(lab, publish[n]),
        what,
    )


def _settled(site: Ours) -> Ours:
    """A copy's files have other times: they are all read once more, looked at, and then no more."""
    for _ in range(2):
        site.edited_build()
    return site


def _edited_counts(site: Ours) -> str:
    site.edit()
    return site.count(site.build_command)


def _scaled(
    lab: Lab,
    name: str,
    commands: Mapping[int, Callable[[int], Took]],
    counts: Callable[[int], str],
    what: str = "edit",
) -> Iterator[Row]:
    """Lay the larger sizes beside the smallest."""
    contenders = {str(n): command for n, command in commands.items()}
    took = alternate(contenders, rounds=lab.rounds, budget=lab.budget)
    small, *others = commands
    for count in others:
        side = Side(name=name, results=took[str(count)], counts=counts(count))
        other = Side(name=f"the same at {small:,}", results=took[str(small)])
        goal = 1.5 if count == others[-1] else None
        yield Row(what=f"{what} at {count:,}", side=side, against=other, goal=goal)


def cold(lab: Lab, sizes: Sequence[int]) -> Iterator[Row]:
    """A build with nothing to go by: time and memory."""
    count = sizes[-1]
    ours = Ours(lab=lab, folder=lab.copy(lab.history(count), "cold"))
    contenders: dict[str, Callable[[int], Took]] = {"ours": lambda _: ours.build(cold=True)}
    peers = peer_sites(lab, lab.tools, count, cached=False) if lab.tools else None
    if peers:
        pelican, hugo = peers
        contenders["hugo"] = lambda _: hugo.build(cold=True)
        contenders["pelican"] = lambda _: pelican.build(cold=True)
    lab.say(f"cold builds of {count:,}")
    took = alternate(contenders, rounds=lab.rounds, budget=lab.budget)
    ours.build(cold=True)
    files = sum(1 for path in (ours.folder / "output").rglob("*") if path.is_file())
    side = Side(name="`pelican content`", results=took["ours"], counts=f"{files:,} files")
    what = f"cold build of {count:,}"
    if not peers:
        yield Row(what=what, side=side, kind="seconds")
        return
    pelican, hugo = peers
    for name, label, goal in (("pelican", "stock Pelican", 4), ("hugo", "Hugo lean", 1)):
        folder = {"pelican": pelican.folder / "output", "hugo": hugo.folder / "public"}[name]
        made = sum(1 for path in folder.rglob("*") if path.is_file())
        other = Side(name=label, results=took[name], counts=f"{made:,} files")
        yield Row(what=what, side=side, against=other, kind="faster", goal=goal)
    pairs = [(ours.memory(), hugo.memory()) for _ in range(min(3, lab.rounds))]
    middle = sorted(pairs)[len(pairs) // 2]
    other = Side(name="Hugo lean", results=())
    mine = Side(name="", results=())
    what = f"most memory of a cold build of {count:,}"
    yield Row(what=what, side=mine, against=other, kind="memory", goal=0.5, memory=middle)
    if lab.tools and lab.cstate:
        yield _cstate(lab, lab.tools, lab.cstate, count)


def first(lab: Lab, sizes: Sequence[int]) -> Iterator[Row]:
    """A first publish of the same files by everybody, to a server at once and one far away."""
    count = sizes[-1]
    site = _built(lab, count, "first")
    for _ in range(2):
        site.build()  # a copy's files have other times: they are read once more
    output = site.folder / "output"
    files = sum(1 for path in output.rglob("*") if path.is_file())
    ways: dict[str, Callable[[str], Took]] = {"`publish.py`": site.publish}
    if tools := lab.tools:
        ways["`aws s3 sync`"] = lambda bucket: sync_aws(lab, tools, output, bucket)
        # With many files ours asks more at once than for an edit, so rclone may as well.
        many = MANY if files > MANY_PUTS else USUAL
        ways["`rclone`"] = lambda bucket: sync_rclone(lab, tools, output, bucket, at_once=many)
        ways["`s3cmd`"] = lambda bucket: sync_s3cmd(lab, tools, output, bucket)
    for latency in (0, LATENCY):
        lab.say(f"first publishes of {files:,} files, S3 {latency} ms away")
        asked: dict[str, Mapping[str, int]] = {}

        def publish(name: str, way: Callable[[str], Took], number: int) -> Took:
            bucket = f"first-{number}-{len(name)}"
            lab.reset(latency=latency, drop=bucket)  # noqa: B023 - used within this turn
            took = way(bucket)
            asked[name] = lab.requests()  # noqa: B023 - used within this turn
            lab.reset(latency=0, drop=bucket)
            return took

        contenders = {name: partial(publish, name, way) for name, way in ways.items()}
        # Whoever sends one file at a time is not waited for at a distance.
        if latency:
            contenders.pop("`s3cmd`", None)
        took = alternate(contenders, rounds=max(lab.rounds // 2, 1), budget=lab.budget)
        sides = {
            name: Side(name=name, results=results, counts=_per_object(results, asked[name]))
            for name, results in took.items()
        }
        what = f"first publish of {files:,} files, S3 {latency} ms away"
        ours = sides.pop("`publish.py`")
        for name, other in sides.items():
            goal = None if name == "`s3cmd`" else 1
            yield Row(what=what, side=ours, against=other, kind="faster", goal=goal)
            ours = replace(ours, counts="")  # said once
        if not sides:
            yield Row(what=what, side=ours, kind="seconds")


def serve(lab: Lab, sizes: Sequence[int]) -> Iterator[Row]:
    """A saved file shown by a browser that had the page open."""
    count = sizes[-1]
    site = Ours(lab=lab, folder=lab.copy(lab.history(count), "serve"))
    lab.say(f"`firstword serve` at {count:,}")
    with Served.of(site) as served:
        results = alternate({"serve": served.reloaded}, rounds=lab.rounds, budget=lab.budget)
    side = Side(name="", results=results["serve"], counts=f"fetched {served.page_size} bytes")
    what = f"`firstword serve` at {count:,}, saved file to reloaded page"
    yield Row(what=what, side=side, kind="seconds", goal=0.25)


def mail(lab: Lab, sizes: Sequence[int]) -> Iterator[Row]:
    """One update mailed to ten times as many people as there are stories."""
    people = min(sizes[-1] * 10, mailing.MOST)
    lab.say(f"one update mailed to {people:,}")
    yield from mailing.rows(lab.work, people, rounds=lab.rounds, budget=lab.budget)


PARTS: Mapping[str, Part] = {
    "edit": edit,
    "idle": idle,
    "scale": scale,
    "cold": cold,
    "first": first,
    "serve": serve,
    "move": move,
    "mail": mail,
}
#: Parts in which no program of a peer takes part: nothing is installed for them.
ALONE = frozenset({"idle", "scale", "serve", "move", "mail"})


def _built(lab: Lab, count: int, name: str, *, keep: bool = True) -> Ours:
    """Return a site of so many stories that is built already; built once a run if `keep`."""
    base = lab.work / f"built-{count}"
    if not base.is_dir():
        lab.say(f"a first build of {count:,}")
        Ours(lab=lab, folder=lab.copy(lab.history(count), base.name)).build()
    if keep:
        return Ours(lab=lab, folder=lab.copy(base, f"{name}-{count}"))
    return Ours(lab=lab, folder=base.rename(lab.work / f"{name}-{count}"))


def _published(lab: Lab, site: Ours, bucket: str) -> None:
    lab.say(f"a first publish to {bucket}")
    lab.reset(latency=0, drop=bucket)
    site.publish(bucket)
    for _ in range(2):
        site.edited_publish(bucket)


def _requests(lab: Lab, action: Callable[[], object]) -> str:
    """Do it once more, not timed, and tell what was asked of the S3."""
    lab.reset(latency=0)
    action()
    told = told_requests(lab.requests())
    lab.reset(latency=LATENCY)
    return told


def _per_object(results: Sequence[Took], asked: Mapping[str, int]) -> str:
    puts = asked.get("PUT", 0)
    each = cpu(results) * 1000 / puts if puts else 0
    return f"{told_requests(dict(asked))}, {each:.2f} ms CPU a PUT"


def _cstate(lab: Lab, tools: Tools, theme: Path, count: int) -> Row:
    """Give Hugo with cState a bounded time and tell what came of it."""
    folder = lab.work / "cstate"
    convert.cstate_site(lab.history(count) / "content", theme, folder)
    lab.say(f"Hugo with cState at {count:,}, {CSTATE_LIMIT:.0f} s at most")
    hugo = (tools.hugo, "--destination", "public")
    every = tuple(range(256))
    took = run(hugo, folder=folder, environ=lab.environ, limit=CSTATE_LIMIT, ok=every)
    errors = [line for line in took.said.splitlines() if line.startswith("ERROR")]
    pages = sum(1 for _ in folder.glob("public/**/index.html"))
    end = "stopped by us, not finished" if took.timed_out else f"{pages:,} pages"
    if errors:
        end = f"{end}; {errors[0].replace(str(folder), '')[:160]}"
    return Row(
        what=f"cold build of {count:,}",
        side=Side(name="Hugo with cState", results=[took], counts=end),
        kind="seconds",
    )


def _bucket(how: str) -> str:
    return how.replace(" ", "-") if how == "hugo deploy" else f"hugo-{how}"
