"""Messages: their headers, their text and their HTML, as programs and people read them."""

from __future__ import annotations

import quopri
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from email.header import decode_header, make_header
from pathlib import Path

import letters
import life
import pytest
from letters import EVERYBODY, SITE, Mailed, composer, every_edition, last_page, mailed

from firstword.digest import Unmailable
from firstword.digest.composer import HEAVY, TOO_HEAVY
from firstword.digest.headers import POLICY
from firstword.digest.plain import as_text
from firstword.mail.parcel import TOKEN_HOLE, Cadence, Edition, Look
from firstword.markup import Markup
from firstword.model import Component, ComponentChange, Due, Facts, Incident, Person, Update
from firstword.page import StatusPage
from firstword.values import replace

Golden = Callable[[str, str | bytes], None]

LOCKERS = "2026-10-13-locker-codes"
ROOT = f"<i.{LOCKERS}.1edcc132.root@status.ternpaper.example>"
NOW = life.instant("2026-11-11 12:00")
#: Read by programs: never an encoded word in them.
FOR_PROGRAMS = (
    *("Message-ID", "In-Reply-To", "References", "Archived-At"),
    *("List-Id", "List-Help", "List-Archive", "List-Unsubscribe", "List-Unsubscribe-Post"),
)

#: One of every kind: id, look, what was missed before.
KINDS: dict[str, tuple[str, Look, tuple[str, ...]]] = {
    "first": (f"update/{LOCKERS}/20261013T065200Z", EVERYBODY, ()),
    "correction": (f"update/{LOCKERS}/20261013T073100Z", EVERYBODY, ()),
    "answer": (f"update/{LOCKERS}/20261013T082400Z", EVERYBODY, ()),
    "postmortem": (f"update/{LOCKERS}/20261016T131000Z", EVERYBODY, ()),
    "missed": (
        f"update/{LOCKERS}/20261013T104700Z",
        EVERYBODY,
        (f"update/{LOCKERS}/20261013T065200Z", f"update/{LOCKERS}/20261013T071500Z"),
    ),
    "maintenance": ("update/2026-10-12-accounts-move/20261021T091500Z", EVERYBODY, ()),
    "notice": ("update/2026-10-22-damp-books/20261022T120000Z", EVERYBODY, ()),
    "follow-up": (f"update/{LOCKERS}/20261020T070500Z", EVERYBODY, ()),
    "reminder": ("reminder/2026-10-12-accounts-move/20261024T230000Z", EVERYBODY, ()),
    "daily": ("daily/2026-10-13", EVERYBODY, ()),
    "weekly": ("weekly/2026-W43", EVERYBODY, ()),
    "daily-de": ("daily/2026-10-13", Look(language="de"), ()),
    "weekly-ja": ("weekly/2026-W43", Look(language="ja", zone="Asia/Tokyo"), ()),
    "weekly-ar": ("weekly/2026-W43", Look(language="ar"), ()),
}


def kind(name: str) -> Mailed:
    edition, look, missed = KINDS[name]
    return mailed(every_edition()[edition], look, missed)


def with_story(change: Callable[[Incident], Incident]) -> StatusPage:
    """Return the life with the story of the lockers changed."""
    page = letters.last_page()
    told = [change(one) if one.id == LOCKERS else one for one in page.incidents]
    return letters.page_of(told, page.records.stamps, page.records.now or NOW)


def titled(title: str) -> StatusPage:
    def change(incident: Incident) -> Incident:
        return replace(incident, first=replace(incident.first, title=title))

    return with_story(change)


