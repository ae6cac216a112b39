"""The first write to a target: does it honour conditions, and does it keep strangers out?"""

from __future__ import annotations

import hashlib
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from fakestore import HOME, HOUR, NOON, U1, U2, FakeStore, Site, World, assert_sound

from firstword.errors import Conflict, Refused, StoreError, Unavailable
from firstword.manifest import ROOT_KEY, Manifest
from firstword.plan import LARGEST, Plan, make_plan
from firstword.store import Write, open_store
from firstword.store.exposure import Exposure, acts_on_blocks, judge, read_block
from firstword.store.probe import PROBES, LookFirst, probe, ready
from firstword.store.state import State

EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"


class Heedless(FakeStore):
    """A server that ignores conditions, and says nothing."""

    ignores: tuple[str, ...] = ("if_match", "if_absent")

    def _expect(self, key: str, if_match: str | None, *, absent: bool) -> None:
        super()._expect(
            key,
            None if "if_match" in self.ignores else if_match,
            absent=absent and "if_absent" not in self.ignores,
        )


class HeedlessOfMatch(Heedless):
    ignores = ("if_match",)


class Pedant(FakeStore):
    """A server that compares ETags with their quotes, and so refuses every If-Match."""

    def _expect(self, key: str, if_match: str | None, *, absent: bool) -> None:
        super()._expect(key, if_match and f'"{if_match}"', absent=absent)


class NotImplementedThere(FakeStore):
    """A server that answers conditions with 501."""

    def _expect(self, key: str, if_match: str | None, *, absent: bool) -> None:
        if if_match is not None or absent:
            raise StoreError(f"cannot write {self.name}/{key}: NotImplemented (501)")


class Forgetful(FakeStore):
    """The first answer to every put is lost: the client repeats it, and collides with itself."""

    def put(self, write: Write) -> str:
        super().put(write)
        if write.if_absent or write.if_match is not None:
            raise Conflict(write.key)
        return "lost"


class Busy(FakeStore):
    """A server that is at work on the object when something new is to be written to it."""

    def put(self, write: Write) -> str:
        if ("busy", write.body.decode()) not in self.requests:
            self.requests.append(("busy", write.body.decode()))
            raise Conflict(write.key)
        return super().put(write)


class Broken(FakeStore):
    """A server that breaks when something new is to be written over what is there."""

    def put(self, write: Write) -> str:
        if write.if_match is not None:
            raise Unavailable(f"cannot write {self.name}/{write.key}: InternalError (500)")
        return super().put(write)


class Bucket(FakeStore):
    """A store on somebody's server."""

    endpoint = ""
    exposed = Exposure()
    time: datetime | None = NOON
    asked_who = 0

    def exposure(self) -> Exposure:
        self.asked_who += 1
        return self.exposed

    def server_time(self) -> datetime | None:
        return self.time


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, {"card": {U1: "One payment in five fails."}})


# ── trying conditions ────────────────────────────────────────────────────────────────────────────


def test_a_server_that_honours_conditions() -> None:
    store = FakeStore()

    assert probe(store) == ""
    assert store.objects == {}
    assert len(store.asked("put")) == 4
    assert len({key for key in store.asked("put") if key.startswith(PROBES)}) == 1


@pytest.mark.parametrize(
    ("store", "ignored"),
    [
        (Heedless(), "If-None-Match: a second put-if-absent was accepted"),
        (HeedlessOfMatch(), "If-Match: a put over another version was accepted"),
        (Pedant(), "If-Match: a put over the very version that is there was refused"),
    ],
    ids=["both", "if-match", "quoted"],
)
def test_a_server_that_does_not(store: FakeStore, ignored: str) -> None:
    assert probe(store) == ignored
    assert store.objects == {}


def test_a_server_that_answers_conditions_with_an_error() -> None:
    ignored = probe(NotImplementedThere())

    assert ignored.startswith("a conditional write is answered with an error: cannot write")
    assert ignored.endswith("NotImplemented (501)")


def test_a_lost_answer_is_not_taken_for_a_server_that_refuses() -> None:
    assert probe(Forgetful()) == ""


def test_a_busy_server_is_not_taken_for_one_that_ignores_conditions() -> None:
    store = Busy()

    assert probe(store) == ""
    assert store.asked("busy") == ["first", "second", "mistaken", "right"]


def test_a_broken_server_is_not_taken_for_one_that_refuses_conditions() -> None:
    """Whoever is told so would publish without a lock from then on."""
    store = Broken()

    with pytest.raises(Unavailable, match=r"InternalError \(500\)"):
        probe(store)
    assert store.objects == {}


