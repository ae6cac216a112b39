"""`firstword doctor`: what is in place, what is not, and what to do about it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import boto3
import pytest
from fakestore import NOON, FakeStore, Site, World, die
from moto.server import ThreadedMotoServer
from sites import CONF, SmallSite
from test_probe import Bucket, Heedless

from firstword import model
from firstword.doctor import Finding, Level, examine
from firstword.doctor import mail as of_mail
from firstword.doctor import site as of_site
from firstword.doctor import target as of_target
from firstword.doctor.findings import At, Place
from firstword.errors import StoreError
from firstword.manifest import ROOT_KEY
from firstword.store import Store
from firstword.store.exposure import Exposure
from firstword.store.public import Answer
from firstword.values import replace

DAWN = model.Person(
    name="Dawn Okafor", role="Engineer", address="d@acme.example", shown="Dawn Okafor", slug="dawn"
)


def mailing(root: Path, **mail: object) -> Place:
    """A site that sends mail."""
    given = {"sender": "status@acme.example", "inbox": "status@acme.example", "state": ".mail"}
    return place(root, mail=model.Mail(**given | mail))  # type: ignore[arg-type] # each of its own kind


def about_mail(place: Place) -> list[tuple[Level, str]]:
    return [(found.level, found.text) for found in of_mail.mail(place)]


def test_a_site_without_mail_hears_nothing_of_it(tmp_path: Path) -> None:
    assert about_mail(place(tmp_path)) == []


def test_mail_that_is_in_place(tmp_path: Path) -> None:
    (tmp_path / ".mail").mkdir()
    (tmp_path / ".mail" / "subscribers.db").touch(mode=0o600)
    server = "smtp://status@mail.acme.example:587"
    here = mailing(
        tmp_path,
        transport=server,
        one_click="https://acme.example/u/",
        imap="imaps://list@mail.acme.example/INBOX",
    )
    passwords = ("FIRSTWORD_SMTP_PASSWORD", "FIRSTWORD_IMAP_PASSWORD")
    here = replace(here, environ=dict.fromkeys(passwords, "very-secret"))

    found = about_mail(here)

    assert {level for level, _ in found} == {Level.OK}
    assert "very-secret" not in str(found)
    assert (Level.OK, "goes by mail.acme.example, port 587") in found


@pytest.mark.parametrize(
    ("mail", "level", "text"),
    [
        ({}, Level.NOTE, "no server to send by: firstword digest works"),
        ({}, Level.NOTE, "no list of subscribers in '.mail': sending ends with 3"),
        ({"sender": "a@elsewhere.example"}, Level.NOTE, "mail comes from elsewhere.example"),
        (
            {"transport": "smtp://me@mail.acme.example"},
            Level.FAIL,
            "no line for 'mail.acme.example'",
        ),
        ({"transport": "smtp+plain://mail.acme.example"}, Level.NOTE, "unencrypted"),
        (
            {"imap": "imaps://list@mail.acme.example/INBOX"},
            Level.FAIL,
            "FIRSTWORD_IMAP_PASSWORD: not set",
        ),
        ({"received": "s3://status/inbound"}, Level.FAIL, "MAIL_RECEIVED"),
        ({"state": "public/list"}, Level.FAIL, "lies with what is published"),
        ({"state": "s3://status/list"}, Level.FAIL, "MAIL_STATE"),
    ],
)
def test_what_is_not_in_place_about_mail(
    tmp_path: Path, mail: dict[str, object], level: Level, text: str
) -> None:
    targets = (model.Target(name="public"), model.Target(name="s3://status/site"))
    here = mailing(tmp_path, **mail)
    here = replace(
        here,
        site=replace(here.site, targets=targets),
        environ={"NETRC": str(tmp_path / "none")},
    )

    assert [t for found, t in about_mail(here) if found is level and text in t]


def test_a_list_that_others_may_read_fails(tmp_path: Path) -> None:
    (tmp_path / ".mail").mkdir()
    (tmp_path / ".mail" / "subscribers.db").touch()
    (tmp_path / ".mail" / "subscribers.db").chmod(0o644)

    found = about_mail(mailing(tmp_path))

    assert (Level.FAIL, "others on this machine may read 'subscribers.db'") in found


def test_somebody_whom_no_mail_server_reaches_fails(tmp_path: Path) -> None:
    here = mailing(tmp_path)
    joerg = replace(DAWN, name="Jörg", address="jörg@acme.example")

    found = about_mail(replace(here, site=replace(here.site, people={"Jörg": joerg})))

    assert (Level.FAIL, "no mail server takes the address of 'Jörg'") in found


class HeedlessBucket(Bucket, Heedless):
    """A bucket on a server that ignores conditions."""


def place(root: Path, *, get: Callable[[str], Answer] | None = None, **site: object) -> Place:
    settings: dict[str, object] = {
        "name": "Acme status",
        "url": "https://status.acme.example",
        "timezone": ZoneInfo("Europe/Copenhagen"),
        "people": {DAWN.name: DAWN},
        "tag_authority": "status.acme.example,2026",
        "contact": "care@acme.example",
        **site,
    }
    return Place(
        root=root,
        site=model.Site(**settings),  # type: ignore[arg-type] # each of its own kind
        environ={"PATH": "/usr/bin:/bin"},
        now=lambda: NOON,
        get=get or (lambda _url: Answer(status=0, error="no route to host")),
    )


def at(tmp_path: Path, store: Store, *, address: str = "", answers: object = None) -> At:
    """Return a target whose public address gives these answers, by path."""
    known: Mapping[str, Answer] = answers if isinstance(answers, dict) else {}

    def get(url: str) -> Answer:
        path = url.removeprefix("http://status.example")
        return known.get(path, Answer(status=404, error="HTTP 404"))

    target = model.Target(name=store.name, address=address)
    return At(place(tmp_path, get=get), target, store)


def told(findings: Iterator[Finding]) -> list[tuple[Level, str]]:
    return [(finding.level, finding.text) for finding in findings]


def only(findings: Iterator[Finding]) -> Finding:
    [finding] = findings
    return finding


# ── the site ─────────────────────────────────────────────────────────────────────────────────────


def test_people_who_can_sign(tmp_path: Path) -> None:
    gone = replace(DAWN, name="Kofi", until=date(2026, 11, 20), successor=DAWN.name)
    here = place(tmp_path, people={DAWN.name: DAWN, gone.name: gone})

    assert told(of_site.people(here)) == [
        (Level.OK, "1 can sign, 1 left; each has an address that answers")
    ]


@pytest.mark.parametrize(
    ("people", "text"),
    [
        ({}, "nobody can sign: it is empty"),
        (
            {DAWN.name: replace(DAWN, until=date(2026, 11, 20))},
            "nobody can sign: everybody in it has left",
        ),
    ],
    ids=["empty", "left"],
)
def test_nobody_who_can_sign(tmp_path: Path, people: object, text: str) -> None:
    finding = only(of_site.people(place(tmp_path, people=people)))

    assert (finding.level, finding.text) == (Level.FAIL, text)
    assert finding.todo == "list people in PEOPLE of pelicanconf.py"


def test_a_signature_that_nobody_answers_for(tmp_path: Path) -> None:
    gone = replace(DAWN, name="Kofi", until=date(2026, 11, 20))
    here = place(tmp_path, people={DAWN.name: DAWN, gone.name: gone})

    assert (Level.FAIL, "nobody answers for what 'Kofi' signed") in told(of_site.people(here))


def test_no_contact_is_a_note(tmp_path: Path) -> None:
    assert only(of_site.contact(place(tmp_path))).level is Level.OK
    assert only(of_site.contact(place(tmp_path, contact=""))).level is Level.NOTE


def test_a_clock_that_stands_still_is_a_note(tmp_path: Path) -> None:
    assert told(of_site.clock(place(tmp_path))) == []
    assert only(of_site.clock(place(tmp_path, pinned_clock=NOON))).level is Level.NOTE


def test_git(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site")
    nothing_yet = only(of_site.git(place(site.root)))
    commit = site.commit()
    clean = told(of_site.git(place(site.root)))
    site.write("new.txt", "words")
    dirty = told(of_site.git(place(site.root)))
    site.commit()
    shallow = told(of_site.git(place(site.clone(tmp_path / "clone").root)))
    without = only(of_site.git(replace(place(site.root), environ={"PATH": str(tmp_path)})))

    assert nothing_yet.level is Level.FAIL
    assert "nothing keeps an old copy from overwriting newer words" in nothing_yet.text
    assert clean == [(Level.OK, f"commit {commit[:12]}")]
    assert [level for level, _ in dirty] == [Level.OK, Level.NOTE]
    assert "files differ" in dirty[1][1]
    assert [level for level, _ in shallow] == [Level.OK, Level.NOTE]
    assert "shallow" in shallow[1][1]
    assert (without.level, without.text) == (Level.FAIL, "there is no git program")


# ── a target ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(
        Site(tmp_path / "site", {"card": {"20261121T092000Z": "One in five."}}), store=Bucket()
    )


def test_what_a_target_holds(tmp_path: Path, world: World) -> None:
    empty = told(of_target.reachable(at(tmp_path, world.store)))
    world.publish_one("a")
    build = world.manifest().build_id[:12]

    assert empty == [(Level.OK, "can be read; nothing was ever published here")]
    assert told(of_target.reachable(at(tmp_path, world.store))) == [
        (Level.OK, f"can be read; holds build {build}, commit a")
    ]


def test_a_publish_under_way_and_one_that_died(tmp_path: Path, world: World) -> None:
    die(world.store, world, after="index.html", site=world.site, commit="a")
    here = at(tmp_path, world.store)
    later = At(replace(here.place, now=lambda: NOON + timedelta(hours=1)), here.target, here.store)

    assert told(of_target.reachable(here))[1] == (
        Level.NOTE,
        "publisher of a is publishing until 2026-11-21 12:02:00+00:00",
    )
    level, text = told(of_target.reachable(later))[1]
    assert level is Level.NOTE
    assert text == "publisher of a began to publish at 2026-11-21 12:00:00+00:00 and never ended"


def test_conditions_are_tried(tmp_path: Path) -> None:
    good, heedless = Bucket(), HeedlessBucket()

    assert told(of_target.writable(at(tmp_path, good))) == [
        (Level.OK, "can be written to; conditional writes are honoured")
    ]
    finding = only(of_target.writable(at(tmp_path, heedless)))
    assert finding.level is Level.FAIL
    assert "a second put-if-absent was accepted" in finding.text
    assert finding.todo.startswith("publish with --no-lock, from one place only")
    assert good.objects == heedless.objects == {}


def test_a_target_that_cannot_be_written_to(tmp_path: Path) -> None:
    store = Bucket()

    def deny(operation: str, key: str) -> None:
        if operation == "put":
            raise StoreError("cannot write s3://fake: access denied")

    store.before = deny
    finding = only(of_target.writable(at(tmp_path, store)))

    assert (finding.level, finding.text) == (Level.FAIL, "cannot write s3://fake: access denied")


def test_strangers(tmp_path: Path) -> None:
    store = Bucket("s3://status-acme")
    closed = told(of_target.guarded(at(tmp_path, store)))
    store.exposed = Exposure(unknown=("its ACL (s3:GetBucketAcl)",))
    unknown = told(of_target.guarded(at(tmp_path, store)))
    store.exposed = Exposure(writable="its ACL gives WRITE to AllUsers")
    wide_open = only(of_target.guarded(at(tmp_path, store)))

    assert closed == [(Level.OK, "strangers may not write to it")]
    assert unknown == [
        (
            Level.NOTE,
            "whether strangers may write could not be told from its ACL (s3:GetBucketAcl)",
        )
    ]
    assert wide_open.level is Level.FAIL
    assert "--bucket status-acme " in wide_open.todo


@pytest.mark.parametrize(
    ("behind", "level"),
    [(0, Level.OK), (-4, Level.OK), (5, Level.NOTE), (-29, Level.NOTE), (30, Level.FAIL)],
)
def test_the_clock(tmp_path: Path, behind: int, level: Level) -> None:
    store = Bucket()
    store.time = NOON + timedelta(seconds=behind)

    finding = only(of_target.in_time(at(tmp_path, store)))

    assert finding.level is level
    if level is not Level.OK:
        word = "behind" if behind > 0 else "ahead"
        assert finding.text.startswith(f"this machine's clock is {abs(behind)} s {word}")


def test_a_server_that_does_not_say_what_time_it_has(tmp_path: Path) -> None:
    store = Bucket()
    store.time = None

    assert only(of_target.in_time(at(tmp_path, store))).level is Level.NOTE


def test_what_readers_see(tmp_path: Path, world: World) -> None:
    world.publish_one()
    shown = {"build_id": world.manifest().build_id}
    new = {"/status.json": Answer(status=200, body=json.dumps(shown).encode())}
    old = {"/status.json": Answer(status=200, body=b'{"build_id": "old"}')}
    there = "http://status.example"

    assert only(of_target.seen(at(tmp_path, world.store))).level is Level.NOTE
    assert told(of_target.seen(at(tmp_path, world.store, address=there, answers=new))) == [
        (Level.OK, "readers see this build at http://status.example/")
    ]
    assert told(of_target.seen(at(tmp_path, world.store, address=there, answers=old))) == [
        (
            Level.FAIL,
            f"readers do not see this build at {there}/status.json: build 'old' is there",
        )
    ]


def test_the_state_is_private(tmp_path: Path, world: World) -> None:
    world.publish_one()
    there = "http://status.example"
    root = Answer(status=200, body=world.store.objects[ROOT_KEY].body)
    page = Answer(status=200, body=b"<!doctype html>")

    def level(answers: object) -> Level:
        return only(
            of_target.private(at(tmp_path, world.store, address=there, answers=answers))
        ).level

    assert level({}) is Level.OK
    assert level({"/.firstword/root.json": page}) is Level.OK
    assert level({"/.firstword/root.json": root}) is Level.FAIL
    assert level({"/.firstword/root.json": Answer(status=0, error="timed out")}) is Level.NOTE


def test_a_folder(tmp_path: Path) -> None:
    store = FakeStore(str(tmp_path / "www" / "public"))
    there = at(tmp_path, store)

    assert told(of_target.writable(there)) == [(Level.OK, "can be written to")]
    assert not (tmp_path / "www").exists()
    Path(store.name).mkdir(parents=True)
    Path(store.name).chmod(0o777)
    finding = only(of_target.guarded(there))
    assert (finding.level, finding.todo) == (Level.FAIL, f"chmod o-w {store.name}")
    Path(store.name).chmod(0o755)
    assert told(of_target.guarded(there)) == []


# ── all together ─────────────────────────────────────────────────────────────────────────────────


def test_settings_that_cannot_be_read_end_it(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.write("pelicanconf.py", CONF.replace('"https://status.acme.example"', '"status"'))

    ran = site.firstword("doctor")

    assert ran.code == 1
    problem = "not the address of a site: 'status'; write 'https://status.example.com'"
    assert ran.out.splitlines() == [
        f"FAIL  settings: SITEURL: {problem}",
        "      do: mend SITEURL in pelicanconf.py; the rest waits for it",
        "0 in place, 0 to note, 1 failed",
    ]


def test_a_good_site(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.commit()

    ran = site.firstword("doctor")

    assert ran.code == 0
    assert [line[:4] for line in ran.out.splitlines() if not line.startswith("  ")] == [
        *("ok  ", "ok  ", "ok  ", "note", "ok  ", "ok  ", "ok  ", "ok  "),
        "7 in",
    ]
    assert not (site.root / "public").exists()


def test_one_target_that_cannot_be_reached_does_not_hide_the_others(tmp_path: Path) -> None:
    site = SmallSite.make(tmp_path / "site")
    (site.root / "foreign").mkdir()
    site.write("foreign/index.html", "somebody else's")
    site.write("pelicanconf.py", CONF.replace('"public"', '["foreign", "public"]'))

    findings = [
        *examine(
            site.root,
            [],
            environ={"PATH": "/usr/bin:/bin"},
            now=lambda: NOON,
            get=lambda _url: Answer(status=404),
        )
    ]

    assert "not a Firstword target" in next(f.text for f in findings if f.about == "foreign")
    assert findings[-1].text == "can be written to"


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    urllib.request.urlopen(f"{address}/moto-api/reset", data=b"").close()
    env = {
        "AWS_ACCESS_KEY_ID": "AKIAINVENTED",
        "AWS_SECRET_ACCESS_KEY": "very-secret",
        "AWS_ENDPOINT_URL": address,
    }
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="status")
    yield env
    server.stop()


def test_a_bucket(tmp_path: Path, moto: dict[str, str]) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.commit()

    ran = site.firstword("doctor", "s3://status/site", **moto)

    assert ran.code == 0, ran.out
    lines = [line for line in ran.out.splitlines() if "s3://status/site: " in line]
    assert lines == [
        "ok    s3://status/site: can be read; nothing was ever published here",
        "ok    s3://status/site: can be written to; conditional writes are honoured",
        "ok    s3://status/site: strangers may not write to it",
        "ok    s3://status/site: this machine's clock agrees with the server's",
        "note  s3://status/site: no 'address': nobody looks whether readers see what was published",
    ]
    listed = boto3.client("s3", region_name="us-east-1").list_objects_v2(Bucket="status")
    assert listed["KeyCount"] == 0


def test_a_bucket_that_is_not_there(tmp_path: Path, moto: dict[str, str]) -> None:
    site = SmallSite.make(tmp_path / "site")
    site.commit()

    ran = site.firstword("doctor", "s3://elsewhere", **moto)

    assert ran.code == 1
    assert "there is no bucket 'elsewhere'" in ran.out
    assert "very-secret" not in ran.out + ran.err


def test_the_server_says_what_time_it_has(moto: dict[str, str]) -> None:
    from firstword.store import Remote, open_store

    store = open_store("s3://status", environ=moto)

    assert isinstance(store, Remote)
    time = store.server_time()
    assert time is not None
    assert abs(datetime.now(UTC) - time) < timedelta(minutes=1)  # noqa: TID251 - moto's own clock
