"""What is wrong with a site's own templates: told in one line, by check before a build fails."""

from __future__ import annotations

import difflib
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import jinja2
from jinja2 import meta, nodes

from firstword.errors import ThemeError
from firstword.model import Level, Problem
from firstword.render.language import install

_UNDEFINED = re.compile(r"'(\w+)' is undefined")
#: A page of the site's own names its template in its head.
_TEMPLATE = re.compile(r"^template:\s*([\w/-]+)\s*$", re.IGNORECASE | re.MULTILINE)
_ORIGINAL = "!theme/"
#: Where most of what people want to change of a kind is.
_USUAL = {".css": "style.css", ".js": "live.js", ".html": "base.html"}


def fault(error: Exception, folders: Sequence[Path], names: Iterable[str]) -> ThemeError | None:
    """Say where in a template an error arose and what it is; None where that was in none.

    `folders` are those of templates, the theme's last; `names` is what the template was given.
    """
    place, line = "", 0
    if isinstance(error, jinja2.TemplateSyntaxError):
        place, line = error.filename or "", error.lineno
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if any(Path(frame.filename).is_relative_to(folder) for folder in folders):
                place, line = frame.filename, frame.lineno or 0
    own = any(Path(place).is_relative_to(folder) for folder in folders[:-1])
    if not place or not (own or isinstance(error, jinja2.TemplateError)):
        return None
    what = str(error) if isinstance(error, jinja2.TemplateError) else repr(error)
    if isinstance(error, jinja2.TemplateNotFound):
        what = f"there is no template {str(error)!r}"
    elif found := _UNDEFINED.search(what):
        what += _nearest(found[1], names)
    return ThemeError(_spelled(Path(place), folders), line, what)


def problems(root: Path, theme: Path, settings: Mapping[str, object]) -> Iterator[Problem]:
    """Yield what is wrong in a site's own theme/: mistakes, and files that replace nothing."""
    own, whole = root / "theme", theme / "templates"
    if not own.is_dir() or own.resolve() == theme.resolve():
        return
    folder = own / "templates"
    environment = _environment(folder, whole)
    theirs = {path.relative_to(whole).as_posix(): path for path in sorted(whole.rglob("*"))}
    given = _names(environment, [path for path in theirs.values() if path.is_file()])
    drawn, dynamic = set(_asked_for(root, settings)), False
    unused: list[tuple[str, str]] = []
    for path in sorted(own.rglob("*")):
        name = path.relative_to(own).as_posix()
        if not path.is_file() or any(part.startswith(".") for part in Path(name).parts):
            continue
        if not path.is_relative_to(folder):
            unused.append((name, name))
            continue
        inner = path.relative_to(folder).as_posix()
        if inner not in theirs:
            unused.append((name, inner))
        if path.suffix != ".html":
            continue
        for problem, named in _judged(environment, path, f"theme/{name}", given, theirs):
            if problem is not None:
                yield problem
            drawn |= {one for one in named if one}
            dynamic = dynamic or None in named
    for name, inner in unused:
        inside = name.startswith("templates/")
        if inside and (inner in drawn or dynamic):
            continue
        usual = _USUAL.get(Path(inner).suffix, "NAME")
        near = [*difflib.get_close_matches(Path(inner).name, theirs, 1), usual][0]
        hint = f"theme/templates/{near}"
        why = "the theme has no file of that name" if inside else "only theme/templates/ is read"
        message = f"replaces nothing: {why}; nearest: {hint}"
        yield Problem(f"theme/{name}", 1, "theme", message, Level.WARNING)


def _judged(
    environment: jinja2.Environment,
    path: Path,
    shown: str,
    given: set[str],
    theirs: Mapping[str, Path],
) -> Iterator[tuple[Problem | None, set[str | None]]]:
    """Yield each mistake of one template, and which templates it draws in."""
    try:
        text = path.read_text(encoding="utf-8")
        tree = environment.parse(text, filename=str(path))
        environment.compile(text, filename=str(path))
    except UnicodeDecodeError as error:
        yield Problem(shown, 1, "theme", f"no UTF-8: {error.reason}"), set()
        return
    except jinja2.TemplateSyntaxError as error:
        yield Problem(shown, error.lineno, "theme", str(error.message)), set()
        return
    named = set(meta.find_referenced_templates(tree))
    yield None, named
    for one in sorted(name for name in named if name):
        there = one.removeprefix(_ORIGINAL) in theirs
        if not there and (one.startswith(_ORIGINAL) or not (path.parent / one).is_file()):
            near = difflib.get_close_matches(one.removeprefix(_ORIGINAL), theirs, 1)
            hint = f"; nearest: {near[0]!r}" if near else ""
            line = next((n for n, row in enumerate(text.splitlines(), 1) if one in row), 1)
            yield Problem(shown, line, "theme", f"there is no template {one!r}{hint}"), set()
    for name in sorted(meta.find_undeclared_variables(tree) - given):
        if name.isupper() or name in environment.globals:
            continue
        line = min(n.lineno for n in tree.find_all(nodes.Name) if n.name == name)
        message = f"no template of the theme is given {name!r}{_nearest(name, given)}"
        yield Problem(shown, line, "theme", message, Level.WARNING), set()


def _environment(*folders: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FileSystemLoader(list(folders)),
        extensions=["jinja2.ext.i18n"],
    )
    install(environment)
    return environment


def _names(environment: jinja2.Environment, paths: Iterable[Path]) -> set[str]:
    """Return every name that the templates of a theme use, given to them or set by them."""
    found: set[str] = set()
    for path in paths:
        if path.suffix == ".html":
            tree = environment.parse(path.read_text(encoding="utf-8"))
            found |= {one.name for one in tree.find_all(nodes.Name)}
    return found


def _asked_for(root: Path, settings: Mapping[str, object]) -> Iterator[str]:
    """Yield the templates that settings and pages of the site name."""
    direct, pages = settings.get("DIRECT_TEMPLATES"), settings.get("TEMPLATE_PAGES")
    yield from (f"{one}.html" for one in (direct if isinstance(direct, list | tuple) else ()))
    yield from (str(one) for one in (pages if isinstance(pages, dict) else ()))
    for path in sorted((root / str(settings.get("PATH", "content"))).glob("pages/**/*.md")):
        head, _, _ = path.read_text(encoding="utf-8", errors="replace").partition("\n\n")
        yield from (f"{one}.html" for one in _TEMPLATE.findall(head))


def _nearest(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(names), 1)
    return f"; nearest: {near[0]!r}" if near else ""


def _spelled(path: Path, folders: Sequence[Path]) -> str:
    """Return a template's path as its site has it: theme/templates/NAME."""
    for folder in folders:
        if path.is_relative_to(folder):
            inside = path.relative_to(folder).as_posix()
            return f"{folder.parent.name}/{folder.name}/{inside}"
    return str(path)
