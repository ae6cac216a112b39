"""Bad inputs and the exact answer to each: what a person reads at three in the morning."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from firstword.model import Level
from firstword.parse import RULES, parse

HEAD = """\
---
title: Card payments fail
impact: major
started: 2026-11-21 09:12
---

"""
HEADING = "## 2026-11-21 09:20 | Dawn Okafor | investigating"
WORDS = "We are looking into it.\n"
GOOD = f"{HEAD}{HEADING}\n\n{WORDS}"
ENDED = (
    f"{GOOD}\n## 2026-11-21 10:00 | Ian Reyes | resolved\n\nAll cards work. What we will do:\n\n"
)


class Bad(NamedTuple):
    """An input and its problems, a line each; a line that begins with spaces goes on."""

    name: str
    data: bytes
    problems: str
    path: str = "a.md"
    zone: str = "Europe/Copenhagen"


def plain(text: str) -> str:
    """Return the lines of an indented literal; a text of one line gets its line end."""
    return dedent(text).lstrip("\n") if "\n" in text.strip() else text.strip("\n") + "\n"


def whole(name: str, text: str | bytes, problems: str, path: str = "a.md") -> Bad:
    """A file as it stands."""
    data = text if isinstance(text, bytes) else (dedent(text).removeprefix("\n")).encode()
    return Bad(name, data, problems, path)


def front(name: str, text: str, problems: str, zone: str = "Europe/Copenhagen") -> Bad:
    """Front matter; a good update follows."""
    data = f"---\n{plain(text)}---\n\n{HEADING}\n\n{WORDS}".encode()
    return Bad(name, data, problems, zone=zone)


def title(name: str, value: str, problems: str) -> Bad:
    """The value of the title, on line 2."""
    return front(name, f"title: {value}\nimpact: major\nstarted: 2026-11-21 09:12\n", problems)


def started(name: str, value: str, problems: str, zone: str = "Europe/Copenhagen") -> Bad:
    """The value of the start, on line 4."""
    return front(name, f"title: Cards fail\nimpact: major\nstarted: {value}\n", problems, zone)


def more(name: str, text: str, problems: str) -> Bad:
    """More keys behind the required ones, from line 5."""
    return Bad(name, GOOD.replace("09:12\n", f"09:12\n{plain(text)}").encode(), problems)


def body(name: str, text: str, problems: str) -> Bad:
    """All below the front matter, from line 7."""
    return Bad(name, f"{HEAD}{plain(text)}".encode(), problems)


def heading(name: str, line: str, problems: str) -> Bad:
    """The heading of the update, on line 7, with keys on the lines below it."""
    return Bad(name, f"{HEAD}{plain(line)}\n{WORDS}".encode(), problems)


def keys(name: str, text: str, problems: str, at: str = "2026-11-21 09:20") -> Bad:
    """The keys of an update, from line 8."""
    signed = HEADING.replace("2026-11-21 09:20", at)
    return Bad(name, f"{HEAD}{signed}\n{plain(text)}\n{WORDS}".encode(), problems)


def text(name: str, text: str, problems: str) -> Bad:
    """All below the heading of the update and a blank line, from line 9."""
    return Bad(name, f"{HEAD}{HEADING}\n\n{plain(text)}".encode(), problems)


def follow_ups(name: str, text: str, problems: str) -> Bad:
    """The list of follow-ups in a second update, which resolves, from line 15."""
    return Bad(name, f"{ENDED}{plain(text)}".encode(), problems)


TABLE = [
    # ── the file as bytes ────────────────────────────────────────────────────────────────────────
    whole("nothing at all", "", "a.md:1: front-matter: the file is empty"),
    whole("blank lines only", "\n\n  \n", "a.md:1: front-matter: the file is empty"),
    whole("UTF-16", GOOD.encode("utf-16"), "a.md:1: encoding: saved as UTF-16; save it as UTF-8"),
    whole(
        "UTF-16 without its mark",
        GOOD.encode("utf-16-le"),
        "a.md:1: encoding: saved as UTF-16; save it as UTF-8",
    ),
    whole(
        "Latin-1",
        GOOD.replace("fail", "fail at Café Sø").encode("latin-1"),
        r"a.md:2: encoding: byte b'\xe9' at offset 36 is not UTF-8; save the file as UTF-8",
    ),
    whole(
        "Latin-1 behind a byte order mark, with line ends of old Macs",
        b"\xef\xbb\xbf" + GOOD.replace("fail", "fail at Sø").replace("\n", "\r").encode("latin-1"),
        r"a.md:2: encoding: byte b'\xf8' at offset 37 is not UTF-8; save the file as UTF-8",
    ),
    whole(
        "NUL",
        GOOD.replace("looking", "loo\0king").encode(),
        "a.md:9: encoding: NUL byte at offset 136; is this text?",
    ),
    whole(
        "a picture",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "a.md:3: encoding: NUL byte at offset 8; is this text?",
    ),
    whole(
        "fifty megabytes",
        bytes(50_000_000),
        "a.md:1: size: 50000000 bytes; an incident file has at most 1000000",
    ),
    whole(
        "one byte too many",
        GOOD.encode().ljust(1_000_001),
        "a.md:1: size: 1000001 bytes; an incident file has at most 1000000",
    ),
    whole(
        "control characters (a warning)",
        GOOD.replace("looking", "\x1b[31mlooking\x07").encode(),
        r"a.md:9: control-character: warning: '\x1b', '\x07' cannot be published; left out",
    ),
    whole(
        "line ends of other programs (a warning)",
        GOOD.replace("Card payments", "Card\u2028payments").encode(),
        r"""
        a.md:2: control-character: warning: '\u2028' ends a line in some programs only; a space
            takes its place
        """,
    ),
    whole(
        "a form feed and a line separator in one line",
        GOOD.replace("looking", "\x0clook\u2029ing").encode(),
        r"""
        a.md:9: control-character: warning: '\u2029' ends a line in some programs only; a space
            takes its place
        a.md:9: control-character: warning: '\x0c' cannot be published; left out
        """,
    ),
    whole(
        "CRLF, a byte order mark and a wrong word",
        ("\ufeff" + GOOD.replace("major", "majro").replace("\n", "\r\n")).encode(),
        "a.md:3: value: unknown impact: 'majro'; did you mean 'major'?",
    ),
    whole(
        "two byte order marks",
        ("\ufeff\ufeff" + GOOD).encode(),
        r"a.md:1: front-matter: the file begins with '\ufeff---'; expected '---', three hyphens",
    ),
    whole(
        "a merge conflict",
        """
        ---
        title: Card payments fail
        <<<<<<< HEAD
        impact: major
        =======
        impact: minor
        >>>>>>> night-shift
        started: 2026-11-21 09:12
        ---

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        """,
        """
        a.md:3: conflict: a merge conflict begins here: '<<<<<<< HEAD'; keep one side, and remove
            the lines of '<', '=' and '>'
        """,
    ),
    whole(
        "a log, saved in the wrong folder",
        "".join(f"2026-11-21T09:20:{n:02} GET /pay 502\n" for n in range(60)).encode(),
        """
        a.md:1: front-matter: the file begins with '2026-11-21T09:20:00 GET /pay 502'; expected
            '---', three hyphens
        """,
    ),
    whole(
        "more problems than anybody reads",
        (GOOD + "".join(f"# {n}\n" for n in range(60))).encode(),
        "".join(
            f"a.md:{n + 10}: heading: only updates stand under '#' and '##': '# {n}'; use '###'\n"
            for n in range(50)
        )
        + "a.md:60: more: 10 more not shown; mend these first",
    ),
    # ── the file's name ──────────────────────────────────────────────────────────────────────────
    whole(
        "capitals and spaces",
        GOOD.encode(),
        """
        content/incidents/2026/Card Payments (copy).md:1: file-name: 'Card Payments (copy).md'
            becomes an address: lower-case letters, digits and '-' only, at most 100; rename it to
            'card-payments-copy.md'
        """,
        path="content/incidents/2026/Card Payments (copy).md",
    ),
    whole(
        "accents",
        GOOD.encode(),
        """
        2026-11-21-Zahlungsstörung-Café.md:1: file-name: '2026-11-21-Zahlungsstörung-Café.md'
            becomes an address: lower-case letters, digits and '-' only, at most 100; rename it to
            '2026-11-21-zahlungsstorung-cafe.md'
        """,
        path="2026-11-21-Zahlungsstörung-Café.md",
    ),
    whole(
        "a name too long",
        GOOD.encode(),
        f"""
        {"card-payments-" * 8}fail.md:1: file-name:
            'card-payments-card-payments-card-payments-card-payments-card…'
            becomes an address: lower-case letters, digits and '-' only, at most 100; rename it to
            '{"card-payments-" * 6}card-payments.md'
        """,
        path="card-payments-" * 8 + "fail.md",
    ),
    whole(
        "no letters at all",
        GOOD.encode(),
        """
        ——.md:1: file-name: '——.md' becomes an address: lower-case letters, digits and '-' only, at
            most 100
        """,
        path="——.md",
    ),
    whole(
        "a dot in it",
        GOOD.encode(),
        """
        2026-11-21-v1.2-rollout.md:1: file-name: '2026-11-21-v1.2-rollout.md' becomes an address:
            lower-case letters, digits and '-' only, at most 100; rename it to
            '2026-11-21-v1-2-rollout.md'
        """,
        path="2026-11-21-v1.2-rollout.md",
    ),
    whole(
        "a backup, not a language",
        GOOD.encode(),
        """
        2026-11-21-card-payments.bak.md:1: file-name: '2026-11-21-card-payments.bak.md': 'bak' is no
            language
        """,
        path="2026-11-21-card-payments.bak.md",
    ),
    whole(
        "twice .md",
        GOOD.encode(),
        """
        2026-11-21-card-payments.md.md:1: file-name: '2026-11-21-card-payments.md.md': 'md' is no
            language
        """,
        path="2026-11-21-card-payments.md.md",
    ),
    whole(
        "a language in capitals",
        GOOD.encode(),
        """
        2026-11-21-card-payments.DE.md:1: file-name: '2026-11-21-card-payments.DE.md' becomes an
            address: lower-case letters, digits and '-' only, at most 100; rename it to
            '2026-11-21-card-payments.de.md'
        """,
        path="2026-11-21-card-payments.DE.md",
    ),
    whole(
        "underscores, in a translation",
        GOOD.encode(),
        """
        2026-11-21_card_payments.de.md:1: file-name: '2026-11-21_card_payments.de.md' becomes an
            address: lower-case letters, digits and '-' only, at most 100; rename it to
            '2026-11-21-card-payments.de.md'
        """,
        path="2026-11-21_card_payments.de.md",
    ),
    # ── the lines of '---' ───────────────────────────────────────────────────────────────────────
    whole(
        "no opening line",
        """
        title: Card payments fail
        impact: majro
        started: 2026-11-21 09:12
        ---

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        """,
        """
        a.md:1: front-matter: the file begins with 'title: Card payments fail'; expected '---',
            three hyphens
        a.md:2: value: unknown impact: 'majro'; did you mean 'major'?
        """,
    ),
    whole(
        "text at the top",
        "Card payments fail, we are on it!",
        """
        a.md:1: front-matter: the file begins with 'Card payments fail, we are on it!'; expected
            '---', three hyphens
        """,
    ),
    whole(
        "a heading at the top",
        """
        # Card payments fail

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        """,
        """
        a.md:1: front-matter: the file begins with '# Card payments fail'; expected '---', three
            hyphens
        """,
    ),
    whole(
        "a dash made by an editor of three hyphens",
        """
        —
        title: Card payments fail
        impact: major
        started: 2026-11-21 09:12
        —

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        """,
        """
        a.md:1: front-matter: the file begins with '—'; expected '---', three hyphens
        a.md:5: front-matter: '—' does not close the front matter; write '---', three hyphens at the
            start of the line
        """,
    ),
    whole(
        "four hyphens",
        """
        ----
        title: Card payments fail
        impact: major
        started: 2026-11-21 09:12
        ----

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        """,
        """
        a.md:1: front-matter: the file begins with '----'; expected '---', three hyphens
        a.md:5: front-matter: '----' does not close the front matter; write '---', three hyphens at
            the start of the line
        """,
    ),
    whole(
        "a space before the hyphens",
        """
         ---
        title: Card payments fail
        impact: major
        started: 2026-11-21 09:12
         ---

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        """,
        """
        a.md:1: front-matter: the file begins with ' ---'; expected '---', three hyphens
        a.md:5: front-matter: ' ---' does not close the front matter; write '---', three hyphens at
            the start of the line
        """,
    ),
    whole(
        "front matter of another program",
        """
        +++
        title = "Card payments fail"
        +++

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        """,
        """
        a.md:1: front-matter: the file begins with '+++'; expected '---', three hyphens
        a.md:2: front-matter: 'title = "Card payments fail"' is no 'key: value' line; write 'title:
            "Card payments fail"'
        a.md:3: front-matter: '+++' does not close the front matter; write '---', three hyphens at
            the start of the line
        """,
    ),
    whole(
        "no closing line",
        """
        ---
        title: Card payments fail
        impact: majro
        started: 2026-11-21 09:12

        ## 2026-11-21 09:20 | Dawn Okafor | investigating
        nxt: 10:00

        We are looking into it.
        """,
        """
        a.md:3: value: unknown impact: 'majro'; did you mean 'major'?
        a.md:6: front-matter: '---' is missing above this line: the front matter of line 1 is never
            closed
        a.md:7: unknown-key: unknown key: 'nxt'; did you mean 'next'?
        """,
    ),
    whole(
        "no closing line, and a rule in the text",
        """
        ---
        title: Card payments fail
        impact: major
        started: 2026-11-21 09:12

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.

        ---

        More follows.
        """,
        """
        a.md:6: front-matter: '---' is missing above this line: the front matter of line 1 is never
            closed
        """,
    ),
    whole(
        "closed by three dots",
        """
        ---
        title: Card payments fail
        impact: major
        started: 2026-11-21 09:12
        ...

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        """,
        """
        a.md:5: front-matter: '...' does not close the front matter; write '---', three hyphens at
            the start of the line
        """,
    ),
    whole(
        "no closing line and no update",
        """
        ---
        title: Card payments fail
        impact: major
        """,
        "a.md:1: front-matter: opened with '---' and never closed",
    ),
    whole(
        "nothing between the lines",
        """
        ---
        ---

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        """,
        """
        a.md:1: missing-key: 'impact' is missing
        a.md:1: missing-key: 'started' is missing
        a.md:1: missing-key: 'title' is missing
        """,
    ),
    whole(
        "no update",
        """
        ---
        title: Card payments fail
        impact: major
        started: 2026-11-21 09:12
        ---

        <!-- first word goes here -->
        """,
        "a.md:5: no-updates: nobody has said anything: an update is missing",
    ),
    # ── front matter as YAML ─────────────────────────────────────────────────────────────────────
    title(
        "a colon in the value",
        "Card payments: one in five fails",
        """
        a.md:2: front-matter: 'Card payments: one in five fails' cannot be read; put quotes around
            it: title: "Card payments: one in five fails"
        """,
    ),
    title(
        "a colon at the end",
        "Card payments fail:",
        """
        a.md:2: front-matter: 'Card payments fail:' cannot be read; put quotes around it: title:
            "Card payments fail:"
        """,
    ),
    front(
        "colons and quotes in several values",
        """
        title: Card payments: down
        impact: major
        started: 2026-11-21 09:12
        affected: "Everybody": really
        workaround: 'Don't panic'
        """,
        """
        a.md:2: front-matter: 'Card payments: down' cannot be read; put quotes around it: title:
            "Card payments: down"
        a.md:5: front-matter: the quotes of '"Everybody": really' cannot be read; write affected:
            '"Everybody": really'
        a.md:6: front-matter: the quotes of "'Don't panic'" cannot be read; write workaround: "Don't
            panic"
        """,
    ),
    title(
        "a bracket",
        "[EU] card payments fail",
        """
        a.md:2: front-matter: '[EU] card payments fail' cannot be read; put quotes around it: title:
            "[EU] card payments fail"
        """,
    ),
    title(
        "a bracket around all of it",
        "[Card payments fail]",
        """
        a.md:2: value: 'title' holds a list and one value is expected; put quotes around the value
            if it begins with '['
        """,
    ),
    title(
        "a brace",
        "{card payments}",
        """
        a.md:2: front-matter: 'title' holds a structure; text is expected; put quotes around it
        """,
    ),
    more(
        "a bracket that is never closed",
        "components: [checkout, api",
        "a.md:5: front-matter: '[checkout, api' cannot be read; write components: checkout, api",
    ),
    front(
        "signs that YAML keeps for itself",
        """
        title: @everyone card payments fail
        impact: major
        started: 2026-11-21 09:12
        affected: `checkout` fails
        unaffected: %s works
        workaround: - pay later
        components: | checkout
        """,
        """
        a.md:2: front-matter: '@everyone card payments fail' cannot be read; put quotes around it:
            title: "@everyone card payments fail"
        a.md:5: front-matter: '`checkout` fails' cannot be read; put quotes around it: affected:
            "`checkout` fails"
        a.md:6: front-matter: '%s works' cannot be read; put quotes around it: unaffected: "%s
            works"
        a.md:7: front-matter: '- pay later' cannot be read; put quotes around it: workaround: "- pay
            later"
        a.md:8: front-matter: '| checkout' cannot be read; write components: checkout
        """,
    ),
    title(
        "stars: an alias to YAML",
        "*Card payments* fail",
        """
        a.md:2: front-matter: '*Card payments* fail' cannot be read; put quotes around it: title:
            "*Card payments* fail"
        """,
    ),
    front(
        "an alias, an anchor, tags",
        """
        title: *fail
        impact: major
        started: 2026-11-21 09:12
        affected: &card payments fail
        unaffected: !!python/object:os.system gift cards
        workaround: ! wait
        """,
        """
        a.md:2: front-matter: '*fail' cannot be read; put quotes around it: title: "*fail"
        a.md:5: front-matter: '&card payments fail' cannot be read; put quotes around it: affected:
            "&card payments fail"
        a.md:6: front-matter: '!!python/object:os.system gift cards' cannot be read; put quotes
            around it: unaffected: "!!python/object:os.system gift cards"
        a.md:7: front-matter: '! wait' cannot be read; put quotes around it: workaround: "! wait"
        """,
    ),
    title(
        "'#3' lost as a comment",
        "Fault on line #3",
        """
        a.md:2: front-matter: '#3' is lost as a comment; put quotes around the value: title: "Fault
            on line #3"
        """,
    ),
    title(
        "'# 3' lost as a comment (a warning)",
        "Fault on line # 3",
        """
        a.md:2: front-matter: warning: '# 3' is left out as a comment; if it is meant, put quotes
            around the value: title: "Fault on line # 3"
        """,
    ),
    title(
        "a value that is all comment",
        "# 3 refuses cards",
        """
        a.md:2: empty-key: 'title' has no value
        a.md:2: front-matter: warning: '# 3 refuses cards' is left out as a comment; if it is meant,
            put quotes around the value: title: "# 3 refuses cards"
        """,
    ),
    title(
        "a quote that is never closed",
        '"Card payments fail',
        """
        a.md:2: front-matter: the quotes of '"Card payments fail' cannot be read; write title: "Card
            payments fail"
        """,
    ),
    title(
        "text behind the closing quote",
        '"Card" payments fail',
        """
        a.md:2: front-matter: the quotes of '"Card" payments fail' cannot be read; write title:
            '"Card" payments fail'
        """,
    ),
    title(
        "an apostrophe in single quotes",
        "'It's the bank'",
        """
        a.md:2: front-matter: the quotes of "'It's the bank'" cannot be read; write title: "It's the
            bank"
        """,
    ),
    title(
        "a backslash in double quotes",
        '"C:\\pay fails"',
        r"""
        a.md:2: front-matter: the quotes of '"C:\\pay fails"' cannot be read; write title: 'C:\pay
            fails'
        """,
    ),
    title(
        "an escape that makes a control character",
        '"Card\\0payments fail"',
        r"a.md:2: front-matter: '\x00' cannot be published; take it out",
    ),
    front(
        "no space after the colon",
        """
        title:Card payments fail
        impact: major
        started: 2026-11-21 09:12
        """,
        """
        a.md:2: front-matter: 'title:Card payments fail' is no 'key: value' line; write 'title: Card
            payments fail'
        """,
    ),
    front(
        "an equals sign",
        """
        title = Card payments fail
        impact: major
        started: 2026-11-21 09:12
        """,
        """
        a.md:2: front-matter: 'title = Card payments fail' is no 'key: value' line; write 'title:
            Card payments fail'
        """,
    ),
    front(
        "no colon",
        """
        title: Card payments fail
        impact major
        started: 2026-11-21 09:12
        """,
        "a.md:3: front-matter: 'impact major' is no 'key: value' line; write 'impact: major'",
    ),
    front(
        "an indented key",
        """
        title: Card payments fail
         impact: major
        started: 2026-11-21 09:12
        """,
        """
        a.md:3: front-matter: ' impact: major' begins with a space; a key stands at the start of its
            line
        """,
    ),
    front(
        "a tab before a key",
        """
        title: Card payments fail
        \timpact: major
        started: 2026-11-21 09:12
        """,
        r"""
        a.md:3: front-matter: '\timpact: major' begins with a tab; begin it without, or with spaces
        """,
    ),
    front(
        "a space that only looks like one",
        """
        title:\xa0Card payments fail
        impact: major
        started: 2026-11-21 09:12
        """,
        r"""
        a.md:2: front-matter: 'title:\xa0Card payments fail' is no 'key: value' line; write 'title:
            Card payments fail'
        """,
    ),
    front(
        "a list of lines",
        """
        - title: Card payments fail
        - impact: major
        """,
        "a.md:2: front-matter: front matter is no list; write the keys without '- '",
    ),
    front("only a word", "soon", "a.md:2: front-matter: 'soon' is no 'key: value' line"),
    more(
        "a structure",
        """
        affected:
          who: everybody
          since: 09:12
        """,
        """
        a.md:6: front-matter: 'affected' holds a structure; text is expected; put quotes around it
        """,
    ),
    more(
        "components as a structure",
        """
        components:
          checkout: partial_outage
          api: operational
        """,
        """
        a.md:6: front-matter: 'components' holds a structure; write it on one line: 'components:
            one, two'
        """,
    ),
    more(
        "components as a list of structures",
        """
        components:
          - checkout: partial_outage
          - api: operational
        """,
        """
        a.md:6: front-matter: 'components' holds a structure; write it on one line: 'components:
            one, two'
        """,
    ),
    more(
        "components with colons",
        "components: checkout: partial_outage, api: operational",
        """
        a.md:5: front-matter: 'checkout: partial_outage, api: operational' cannot be read; write
            components: checkout partial_outage, api operational
        """,
    ),
    front(
        "a second document",
        """
        title: Card payments fail
        --- # and again
        impact: major
        started: 2026-11-21 09:12
        """,
        "a.md:3: front-matter: a second document starts here; front matter is one",
    ),
    front(
        "three dots in the middle",
        """
        title: Card payments fail
        ...
        impact: major
        started: 2026-11-21 09:12
        """,
        "a.md:3: front-matter: '...' is no 'key: value' line",
    ),
    title(
        "a thousand brackets",
        "[" * 1000,
        f"""
        a.md:2: front-matter: '{"[" * 60}…'
            cannot be read; put quotes around it:
            title: "{"[" * 99}…"
        """,
    ),
    title(
        "front matter too long",
        "x" * 64_000,
        "a.md:2: front-matter: longer than 64000 characters",
    ),
    # ── front matter: its keys ───────────────────────────────────────────────────────────────────
    front(
        "a key twice",
        """
        title: Card payments fail
        impact: major
        impact: minor
        started: 2026-11-21 09:12
        """,
        "a.md:4: duplicate-key: 'impact' is already on line 3",
    ),
    front(
        "a key nearly right",
        """
        title: Card payments fail
        impatc: major
        started: 2026-11-21 09:12
        """,
        "a.md:3: unknown-key: unknown key: 'impatc'; did you mean 'impact'?",
    ),
    front(
        "a key in capitals",
        """
        Title: Card payments fail
        impact: major
        started: 2026-11-21 09:12
        """,
        "a.md:2: unknown-key: unknown key: 'Title'; did you mean 'title'?",
    ),
    more(
        "a key nobody knows",
        "colour: red",
        """
        a.md:5: unknown-key: unknown key: 'colour'; one of: title, kind, impact, started,
            components, affected, unaffected, workaround, scheduled_for, scheduled_until, about,
            repeats, remind, until, id, aliases, draft, drill, imported
        """,
    ),
    more(
        "keys of other programs",
        """
        severity: high
        status: investigating
        date: 2026-11-21
        """,
        """
        a.md:5: unknown-key: unknown key: 'severity'; did you mean 'impact'?
        a.md:6: unknown-key: unknown key: 'status'; it stands in the heading of each update: '##
            when | who | status'
        a.md:7: unknown-key: unknown key: 'date'; did you mean 'started'?
        """,
    ),
    more(
        "a key of updates",
        "next: 10:00",
        """
        a.md:5: unknown-key: unknown key: 'next'; it belongs to an update, right under its heading
        """,
    ),
    front(
        "a required key that is empty",
        """
        title:
        impact: major
        started:
        """,
        """
        a.md:2: empty-key: 'title' has no value
        a.md:4: empty-key: 'started' has no value
        """,
    ),
    more(
        "keys left over from a template (warnings)",
        """
        workaround:
        components: []
        """,
        """
        a.md:5: empty-key: warning: 'workaround' has no value and is left out
        a.md:6: empty-key: warning: 'components' has no value and is left out
        """,
    ),
    front(
        "a kind that is empty",
        """
        kind:
        title: Card payments fail
        scheduled_for: 2026-11-21 09:12
        """,
        "a.md:2: empty-key: 'kind' has no value",
    ),
    front(
        "a list where one value is expected",
        """
        title: Card payments fail
        impact: [major, minor]
        started: 2026-11-21 09:12
        """,
        """
        a.md:3: value: 'impact' holds a list and one value is expected; put quotes around the value
            if it begins with '['
        """,
    ),
    front(
        "several lines where one is expected",
        """
        title: |
          Card payments
          fail
        impact: major
        started: 2026-11-21 09:12
        """,
        r"a.md:2: value: one line is expected, not several: 'Card payments\nfail'",
    ),
    front(
        "a kind misspelt: nothing else is blamed on it",
        """
        kind: maintainance
        title: New card terminals
        scheduled_for: 2026-11-21 09:12
        """,
        "a.md:2: value: unknown kind: 'maintainance'; did you mean 'maintenance'?",
    ),
    front(
        "an impact misspelt",
        """
        title: Card payments fail
        impact: Majro
        started: 2026-11-21 09:12
        """,
        "a.md:3: value: unknown impact: 'Majro'; did you mean 'major'?",
    ),
    front(
        "an impact of other pages",
        """
        title: Card payments fail
        impact: sev1
        started: 2026-11-21 09:12
        """,
        "a.md:3: value: unknown impact: 'sev1'; one of: none, minor, major, critical",
    ),
    more(
        "keys of another kind",
        """
        scheduled_for: 2026-11-22 09:00
        about: delay
        remind: 1 day
        """,
        """
        a.md:5: wrong-key: 'scheduled_for' has no meaning in an incident
        a.md:6: wrong-key: 'about' has no meaning in an incident
        a.md:7: wrong-key: 'remind' has no meaning in an incident
        """,
    ),
    more(
        "a flag that is neither yes nor no",
        """
        draft: maybe
        drill: 1
        """,
        """
        a.md:5: value: 'draft' is 'yes' or 'no', not 'maybe'
        a.md:6: value: 'drill' is 'yes' or 'no', not '1'
        """,
    ),
    more(
        "an id that is no name",
        "id: Card payments!",
        """
        a.md:5: value: an id has lower-case letters, digits and '-', at most 100, not 'Card
            payments!'
        """,
    ),
    more(
        "aliases that climb out, or into our own",
        """
        aliases:
          - issues/2019
          - ../../etc/passwd
          - a/../../b
          - .firstword/root
          - https://old.example/x
        """,
        """
        a.md:5: alias: not a path on this site: '../../etc/passwd'; write it like
            'issues/2019-card-payments'
        a.md:5: alias: not a path on this site: '.firstword/root'; write it like
            'issues/2019-card-payments'
        a.md:5: alias: not a path on this site: 'a/../../b'; write it like
            'issues/2019-card-payments'
        a.md:5: alias: not a path on this site: 'https://old.example/x'; write it like
            'issues/2019-card-payments'
        """,
    ),
    more(
        "component ids as people say them",
        "components: Checkout, card payments, api,",
        """
        a.md:5: components: expected 'component' or 'component status' between commas, got
            'Checkout'; the id of a component has lower-case letters, digits, '-' and '_'
        a.md:5: components: there is nothing between two commas, or after the last one
        a.md:5: value: unknown component status: 'payments'; one of: operational, under_maintenance,
            degraded_performance, partial_outage, major_outage
        """,
    ),
    whole(
        "a notice: about misspelt, wrong keys, a length of time in words",
        """
        ---
        kind: notice
        title: Crates are collected on Thursday
        about: remindr
        impact: minor
        repeats: FREQ=WEEKLY
        remind: soon
        ---

        ## 2026-11-21 09:20 | Marta Lindqvist | published

        Put the empty crates outside by eight.
        """,
        """
        a.md:4: value: unknown about: 'remindr'; did you mean 'reminder'?
        a.md:5: wrong-key: 'impact' has no meaning in a notice
        a.md:7: span: not a length of time: 'soon'; write '1 day', '2 hours' or '30 minutes'
        """,
    ),
    whole(
        "a maintenance without its times",
        """
        ---
        kind: maintenance
        title: New card terminals
        scheduled_for: 2026-11-22
        ---

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        The card payments stop for ten minutes.
        """,
        """
        a.md:1: missing-key: 'scheduled_until' is missing
        a.md:4: time: not a time: '2026-11-22'; write 'YYYY-MM-DD HH:MM' (the hour is missing)
        a.md:7: status: 'investigating' is no status of a maintenance; one of: scheduled,
            in_progress, verifying, completed, cancelled, withdrawn, update, answer, correction
        """,
    ),
    whole(
        "a colon hides the kind: the status is not blamed",
        """
        ---
        title: New card terminals: ten minutes without cards
        kind: maintenance
        scheduled_for: 2026-11-22 09:00
        scheduled_until: 2026-11-22 09:10
        ---

        ## 2026-11-21 09:20 | Dawn Okafor | scheduled

        The card payments stop for ten minutes.
        """,
        """
        a.md:2: front-matter: 'New card terminals: ten minutes without cards' cannot be read; put
            quotes around it: title: "New card terminals: ten minutes without cards"
        """,
    ),
    whole(
        "a translation without a title",
        """
        ---
        impact: majro
        ---

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        Wir sehen nach.
        """,
        """
        2026-11-21-card-payments.de.md:1: missing-key: 'title' is missing
        2026-11-21-card-payments.de.md:2: value: unknown impact: 'majro'; did you mean 'major'?
        """,
        path="2026-11-21-card-payments.de.md",
    ),
    # ── times ────────────────────────────────────────────────────────────────────────────────────
    started(
        "a day that does not exist",
        "2026-02-30 09:12",
        "a.md:4: time: no such day: '2026-02-30 09:12'",
    ),
    started(
        "an hour that does not exist",
        "2026-11-21 25:61",
        "a.md:4: time: no such time of day: '2026-11-21 25:61'",
    ),
    started("24:00", "2026-11-21 24:00", "a.md:4: time: no such time of day: '2026-11-21 24:00'"),
    started(
        "the year 1",
        "0001-01-01 00:00",
        "a.md:4: time: year out of range: '0001-01-01 00:00'; 1990 to 2199 can be used",
    ),
    started(
        "the year 9999",
        "9999-12-31 23:59+00:00",
        "a.md:4: time: year out of range: '9999-12-31 23:59+00:00'; 1990 to 2199 can be used",
    ),
    started(
        "an offset that does not exist",
        "2026-11-21 09:12+25:00",
        "a.md:4: time: no such offset from UTC: '2026-11-21 09:12+25:00'",
    ),
    started(
        "a day only",
        "2026-11-21",
        "a.md:4: time: not a time: '2026-11-21'; write 'YYYY-MM-DD HH:MM' (the hour is missing)",
    ),
    started(
        "an hour only",
        "09:12",
        "a.md:4: time: not a time: '09:12'; write 'YYYY-MM-DD HH:MM' (the day is missing)",
    ),
    started(
        "words",
        "this morning",
        "a.md:4: time: not a time: 'this morning'; write 'YYYY-MM-DD HH:MM'",
    ),
    started(
        "one digit",
        "2026-11-21 9:12",
        "a.md:4: time: not a time: '2026-11-21 9:12'; write '2026-11-21 09:12'",
    ),
    started(
        "slashes",
        "2026/11/21 09:12",
        "a.md:4: time: not a time: '2026/11/21 09:12'; write '2026-11-21 09:12'",
    ),
    started(
        "day first",
        "21.11.2026 09.12",
        "a.md:4: time: not a time: '21.11.2026 09.12'; write '2026-11-21 09:12'",
    ),
    started(
        "month first, which could be either",
        "11/12/2026 09:12",
        "a.md:4: time: not a time: '11/12/2026 09:12'; write 'YYYY-MM-DD HH:MM'",
    ),
    started(
        "UTC in letters",
        "2026-11-21 09:12 UTC",
        "a.md:4: time: not a time: '2026-11-21 09:12 UTC'; write '2026-11-21 09:12Z'",
    ),
    started(
        "a zone by name",
        "2026-11-21 09:12 CET",
        """
        a.md:4: time: not a time: '2026-11-21 09:12 CET'; write 'YYYY-MM-DD HH:MM', with an offset
            such as '+01:00' instead of a zone's name
        """,
    ),
    started(
        "half a day",
        "2026-11-21 9:12 pm",
        "a.md:4: time: not a time: '2026-11-21 9:12 pm'; write '2026-11-21 21:12'",
    ),
    started(
        "hyphens that only look like them",
        "2026\u201111\u201121 09:12",
        "a.md:4: time: not a time: '2026\u201111\u201121 09:12'; write '2026-11-21 09:12'",
    ),
    started(
        "fractions",
        "2026-11-21T09:12:00.123Z",
        "a.md:4: time: not a time: '2026-11-21T09:12:00.123Z'; write '2026-11-21 09:12Z'",
    ),
    started(
        "quotes in quotes",
        "\"'2026-11-21 09:12'\"",
        """
        a.md:4: time: not a time: "'2026-11-21 09:12'"; write '2026-11-21 09:12'
        """,
    ),
    started(
        "an hour that the clocks skip, north",
        "2026-03-29 02:30",
        """
        a.md:4: time-gap: '2026-03-29 02:30' does not exist in Europe/Copenhagen: the clocks go
            forward then; write '2026-03-29 01:30+01:00' or '2026-03-29 03:30+02:00'
        """,
    ),
    started(
        "an hour that the clocks show twice, north",
        "2026-10-25 02:30:15",
        """
        a.md:4: time-twice: '2026-10-25 02:30:15' happens twice in Europe/Copenhagen: the clocks go
            back then; write '2026-10-25 02:30:15+02:00' or '2026-10-25 02:30:15+01:00'
        """,
    ),
    started(
        "an hour that the clocks skip, south",
        "2026-10-04 02:30",
        """
        a.md:4: time-gap: '2026-10-04 02:30' does not exist in Australia/Sydney: the clocks go
            forward then; write '2026-10-04 01:30+10:00' or '2026-10-04 03:30+11:00'
        """,
        zone="Australia/Sydney",
    ),
    started(
        "an hour that the clocks show twice, south",
        "2026-04-05 02:30",
        """
        a.md:4: time-twice: '2026-04-05 02:30' happens twice in Australia/Sydney: the clocks go back
            then; write '2026-04-05 02:30+11:00' or '2026-04-05 02:30+10:00'
        """,
        zone="Australia/Sydney",
    ),
    started(
        "half an hour that the clocks skip",
        "2026-10-04 02:15",
        """
        a.md:4: time-gap: '2026-10-04 02:15' does not exist in Australia/Lord_Howe: the clocks go
            forward then; write '2026-10-04 01:45+10:30' or '2026-10-04 02:45+11:00'
        """,
        zone="Australia/Lord_Howe",
    ),
    started(
        "midnight that the clocks skip",
        "2026-04-24 00:00",
        """
        a.md:4: time-gap: '2026-04-24 00:00' does not exist in Africa/Cairo: the clocks go forward
            then; write '2026-04-23 23:00+02:00' or '2026-04-24 01:00+03:00'
        """,
        zone="Africa/Cairo",
    ),
    # ── headings ─────────────────────────────────────────────────────────────────────────────────
    heading(
        "two parts",
        "## 2026-11-21 09:20 | Dawn Okafor",
        """
        a.md:7: heading: expected '## YYYY-MM-DD HH:MM | Full Name | status', got '## 2026-11-21
            09:20 | Dawn Okafor'
        """,
    ),
    heading(
        "four parts",
        "## 2026-11-21 09:20 | Dawn Okafor | checkout | investigating",
        """
        a.md:7: heading: expected '## YYYY-MM-DD HH:MM | Full Name | status', got '## 2026-11-21
            09:20 | Dawn Okafor | checkout | investigating'
        """,
    ),
    heading(
        "an empty part",
        "## 2026-11-21 09:20 | | investigating",
        """
        a.md:7: heading: expected '## YYYY-MM-DD HH:MM | Full Name | status', got '## 2026-11-21
            09:20 | | investigating'
        """,
    ),
    heading(
        "dashes for bars",
        "## 2026-11-21 09:20 - Dawn Okafor - investigating",
        """
        a.md:7: heading: expected '## YYYY-MM-DD HH:MM | Full Name | status', got '## 2026-11-21
            09:20 - Dawn Okafor - investigating'
        """,
    ),
    heading(
        "day first, without bars",
        "## 21.11. 09:20 Dawn",
        """
        a.md:7: heading: expected '## YYYY-MM-DD HH:MM | Full Name | status', got '## 21.11. 09:20
            Dawn'
        """,
    ),
    heading(
        "only a status",
        "## Investigating",
        """
        a.md:7: heading: expected '## YYYY-MM-DD HH:MM | Full Name | status', got '## Investigating'
        """,
    ),
    body(
        "no space after '##'",
        """
        ##2026-11-21 09:20 | Dawn Okafor | investigating
        next: 10:00

        We are looking into it.
        """,
        """
        a.md:7: heading: a space is missing after '##': '##2026-11-21 09:20 | Dawn Okafor |
            investigating'
        """,
    ),
    body(
        "three signs",
        """
        ### 2026-11-21 09:20 | Dawn Okafor | investigating
        next: 25:00

        We are looking into it.
        """,
        """
        a.md:7: heading: an update's heading begins its line with '## ', got '### 2026-11-21 09:20 |
            Dawn Okafor | investigating'
        a.md:8: time: no such time of day: '25:00'
        """,
    ),
    text(
        "no sign at all",
        """
        We are looking into it.

        2026-11-21 09:40 | Dawn Okafor | identified

        It is the bank.
        """,
        """
        a.md:11: heading: an update's heading begins its line with '## ', got '2026-11-21 09:40 |
            Dawn Okafor | identified'
        """,
    ),
    heading(
        "bold instead of a heading",
        "**2026-11-21 09:20 | Dawn Okafor | investigating**",
        """
        a.md:7: heading: an update's heading begins its line with '## ', got '**2026-11-21 09:20 |
            Dawn Okafor | investigating**'
        """,
    ),
    text(
        "a sign that cannot be seen before it",
        """
        We are looking into it.

        \u200b## 2026-11-21 09:40 | Dawn Okafor | identified

        It is the bank.
        """,
        r"""
        a.md:11: heading: an update's heading begins its line with '## ', got '\u200b## 2026-11-21
            09:40 | Dawn Okafor | identified'
        """,
    ),
    text(
        "indented",
        """
        We are looking into it.

            ## 2026-11-21 09:40 | Dawn Okafor | identified

            It is the bank.
        """,
        """
        a.md:11: heading: an update's heading begins its line with '## ', got '    ## 2026-11-21
            09:40 | Dawn Okafor | identified'
        """,
    ),
    heading(
        "a wrong time",
        "## 2026-11-21 9:20 | Dawn Okafor | investigating",
        "a.md:7: time: not a time: '2026-11-21 9:20'; write '2026-11-21 09:20'",
    ),
    heading(
        "the day of the week",
        "## Sat 2026-11-21, 9.20 | Dawn Okafor | investigating",
        "a.md:7: time: not a time: 'Sat 2026-11-21, 9.20'; write '2026-11-21 09:20'",
    ),
    heading(
        "a bare time",
        "## 09:20 | Dawn Okafor | investigating",
        "a.md:7: time: not a time: '09:20'; write 'YYYY-MM-DD HH:MM' (the day is missing)",
    ),
    heading(
        "name first",
        "## Dawn Okafor | 2026-11-21 09:20 | investigating",
        """
        a.md:7: heading: expected 'when | who | status' in this order, got 'Dawn Okafor | 2026-11-21
            09:20 | investigating'
        """,
    ),
    heading(
        "status before name",
        "## 2026-11-21 09:20 | Investigating | Dawn Okafor",
        """
        a.md:7: heading: expected 'when | who | status' in this order, got '2026-11-21 09:20 |
            Investigating | Dawn Okafor'
        """,
    ),
    heading(
        "a status misspelt",
        "## 2026-11-21 09:20 | Dawn Okafor | investigatign",
        "a.md:7: status: unknown status: 'investigatign'; did you mean 'investigating'?",
    ),
    heading(
        "a status of other pages",
        "## 2026-11-21 09:20 | Dawn Okafor | fixed",
        """
        a.md:7: status: unknown status: 'fixed'; one of: investigating, identified, monitoring,
            resolved, postmortem, withdrawn, update, answer, correction
        """,
    ),
    heading(
        "a status of another kind",
        "## 2026-11-21 09:20 | Dawn Okafor | scheduled",
        """
        a.md:7: status: 'scheduled' is no status of an incident; one of: investigating, identified,
            monitoring, resolved, postmortem, withdrawn, update, answer, correction
        """,
    ),
    heading(
        "a status with a space",
        "## 2026-11-21 09:20 | Dawn Okafor | post mortem",
        "a.md:7: status: unknown status: 'post mortem'; did you mean 'postmortem'?",
    ),
    text(
        "a heading of the first level",
        """
        # What happens

        Cards are refused.
        """,
        "a.md:9: heading: only updates stand under '#' and '##': '# What happens'; use '###'",
    ),
    text(
        "a heading of the second level in the text",
        """
        ## What we do

        We are looking into it.
        """,
        "a.md:9: heading: only updates stand under '#' and '##': '## What we do'; use '###'",
    ),
    text(
        "a heading underlined",
        """
        What we do
        ----------

        What we know
        =

        Nothing yet.
        """,
        """
        a.md:10: heading: '----------' under a line of text makes that line a heading; put a blank
            line before it
        a.md:13: heading: '=' under a line of text makes that line a heading; put a blank line
            before it
        """,
    ),
    text(
        "a rule right under text",
        """
        We are looking into it.
        ---
        """,
        """
        a.md:10: heading: '---' under a line of text makes that line a heading; put a blank line
            before it
        """,
    ),
    text(
        "a rule right under a list",
        """
        - the bank
        - the network
        ***
        - us
        ---
        > Are you sure?
        ---
        - a

          b
          ---
        """,
        """
        a.md:19: heading: '---' under a line of text makes that line a heading; put a blank line
            before it
        """,
    ),
    body(
        "text before the first update",
        """
        We are looking into it.
        More soon.

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        """,
        """
        a.md:7: stray-text: text before the first update: 'We are looking into it.'; every word
            stands under '## when | who | status'
        """,
    ),
    body(
        "a second line of '---'",
        """
        ---

        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        """,
        """
        a.md:7: stray-text: text before the first update: '---'; every word stands under '## when |
            who | status'
        """,
    ),
    text(
        "the same instant twice",
        """
        We are looking into it.

        ## 2026-11-21 08:20Z | Ian Reyes | identified

        It is the bank.
        """,
        """
        a.md:11: same-instant: two updates at 2026-11-21 08:20:00 UTC (also line 7); add seconds to
            one of them
        """,
    ),
    heading(
        "an hour shown twice in a heading",
        "## 2026-10-25 02:30 | Dawn Okafor | investigating",
        """
        a.md:7: time-twice: '2026-10-25 02:30' happens twice in Europe/Copenhagen: the clocks go
            back then; write '2026-10-25 02:30+02:00' or '2026-10-25 02:30+01:00'
        """,
    ),
    # ── keys of updates ──────────────────────────────────────────────────────────────────────────
    keys(
        "a key nearly right, in an update",
        "nxt: 10:00",
        "a.md:8: unknown-key: unknown key: 'nxt'; did you mean 'next'?",
    ),
    keys(
        "a key in capitals, in an update",
        "Next: 10:00",
        "a.md:8: unknown-key: unknown key: 'Next'; did you mean 'next'?",
    ),
    keys(
        "a key nobody knows, in an update",
        "mood: bad",
        """
        a.md:8: unknown-key: unknown key: 'mood'; one of: title, impact, affected, unaffected,
            workaround, scheduled_for, scheduled_until, until, components, next, expected, because,
            corrects, ended, started, notify, done
        """,
    ),
    keys(
        "a key of front matter",
        "aliases: history/old",
        """
        a.md:8: unknown-key: unknown key: 'aliases'; it belongs to the front matter, between the
            lines of '---'
        """,
    ),
    keys(
        "a key twice, in an update",
        """
        next: 10:00
        next: 11:00
        """,
        "a.md:9: duplicate-key: 'next' is already on line 8",
    ),
    keys("a key without a value", "next:", "a.md:8: empty-key: 'next' has no value"),
    keys(
        "keys not quite written as keys",
        """
        next 10:00
        - expected: 2026-11-21 12:00
        impact:major
        **title**: Cards fail
        """,
        """
        a.md:8: update-key: cannot read 'next 10:00'; write 'next: 10:00'
        a.md:9: update-key: cannot read '- expected: 2026-11-21 12:00'; write 'expected: 2026-11-21
            12:00'
        a.md:10: update-key: cannot read 'impact:major'; write 'impact: major'
        a.md:11: update-key: cannot read '**title**: Cards fail'; write 'title: Cards fail'
        """,
    ),
    keys(
        "a key that goes on",
        """
        affected: Anyone who pays with a card
          from an EU bank.
        next: 10:00
        """,
        """
        a.md:9: update-key: 'from an EU bank.' continues 'affected'; here a key and its whole value
            stand on one line
        """,
    ),
    keys(
        "a list",
        """
        components:
          - checkout partial_outage
          - api
        """,
        """
        a.md:8: empty-key: 'components' has no value
        a.md:9: update-key: '- checkout partial_outage' continues 'components'; here a key and its
            whole value stand on one line
        """,
    ),
    keys(
        "words of closed lists",
        """
        impact: high
        components: checkout partial outage, api: degraded, shop major_outage, api operationl
        """,
        """
        a.md:8: value: unknown impact: 'high'; one of: none, minor, major, critical
        a.md:9: components: cannot read 'checkout partial outage'; write 'checkout partial_outage'
        a.md:9: components: expected 'component' or 'component status' between commas, got 'api:
            degraded'; the id of a component has lower-case letters, digits, '-' and '_'
        a.md:9: value: unknown component status: 'operationl'; did you mean 'operational'?
        """,
    ),
    keys(
        "a component twice",
        "components: api operational, api major_outage",
        "a.md:8: components: 'api' is named twice",
    ),
    keys(
        "nothing between commas",
        "components: api,, checkout",
        "a.md:8: components: there is nothing between two commas, or after the last one",
    ),
    keys(
        "times",
        """
        next: in half an hour
        expected: 14:00
        ended: 2026-11-21
        corrects: 09:20
        """,
        """
        a.md:8: time: not a time: 'in half an hour'; write 'HH:MM', 'YYYY-MM-DD HH:MM' or
            'YYYY-MM-DD'
        a.md:9: time: not a time: '14:00'; write 'YYYY-MM-DD HH:MM' or 'YYYY-MM-DD' (the day is
            missing)
        a.md:10: time: not a time: '2026-11-21'; write 'YYYY-MM-DD HH:MM' (the hour is missing)
        a.md:11: time: not a time: '09:20'; write 'YYYY-MM-DD HH:MM' (the day is missing)
        """,
    ),
    keys(
        "the address of an update",
        "corrects: 20261121T082000Z",
        "a.md:8: time: not a time: '20261121T082000Z'; write '2026-11-21 08:20:00Z'",
    ),
    keys(
        "an hour only, in another spelling",
        "next: 9.30h",
        "a.md:8: time: not a time: '9.30h'; write '09:30'",
    ),
    keys("no such hour", "next: 25:61", "a.md:8: time: no such time of day: '25:61'"),
    keys(
        "a comment",
        "next: 10:00 # after the call",
        "a.md:8: time: not a time: '10:00 # after the call'; write '10:00'",
    ),
    keys(
        "a key of another kind",
        """
        until: 2026-11-30
        scheduled_for: 2026-11-22 09:00
        """,
        """
        a.md:8: wrong-key: 'until' has no meaning in an incident
        a.md:9: wrong-key: 'scheduled_for' has no meaning in an incident
        """,
    ),
    keys(
        "numbers",
        """
        done: x, 0, 2
        notify: perhaps
        """,
        """
        a.md:8: value: 'done' holds numbers of follow-ups, as in '1, 3', not '0'
        a.md:8: value: 'done' holds numbers of follow-ups, as in '1, 3', not 'x'
        a.md:9: value: 'notify' is 'yes' or 'no', not 'perhaps'
        """,
    ),
    keys(
        "quotes that would be published (a warning)",
        'title: "Card payments: one in five fails"',
        """
        a.md:8: update-key: warning: the quotes would be published: '"Card payments: one in five
            fails"'; here a value needs none
        """,
    ),
    keys(
        "brackets, as front matter has them",
        "components: [checkout partial_outage, api]",
        """
        a.md:8: components: cannot read '[checkout partial_outage'; write 'checkout partial_outage'
        a.md:8: components: cannot read 'api]'; write 'api'
        """,
    ),
    keys(
        "the next word skipped by the clocks",
        "next: 02:30",
        """
        a.md:8: time-gap: '02:30' does not exist in Europe/Copenhagen: the clocks go forward then;
            write '2026-03-29 01:30+01:00' or '2026-03-29 03:30+02:00'
        """,
        at="2026-03-29 01:50",
    ),
    keys(
        "the next word at either of two times",
        "next: 02:30",
        """
        a.md:8: time-twice: '02:30' happens twice in Europe/Copenhagen: the clocks go back then;
            write '2026-10-25 02:30+02:00' or '2026-10-25 02:30+01:00'
        """,
        at="2026-10-25 01:50",
    ),
    # ── the text of an update ────────────────────────────────────────────────────────────────────
    body(
        "nothing",
        "## 2026-11-21 09:20 | Dawn Okafor | investigating",
        "a.md:7: empty-update: nothing is said in this update",
    ),
    body(
        "nothing, then another update",
        """
        ## 2026-11-21 09:20 | Dawn Okafor | investigating
        ## 2026-11-21 09:40 | Dawn Okafor | identified

        It is the bank.
        """,
        "a.md:7: empty-update: nothing is said in this update",
    ),
    text(
        "a comment only",
        """
        <!-- say something
        here -->
        """,
        "a.md:7: empty-update: nothing is said in this update",
    ),
    text("dots only", "...", "a.md:7: empty-update: nothing is said in this update"),
    body(
        "text right under the heading",
        """
        ## 2026-11-21 09:20 | Dawn Okafor | investigating
        We are looking into it.
        More soon, from me.
        """,
        """
        a.md:8: update-key: text right under a heading or its keys: 'We are looking into it.'; put a
            blank line before the text
        """,
    ),
    body(
        "text right under a key",
        """
        ## 2026-11-21 09:20 | Dawn Okafor | investigating
        next: 10:00
        We are looking into it: the bank
        refuses cards.
        """,
        """
        a.md:9: update-key: text right under a heading or its keys: 'We are looking into it: the
            bank'; put a blank line before the text
        """,
    ),
    body(
        "text that begins like a key",
        """
        ## 2026-11-21 09:20 | Dawn Okafor | investigating
        Note: we are looking into it.

        More soon.
        """,
        "a.md:8: unknown-key: unknown key: 'Note'; if this is text, put a blank line before it",
    ),
    text(
        "keys after a blank line",
        """
        next: 10:00
        components: checkout

        We are looking into it.
        """,
        """
        a.md:9: update-key: 'next: 10:00' looks like a key; keys follow the heading without a blank
            line between
        """,
    ),
    text(
        "a key after a blank line, with a tab behind it",
        """
        next:\t10:00

        We are looking into it.
        """,
        r"""
        a.md:9: update-key: 'next:\t10:00' looks like a key; keys follow the heading without a blank
            line between
        """,
    ),
    text(
        "a key after a blank line, and text under it",
        """
        next: 10:00
        We are looking into it.
        """,
        """
        a.md:9: update-key: 'next: 10:00' looks like a key; keys follow the heading without a blank
            line between
        """,
    ),
    text(
        "a key at the end",
        """
        We are looking into it.

        next: 10:00
        """,
        """
        a.md:11: update-key: 'next: 10:00' looks like a key; keys follow the heading without a blank
            line between
        """,
    ),
    text(
        "a promise in the text (a warning)",
        """
        We are looking into it.

        Next: 10:00
        """,
        """
        a.md:11: update-key: warning: 'Next: 10:00' is text and promises nothing; a key stands right
            under the heading
        """,
    ),
    text(
        "a fence that is never closed",
        """
        ```
        error 502

        ## 2026-11-21 09:40 | Dawn Okafor | identified

        It is the bank.
        """,
        """
        a.md:9: fence: code fence '```' is never closed
        a.md:12: fence: an update inside the code fence of line 9; close the fence before it
        """,
    ),
    text(
        "a fence closed by the fence of the next update",
        """
        ```
        error 502

        ## 2026-11-21 09:40 | Dawn Okafor | identified

        ```
        error 503

        It is the bank.
        """,
        "a.md:12: fence: an update inside the code fence of line 9; close the fence before it",
    ),
    text(
        "a fence closed with fewer signs",
        """
        ````
        error 502
        ```
        """,
        "a.md:9: fence: code fence '````' is never closed",
    ),
    text(
        "a comment that is never closed",
        """
        We are looking into it.

        <!-- ask Ian

        ## 2026-11-21 09:40 | Dawn Okafor | identified

        It is the bank.
        """,
        """
        a.md:11: comment: comment '<!--' is never closed
        a.md:13: comment: warning: an update inside the comment of line 11 is not published
        """,
    ),
    text(
        "a comment closed by the end of the next",
        """
        We are looking into it.

        <!-- ask Ian

        ## 2026-11-21 09:40 | Dawn Okafor | identified

        It is the bank.

        <!-- really? -->
        """,
        """
        a.md:13: comment: warning: an update inside the comment of line 11 is not published
        a.md:17: comment: a comment inside the comment of line 11; is a '-->' missing between them?
        """,
    ),
    text(
        "a second file pasted behind the first",
        """
        We are looking into it.

        ---
        title: Parcels are late
        impact: minor
        started: 2026-11-21 09:30
        ---

        ## 2026-11-21 09:40 | Dawn Okafor | investigating

        The van broke down.
        """,
        "a.md:11: front-matter: front matter begins again; one file tells one story",
    ),
    text(
        "an update in a comment (a warning)",
        """
        We are looking into it.

        <!--
        ## 2026-11-21 09:40 | Dawn Okafor | identified

        It is the bank.
        -->
        """,
        "a.md:12: comment: warning: an update inside the comment of line 11 is not published",
    ),
    body(
        "nothing but an update in a comment",
        """
        <!--
        ## 2026-11-21 09:20 | Dawn Okafor | investigating

        We are looking into it.
        -->
        """,
        """
        a.md:5: no-updates: nobody has said anything: an update is missing
        a.md:8: comment: warning: an update inside the comment of line 7 is not published
        """,
    ),
    # ── follow-ups ───────────────────────────────────────────────────────────────────────────────
    follow_ups(
        "without brackets",
        "- [ ] A second bank",
        """
        a.md:15: follow-up: a follow-up ends with '(Full Name, YYYY-MM-DD)', got 'A second bank'
        """,
    ),
    follow_ups(
        "without a name",
        "- [ ] A second bank (2027-01-30)",
        """
        a.md:15: follow-up: a follow-up ends with '(Full Name, YYYY-MM-DD)', got 'A second bank
            (2027-01-30)'
        """,
    ),
    follow_ups(
        "a follow-up on a day that does not exist",
        "- [ ] A second bank (Ian Reyes, 2027-02-30)",
        "a.md:15: follow-up: no such day: '2027-02-30'",
    ),
    follow_ups(
        "a day in words",
        "- [ ] A second bank (Ian Reyes, end of January)",
        "a.md:15: follow-up: not a day: 'end of January'; write 'YYYY-MM-DD'",
    ),
    follow_ups(
        "a follow-up with the day first",
        "- [ ] A second bank (Ian Reyes, 30.1.2027)",
        "a.md:15: follow-up: not a day: '30.1.2027'; write '2027-01-30'",
    ),
    follow_ups(
        "text behind the brackets",
        "- [ ] A second bank (Ian Reyes, 2027-01-30) if the board agrees",
        """
        a.md:15: follow-up: a follow-up ends with '(Full Name, YYYY-MM-DD)', got 'A second bank (Ian
            Reyes, 2027-01-30) if the board agrees'
        """,
    ),
    follow_ups(
        "boxes not quite right",
        """
        - [] A second bank (Ian Reyes, 2027-01-30)
        -[ ] An alarm (Ian Reyes, 2027-01-30)
        - [ ]A drill (Ian Reyes, 2027-01-30)
        [x] A call
        """,
        """
        a.md:15: follow-up: a follow-up begins with '- [ ] ', got '- [] A second bank (Ian Reyes,
            2027-01-30)'
        a.md:16: follow-up: a follow-up begins with '- [ ] ', got '-[ ] An alarm (Ian Reyes,
            2027-01-30)'
        a.md:17: follow-up: a follow-up begins with '- [ ] ', got '- [ ]A drill (Ian Reyes,
            2027-01-30)'
        a.md:18: follow-up: a follow-up begins with '- [ ] ', got '[x] A call'
        """,
    ),
    follow_ups(
        "no box (a warning)",
        "- A second bank (Ian Reyes, 2027-01-30)",
        """
        a.md:15: follow-up: warning: not counted as a follow-up, which begins with '- [ ] ': 'A
            second bank (Ian Reyes, 2027-01-30)'
        """,
    ),
    follow_ups(
        "an empty one",
        "- [ ]",
        "a.md:15: follow-up: a follow-up ends with '(Full Name, YYYY-MM-DD)', got nothing",
    ),
    text(
        "in an update that ends nothing",
        """
        We will see to it:

        - [ ] A second bank (Ian Reyes, 2027-01-30)
        - [ ] Ask them (today)
        """,
        """
        a.md:11: follow-up: a follow-up is promised in a resolved or postmortem update, not in
            'investigating'
        """,
    ),
]


@pytest.mark.parametrize("bad", [pytest.param(bad, id=bad.name) for bad in TABLE])
def test_bad_input(bad: Bad) -> None:
    """Each answer is complete: the same problems, on the same lines, in the same words."""
    parsed = parse(bad.data, bad.path, ZoneInfo(bad.zone))

    assert unfold(bad.problems) == [str(problem) for problem in parsed.problems]
    assert (parsed.incident is None) == any(p.level is Level.ERROR for p in parsed.problems)


def unfold(problems: str) -> list[str]:
    """Return a problem a line; in the table they are folded like the headers of a mail."""
    return re.sub(r"\n +", " ", dedent(problems).strip("\n")).split("\n")


def test_the_input_that_the_table_breaks_is_good() -> None:
    for data in (GOOD, ENDED):
        parsed = parse(data.encode(), "a.md", ZoneInfo("Europe/Copenhagen"))
        assert parsed.problems == ()
        assert parsed.incident is not None


def test_every_rule_has_an_input_that_breaks_it() -> None:
    broken = {line.split(": ")[1] for bad in TABLE for line in unfold(bad.problems)}

    assert set(RULES) == broken


def test_every_proposed_time_can_be_used() -> None:
    """Who follows the advice is done: no proposal is refused in its turn."""
    proposals = [
        (proposal, bad.zone)
        for bad in TABLE
        for line in unfold(bad.problems)
        for proposal in re.findall(r"(?:write|or) '(\d{4}-\d\d-\d\d [^']+)'", line)
    ]
    assert len(proposals) > 20
    for proposal, zone in proposals:
        text = GOOD.replace("2026-11-21 09:12", proposal)
        assert parse(text.encode(), "a.md", ZoneInfo(zone)).problems == ()


def test_every_proposed_line_can_be_used() -> None:
    for bad in TABLE:
        for line in unfold(bad.problems):
            if found := re.search(r"(?:quotes around (?:it|the value):|write) (title: .*)", line):
                proposed = GOOD.replace("title: Card payments fail", found[1])
                assert parse(proposed.encode(), "a.md", ZoneInfo(bad.zone)).problems == ()


def test_the_page_about_checks_explains_every_rule() -> None:
    page = Path(__file__).parent.parent / "docs" / "checks.md"
    section = page.read_text("utf-8").split("\n## Reading a file\n")[1].split("\n## ")[0]
    explained = re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)

    assert sorted(RULES) == explained
