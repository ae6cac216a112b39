"""What a template of a site's own may say, however it is compiled: it means what Jinja says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from test_check import SETTINGS, file, story
from test_render import FIRST

from firstword import urls
from firstword.clock import Clock
from firstword.errors import ThemeError
from firstword.markup import Markup
from firstword.model import Kind
from firstword.page import StatusPage
from firstword.render import Page, Renderer
from firstword.render.head import FILTERS
from firstword.render.told import Told, ToldFacts
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


class Drawn(str):
    """A text that knows how HTML writes it."""

    __slots__ = ()

    def __html__(self) -> str:
        return f"<b>{self.upper()}</b>"


class Loud(str):
    """A text that is written otherwise than it is kept."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self.upper()}!"


def test_a_text_of_another_kind_is_written_as_it_says(tmp_path: Path) -> None:
    theme = Theme(tmp_path, own_html="{% for it in all %}{{ it }} {% endfor %}")
    kinds = [Kind.NOTICE, Told.of("one & two", "en"), Told.of("one", "en"), Drawn("x"), Loud("y")]

    assert theme.page("own", all=kinds) == "notice one &amp; two one <b>X</b> Y! "


def test_an_instant_is_spelled_for_machines_to_the_second(tmp_path: Path) -> None:
    theme = Theme(tmp_path, own_html="{{ at|instant }} {{ at|when }}")

    assert theme.page("own", at=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)) == (
        '2026-03-04T05:06:07Z <time datetime="2026-03-04T05:06:07Z">'
        "4 March 2026, 06:06\u00a0CET (05:06\u00a0UTC)</time>"
    )


def test_each_fact_is_told_as_often_as_a_template_asks() -> None:
    told = story(file(FIRST, front="affected: Some\nunaffected: Others"))

    facts = ToldFacts(told, told, "en")

    asked = [facts.unaffected, facts.affected, facts.unaffected, facts.affected, facts.workaround]
    assert asked == ["Others", "Some", "Others", "Some", None]


def test_who_answers_is_asked_of_the_clock_of_each_page(tmp_path: Path) -> None:
    ada = {"name": "Ada", "role": "R", "address": "ada@x.example"}
    ben = {"name": "Ben", "role": "R", "address": "ben@x.example"}
    ada |= {"until": "2026-11-21", "successor": "Ben"}
    site = read_site({**SETTINGS, "PEOPLE": [ada, ben]})
    theme = Theme(tmp_path, own_html="{{ who_answers('Ada').name }}{{ who_answers('Ada').name }}")
    theme.renderer = Renderer(StatusPage.of(site, []), Markup(lambda _: None), tmp_path)
    page = Page(key="a.html", template="own.html", context=lambda _: {})
    noon, next_day = NOON.fresh(), Clock(NOON.now + timedelta(days=1))

    made = [theme.renderer.render(page, clock) for clock in (noon, next_day)]

    assert made == [b"AdaAda", b"BenBen"]
    assert noon.valid_until == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)


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


def test_what_pages_share_is_written_once_whoever_renders_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def person_path(name: str) -> str:
        asked.append(name)
        return name

    monkeypatch.setattr(urls, "person_path", person_path)
    theme = Theme(tmp_path, own_html="{{ site.name }} {{ urls.person_path('Ada') }}")
    first, markup = theme.renderer, Markup(lambda _: None)
    other = StatusPage.of(read_site({**SETTINGS, "SITENAME": "Other"}), [])

    made = [theme.page("own")]
    for page in (first.page, StatusPage.of(first.page.site, []), other, first.page):
        theme.renderer = Renderer(page, markup, tmp_path, like=first)
        made.append(theme.page("own"))

    assert made == [f"{name} Ada" for name in ("Acme status",) * 3 + ("Other", "Acme status")]
    assert asked == ["Ada"] * 2


def test_a_text_with_a_name_is_each_pages_own_where_it_may_differ(tmp_path: Path) -> None:
    theme = Theme(
        tmp_path,
        plain_css="a > b {}",
        filled_css="{{ name }} > b {}",
        own_html="{% set style %}{% include sheet %}{{ root }}{% endset %}{{ style }}"
        "{% set fixed %}{% include 'filled.css' %}{% endset %}{{ fixed }} {{ fixed|csp_hash }}",
        if_html="{% if name %}{% set a %}{{ root }}{% endset %}{% endif %}{{ a is defined }}",
        two_html="{% set a %}{{ root }}{% endset %}{% block title %}{{ a }}{% endblock %}"
        "{% for a in [name] %}{{ a }}{{ root }}{% endfor %}{{ a }}",
        base_html="{% set a %}{{ root }}{% endset %}{{ a }}{% block title %}{{ a }}{% endblock %}",
        child_html="{% extends 'base.html' %}{% set a %}{{ site.name }}{% endset %}"
        "{% block title %}({{ a }}{{ name }}){% endblock %}",
    )

    plain, filled = (theme.page("own", name="&", sheet=f"{it}.css") for it in ("plain", "filled"))
    other = theme.page("own", name="c", sheet="plain.css")

    assert plain.startswith("a > b {}./&amp; > b {} sha256-")
    assert filled.startswith("&amp; > b {}./&amp; > b {} sha256-")
    assert other.startswith("a > b {}./c > b {} sha256-")
    assert other[-44:] != plain[-44:] == filled[-44:]
    assert [theme.page("if", name=name) for name in ("a", "")] == ["True", "False"]
    assert [theme.page("two", name=name) for name in ("a", "b")] == ["./a././", "./b././"]
    assert [theme.page("child", name=name) for name in ("a", "b")] == ["./(./a)", "./(./b)"]


