"""Commands by a clock of ours, each a process of its own: what they import is imported once.

For every line on standard input, in JSON, a child of this process runs a command: `firstword` with
some arguments, or the publish.py of a site. Told are its process id and, when it has ended, its
exit code; what it says goes into two files. It has the folder and the environment that it is given.

Two things are ours. Whoever asks `firstword` the time at which somebody agrees is told that of
SOURCE_DATE_EPOCH, where the program takes it from the machine alone. And nobody waits long for a
server that is not there.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import runpy
import sys
import time
from typing import Any

import firstword
from firstword import clock

#: Seconds of the longest sleep.
LONGEST = 0.2


_sleep = time.sleep


def nap(seconds: Any) -> None:
    """Sleep, but not for long."""
    _sleep(min(seconds, LONGEST))


def put_clock() -> None:
    """Have `firstword` take all time from the environment."""
    machine = clock.system_clock
    for module in list(sys.modules.values()):
        if vars(module).get("system_clock") is machine:
            vars(module)["system_clock"] = lambda: clock.read_clock(os.environ, None)


def become(asked: dict[str, Any]) -> None:
    """Be a command. Does not return."""
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(asked[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.argv = asked["command"]
    time.sleep = nap
    if sys.argv[0] == "firstword":
        put_clock()
        from firstword.cli import main_and_exit

        main_and_exit()
    sys.path.insert(0, asked["folder"])
    runpy.run_path(sys.argv[0], run_name="__main__")
    sys.exit()


def tell(number: int) -> None:
    """Write down a number, at once."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main() -> None:
    """Begin a command for each line, one after the other."""
    del sys.path[0]  # the tests are no business of a site's
    for module in pkgutil.walk_packages(firstword.__path__, "firstword."):
        importlib.import_module(module.name)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            become(json.loads(line))
        tell(pid)
        tell(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main()
