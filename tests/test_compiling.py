"""What a template of a site's own may say, however it is compiled: it means what Jinja says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_check import SETTINGS

from firstword.clock import Clock
from firstword.errors import ThemeError
from firstword.markup import Markup
from firstword.page import StatusPage
from firstword.render import Page, Renderer
from firstword.settings import read_site

NOON = Clock(datetime(2026, 11, 21, 12, 0, tzinfo=UTC))


class Theme:
    """Templates of one's own; pages that are made one after another of the same site."""

    def __init__(self, folder: Path, **files: str) -> None:
        templates = folder / "templates"
        templates.mkdir()
        for name, text in files.items():
            (templates / name.replace("_", ".")).write_text(text)
        site = read_site({**SETTINGS, "LINKS": (("A & B", "https://a.example/?a&b"),)})
        self.renderer = Renderer(StatusPage.of(site, []), Markup(lambda _: None), folder)

    def page(self, template: str, key: str = "a.html", language: str = "", **given: Any) -> str:
        context: Mapping[str, Any] = given
        page = Page(
            key=key, template=f"{template}.html", context=lambda _: context, language=language
        )
        return self.renderer.render(page, NOON).decode()


def test_what_pages_share_is_each_pages_own_where_they_differ(tmp_path: Path) -> None:
    line = "{{ root }}{{ urls.RECORD }} {{ _('History') }} {{ language.code }} {{ name }};"
    theme = Theme(
        tmp_path, own_html=f"{line}{{% for one in names %}}{line}{{{{ one }}}}.{{% endfor %}}"
    )

    made = [
        theme.page("own", name="a", names=["b", "c"]),
        theme.page("own", name="<d>", names=[]),
        theme.page("own", "deep/er/index.html", name="e", names=[]),
        theme.page("own", language="de", name="f", names=[]),
        theme.page("own", root="https://elsewhere.example/", name="g", names=[]),
        theme.page("own", name="h", names=[]),
    ]

    assert made == [
        "./record/ History en a;./record/ History en a;b../record/ History en a;c.",
        "./record/ History en &lt;d&gt;;",
        "../../record/ History en e;",
        "./record/ Verlauf de f;",
        "https://elsewhere.example/record/ History en g;",
        "./record/ History en h;",
    ]


BASE = "{{ root }}{% block way %}({{ root }}{{ urls.HISTORY }}){% endblock %}"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{% set root = name %}{{ root }}", "mine"),
        ("{% for root in [name, '&'] %}{{ root }}{% endfor %}{{ root }}", "mine&amp;./"),
        ("{% macro way(root) %}{{ root }}{% endmacro %}{{ way(name) }}{{ root }}", "mine./"),
        ("{% with site = name %}{{ site }}{% endwith %}{{ site.name }}", "mineAcme status"),
        ("{% for _ in [name] %}{{ _ }}{% endfor %}{{ _('History') }}", "mineHistory"),
        ("{% for root in [name, 'b'] %}{% include 'way.html' %}{% endfor %}", "(mine)(b)"),
        ("{% extends 'base.html' %}{% set root = name %}", "mine(minehistory/)"),
        ("{% extends 'base.html' %}{% block way %}{{ super() }}!{% endblock %}", "./(./history/)!"),
        ("{% from 'own.html' import root %}{{ root }}", "theirs"),
    ],
    ids=["set", "for", "parameter", "with", "_", "include", "child", "super", "import"],
)
def test_a_name_means_what_a_template_says_it_does(text: str, written: str, tmp_path: Path) -> None:
    theme = Theme(
        tmp_path,
        usual_html="{{ root }}{{ site.name }}{% include 'way.html' %}",
        way_html="({{ root }})",
        base_html=BASE,
        own_html="{% set root = 'theirs' %}",
        test_html=text,
    )
    # What was written for other pages of the same folder is there.
    assert theme.page("usual") == "./Acme status(./)"
    assert theme.page("base") == "./(./history/)"

    assert [theme.page("test", name="mine"), theme.page("test", name="mine")] == [written] * 2


