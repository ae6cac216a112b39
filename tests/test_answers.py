"""An answer quotes a question and replies, signed: wherever readers and programs hear of it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from conftest import ROOT
from lxml import etree
from test_check import SITE
from test_record import told, word

from firstword import urls
from firstword.api import build_api
from firstword.clock import Clock
from firstword.feeds import build_feeds
from firstword.markup import Markup
from firstword.model import Incident, Status
from firstword.page import Outcome, StatusPage
from firstword.render import Renderer, story_pages

NOON = Clock(datetime(2026, 11, 21, 12, 0, tzinfo=UTC))
QUESTION, REPLY = "Was I charged twice?", "No, and we looked at every payment."
STORY = told(
    word("09:10", "investigating", "next: 10:00"),
    word("09:40", "answer", who="Ian Reyes", body=f"> {QUESTION}\n\n{REPLY}"),
)
PAGE = StatusPage.of(SITE, [STORY])
MARKUP = Markup(lambda _: None)
ANSWER = STORY.updates[1]
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    compiled = tmp_path_factory.mktemp("templates")
    renderer = Renderer(PAGE, MARKUP, ROOT / "theme", compiled=compiled / "t")
    return renderer.render(next(story_pages(PAGE, STORY)), NOON).decode()


@pytest.fixture(scope="module")
def feeds() -> dict[str, bytes]:
    return dict(build_feeds(PAGE, MARKUP))


def quoted_then_said(text: str) -> bool:
    return (
        re.search(rf"<blockquote>.*{QUESTION[:-1]}.*</blockquote>.*{REPLY}", text, re.DOTALL)
        is not None
    )


def test_the_timeline_has_question_reply_and_who_signed(html: str) -> None:
    article = html[html.index(f'id="{urls.anchor(ANSWER)}"') :].partition("</article>")[0]

    assert '<span class="status">Answer</span>' in article
    assert '<p class="note">Question</p>' in article
    assert quoted_then_said(article)
    assert ">Ian Reyes</bdi>" in article
    assert "mailto:ian@acme.example" in article


def test_atom_and_rss_have_it_whole(feeds: dict[str, bytes]) -> None:
    root = etree.fromstring(feeds[urls.UPDATES_ATOM])
    [entry] = [
        e
        for e in root.findall("a:entry", ATOM)
        if e.findtext("a:id", "", ATOM) == urls.entry_id(SITE, STORY, ANSWER)
    ]

    assert entry.findtext("a:title", "", ATOM).startswith("[Answer] ")
    assert entry.findtext("a:author/a:name", "", ATOM) == "Ian Reyes"
    assert quoted_then_said(entry.findtext("a:content", "", ATOM))
    summary = entry.findtext("a:summary", "", ATOM)
    assert QUESTION in summary
    assert REPLY in summary
    assert quoted_then_said(
        etree.fromstring(feeds[urls.UPDATES_RSS]).findtext("channel/item/{*}encoded", "")
    )


def test_the_json_feed_has_it(feeds: dict[str, bytes]) -> None:
    [entry] = [
        one
        for one in json.loads(feeds[urls.UPDATES_JSON])["items"]
        if one["id"] == urls.entry_id(SITE, STORY, ANSWER)
    ]

    assert entry["authors"][0]["name"] == "Ian Reyes"
    assert quoted_then_said(entry["content_html"])


def test_the_api_has_it_and_the_status_stays() -> None:
    files = {one.key: one.data for one in build_api(PAGE, MARKUP, NOON.fresh)}
    [story] = json.loads(files["api/v2/incidents/unresolved.json"])["incidents"]
    newest = story["incident_updates"][0]

    assert (newest["kind"], newest["status"]) == ("answer", "investigating")
    assert newest["author"] == {"name": "Ian Reyes", "role": "Network"}
    assert newest["body"].split("\n") == [QUESTION, REPLY]
    assert quoted_then_said(newest["body_html"])
    assert QUESTION in files["status.txt"].decode()


def test_it_is_a_word_that_was_waited_for() -> None:
    [kept] = PAGE.promises(STORY, NOON)

    assert (kept.outcome, kept.settled_by) == (Outcome.KEPT, ANSWER)


def test_it_changes_no_status() -> None:
    story: Incident = STORY

    assert [moment.status for moment in story.timeline] == [Status.INVESTIGATING] * 2
