"""What each language says of times, numbers and states; literals to read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import format_percent
from test_settings import read, refusal

from firstword.model import Due
from firstword.values import replace
from firstword.words import Language, speak
from firstword.words.catalogue import catalogue

NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 21)
HOURS = timedelta(hours=4, minutes=58)
ONE_DAY, TWO_DAYS = timedelta(days=1, hours=2), timedelta(days=2, minutes=5)
TITLE = "Cards fail"
#: Around what must keep its own order in a text from right to left.
LTR, ANY, END = "\u2066", "\u2068", "\u2069"


def language(code: str, zone: str = "Europe/Berlin") -> Language:
    return speak(read(DEFAULT_LANG=code, TIMEZONE=zone))


@pytest.mark.parametrize(
    ("code", "zone", "moment"),
    [
        ("en", "Europe/Berlin", "21 November 2026, 10:00 CET (09:00 UTC)"),
        ("de", "Europe/Berlin", "21. November 2026, 10:00 MEZ (09:00 UTC)"),
        ("de-AT", "Europe/Helsinki", "21. November 2026, 11:00 OEZ (09:00 UTC)"),
        ("ja", "Asia/Tokyo", "2026年11月21日 18:00 JST（9:00 UTC）"),
        ("ar", "Asia/Riyadh", f"21 نوفمبر 2026، {LTR}12:00 UTC+03 (09:00 UTC){END}"),
        ("en", "UTC", "21 November 2026, 09:00 UTC"),
        ("en", "America/Los_Angeles", "21 November 2026, 01:00 PST (09:00 UTC)"),
        ("en", "Pacific/Auckland", "21 November 2026, 22:00 NZDT (09:00 UTC)"),
    ],
)
def test_an_instant(code: str, zone: str, moment: str) -> None:
    assert language(code, zone).moment(NINE) == moment


def test_an_instant_is_of_the_readers_zone_whatever_was_spelled_before() -> None:
    """Who writes to a reader has the site's language tell the reader's times."""
    here = language("en")
    there = replace(here, zone=ZoneInfo("Asia/Tokyo"))

    assert here.moment(NINE) == "21 November 2026, 10:00 CET (09:00 UTC)"
    assert there.moment(NINE) == "21 November 2026, 18:00 JST (09:00 UTC)"


def test_every_instant_has_its_own_day_and_weekday_whatever_was_spelled_before() -> None:
    said = language("en", "UTC")

    assert said.moment(datetime(2026, 11, 20, 23, 59, tzinfo=UTC)) == "20 November 2026, 23:59 UTC"
    assert said.moment(NINE) == "21 November 2026, 09:00 UTC"
    assert said.moment(NINE, weekday=True) == "Saturday 21 November 2026, 09:00 UTC"
    assert said.moment(NINE - HOURS) == "21 November 2026, 04:02 UTC"
    assert said.moment(NINE - TWO_DAYS - HOURS) == "19 November 2026, 03:57 UTC"
    assert said.moment(datetime(2026, 11, 1, tzinfo=UTC)) == "1 November 2026, 00:00 UTC"


@pytest.mark.parametrize(
    ("code", "clock"),
    [
        ("en", "00:30 CET (20 Nov, 23:30 UTC)"),
        ("de", "00:30 MEZ (20. Nov., 23:30 UTC)"),
        ("ja", "0:30 CET（11月20日 23:30 UTC）"),
    ],
)
def test_another_day_in_utc(code: str, clock: str) -> None:
    at = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)

    assert language(code).clock(at) == clock


def test_times_of_one_minute_are_each_of_their_own_day_and_offset() -> None:
    berlin = language("en")

    spelled = [
        berlin.moment(datetime.fromisoformat(at))
        for at in (
            "2026-11-19T23:30:00+00:00",
            "2026-11-20T23:30:00+00:00",
            "2026-10-25T00:30:00+00:00",
            "2026-10-25T01:30:40+00:00",
        )
    ]

    assert spelled == [
        "20 November 2026, 00:30 CET (19 Nov, 23:30 UTC)",
        "21 November 2026, 00:30 CET (20 Nov, 23:30 UTC)",
        # The hour that comes twice.
        "25 October 2026, 02:30 CEST (00:30 UTC)",
        "25 October 2026, 02:30 CET (01:30 UTC)",
    ]


@pytest.mark.parametrize(
    ("code", "day", "weekday", "month", "year"),
    [
        ("en", "21 November 2026", "Saturday 21 November", "November 2026", "2026"),
        ("de", "21. November 2026", "Samstag, 21. November", "November 2026", "2026"),
        ("ja", "2026年11月21日", "11月21日土曜日", "2026年11月", "2026年"),
        ("ar", "21 نوفمبر 2026", "السبت، 21 نوفمبر", "نوفمبر 2026", "2026"),
    ],
)
def test_a_day(code: str, day: str, weekday: str, month: str, year: str) -> None:
    spoken = language(code)

    assert spoken.day(DAY) == day
    assert spoken.day(DAY, weekday=True, year=False) == weekday
    assert spoken.month(DAY) == month
    assert spoken.year(2026) == year
    assert spoken.due(Due(datetime(2026, 11, 21, 23, tzinfo=UTC), whole_day=True)) == day


@pytest.mark.parametrize(
    ("code", "hours", "one_day", "two_days", "nothing"),
    [
        ("en", "4 h 58 min", "1 day 2 h", "2 days 5 min", "under a minute"),
        ("de", "4 Std. 58 Min.", "1 Tag 2 Std.", "2 Tage 5 Min.", "unter einer Minute"),
        ("ja", "4時間58分", "1日2時間", "2日5分", "1分未満"),
    ],
)
def test_a_length_of_time(code: str, hours: str, one_day: str, two_days: str, nothing: str) -> None:
    spoken = language(code)

    assert spoken.duration(HOURS) == hours
    assert spoken.duration(ONE_DAY) == one_day
    assert spoken.duration(TWO_DAYS) == two_days
    assert spoken.duration(timedelta(seconds=59)) == nothing


def test_a_length_of_time_in_arabic() -> None:
    spoken = language("ar")

    assert spoken.duration(timedelta(days=1)) == "يوم"
    assert spoken.duration(timedelta(days=2)) == "يومان"
    assert spoken.duration(timedelta(days=3)) == "3 أيام"
    assert spoken.duration(timedelta(days=11)) == "11 يومًا"
    assert spoken.duration(timedelta(days=100)) == "100 يوم"
    assert spoken.duration(HOURS) == f"{ANY}4 س{END} و{ANY}58 د{END}"


@pytest.mark.parametrize(
    ("code", "alone", "with_one", "with_three", "quiet"),
    [
        (
            "en",
            TITLE,
            "Cards fail, and 1 more problem is open",
            "Cards fail, and 3 more problems are open",
            "No problem reported by us since 12 November 2026",
        ),
        (
            "de",
            TITLE,
            "Cards fail, und 1 weitere Störung ist offen",
            "Cards fail, und 3 weitere Störungen sind offen",
            "Seit 12. November 2026 von uns keine Störung gemeldet",
        ),
        (
            "ja",
            TITLE,
            "Cards fail。ほかに1件の障害が続いています",
            "Cards fail。ほかに3件の障害が続いています",
            "2026年11月12日以降、当社からの障害の報告はありません",
        ),
        (
            "ar",
            TITLE,
            f"{ANY}Cards fail{END}، ومشكلة أخرى ما زالت مفتوحة",
            f"{ANY}Cards fail{END}، و3 مشكلات أخرى ما زالت مفتوحة",
            f"لم نبلّغ عن أي مشكلة منذ {ANY}12 نوفمبر 2026{END}",
        ),
    ],
)
def test_how_things_stand(
    code: str, alone: str, with_one: str, with_three: str, quiet: str
) -> None:
    spoken = language(code)

    assert spoken.state_sentence([TITLE], None) == alone
    assert spoken.state_sentence([TITLE, "b"], None) == with_one
    assert spoken.state_sentence([TITLE, "b", "c", "d"], None) == with_three
    assert spoken.state_sentence([], datetime(2026, 11, 12, 9, tzinfo=UTC)) == quiet


@pytest.mark.parametrize(
    ("code", "sentence", "shown"),
    [
        ("en", "Cards fail", "Cards fail."),
        ("en", "Cards fail!", "Cards fail!"),
        ("en", "Do cards fail?", "Do cards fail?"),
        ("en", "They say 'cards fail.'", "They say 'cards fail.'"),
        ("en", "Cards fail (all)", "Cards fail (all)."),
        ("ja", "カードが使えません", "カードが使えません。"),
        ("ja", "カードが使えません。", "カードが使えません。"),
    ],
)
def test_a_sentence_has_one_end(code: str, sentence: str, shown: str) -> None:
    assert language(code).ended(sentence) == shown


def test_a_title_from_right_to_left_does_not_turn_an_english_sentence() -> None:
    said = language("en").state_sentence(["تفشل المدفوعات", "b"], None)

    assert said == f"{ANY}تفشل المدفوعات{END}, and 1 more problem is open"


# ── as CLDR has it ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", ["de", "ja", "ar"])
def test_dates_lists_and_shares_are_cldrs(code: str) -> None:
    spoken, locale = language(code, "UTC"), Locale.parse(code)

    for back in range(400):
        day = DAY - timedelta(days=back)
        assert spoken.day(day) == format_date(day, "long", locale=locale)
        assert spoken.day(day, weekday=True) == format_date(day, "full", locale=locale)
    clock = spoken.formats.clock_text(NINE)
    assert clock == format_time(NINE, locale.datetime_skeletons["Hm"].pattern, locale=locale)
    for names in (["A"], ["A", "B"], ["A", "B", "C"], ["A", "B", "C", "D"]):
        assert spoken.formats.join(names) == format_list(names, locale=locale)
    pattern = locale.percent_formats[None].pattern.replace("#,##0", "0.00")
    assert spoken.percent(0.99871) == format_percent(0.99871, pattern, locale=locale)


@pytest.mark.parametrize("code", ["en", "de", "ja", "ar"])
def test_numbers_ask_for_cldrs_plural_forms(code: str) -> None:
    rule = Locale.parse(code).plural_form
    forms: dict[str, set[str]] = {}
    for count in range(250):
        said = catalogue(code).ngettext("%(count)s story", "%(count)s stories", count)
        forms.setdefault(rule(count), set()).add(said)

    assert forms.keys() == rule.tags | {"other"}
    assert all(len(said) == 1 for said in forms.values())


# ── the site's own words ─────────────────────────────────────────────────────────────────────────


def test_a_site_says_it_otherwise() -> None:
    own = {"de": {"identified": "Grund bekannt", "Next word": "Wieder von uns"}}
    site = read(DEFAULT_LANG="de", WORDS=own)

    assert speak(site).word("identified") == "Grund bekannt"
    assert speak(site).say("Next word") == "Wieder von uns"
    assert speak(site).word("resolved") == "Behoben"
    assert speak(site, "ja").say("Next word") == "次の更新"


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ({"fr": {}}, "no words of ours in 'fr'; there are: ar, de, en, ja"),
        ({"en": {"Nxt word": "x"}}, "'en': nothing says 'Nxt word'; did you mean 'Next word'?"),
        ({"en": {"Next word": ""}}, "'en': 'Next word': text is expected, not ''"),
        (
            {"de": {"by %(due)s": "bis dann"}},
            "'de': 'bis dann' leaves something else to fill in than %(due)s",
        ),
        (
            {"de": {"Next word": "100 %"}},
            "'de': '100 %' leaves something else to fill in than nothing",
        ),
        ({"de": "x"}, "a dictionary by a text is expected, not 'x'"),
        ("de", "a dictionary by a language is expected, not 'de'"),
    ],
)
def test_what_nobody_would_see_is_refused(own: object, line: str) -> None:
    assert refusal(WORDS=own) == f"WORDS: {line}"


def test_a_language_without_words_of_ours_is_spoken_to_in_the_sites() -> None:
    german = read(DEFAULT_LANG="de")

    assert speak(german, "fr").code == "de"
    assert speak(read(DEFAULT_LANG="fr")).code == "en"
    assert speak(german, "ar").direction == "rtl"
    assert speak(german, "ar").zone == ZoneInfo("UTC")
