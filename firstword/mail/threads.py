"""Which story a message of ours is about, told by the ids in an answer to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from firstword import urls
from firstword.model import Site


class Threads:
    """The stories that were mailed about."""

    def __init__(self, site: Site, told: Iterable[tuple[str, str, str]]) -> None:
        """Take what the ledger knows: the id of an edition, its story, the digest of its words."""
        self._stories: set[str] = set()
        self._roots: dict[str, str] = {}
        self._names: dict[str, str] = {}
        for edition, story, digest in told:
            self._stories.add(story)
            self._roots[urls.thread_root(site, story)] = story
            self._names[urls.mail_name(edition, digest)] = story

    def story(self, ids: Sequence[str]) -> str:
        """Return the story that one of these Message-IDs belongs to; "" = none of ours.

        Programs that answer keep the thread's root, or at least the message itself, unless its
        server (SES) gave it an id of its own.
        """
        for one in ids:
            name = one.strip("<>").rpartition("@")[0].rpartition(".")[0]
            if found := self._roots.get(one) or self._names.get(name):
                return found
        return ""

    def mailed(self, story: str) -> bool:
        """Tell whether anybody was mailed about a story."""
        return story in self._stories
