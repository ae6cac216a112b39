"""What a reader finds on each page: who is affected, who speaks, what was promised, where it is."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar
from playwright.sync_api import Browser
from running import previewing
from test_check import CARDS, SETTINGS, SITE, file, story
from test_render import CARDS_PAGE, HOME, THEME, plain, said

from firstword.api import build_api, story_documents
from firstword.check import check_told
from firstword.clock import Clock
from firstword.markup import Markup
from firstword.model import Incident, Site
from firstword.page import StatusPage
from firstword.render import Renderer, more_pages, pages, story_pages
from firstword.render.history import MOST_LISTED
from firstword.settings import read_site
from firstword.values import replace

FIRST = "## 2026-11-21 09:20 | Dawn Okafor | investigating\n{keys}\nOne in five."


def first(keys: str = "") -> str:
    return FIRST.format(keys=f"{keys}\n" if keys else "")


def html(now: str, *stories: Incident, site: Site = SITE) -> dict[str, str]:
    """Return every page of a site at a time of 21 November 2026 in Copenhagen."""
    return {key: data.decode() for key, (data, _) in made(now, *stories, site=site).items()}


def made(now: str, *stories: Incident, site: Site = SITE) -> dict[str, tuple[bytes, Clock]]:
    status = StatusPage.of(site, stories)
    renderer = Renderer(status, Markup(lambda _: None), THEME)
    told = [page for one in stories for page in story_pages(status, one)]
    found = {}
    for page in [*pages(status), *told, *more_pages(status)]:
        clock = Clock(datetime.fromisoformat(f"2026-11-21T{now}+01:00"))
        found[page.key] = (renderer.render(page, clock), clock)
    return found


def many(count: int, status: str, *, days_apart: int) -> list[Incident]:
    """Return stories of one update each, the newest first, further and further back."""
    newest = date(2026, 11, 20)
    found = []
    for number in range(count):
        day = newest - timedelta(days=days_apart * number)
        text = f"## {day:%Y-%m-%d} 09:20 | Dawn Okafor | {status}\n\nWords number {number}."
        front = f"---\ntitle: Story {number}\nimpact: major\nstarted: {day:%Y-%m-%d} 09:00\n"
        name = f"content/incidents/x/{day:%Y-%m-%d}-story-{number}.md"
        found.append(story(f"{front}components: checkout\n---\n\n{text}\n", name))
    return found


# ── promises ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "says", "again"),
    [
        ("10:00", "10:00 CET (09:00 UTC)", "10:01"),
        ("10:01", "10:01 CET (09:01 UTC)", "10:02"),
        ("10:13", "10:10 CET (09:10 UTC)", "10:15"),
        ("12:20", "12:15 CET (11:15 UTC)", "12:30"),
        ("15:59", "15:00 CET (14:00 UTC)", "16:00"),
    ],
)
def test_a_late_word_is_late_without_a_script(now: str, says: str, again: str) -> None:
    found = made(now, story(file(first("next: 10:00"))))

    for key in (HOME, CARDS_PAGE):
        data, clock = found[key]
        assert (
            "Promised by 21 November 2026, 10:00 CET (09:00 UTC) ; "
            f"none when this page was made, {says}"
        ) in plain(data.decode())
        assert clock.valid_until == datetime.fromisoformat(f"2026-11-21T{again}+01:00")


def test_every_expected_time_stays_with_the_reason_for_its_change() -> None:
    shown = said(
        "12:00",
        story(
            file(
                first("expected: 2026-11-21 11:00"),
                "## 2026-11-21 09:40 | Dawn Okafor | update\nexpected: 2026-11-21 13:00\n"
                "because: The bank asks for a paper.\n\nLater.",
            )
        ),
    )

    assert (
        "Expected by 21 November 2026, 13:00 CET (12:00 UTC) "
        "Changed because: The bank asks for a paper. "
        "<s>by 21 November 2026, 11:00 CET (10:00 UTC) </s>: "
        "a new one was given 09:40 CET (08:40 UTC)"
    ) in shown[CARDS_PAGE]


def test_what_nobody_has_said_is_said() -> None:
    shown = said("09:30", story(file(first())))

    for key in (HOME, CARDS_PAGE):
        assert "Affected We have not said who is affected yet." in shown[key]
        assert "What you can do We have not said what you can do yet." in shown[key]
        assert "Next word We have not said when you hear from us next." in shown[key]
        # "One in five." may be either.
        assert "We have not said what we are doing yet." not in shown[key]
        assert "We have not said what happens to you yet." not in shown[key]


LABELS = {
    "en": {
        "affected": "We have not said who is affected yet.",
        "happens": "We have not said what happens to you yet.",
        "doing": "We have not said what we are doing yet.",
        "workaround": "We have not said what you can do yet.",
        "next": "We have not said when you hear from us next.",
    },
    "de": {
        "affected": "Wir haben noch nicht gesagt, wer betroffen ist.",
        "happens": "Wir haben noch nicht gesagt, was das für Sie bedeutet.",
        "doing": "Wir haben noch nicht gesagt, was wir tun.",
        "workaround": "Wir haben noch nicht gesagt, was Sie tun können.",
        "next": "Wir haben nicht gesagt, wann die nächste Nachricht kommt.",
    },
    "ja": {
        "affected": "影響を受ける方は、まだお伝えしていません。",
        "happens": "何ができないのか、まだお伝えしていません。",
        "doing": "何をしているのか、まだお伝えしていません。",
        "workaround": "今できることは、まだお伝えしていません。",
        "next": "次の更新の時刻は、お伝えしていません。",
    },
    "ar": {
        "affected": "لم نذكر بعدُ من المتأثر.",
        "happens": "لم نذكر بعدُ ما الذي يحدث لك.",
        "doing": "لم نذكر بعدُ ما نفعله.",
        "workaround": "لم نذكر بعدُ ما يمكنك فعله.",
        "next": "لم نذكر متى يأتيك منا خبر جديد.",
    },
}
#: An open story that says nothing, and what says one thing each.
SILENT = {
    "en": ("An issue", "There is an issue. Sorry for any inconvenience."),
    "de": ("Eine Störung", "Es gibt eine Störung. Wir bitten um Entschuldigung."),
    "ja": ("障害", "障害が発生しております。ご迷惑をおかけして申し訳ございません。"),
    "ar": ("عطل", "عطل تقني. نعتذر عن أي إزعاج."),
}
TELLING = {
    "en": ("Cards fail.", "We read the log."),
    "de": ("Karten werden abgelehnt.", "Wir lesen das Protokoll."),
    "ja": ("カードが使えません。", "担当者が記録を読んでいます。"),
    "ar": ("الدفع بالبطاقة متوقف.", "نراجع السجل."),
}


@pytest.mark.parametrize(
    ("language", "mask"),
    [
        *(("en", mask) for mask in range(32)),
        *((one, mask) for one in ("de", "ja", "ar") for mask in (0, 1, 2, 4, 8, 16, 31)),
    ],
)
def test_the_page_nags_for_what_the_check_asks_where_that_is_sure(language: str, mask: int) -> None:
    site = read_site({**SETTINGS, "DEFAULT_LANG": language})
    title, body = SILENT[language]
    fails, works = TELLING[language]
    told = dict(zip(LABELS[language], (bool(mask & bit) for bit in (1, 2, 4, 8, 16)), strict=True))
    words = "\n\n".join([body, *([fails] if told["happens"] else []), *([works] * told["doing"])])
    keys = "next: 10:00\n" if told["next"] else ""
    front = "".join(f"{key}: A B C.\n" for key in ("affected", "workaround") if told[key])
    text = f"## 2026-11-21 09:20 | Dawn Okafor | investigating\n{keys}\n{words}"
    one = story(file(text, front=front).replace("title: T\n", f"title: {title}\n"))

    status = StatusPage.of(site, [one])
    renderer = Renderer(status, Markup(lambda _: None), THEME)
    clock = Clock(datetime.fromisoformat("2026-11-21T09:30+01:00"))
    shown = {
        page.key: renderer.render(page, clock.fresh()).decode()
        for page in [*pages(status), *story_pages(status, one)]
        if page.key in (HOME, CARDS_PAGE)
    }
    asked = [p for p in check_told(one, site) if p.message.startswith("nobody has said")]
    silent = {name for name, is_told in told.items() if not is_told}
    # Whatever else somebody wrote may say it too.
    unsure = {"doing"} if told["happens"] else set()
    unsure |= {"happens"} if told["doing"] or told["affected"] else set()

    assert len(asked) == len(silent)
    for key in (HOME, CARDS_PAGE):
        nags = {name for name, label in LABELS[language].items() if label in shown[key]}
        assert nags == silent - unsure


#: What somebody does, in words that no list has.
AT_WORK = {
    "en": (
        "One card payment in five is refused. Our engineers are restarting the gateway.",
        "Engineers are restarting the database.",
        "Dawn is on the phone with the bank.",
        "The network team replaces the router now.",
        "A technician is on the way to the data centre and will swap the disk by 11:00.",
        "Rolling back the release from 09:00 now.",
        "Sorry for any inconvenience, engineers restart the gateway as soon as possible.",
        "[Engineers restart the gateway](https://acme.example/).",
        "    systemctl restart gateway",
    ),
    "de": (
        "Unsere Techniker starten das Gateway neu.",
        "Das Netzteam tauscht den Router.",
        "Ein Techniker ist unterwegs. Wir bitten um Entschuldigung.",
    ),
    "ja": ("技術者がゲートウェイを再起動中。", "ルーターを交換中です。ご迷惑をおかけします。"),
    "ar": ("المهندسون يعيدون تشغيل الخادم.", "فني في الطريق. نعتذر عن أي إزعاج."),
}
#: What says nothing, however it is put.
HOLLOW = {
    "en": (
        "We are very sorry for the inconvenience this may cause.",
        "> We restart the gateway.\n\nWe apologise.\n\n<!-- restarting -->",
    ),
    "de": ("Wir bedauern die entstandenen Unannehmlichkeiten sehr.",),
    "ja": ("ご不便をおかけして申し訳ありません。",),
    "ar": ("نأسف على هذا الإزعاج.",),
}


def titled(title: str, body: str) -> Incident:
    text = file(f"## 2026-11-21 09:20 | Dawn Okafor | investigating\n\n{body}")
    return story(text.replace("title: T\n", f"title: {title}\n"))


@pytest.mark.parametrize(
    ("language", "text", "silent"),
    [
        *((one, text, True) for one, texts in AT_WORK.items() for text in texts),
        *((one, text, False) for one, texts in HOLLOW.items() for text in texts),
    ],
)
def test_a_page_never_says_that_we_did_not_say_what_we_said(
    language: str, text: str, silent: bool
) -> None:
    site = read_site({**SETTINGS, "DEFAULT_LANG": language})
    shown = said("09:30", titled(SILENT[language][0], text), site=site)

    for key in (HOME, CARDS_PAGE):
        assert (LABELS[language]["doing"] not in shown[key]) is silent
        assert (LABELS[language]["happens"] not in shown[key]) is silent


def test_a_title_may_say_who_does_what() -> None:
    def doing(title: str) -> bool:
        return LABELS["en"]["doing"] in said("09:30", titled(title, "Sorry."))[CARDS_PAGE]

    assert doing("Card payments fail")
    assert not doing("Engineers restart the gateway")


def test_who_allows_it_silences_the_page_as_well() -> None:
    allow = "<!-- allow: disclosure, Dawn Okafor -->"
    nobody = "<!-- allow: disclosure, Somebody Else -->"
    another = "<!-- allow: disclosure, Ian Reyes -->"

    for text, silent in ((allow, True), (nobody, False), (another, False)):
        shown = said("09:30", story(file(f"{first()}\n\n{text}")))
        for key in (HOME, CARDS_PAGE):
            assert ("We have not said" not in shown[key]) is silent


def test_a_corrected_beginning_and_end_stand_beside_the_old_ones() -> None:
    over = "## 2026-11-21 09:50 | Ian Reyes | resolved\n\nOver. Nothing was lost."
    began = (
        "## 2026-11-21 10:00 | Ian Reyes | correction\ncorrects: 2026-11-21 09:20\n"
        "started: 2026-11-21 08:55\n\nIt began earlier."
    )
    ended = (
        "## 2026-11-21 10:05 | Ian Reyes | correction\ncorrects: 2026-11-21 09:50\n"
        "ended: 2026-11-21 09:41\n\nIt ended earlier."
    )
    again = ended.replace("10:05", "10:06").replace("09:41", "09:42")
    page = html("10:10", story(file(first(), over, began, ended, again)))[CARDS_PAGE]

    def entry(minute: str) -> str:
        told = page.partition(f'id="u-20261121T{minute}00Z"')[2].partition("</article>")[0]
        return plain(told).replace("21 November 2026, ", "")

    assert "Ian Reyes" in entry("0900")
    assert "Started 08:55 CET (07:55 UTC) <s> before: 09:00 CET (08:00 UTC) </s>" in entry("0900")
    assert "Ended 09:41 CET (08:41 UTC) <s> before: 09:50 CET (08:50 UTC) </s>" in entry("0905")
    assert "Ended 09:42 CET (08:42 UTC) <s> before: 09:41 CET (08:41 UTC) </s>" in entry("0906")
    assert "Started 21 November 2026, 08:55 CET (07:55 UTC) Ended 09:42 CET" in plain(page)


def test_a_kept_next_word_leaves_the_next_one_open() -> None:
    later = "## 2026-11-21 09:40 | Dawn Okafor | update\n\nWe wait for the bank."
    shown = said("09:45", story(file(first("next: 10:00"), later)))

    for key in (HOME, CARDS_PAGE):
        assert "We have not said when you hear from us next." in shown[key]


# ── the timeline ─────────────────────────────────────────────────────────────────────────────────


def test_a_correction_stands_beside_the_old_words() -> None:
    fix = (
        "## 2026-11-21 09:40 | Ian Reyes | correction\ncorrects: 2026-11-21 09:20\n\n"
        "It was one in four."
    )
    page = html("10:00", story(file(first(), fix)))[CARDS_PAGE]

    corrected = plain(page.partition('id="u-20261121T082000Z"')[2].partition("</article>")[0])
    assert "These words are as they were: One in five." in corrected
    assert corrected.endswith("Corrected 09:40 CET (08:40 UTC) · Ian Reyes It was one in four.")


def test_a_question_is_marked_as_one() -> None:
    answer = "## 2026-11-21 09:40 | Ian Reyes | answer\n\n> Is my money gone?\n\nNo."
    shown = said("10:00", story(file(first(), answer)))[CARDS_PAGE]

    assert "Question Is my money gone? No." in shown


def test_a_part_of_the_service_says_what_it_changed_from() -> None:
    better = (
        "## 2026-11-21 09:40 | Ian Reyes | update\ncomponents: checkout degraded_performance\n\nW."
    )
    shown = said(
        "10:00", story(file(first("components: checkout major_outage"), better))
    )[CARDS_PAGE]  # fmt: skip

    assert "Checkout Works poorly <s> before: Down</s>" in shown


def test_whoever_signed_can_be_answered() -> None:
    own = html("10:00", story(file(first())))[HOME]
    kofi = story(
        file(
            "## 2026-06-01 09:20 | Kofi Mensah | investigating\n\nWe look.",
            "## 2026-06-01 09:40 | Kofi Mensah | resolved\n\nWorks.",
        ).replace("2026-11-21", "2026-06-01"),
        CARDS.replace("11-21", "06-01"),
    )
    name = "incidents/2026-06-01-cards/index.html"
    left = html("10:00", kofi)[name]
    last_day = replace(SITE.people["Kofi Mensah"], until=date(2026, 11, 21))
    still = replace(SITE, people={**SITE.people, "Kofi Mensah": last_day})
    here, clock = made("10:00", kofi, site=still)[name]

    assert '<a class="button answer" href="mailto:dawn@acme.example?subject=Re%3A%20T">' in own
    assert "Dawn Okafor , Engineer Reply to Dawn" in plain(own)
    assert "Kofi Mensah , Care Reply to Dawn Dawn Okafor took over" in plain(left)
    # On the last day Kofi answers; the page is made again when it is over, in Copenhagen.
    assert "Kofi Mensah , Care Reply to Kofi" in plain(here.decode())
    assert "took over" not in plain(here.decode())
    assert clock.valid_until == datetime(2026, 11, 21, 23, tzinfo=UTC)


def test_the_next_word_says_from_whom() -> None:
    from_ian = "## 2026-11-21 09:40 | Ian Reyes | update\nnext: 11:00\n\nWe look on."
    shown = html("10:00", story(file(first(), from_ian)))

    for page in (shown[HOME], shown[CARDS_PAGE]):
        word = page.partition(">Next word</dt>")[2].partition("</dd>")[0]
        assert plain(word) == "by 21 November 2026, 11:00 CET (10:00 UTC) · Ian Reyes"
        assert '/people/ian-reyes/"' in word


def test_what_a_reader_wants_to_know_comes_in_this_order() -> None:
    told = first("next: 11:00\nexpected: 2026-11-21 13:00\naffected: All.\nworkaround: Wait.")
    shown = said("10:00", story(file(told)))
    labels = ("Affected All.", "What you can do Wait.", "Next word by", "Expected", "One in five.")

    stands = "Investigating · Impact: Major · since 21 November 2026, 09:00 CET (08:00 UTC)"
    assert f"T. {stands} Affected" in shown[HOME]
    for key in (HOME, CARDS_PAGE):
        places = [shown[key].index(label) for label in labels]
        assert places == sorted(places)
    assert shown[CARDS_PAGE].index("Expected by") < shown[CARDS_PAGE].index("Started 21")


def test_each_of_several_says_how_it_stands() -> None:
    shown = said("10:00", *many(2, "investigating", days_apart=1))[HOME]

    assert "Story 0 Investigating · Impact: Major · since 20 November 2026, 09:00 CET" in shown
    assert "Story 1 Investigating · Impact: Major · since 19 November 2026, 09:00 CET" in shown


def test_of_a_maintenance_the_first_thing_said_is_when() -> None:
    planned = story(
        file(
            "## 2026-11-20 09:20 | Dawn Okafor | scheduled\naffected: All.\n\nA server.",
            kind="maintenance",
        )
    )
    page = said("09:00", planned)["maintenance/2026-11-21-cards/index.html"]

    facts = page.partition("Maintenance · Planned ")[2]
    assert facts.startswith("Planned 22 November 2026, ")
    assert "Add to calendar Affected All." in facts


def test_what_is_in_no_group_does_not_pass_for_a_part_of_one() -> None:
    listed = [
        {"id": "checkout", "name": "Checkout", "group": "Shop"},
        {"id": "api", "name": "API"},
        {"id": "orders", "name": "Orders", "group": "Shop"},
    ]
    shown = said("10:00", site=read_site({**SETTINGS, "COMPONENTS": listed}))[HOME]

    parts = "API No problem reported Shop Checkout No problem reported Orders No problem reported"
    assert f"Parts of our service {parts} The last" in shown


def test_a_time_and_its_zone_stay_on_one_line() -> None:
    page = html("10:00", story(file(first("next: 11:00"))))[HOME]

    assert ">21 November 2026, 11:00\N{NO-BREAK SPACE}CET (10:00\N{NO-BREAK SPACE}UTC)<" in page


def test_what_we_said_we_would_change_keeps_its_numbers() -> None:
    end = (
        "## 2026-11-21 09:50 | Ian Reyes | resolved\n\nWorks.\n\n"
        "- [ ] A second bank (Ian Reyes, 2027-01-30)\n- [ ] An alarm (Dawn Okafor, 2026-11-28)"
    )
    page = html("10:00", story(file(first(), end)))[CARDS_PAGE]

    change = plain(page.partition('class="follow-ups"')[2].partition("</ol>")[0])
    second_bank = "A second bank Ian Reyes · by 30 January 2027"
    assert f"{second_bank} An alarm Dawn Okafor · by 28 November 2026" in change


# ── how things stand ─────────────────────────────────────────────────────────────────────────────


def test_a_quiet_page_claims_nothing() -> None:
    over = "## 2026-11-21 09:40 | Ian Reyes | resolved\ncomponents: checkout operational\n\nWorks."
    shown = said("10:00", story(file(first(), over)))

    assert " No problem reported by us since 21 November 2026. Parts" in shown[HOME]
    assert "Checkout No problem reported API No problem reported" in shown[HOME]
    assert "Works" not in shown[HOME]
    assert "Part of our service No problem reported" in shown["components/checkout/index.html"]


def test_the_page_for_lost_readers_says_how_things_stand() -> None:
    page = html("10:00", story(file(first())))["404.html"]

    assert 'class="standing t-major"' in page
    assert "How things stand T . Looking" in plain(page)


def test_a_home_page_does_not_grow_with_what_is_open() -> None:
    some = html("10:00", *many(40, "investigating", days_apart=1))[HOME]
    more = html("10:00", *many(400, "investigating", days_apart=1))[HOME]

    assert some.count('<section class="open"') == more.count('<section class="open"') == 3
    assert some.count("since ") == more.count("since ")
    assert "and 27 more" in plain(some)
    assert "and 387 more" in plain(more)
    for page in (some, more):
        assert "Story 12" in page.partition("The last 14 days")[0]
        assert "Story 13" not in page.partition("The last 14 days")[0]
        assert len(gzip.compress(page.encode(), 9)) <= 10 * 1024


def test_ten_thousand_stories_of_the_past_weigh_nothing() -> None:
    """Counted at 300 and at 1,500: what five times as many add, seven times that would add."""

    def sizes(count: int) -> dict[str, int]:
        past = many(count, "resolved", days_apart=1)
        status = StatusPage.of(SITE, past)
        renderer = Renderer(status, Markup(lambda _: None), THEME)
        shown = [*pages(status), *story_pages(status, past[0]), *more_pages(status)]
        clock = Clock(datetime.fromisoformat("2026-11-21T10:00+01:00"))
        return {
            page.key: len(gzip.compress(renderer.render(page, clock.fresh()), 9))
            for page in shown
            if "history/" not in page.key
        }

    some, more = sizes(300), sizes(1500)
    told = "incidents/2026-11-20-story-0/index.html"
    assert {HOME, told, "404.html", "components/checkout/index.html"} <= some.keys()
    assert {key for key, size in more.items() if size - some[key] > 64} == set()
    assert max(more[HOME], more[told]) <= 10 * 1024


# ── history ──────────────────────────────────────────────────────────────────────────────────────


def test_history_has_years_of_everything_of_a_kind_and_of_a_component() -> None:
    older = story(
        file("## 2025-03-02 09:20 | Dawn Okafor | resolved\n\nWorks.").replace(
            "2026-11-21", "2025-03-02"
        ),
        CARDS.replace("2026-11-21", "2025-03-02"),
    )
    found = html("10:00", story(file(first())), older)

    index = found["history/index.html"]
    for path in (
        *("history/2026/", "history/2025/", "history/2025-03/"),
        *("history/incidents/2026/", "history/incidents/2025/"),
        *("components/checkout/history/2026/", "components/checkout/history/2025/"),
    ):
        assert f'href="../{path}"' in index
        assert f"{path}index.html" in found
    assert "history/maintenance/2026/index.html" not in found
    year = found["components/checkout/history/2025/index.html"]
    assert plain(year).startswith("Checkout in 2025 – Acme status")
    assert 'href="../../../../incidents/2025-03-02-cards/"' in year
    assert '<a rel="next" href="../../../../components/checkout/history/2026/">2026</a>' in year
    assert "2026-11-21-cards" not in year


def test_a_year_with_very_much_in_it_is_told_by_its_months() -> None:
    found = html("10:00", *many(MOST_LISTED + 60, "resolved", days_apart=1))

    crowded, small = found["history/2026/index.html"], found["history/incidents/2026/index.html"]
    for page in (crowded, small):
        assert "Story " not in plain(page)
        assert "November 2026 20 stories October 2026 31 stories" in plain(page)
    assert "Story 0" in plain(found["history/2026-11/index.html"])


# ── calendars ────────────────────────────────────────────────────────────────────────────────────


def documents(*stories: Incident) -> dict[str, bytes]:
    status = StatusPage.of(SITE, stories)
    markup = Markup(lambda _: None)
    now = datetime.fromisoformat("2026-11-21T10:00+01:00")
    all_of_them = [f for one in stories for f in story_documents(status, markup, one)]
    all_of_them += build_api(status, markup, lambda: Clock(now))
    return {found.key: found.data for found in all_of_them}


def test_a_maintenance_can_be_put_into_a_calendar() -> None:
    planned = story(
        file("## 2026-11-20 09:20 | Dawn Okafor | scheduled\n\nA new server.", kind="maintenance")
    )
    found = documents(planned)
    page = html("10:00", planned)

    key = "maintenance/2026-11-21-cards/event.ics"
    [event] = Calendar.from_ical(found[key]).walk("VEVENT")
    [same] = Calendar.from_ical(found["calendar.ics"]).walk("VEVENT")
    assert event.to_ical() == same.to_ical()
    assert b"REFRESH-INTERVAL" not in found[key]
    for place, root in ((HOME, "./"), ("maintenance/2026-11-21-cards/index.html", "../../")):
        assert f'href="{root}{key}">Add to calendar</a>' in page[place]


def test_what_stands_in_no_calendar_offers_none() -> None:
    tip = story(
        "---\ntitle: T\nkind: notice\nabout: tip\n---\n\n"
        "## 2026-11-20 09:20 | Dawn Okafor | published\n\nW.",
        CARDS.replace("cards", "tip"),
    )
    drill = story(
        file(
            "## 2026-11-20 09:20 | Dawn Okafor | scheduled\n\nW.",
            kind="maintenance",
            front="drill: yes",
        )
    )

    assert not any(key.endswith("event.ics") for key in documents(tip, drill))
    assert not any("Add to calendar" in page for page in html("10:00", tip, drill).values())


# ── whatever people write ────────────────────────────────────────────────────────────────────────

WIDE = "W" * 10_000
HOSTILE = f"""<script>document.title = "ran"</script> <img src=x onerror="document.title='ran'">
<svg onload="document.title='ran'"><style>body{{display:none}}</style></svg>
<div style="position:fixed;inset:0">over it</div></section></main></body>

