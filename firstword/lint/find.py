"""Text and rules → findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from firstword.lint.rules import Rule, Wording

#: A paragraph as one line, without the marks of emphasis.
_FLAT = str.maketrans({"\n": " ", "*": None, "_": None})
_WORD = re.compile(r"\w+")
_ALLOW = re.compile(r"<!--[ \t]{0,9}allow:([^\n<>]{0,200}?)-->")


class Finding(NamedTuple):
    """One phrase that says less than it seems to."""

    rule: str
    #: As it stands in the text.
    phrase: str
    #: What to ask oneself instead.
    ask: str
    #: Counted from 0 over the lines of the text.
    line: int


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
    near = _near(wording, _words(text, wording))
    if near:
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
            found.append(Finding(rule.name, match[0], rule.ask, sentence.line))
            near.remove(rule)
        if not near:
            break
    return found


def _words(text: str, wording: Wording) -> set[str]:
    """Return the words of a text, and which of the pieces of words are in it."""
    folded = text.casefold()
    words = set(_WORD.findall(folded))
    words.update(f"{piece}~" for piece in wording.pieces if piece in folded)
    return words


def _near(wording: Wording, words: set[str]) -> list[Rule]:
    """Return the rules that a text of these words may break."""
    met = {rule.name: rule for word in words & wording.index.keys() for rule in wording.index[word]}
    return [met[name] for name in sorted(met) if _may(met[name], words)]


def _may(rule: Rule, words: set[str]) -> bool:
    return any(not any(map(words.isdisjoint, groups)) for groups in rule.needs)


def allowances(text: str) -> Iterator[Allowance]:
    """Yield every `<!-- allow: rule, who -->` of a text, understood or not."""
    if "allow:" not in text:
        return
    for found in _ALLOW.finditer(text):
        rule, _, by = found[1].partition(",")
        yield Allowance(rule.strip(), " ".join(by.split()), text.count("\n", 0, found.start()))
