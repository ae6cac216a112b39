"""Text and rules → findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from firstword.lint.needs import words_of
from firstword.lint.rules import Rule, Wording
from firstword.patterns import later

if TYPE_CHECKING:
    from firstword.lint.prose import Sentence

#: A paragraph as one line, without the marks of emphasis.
_FLAT = str.maketrans({"\n": " ", "*": None, "_": None})
#: Where Markdown says something else than it shows, so that it has to be taken apart first.
_DISGUISED = re.compile(r"[<&\\\u00a0\u202f\u2007\u00ad\u200b\u2060\ufeff]")
_UNSEEN = str.maketrans(dict.fromkeys("\u00ad\u200b\u2060\ufeff"))
_LEFT_OUT = re.compile("\ufffc+")
_ALLOW = later(r"<!--[ \t]{0,9}allow:([^\n<>]{0,200}?)-->")


class Finding(NamedTuple):
    """One phrase that says less than it seems to."""

    rule: str
    #: As it stands in the text.
    phrase: str
    #: What to ask oneself instead.
    ask: str
    #: Counted from 0 over the lines of the text.
    line: int
    #: It may as well be wrong.
    mild: bool = False


class Allowance(NamedTuple):
    """A rule that somebody set aside for one update, and who."""

    rule: str
    by: str
    line: int


def find(text: str, wording: Wording) -> list[Finding]:
    """Find each rule's first phrase in a Markdown text, in the order of the text.

    Takes as long as the text is long: each sentence is looked at once by each rule that could
    apply, and no rule looks further than a sentence.
    """
    return find_some(text, wording, rules_near(text, wording))


def rules_near(text: str, wording: Wording) -> Sequence[Rule]:
    """Return the rules that a text may break, by its words; most texts break none.

    Of several texts with a line's end between them: those that any one of them may break.
    """
    if _DISGUISED.search(text):
        text = text.translate(_UNSEEN)
    return _near(wording, _words(text, wording))


def find_some(text: str, wording: Wording, rules: Sequence[Rule]) -> list[Finding]:
    """Find what `find` does, where only some rules can have been broken."""
    if not rules:
        return []
    disguised = _DISGUISED.search(text) is not None
    if disguised:
        text = text.translate(_UNSEEN)
    words = _words(text, wording)
    near = [rule for rule in rules if _may(rule, words)]
    if near and not disguised:
        # Most texts hold no such phrase anywhere, and are not taken apart.
        flat = text.translate(_FLAT)
        near = [rule for rule in near if rule.pattern.search(flat)]
    if not near:
        return []
    from firstword.lint.prose import sentences

    found: list[Finding] = []
    for sentence in sentences(text):
        words = _words(sentence.text, wording)
        for rule in [rule for rule in near if _may(rule, words)]:
            match = rule.pattern.search(sentence.text)
            if match is None or (rule.unless and rule.unless.search(sentence.text)):
                continue
            phrase = _LEFT_OUT.sub("…", match[0])
            found.append(Finding(rule.name, phrase, rule.ask, sentence.line, rule.mild))
            near.remove(rule)
        if not near:
            break
    return found


def own_sentences(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a Markdown text that are the writer's own words."""
    from firstword.lint.prose import sentences

    yield from sentences(text)


def _words(text: str, wording: Wording) -> frozenset[str]:
    """Return the words of a text, and which of the pieces of words are in it."""
    folded, words = words_of(text)
    pieces = [f"{piece}~" for piece in wording.pieces if piece in folded]
    return words.union(pieces) if pieces else words


def _near(wording: Wording, words: frozenset[str]) -> list[Rule]:
    """Return the rules that a text of these words may break."""
    index = wording.index
    met = {rule.name: rule for word in words & index.keys() for rule in index[word]}
    return [met[name] for name in sorted(met) if _may(met[name], words)]


def _may(rule: Rule, words: frozenset[str]) -> bool:
    for groups in rule.needs:
        for group in groups:
            if words.isdisjoint(group):
                break
        else:
            return True
    return False


def allowances(text: str) -> Iterator[Allowance]:
    """Yield every `<!-- allow: rule, who -->` of a text, understood or not."""
    if "allow:" not in text:
        return
    line, counted = 0, 0
    for found in _ALLOW.finditer(text):
        line += text.count("\n", counted, found.start())
        counted = found.start()
        rule, _, by = found[1].partition(",")
        yield Allowance(rule.strip(), " ".join(by.split()), line)
