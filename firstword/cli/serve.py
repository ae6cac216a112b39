"""Build the site, show it on this machine, build again whenever a file changes.

The browser reloads by itself. A broken file is said here, with path and line, and the page stays
as it was good last. Nothing is published.

examples:
  firstword serve
  firstword serve --port 8080

stop it with Ctrl-C
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from firstword.errors import FirstwordError

if TYPE_CHECKING:
    from firstword.build import Run
    from firstword.preview import Preview


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--port", type=int, default=8000, help="default: 8000; 0 takes a free one")


def run(options: argparse.Namespace) -> int:
    """Serve the site around the current folder until interrupted."""
    from watchfiles import watch

    from firstword.cli import find_root
    from firstword.preview import Preview

    root = find_root(Path.cwd())
    # Not output/: a publish may be writing there at this very moment.
    folder = root / ".cache" / "serve"
    first = rebuild(root, folder)
    preview = Preview(folder, options.port)
    threading.Thread(target=preview.serve_forever, daemon=True).start()
    print(f"Look: {preview.address} (Ctrl-C stops)", flush=True)
    # It says when nothing comes for a moment: what was saved before it watched is looked for then.
    found = watch(
        *watched_paths(root, first),
        raise_interrupt=True,
        step=20,
        debounce=400,
        yield_on_timeout=True,
        rust_timeout=500,
    )
    try:
        follow(
            ([Path(path) for _, path in changes] for changes in found),
            partial(rebuild, root, folder, shown=preview.changed),
            preview,
        )
    except KeyboardInterrupt:
        print(file=sys.stderr)
    finally:
        preview.close()
    return 0


def follow(
    saved: Iterable[Sequence[Path]],
    build: Callable[[Run | None, Sequence[Path]], Run | None],
    preview: Preview,
) -> None:
    """Build whenever files were saved, and once in any case; tell browsers of what came of it.

    Whoever saves while the first page is shown, and nobody watches yet, is not forgotten.
    """
    last: Run | None = None
    looked = False
    for written in saved:
        if looked and not written:
            continue
        looked = True
        told = preview.version
        last = build(last, written)
        # Of pages that are gone, a browser hears when they are.
        if last and (last.output.removed or (preview.version == told and last.output.written)):
            preview.changed()


def rebuild(
    root: Path,
    folder: Path,
    last: Run | None = None,
    written: Sequence[Path] = (),
    shown: Callable[[], None] = lambda: None,
) -> Run | None:
    """Build once more; say what went wrong and go on.

    `last` is the build before, since which nothing but `written` was written. `shown` may be called
    as soon as all pages are there.
    """
    from firstword.build import RunOptions, complain
    from firstword.building import build_site
    from firstword.cli.again import build_again
    from firstword.clock import read_clock
    from firstword.settings import CONF, load_settings, read_site

    try:
        if last:
            now = read_clock(os.environ, last.site.pinned_clock)
            if again := build_again(last, now, written, shown):
                complain(again.summary())
                return again
            last.close()
        site = read_site(load_settings(root / CONF))
        now = read_clock(os.environ, site.pinned_clock)
        run = build_site(root, RunOptions(now=now, embedded=True), folder)
    except FirstwordError as error:
        complain(str(error))
        return None
    except Exception as error:  # noqa: BLE001 - a theme being edited breaks in every way there is
        complain(f"{type(error).__name__}: {error}")
        return None
    complain(run.summary())
    return run


def watched_paths(root: Path, run: Run | None) -> list[Path]:
    """Return what a change in which means a new build."""
    paths = [root / "pelicanconf.py", root / "content"]
    if run:
        paths = [root / "pelicanconf.py", run.content_folder, run.theme, *run.overrides]
    return [path for path in paths if path.exists()]