def test_a_target_that_cannot_be_written_to_is_an_error() -> None:
    store = FakeStore()

    def deny(operation: str, key: str) -> None:
        if operation == "put":
            raise StoreError("access denied")

    store.before = deny

    with pytest.raises(StoreError, match="access denied"):
        probe(store)


def test_a_missing_permission_to_delete_does_no_harm() -> None:
    store = FakeStore()

    def deny(operation: str, key: str) -> None:
        if operation == "delete":
            raise StoreError("access denied")

    store.before = deny

    assert probe(store) == ""
    assert [key.startswith(PROBES) for key in store.objects] == [True]


def test_a_folder_honours_conditions(tmp_path: Path) -> None:
    assert probe(open_store(str(tmp_path / "public"), environ={})) == ""


# ── the first publish, and later ones ────────────────────────────────────────────────────────────


def test_the_first_publish_probes_and_the_target_remembers(site: Site) -> None:
    world = World(site)

    world.publish_one("a")
    first = [key for key in world.store.asked("put") if key.startswith(PROBES)]
    world.store.requests.clear()
    report = world.publish_one("b", world.later(card={U1: "One payment in six fails."}))

    assert len(first) == 4
    assert world.manifest().probed == "s3://fake"
    assert report.outcome == "published"
    assert [key for _, key in world.store.requests if key.startswith(PROBES)] == []


def test_state_that_was_copied_to_another_target_is_not_believed(site: Site) -> None:
    world = World(site)
    world.publish_one("a")
    copied = Heedless("s3://elsewhere", world.store.objects)

    [report] = world.publish(
        copied, commit="b", site=world.later(card={U1: "One payment in six fails."})
    )

    assert (report.outcome, copied.site()) == ("refused", world.store.site())


class Paired(Bucket):
    """A store that answers who may write only once somebody tries conditions, and vice versa."""

    def __init__(self) -> None:
        super().__init__()
        self.both = threading.Barrier(2)
        self.met = False

    def exposure(self) -> Exposure:
        self.both.wait(10)
        return super().exposure()

    def put(self, write: Write) -> str:
        if not self.met:
            self.met = True
            self.both.wait(10)
        return super().put(write)


def test_conditions_are_tried_while_it_is_asked_who_may_write(site: Site) -> None:
    world = World(site, store=Paired())

    [report] = world.publish(workers=4)

    assert report.outcome == "published"
    assert_sound(world.store)


def test_a_target_is_asked_while_it_is_planned_for_and_left_clean_where_the_plan_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(site)
    asked, planned = threading.Event(), threading.Event()

    def before(operation: str, _key: str) -> None:
        asked.set()
        if operation == "put":
            assert planned.wait(10)

    def plan(*given: Any, **named: Any) -> Plan:
        assert asked.wait(10)
        planned.set()
        return make_plan(*given, **named)

    monkeypatch.setattr("firstword.publisher.carry.make_plan", plan)
    world.site.pages[HOME] = "x" * (LARGEST + 1)
    world.store.requests.clear()
    world.store.before = before

    [report] = world.publish(workers=4)

    assert report.outcome == "refused"
    assert [key.startswith(PROBES) for key in world.store.asked("put", "delete")] == [True] * 5
    assert world.store.objects == {}


class Slow(Bucket):
    """A store where conditions are tried only after strangers were found to be let in."""

    def __init__(self) -> None:
        super().__init__()
        self.tried, self.found = threading.Event(), threading.Event()

    def exposure(self) -> Exposure:
        assert self.tried.wait(10)
        self.found.set()
        return Exposure(writable="its ACL gives WRITE to AllUsers")

    def put(self, write: Write) -> str:
        self.tried.set()
        assert self.found.wait(10)
        return super().put(write)


def test_whoever_refuses_a_bucket_takes_away_what_was_tried_there() -> None:
    store = Slow()

    with pytest.raises(Refused):
        ready(store, State(Manifest(), None), NOON, no_lock=False, workers=4)

    assert len(store.asked("delete")) == 1
    assert store.objects == {}


@pytest.mark.parametrize("workers", [1, 4])
def test_a_dry_run_does_not_probe(site: Site, workers: int) -> None:
    world = World(site)

    world.publish(dry_run=True, workers=workers)

    assert world.store.asked("put", "delete") == []


def test_where_conditions_are_ignored_nothing_is_published(site: Site) -> None:
    world = World(site, store=Heedless())

    report = world.publish_one()

    assert report.outcome == "refused"
    assert report.error == (
        "s3://fake does not honour conditional writes (If-None-Match: a second put-if-absent was "
        "accepted): two publishers at the same moment can overwrite each other's pages, and the "
        "older page can win; make sure that only one publishes at a time, and say so with --no-lock"
    )
    assert world.store.objects == {}


