"""`firstword doctor` on a site just begun, on one with a bucket, on one where all is wrong."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import ROOT
from sites import SmallSite
from test_doctor import moto, place, told

from firstword.cli import main
from firstword.doctor import Level
from firstword.doctor import mail as of_mail
from firstword.doctor import site as of_site
from firstword.doctor import target as of_target
from firstword.doctor.findings import Finding
from firstword.values import replace

__all__ = ["moto"]

DAWN = "Dawn Okafor, Engineer, dawn@acme.example"
BEGIN = ("--name", "Acme status", "--address", "https://acme.example", "--person", DAWN)
PAGE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")


def begun(folder: Path, *more: str) -> SmallSite:
    assert main(["init", str(folder), *BEGIN, "--no-git", *more]) == 0
    site = SmallSite(folder)
    site.commit()
    return site


def lines(out: str) -> list[str]:
    """Return what was found, without what to do."""
    return [line for line in out.splitlines()[:-1] if not line.startswith("      ")]


def test_a_site_that_was_just_begun(tmp_path: Path) -> None:
    site = begun(tmp_path / "site", "--contact", "care@acme.example")

    ran = site.firstword("doctor")

    assert ran.code == 0, ran.out
    assert ran.out.splitlines()[-1] == "9 in place, 0 to note, 0 failed"
    abouts = [line.split()[1].rstrip(":") for line in lines(ran.out)]
    assert abouts[:-2] == [
        *("settings", "versions", "requirements.txt", "people", "contact", "time", "git"),
    ]
    assert site.publish().code == 0
    assert "holds build" in site.firstword("doctor").out


def test_a_site_that_was_begun_with_a_bucket(tmp_path: Path, moto: dict[str, str]) -> None:
    site = begun(tmp_path / "site", "--target", "s3://status/site")

    empty = site.firstword("doctor", **moto)
    published = site.publish(**moto)
    full = site.firstword("doctor", **moto)

    assert (empty.code, full.code) == (0, 0), empty.out + full.out
    assert published.code == 0, published.err
    for line in (
        "ok    s3://status/site: can be written to; conditional writes are honoured",
        "ok    s3://status/site: strangers may not write to it",
        "ok    s3://status/site: this machine's clock agrees with the server's",
    ):
        assert line in full.out
    assert "nothing was ever published here" in empty.out
    assert "holds build" in full.out


def test_a_site_where_all_is_wrong(tmp_path: Path) -> None:
    site = begun(tmp_path / "site", "--target", "public")
    conf = (site.root / "pelicanconf.py").read_text()
    site.write(
        "pelicanconf.py",
        f"{conf}PEOPLE = []\n"
        'MAIL_FROM = "status@acme.example"\nMAIL_STATE = "content/list"\n'
        'MAIL_TRANSPORT = "smtp://me@mail.acme.example"\n'
        'PUBLISH_TO = ["public", "foreign", "s3://nowhere"]\n',
    )
    site.write("requirements.txt", "firstword @ file:///home/dawn/firstword.whl\n")
    site.write("foreign/index.html", "somebody else's")
    (site.root / "public").mkdir()
    (site.root / "public").chmod(0o777)
    site.run("rm", "-rf", ".git")

    ran = site.firstword("doctor", AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")

    assert ran.code == 1
    found = ran.out.splitlines()
    failed = [number for number, line in enumerate(found) if line.startswith("FAIL")]
    abouts = [found[number].split()[1].rstrip(":") for number in failed]
    assert abouts == [
        *("requirements.txt", "people", "git", "mail", "mail", "mail"),
        *(str(site.root / "public"), "foreign", "s3://nowhere"),
    ]
    for number in failed:
        assert found[number + 1].startswith("      do: "), found[number]


def test_what_could_not_be_told_of_the_bucket_of_a_list_is_no_all_clear(
    tmp_path: Path, moto: dict[str, str]
) -> None:
    from firstword import model

    def found(state: str) -> list[tuple[Level, str]]:
        mail = model.Mail(sender="a@acme.example", inbox="a@acme.example", state=state)
        return told(of_mail.private(replace(place(tmp_path), environ=moto), mail))

    assert found("s3://status/mail") == [
        (
            Level.OK,
            "the list lies in 's3://status/mail', where strangers may neither write nor read",
        )
    ]
    # Of a bucket that is not there, or not ours to ask, nothing is told.
    unknown = "whether strangers may read 's3://another/mail' could not be told from "
    assert found("s3://another/mail") == [
        (Level.NOTE, f"{unknown}its ACL (s3:GetBucketAcl)"),
        (Level.NOTE, f"{unknown}its policy (s3:GetBucketPolicyStatus, s3:GetBucketPolicy)"),
    ]


def test_a_list_in_the_repository_or_with_what_is_built_fails(tmp_path: Path) -> None:
    """By the very rule that sending goes by."""
    site = SmallSite.make(tmp_path / "site")
    site.write(".mail/subscribers.db", "")
    site.commit()
    from firstword import model

    def found(state: str) -> list[tuple[Level, str]]:
        mail = model.Mail(sender="a@acme.example", inbox="a@acme.example", state=state)
        here = place(site.root, mail=mail, targets=(model.Target(name="public"),))
        return told(of_mail.private(replace(here, settings={"OUTPUT_PATH": "made"}), mail))

    assert found(".mail") == [
        (Level.FAIL, "git has what is in '.mail', or takes it with the next commit")
    ]
    for state, where in (("public/l", "public"), ("content/l", "content"), ("made/l", "made")):
        assert found(state) == [
            (Level.FAIL, f"MAIL_STATE: {state!r} lies with what is published or built: {where!r}")
        ]
    assert found(".")[0][0] is Level.FAIL
    assert not (site.root / "content/l").exists()


def test_a_clock_that_is_behind_what_was_committed(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.commit()
    made = datetime.fromtimestamp(int(site.git("log", "-1", "--format=%ct").out), UTC)

    def level(behind: timedelta) -> list[Level]:
        here = replace(place(site.root), now=lambda: made - behind)
        return [finding.level for finding in of_site.clock(here)]

    assert level(timedelta(minutes=1)) == []
    assert level(timedelta(minutes=3)) == [Level.FAIL]


def test_a_zone_by_rules_of_years_ago(tmp_path: Path) -> None:
    old = files("tzdata").joinpath("zoneinfo", "Europe", "Moscow")
    with old.open("rb") as data:
        here = place(tmp_path, timezone=ZoneInfo.from_file(data, "Europe/Copenhagen"))

    found = told(of_site.zones(here))

    assert [level for level, _ in found] == [Level.OK, Level.FAIL]
    assert "have other rules than tzdata" in found[1][1]
    assert len(told(of_site.zones(place(tmp_path)))) == 1


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("firstword==0.1.0\n", Level.OK),
        ("other\nfirstword @ git+https://forge.example/f@ab\n", Level.OK),
        ("./vendor/firstword-0.1.0-py3-none-any.whl\n", Level.FAIL),
        ("firstword @ file:///home/dawn/f.whl\n", Level.FAIL),
    ],
)
def test_what_every_machine_can_install(tmp_path: Path, text: str, level: Level) -> None:
    (tmp_path / "requirements.txt").write_text(text)

    [(found, _)] = told(of_site.requirement(place(tmp_path)))

    assert found is level


def test_a_list_in_another_encoding_is_a_failure_with_a_word_on_it(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("firstword==0.1.0\n".encode("utf-16"))

    [(found, text)] = told(of_site.requirement(place(tmp_path)))

    assert found is Level.FAIL
    assert "byte 1 is no UTF-8" in text


def test_a_site_without_our_line_hears_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("firstword-theme==1\n")

    assert told(of_site.requirement(place(tmp_path))) == []


# ── nothing fails without a word on what to do ───────────────────────────────────────────────────


def calls_of_fail() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((ROOT / "firstword" / "doctor").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "fail":
                yield f"{path.name}:{node.lineno}", node


def test_every_failure_says_what_to_do() -> None:
    found = dict(calls_of_fail())

    assert len(found) > 20
    for where, call in found.items():
        assert len(call.args) == 3, where
        assert ast.unparse(call.args[2]) not in {"''", "f''"}, where


Check = Callable[..., Iterator[Finding]]
CHECKS: tuple[Check, ...] = (*of_site.CHECKS, *of_mail.CHECKS, *of_target.CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.__module__}.{check.__name__}")
def test_the_page_tells_of_every_check(check: Check) -> None:
    assert check.__doc__
    assert f"| {check.__doc__.splitlines()[0].rstrip('.')} |" in PAGE
