"""What mail is made of: the stories as the targets hold them, and who writes them up."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from firstword.cli.publishing import CACHE
from firstword.cli.remembered import read_targets
from firstword.cli.there import Place, Readers
from firstword.clock import read_clock
from firstword.errors import MailError
from firstword.model import Site

if TYPE_CHECKING:
    from firstword.digest import Composer
    from firstword.page import StatusPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """A site as its readers have it, at an instant."""

    page: StatusPage
    composer: Composer
    now: datetime
    readers: Readers


@contextmanager
def open_mailing(
    root: Path, settings: Mapping[str, Any], site: Site, now: datetime
) -> Iterator[Mailing]:
    """Read the targets and the content of a site; nothing is built or written.

    Raises MailError where nothing was ever published: mail never announces a page that is not
    there. A copy of the build's cache is used: a sending may take an hour, and no publish waits.
    """
    from firstword.memory import merge_memory

    targets = read_targets(root, site)
    memory = merge_memory([manifest for _, manifest in targets], now)
    if not memory.records_began:
        raise MailError("nothing is published yet, so there is nothing to mail about")
    from firstword.build import Run, RunOptions
    from firstword.cache.database import lend
    from firstword.digest import Composer
    from firstword.pelican_defaults import THEME
    from firstword.render.templates import own_templates

    theme = root / str(settings.get("THEME") or THEME)
    overrides = own_templates(root, theme, map(Path, settings.get("THEME_TEMPLATES_OVERRIDES", ())))
    with TemporaryDirectory(prefix="firstword-mailing-") as copied:
        lend(root / str(settings.get("CACHE_PATH", CACHE)), Path(copied))
        run = Run(
            site=site,
            options=RunOptions(now=now, memory=memory, embedded=True),
            root=root,
            content_folder=root / str(settings.get("PATH", "content")),
            theme=theme,
            overrides=tuple(overrides),
            output_folder=root / str(settings.get("OUTPUT_PATH", "output")),
            cache_folder=Path(copied),
        )
        run.read()
        try:
            composer = Composer(run.page, run.renderer.markup, run.theme, run.overrides)
            readers = Readers(
                [
                    Place(target.name, target.address, one.build_id, one.stamps)
                    for target, one in targets
                ],
                run.page,
            )
            yield Mailing(page=run.page, composer=composer, now=now, readers=readers)
        finally:
            run.close()


def mail_now(site: Site) -> datetime:
    """Return the instant editions are made for. Raises SettingsError as `read_clock` does."""
    return read_clock(os.environ, site.pinned_clock)