@pytest.mark.parametrize("store", [Heedless(), NotImplementedThere()], ids=["ignored", "refused"])
def test_no_lock_goes_on_and_says_what_is_at_risk(site: Site, store: FakeStore) -> None:
    world = World(site, store=store)

    first = world.publish(no_lock=True)
    later = world.later(card={U1: "One payment in five fails.", U2: "Two in five."})
    again = world.publish(no_lock=True, commit="b", site=later)
    refused = world.publish_one("c", world.later(card={U1: "x", U2: "y"}))

    assert [report.outcome for report in (*first, *again)] == ["published", "published"]
    assert b"Two in five." in store.site()[HOME]
    told = [line for line in world.said if line.startswith("s3://fake: no lock: ")]
    assert len(told) == 2
    assert told[0].endswith("and the older page can win")
    # It is not remembered as good: without the word each time, nothing is sent.
    assert refused.outcome == "refused"
    assert world.manifest().probed == ""
    assert_sound(store)


def test_the_same_name_on_another_server_is_another_place(site: Site) -> None:
    """The state came along with the copy, and says nothing about the server that it is on now."""
    bucket = Bucket("s3://status")
    world = World(site, store=bucket)
    world.publish_one()
    asked = (bucket.asked_who, len([key for key in bucket.asked("put") if key.startswith(PROBES)]))
    bucket.endpoint = "https://s3.elsewhere.example"

    for commit in "bc":
        world.publish_one(commit, world.later(card={U1: f"Words of {commit}."}))

    assert world.manifest().probed == "s3://status at https://s3.elsewhere.example"
    again = (bucket.asked_who, len([key for key in bucket.asked("put") if key.startswith(PROBES)]))
    assert again == (2 * asked[0], 2 * asked[1])
    assert asked[0] == 1


def test_no_lock_takes_nothing_away_where_conditions_are_honoured(site: Site) -> None:
    world = World(site)

    world.publish(no_lock=True)

    assert world.manifest().probed == "s3://fake"
    assert [line for line in world.said if "no lock" in line] == []


def test_without_a_lock_an_object_is_still_looked_at_before_it_is_replaced() -> None:
    store = Heedless()
    store.add(HOME, b"somebody else's")
    looking = LookFirst(store)

    def put(*, if_match: str | None = None, if_absent: bool = False) -> str:
        return looking.put(
            Write(
                key=HOME,
                body=b"ours",
                content_type="text/html",
                cache_control="",
                digest="",
                if_match=if_match,
                if_absent=if_absent,
            )
        )

    with pytest.raises(Conflict):
        put(if_absent=True)
    with pytest.raises(Conflict):
        put(if_match="another")
    with pytest.raises(Conflict):
        looking.delete(HOME, "another")
    assert put(if_match=store.objects[HOME].etag)
    assert store.objects[HOME].body == b"ours"


def test_without_a_lock_a_lease_lost_is_not_taken_for_a_server_that_honours(site: Site) -> None:
    """The second round writes through the store that looks first; that proves nothing."""
    world = World(site, store=Heedless())

    def come_in_between(operation: str, key: str) -> None:
        if (operation, key) == ("head", ROOT_KEY):
            world.store.before = lambda operation, key: None
            World(site, world.clock, world.store).publish(no_lock=True, commit="b")

    world.store.before = come_in_between
    newer = world.later(card={U1: "Words of c."})
    [report] = world.publish(no_lock=True, commit="c", site=newer)

    assert (report.outcome, len(newer.memories)) == ("published", 2)
    assert world.manifest().source.commit == "c"
    assert world.manifest().probed == ""


# ── strangers ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("workers", [1, 4])
def test_a_bucket_that_strangers_may_write_to_is_refused(site: Site, workers: int) -> None:
    store = Bucket("s3://status-acme/site")
    store.exposed = Exposure(writable="its ACL gives WRITE to AllUsers")
    world = World(site, store=store)

    [report] = world.publish(workers=workers)

    assert report.outcome == "refused"
    assert report.error is not None
    assert report.error.startswith(
        "strangers may write to s3://status-acme/site: its ACL gives WRITE to AllUsers; take that "
        "back, or run: aws s3api put-public-access-block --bucket status-acme "
    )
    assert store.objects == {}


