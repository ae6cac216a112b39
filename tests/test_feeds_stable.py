"""What stays as it is: ids, dates and bytes, whatever is edited, added or moved."""

from __future__ import annotations

import ast
import locale
import os
import subprocess
import sys

import pytest
from feedjudges import by_id, ids
from feedstories import CARDS, ROOT, SETTINGS, SITE, STORIES, build, incidents, read

from firstword import urls
from firstword.settings import read_site
from firstword.values import replace


@pytest.mark.parametrize(
    "changed",
    [
        ("title: Card payments fail in the EU", "title: Cards"),
        ("twenty is refused", "twenty was refused"),
        ("components: [checkout]", "components: [api]"),
    ],
    ids=["title", "words", "components"],
)
def test_an_edited_story_keeps_its_ids(changed: tuple[str, str]) -> None:
    assert changed[0] in CARDS
    edited = {**STORIES, "2026-11-21-cards": CARDS.replace(*changed)}

    assert ids(build(incidents(edited))) == ids(build(incidents()))


def test_a_story_whose_address_changed_keeps_its_ids() -> None:
    moved = {**STORIES}
    text = moved.pop("2026-11-21-cards")
    moved["cards"] = text.replace("impact:", "id: 2026-11-21-cards\nimpact:", 1)

    assert ids(build(incidents(moved))) == ids(build(incidents()))


def test_https_and_a_new_path_keep_the_ids() -> None:
    plain = read_site({**SETTINGS, "SITEURL": "http://status.acme.example/old"})
    before, after = build(incidents(site=plain), plain), build(incidents())

    assert ids(before) == ids(after)
    assert b"http://status.acme.example/old/" in before[urls.UPDATES_ATOM]


def test_a_new_host_keeps_the_ids_when_the_tag_authority_is_kept() -> None:
    moved = read_site(
        {
            **SETTINGS,
            "SITEURL": "https://status.acme-group.example",
            "TAG_AUTHORITY": "status.acme.example,2026",
        }
    )

    assert ids(build(incidents(site=moved), moved)) == ids(build(incidents()))


def test_nothing_said_later_changes_an_entry() -> None:
    whole = read("2026-11-21-cards", CARDS)
    final = by_id(build([whole])[urls.UPDATES_ATOM])

    seen: dict[str, bytes] = {}
    for count in range(1, len(whole.updates) + 1):
        now = by_id(build([replace(whole, updates=whole.updates[:count])])[urls.UPDATES_ATOM])
        assert now.keys() - seen.keys() == {urls.entry_id(SITE, whole, whole.updates[count - 1])}
        assert {key: now[key] for key in seen} == seen
        seen = now
    assert seen == final


def test_a_correction_is_an_entry_of_its_own_and_what_it_corrects_stays() -> None:
    text = CARDS.partition("\n## 2026-11-21 10:05")[0]
    retold = (
        f"{text}\n## 2026-11-21 10:10 | Ian Reyes | correction\n"
        "corrects: 2026-11-21 09:20\ntitle: Cards fail everywhere\n\nEverywhere.\n"
    )

    before = by_id(build([read("cards", text)])[urls.UPDATES_ATOM])
    after = by_id(build([read("cards", retold)])[urls.UPDATES_ATOM])

    [new] = after.keys() - before.keys()
    assert new.endswith("/update/20261121T091000Z")
    assert b"<title>[Correction] Every second card payment fails</title>" in after[new]
    assert b"Title: Cards fail everywhere" in after[new]
    assert {key: after[key] for key in before} == before


SCRIPT = """
import hashlib, locale, sys, time
locale.setlocale(locale.LC_ALL, "")
import feedstories
print(locale.setlocale(locale.LC_ALL), time.tzname, file=sys.stderr)
feeds = feedstories.build(feedstories.incidents()) | {
    f"example/{key}": data for key, data in feedstories.example().items()
}
for key, data in feeds.items():
    print(key, hashlib.sha256(data).hexdigest())
"""


def test_the_machine_and_the_day_leave_no_trace() -> None:
    def run(**environ: str) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", **environ},
        )
        return done.stdout, done.stderr

    one, here = run(PYTHONHASHSEED="1", TZ="Pacific/Kiritimati", LC_ALL="C")
    other, there = run(PYTHONHASHSEED="2", TZ="America/Los_Angeles", LC_ALL="C.UTF-8")

    assert one.count("\n") == 38
    assert one == other
    # The two were indeed different machines.
    assert here != there


def test_a_build_leaves_the_locale_alone() -> None:
    before = locale.setlocale(locale.LC_ALL)

    build(incidents())

    assert locale.setlocale(locale.LC_ALL) == before


def test_the_order_of_files_leaves_no_trace() -> None:
    assert build(reversed(incidents())) == build(incidents())


# ── walls ────────────────────────────────────────────────────────────────────────────────────────


def test_feedgen_and_lxml_load_only_when_a_feed_is_made() -> None:
    script = (
        "import sys, firstword.feeds\n"
        "print({name.partition('.')[0] for name in sys.modules} & {'feedgen', 'lxml', 'pelican'})"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert done.stdout == "set()\n"


def test_only_the_feeds_import_feedgen_and_lxml() -> None:
    using = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "firstword").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if name.partition(".")[0] in {"feedgen", "lxml"}
    }

    assert using == {"firstword/feeds/xml.py"}
