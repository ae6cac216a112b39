"""Where templates are compiled and run: Jinja's own, with what most of a page needs at hand.

`compiling.Writer` says how a template becomes code; here is what that code calls.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from functools import cache, partial
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any, cast

import jinja2
from jinja2.runtime import Context, Macro
from jinja2.utils import missing

from firstword.render.compiling import SHARED, Writer
from firstword.render.escaping import escaped, marked
from firstword.render.language import LABELS

#: Where a page's context has what was written for pages like it.
KEPT = "firstword.kept"
_PLAIN = frozenset({FunctionType, MethodType, BuiltinFunctionType, partial, type(cache(len))})
#: What Jinja's own decorators, `pass_context` and its like, mark a function with.
_WANTS = "jinja_pass_arg"


class Kept:
    """Runs of output that are the same on all pages that have the shared values in common."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Take the first such page's context."""
        self._shared = {name: given.get(name, missing) for name in SHARED}
        self.texts: dict[str, str] = {}

    def serves(self, given: Mapping[str, Any]) -> bool:
        """Tell whether a template is given the same shared values."""
        for name, value in self._shared.items():
            known = given.get(name, missing)
            # A site is large, and most often the very same one.
            if known is not value and known != value:
                return False
        return True


def _keep(kept: dict[str, str], key: str, text: str) -> str:
    kept[key] = text
    return text


class QuickTemplate(jinja2.Template):
    """A compiled template, with what `Writer` has it call."""

    #: All that it writes, where that is nothing but a text.
    plain: str | None = None

    def encoded(self, given: Mapping[str, Any]) -> bytes:
        """Return a page's bytes. Put together as text, one sign would make all of it wider."""
        context = self.new_context({**given})
        try:
            return b"".join(map(str.encode, self.root_render_func(context)))
        except Exception:  # noqa: BLE001 - it is raised again, with the template's line
            self.environment.handle_exception()

    @classmethod
    def from_code(
        cls,
        environment: jinja2.Environment,
        code: CodeType,
        globals: MutableMapping[str, Any],  # noqa: A002 - Jinja's name
        uptodate: Any = None,
    ) -> jinja2.Template:
        """Load compiled code; what it writes goes through the `escape` of its own module."""
        template = super().from_code(environment, code, globals, uptodate)
        module = template.root_render_func.__globals__
        module.update(escape=escaped, marked=marked, labels=LABELS, keep=_keep)
        vars(template)["plain"] = module.get("plain")
        return template


class QuickContext(Context):
    """Calls what most is called in templates without asking each time what it wants to be given."""

    _kept: dict[str, str] | None = None

    def kept(self) -> dict[str, str]:
        """Return what was written for pages like this one; nothing where a name means another."""
        if self._kept is None:
            pages: Kept | None = self.parent.get(KEPT)
            self._kept = pages.texts if pages and pages.serves(self.parent) else {}
        return self._kept if SHARED.isdisjoint(self.vars) else {}

    def call(self, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call something from a template."""
        kind = type(called)
        if kind is not Macro and (kind not in _PLAIN or hasattr(called, _WANTS)):
            return super().call(called, *args, **kwargs)
        if kwargs:
            kwargs.pop("_loop_vars", None)
            kwargs.pop("_block_vars", None)
        if kind is not Macro:
            return called(*args, **kwargs)
        left = called._argument_count - len(args)
        if kwargs or left < 0 or called.caller or called.catch_kwargs or called.catch_varargs:
            return called(self.eval_ctx, *args, **kwargs)
        text = called._func(*args, *(missing,) * left)
        return marked(text) if self.eval_ctx.autoescape else text


class QuickEnvironment(jinja2.Environment):
    """Where compiled templates are; each is looked up once."""

    code_generator_class = Writer
    template_class = QuickTemplate
    context_class = QuickContext

    def __init__(self, **options: Any) -> None:
        """Take Jinja's own options."""
        super().__init__(**options)
        self._found: dict[str, QuickTemplate] = {}

    def compile(self, *args: Any, **kwargs: Any) -> Any:
        """Compile a template, which may have tags with texts to be translated.

        What reads those is imported with the first: an edit finds all of them compiled.
        """
        if not self.extensions:
            known = {**self.globals}
            self.add_extension("jinja2.ext.i18n")
            # It takes a name for itself that has been given.
            self.globals.update(known)
        return super().compile(*args, **kwargs)

    def make_globals(
        self,
        d: MutableMapping[str, Any] | None,
    ) -> MutableMapping[str, Any]:
        """Return what a template knows wherever it is drawn in.

        Jinja's own looks through two mappings for each name, on every page; ours has all its names
        before the first template is loaded.
        """
        return {**self.globals, **(d or {})}

    def get_template(
        self,
        name: str | jinja2.Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja's name
    ) -> QuickTemplate:
        """Return a template by its name; none changes while this is in use."""
        found = self._found.get(name) if isinstance(name, str) and not globals else None
        if found is None:
            found = cast("QuickTemplate", super().get_template(name, parent, globals))
            if isinstance(name, str) and not globals:
                self._found[name] = found
        return found