def test_everything_is_escaped_once(tmp_path: Path) -> None:
    theme = Theme(
        tmp_path,
        own_html="{% for link in site.links %}<a href='{{ link.url }}'>{{ link.text }}</a>"
        "{% endfor %} {{ '<' }} {{ 3 }} {{ none }} {{ _('Impact: %(impact)s', impact=name) }} "
        "{{ _(name) }} {{ name|upper }} {% set text %}{{ name }}{% endset %}{{ text }} "
        "{% autoescape false %}{{ name }}{{ site.name }}{{ _(name) }}{% endautoescape %}",
    )

    assert theme.page("own", name="<i>") == (
        "<a href='https://a.example/?a&amp;b'>A &amp; B</a> &lt; 3 None Impact: &lt;i&gt; "
        "<i> &lt;I&gt; &lt;i&gt; "
        "<i>Acme status<i>"
    )


@pytest.mark.parametrize(
    ("call", "written"),
    [
        ("m('<')", "&lt;-b-c"),
        ("m('a', c='<')", "a-b-&lt;"),
        ("m('a', 'd', 'e')", "a-d-e"),
        ("all('a', 'd', 'e', f='g')", "a('d', 'e'){'f': 'g'}".replace("'", "&#39;")),
        ("'a b'.split(' ')|join('+')", "a+b"),
        ("reply('Nobody', none)", ""),
        ("self.title()", "T"),
    ],
)
def test_calls_are_jinjas(call: str, written: str, tmp_path: Path) -> None:
    macros = (
        "{% macro m(a, b='b', c='c') %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}"
        "{% macro all(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}"
    )
    theme = Theme(
        tmp_path, own_html=f"{macros}{{% block title %}}T{{% endblock %}}:{{{{ {call} }}}}"
    )

    assert theme.page("own") == f"T:{written}"


def test_a_macro_gets_what_is_between_its_tags(tmp_path: Path) -> None:
    theme = Theme(
        tmp_path,
        own_html="{% macro box(a) %}[{{ a }}{{ caller() }}]{% endmacro %}"
        "{% call box('<') %}{{ name }}{% endcall %}",
    )

    assert theme.page("own", name="&") == "[&lt;&amp;]"


def test_a_text_without_anything_to_fill_in_is_drawn_in_as_it_is(tmp_path: Path) -> None:
    theme = Theme(
        tmp_path,
        plain_css="a > b {}",
        filled_css="{{ name }} > b {}",
        own_html="{% set style %}{% include 'plain.css' %}{% include 'filled.css' %}{% endset %}"
        "{{ style }}{% include 'plain.css' %}{% include ['none.css', 'plain.css'] %}"
        "{% include 'none.css' ignore missing %}",
    )

    assert theme.page("own", name="&") == "a > b {}&amp; > b {}a > b {}a > b {}"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{{ site.nam }}{{ root }}", "has no attribute 'nam'"),
        ("{{ root }}{{ sit.name }}", "'sit' is undefined; nearest: 'site'"),
        ("{{ root }}{{ urls.RECORDS }}", "has no attribute 'RECORDS'"),
        ("{{ urls.mont_path(site) }}", "has no attribute 'mont_path'"),
        ("{{ _('History') }}{{ m() }}", "parameter 'a' was not provided"),
        ("{{ m(1, 2) }}", "takes not more than 1 argument(s)"),
        ("{{ box(1) }}", "No caller defined"),
        ("{{ m(1, b=2) }}", "takes no keyword argument 'b'"),
        ("{{ _('Impact: %(impact)s', impac=1) }}", "KeyError('impact')"),
        ("{% include 'none.css' %}", "there is no template 'none.css'"),
    ],
)
def test_a_mistake_is_told_with_its_line(line: str, what: str, tmp_path: Path) -> None:
    macros = "{% macro m(a) %}{{ a }}{% endmacro %}{% macro box(a) %}{{ caller() }}{% endmacro %}"
    text = f"{macros}\n{{{{ root }}}}\n<p>\n{line}\n</p>"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own.html").write_text(text)
    theme = Theme(tmp_path)
    theme.renderer = Renderer(
        theme.renderer.page, Markup(lambda _: None), tmp_path, overrides=[tmp_path / "own"]
    )

    for _ in range(2):
        with pytest.raises(ThemeError) as told:
            theme.page("own")

        assert ":4: " in str(told.value) or "own.html:1: " in str(told.value)
        assert what in str(told.value)
