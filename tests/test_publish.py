"""`python publish.py`, as people run it: folders and S3, warm and cold."""

from __future__ import annotations

import gzip
import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from counting import CountingProxy
from moto.server import ThreadedMotoServer
from sites import CARDS, CARDS_FILE, CONF, RESOLVED, SLOW, SLOW_FILE, Ran, SmallSite

BROKEN = CARDS.replace("impact: major", "impact: hurge")
SLOW_PAGE = "incidents/2026-11-02-slow-pages/index.html"
CARD_PAGE = "incidents/2026-11-21-card-payments/index.html"
#: The pages that one more update to an open incident of this month changes. Feeds and API documents
#: are named in their own tests.
PAGES = {
    *("history/2026-11/index.html", CARD_PAGE, "index.html", "404.html"),
    *("components/checkout/index.html", "people/dawn-okafor/index.html"),
    *("people/ian-reyes/index.html", "components/checkout/history/2026/index.html"),
    *("history/2026/index.html", "history/incidents/2026/index.html"),
    *("record/index.html", "record/2026/index.html", "record/2026-11/index.html"),
}


def changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> set[str]:
    """Return the keys whose bytes differ: what a publish must send, no more and no less."""
    return {key for key in after if before.get(key) != after[key]}


@pytest.fixture
def site(tmp_path: Path) -> SmallSite:
    site = SmallSite.make(tmp_path / "site")
    site.commit()
    return site


def change_the_other(site: SmallSite) -> None:
    site.write(SLOW_FILE, SLOW + "\n## 2026-11-02 16:00 | Ian Reyes | update\n\nOr nine seconds.\n")


def cold(site: SmallSite, name: str) -> SmallSite:
    """Return a depth-1 clone that shares nothing with the site but the target."""
    clone = site.clone(site.root.parent / name)
    clone.write("pelicanconf.py", CONF.replace('"public"', f'"{site.root / "public"}"'))
    return clone


def last(ran: Ran) -> str:
    return ran.out.splitlines()[-1]


def stamps(folder: Path) -> dict[str, Any]:
    """Read the first-published stamps out of a target's state."""
    found = {}
    state = folder / ".firstword"
    stale = json.loads((state / "root.json").read_bytes())["stale"]
    # No other shard stays behind that the root does not lead to.
    for path in (state / "shards").iterdir():
        if path.name.partition(".")[0] in stale:
            continue
        for name, record in (
            json.loads(gzip.decompress(path.read_bytes())).get("records", {}).items()
        ):
            found[name] = record["stamps"]
    return found


# ── a folder ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--json",)])
def test_a_publish_leaves_no_journal_that_every_build_after_it_would_read(
    site: SmallSite, options: tuple[str, ...]
) -> None:
    assert site.publish(*options).code == 0

    cache = [path.name for path in (site.root / ".cache").iterdir()]
    assert len([name for name in cache if name.endswith(".sqlite")]) == 1
    assert not [name for name in cache if name.endswith(("-wal", "-shm"))]


def test_first_publish_then_nothing_then_one_change(site: SmallSite) -> None:
    first = site.publish()
    assert (first.code, last(first)) == (0, last(first))
    built = site.files("output")
    sent = f"live: {len(built)} files sent, 0 deleted - {site.root}/public/index.html"
    assert last(first).startswith(sent)
    assert site.files() == built
    published = {p: p.stat().st_mtime_ns for p in (site.root / "public").rglob("*") if p.is_file()}

    again = site.publish()
    assert again.code == 0
    assert last(again).startswith("live already: nothing to send")
    assert {p: p.stat().st_mtime_ns for p in published} == published

    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.commit()
    third = site.publish("--json")
    (report,) = json.loads(third.out)
    put = {line.split()[1] for line in report["lines"] if line[:3] == "put"}
    assert put == changed(built, site.files("output"))
    assert {key for key in put if key.endswith(".html")} == PAGES
    assert "All cards work" in site.page(CARD_PAGE)