[a](javascript:document.title='ran') <a href="java&#10;script:document.title='ran'">b</a>

\u202eright to left {WIDE} \u2067and isolated

| a | b |
|---|---|
| {WIDE} | {WIDE} |

    {WIDE}

`{WIDE}`

- a
    - b
        - {WIDE}

> > > > {WIDE}
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a site whose only incident says anything that could break a page."""
    people = [{**SETTINGS["PEOPLE"][0], "role": f"\u202eEngineer {WIDE[:300]}"}]  # type: ignore[dict-item]
    components = [{"id": "checkout", "name": f"\u202e<b>{WIDE[:300]}"}]
    site = read_site({**SETTINGS, "PEOPLE": people, "COMPONENTS": components})
    bad = story(
        file(
            f"## 2026-11-21 09:20 | Dawn Okafor | investigating\naffected: <b onclick=x>x</b>{WIDE}"
            f"\nnext: 09:30\ncomponents: checkout\n\n{HOSTILE}",
            front=f"workaround: '\u202e</title><script>document.title=1</script>{WIDE}'",
        ).replace("title: T", f"title: '\u202e<script>document.title=1</script>{WIDE[:300]}'")
    )
    folder = tmp_path_factory.mktemp("hostile")
    for key, text in html("10:00", bad, site=site).items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_text(text, encoding="utf-8")
    with previewing(folder) as preview:
        yield preview.address


@pytest.mark.parametrize("width", [320, 1280])
def test_a_hostile_incident_breaks_no_page(hostile: str, browser: Browser, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    for path in ("", CARDS_PAGE, "components/checkout/", "people/dawn-okafor/", "404.html"):
        page.goto(hostile + path)

        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert "Acme status" in page.title(), path
        assert page.locator("h1").is_visible()
        assert page.locator("main").count() == 1
        # The footer runs from left to right as ever.
        footer = page.locator("footer").inner_text()
        assert footer.startswith(("What", "Every", "Look")), path
    page.close()


def test_no_style_has_a_left_or_a_right() -> None:
    style = (THEME / "templates/style.css").read_text(encoding="utf-8")
    rules = re.sub(r"\{#.*?#\}", "", style, flags=re.DOTALL)

    assert re.findall(r"[-:;{ ](?:left|right)\b", rules) == []
