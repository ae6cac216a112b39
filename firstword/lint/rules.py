"""The rules as data: a table in one file of ours, and the rows a company adds or takes away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from firstword.lint.needs import Needs
from firstword.lint.phrases import Compiled, Pattern, PhraseError, compile_phrases, put_together
from firstword.patterns import later

OURS = Path(__file__).parent / "wording.tsv"
#: The same phrases as patterns, written by `make wording`: no build has to read them anew.
READY = Path(__file__).parent / "wording.json"
COLUMNS = ("language", "rule", "phrases", "unless", "ask", "weight")
#: In the column of weight: as often right as wrong, so that it never counts.
MILD = "mild"
#: In the column of phrases: this rule is not wanted here.
OFF = "off"
ANY_LANGUAGE = "*"
_NAME = later(r"\+?[a-z0-9]+(?:-[a-z0-9]+)*")
_WORD = re.compile(r"\w")
#: What stands in no sentence of ours: lines that are quoted, and comments.
_ASIDE = later(r"^ {0,3}>.*$|<!--[^>]{0,400}-->", re.MULTILINE)
_LANGUAGE = re.compile(r"\*|[a-z]{2,3}")

#: A line of the table, by column. Plain, so that settings can hold it.
Row = tuple[str, str, str, str, str, str]
#: The pattern of each phrase, and what a text needs to hold it, as `Compiled` has it.
Ready = tuple[tuple[str, ...], tuple[tuple[tuple[str, ...], ...], ...]]


class RowError(ValueError):
    """A line of the table that cannot be; `line` says which."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


class Rule(Struct, frozen=True, kw_only=True):
    """Phrases that stand for something unsaid, and what to ask oneself instead."""

    name: str
    pattern: Pattern
    #: As `Compiled` has it.
    needs: tuple[tuple[tuple[str, ...], ...], ...]
    #: What makes the same sentence good.
    unless: Pattern | None
    ask: str
    mild: bool = False


class Saying:
    """How it is said in a language that a thing is so."""

    def __init__(self, phrases: Compiled, unless: Pattern | None) -> None:
        """Take the phrases, and what makes them none in the same sentence."""
        self.pattern = phrases.pattern
        self.unless = unless
        self._phrases = phrases
        self._alone: dict[int, Pattern] = {}

    @cached_property
    def needs(self) -> Needs:
        """What a text must hold to say it."""
        return Needs(self._phrases.needs)

    def said(self, sentence: str) -> bool:
        """Tell whether a sentence says it."""
        return self._holds(sentence) and not self._undone(sentence)

    def _holds(self, sentence: str) -> bool:
        """Tell whether one of the phrases is in a sentence: mostly its words leave one or none."""
        met = self.needs.met(sentence)
        if len(met) != 1:
            return bool(met and self.pattern.search(sentence))
        [at] = met
        if at not in self._alone:
            self._alone[at] = self._phrases.alone(at)
        return bool(self._alone[at].search(sentence))

    def _undone(self, sentence: str) -> bool:
        return bool(self.unless and self.unless.search(sentence))

    def told_in(self, sentence: str, aside: Saying | None) -> bool:
        """Tell whether a sentence says it when set phrases are left out."""
        # Leaving them out costs more than looking, and few sentences have anything to tell.
        if not self._holds(sentence):
            return False
        if aside and aside.needs.may_be_met(sentence):
            return self.said(aside.pattern.cut(sentence))
        return not self._undone(sentence)


class Wording(Struct, frozen=True, kw_only=True):
    """All that is known of one language."""

    rules: tuple[Rule, ...]
    #: Each word that a phrase cannot do without → the rules that stand or fall with it.
    index: dict[str, tuple[Rule, ...]]
    #: The pieces of words that rules need.
    pieces: tuple[str, ...]
    #: What a text must say → how it is said: `loss`, `cause`, `doing`. `loss-aside`: set phrases
    #: that use the same words and tell nothing, which are not looked at.
    says: dict[str, Saying]

    def tells(self, what: str, *texts: str) -> bool:
        """Tell whether a sentence of Markdown texts says something, in the writer's own words.

        True where this language has no words for it.
        """
        saying = self.says.get(what)
        if saying is None:
            return True
        from firstword.lint.prose import keeps_words, sentences

        aside = self.says.get(f"{what}-aside")
        return any(
            saying.told_in(sentence.text, aside)
            for text in texts
            # Most texts lack the words, and are not taken apart.
            if saying.needs.may_be_met(text) or not keeps_words(text)
            for sentence in sentences(text)
        )

    def hollow(self, *texts: str) -> bool:
        """Tell whether Markdown texts hold no word that could tell anything, quotations aside.

        Any word that is not known to be hollow may tell something, also in code and in a link.
        False where this language has no such words.
        """
        saying = self.says.get("hollow")
        return saying is not None and not any(
            _WORD.search(saying.pattern.cut(_ASIDE.sub(" ", text))) for text in texts
        )


def read_rows(text: str) -> tuple[Row, ...]:
    """Read the table of a file; blank lines and those that begin with '#' are for people.

    Raises RowError for the first line that cannot be.
    """
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            try:
                rows.append(_row(line.rstrip("\r")))
            except ValueError as error:
                raise RowError(number, str(error)) from error
    return tuple(rows)