def test_a_dry_run_says_what_would_happen_and_sends_nothing(site: SmallSite) -> None:
    ran = site.publish("--dry-run")

    assert ran.code == 0
    assert last(ran).startswith(f"dry run: {len(site.files('output'))} files would be sent")
    assert not (site.root / "public").exists()


def test_the_report_as_json(site: SmallSite) -> None:
    ran = site.publish("--json")

    (report,) = json.loads(ran.out)
    files = len(site.files("output"))
    assert (report["outcome"], report["puts"], report["deletes"]) == ("published", files, 0)


def test_a_broken_file_is_held_back_and_the_rest_goes_out(site: SmallSite) -> None:
    site.publish()
    site.write(CARDS_FILE, BROKEN)
    change_the_other(site)
    site.commit("one broken, one good")

    ran = site.publish()

    assert ran.code == 3
    assert f"{CARDS_FILE}:3: value: unknown impact: 'hurge'" in ran.err
    assert "held back; shown as of commit" in ran.err
    assert "nine seconds" in site.page("incidents/2026-11-02-slow-pages/index.html")
    assert "Card payments fail in the EU" in site.page("index.html")


def test_a_broken_file_stays_at_3_when_there_is_nothing_to_send(site: SmallSite) -> None:
    site.publish()
    site.write(CARDS_FILE, BROKEN)

    ran = site.publish()

    assert (ran.code, last(ran)[:12]) == (3, "live already")


def test_strict_publishes_nothing(site: SmallSite) -> None:
    site.publish()
    before = site.files()
    site.write(CARDS_FILE, BROKEN)
    change_the_other(site)

    ran = site.publish("--strict")

    assert ran.code == 1
    assert ran.err.count(f"{CARDS_FILE}:3: value:") == 1
    assert ran.out == "NOT published, --strict: 1 problem; what was there stays up\n"
    assert site.files() == before


def test_a_published_update_is_not_removed(site: SmallSite) -> None:
    site.publish()
    before = site.files()
    (site.root / CARDS_FILE).unlink()
    change_the_other(site)
    site.commit("delete the evidence")

    ran = site.publish()

    assert ran.code == 3
    assert f"{CARDS_FILE}:1: gone: '2026-11-21-card-payments' is published" in ran.err
    assert f"{CARDS_FILE}: held back; shown as of what is published" in ran.err
    assert site.files()[CARD_PAGE] == before[CARD_PAGE]
    assert "nine seconds" in site.page(SLOW_PAGE)
    assert site.publish("--strict").code == 1
    site.git("checkout", "-q", "HEAD~1", "--", CARDS_FILE)
    assert (site.publish().code, site.files().keys() >= before.keys()) == (0, True)


@pytest.mark.parametrize("key", ["draft", "drill"])
def test_a_published_story_does_not_turn_into_a_draft(site: SmallSite, key: str) -> None:
    site.publish()
    site.write(CARDS_FILE, CARDS.replace("impact:", f"{key}: yes\nimpact:") + RESOLVED)
    change_the_other(site)
    site.commit("not yet")

    ran = site.publish()

    assert ran.code == 3
    assert f"{CARDS_FILE}:3: draft: '2026-11-21-card-payments' is published; {key!r}" in ran.err
    assert "All cards work" not in site.page(CARD_PAGE)
    assert "nine seconds" in site.page(SLOW_PAGE)


def test_a_rename_keeps_the_story_where_it_keeps_id_and_address(site: SmallSite) -> None:
    site.publish()
    page = site.page(CARD_PAGE)
    new = "content/incidents/2026/2026-11-21-cards.md"
    (site.root / CARDS_FILE).unlink()
    site.write(new, CARDS)
    site.commit("rename")

    without = site.publish()
    once = site.files()
    both = "id: 2026-11-21-card-payments\naliases: [incidents/2026-11-21-card-payments]\nimpact:"
    site.write(new, CARDS.replace("impact:", both))
    site.commit("keep the id, and the address")
    kept = site.publish()

    assert without.code == 3
    assert f"{CARDS_FILE}:1: gone: " in without.err
    assert f"{new}:1: gone: published as {CARDS_FILE}; add 'id: " in without.err
    assert "and 'aliases: [incidents/2026-11-21-card-payments]', or links to it" in without.err
    assert f"{new}: held back; not shown: its story is shown as it is published" in without.err
    assert (once[CARD_PAGE].decode(), "incidents/2026-11-21-cards/index.html" in once) == (
        page,
        False,
    )
    assert (kept.code, kept.err.count("gone: ")) == (0, 0)
    assert "One card payment in five" in site.page("incidents/2026-11-21-cards/index.html")


