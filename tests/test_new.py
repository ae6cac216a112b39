"""`firstword new` and `firstword update` in real repositories, by flags alone and by an editor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sites import CARDS, CARDS_FILE, CONF, HALF_PAST_TEN, RESOLVED, SLOW, SLOW_FILE, Ran, SmallSite

NEW_FILE = "content/incidents/2026/2026-11-21-nobody-can-sign-in.md"
WORD = (
    *("--title", "Nobody can sign in", "--impact", "critical", "--started", "20m ago"),
    *("--components", "API major", "--affected", "we do not know yet", "--next", "in 30 minutes"),
    *("--say", "Since 10:10 nobody can sign in. Ian is at the server."),
)
MORE = ("--say", "It is the certificate. Ian is making a new one.", "--status", "identified")


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    """Make a site with one open incident, in which Dawn Okafor works."""
    site = SmallSite.make(tmp_path / "site")
    site.commit()
    site.git("config", "user.email", "Dawn@acme.example")
    site.git("config", "user.name", "dawn")
    return site


def committed(site: SmallSite) -> list[str]:
    """Name the files of the newest commit."""
    return site.git("show", "--format=", "--name-only").out.split()


def drafts(site: SmallSite) -> list[Path]:
    return sorted((site.root / ".cache/drafts").glob("*"))


# ── by flags ─────────────────────────────────────────────────────────────────────────────────────


def test_flags_alone_write_check_and_commit_a_first_word(site: SmallSite) -> None:
    ran = site.firstword("new", *WORD, "--commit")

    assert ran == Ran(
        0,
        f"{NEW_FILE}\n"
        "2026-11-21-nobody-can-sign-in: investigating 20261121T093000Z (Dawn Okafor)\n",
        ran.err,
    )
    assert (
        (site.root / NEW_FILE).read_text()
        == """\
---
title: Nobody can sign in
impact: critical
started: 2026-11-21 10:10
components: [api]
affected: we do not know yet
---

## 2026-11-21 10:30 | Dawn Okafor | investigating
components: api major_outage
next: 2026-11-21 11:00

