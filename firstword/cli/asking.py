"""Questions on a terminal: one line each, completed, judged at once; nothing is filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, WordCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.validation import ValidationError, Validator

from firstword.drafts import Question
from firstword.model import ComponentStatus

#: Says what is wrong with an answer; "" when nothing is.
Judge = Callable[[str], str]


class Interrupted(Exception):
    """Somebody pressed Ctrl-C or Ctrl-D; `typed` is what stood on the line by then."""

    def __init__(self, typed: str) -> None:
        self.typed = typed
        super().__init__(typed)


def ask(
    question: Question,
    judge: Judge,
    components: Mapping[str, str],
    *,
    left: str = "keeps the others",
) -> str:
    """Ask one question and return the answer, "" for none. Raises Interrupted.

    `components` are the names of parts by id, for the question that wants them; `left` says what
    becomes of the other answers after Ctrl-C.
    """
    completer: Completer | None = None
    if question.name == "components":
        completer = Components(components)
    elif question.choices:
        completer = WordCompleter(list(question.choices), ignore_case=True)
    form = "; ".join(
        part
        for part in (
            question.form,
            ", ".join(question.choices),
            f"Enter: {question.empty}" if question.empty else "",
            "Alt-Enter: a new line, Ctrl-X Ctrl-E: your editor" if question.name == "say" else "",
        )
        if part
    )
    message: StyleAndTextTuples = [("bold", question.text), ("", f"\n{form}" if form else "")]
    judged = _Judged(judge, needed=question.needed, left=left)
    return _prompt([*message, ("", "\n> ")], judged, completer)


def choose(text: str, choices: Sequence[str]) -> str:
    """Ask for one of some words, whole or begun. Raises Interrupted."""
    known = {str(number): choice for number, choice in enumerate(choices, 1)}
    rows: StyleAndTextTuples = [("", f"  {number}  {one}\n") for number, one in known.items()]

    def found(said: str) -> list[str]:
        if said in known:
            return [known[said]]
        return [one for one in choices if said and said.casefold() in one.casefold()]

    def judge(said: str) -> str:
        return "" if len(found(said)) == 1 else "a number, or a part of only one of them"

    completer = WordCompleter(list(choices), ignore_case=True, sentence=True)
    message: StyleAndTextTuples = [("bold", f"{text}\n"), *rows, ("", "> ")]
    return found(_prompt(message, _Judged(judge, needed=True), completer))[0]


def decide(text: str, letters: str) -> str:
    """Ask for one of some letters; "" stands for Enter, where a space is among them."""

    def judge(said: str) -> str:
        return "" if (said or " ") in letters and len(said) < 2 else f"one of: {text}"

    return _prompt([("bold", text), ("", "\n> ")], _Judged(judge, needed=False), None)


class Components(Completer):
    """Completes `checkout partial_outage, api`: a part behind a comma, then its status."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - it makes no difference here
    ) -> Iterable[Completion]:
        """Yield what the word under the cursor can become."""
        before = document.text_before_cursor.rpartition(",")[2].lstrip()
        part, space, status = before.partition(" ")
        if space:
            words = {str(one): "" for one in ComponentStatus}
            begun = status.lstrip()
        else:
            words, begun = dict(self._names), part
        for word, name in words.items():
            if word.startswith(begun.casefold()) or name.casefold().startswith(begun.casefold()):
                yield Completion(word, start_position=-len(begun), display_meta=name)


class _Judged(Validator):
    def __init__(self, judge: Judge, *, needed: bool, left: str = "keeps the others") -> None:
        self._judge = judge
        self._needed = needed
        self._left = left

    def validate(self, document: Document) -> None:
        said = document.text.strip()
        wrong = ""
        if not said and self._needed:
            wrong = f"this one needs an answer; Ctrl-C {self._left}"
        elif said or not self._needed:
            wrong = self._judge(said)
        if wrong:
            raise ValidationError(message=wrong, cursor_position=len(document.text))


def _prompt(message: StyleAndTextTuples, validator: Validator, completer: Completer | None) -> str:
    session: PromptSession[str] = PromptSession(
        message=message,
        validator=validator,
        validate_while_typing=False,
        completer=completer,
        complete_while_typing=True,
        # Pasted lines stay lines; Enter ends all the same.
        multiline=True,
        key_bindings=_keys(),
        enable_open_in_editor=True,
        tempfile_suffix=".md",
    )
    try:
        return session.prompt().strip()
    except (KeyboardInterrupt, EOFError):
        raise Interrupted(session.default_buffer.text.strip()) from None


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