# ── as they are ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["first", "missed", "reminder", "weekly", "weekly-ja"])
def test_messages_are_as_they_were(name: str, golden: Golden) -> None:
    golden(f"mail-{name}.eml", kind(name).raw)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_is_read_without_a_defect(name: str) -> None:
    found = kind(name)  # reads by the strictest policy

    parts = [part.get_content_type() for part in found.message.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    assert found.raw.isascii()
    lines = found.raw.split(b"\r\n")
    # A Message-ID cannot be folded.
    assert max(map(len, lines)) <= 160
    assert not any(b"\n" in line or b"\r" in line for line in lines)


def test_the_same_words_make_the_same_bytes_in_another_process() -> None:
    program = (
        "import sys, hashlib; sys.path.insert(0, 'tests'); import test_letters as t\n"
        "print(hashlib.sha256(t.kind('weekly').raw).hexdigest())"
    )
    root = Path(__file__).resolve().parent.parent
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "TZ": zone},
        ).stdout
        for seed, zone in (("1", "Asia/Tokyo"), ("2", "UTC"))
    }

    assert len(said) == 1


# ── headers ──────────────────────────────────────────────────────────────────────────────────────


def test_the_author_writes_from_the_sites_address_and_is_who_answers_go_to() -> None:
    message = kind("answer").message

    assert message["From"] == '"Amara Osei (Tern Paper status)" <status@ternpaper.example>'
    assert message["Reply-To"] == "Amara Osei <amara@ternpaper.example>"
    assert message["Date"] == "Tue, 13 Oct 2026 08:24:00 +0000"


def test_who_left_is_answered_for_and_who_hides_a_name_stays_hidden() -> None:
    edition = every_edition()["update/2026-10-13-locker-codes/20261013T065200Z"]
    still_there = kind("first").message
    pieter = replace(SITE.people["Pieter Roos"], until=date(2026, 10, 12))
    without = replace(SITE, people={**SITE.people, "Pieter Roos": pieter})
    left = mailed(edition, by=composer(replace(last_page(), site=without))).message
    hidden = mailed(every_edition()["update/marbled-covers/20261028T170500Z"])

    # He leaves on the 31st: until that day is over he answers himself.
    assert still_there["Reply-To"] == "Pieter Roos <pieter@ternpaper.example>"
    assert left["From"].addresses[0].display_name == "Pieter Roos (Tern Paper status)"
    assert left["Reply-To"] == "Hanna Verbeek <hanna@ternpaper.example>"
    assert hidden.message["From"].addresses[0].display_name == "Sanne (Tern Paper status)"
    assert "Kuiper" not in hidden.text + hidden.html


def test_a_digest_comes_from_the_site_and_is_answered_by_it() -> None:
    message = kind("weekly").message

    assert message["From"] == "Tern Paper status <status@ternpaper.example>"
    assert message["Reply-To"] == "Tern Paper status <care@ternpaper.example>"
    assert message["Subject"] == "Tern Paper status: 19 October 2026 to 25 October 2026"
    assert message["Date"] == "Sun, 25 Oct 2026 23:00:00 +0000"
    assert message["References"] is None


def test_a_story_is_one_thread_whatever_its_title_becomes() -> None:
    about = [e for e in every_edition().values() if e.incident == LOCKERS]
    messages = [mailed(edition).message for edition in about]

    assert len(messages) == 13
    assert {message["Subject"] for message in messages} == {"The pickup lockers refuse your code"}
    assert {message["References"] for message in messages} == {ROOT}
    assert {message["In-Reply-To"] for message in messages} == {ROOT}
    assert len({message["Message-ID"] for message in messages}) == 13


def test_programs_know_that_no_person_pressed_send_and_where_to_leave() -> None:
    message = kind("first").message

    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert message["Precedence"] == "bulk"
    assert message["Content-Language"] == "en"
    assert message["List-Id"] == "Tern Paper status <immediate.status.ternpaper.example>"
    assert message["List-Help"] == "<https://status.ternpaper.example/subscribe/>"
    assert message["Archived-At"] == (
        f"<https://status.ternpaper.example/incidents/{LOCKERS}/#u-20261013T065200Z>"
    )
    assert message["List-Unsubscribe"] == (
        f"<mailto:list@ternpaper.example?subject=unsubscribe%20{letters.TOKEN}>"
    )
    assert message["List-Unsubscribe-Post"] is None
    assert message["List-Post"] is None