def test_who_may_write_is_asked_once_a_day_and_never_of_an_idle_target(site: Site) -> None:
    store = Bucket()
    world = World(site, store=store)
    asked = []
    for commit, wait in zip("abcd", (0 * HOUR, HOUR, 22 * HOUR, HOUR), strict=True):
        world.clock.now += wait
        world.publish_one(commit, world.later(card={U1: f"Words of {commit}."}))
        asked.append(store.asked_who)
    world.clock.now += timedelta(days=30)
    world.publish_one("d", world.later(card={U1: "Words of d."}))

    assert asked == [1, 1, 1, 2]
    assert store.asked_who == 2


def test_what_may_not_be_asked_does_not_stop_a_publish(site: Site) -> None:
    store = Bucket()
    store.exposed = Exposure(unknown=("its ACL (s3:GetBucketAcl)",))

    assert World(site, store=store).publish_one().outcome == "published"


def grant(group: str, permission: str) -> dict[str, Any]:
    return {"Grants": [{"Grantee": {"URI": group}, "Permission": permission}]}


def allow(**statement: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", **statement}]}


@pytest.mark.parametrize(
    ("told", "writable"),
    [
        ({}, ""),
        ({"acl": grant(EVERYBODY, "READ")}, ""),
        ({"acl": grant(EVERYBODY, "WRITE")}, "its ACL gives WRITE to AllUsers"),
        (
            {"acl": grant(EVERYBODY.replace("AllUsers", "AuthenticatedUsers"), "FULL_CONTROL")},
            "its ACL gives FULL_CONTROL to AuthenticatedUsers",
        ),
        ({"acl": grant(EVERYBODY, "WRITE"), "block": {"IgnorePublicAcls": True}}, ""),
        ({"policy": allow(Principal="*", Action="s3:GetObject")}, ""),
        (
            {"policy": allow(Sid="Open", Principal="*", Action=["s3:GetObject", "s3:Put*"])},
            "its policy's 'Open' allows s3:putobject to everybody",
        ),
        (
            {"policy": allow(Principal={"AWS": ["*"]}, Action="s3:DeleteObject")},
            "its policy's 'statement 1' allows s3:deleteobject to everybody",
        ),
        (
            {"policy": allow(Principal="*", NotAction="s3:GetObject")},
            "its policy's 'statement 1' allows s3:putobject to everybody",
        ),
        ({"policy": allow(Principal={"AWS": "arn:aws:iam::1:root"}, Action="*")}, ""),
        ({"policy": allow(Principal="*", Action="*"), "status": {"IsPublic": False}}, ""),
        (
            {"policy": allow(Principal="*", Action="*"), "block": {"RestrictPublicBuckets": True}},
            "",
        ),
    ],
    ids=lambda value: None if isinstance(value, dict) else value or "closed",
)
def test_who_may_write(told: dict[str, Any], writable: str) -> None:
    answers = {"block": {}, "acl": {}, "status": {}, "policy": {}} | told

    exposure = judge(answers.get, amazons=True)

    assert (exposure.writable, exposure.unknown) == (writable, ())


@pytest.mark.parametrize(
    ("told", "readable"),
    [
        ({"acl": grant(EVERYBODY, "READ")}, "its ACL gives READ to AllUsers"),
        (
            {"policy": allow(Sid="Open", Principal="*", Action="s3:GetObject")},
            "its policy's 'Open' allows s3:getobject to everybody",
        ),
        (
            {"policy": allow(Sid="Open", Principal="*", Action="s3:List*")},
            "its policy's 'Open' allows s3:listbucket to everybody",
        ),
        ({"policy": allow(Principal="*", Action="s3:PutObject")}, ""),
        ({"acl": grant(EVERYBODY, "READ"), "block": {"IgnorePublicAcls": True}}, ""),
    ],
)
def test_who_may_read(told: dict[str, Any], readable: str) -> None:
    answers = {"block": {}, "acl": {}, "status": {}, "policy": {}} | told

    exposure = judge(answers.get, amazons=True)

    assert exposure.readable == readable


def test_a_condition_is_left_to_a_person() -> None:
    policy = allow(
        Sid="Office", Principal="*", Action="s3:PutObject", Condition={"IpAddress": {"a": "b"}}
    )

    told = {"block": {}, "acl": {}, "status": {"IsPublic": True}, "policy": policy}
    exposure = judge(told.get, amazons=True)

    assert exposure == Exposure(
        unknown=("whether the condition of its policy's 'Office' keeps strangers out",)
    )


def test_what_is_not_told_is_said() -> None:
    assert judge(lambda _what: None, amazons=True).unknown == (
        "its ACL (s3:GetBucketAcl)",
        "its policy (s3:GetBucketPolicyStatus, s3:GetBucketPolicy)",
    )


# ── a real server that ignores conditions ────────────────────────────────────────────────────────


def test_a_real_server_that_ignores_conditions(rclone: str, site: Site) -> None:
    store = open_store("s3://status/site", environ={"AWS_ENDPOINT_URL": rclone})

    refused = World(site).publish(store)[0]
    published = World(site).publish(store, no_lock=True)[0]

    assert refused.error is not None
    assert "If-None-Match: a second put-if-absent was accepted" in refused.error
    assert published.outcome == "published"
    client = boto3.client("s3", endpoint_url=rclone, region_name="us-east-1")
    page = client.get_object(Bucket="status", Key=f"site/{HOME}")["Body"].read()
    assert b"One payment in five fails." in page
    head = store.head(HOME)
    assert head is not None
    # It gives names of metadata back in capitals, as HTTP allows.
    assert (head.generation, head.digest) == (1, hashlib.sha256(page).hexdigest())


_XML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<PublicAccessBlockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{}'
    "</PublicAccessBlockConfiguration>"
)
_IGNORE, _RESTRICT = (
    f"<{name}>true</{name}>" for name in ("IgnorePublicAcls", "RestrictPublicBuckets")
)