Since 10:10 nobody can sign in. Ian is at the server.
"""
    )
    assert committed(site) == [NEW_FILE]
    assert drafts(site) == []
    assert site.firstword("check", NEW_FILE).code == 0


def test_without_commit_git_is_left_alone(site: SmallSite) -> None:
    before = site.git("rev-parse", "HEAD").out

    assert site.firstword("new", *WORD).code == 0

    assert site.git("rev-parse", "HEAD").out == before
    assert site.git("status", "--porcelain").out == f"?? {NEW_FILE}\n"


def test_what_others_have_staged_stays_out_of_the_commit(site: SmallSite) -> None:
    site.write("notes.txt", "half done")
    site.git("add", "notes.txt")
    site.write(SLOW_FILE, SLOW + "\n")

    assert site.firstword("update", *MORE, "--commit").code == 0

    assert committed(site) == [CARDS_FILE]
    assert site.git("status", "--porcelain").out == f" M {SLOW_FILE}\nA  notes.txt\n"


def test_what_is_missing_is_named(site: SmallSite) -> None:
    ran = site.firstword("new", "--title", "Nobody can sign in")

    assert ran.code == 2
    assert [line.partition(":")[0] for line in ran.err.splitlines()] == [
        *("--impact", "--started", "--say", "kept")
    ]
    assert site.git("status", "--porcelain").out == ""


def test_a_draft_that_was_kept_is_gone_on_with(site: SmallSite) -> None:
    site.firstword("new", "--title", "Nobody can sign in", "--say", "One\n\nTwo.")
    (draft,) = drafts(site)
    assert draft.stat().st_mode & 0o777 == 0o600

    ran = site.firstword(
        "new", "--from", str(draft), "--impact", "major", "--started", "now", "--no-input"
    )

    assert ran.code == 0, ran.err
    assert (site.root / NEW_FILE).read_text().endswith("\n\nOne\n\nTwo.\n")
    assert drafts(site) == []


def test_no_draft_is_written_over(site: SmallSite) -> None:
    site.firstword("new", "--title", "One")
    site.firstword("new", "--title", "Two")

    assert len(drafts(site)) == 2


def test_a_dry_run_shows_and_writes_nothing(site: SmallSite) -> None:
    ran = site.firstword("update", *MORE, "--dry-run")

    assert ran.code == 0
    assert "## 2026-11-21 10:30 | Dawn Okafor | identified\n\nIt is the certificate." in ran.out
    assert site.git("status", "--porcelain").out == ""


def test_what_the_page_would_not_take_is_not_written(site: SmallSite) -> None:
    ran = site.firstword("new", *WORD[:-1], "One.\n\n## A heading of my own\n\nTwo.")

    assert ran.code == 1
    assert f"{NEW_FILE}:15: heading: " in ran.err
    assert not (site.root / NEW_FILE).exists()
    assert "## A heading of my own" in drafts(site)[0].read_text()


def test_a_status_that_cannot_follow_is_not_written(site: SmallSite) -> None:
    ran = site.firstword("update", "--status", "postmortem", "--say", "It was the bank.")

    assert ran.code == 1
    assert "status-order: 'postmortem' while investigating" in ran.err
    assert (site.root / CARDS_FILE).read_text() == CARDS


def test_a_warning_rides_along(site: SmallSite) -> None:
    ran = site.firstword("new", *WORD[:-1], "As in [the other one](incident:2026-11-02-slow-page).")

    assert ran.code == 0
    assert "link: warning: no such incident: '2026-11-02-slow-page'" in ran.err
    assert (site.root / NEW_FILE).exists()


def test_links_to_other_stories_are_looked_up(site: SmallSite) -> None:
    say = "As in [the other one](incident:2026-11-02-slow-pages). Ian is at the server."
    ran = site.firstword("new", *WORD[:-1], say)

    assert ran.code == 0
    assert "link:" not in ran.err


def test_the_text_can_come_through_a_pipe(site: SmallSite) -> None:
    program = "import sys; from firstword.cli import main; sys.exit(main(sys.argv[1:]))"
    python = f"{sys.executable} -c '{program}'"
    ran = site.run("sh", "-c", f'echo "It is the bank." | {python} update --say - --next 30m')

    assert ran.code == 0, ran.err
    assert (site.root / CARDS_FILE).read_text().endswith("\n\nIt is the bank.\n")


# ── who and what ─────────────────────────────────────────────────────────────────────────────────


def test_nobody_signs_for_a_stranger(site: SmallSite) -> None:
    site.git("config", "user.email", "stranger@elsewhere.example")

    ran = site.firstword("update", *MORE)

    assert ran.code == 2
    assert "'stranger@elsewhere.example'" in ran.err
    assert "Dawn Okafor, Ian Reyes" in ran.err


FORGED = "## 2026-11-21 10:33 | Ian Reyes | resolved"


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("new", *WORD[:-1]), FORGED),
        (("update", "--say"), FORGED),
        (("update", "--say"), FORGED.replace("Ian Reyes", "Dawn Okafor")),
    ],
)
def test_nobody_signs_two_updates_at_once(
    site: SmallSite, command: tuple[str, ...], line: str
) -> None:
    before = (site.root / CARDS_FILE).read_text()

    now = str(int(HALF_PAST_TEN) + 600)
    forged = f"We look at it.\n\n{line}\n\nAll is well."
    ran = site.firstword(*command, forged, SOURCE_DATE_EPOCH=now)

    assert ran.code == 2
    assert f"would be read as an update of its own: '{line}'" in ran.err
    assert (site.root / CARDS_FILE).read_text() == before
    assert not (site.root / NEW_FILE).exists()


def test_no_text_hides_what_was_said_before(site: SmallSite) -> None:
    head, _, first = CARDS.partition("\n## ")
    newest = "## 2026-11-21 09:50 | Ian Reyes | update\n\nThe way: bank --> us."
    site.write(CARDS_FILE, f"{head}\n{newest}\n\n## {first}")
    before = (site.root / CARDS_FILE).read_text()

    ran = site.firstword("update", "--say", "It is the bank.\n\n<!-- said Ian")

    assert ran.code == 2
    assert "hides an update that is there: '## 2026-11-21 09:50 | Ian Reyes | update'" in ran.err
    assert (site.root / CARDS_FILE).read_text() == before


def test_somebody_else_signs_who_is_named(site: SmallSite) -> None:
    assert site.firstword("update", *MORE, "--as", "ian reyes").code == 0
    assert "## 2026-11-21 10:30 | Ian Reyes | identified\n" in (site.root / CARDS_FILE).read_text()

    assert site.firstword("update", *MORE, "--as", "Support").code == 2


def test_who_left_signs_nothing(site: SmallSite) -> None:
    ian = '"address": "ian@acme.example"'
    left = f'{ian}, "until": "2026-10-31", "successor": "Dawn Okafor"'
    site.write("pelicanconf.py", CONF.replace(ian, left))

    ran = site.firstword("update", *MORE, "--as", "Ian Reyes")

    assert ran.code == 2
    assert ran.err.endswith("not one who can sign: 'Ian Reyes'; Dawn Okafor\n")


def test_of_several_open_stories_one_is_named(site: SmallSite) -> None:
    site.firstword("new", *WORD)

    ran = site.firstword("update", *MORE)

    assert ran.code == 2
    assert "2026-11-21-card-payments" in ran.err
    assert "2026-11-21-nobody-can-sign-in" in ran.err
    assert "slow-pages" not in ran.err
    assert site.firstword("update", "sign-in", *MORE).code == 0
    assert "| identified\n" in (site.root / NEW_FILE).read_text()


def test_an_ended_story_is_named_for_its_postmortem(site: SmallSite) -> None:
    site.write(CARDS_FILE, CARDS + RESOLVED)

    assert site.firstword("update", *MORE).code == 2
    ran = site.firstword(
        *("update", "card-payments", "--status", "postmortem", "--say"),
        "The cause was a certificate.\n\n- [ ] A second bank (Ian Reyes, 2026-12-01)",
    )

    assert ran.code == 0, ran.err


def test_a_maintenance_and_a_notice(site: SmallSite) -> None:
    maintenance = site.firstword(
        *("new", "maintenance", "--title", "A second line", "--scheduled-for", "tomorrow 01:00"),
        *("--scheduled-until", "2h", "--say", "We connect a second line.", "--commit"),
    )
    notice = site.firstword(
        *("new", "notice", "--title", "Bowls come late", "--about", "delay"),
        *("--expected", "2026-12-01", "--say", "The kiln broke.", "--commit"),
    )

    assert (maintenance.code, notice.code) == (0, 0), maintenance.err + notice.err
    assert site.firstword("check").code == 0


# ── what can go wrong ────────────────────────────────────────────────────────────────────────────


def test_outside_of_git_the_file_is_written_all_the_same(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site")

    ran = site.firstword("update", *MORE, "--as", "Dawn Okafor", "--commit")

    assert ran.code == 3
    assert f"{CARDS_FILE}: written, NOT committed: this is no git repository" in ran.err
    assert (site.root / CARDS_FILE).read_text().startswith(CARDS)
    assert drafts(site) == []


def test_a_hook_that_refuses_leaves_the_file(site: SmallSite) -> None:
    hook = site.root / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\necho not today\nexit 1\n")
    hook.chmod(0o755)

    ran = site.firstword("update", *MORE, "--commit")

    assert ran.code == 3
    assert "not today" in ran.err
    assert (
        f"{CARDS_FILE}: written, NOT committed; do what git says, then commit that file" in ran.err
    )
    assert "identified" in (site.root / CARDS_FILE).read_text()

    # Now that it is there, whatever else goes along is said, and where no branch keeps it.
    hook.unlink()
    site.git("checkout", "--quiet", "--detach")
    again = site.firstword("update", "--say", "The bank is back.", "--commit")
    assert again.code == 0, again.err
    assert "what you had changed in it before went into the commit, too" in again.err
    assert "the commit is on no branch (detached HEAD): git switch -c NAME keeps it" in again.err


def test_what_somebody_else_wrote_meanwhile_is_not_lost(site: SmallSite) -> None:
    theirs = "\n## 2026-11-21 10:29 | Ian Reyes | update\n\nThe bank answers.\n"
    editor = site.root / "editor"
    editor.write_text(f"#!/bin/sh\necho 'My words.' >> $1\nprintf '{theirs}' >> {CARDS_FILE}\n")
    editor.chmod(0o755)

    ran = site.firstword("update", "--edit", EDITOR="./editor")

    assert ran.code == 1
    assert "was changed by somebody else in between" in ran.err
    assert (site.root / CARDS_FILE).read_text() == CARDS + theirs
    (draft,) = drafts(site)
    again = site.firstword("update", "--from", str(draft))
    assert again.code == 0, again.err
    assert (site.root / CARDS_FILE).read_text().startswith(CARDS + theirs)
    assert "My words." in (site.root / CARDS_FILE).read_text()


def test_a_broken_file_beside_it_is_told_and_in_nobodys_way(site: SmallSite) -> None:
    site.write("content/incidents/2026/2026-11-20-broken.md", "---\nno end")

    ran = site.firstword("update", *MORE)

    assert ran.code == 0
    assert "2026-11-20-broken.md: cannot be read" in ran.err


# ── the editor ───────────────────────────────────────────────────────────────────────────────────


def test_an_editor_shows_questions_that_reach_no_file(site: SmallSite) -> None:
    editor = site.root / "editor"
    editor.write_text(
        "#!/bin/sh\ncp $1 seen\n"
        "sed -i -e 's/^title:.*/title: Nobody can sign in/' -e 's/^impact:.*/impact: major/'"
        " -e 's/^started:.*/started: now/' $1\nprintf 'What I say.\\n\\n### Why\\n' >> $1\n"
    )
    editor.chmod(0o755)

    ran = site.firstword("new", "--edit", EDITOR="./editor")

    assert ran.code == 0, ran.err
    seen = (site.root / "seen").read_text()
    assert "#? What can people not do right now? (one line)\ntitle:\n" in seen
    text = (site.root / NEW_FILE).read_text()
    assert text.endswith("| investigating\n\nWhat I say.\n\n### Why\n")
    assert "#?" not in text


def test_an_editor_that_fails_loses_nothing(site: SmallSite) -> None:
    ran = site.firstword("new", "--title", "Nobody can sign in", "--edit", EDITOR="false")

    assert ran.code == 1
    assert "'false' ended with 1" in ran.err
    assert "title: Nobody can sign in\n" in drafts(site)[0].read_text()


def test_a_draft_that_cannot_be_read_is_kept_as_it_is(site: SmallSite) -> None:
    ran = site.firstword("new", "--title", "x", "--edit", EDITOR="sed -i s/^title:.*/ttile:y/")

    assert ran.code == 2
    assert "unknown: 'ttile'; did you mean 'title'?" in ran.err
    assert "ttile:y" in drafts(site)[0].read_text()


def test_ctrl_c_in_an_editor_is_the_editors_own(site: SmallSite) -> None:
    editor = site.root / "editor"
    editor.write_text("#!/bin/sh\nkill -INT $PPID\nprintf 'Said after it.\\n' >> $1\n")
    editor.chmod(0o755)

    ran = site.firstword("update", "--edit", EDITOR="./editor")

    assert ran.code == 0, ran.err
    assert (site.root / CARDS_FILE).read_text().endswith("\n\nSaid after it.\n")


def test_no_editor_is_told(site: SmallSite) -> None:
    ran = site.firstword("new", "--edit")

    assert ran.code == 2
    assert "EDITOR: not set" in ran.err


# ── completion ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["fir", "upd"], {"update"}),
        (["firstword", "update", "--status", "po"], {"postmortem"}),
        (["firstword", "new", "ma"], {"maintenance"}),
        (["firstword", "new", "--impact", "cr"], {"critical"}),
        (["firstword", "new", "--wor"], {"--workaround"}),
    ],
)
def test_bash_completes_commands_flags_and_words(
    site: SmallSite, typed: list[str], offered: set[str]
) -> None:
    script = site.firstword("completion", "bash").out
    words = " ".join(f"'{word}'" for word in typed)
    ask = (
        f"{script}\nCOMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; _shtab_firstword\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    told = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)

    assert {word.strip() for word in told.stdout.splitlines()} == offered


def test_zsh_has_its_script_too(site: SmallSite) -> None:
    script = site.firstword("completion", "zsh").out

    assert script.startswith("#compdef firstword")
    assert "postmortem" in script