def test_a_forced_publish_takes_no_story_away_either(site: SmallSite) -> None:
    (site.root / CARDS_FILE).rename(site.root / "cards.md")
    site.commit("before")
    older = site.clone(site.root.parent / "older", depth=None)
    (site.root / "cards.md").rename(site.root / CARDS_FILE)
    site.commit("the incident")
    site.publish()
    page = site.page(CARD_PAGE)

    ran = older.publish("--force", str(site.root / "public"))

    assert ran.code == 3
    assert f"{CARDS_FILE}:1: gone: " in ran.err
    assert site.page(CARD_PAGE) == page


def test_a_page_that_pelican_skips_is_told(site: SmallSite) -> None:
    site.write("content/pages/q.md", "Questions, and answers.\n")
    site.write("content/pages/about.md", "Title: About us\nSlug: about\n\nBowls.\n")

    ran = site.publish()

    assert ran.code == 3
    assert "content/pages/q.md:1: page: not built" in ran.err
    assert "Bowls." in site.page("about/index.html")
    assert site.publish("--strict").code == 1


def test_an_older_checkout_never_overwrites_a_newer_word(site: SmallSite) -> None:
    older = site.clone(site.root.parent / "older", depth=None)
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.commit("resolved")
    site.publish()
    before = site.files()

    ran = older.publish(str(site.root / "public"))

    assert (ran.code, last(ran)[:33]) == (0, "live already, from a newer commit")
    assert site.files() == before


def test_a_stopped_clock_is_refused_for_anything_that_is_not_local(site: SmallSite) -> None:
    chosen = site.publish("public", "s3://status-acme/site")
    site.write("pelicanconf.py", CONF + 'PINNED_CLOCK = "2026-11-21 10:30"\n')

    refused = site.publish("s3://status-acme/site", SOURCE_DATE_EPOCH="")
    local = site.publish()

    # What was published when is what promises are judged by.
    assert (chosen.code, chosen.out) == (2, "")
    assert "SOURCE_DATE_EPOCH: it would say when this was published" in chosen.err
    assert "remove it to publish to 's3://status-acme/site'" in chosen.err
    assert refused.code == 2
    assert "PINNED_CLOCK: the clock of this example stands still" in refused.err
    assert local.code == 0


def test_one_target_failing_does_not_stop_the_other(site: SmallSite) -> None:
    (site.root / "taken").mkdir()
    (site.root / "taken/somebody's.txt").write_text("theirs")

    ran = site.publish("public", "taken")

    assert ran.code == 3
    assert (site.root / "public/index.html").exists()
    assert [p.name for p in (site.root / "taken").iterdir()] == ["somebody's.txt"]


def test_usage_and_settings_end_with_2(site: SmallSite) -> None:
    assert site.publish("--no-such-option").code == 2
    site.write("pelicanconf.py", CONF.replace("https://status.acme.example", "acme"))
    assert site.publish().code == 2


# ── cold: a depth-1 clone, an empty home, no cache, nothing shared but the target ────────────────


def test_cold_nothing_changed_sends_nothing(site: SmallSite) -> None:
    site.publish()
    published = {p: p.stat().st_mtime_ns for p in (site.root / "public").rglob("*") if p.is_file()}

    ran = cold(site, "cold").publish()

    assert ran.code == 0, ran.err
    assert last(ran).startswith("live already: nothing to send")
    assert {p: p.stat().st_mtime_ns for p in published} == published


