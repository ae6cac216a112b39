"""The house: which room may know which, and which library lives where.

Each room is imported in a process of its own, to see what came along; the table is also in
CONTRIBUTING.md. A wall may be moved, with its reason, here and there together.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: Libraries that cost time to import, or that tie us to a host.
HEAVY = {
    *("pelican", "boto3", "botocore", "feedgen", "lxml", "jinja2", "markdown", "nh3"),
    *("pyromark", "yaml", "dateutil", "watchfiles", "rich", "docutils", "icalendar"),
    *("markdownify", "bs4", "email_validator", "flufl"),
    *("prompt_toolkit", "shtab"),
}

#: Room → the rooms it may bring along, and the libraries. Rooms stand in the order of the flow.
ROOMS: dict[str, tuple[set[str], set[str]]] = {
    "errors": (set(), set()),
    "values": (set(), set()),
    "patterns": (set(), set()),
    "model": (set(), set()),
    "parse": ({"model"}, {"yaml"}),
    "compose": ({"model", "parse"}, {"yaml"}),
    "recurrence": (set(), set()),
    "urls": ({"model"}, set()),
    "clock": ({"errors", "model", "parse"}, {"yaml"}),
    "markup": ({"model", "urls"}, {"nh3", "pyromark"}),
    "lint": (set(), set()),
    "unsaid": ({"model"}, set()),
    "look": ({"errors", "model"}, set()),
    "settings": ({"errors", "look", "model", "parse"}, {"yaml"}),
    "check": (
        {"markup", "model", "parse", "recurrence", "unsaid", "urls"},
        {"nh3", "pyromark", "yaml"},
    ),
    "drafts": (
        {"check", "compose", "markup", "model", "parse", "recurrence", "unsaid", "urls"},
        {"nh3", "pyromark", "yaml"},
    ),
    "asked": (set(), set()),
    "folder": (set(), set()),
    "gitlog": ({"errors"}, set()),
    "content": (
        {
            *("check", "errors", "folder", "gitlog", "look", "markup", "model"),
            *("parse", "recurrence", "settings", "unsaid", "urls"),
        },
        {"nh3", "pyromark", "yaml"},
    ),
    "page": ({"clock", "errors", "model", "parse", "recurrence"}, {"yaml"}),
    "words": ({"model"}, set()),
    "render": (
        {
            *("clock", "errors", "look", "markup", "model"),
            *("page", "parse", "recurrence", "unsaid", "urls", "words"),
        },
        {"jinja2", "nh3", "pyromark", "yaml"},
    ),
    "feeds": (
        {"clock", "errors", "markup", "model", "page", "parse", "recurrence", "urls", "words"},
        {"nh3", "pyromark", "yaml"},
    ),
    "api": (
        {"clock", "errors", "markup", "model", "page", "parse", "recurrence", "urls", "words"},
        {"nh3", "pyromark", "yaml"},
    ),
    "cache": (
        {
            *(
                "check",
                "clock",
                "content",
                "errors",
                "folder",
                "gitlog",
                "manifest",
                "markup",
                "model",
            ),
            *("page", "parse", "recurrence", "settings", "unsaid", "urls", "look"),
        },
        {"nh3", "pyromark", "yaml"},
    ),
    "making": (
        {
            *("api", "cache", "check", "clock", "content", "errors", "feeds", "folder", "gitlog"),
            "look",
            *("manifest", "markup", "model", "page", "parse", "recurrence", "render"),
            *("settings", "unsaid", "urls", "words", "write"),
        },
        {"jinja2", "nh3", "pyromark", "yaml"},
    ),
    "crew": (
        {
            *("check", "content", "errors", "folder", "gitlog", "look", "markup", "model", "parse"),
            *("recurrence", "settings", "unsaid", "urls"),
        },
        {"nh3", "pyromark", "yaml"},
    ),
    "manifest": ({"errors"}, set()),
    "shards": ({"errors", "manifest", "model", "urls"}, set()),
    "memory": ({"errors", "manifest", "model", "shards", "urls"}, set()),
    "headers": ({"errors", "manifest"}, set()),
    "plan": ({"errors", "headers", "manifest", "memory", "model", "shards", "urls"}, set()),
    "store": ({"errors", "manifest", "model"}, set()),
    "publisher": (
        {
            *("asked", "errors", "gitlog", "headers", "manifest", "memory", "model", "plan"),
            *("shards", "store", "urls"),
        },
        set(),
    ),
    "tick": ({"errors", "gitlog", "headers", "manifest"}, set()),
    "redact": ({"errors", "markup", "model", "parse", "urls"}, {"nh3", "pyromark", "yaml"}),
    "write": ({"errors", "manifest"}, set()),
    "doctor": (
        {
            *("asked", "errors", "gitlog", "headers", "look", "manifest", "memory", "model"),
            *("parse", "plan", "settings", "shards", "store", "urls"),
        },
        {"yaml"},
    ),
    "preview": (set(), set()),
    "mail": (set(), set()),
    "digest": (
        {
            *("clock", "errors", "feeds", "look", "mail", "markup", "model", "page", "parse"),
            *("recurrence", "render", "unsaid", "urls", "words"),
        },
        {"css_inline", "jinja2", "nh3", "pyromark", "yaml"},
    ),
    "outbox": (set(), set()),
    "starter": (
        {"errors", "look", "model", "parse", "settings"},
        {"yaml"},
    ),
    "importers": (
        {
            *("check", "compose", "errors", "markup", "model"),
            *("parse", "recurrence", "unsaid", "urls"),
        },
        {"nh3", "pyromark", "yaml"},
    ),
    "cli": ({"errors"}, set()),
    "pelican_defaults": (set(), set()),
}

#: Library → the only modules that name it.
HOMES = {
    "pelican": {f"firstword/{name}.py" for name in ("plugin", "generating", "building")},
    "boto3": {"firstword/store/cdn.py"},
    "botocore": {
        *("firstword/store/s3.py", "firstword/store/lane.py", "firstword/store/cdn.py"),
        "firstword/mail/ses.py",
    },
    "urllib3": {"firstword/store/lane.py", "firstword/importers/statuspage/asking.py"},
    "css_inline": {"firstword/digest/layout.py"},
    "feedgen": {"firstword/feeds.py", "firstword/feeds/"},
    "icalendar": {"firstword/api/calendar.py", "firstword/api/zone.py"},
    "jinja2": {
        f"firstword/render/{name}.py"
        for name in ("compiling", "faults", "language", "running", "templates")
    },
    "markdownify": {"firstword/importers/statuspage/text.py"},
    "bs4": {"firstword/importers/statuspage/text.py"},
    "nh3": {"firstword/markup.py"},
    "prompt_toolkit": {"firstword/cli/asking.py"},
    "rich": {"firstword/cli/progress.py"},
    "shtab": {"firstword/cli/completion.py"},
    "watchfiles": {"firstword/cli/serve.py", "firstword/cli/watching.py"},
    "pyromark": {"firstword/markup.py", "firstword/lint/prose.py"},
    "email_validator": {"firstword/mail/address.py"},
    "flufl": {"firstword/mail/events.py"},
}


def test_the_table_names_every_room() -> None:
    rooms = {
        path.stem
        for path in (ROOT / "firstword").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file())
        and not path.name.startswith("_")
    }
    # Those that bring everything together have no wall to hold.
    assert rooms - {"build", "building", "generating", "plugin"} == set(ROOMS)


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_brings_along_what_the_table_says(room: str) -> None:
    program = (
        f"import sys, json, firstword.{room}; print(json.dumps(sorted("
        "m.split('.')[1] if m.startswith('firstword.') else m.split('.')[0] + '!'"
        " for m in sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    came = set(json.loads(shown.stdout))
    ours, libraries = ROOMS[room]
    ours_came = {name for name in came if not name.endswith("!")}
    # Values are told apart, and texts searched, in every room.
    assert ours_came - {room, "values", "patterns"} <= ours
    assert {name for name in HEAVY if f"{name}!" in came} <= libraries


@pytest.mark.parametrize("library", sorted(HOMES))
def test_a_library_lives_in_one_place(library: str) -> None:
    users = {user for user, libraries in imported().items() if library in libraries}

    assert users
    assert all(any(user.startswith(home) for home in HOMES[library]) for user in users)


@cache
def imported() -> dict[str, set[str]]:
    """Return what each file imports, the tops of packages."""
    found = {}
    for path in sorted((ROOT / "firstword").rglob("*.py")):
        names: list[str] = []
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.append(node.module or "")
        found[path.relative_to(ROOT).as_posix()] = {name.split(".")[0] for name in names}
    return found


def test_every_file_can_be_read_in_one_sitting() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for folder in ("firstword", "theme")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".html", ".css"}
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }

    assert long == {}


def test_what_builds_and_publishes_compiles_no_code_while_it_is_imported() -> None:
    """A dataclass writes its methods as text and compiles them, in each process anew."""
    program = (
        "import sys, dataclasses\n"
        "import firstword.generating, firstword.lint, firstword.feeds.xml\n"
        "import firstword.cli.publishing, firstword.check.since, firstword.store.s3\n"
        "rooms = [module for name, module in sys.modules.items() if name.startswith('firstword')]\n"
        "found = {f'{one.__module__}.{one.__qualname__}' for room in rooms"
        " for one in vars(room).values() if isinstance(one, type)"
        " and dataclasses.is_dataclass(one) and one.__module__.startswith('firstword')}\n"
        "print(*sorted(found))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert shown.stdout.split() == []


@pytest.mark.parametrize(
    "late",
    [
        *("feedgen", "lxml", "difflib", "concurrent.futures", "firstword.parse.respell"),
        *("firstword.check.rewording", "firstword.check.weighty"),
    ],
)
def test_what_few_edits_need_is_imported_by_those(late: str) -> None:
    rooms = "gitlog.worktree", "generating", "lint", "feeds.items", "check.since", "cli.publishing"
    assert not imports(late, *rooms)


@pytest.mark.parametrize(
    "late",
    [
        *("pelican", "configparser", "asyncio", "http.client", "email", "calendar"),
        "jinja2.ext",
    ],
)
def test_what_a_publish_without_pelican_never_needs(late: str) -> None:
    rooms = "building", "making.workshop", "lint", "feeds.items", "cli.publishing"
    assert not imports(late, *rooms, "store.s3", "store.many")


def imports(library: str, *rooms: str) -> bool:
    """Tell whether rooms bring a library along."""
    program = "".join(f"import firstword.{room}\n" for room in rooms)
    shown = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}print({library!r} in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return shown.stdout.split() == ["True"]