def test_a_text_with_a_name_is_written_once_for_all_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setitem(FILTERS, "csp_hash", asked.append)
    theme = Theme(
        tmp_path,
        plain_css="a > b {}",
        own_html="{% set style %}{% include 'plain.css' %}{{ site.accent|accent_css }}{% endset %}"
        "<{{ name }}>{{ style|csp_hash }}{{ style }}",
    )

    made = [theme.page("own", name=name) for name in ("a", "b")]

    assert made == ["<a>Nonea > b {}", "<b>Nonea > b {}"]
    assert asked == ["a > b {}"]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{{ m('<', n('<')) }}", "[&lt;|(&lt;)]"),
        ("{{ m(n('<')|upper) }}", "[(&LT;)|-]"),
        ("{{ m('a')|length }} {{ m('a') ~ '<' }}", "5 [a|-]&lt;"),
        ("{% autoescape false %}{{ n('<') }}{% endautoescape %}", "(&lt;)"),
        ("{% set k = n('<') %}{{ k }}{{ k == '(&lt;)' }}", "(&lt;)True"),
        ("{% for n in ['a'] %}{{ n }}{% endfor %}{{ n('b') }}", "a(b)"),
        ("{% macro o(a) %}{{ a('<') }}{% endmacro %}{{ o(n) }}", "(&lt;)"),
        ("{% block title %}{{ n('b') }}{% endblock %}", "(b)"),
        ("{{ n.name }}{{ n('a', *[]) }}{{ n(a='b') }}", "n(a)(b)"),
        (
            "{% macro p() %}{{ q(1) }}{% endmacro %}{% macro q(a) %}{{ a }}{% endmacro %}{{ p() }}",
            "1",
        ),
    ],
    ids=["in", "filtered", "joined", "bare", "set", "for", "handed", "block", "stars", "later"],
)
def test_a_macro_of_the_same_template_is_called_as_any(
    text: str, written: str, tmp_path: Path
) -> None:
    macros = (
        "{% macro m(a, b='-') %}[{{ a }}|{{ b }}]{% endmacro %}"
        "{% macro n(a) %}({{ a }}){% endmacro %}"
    )
    theme = Theme(tmp_path, own_html=macros + text)

    assert theme.page("own") == written


class Slow:
    """Has some names of its own, and others by key."""

    found = None

    @property
    def lost(self) -> str:
        raise AttributeError("lost")

    def __getitem__(self, key: str) -> str:
        return f"<{key}>"


def test_a_value_is_asked_for_what_it_has_and_then_by_key(tmp_path: Path) -> None:
    theme = Theme(
        tmp_path,
        own_html="{{ it.found }} {{ it.lost }} {{ it.other }} {{ row.name.code }} "
        "{{ row.none is defined }} {% for one in row.all %}{{ one.name }}{% endfor %}",
    )

    row = {"name": Told.of("a", "b"), "all": [{"name": "c"}]}
    assert theme.page("own", it=Slow(), row=row) == "None &lt;lost&gt; &lt;other&gt; b False c"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{% set say = _ %}{{ say('History') }}{{ _('History') }}", "VerlaufVerlauf"),
        ("{{ _(*['History']) }}", "Verlauf"),
        ("{% macro m(_) %}{{ _ }}{% endmacro %}{{ m('a') }}{{ _('History') }}", "aVerlauf"),
        ("{{ gettext is defined }}{% trans %}History{% endtrans %}", "TrueVerlauf"),
    ],
)
def test_a_label_is_said_whatever_else_its_name_is_used_for(
    text: str, written: str, tmp_path: Path
) -> None:
    assert Theme(tmp_path, own_html=text).page("own", language="de") == written


RENDERED_ALONE = """\
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from firstword.clock import Clock
from firstword.markup import Markup
from firstword.page import StatusPage
from firstword.render import Page, Renderer
from firstword.settings import read_site

theme, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
status = StatusPage.of(read_site(settings), [])
renderer = Renderer(status, Markup(lambda _: None), theme, compiled=theme / "0123456789abcdef")
page = Page(key="a.html", template="own.html", context=lambda _: {"many": 3})
print(renderer.render(page, Clock(datetime(2026, 11, 21, tzinfo=UTC))).decode())
print("jinja2.ext" in sys.modules)
"""


def test_what_is_compiled_runs_without_what_reads_texts_to_be_translated(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    text = "{% trans count=many %}{{ count }} word{% pluralize %}{{ count }} words{% endtrans %}"
    (tmp_path / "templates" / "own.html").write_text(text + "; {{ _('History') }}")
    command = [sys.executable, "-c", RENDERED_ALONE, str(tmp_path), json.dumps(SETTINGS)]

    first, later = (
        subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
        for _ in range(2)
    )

    assert first == "3 words; History\nTrue\n"
    assert later == "3 words; History\nFalse\n"