def test_cold_a_broken_file_is_held_at_its_last_good_version(site: SmallSite) -> None:
    site.publish()
    before = site.files()
    site.write(CARDS_FILE, BROKEN)
    site.commit("break it")

    clone = cold(site, "cold")
    assert clone.git("log", "--oneline", CARDS_FILE).out.count("\n") == 1
    ran = clone.publish()

    assert ran.code == 3
    assert "held back; shown as of what is published" in ran.err
    assert site.files() == before


def test_cold_the_stamps_survive(site: SmallSite) -> None:
    site.publish()
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.commit("resolved")
    site.publish(SOURCE_DATE_EPOCH="1795254000")  # 10:40, fifty minutes after it was signed
    before = stamps(site.root / "public")
    page = site.page(CARD_PAGE)

    ran = cold(site, "cold").publish(SOURCE_DATE_EPOCH="1795260000")

    assert ran.code == 0
    assert before == {
        "2026-11-02-slow-pages": {"20261102T130500Z": None, "20261102T141000Z": None},
        "2026-11-21-card-payments": {
            "20261121T082000Z": None,
            "20261121T085000Z": "2026-11-21T09:40:00+00:00",
        },
    }
    assert stamps(site.root / "public") == before
    # The page says so, and goes on saying so.
    late = 'First published <time datetime="2026-11-21T09:40:00Z">10:40\N{NO-BREAK SPACE}CET'
    assert late in page
    assert site.page(CARD_PAGE) == page


def test_cold_a_stamp_cannot_be_moved_by_editing_the_file(site: SmallSite) -> None:
    site.publish()
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.commit("resolved")
    site.publish(SOURCE_DATE_EPOCH="1795254000")
    site.write(CARDS_FILE, CARDS + RESOLVED.replace("09:45", "09:41"))
    site.commit("the words change, the stamp does not")

    cold(site, "cold").publish(SOURCE_DATE_EPOCH="1795260000")

    stamp = stamps(site.root / "public")["2026-11-21-card-payments"]
    assert stamp["20261121T085000Z"] == "2026-11-21T09:40:00+00:00"


def test_a_word_that_was_owed_is_judged_by_the_settings_of_its_day(tmp_path: Path) -> None:
    """Who owes a word, and how soon, is set; what was owed by then stays on the record."""

    def owned(who: str, within: str) -> str:
        return CONF.replace(
            '"group": "Shop"',
            f'"owner": "{who}", "first_word_within": "{within}", "owner_since": "2026-11-01"',
        )

    site = SmallSite.make(tmp_path / "site", {SLOW_FILE: SLOW})
    site.write("pelicanconf.py", owned("Ian Reyes", "15 minutes"))
    site.publish()
    site.write(CARDS_FILE, CARDS)
    site.commit("the cards fail")
    assert site.publish().code == 0  # at 10:30, and Ian has until 10:45

    def word(conf: str, at: SmallSite) -> tuple[str, str]:
        at.write("pelicanconf.py", conf)
        assert at.publish(SOURCE_DATE_EPOCH="1795255200").code == 0  # 11:00
        overdue = json.loads(site.page("api/v2/record.json"))["overdue"]
        [one] = [one for one in overdue if one["measure"] == "owner"]
        return one["person"], one["due_at"]

    # Dawn signed the first word: of her, nothing would be owed at all.
    owed = word(owned("Dawn Okafor", "5 hours"), site)
    due = site.firstword("due", SOURCE_DATE_EPOCH="1795255200").out
    # Nor would anything be by settings that name nobody, on a machine that was never here before.
    nobodys = cold(site, "cold")
    again = word((nobodys.root / "pelicanconf.py").read_text(), nobodys)

    assert owed == again == ("Ian Reyes", "2026-11-21T09:45:00Z")
    assert "Ian Reyes\n  2026-11-21 10:45  lapsed 15 min ago: word of the owner" in due


