"""Where the list and the ledger lie: a private folder, outside what is published or committed."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstword.errors import SettingsError
from firstword.model import Mail, Site

if TYPE_CHECKING:
    from firstword.mail.bucket import Bucket

#: Kept out of git by itself, whatever the site's own file of that name says.
_IGNORE = "# Addresses of people: never in a repository.\n*\n"


@contextmanager
def at_hand(root: Path, settings: Mapping[str, Any], site: Site) -> Iterator[Path]:
    """Return the folder with the list and the ledger of a site, as `at_hand_to_send` does."""
    with at_hand_to_send(root, settings, site) as (folder, _):
        yield folder


@contextmanager
def at_hand_to_send(
    root: Path, settings: Mapping[str, Any], site: Site, *, urgent: bool = False
) -> Iterator[tuple[Path, Bucket | None]]:
    """Return the folder with the list and the ledger, and the bucket that mirrors the ledger.

    None = it lies on this machine. What is urgent waits for the bucket a while. A list that SES
    keeps is brought up to date first. Raises SettingsError, MailError.
    """
    mail = mail_of(site)
    with ExitStack() as stack:
        bucket = None
        if mail.state.startswith("s3://"):
            from firstword.clock import system_clock
            from firstword.mail.bucket import opened_bucket

            bucket = stack.enter_context(
                opened_bucket(
                    mail.state,
                    site.publish_to,
                    environ=os.environ,
                    clock=system_clock,
                    sleep=time.sleep,
                    urgent=urgent,
                )
            )
            folder = bucket.folder
        else:
            folder = private_folder(root, mail.state, published_folders(root, settings, site))
        if mail.subscribers:
            from firstword.mail.contacts import take_over
            from firstword.mail.people import open_people
            from firstword.mail.ses import make_client

            with closing(open_people(folder, create=True)) as people:
                take_over(people, make_client(mail), site, mail)
        yield folder, bucket


def mail_of(site: Site) -> Mail:
    """Return what is set about mail. Raises SettingsError where nothing is."""
    if site.mail is None:
        raise SettingsError("MAIL_FROM", "from which address does mail come? This site sends none")
    return site.mail


def published_folders(root: Path, settings: Mapping[str, Any], site: Site) -> list[Path]:
    """Return the folders that readers or builds see."""
    named = [settings.get("OUTPUT_PATH") or "output", settings.get("PATH") or "content"]
    named += [target.name for target in site.targets if "://" not in target.name]
    return [root / str(name) for name in named]


def state_folder(root: Path, state: str, published: Sequence[Path]) -> Path:
    """Return the folder that is to keep the list; nothing is made or changed.

    `published` are the folders that readers or builds see. Raises SettingsError for a folder that
    lies in one of them, or is the site's own.
    """
    folder = (root / Path(state).expanduser()).resolve()
    for other in published:
        if folder.is_relative_to(other.resolve()) or other.resolve().is_relative_to(folder):
            raise SettingsError(
                "MAIL_STATE", f"{state!r} lies with what is published or built: {other.name!r}"
            )
    if folder == root.resolve():
        raise SettingsError("MAIL_STATE", f"{state!r} is the site's own folder; name one below it")
    return folder


def private_folder(root: Path, state: str, published: Sequence[Path]) -> Path:
    """Return the folder that keeps the list, made where it was missing.

    Raises SettingsError as `state_folder` does, and for a folder that git tracks.
    """
    folder = state_folder(root, state, published)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text(_IGNORE, encoding="utf-8")
    if in_git(folder):
        raise SettingsError(
            "MAIL_STATE", f"{state!r} is in the repository; take it out: git rm -r --cached {state}"
        )
    return folder


def in_git(folder: Path) -> bool:
    """Tell whether git tracks something in a folder, or would with the next `git add`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "--", ".")
    try:
        ran = subprocess.run(listed, cwd=folder, env=environ, capture_output=True, check=False)
    except OSError:
        return False  # without git there is no repository to keep it out of
    return ran.returncode == 0 and bool(ran.stdout.strip())