def test_one_click_is_there_where_something_answers_it() -> None:
    mail = replace(letters.MAIL, one_click="https://mail.ternpaper.example/u?t=")
    page = replace(letters.last_page(), site=replace(letters.SITE, mail=mail))
    found = mailed(every_edition()[KINDS["first"][0]], by=composer(page))

    assert found.message["List-Unsubscribe"].split(", ")[0] == (
        f"<https://mail.ternpaper.example/u?t={letters.TOKEN}>"
    )
    assert found.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for shown in (found.text, found.html):
        assert f"https://mail.ternpaper.example/u?t={letters.TOKEN}" in shown


def test_long_headers_for_programs_are_folded_between_ids() -> None:
    value = " ".join(f"<{'x' * 60}.{number}@status.example>" for number in range(20))

    folded = POLICY.fold("References", value)

    assert "".join(folded.split()) == "References:" + "".join(value.split())
    assert max(map(len, folded.split("\r\n"))) <= 100
    with pytest.raises(Unmailable, match="only plain ASCII"):
        POLICY.fold("References", "<ü@status.example>")
    with pytest.raises(Unmailable, match="too long"):
        POLICY.fold("References", f"<{'x' * 1000}@status.example>")


# ── what people type ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "title",
    [
        "Cards fail\r\nBcc: everybody@evil.example",
        "Cards fail\nBcc: everybody@evil.example",
        "Cards fail\x0bBcc: everybody@evil.example",
        "Cards fail\u2028Bcc: everybody@evil.example",
        "Cards fail\x00\x07Bcc: everybody@evil.example",
    ],
)
def test_a_title_adds_no_header(title: str) -> None:
    page = titled(title)
    for name in ("first", "daily"):
        edition, look, _ = KINDS[name]
        message = mailed(every_edition()[edition], look, by=composer(page)).message
        assert message["Bcc"] is None
        assert message.keys().count("To") == 1
    subject = mailed(every_edition()[KINDS["first"][0]], by=composer(page)).message["Subject"]
    assert subject.replace(" ", "") == "CardsfailBcc:everybody@evil.example"


def test_what_joins_letters_stays_in_a_title_and_what_turns_a_line_does_not() -> None:
    found = mailed(
        every_edition()[KINDS["first"][0]], by=composer(titled("क्\u200dष 👩\u200d💻 \u202ea"))
    )

    assert found.message["Subject"] == "क्\u200dष 👩\u200d💻 a"


def test_a_japanese_title_of_300_characters_arrives_whole() -> None:
    title = "決済が失敗します。" * 34
    found = mailed(every_edition()[KINDS["first"][0]], by=composer(titled(title)))
    head = found.raw.partition(b"\r\n\r\n")[0]

    assert found.message["Subject"] == title
    # RFC 2047, 2: an encoded word has at most 75 characters.
    words = re.findall(rb"=\?[^ \r\n]*\?=", head)
    assert words
    assert max(map(len, words)) <= 75
    assert title in found.text
    assert title in found.html


