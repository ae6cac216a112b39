"""`firstword ...`: one module a command; each imports what it needs when it runs.

Results go to stdout, complaints to stderr. Exit codes: 0 done, 1 problems or nothing done,
2 usage or settings, 3 done but something needs a person. As a shell has it: 130 stopped by Ctrl-C,
141 nobody reads on.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TextIO

from firstword.errors import FirstwordError, SettingsError
from firstword.patterns import later

_ADDRESS = later(r"[^\s'\"=]*@[^\s'\"]*")
#: Command → (module, one line of help).
COMMANDS = {
    "check": ("firstword.cli.check", "read every incident file and say what is wrong with it"),
    "completion": ("firstword.cli.completion", "print what makes bash or zsh complete this"),
    "digest": ("firstword.cli.digest", "write the mail there is to send, and say to how many"),
    "doctor": ("firstword.cli.doctor", "look whether everything is in place for publishing"),
    "due": ("firstword.cli.due", "list promises that have lapsed or lapse soon, by person"),
    "import": ("firstword.cli.import_", "bring a history over from another status page"),
    "init": ("firstword.cli.init", "begin a status page in an empty folder"),
    "new": ("firstword.cli.new", "begin a story: ask, write its file, check and commit it"),
    "publish": ("firstword.cli.publish", "build, compare with the targets, send what changed"),
    "redact": ("firstword.cli.redact", "take a secret out of a published update, in the open"),
    "send": ("firstword.cli.send", "send the mail that was planned"),
    "serve": ("firstword.cli.serve", "build, show on loopback, build again on every change"),
    "subscribers": ("firstword.cli.subscribers", "keep the list of those who get mail"),
    "update": ("firstword.cli.update", "say the next word in a story, signed"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return _while_read(lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = _overview()
    if not arguments or arguments[0] in {"-h", "--help"}:
        parser.print_help()
        return 0 if arguments else 2
    if arguments[0] == "--version":
        from importlib.metadata import version

        print(f"firstword {version('firstword')}")
        return 0
    name = arguments[0]
    if name not in COMMANDS:
        from firstword.parse.keys import nearest

        print(f"firstword: unknown command: {name!r}{nearest(name, COMMANDS)}", file=sys.stderr)
        return 2
    module = import_module(COMMANDS[name][0])
    return run_command(f"firstword {name}", module, arguments[1:])


def run_command(prog: str, module: object, arguments: Sequence[str]) -> int:
    """Parse a command's arguments and run it; errors of ours become one line and an exit code."""
    return _while_read(lambda: _run(prog, module, arguments))


def _run(prog: str, module: object, arguments: Sequence[str]) -> int:
    parser = _Parser(
        prog=prog,
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)  # type: ignore[attr-defined] # every command module has it
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        return int(module.run(options))  # type: ignore[attr-defined] # every command module has it
    except FirstwordError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return error.exitcode
    except KeyboardInterrupt:
        return 130


class _Parser(argparse.ArgumentParser):
    """Complains without a word that may be somebody's address: what is printed ends up in logs."""

    def error(self, message: str) -> NoReturn:
        """Say how the command is written, and end it."""
        super().error(_ADDRESS.sub("…@…", message))


def _while_read(run: Callable[[], int]) -> int:
    """Return an exit code once all is said; who stops reading (`| head`) ends it without a word."""
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        closed = [stream for stream in (sys.stdout, sys.stderr) if _is_closed(stream)]
        if not closed:
            raise  # another pipe, which is no reader of ours
        for stream in closed:
            # Python flushes once more when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return 141
    return code


def _is_closed(stream: TextIO) -> bool:
    from select import poll

    asked = poll()
    # Nothing is asked for: that nobody reads is told in any case.
    asked.register(stream.fileno(), 0)
    return bool(asked.poll(0))


def main_and_exit() -> None:
    """Be the console script."""
    raise SystemExit(main())


def end_with(code: int) -> NoReturn:
    """End the process with an exit code, without taking apart what goes with it anyway."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        raise SystemExit(code) from None
    os._exit(code)


def find_root(start: Path) -> Path:
    """Return the site's folder: the nearest one upwards that has a pelicanconf.py.

    A site that lies around another git repository than its own is not meant there.
    """
    from firstword.settings import CONF

    left: Path | None = None
    for folder in (start, *start.parents):
        if (folder / CONF).is_file():
            if left is None:
                return folder
            why = f"not found in the git repository {str(left)!r}; there is one around it"
            raise SettingsError(CONF, f"{why}: run this in {str(folder)!r} if that is meant")
        if left is None and (folder / ".git").exists():
            left = folder
    raise SettingsError(CONF, f"not found in {str(start)!r} or above; run this inside a site")


def _overview() -> argparse.ArgumentParser:
    lines = [f"  {name:11} {text}" for name, (_, text) in COMMANDS.items()]
    return argparse.ArgumentParser(
        prog="firstword",
        usage="firstword COMMAND [OPTIONS]",
        description="A status page whose every sentence is signed by a person.\n\ncommands:\n"
        + "\n".join(lines),
        epilog="firstword COMMAND --help tells more",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=True,
    )