def _row(line: str) -> Row:
    cells = [cell.strip() for cell in line.split("\t")]
    # A '+' needs no more than phrases, and no rule needs a weight.
    off = len(cells) == 3 and cells[2] == OFF
    least = 3 if off or (cells[1:2] and cells[1].startswith("+")) else len(COLUMNS) - 1
    if not least <= len(cells) <= len(COLUMNS):
        raise ValueError(
            f"{len(COLUMNS) - 1} columns with a tab between them ({', '.join(COLUMNS[:-1])}), "
            f"then perhaps {MILD!r}; or language, rule and {OFF!r}; "
            f"got {len(cells)}: {line[:60]!r}"
        )
    language, name, phrases, unless, ask, weight = _padded(cells)
    if not _LANGUAGE.fullmatch(language):
        raise ValueError(f"no language: {language!r}; write 'en', or '*' for all")
    if not _NAME.fullmatch(name):
        raise ValueError(f"the name of a rule has lower-case letters, digits and '-': {name!r}")
    if weight not in {"", MILD}:
        raise ValueError(f"the weight is {MILD!r} or nothing: {weight!r}")
    if phrases != OFF:
        _check(name, language, phrases, unless, ask)
    return language, name, phrases, unless, ask, weight


def _padded(cells: list[str]) -> Row:
    language, name, phrases, unless, ask, weight = [*cells, *[""] * len(COLUMNS)][: len(COLUMNS)]
    return language, name, phrases, unless, ask, weight


def _check(name: str, language: str, phrases: str, unless: str, ask: str) -> None:
    """Refuse what could never be used. Raises ValueError."""
    compiled = compile_phrases(phrases, language)
    if unless:
        compile_phrases(unless, language)
    if name.startswith("+"):
        return
    if not all(compiled.needs):
        raise PhraseError(f"a phrase needs a word of its own: {phrases!r}")
    if not ask:
        raise ValueError("the last column is empty: what should one ask oneself instead?")


@lru_cache(maxsize=32)
def wording(language: str, own: tuple[Row, ...] = ()) -> Wording:
    """Return what is known of a language: our rules, with a company's own laid over them.

    A language nobody has written rules for has none: English ones would find nothing in it, or
    the wrong things.
    """
    primary = language.partition("-")[0].casefold()
    table = {name: row for row in _ours() if (name := row[1]) and row[0] == primary}
    for row in own:
        if row[0] in {primary, ANY_LANGUAGE}:
            table[row[1]] = row
    kept = [row for _, row in sorted(table.items()) if row[2] != OFF]
    rules = tuple(_rules(row for row in kept if not row[1].startswith("+")))
    index: dict[str, list[Rule]] = {}
    for rule in rules:
        for word in dict.fromkeys(word for groups in rule.needs for word in groups[0]):
            index.setdefault(word, []).append(rule)
    return Wording(
        rules=rules,
        index={word: tuple(found) for word, found in index.items()},
        pieces=tuple(
            dict.fromkeys(
                word[:-1]
                for rule in rules
                for groups in rule.needs
                for group in groups
                for word in group
                if word.endswith("~")
            )
        ),
        says={
            row[1][1:]: Saying(_compiled(row[2], primary), _unless(row[3], primary))
            for row in kept
            if row[1].startswith("+")
        },
    )


def names(own: tuple[Row, ...] = ()) -> frozenset[str]:
    """Return the names of all rules in any language."""
    return frozenset(row[1] for row in (*_ours(), *own) if not row[1].startswith("+"))


@lru_cache(maxsize=1)
def _ours() -> tuple[Row, ...]:
    rows = (line for line in OURS.read_text(encoding="utf-8").split("\n"))
    return tuple(_padded(row.split("\t")) for row in rows if row and not row.startswith("#"))


def _compiled(phrases: str, language: str) -> Compiled:
    """Return phrases ready for use: ours were made ready when they were written down."""
    ready = _ready(language).get(phrases)
    return compile_phrases(phrases, language) if ready is None else put_together(language, *ready)


@lru_cache(maxsize=32)
def _ready(language: str) -> dict[str, Ready]:
    known = msgspec.json.decode(READY.read_bytes(), type=dict[str, msgspec.Raw])
    return msgspec.json.decode(known.get(language, b"{}"), type=dict[str, Ready])


def make_ready() -> bytes:
    """Return what READY holds: our phrases by language, as patterns and what each needs."""
    ready: dict[str, dict[str, Ready]] = {}
    for language, _, phrases, unless, *_ in _ours():
        for text in filter(None, (phrases, unless)):
            found = compile_phrases(text, language)
            ready.setdefault(language, {})[text] = found.phrases, found.needs
    # A line a phrase, so that a change of one is a change of one line.
    return (
        msgspec.json.encode(ready, order="sorted")
        .replace(b':{"', b':{\n"')
        .replace(b']]],"', b']]],\n"')
        .replace(b"]]}", b"]]\n}")
        + b"\n"
    )


def _unless(phrases: str, language: str) -> Pattern | None:
    return _compiled(phrases, language).pattern if phrases else None


def _rules(rows: Iterator[Row]) -> Iterator[Rule]:
    for language, name, phrases, unless, ask, weight in rows:
        compiled = _compiled(phrases, language)
        yield Rule(
            name=name,
            pattern=compiled.pattern,
            needs=compiled.needs,
            unless=_unless(unless, language),
            ask=ask,
            mild=weight == MILD,
        )