@pytest.mark.parametrize(
    "name",
    [
        "محمد عبد الرحمن الطويل جدًا",
        "יוסי כהן",  # noqa: RUF001 - a name
        "山田太郎" * 12,
        "علی\u200cرضا",  # noqa: RUF001 - a name
        'Zoë "Z" O\'Neil; <ops@evil.example>',
        "=?utf-8?q?evil?=",
    ],
)
def test_any_name_is_one_address_as_it_was_written(name: str) -> None:
    person = Person(name=name, shown=name, role="Ops", address="ops@ternpaper.example", slug="x")

    def signed(incident: Incident) -> Incident:
        updates = tuple(replace(update, author=name) for update in incident.updates)
        return replace(incident, updates=updates)

    page = with_story(signed)
    page = replace(page, site=replace(page.site, people={**page.site.people, name: person}))
    found = mailed(every_edition()[KINDS["first"][0]], by=composer(page))

    header = re.search(rb"From: ([^\r\n]*(?:\r\n [^\r\n]*)*)", found.raw)
    assert header
    decoded = str(make_header(decode_header(header[1].decode())))
    assert "".join(found.message["From"].addresses[0].addr_spec) == "status@ternpaper.example"
    assert len(found.message["From"].addresses) == 1
    if not name.startswith("=?"):
        shown = decoded.replace("\\", "").replace("\r\n", "")
        assert f"{name} (Tern Paper status)" in shown
    assert name in found.text.replace("\u2068", "").replace("\u2069", "")


@pytest.mark.parametrize("address", ["müller@ternpaper.example", "a b@ternpaper.example", "x@"])
def test_an_address_that_no_server_takes_is_a_clear_problem(address: str) -> None:
    people = dict(letters.SITE.people)
    people["Amara Osei"] = replace(people["Amara Osei"], address=address)
    page = replace(letters.last_page(), site=replace(letters.SITE, people=people))

    with pytest.raises(Unmailable, match=f"PEOPLE: .*{re.escape(address)}"):
        composer(page).compose(every_edition()[KINDS["answer"][0]], EVERYBODY)


def test_sixty_parts_are_named_and_fit() -> None:
    names = {f"part-{n}": Component(id=f"part-{n}", name=f"Part {n}") for n in range(60)}

    def touches_all(incident: Incident) -> Incident:
        changes = tuple(ComponentChange(name) for name in names)
        return replace(incident, first=replace(incident.first, components=changes))

    page = with_story(touches_all)
    page = replace(page, site=replace(page.site, components={**page.site.components, **names}))
    writer = composer(page)
    edition = every_edition()[KINDS["first"][0]]
    found = mailed(edition, by=writer)

    assert all(f"Part {n}" in found.text and f"Part {n}" in found.html for n in range(60))
    # In one line, not in sixty.
    assert found.text.count("Partly down") == 1
    assert writer.written(edition, EVERYBODY).size < HEAVY
    assert writer.alike(edition, Look(components=frozenset({"part-59"}))) == Look()


def long_words(paragraphs: int) -> StatusPage:
    def said(incident: Incident) -> Incident:
        first, *rest = incident.updates
        body = "\n\n".join(
            f"{number}: " + "A sentence of thirty letters. " * 20 for number in range(paragraphs)
        )
        return replace(incident, updates=(replace(first, body=body), *rest))

    return with_story(said)


def test_what_is_too_heavy_is_shortened_in_html_and_whole_as_text() -> None:
    writer = composer(long_words(60))
    edition = every_edition()[KINDS["first"][0]]
    written = writer.written(edition, EVERYBODY)
    found = mailed(edition, by=writer)

    assert written.shortened
    assert written.size < HEAVY
    assert "59: A sentence" in found.text
    assert "59: A sentence" not in found.html
    assert "On its own page" in found.html


def test_what_is_far_too_heavy_is_not_sent() -> None:
    def touches(incident: Incident) -> Incident:
        first, *rest = incident.updates
        return replace(
            incident, updates=(replace(first, says=Facts(affected="x " * 50_000)), *rest)
        )

    edition = every_edition()[KINDS["first"][0]]
    with pytest.raises(Unmailable, match=f"{TOO_HEAVY:,} is where we stop"):
        composer(with_story(touches)).compose(edition, EVERYBODY)


# ── text and HTML ────────────────────────────────────────────────────────────────────────────────


def test_the_first_line_says_how_it_stands_and_when_the_next_word_comes() -> None:
    line = kind("first").text.split("\n")[0]

    assert line == "Investigating · Next word by 13 October 2026, 09:20 CEST (07:20 UTC)"
    assert len(line) <= 110


