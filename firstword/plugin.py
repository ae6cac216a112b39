"""The Pelican plugin: `PLUGINS = ["firstword.plugin"]`.

Everything else is imported once Pelican has its settings: by then git has been asked, on another
core, which incident files were written. An import that fails there ends Pelican with exit code 1;
here Pelican would go on without us, and end with 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pelican import signals

if TYPE_CHECKING:
    from firstword.gitlog.worktree import Worktree

#: Where options of a build that publish.py started travel; absent in plain `pelican content`.
OPTIONS = "FIRSTWORD_OPTIONS"
#: Where the newest build of these settings is.
RUN = "FIRSTWORD_RUN"
#: Where the question to git travels to the first build.
WORKTREE = "FIRSTWORD_WORKTREE"


def register() -> None:
    """Connect to Pelican."""
    signals.initialized.connect(begin)


def begin(pelican: Any) -> None:
    """Ask git, then bring in what builds. Raises SettingsError."""
    asked = pelican.settings[WORKTREE] = _ask(pelican.settings)
    try:
        from firstword import generating
        from firstword.write import built_last

        if asked is not None:
            # Not before the imports: git is started at once only where a core has nothing to do.
            asked.ask_ahead(built_last(Path(pelican.settings["OUTPUT_PATH"])))
        generating.connect()
        generating.check_pelican_settings(pelican)
    except BaseException:
        if asked is not None:
            asked.close()
        raise


def _ask(settings: dict[str, Any]) -> Worktree | None:
    options = settings.get(OPTIONS)
    told = options is not None and (options.commit is not None or options.named is not None)
    if told or not settings.get("LOAD_CONTENT_CACHE"):
        # Whoever started this build knows better, or nothing is remembered that git could add to.
        return None
    from firstword.gitlog.worktree import about

    return about(Path(settings["PATH"]), options.worktree if options is not None else None)
