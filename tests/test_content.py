"""Which files are found, and which version of each is shown."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_check import FIRST, SETTINGS, SITE, file

from firstword.content import Content, SourceFile, load, scan
from firstword.content.read import read_content
from firstword.folder import written
from firstword.model import Level, Problem
from firstword.settings import read_site

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
A = "content/incidents/2026/a.md"
B = "content/incidents/2026/b.md"
C = "content/incidents/2026/c.md"
A_DE = "content/incidents/2026/a.de.md"

SECOND = "\n## 2026-11-21 09:40 | Ian Reyes | identified\n\nIt is the bank.\n"
GOOD = file(FIRST)
BETTER = GOOD + SECOND
BROKEN = GOOD + SECOND.replace("identified", "identifyed")
SLOWER = file(FIRST.replace("09:20", "09:05"))
WORSE = GOOD + SECOND.replace("Ian Reyes", "Somebody Else")


def read(
    files: Mapping[str, str],
    versions: Mapping[str, Iterable[str]] | None = None,
    since: Mapping[str, int] | None = None,
    published: Mapping[str, set[str]] | None = None,
) -> Content:
    """Load files as they are now, each with its older versions, newest first.

    `since` are years. Their order plays no part: every order is tried.
    """
    old = {
        path: [(f"v{number}", text.encode()) for number, text in enumerate(texts, 1)]
        for path, texts in (versions or {}).items()
    }
    ages = {path: datetime(year, 1, 1, tzinfo=UTC) for path, year in (since or {}).items()}
    sources = [SourceFile(path, text.encode()) for path, text in files.items()]
    shuffled = sorted(sources, key=lambda source: source.path[::-1])
    contents = [
        load(
            order,
            SITE,
            NOW,
            versions=lambda path: iter(old.get(path, ())),
            since=ages.get,
            published=published,
        )
        for order in (sources, sources[::-1], shuffled)
    ]
    assert contents[0] == contents[1] == contents[2]
    return contents[0]


def shown(content: Content) -> dict[str, int]:
    """Return path → number of updates of what is shown."""
    return {
        story.path: len(story.updates)
        for incident in content.incidents
        for story in (incident, *incident.translations)
    }


def kept(content: Content) -> dict[str, str]:
    return {held.path: held.kept for held in content.held}


def told(content: Content) -> list[str]:
    """Return the problems; what stories leave unsaid is the business of test_disclosure.py."""
    return [str(problem) for problem in content.problems if problem.rule != "disclosure"]


def rules(content: Content) -> list[str]:
    return [line.split(": ")[1] for line in told(content)]


# ── one file ─────────────────────────────────────────────────────────────────────────────────────


def test_a_good_file_is_shown() -> None:
    content = read({A: BETTER}, {A: [GOOD]})

    assert (shown(content), kept(content), told(content)) == ({A: 2}, {}, [])
    assert content.sources == {A: BETTER}


@pytest.mark.parametrize(
    ("now", "problem"),
    [
        (BROKEN, "12: status: unknown status: 'identifyed'; did you mean 'identified'?"),
        (
            WORSE,
            (
                "12: author: not in PEOPLE: 'Somebody Else'; one of: "
                "Dawn Okafor, Ian Reyes, Ian Brandt, Sanne de Wit, Kofi Mensah"
            ),
        ),
        ("", "1: front-matter: the file is empty"),
    ],
    ids=["parse", "check", "empty"],
)
def test_a_broken_file_stays_at_its_last_good_version(now: str, problem: str) -> None:
    content = read({A: now, B: GOOD}, {A: [BROKEN, WORSE, BETTER, GOOD]})

    assert shown(content) == {A: 2, B: 1}
    assert kept(content) == {A: "v3"}
    assert told(content) == [f"{A}:{problem}"]
    assert content.sources[A] == BETTER
    [held] = content.held
    assert held.lines() == (f"{A}:{problem}", f"{A}: held back; shown as of v3")


def test_a_file_that_was_never_good_stays_out() -> None:
    content = read({A: BROKEN, B: GOOD}, {A: [WORSE]})

    assert shown(content) == {B: 1}
    assert kept(content) == {A: ""}
    assert content.sources == {B: GOOD}
    assert content.held[0].lines()[-1] == f"{A}: held back; not shown: it was never good"


def test_two_broken_files_at_once() -> None:
    content = read({A: BROKEN, B: WORSE, C: BETTER}, {A: [GOOD], B: [BROKEN, BETTER]})

    assert shown(content) == {A: 1, B: 2, C: 2}
    assert kept(content) == {A: "v1", B: "v2"}
    assert [(problem.path, problem.rule) for problem in content.errors] == [
        (A, "status"),
        (B, "author"),
    ]


def test_what_was_wrong_with_older_versions_is_nobodys_work() -> None:
    linked = file("## 2026-11-21 09:20 | Dawn Okafor | investigating\n\n[x](incident:y)")

    content = read({A: BROKEN}, {A: [linked]})

    assert rules(content) == ["status"]


def test_warnings_hold_nothing_back() -> None:
    content = read({A: GOOD.replace("One in five.", "One in [five](five).")})

    assert (shown(content), kept(content), content.errors) == ({A: 1}, {}, ())
    assert {problem.level for problem in content.problems} == {Level.WARNING}
    assert rules(content) == ["link"]


def test_older_versions_are_asked_for_in_need_only() -> None:
    def versions(path: str) -> Iterable[tuple[str, bytes]]:
        raise AssertionError(path)

    content = load([SourceFile(A, GOOD.encode())], SITE, NOW, versions=versions)

    assert shown(content) == {A: 1}


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    content = load([SourceFile(A, b"\xef\xbb\xbf" + GOOD.encode())], SITE, NOW)

    assert content.sources == {A: GOOD}


def test_a_file_that_could_not_be_read_has_a_past_too() -> None:
    problem = Problem(A, 1, "unreadable", "cannot be read: Input/output error")

    content = load(
        [SourceFile(A, b"", problem)], SITE, NOW, versions=lambda path: [("v1", GOOD.encode())]
    )

    assert (shown(content), kept(content), content.problems) == ({A: 1}, {A: "v1"}, (problem,))


# ── published words ──────────────────────────────────────────────────────────────────────────────

PUBLISHED = {"a": {"20261121T082000Z", "20261121T084000Z"}}


def test_a_published_update_cannot_be_moved_in_time() -> None:
    moved = BETTER.replace("09:40", "09:45")

    content = read({A: moved}, {A: [BETTER, GOOD]}, published=PUBLISHED)

    assert (shown(content), kept(content)) == ({A: 2}, {A: "v1"})
    assert told(content) == [
        (f"{A}:12: moved: published words keep their time: the update of '2026-11-21 09:40' "
        "is gone; was it moved to '2026-11-21 09:45'?")
    ]  # fmt: skip


def test_an_older_version_is_all_there_is() -> None:
    """A shallow clone may know none that holds every published update."""
    content = read({A: BROKEN}, {A: [GOOD]}, published=PUBLISHED)

    assert (shown(content), kept(content)) == ({A: 1}, {A: "v1"})


# ── collisions ───────────────────────────────────────────────────────────────────────────────────


def called(text: str, name: str) -> str:
    return text.replace("title: T", f"title: T\nid: {name}")


def test_who_takes_anothers_id_falls_back() -> None:
    files = {A: called(BETTER, "b"), B: GOOD}

    content = read(files, {A: [GOOD]}, since={A: 2025, B: 2024})

    assert (shown(content), kept(content)) == ({A: 1, B: 1}, {A: "v1"})
    assert told(content) == [f"{A}:3: id: 'b' belongs to {B} already"]


def test_without_a_past_who_comes_second_stays_out() -> None:
    content = read({A: called(GOOD, "b"), B: GOOD}, since={B: 2024})

    assert (shown(content), kept(content)) == ({B: 1}, {A: ""})


def test_a_version_that_collides_is_passed_over() -> None:
    versions = {A: [called(BETTER, "b"), called(GOOD, "x")]}

    content = read({A: BROKEN, B: GOOD}, versions, since={A: 2025, B: 2024})

    assert (shown(content), kept(content)) == ({A: 1, B: 1}, {A: "v2"})
    assert [incident.id for incident in content.incidents] == ["x", "b"]
    # what an older version collided with is nobody's work
    assert rules(content) == ["status"]


def test_who_falls_back_makes_room() -> None:
    """C would clash with what B is about to stop being."""
    files = {A: called(GOOD, "x"), B: called(BETTER, "x"), C: called(GOOD, "y")}
    files[B] = files[B].replace("id: x", "id: x\naliases: old/c")
    files[C] = files[C].replace("id: y", "id: y\naliases: old/c")

    content = read(files, {B: [GOOD]}, since={A: 2023, B: 2024, C: 2025})

    assert (shown(content), kept(content)) == ({A: 1, B: 1, C: 1}, {B: "v1"})
    assert told(content) == [f"{B}:3: id: 'x' belongs to {A} already"]


def test_everybody_at_once() -> None:
    """Twenty copies of one file: the first stays, in whatever order they are found."""
    copies = {f"content/incidents/2026/c{n:02}.md": called(GOOD, "x") for n in range(20)}

    content = read(copies)

    assert shown(content) == {"content/incidents/2026/c00.md": 1}
    assert len(content.held) == 19


def test_no_chain_of_collisions_goes_on_for_ever() -> None:
    """A translation that its original pushes away, which it pushes away itself."""
    alias = GOOD.replace("title: T", "title: T\naliases: [de/incidents/a]")
    german = "---\ntitle: T\n---\n\n## 2026-11-21 09:21 | Ian Reyes | investigating\n\nEine.\n"

    content = read({A: alias, A_DE: german}, since={A_DE: 2020, A: 2021})

    assert kept(content) == {A: "", A_DE: ""}


# ── translations ─────────────────────────────────────────────────────────────────────────────────

GERMAN = "---\ntitle: Karten\n---\n\n## 2026-11-21 09:20 | Ian Reyes | investigating\n\nEine.\n"
GERMAN_SECOND = GERMAN + SECOND.replace("It is the bank.", "Die Bank.")


def test_translations_stand_beside_their_originals() -> None:
    french = A_DE.replace(".de.", ".fr.")

    content = read({french: GERMAN, A: GOOD, A_DE: GERMAN, B: GOOD})

    assert [i.path for i in content.incidents] == [A, B]
    assert [t.language for t in content.incidents[0].translations] == ["de", "fr"]
    assert content.incidents[1].translations == ()


def test_a_translation_never_says_more_than_the_original_as_it_is_shown() -> None:
    content = read({A: BROKEN, A_DE: GERMAN_SECOND}, {A: [GOOD], A_DE: [GERMAN]})

    assert (shown(content), kept(content)) == ({A: 1, A_DE: 1}, {A: "v1", A_DE: "v1"})
    assert told(content) == [
        (f"{A_DE}:9: translation: the original, as it is shown, has no update of "
        "2026-11-21 08:40:00 UTC"),
        f"{A}:12: status: unknown status: 'identifyed'; did you mean 'identified'?",
    ]  # fmt: skip


def test_a_broken_translation_does_not_hold_the_original_back() -> None:
    content = read({A: BETTER, A_DE: GERMAN_SECOND.replace("identified", "identifyed")})

    assert (shown(content), kept(content)) == ({A: 2}, {A_DE: ""})


def test_a_translation_without_an_original() -> None:
    content = read({A_DE: GERMAN, B: GOOD})

    assert (shown(content), kept(content)) == ({B: 1}, {A_DE: ""})
    assert told(content) == [
        f"{A_DE}:1: translation: there is no 'a.md' that it could translate; one of: b"
    ]


# ── drafts and drills ────────────────────────────────────────────────────────────────────────────


def test_drafts_are_checked_and_never_built() -> None:
    draft = GOOD.replace("title: T", "title: T\ndraft: yes")

    content = read({A: draft, B: draft.replace("Dawn Okafor", "Dawn")})

    assert shown(content) == {A: 1}
    assert rules(content) == ["author"]
    assert content.published(SITE) == ()


def test_a_translation_may_be_a_draft() -> None:
    content = read({A: GOOD, A_DE: GERMAN.replace("title: Karten", "title: Karten\ndraft: yes")})

    assert [len(incident.translations) for incident in content.incidents] == [1]
    assert [incident.translations for incident in content.published(SITE)] == [()]


def test_drills_are_built_where_they_are_on() -> None:
    content = read({A: GOOD.replace("title: T", "title: T\ndrill: yes"), B: GOOD})
    drilling = read_site({**SETTINGS, "DRILLS": True})

    assert [incident.path for incident in content.published(SITE)] == [B]
    assert [incident.path for incident in content.published(drilling)] == [A, B]


# ── links between files ──────────────────────────────────────────────────────────────────────────


def test_links_are_judged_by_what_is_shown() -> None:
    linking = GOOD.replace("One in five.", "As [then](incident:b).")

    good = read({A: linking, B: GOOD})
    out = read({A: linking, B: BROKEN})
    back = read({A: linking, B: GOOD.replace("title: T", "title: T\ndraft: yes\nid: c"), C: GOOD},
                {B: [GOOD]}, since={C: 2020})  # fmt: skip

    assert told(good) == []
    assert told(out) == [
        f"{A}:8: link: warning: no such incident: 'b'; one of: a",
        f"{B}:12: status: unknown status: 'identifyed'; did you mean 'identified'?",
    ]
    # b is a draft as it is now; what is shown of it is not
    assert told(back) == [f"{B}:4: id: 'c' belongs to {C} already"]


# ── the folder ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "content/incidents/2026").mkdir(parents=True)
    return tmp_path


def write(root: Path, path: str, data: bytes = b"x") -> Path:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return target


def scanned(root: Path) -> list[str]:
    """Return the paths that were read, and every problem."""
    files, problems = scan(root, root / "content")
    lines = [str(file.problem) if file.problem else file.path for file in files]
    return lines + [str(problem) for problem in problems]


def test_files_are_found_in_the_order_of_their_paths(root: Path) -> None:
    for path in (B, A, "content/incidents/2025/z.md", "content/incidents/top.md"):
        write(root, path, path.encode())
    write(root, "content/pages/about.md")
    write(root, "content/images/kiln.jpg")

    files, problems = scan(root, root / "content")

    assert [file.path for file in files] == [
        "content/incidents/2025/z.md",
        A,
        B,
        "content/incidents/top.md",
    ]
    assert all(file.data == file.path.encode() for file in files)
    assert problems == []


def test_a_site_may_have_no_incidents(tmp_path: Path) -> None:
    assert scan(tmp_path, tmp_path / "content") == ([], [])


def test_what_editors_leave_behind_is_theirs(root: Path) -> None:
    for name in (".a.md.swp", ".#a.md", "a.md~", ".git/x.md", ".DS_Store"):
        write(root, f"content/incidents/2026/{name}")

    assert scanned(root) == []


@pytest.mark.parametrize("name", ["a.md.txt", "a.markdown", "a.MD", "a", "#a.md#", "a.md.orig"])
def test_what_is_no_incident_file_does_not_vanish_without_a_word(root: Path, name: str) -> None:
    write(root, f"content/incidents/2026/{name}")

    assert scanned(root) == [
        (
            f"content/incidents/2026/{name}:1: not-markdown: warning: {name!r} is not read: "
            "incident files end in '.md'"
        )
    ]


def test_links_stay_in_the_folder(root: Path) -> None:
    secret = write(root, "secret.md", b"the key")
    write(root, A, b"a")
    folder = root / "content/incidents/2026"
    (folder / "b.md").symlink_to("a.md")
    (folder / "c.md").symlink_to("../../../secret.md")
    (folder / "d.md").symlink_to(secret)
    (folder / "e.md").symlink_to("gone.md")
    (folder / "f.md").symlink_to("f.md")
    (folder / "g").symlink_to(root)

    files, problems = scan(root, root / "content")

    assert [file.data for file in files] == [b"a", b"a", b"", b"", b"", b""]
    assert [str(file.problem).removeprefix("content/incidents/2026/") for file in files[2:5]] == [
        "c.md:1: symlink: leads out of incidents/: '../../../secret.md'",
        f"d.md:1: symlink: leads out of incidents/: {str(secret)!r}",
        "e.md:1: unreadable: cannot be read: No such file or directory",
    ]
    assert "f.md:1: unreadable: cannot be read: " in str(files[5].problem)
    assert [problem.rule for problem in problems] == ["not-markdown"]


def test_a_file_that_is_too_large_is_not_read(root: Path) -> None:
    write(root, A, b"x" * 1_000_001)
    write(root, B, b"x" * 1_000_000)

    assert scanned(root) == [
        f"{A}:1: size: 1000001 bytes; an incident file has at most 1000000",
        B,
    ]


def test_nobody_waits_for_a_pipe(root: Path) -> None:
    os.mkfifo(root / A)

    assert scanned(root) == [f"{A}:1: unreadable: cannot be read: it is no regular file"]


def test_a_folder_called_like_a_file(root: Path) -> None:
    write(root, "content/incidents/2026/a.md/b.md")

    assert scanned(root) == ["content/incidents/2026/a.md/b.md"]


def test_a_folder_that_cannot_be_listed(tmp_path: Path) -> None:
    write(tmp_path, "content/incidents")

    files, problems = scan(tmp_path, tmp_path / "content")

    assert files == []
    assert [(str(problem), problem.level) for problem in problems] == [
        ("content/incidents:1: unreadable: cannot be read: Not a directory", Level.ERROR)
    ]


def test_names_that_would_break_a_line_are_spelled_out(root: Path) -> None:
    (root / "content/incidents/2026/a\n::error::.md").write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(root) + b"/content/incidents/2026/b\xff.md")).write_bytes(b"x")

    paths = [line for line in scanned(root) if line.isprintable()]

    assert paths == [
        "content/incidents/2026/a\\n::error::.md",
        "content/incidents/2026/b\\udcff.md",
    ]


@pytest.mark.parametrize(
    ("written_at", "looked_at", "told"),
    [
        (1_795_253_940_123_456_789, 1_795_253_940_160_000_000, False),
        (1_795_253_940_123_456_789, 1_795_253_940_180_000_000, True),
        # Whole seconds: another write in the same one, or in the next, may look the same.
        (1_795_253_940_000_000_000, 1_795_253_940_900_000_000, False),
        (1_795_253_940_000_000_000, 1_795_253_941_900_000_000, False),
        (1_795_253_940_000_000_000, 1_795_253_942_200_000_000, True),
    ],
)
def test_a_time_tells_of_a_write_once_no_other_can_have_it(
    written_at: int, looked_at: int, *, told: bool
) -> None:
    status = os.stat_result(
        (0o100644, 7, 1, 1, 0, 0, 120, 0, 0, 0),
        {"st_mtime_ns": written_at, "st_ctime_ns": written_at},
    )

    assert bool(written(status, looked_at)) == told


def test_the_warnings_of_the_scan_are_told_with_the_rest(root: Path) -> None:
    write(root, A, BROKEN.encode())
    write(root, "content/incidents/2026/b.txt")

    content = read_content(SITE, root, root / "content", NOW)

    assert rules(content) == ["status", "not-markdown"]


def test_what_the_target_remembers_is_a_version_too(root: Path) -> None:
    write(root, A, BROKEN.encode())

    content = read_content(
        SITE,
        root,
        root / "content",
        NOW,
        {A: GOOD},
        published={"a": {"20261121T082000Z"}},
    )

    assert (shown(content), kept(content)) == ({A: 1}, {A: "what is published"})


def test_what_was_redacted_does_not_come_back(root: Path) -> None:
    gap = "[redacted 2026-11-21 09:10 UTC by Dawn Okafor: a telephone number]"
    write(root, A, GOOD.encode())
    published = GOOD.replace("One in five.", f"One in five. {gap}")

    content = read_content(SITE, root, root / "content", NOW, {A: published})

    assert kept(content) == {A: "what is published"}
    assert told(content) == [
        (
            f"{A}:1: redacted: would bring back what was redacted: {gap}; "
            "put this gap back, or pull the commit"
        )
    ]


# ── what is published and told no more ───────────────────────────────────────────────────────────

IDS = {"a": {"20261121T082000Z"}}


def remembering(root: Path, published: Mapping[str, set[str]] | None = None) -> Content:
    """Read a folder where a target remembers GOOD as A, and nothing else."""
    return read_content(SITE, root, root / "content", NOW, {A: GOOD}, published=published or IDS)


def test_a_published_story_outlives_its_file(root: Path) -> None:
    write(root, B, SLOWER.encode())

    content = remembering(root)

    assert (shown(content), kept(content)) == ({A: 1, B: 1}, {A: "what is published"})
    assert content.sources[A] == GOOD
    assert told(content) == [
        (
            f"{A}:1: gone: 'a' is published and its file is gone; bring it back (if it was "
            "renamed: 'id: a' there keeps it). The open way to take it back is an update "
            "'withdrawn'"
        )
    ]


def test_a_renamed_story_is_not_told_twice(root: Path) -> None:
    write(root, B, BETTER.replace("One in five.", "One in six.").encode())

    content = remembering(root)

    assert (shown(content), kept(content)) == ({A: 1}, {A: "what is published", B: ""})
    assert [line.partition("; ")[0] for line in told(content)] == [
        f"{A}:1: gone: 'a' is published and its file is gone",
        f"{B}:1: gone: published as {A}",
    ]


def test_a_renamed_story_that_keeps_its_id_is_fine(root: Path) -> None:
    write(root, B, called(BETTER, "a").encode())

    content = remembering(root)

    assert (shown(content), kept(content), told(content)) == ({B: 2}, {}, [])


def test_a_renamed_story_that_is_broken_stays_as_it_was(root: Path) -> None:
    write(root, B, called(BROKEN, "a").encode())

    content = remembering(root)

    assert (shown(content), kept(content)) == ({A: 1}, {A: "what is published", B: ""})
    assert rules(content) == ["gone", "status"]


@pytest.mark.parametrize("key", ["draft", "drill"])
def test_what_is_published_is_no_draft(root: Path, key: str) -> None:
    write(root, A, BETTER.replace("title: T", f"title: T\n{key}: yes").encode())

    content = remembering(root)

    assert (shown(content), kept(content)) == ({A: 1}, {A: "what is published"})
    assert told(content) == [
        (
            f"{A}:3: draft: 'a' is published; {key!r} cannot take it back. Remove the line, or say "
            "so in the open with an update 'withdrawn'"
        )
    ]


def test_a_published_story_keeps_its_id(root: Path) -> None:
    write(root, A, called(GOOD, "x").encode())

    content = remembering(root)

    assert [(i.path, i.id) for i in content.incidents] == [(A, "a")]
    assert told(content) == [f"{A}:3: id: published as 'a', and an id stays: 'id: a'"]


def test_whoever_takes_the_address_of_a_lost_story_comes_second(root: Path) -> None:
    write(root, "content/incidents/a.md", called(SLOWER, "x").encode())

    content = remembering(root)

    assert [(i.path, i.id) for i in content.incidents] == [(A, "a")]
    assert rules(content) == ["gone", "address"]


def test_two_targets_remember_a_renamed_story_by_two_names(root: Path) -> None:
    gap = "[redacted 2026-11-21 09:10 UTC by Dawn Okafor: a telephone number]"
    newer = called(GOOD, "a").replace("One in five.", f"One in five. {gap}")

    content = read_content(SITE, root, root / "content", NOW, {A: BETTER, B: newer}, published=IDS)

    assert content.sources == {B: newer}


def test_what_was_never_published_may_go(root: Path) -> None:
    content = read_content(SITE, root, root / "content", NOW, {A: GOOD}, published={})

    assert (content.incidents, content.problems, content.held) == ((), (), ())