@pytest.mark.parametrize(
    ("name", "line"),
    [
        # An answer and a correction say how things stand all the same.
        ("answer", "Answer · Cause found · Next word by 13 October 2026, 12:00 CEST (10:00 UTC)"),
        ("correction", "Correction · Cause found · Next word by 13 October 2026, 10:30 CEST (08:3"),
        (
            "maintenance",
            "Planned · 25 October 2026, 01:00 CEST (24 Oct, 23:00 UTC) to 04:00 CET (03:00 UTC)",
        ),
        ("follow-up", "Done: A telephone rings when a list is late or cut off"),
        ("postmortem", "Explained"),
        ("notice", "Published"),
        ("weekly", "Resolved: Two orders were paid twice · and 4 more"),
        ("daily", "Resolved: The locker at Central Station refuses your code again"),
        ("daily-de", "Behoben: The locker at Central Station refuses your code again"),
    ],
)
def test_the_first_line_says_what_a_list_of_messages_should_show(name: str, line: str) -> None:
    found = kind(name).text.split("\n")[0]

    assert found.startswith(line)
    assert len(found) <= 110


def test_a_first_line_fits_where_lists_of_messages_end_it() -> None:
    def promises(incident: Incident) -> Incident:
        if incident.id != "2026-10-12-accounts-move":
            return incident
        due = Due(life.instant("2026-10-24 16:00"))
        updates = tuple(
            replace(u, says=replace(u.says, next=due)) if u.id == "20261021T091500Z" else u
            for u in incident.updates
        )
        return replace(incident, updates=updates)

    def owes(incident: Incident) -> Incident:
        def long(update: Update) -> Update:
            words = "A telephone rings when " + "a list is late or cut off and " * 9
            many = tuple(replace(f, text=words) for f in update.follow_ups)
            return replace(update, follow_ups=many)

        return replace(incident, updates=tuple(map(long, incident.updates)))

    def first(name: str, change: Callable[[Incident], Incident]) -> str:
        page = letters.last_page()
        told = [change(one) for one in page.incidents]
        other = letters.page_of(told, page.records.stamps, page.records.now or NOW)
        edition = every_edition()[KINDS[name][0]]
        return mailed(edition, by=composer(other)).text.split("\n")[0]

    planned, done = first("maintenance", promises), first("follow-up", owes)
    assert planned == (
        "Planned · 25 October 2026, 01:00 CEST (24 Oct, 23:00 UTC) · "
        "Next word by 24 October 2026, 16:00 CEST (14:00 UTC)"
    )
    assert re.fullmatch("Done: A telephone rings when a list .* …", done)
    assert max(map(len, (planned, done))) <= 112


def test_how_it_stands_is_said_once() -> None:
    for name in ("first", "missed", "maintenance"):
        found = kind(name)
        state = found.text.split("\n")[0].partition(" · ")[0]
        told = found.text.partition("NOT SENT TO YOU BEFORE")[0]
        assert f"\n{state}. " not in told
        assert found.html.count(f"<strong>{state}</strong>") == 0
    # What was missed stands below the newest word, and says what it was.
    assert "\nCause found. Pieter Roos" in kind("missed").text
    # A reminder repeats a word: that it is planned is nowhere else.
    assert "\nPlanned. Hanna Verbeek" in kind("reminder").text
    weekly = kind("weekly").text
    assert "\nResolved · Paying\n\nAmara Osei, Customer care, 19 October" in weekly
    # The newest word did not move the story: both are said.
    assert "\nExplained · Pickup lockers\n\nUpdate. Hanna Verbeek" in weekly


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("weekly", "19 October 2026 to 25 October 2026"),
        ("daily-de", "Dienstag, 13. Oktober 2026"),
    ],
)
def test_a_digest_says_of_when_it_is(name: str, heading: str) -> None:
    found = kind(name)

    assert found.text.split("\n")[2] == heading
    assert re.findall(r"<h1[^>]*>([^<]*)</h1>", found.html) == [heading]
    # Of one story its title is the heading.
    assert re.findall(r"<h1[^>]*>([^<]*)</h1>", kind("first").html) == [
        "The pickup lockers refuse your code"
    ]


