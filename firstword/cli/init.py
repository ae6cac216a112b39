"""Begin a status page in an empty folder: settings, tools, a git repository, no incident yet.

In a terminal it asks for what is needed and no option says; anywhere else options say everything.
Each answer is judged before the next question. Ctrl-C leaves nothing behind. --renew brings the
Firstword that runs now into a site that is there. In a folder of another git repository it asks
first whether the site is to be a part of that one.

examples:
  firstword init status
  firstword init status --name "Acme status" --address https://status.acme.example \\
    --zone Europe/Copenhagen --component "Online shop" --component "api = Partner API" \\
    --person "Dawn Okafor, Head of engineering, dawn@acme.example" --target public
  firstword init . --renew

exit code: 0 done, 1 nothing done, 2 usage, or an answer that cannot be; 3 written, not committed
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from firstword import gitlog
from firstword.errors import SettingsError

#: Option → the question, and in which form to answer.
QUESTIONS = {
    "name": ("What is the page called?", "such as: Acme status"),
    "address": ("Where will readers find it?", "such as: https://status.example.com"),
    "zone": ("In which time zone do you write?", ""),
    "component": (
        "Which parts do users know by name?",
        "such as: Shop; Sign-in; api = Partner API; Enter: none yet",
    ),
    "person": (
        "Who else signs?",
        "Full Name, what they do, address; the next one; Enter: nobody yet",
    ),
    "contact": (
        "Which address may readers write to who do not know whom to ask?",
        "such as: care@example.com; Enter: none yet",
    ),
    "target": ("Where is it published?", "a folder, or s3://bucket/prefix"),
}
#: Whoever begins signs first, and is asked for each part of "Full Name, role, address".
_YOURSELF = (
    "Your full name, as it will stand under what you write?",
    "What do you do, in words that readers know?",
    "Where do answers to you go?",
)
LEFT = "writes nothing"
_NEEDED = ("name", "address", "person")
_SEVERAL = ("component", "person", "target")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder, or an empty one")
    parser.add_argument("--name", help="what the page is called")
    parser.add_argument("--address", metavar="URL", help="where readers find it")
    parser.add_argument("--zone", help="the time zone in which you write; default: this machine's")
    parser.add_argument("--contact", metavar="MAIL", help="for readers who know nobody to ask")
    for name, metavar, text in (
        ("--component", "NAME", "'Shop', or 'shop = The shop'; again for each"),
        ("--person", "WHO", "'Full Name, role, address'; again for each"),
        ("--target", "TARGET", "where to publish; default: public"),
    ):
        parser.add_argument(name, metavar=metavar, help=text, action="append")
    git = parser.add_mutually_exclusive_group()
    git.add_argument("--no-git", action="store_true", help="begin no repository, commit nothing")
    git.add_argument(
        "--inside", action="store_true", help="become a folder of the git repository around DIR"
    )
    git.add_argument(
        "--apart", action="store_true", help="begin a repository also inside of another one"
    )
    parser.add_argument(
        "--renew", action="store_true", help="bring this very Firstword into a site that is there"
    )


def run(options: argparse.Namespace) -> int:
    """Ask, write, and commit."""
    from firstword.cli.beginning import renew

    if options.renew:
        return renew(options.folder)
    try:
        return _begin(options, options.folder)
    except KeyboardInterrupt:
        print("nothing was written", file=sys.stderr)
        raise


def _begin(options: argparse.Namespace, folder: Path) -> int:
    from firstword.cli.beginning import all_or_nothing, begin_repository, refuse, write
    from firstword.cli.vendoring import requirement
    from firstword.starter import WORKFLOWS, Answers, site_files

    asks = sys.stdin.isatty() and sys.stdout.isatty()
    given = _given(options, asks=asks)
    asked = any(name not in given for name in _NEEDED)
    refuse(folder, git=not options.no_git, asks=asked)
    around = None if options.no_git or options.apart else gitlog.around(folder)
    inside = around is not None and (options.inside or _wanted_inside(around, asks=asks))
    if options.inside and not inside:
        raise SettingsError("--inside", f"no git repository is around {str(folder)!r}")
    if asked:
        _ask(given)
    answers = Answers(
        name=given["name"][0],
        address=given["address"][0],
        zone=given.get("zone", [machine_zone(os.environ)])[0],
        contact="".join(given.get("contact", ())),
        components=given.get("component", ()),
        people=given["person"],
        targets=given.get("target", ["public"]),
    )
    line, wheel = requirement()
    texts = site_files(answers, line)
    files = {**{path: text.encode() for path, text in texts.items()}, **wheel}
    with all_or_nothing() as made:
        write(folder, files, made)
        committed = options.no_git or begin_repository(
            folder, [*files], answers.people[0] if asked else "", made, inside=inside
        )
    for path in files:
        print(f"wrote  {path}")
    if inside:
        print(
            f"A forge reads workflows at the root of {str(around)!r} only: {', '.join(WORKFLOWS)} "
            'do nothing here. docs/hosting.md, "A folder of another repository", moves them'
        )
    where = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    print(f"Next: {where}make serve; then firstword new, and make publish")
    return 0 if committed else 3


def _given(options: argparse.Namespace, *, asks: bool) -> dict[str, Sequence[str]]:
    """Return what options say. Raises SettingsError, by the option, for all that cannot be."""
    from firstword.starter import flaw

    found: dict[str, Sequence[str]] = {}
    flaws: list[tuple[str, str]] = []
    for name in QUESTIONS:
        value = getattr(options, name)
        if value is None:
            continue
        found[name] = [value] if isinstance(value, str) else value
        if wrong := flaw(name, found[name]):
            flaws.append((f"--{name}", wrong))
    missing = [f"--{name}" for name in _NEEDED if name not in found]
    if missing and not asks:
        flaws.append((", ".join(missing), "needed, and there is no terminal to ask at"))
    if flaws:
        (first, wrong), *rest = flaws
        raise SettingsError(first, "; ".join([wrong, *(f"{name}: {why}" for name, why in rest)]))
    return found


def _wanted_inside(around: Path, *, asks: bool) -> bool:
    """Ask whether the site is to be a part of the repository around it. Raises SettingsError."""
    what = f"{str(around)!r} is a git repository already"
    if not asks:
        raise SettingsError(
            "--inside, --apart",
            f"{what}; say --inside to become a folder of it, --apart for a repository of its own",
        )
    from firstword.cli.asking import Interrupted, choose

    ways = ("a folder of that one", "a repository of its own")
    try:
        return choose(f"What is the site to be? {what}", ways) == ways[0]
    except Interrupted:
        raise KeyboardInterrupt from None


# ── on a terminal ────────────────────────────────────────────────────────────────────────────────


def _ask(given: dict[str, Sequence[str]]) -> None:
    """Ask for everything that is not given, in order. Raises KeyboardInterrupt."""
    from firstword.starter import flaw

    likely = {"zone": machine_zone(os.environ), "target": "public"}
    for name, (text, form) in QUESTIONS.items():
        if name in given:
            continue
        first = [_yourself()] if name == "person" else []

        def parts(said: str, name: str = name, first: Sequence[str] = first) -> list[str]:
            each = said.split(";") if name in _SEVERAL else [said]
            return [*first, *filter(None, map(str.strip, each))]

        def judge(said: str, name: str = name) -> str:
            return flaw(name, parts(said))

        needed = name in _NEEDED and not first
        given[name] = parts(_asked(text, judge, form, likely.get(name, ""), needed=needed))


def _yourself() -> str:
    """Ask whoever begins for the first signature; git may know two thirds of it."""
    from firstword.starter import flaw

    address, name = gitlog.identity(Path.cwd())
    said: list[str] = []
    for text, likely, form in zip(
        _YOURSELF,
        (name, "", address),
        ("{}, -, a@example.com", "A B, {}, a@example.com", "A B, -, {}"),
        strict=True,
    ):

        def judge(part: str, form: str = form) -> str:
            return flaw("person", [form.format(part)])

        # What nobody could sign with, or answer to, is not offered: an address without a mailbox.
        offered = likely if likely and not judge(likely) else ""
        said.append(_asked(text, judge, "", offered, needed=True))
    return ", ".join(said)


def _asked(text: str, judge: Callable[[str], str], form: str, likely: str, *, needed: bool) -> str:
    from firstword.cli.asking import Interrupted, ask
    from firstword.drafts import Question

    question = Question(
        name="init", text=text, form=form, empty=likely, needed=needed and not likely
    )
    try:
        return ask(question, lambda said: judge(said or likely), {}, left=LEFT) or likely
    except Interrupted:
        raise KeyboardInterrupt from None


def machine_zone(environ: Mapping[str, str], localtime: Path = Path("/etc/localtime")) -> str:
    """Return the time zone of this machine, UTC where it has none."""
    named = environ.get("TZ", "").lstrip(":")
    if not named and localtime.is_symlink():
        _, _, named = str(localtime.resolve()).partition("/zoneinfo/")
    return named.removeprefix("Etc/") or "UTC"
