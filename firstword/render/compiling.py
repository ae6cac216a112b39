"""Templates → Python's code that writes a page in fewer steps than Jinja's own.

Most of what a page writes is the same on every page of its language and folder: labels, the links
in its head, the way to the site's root. Such a run of output is written once and kept. What a
template may say, and what it means, stays Jinja's.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import cast

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, find_undeclared
from jinja2.idtracking import VAR_LOAD_RESOLVE

from firstword.render.head import FILTERS
from firstword.render.language import LABELS, VALUE_FILTERS

#: What pages of one language and one folder have in common, by the names that templates know.
SHARED = frozenset({"site", "urls", "language", "root", "logo", "favicon"})
#: Filters that return the same for the same, in one language.
_FILTERS = VALUE_FILTERS.keys() | FILTERS.keys()
#: Filters that return what is escaped already, or has nothing to escape.
_SAFE = frozenset({"at_clock", "due", "icon", "instant", "listed", "tongue", "when"})
_OURS = {**VALUE_FILTERS, **FILTERS}
#: What makes Jinja call a macro otherwise than its parameters say.
_SPECIAL = ("caller", "kwargs", "varargs")
_CONSTANT = (nodes.TemplateData, nodes.Const)
_OF_PARTS = (nodes.Getattr, nodes.Getitem, nodes.Keyword, nodes.Or, nodes.And, nodes.Not)


class Writer(CodeGenerator):
    """Compiles a template: what pages share is written once, and labels are said at once."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - Jinja's name
        """Compile a whole template."""
        # Whoever gives one of our names another meaning here has it everywhere in this template.
        stored = Counter(name.name for name in node.find_all(nodes.Name) if name.ctx != "load")
        self._renamed, self._stored = stored.keys(), stored
        self._macros = _macros(node)
        self._only_said = _only_said(node) - stored.keys()
        self._kept = 0
        #: Names that were given a text that pages share, as they are called in the code.
        self._texts: set[str] = set()
        self._in_text = False
        super().visit_Template(node, frame)
        text = _plain(node)
        if text is not None:
            self.writeline(f"plain = {text!r}")

    def write_commons(self) -> None:
        """Begin a function of the template."""
        super().write_commons()
        self.writeline("kept = context.kept()")

    def enter_frame(self, frame: Frame) -> None:
        """Look up the names that a scope uses; labels are at hand without that."""
        loads = frame.symbols.loads
        frame.symbols.loads = {
            ref: load
            for ref, load in loads.items()
            if load[0] != VAR_LOAD_RESOLVE or load[1] not in self._only_said
        }
        super().enter_frame(frame)
        frame.symbols.loads = loads

    def visit_Include(self, node: nodes.Include, frame: Frame) -> None:  # noqa: N802
        """Draw another template in; one without anything to fill in is a text."""
        if not isinstance(node.template, nodes.Const) or node.ignore_missing:
            super().visit_Include(node, frame)
            return
        self.writeline(f"plain = environment.get_template({node.template.value!r}, ", node)
        self.write(f"{self.name!r}).plain")
        self.writeline("if plain is not None:")
        self.indent()
        self.simple_write("plain", frame)
        self.outdent()
        self.writeline("else:")
        self.indent()
        if self._in_text:
            # It may write of its page: from here on nothing is taken from other pages.
            self.writeline("kept = {}")
        super().visit_Include(node, frame)
        self.outdent()

    def visit_AssignBlock(self, node: nodes.AssignBlock, frame: Frame) -> None:  # noqa: N802
        """Give a name to what is between two tags: once for all pages, where they share it."""
        if not self._is_text(node, frame):
            super().visit_AssignBlock(node, frame)
            return
        key = self._key()
        self.writeline(f"if {key!r} not in kept:", node)
        self.indent()
        self._in_text = True
        super().visit_AssignBlock(node, frame)
        self._in_text = False
        ref = frame.symbols.ref(cast("nodes.Name", node.target).name)
        self.writeline(f"keep(kept, {key!r}, {ref})")
        self.outdent()
        self.push_assign_tracking()
        self.newline(node)
        self.visit(node.target, frame)
        self.write(f" = kept[{key!r}]")
        self.pop_assign_tracking(frame)
        self._texts.add(ref)

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802
        """Write text and values one after another; in runs that are kept and in others."""
        if frame.require_output_check or not frame.eval_ctx.autoescape or frame.eval_ctx.volatile:
            super().visit_Output(node, frame)
            return
        runs: list[tuple[bool, list[nodes.Expr]]] = []
        for shared, children in groupby(node.nodes, lambda child: self._shared(child, frame)):
            run = list(children)
            if shared and not all(isinstance(child, _CONSTANT) for child in run):
                runs.append((True, run))
            else:
                runs += ((False, [child]) for child in run)
        self.writeline("yield (" if frame.buffer is None else f"{frame.buffer}.append(", node)
        self.write("concat((" if len(runs) > 1 else "")
        self.indent()
        for shared, run in runs:
            if shared:
                self._write_kept(run, frame)
            else:
                self._write_child(run[0], frame)
            self.write("," if len(runs) > 1 else "")
        self.outdent()
        self.write(")))" if len(runs) > 1 else ")")

    def _write_kept(self, run: list[nodes.Expr], frame: Frame) -> None:
        """Write a run once for all pages that share it."""
        key = self._key()
        self.write(f"(kept.get({key!r}) or keep(kept, {key!r}, concat((")
        for child in run:
            self._write_child(child, frame)
            self.write(",")
        self.write("))))")

    def _key(self) -> str:
        """Spell under what the next text is kept."""
        self._kept += 1
        return f"{self.name}:{self._kept}"

    def _write_child(self, child: nodes.Expr, frame: Frame) -> None:
        if isinstance(child, nodes.TemplateData):
            self.write(repr(child.data))
            return
        self.newline(child)
        if isinstance(child, nodes.Call) and (macro := self._macro(child, frame)):
            self._write_macro_call(child, macro, frame)
            return
        safe = self._is_safe(child, frame)
        self.write("" if safe else "escape(")
        self.visit(child, frame)
        self.write("" if safe else ")")

    def _is_safe(self, child: nodes.Expr, frame: Frame) -> bool:
        """Tell whether a value needs no escaping: labels escape what they are filled in with."""
        if isinstance(child, nodes.Filter):
            name = child.name
            return name in _SAFE and self.environment.filters.get(name) is _OURS[name]
        return isinstance(child, nodes.Call) and self._is_label(child, frame)

    def _macro(self, node: nodes.Call, frame: Frame) -> nodes.Macro | None:
        """Return the macro of this very template that is called, where it is known how."""
        callee = node.node
        if not isinstance(callee, nodes.Name) or callee.name not in self._macros:
            return None
        escapes = frame.eval_ctx.autoescape and not frame.eval_ctx.volatile
        if not escapes or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return None
        macro = self._macros[callee.name]
        load = frame.symbols.find_load(frame.symbols.ref(callee.name))
        # In a block the name may mean what another template gave it.
        here = load is not None and load[0] != VAR_LOAD_RESOLVE
        fits = len(node.args) <= len(macro.args) and callee.name not in self._renamed
        return macro if here and fits else None

    def _write_macro_call(self, node: nodes.Call, macro: nodes.Macro, frame: Frame) -> None:
        """Call a macro's own function: what it returns is escaped."""
        self.visit(node.node, frame)
        self.write("._func(")
        for arg in node.args:
            self.visit(arg, frame)
            self.write(", ")
        self.write("missing, " * (len(macro.args) - len(node.args)))
        self.write(")")

    def _shared(self, node: nodes.Node, frame: Frame) -> bool:
        """Tell whether an expression is the same on every page that shares what is kept."""
        if isinstance(node, _CONSTANT):
            return True
        if isinstance(node, nodes.Name):
            ours = node.name in SHARED and self._is_ours(node, frame)
            return ours or self._is_of_a_text(node, frame)
        if isinstance(node, nodes.Call):
            known = self._is_label(node, frame) or self._is_of_urls(node, frame)
            parts = (*node.args, *node.kwargs)
            return known and all(self._shared(part, frame) for part in parts)
        if isinstance(node, nodes.Filter):
            if node.name not in _FILTERS or node.dyn_args or node.dyn_kwargs:
                return False
        elif not isinstance(node, _OF_PARTS):
            return False
        return all(self._shared(child, frame) for child in node.iter_child_nodes())

    def _is_ours(self, name: nodes.Name, frame: Frame) -> bool:
        """Tell whether a name means what every page is given under it."""
        load = frame.symbols.find_load(frame.symbols.ref(name.name))
        ours = load is not None and load[0] == VAR_LOAD_RESOLVE
        return ours and name.name not in self._renamed

    def _is_of_a_text(self, name: nodes.Name, frame: Frame) -> bool:
        """Tell whether a name means a text that pages share, given to it in the same function."""
        ref = frame.symbols.ref(name.name)
        load = frame.symbols.find_load(ref)
        return ref in self._texts and load is not None and load[0] != VAR_LOAD_RESOLVE

    def _is_text(self, node: nodes.AssignBlock, frame: Frame) -> bool:
        """Tell whether a name is given to the same text on all pages, once and whatever happens.

        Templates that are drawn in may turn out to be more than a text, when they are.
        """
        known = frame.rootlevel and frame.eval_ctx.autoescape and not frame.eval_ctx.volatile
        target = node.target
        if not known or node.filter or not isinstance(target, nodes.Name):
            return False
        inner = frame.inner()
        inner.symbols.analyze_node(node)
        return self._stored[target.name] == 1 and all(
            all(self._shared(child, inner) for child in part.nodes)
            if isinstance(part, nodes.Output)
            else isinstance(part, nodes.Include)
            and isinstance(part.template, nodes.Const)
            and not part.ignore_missing
            for part in node.body
        )

    def _is_label(self, node: nodes.Call, frame: Frame) -> bool:
        callee = node.node
        plain = not node.dyn_args and not node.dyn_kwargs
        return (
            plain
            and isinstance(callee, nodes.Name)
            and callee.name in LABELS
            and self._is_ours(callee, frame)
        )

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802
        """Ask a value for what it has under a name; only where it has nothing, as Jinja asks."""
        of, found = self.temporary_identifier(), self.temporary_identifier()
        self.write(f"({found} if ({found} := getattr(({of} := ")
        self.visit(node.node, frame)
        self.write(f"), {node.attr!r}, missing)) is not missing")
        self.write(f" else environment.getattr({of}, {node.attr!r}))")

    def _is_of_urls(self, node: nodes.Call, frame: Frame) -> bool:
        """Tell whether a function of `urls` is called: they know no page and no time."""
        callee = node.node
        return (
            not (node.kwargs or node.dyn_args or node.dyn_kwargs)
            and isinstance(callee, nodes.Getattr)
            and isinstance(callee.node, nodes.Name)
            and callee.node.name == "urls"
            and self._is_ours(callee.node, frame)
        )

    def visit_Call(  # noqa: N802
        self,
        node: nodes.Call,
        frame: Frame,
        forward_caller: bool = False,  # noqa: FBT001, FBT002
    ) -> None:
        """Call something; a label without asking first what it wants to be given."""
        if macro := None if forward_caller else self._macro(node, frame):
            self.write("marked(")
            self._write_macro_call(node, macro, frame)
            self.write(")")
        elif self._is_label(node, frame):
            self.write(f"labels[{cast('nodes.Name', node.node).name!r}](context")
            self.signature(node, frame)
            self.write(")")
        elif self._is_of_urls(node, frame):
            self.visit(node.node, frame)
            self.visit(nodes.Tuple(node.args, "load"), frame)
        else:
            super().visit_Call(node, frame, forward_caller=forward_caller)