def test_words_that_go_on_keep_their_dots_on_the_line() -> None:
    html = kind("weekly").html

    assert "I am going through&nbsp;…" in html
    assert " …" not in html


def test_who_is_shown_under_another_name_is_so_in_every_letter() -> None:
    for edition in every_edition().values():
        found = mailed(edition)
        assert "Kuiper" not in found.text + found.html, edition.id


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_text_lacks_nothing_that_the_html_has(name: str) -> None:
    found = kind(name)
    words = re.sub(r"<style.*?</style>|<title.*?</title>", " ", found.html, flags=re.DOTALL)
    shown = as_text(re.sub(r"</(td|h1|h2|h3)>", r"</\1> ", words))
    shown = re.sub(r"<(https|[\w.]+@)[^>]*>", "", shown)
    said = set(re.findall(r"\w+", found.text.casefold()))
    # The text has the address itself.
    own = {"page", "eigener", "seite", "専用のページ", "صفحته", "الخاصة"}

    assert set(re.findall(r"[^\W_]{4,}", shown.casefold())) - said - own == set()


@pytest.mark.parametrize("name", sorted(KINDS))
def test_html_loads_nothing_and_follows_nobody(name: str) -> None:
    html = kind(name).html

    assert not re.search(r"<(img|link|script|iframe|video|object|form|svg|base)\b", html)
    assert not re.search(r"url\(|@import|@font-face|src=|background=", html)
    for address in re.findall(r'href="([^"]*)"', html):
        assert address.startswith(("https://status.ternpaper.example/", "mailto:"))


def test_a_picture_stands_as_its_words() -> None:
    def shows(incident: Incident) -> Incident:
        first, *rest = incident.updates
        return replace(
            incident,
            updates=(replace(first, body="Look: ![a door that is shut](/images/door.png)"), *rest),
        )

    found = mailed(every_edition()[KINDS["first"][0]], by=composer(with_story(shows)))

    assert "<img" not in found.html
    assert "a door that is shut" in found.html
    assert "a door that is shut" in found.text


def test_every_item_of_a_digest_is_signed_and_can_be_answered() -> None:
    text = kind("weekly").text

    for author, address in (
        ("Amara Osei, Customer care", "amara@ternpaper.example"),
        ("Hanna Verbeek, Shop and servers", "hanna@ternpaper.example"),
        ("Joris Blom, Bindery", "joris@ternpaper.example"),
        ("Sanne, Customer care, evenings", "care@ternpaper.example"),
    ):
        assert author in text
        assert f": {address}" in text
    assert 'href="mailto:joris@ternpaper.example?subject=Re%3A%20Notebooks' in kind("weekly").html
    # What is only coming too, though nobody wrote of it that week.
    coming = text.partition("\nCOMING\n")[2].partition("\nNOTICES\n")[0]
    assert "\n  Reply to Joris Blom: joris@ternpaper.example\n" in coming


def test_what_goes_on_without_a_new_word_is_signed_and_can_be_answered_too() -> None:
    def still(incident: Incident) -> Incident:
        first, *_ = incident.updates
        return replace(incident, updates=(first,))

    found = mailed(every_edition()["weekly/2026-W43"], by=composer(with_story(still)))
    item = found.text.partition("STILL WRONG")[2].partition("NO LONGER OPEN")[0]

    assert "  Next word by" in item
    assert "  Reply to" in item
    assert "?subject=Re%3A%20The%20pickup%20lockers" in found.html


def promises_of(found: Mailed, heading: str) -> list[str]:
    """Return the items of the section about promises, each as its lines."""
    section = found.text.partition(f"\n{heading}\n")[2].partition("\n-- \n")[0]
    return section.split("\n- ")[1:]


