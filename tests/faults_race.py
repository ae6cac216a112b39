"""Eight commits that want to be published at once, and what must come of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fakestore import FakeStore, assert_sound
from faults_bucket import Publisher
from faults_reader import broken_links
from faults_site import HOUR, NOW, Checkout, Example

from firstword.memory import merge_memory
from firstword.store.state import read_state

#: What those who did not publish are told: all that may be said, and each time one of them.
TOLD = (
    "is live, which is newer than ours",
    "went another way than ours",
    "whether ours, ",
    "began to publish commit",
)


@dataclass(frozen=True)
class Race:
    """Eight commits that want to follow one: seven in a row, and one beside them."""

    example: Example
    live: Checkout
    line: list[Checkout]
    beside: Checkout

    @classmethod
    def of(cls, example: Example, depth: int | None = None) -> Race:
        """Check all of them out."""
        live, beside, *line = (
            example.checkout(name, depth=depth)
            for name in ("older", "beside", *(f"r{number}" for number in range(1, 8)))
        )
        return cls(example, live, line, beside)

    @property
    def newest(self) -> Checkout:
        return self.line[-1]

    def target(self) -> FakeStore:
        target = FakeStore()
        self.live.publish(target, now=NOW - 3 * HOUR)
        return target

    def assert_settled(self, store: FakeStore, now: datetime) -> None:
        """What is there is the newest commit's build, and nothing else that anybody links to."""
        manifest = read_state(store.copy(), {}, 1).manifest
        assert manifest.source.commit == self.newest.commit
        built = self.newest.build(merge_memory([manifest], now))
        site = store.site()
        for key in built.outputs:
            assert site[key] == (built.folder / key).read_bytes(), key
        assert site.keys() - built.outputs.keys() <= manifest.gone.keys()
        assert broken_links(site) == set()
        assert_sound(store)
        assert manifest.stamps["2026-09-08-ash-stools"] == dict.fromkeys(
            manifest.records["2026-09-08-ash-stools"].updates
        ), "stamps from before the race stay"
        self.newest.publish(store, now=now + 2 * HOUR)
        assert store.site().keys() == built.outputs.keys()

    def processes(self, target: str, tmp_path: Path, seed: int, address: str = "") -> None:
        """Publish all eight with real processes at once, each from a clone of its own."""
        everybody = [*self.line, self.beside]
        random.Random(seed).shuffle(everybody)  # noqa: S311 - the same order each time
        running = []
        for checkout in everybody:
            name = next(n for n, c in self.example.commits.items() if c == checkout.commit)
            clone = self.example.clone(name, f"{tmp_path.name}-{name}", 1 if seed % 2 else None)
            running.append(Publisher(clone.root, target, address))
        for checkout, ran in zip(everybody, [one.end() for one in running], strict=True):
            last = ran.out.splitlines()[-1]
            if checkout is self.newest:
                assert (ran.code, last[:5]) == (0, "live:"), (ran.out, ran.err)
            elif checkout is self.beside:
                assert ran.code == 1, (ran.out, ran.err)
                assert "went another way than ours" in ran.err
            else:
                assert (ran.code, last[:4]) in {(0, "live"), (1, "NOT ")}, (ran.out, ran.err)
                assert ran.code == 0 or any(words in ran.err for words in TOLD), ran.err