@pytest.mark.parametrize(
    ("said", "block"),
    [
        (
            _XML.format(_IGNORE + _RESTRICT),
            {"IgnorePublicAcls": True, "RestrictPublicBuckets": True},
        ),
        (
            _XML.format(f"\n {_IGNORE}\n <RestrictPublicBuckets>false</RestrictPublicBuckets>\n"),
            {"IgnorePublicAcls": True, "RestrictPublicBuckets": False},
        ),
        (_XML.format(f"<!-- {_IGNORE}{_RESTRICT} -->"), {}),
        (
            _XML.format(_IGNORE.replace("true", "TRUE") + _RESTRICT),
            {"IgnorePublicAcls": False, "RestrictPublicBuckets": True},
        ),
        (_XML.format(""), {}),
        ("", {}),
        ("<Error><Code>AccessDenied</Code></Error>", None),
        ("<Error><Code>NotImplemented</Code></Error>", None),
        # A server that does not know the question lists what there is.
        (f"<ListBucketResult><Key>a</Key>{_IGNORE}{_RESTRICT}</ListBucketResult>", None),
        (_XML.format(_IGNORE + _RESTRICT)[:-9], None),
        (f"<Any>{_XML.format(_IGNORE + _RESTRICT).partition('?>')[2]}</Any>", None),
    ],
)
def test_a_block_is_read_for_what_it_is(said: str, block: dict[str, bool] | None) -> None:
    assert read_block(said.encode()) == block


@pytest.mark.parametrize(
    ("endpoint", "amazons"),
    [
        ("", True),
        ("https://s3.eu-west-1.amazonaws.com", True),
        ("https://bucket.vpce-1a2b-3c4d.s3.us-east-1.vpce.amazonaws.com", True),
        ("https://s3.cn-north-1.amazonaws.com.cn", True),
        ("https://s3.dualstack.eu-west-1.api.aws", True),
        ("https://S3-FIPS.us-gov-west-1.amazonaws.com:443/", True),
        ("https://s3-eu-west-1.amazonaws.com", True),
        ("https://s3.amazonaws.com", True),
        ("https://s3.eusc-de-east-1.amazonaws.eu", True),
        ("http://ec2-10-0-0-5.compute-1.amazonaws.com:8080", False),
        ("https://s3-1234567.us-east-1.elb.amazonaws.com", False),
        ("http://10.0.0.5:9000", False),
        ("https://ceph.example/amazonaws.com", False),
        ("https://amazonaws.com.example", False),
    ],
)
def test_it_is_told_which_server_is_amazons(endpoint: str, *, amazons: bool) -> None:
    assert acts_on_blocks(endpoint) == amazons


def test_only_amazon_is_believed_that_a_block_or_a_status_stands_above_a_policy() -> None:
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    told: dict[str, dict[str, Any]] = {
        "block": {"IgnorePublicAcls": True, "RestrictPublicBuckets": True},
        "policy": {"Statement": [everybody]},
    }
    unblocked = {**told, "block": {"IgnorePublicAcls": True}, "status": {"IsPublic": False}}

    for answers in (told, unblocked):
        assert judge(answers.get, amazons=True) == Exposure()
        elsewhere = judge(answers.get, amazons=False)
        assert elsewhere.writable == "its policy's 'statement 1' allows s3:putobject to everybody"
        assert elsewhere.readable == "its policy's 'statement 1' allows s3:getobject to everybody"
        assert not elsewhere.blockable