@pytest.mark.parametrize(
    ("name", "heading", "promised", "reply"),
    [
        ("weekly", "PROMISES KEPT AND MISSED", "Promised: ", "Reply to {}"),
        ("weekly-ja", "守られた約束と守られなかった約束", "約束：", "{}さんに返信"),  # noqa: RUF001
        ("weekly-ar", "وعود وُفي بها وأخرى لم يُوفَ بها", "صاحب الوعد: ", "الرد على {}"),
    ],
)
def test_every_promise_of_a_digest_is_signed_and_can_be_answered(
    name: str, heading: str, promised: str, reply: str
) -> None:
    found = kind(name)
    items = [
        item.replace("\u2068", "").replace("\u2069", "") for item in promises_of(found, heading)
    ]
    hanna = reply.format("Hanna Verbeek")

    assert len(items) == 9
    for item in items:
        _, signed, answer, link = item.rstrip().split("\n")
        assert signed.startswith(f"  {promised}")
        assert re.fullmatch(r"  .+: \w+@ternpaper\.example", answer)
        assert link.startswith("  https://status.ternpaper.example/")
    # Amara wrote it down, Hanna owes it: she is named, and she is who can be asked.
    what, whose = items[5].split("\n")[0].split(": ")[:2]
    assert what == "Hold all 212 payments since 1 October against the bank's list"
    assert whose.endswith("Hanna Verbeek")
    assert f"\n  {promised}Amara Osei" in items[5]
    assert f"\n  {hanna}: hanna@ternpaper.example\n" in items[5]
    # The same in HTML, under the subject of the story's thread.
    shown = found.html.replace("\u2068", "").replace("\u2069", "")
    link = "mailto:hanna@ternpaper.example?subject=Re%3A%20Two%20orders%20were%20paid%20twice"
    assert f'<a href="{link}">{hanna}</a>' in shown
    assert shown.count(promised) == 9


def test_whoever_took_over_is_asked_about_a_promise_and_else_who_wrote_it_down() -> None:
    week = every_edition()["weekly/2026-W43"]

    def answer(**change: object) -> str:
        hanna = replace(SITE.people["Hanna Verbeek"], **change)
        site = replace(SITE, people={**SITE.people, "Hanna Verbeek": hanna})
        found = mailed(week, by=composer(replace(last_page(), site=site)))
        return promises_of(found, "PROMISES KEPT AND MISSED")[5].split("\n")[2]

    gone = answer(until=date(2026, 10, 20), successor="Joris Blom")
    assert gone == "  Reply to Joris Blom: joris@ternpaper.example"
    assert answer(address="") == "  Reply to Amara Osei: amara@ternpaper.example"


def test_a_promise_is_signed_with_what_people_typed_and_nothing_else() -> None:
    hanna = replace(SITE.people["Hanna Verbeek"], role="Ops <script>")
    site = replace(SITE, people={**SITE.people, "Hanna Verbeek": hanna})
    week = every_edition()["weekly/2026-W43"]
    found = mailed(week, by=composer(replace(last_page(), site=site)))
    signed = "Promised: Hanna Verbeek, Ops <script>, 12 October 2026"

    assert signed in "".join(promises_of(found, "PROMISES KEPT AND MISSED"))
    assert "<script" not in found.html
    assert "Promised: Hanna Verbeek, Ops &lt;script&gt;, 12 October 2026" in found.html


def test_a_digest_has_its_sections_in_order() -> None:
    text = kind("weekly").text
    headings = [line for line in text.split("\n") if line.isupper() and not line.startswith(" ")]

    assert headings == ["NO LONGER OPEN", "COMING", "NOTICES", "PROMISES KEPT AND MISSED"]