def _plain(node: nodes.Template) -> str | None:
    """Return what a template writes, where that is nothing but a text."""
    text = ""
    for output in node.body:
        for child in output.nodes if isinstance(output, nodes.Output) else (None,):
            if not isinstance(child, nodes.TemplateData):
                return None
            text += child.data
    return text


def _macros(node: nodes.Template) -> dict[str, nodes.Macro]:
    """Return a template's macros that are called as their parameters say, by their names."""
    again = Counter(macro.name for macro in node.find_all(nodes.Macro))
    again.update(one.target for one in node.find_all(nodes.Import))
    for one in node.find_all(nodes.FromImport):
        again.update(name if isinstance(name, str) else name[1] for name in one.names)
    return {
        macro.name: macro
        for macro in node.body
        if isinstance(macro, nodes.Macro)
        and again[macro.name] == 1
        and not find_undeclared(macro.body, _SPECIAL)
        and not {arg.name for arg in macro.args} & {*_SPECIAL}
    }


def _only_said(node: nodes.Template) -> set[str]:
    """Return the labels' names that a template does nothing with but say labels."""
    used = Counter(name.name for name in node.find_all(nodes.Name))
    said = Counter(
        call.node.name
        for call in node.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and not call.dyn_args and not call.dyn_kwargs
    )
    return {name for name in LABELS if said[name] == used[name]}