# ── S3 ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Bucket:
    """A bucket behind a proxy that counts."""

    proxy: CountingProxy
    client: Any
    env: dict[str, str]

    def puts(self) -> list[str]:
        """Return the keys that were put since the last time."""
        return [path for method, path in self.proxy.taken() if method == "PUT"]

    def head(self, key: str) -> Any:
        return self.client.head_object(Bucket="status", Key=f"site/{key}")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    proxy = CountingProxy(f"http://{host}:{port}")
    urllib.request.urlopen(f"http://{host}:{port}/moto-api/reset", data=b"").close()
    keys = {"AWS_ACCESS_KEY_ID": "AKIAINVENTED", "AWS_SECRET_ACCESS_KEY": "very-secret"}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1")
    client.create_bucket(Bucket="status")
    yield Bucket(proxy, client, {"AWS_ENDPOINT_URL": proxy.address, **keys})
    proxy.close()
    server.stop()


def test_s3_first_publish_then_nothing_then_one_change(site: SmallSite, bucket: Bucket) -> None:
    target = "s3://status/site"

    first = site.publish(target, **bucket.env)
    assert first.code == 0, first.err
    put = bucket.puts()
    assert {p for p in put if ".firstword" not in p} == {
        f"/status/site/{key}" for key in site.files("output")
    }
    assert put[-1] == "/status/site/.firstword/root.json"

    again = site.publish(target, **bucket.env)
    assert (again.code, last(again)[:12]) == (0, "live already")
    assert bucket.puts() == []

    built = site.files("output")
    site.write(CARDS_FILE, CARDS + RESOLVED)
    site.commit()
    third = site.publish(target, **bucket.env)
    assert third.code == 0
    put = bucket.puts()
    differ = changed(built, site.files("output"))
    assert {p for p in put if ".firstword" not in p} == {f"/status/site/{k}" for k in differ}
    # The lease, the shards of the incident and of what the site shares, and the root.
    assert len([p for p in put if ".firstword" in p]) == 4
    assert put[0] == put[-1] == "/status/site/.firstword/root.json"


def test_s3_the_lease_of_an_edit_does_not_wait_for_the_plan(
    site: SmallSite, bucket: Bucket
) -> None:
    """It names files that came out as they were, too, as only a build that goes on would."""
    site.publish("s3://status/site", **bucket.env)
    built = site.files("output")
    more = "\n## 2026-11-21 10:10 | Dawn Okafor | update\n\nWe are still at it.\n"
    site.write(CARDS_FILE, CARDS + more)
    site.commit()
    bucket.proxy.roots.clear()

    ran = site.publish("s3://status/site", **bucket.env)

    assert ran.code == 0, ran.err
    lease, _ = map(json.loads, bucket.proxy.roots)
    assert changed(built, site.files("output")) < set(lease["lease"]["touches"])


def test_s3_content_types_and_caching(site: SmallSite, bucket: Bucket) -> None:
    site.publish("s3://status/site", **bucket.env)

    def headers(key: str) -> tuple[str, str]:
        head = bucket.head(key)
        return head["ContentType"], head["CacheControl"]

    live = "public, max-age=30, stale-while-revalidate=60, stale-if-error=604800"
    assert headers("index.html") == ("text/html; charset=utf-8", live)
    assert headers(CARD_PAGE) == ("text/html; charset=utf-8", live)
    assert headers("feeds/updates.atom") == ("application/atom+xml; charset=utf-8", live)
    assert headers("feeds/updates.rss") == ("application/rss+xml; charset=utf-8", live)
    assert headers(".firstword/root.json")[1] == "no-store"


def test_s3_cold_from_a_clone(site: SmallSite, bucket: Bucket) -> None:
    site.publish("s3://status/site", **bucket.env)
    bucket.proxy.taken()
    clone = site.clone(site.root.parent / "cold")

    ran = clone.publish("s3://status/site", **bucket.env)

    assert (ran.code, last(ran)[:12]) == (0, "live already")
    assert bucket.puts() == []


def test_s3_without_credentials_is_a_clear_error(site: SmallSite, bucket: Bucket) -> None:
    env = {"AWS_ENDPOINT_URL": bucket.env["AWS_ENDPOINT_URL"]}

    ran = site.publish("s3://status/site", **env)

    assert ran.code == 1
    assert "redentials" in ran.err
    assert "Traceback" not in ran.err
    assert last(ran).startswith("NOT published")