def test_what_somebody_missed_stands_inside_in_full() -> None:
    text = kind("missed").text

    assert text.index("Since 12:31 all five places open") < text.index("NOT SENT TO YOU BEFORE")
    assert "and have tried three of my own, so it is not you." in text
    assert "The codes that go out to the lockers each night stopped halfway." in text


def test_what_comes_before_is_told_in_a_line_each() -> None:
    text = kind("postmortem").text

    assert text.count("\n- 13 October 2026, ") == 5
    assert "- 5 more before these\n" in text
    # Kept out of mail, so it is no line of one.
    assert "Nineteen of 23 doors open" not in text


def test_a_reader_of_another_language_gets_labels_in_it_and_words_as_translated() -> None:
    dutch = mailed(every_edition()[KINDS["first"][0]], Look(language="nl"))
    german = kind("daily-de")

    # There is no Dutch catalogue, and there is a Dutch translation.
    assert "Sinds half negen antwoorden de kluisjes" in dutch.text
    assert "De afhaalkluisjes weigeren je code" in dutch.text
    # One thread, whether or not the translation was there when it began.
    assert dutch.message["Subject"] == "The pickup lockers refuse your code"
    assert "NICHT MEHR OFFEN" in german.text
    assert german.message["Content-Language"] == "de"
    # Nobody translated it, and it says so to screen readers.
    assert re.search(r'<div class="words" lang="en"|<div[^>]* lang="en"', german.html)


def test_times_are_in_the_readers_zone() -> None:
    found = mailed(every_edition()[KINDS["first"][0]], Look(zone="Asia/Tokyo"))

    assert "13 October 2026, 15:52 JST (06:52 UTC)" in found.text


def test_from_right_to_left() -> None:
    html = kind("weekly-ar").html

    assert re.match(r'<!doctype html><html lang="ar" dir="rtl">', html, re.IGNORECASE)


def test_a_digest_leaves_out_what_somebody_did_not_ask_for() -> None:
    look = Look(components=frozenset({"orders"}))
    text = mailed(every_edition()["weekly/2026-W43"], look).text

    assert "marbled covers" in text
    assert "Two orders were paid twice" not in text
    assert "locker at Central Station" not in text


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("One *line*\nwrapped.\n\nTwo.", "One line wrapped.\n\nTwo."),
        ("[words](https://x.example/a)", "words <https://x.example/a>"),
        ("<https://x.example/a>", "https://x.example/a"),
        ("- one\n- two\n  - three", "- one\n- two\n  - three"),
        ("3. one\n4. two", "3. one\n4. two"),
        ("> asked\n>\n> again\n\nsaid", "> asked\n>\n> again\n\nsaid"),
        ("```\na  b\n\nc\n```", "a  b\n\nc"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"),
        ("# Big\n\n- [x] done", "Big\n\n- ☑ done"),
        ("a\n\n---\n\nb &lt; c", "a\n\n* * *\n\nb < c"),
    ],
)
def test_markdown_as_plain_text_lacks_nothing(markdown: str, text: str) -> None:
    assert as_text(Markup().html(markdown)) == text


def test_the_place_of_the_token_is_whole_wherever_it_falls() -> None:
    from firstword.digest.mime import quoted

    hole = TOKEN_HOLE.decode()
    for length in range(160):
        text = f"{'x' * length}{hole}{'é' * (length % 30)}\n{hole}\n"
        encoded = quoted(text)
        assert encoded.count(hole) == 2
        assert max(map(len, encoded.split("\n"))) <= 77
        assert quopri.decodestring(encoded.encode()).decode() == text


def test_an_edition_of_which_nothing_is_published_is_refused() -> None:
    gone = Edition(
        id="update/no-such-story/20261013T065200Z",
        cadence=Cadence.IMMEDIATE,
        incident="no-such-story",
        urgent=True,
        digest="0" * 64,
        at=life.instant("2026-10-13 09:00"),
    )

    with pytest.raises(Unmailable, match="nothing is published of 'update/no-such-story"):
        composer().compose(gone, EVERYBODY)
