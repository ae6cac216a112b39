"""Markdown → safe HTML and plain text; what of it no reader gets."""

from __future__ import annotations

from html.parser import HTMLParser

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.markup import Examined, Markup, examine, linked_slugs, plain_text

ONE_CELL = "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"

PATHS = {"cards": "incidents/cards/", "crates": "notices/crates/"}


@pytest.fixture(scope="module")
def markup() -> Markup:
    return Markup(PATHS.get)


def one_line(rendered: str) -> str:
    return rendered.replace("\n", "")


def test_a_text_is_rendered_once() -> None:
    asked: list[str] = []

    def lookup(slug: str) -> str | None:
        asked.append(slug)
        return PATHS.get(slug)

    markup = Markup(lookup)
    text = "As after [the cards](incident:cards)."
    first = markup.html(text)

    assert markup.html(text) is first
    assert "As after the cards." in markup.plain(text)
    # A build notes who asked for which story, also where the text was there already.
    assert asked == ["cards"] * 3


# ── what people write ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("*One* in **five**.", "<p><em>One</em> in <strong>five</strong>.</p>"),
        ("a\n\nb", "<p>a</p><p>b</p>"),
        ("> Is it safe?\n\nYes.", "<blockquote><p>Is it safe?</p></blockquote><p>Yes.</p>"),
        ("`x < y` & z", "<p><code>x &lt; y</code> &amp; z</p>"),
        ("```sh\nmake <all>\n```", "<pre><code>make &lt;all&gt;</code></pre>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("|a|\n|-:|\n|1|", ONE_CELL),
        ("x\n\n---\n\ny", "<p>x</p><hr><p>y</p>"),
        # headings stay below the page's own
        ("### a", "<h4>a</h4>"),
        ("#### a", "<h5>a</h5>"),
        ("##### a", "<h6>a</h6>"),
        ("###### a", "<h6>a</h6>"),
        ("# a", "<h4>a</h4>"),
        ("## a", "<h4>a</h4>"),
        ("<h1>a</h1>", "<h4>a</h4>"),
        ("<H3 id=x>a</H3>", "<h4>a</h4>"),
        # boxes are characters: nobody can tick them in a feed
        ("- [ ] a\n- [x] b\n- [X] c", "<ul><li>☐ a</li><li>☑ b</li><li>☑ c</li></ul>"),
        ("- [ ] a\n\n- [x] b", "<ul><li><p>☐ a</p></li><li><p>☑ b</p></li></ul>"),
        ("- [x](/a) b", '<ul><li><a href="/@/a" rel="noopener">x</a> b</li></ul>'),
        ("[ ] a", "<p>[ ] a</p>"),
        # a list may follow its sentence directly, as on the forges
        ("We will:\n- a\n- b", "<p>We will:</p><ul><li>a</li><li>b</li></ul>"),
        ("We will:\n1. a\n2. b", "<p>We will:</p><ol><li>a</li><li>b</li></ol>"),
        ("On the way\n12. is no list", "<p>On the way12. is no list</p>"),
        ("- a\ngoes on\n- b", "<ul><li>agoes on</li><li>b</li></ul>"),
        ("a\n* * *", "<p>a</p><hr>"),
        ("```\nWe will:\n- a\n```", "<pre><code>We will:- a</code></pre>"),
        ("> a\n- b", "<blockquote><p>a</p></blockquote><ul><li>b</li></ul>"),
        # as deep in the list as on the forges
        ("- a\n  - b", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("1) a\n2) b", "<ol><li>a</li><li>b</li></ol>"),
        ("- a\n\n  b", "<ul><li><p>a</p><p>b</p></li></ul>"),
        ("1. [x] a", "<ol><li>☑ a</li></ol>"),
        ("- \\[ ] a\n- [ ]a", "<ul><li>[ ] a</li><li>[ ]a</li></ul>"),
        ("~~a~~ b", "<p><del>a</del> b</p>"),
        ("a\\\nb", "<p>a<br>b</p>"),
        ("#42 was refused\n##", "<p>#42 was refused</p><h4></h4>"),
        ("```\nmake", "<pre><code>make</code></pre>"),
        # entities are what they stand for, once
        ("&lt;b&gt; &amp;amp; &copy; &#60;i&#62;", "<p>&lt;b&gt; &amp;amp; © &lt;i&gt;</p>"),
        ("R&D, AT&T; 5 < 6 > 4", "<p>R&amp;D, AT&amp;T; 5 &lt; 6 &gt; 4</p>"),
        # HTML that we know
        ("H<sub>2</sub>O <kbd>Esc</kbd><br>x", "<p>H<sub>2</sub>O <kbd>Esc</kbd><br>x</p>"),
        ('<abbr title="United Kingdom">UK</abbr>', '<p><abbr title="United Kingdom">UK</abbr></p>'),
        ("<!-- allow: some-users -->\n\na", "<p>a</p>"),
    ],
)  # fmt: skip
def test_markdown(markup: Markup, text: str, rendered: str) -> None:
    assert one_line(markup.html(text)) == rendered


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("[a](incident:cards)", '<a href="/@/incidents/cards/" rel="noopener">a</a>'),
        ("[a](Incident:cards)", '<a href="/@/incidents/cards/" rel="noopener">a</a>'),
        (
            "[a](incident:cards#u-20261121T092000Z)",
            '<a href="/@/incidents/cards/#u-20261121T092000Z" rel="noopener">a</a>',
        ),
        ("[a][1]\n\n[1]: incident:crates", '<a href="/@/notices/crates/" rel="noopener">a</a>'),
        (
            '<a href="incident:crates">a</a>',
            '<a href="/@/notices/crates/" rel="noopener">a</a>',
        ),
        ("[a](/history/)", '<a href="/@/history/" rel="noopener">a</a>'),
        ("<a href='/history/'>a</a>", '<a href="/@/history/" rel="noopener">a</a>'),
        ("[a](/@/history/)", '<a href="/@/history/" rel="noopener">a</a>'),
        ("[a](#top)", '<a href="#top" rel="noopener">a</a>'),
        (
            '[a](https://x.example/?a=1&b=2 "T")',
            '<a href="https://x.example/?a=1&amp;b=2" title="T" rel="noopener">a</a>',
        ),
        ("[a](//x.example/)", '<a href="https://x.example/" rel="noopener">a</a>'),
        (
            "<https://x.example/a>",
            '<a href="https://x.example/a" rel="noopener">https://x.example/a</a>',
        ),
        (
            "<dawn@acme.example>",
            '<a href="mailto:dawn@acme.example" rel="noopener">dawn@acme.example</a>',
        ),
        (
            "[a](https://chat.example/#/#room:x.example)",
            '<a href="https://chat.example/#/%23room:x.example" rel="noopener">a</a>',
        ),
        (
            "<a href='https://x.example/50%/a b^`c`%20#d|e'>a</a>",
            '<a href="https://x.example/50%25/a%20b%5E%60c%60%20#d%7Ce" rel="noopener">a</a>',
        ),
        ("[a](tel:+4533)", '<a href="tel:+4533" rel="noopener">a</a>'),
        ("![a](/images/k.jpg)", '<img src="/@/images/k.jpg" alt="a">'),
        ('b <img src="/images/k.jpg" alt="a">', 'b <img src="/@/images/k.jpg" alt="a">'),
    ],
)
def test_addresses_that_lead_somewhere(markup: Markup, text: str, rendered: str) -> None:
    assert one_line(markup.html(text)) == f"<p>{rendered}</p>"


@pytest.mark.parametrize(
    "address",
    [
        # nowhere
        *("incident:gone", "incident:", "incident:cards/../x", "#", ""),
        # right on one of the pages only
        *("kiln.html", "../history/", "2026-11-21-cards.md", "www.acme.example", "?a=1"),
        # typing
        *("htps://acme.example", "https:", "mailto:", "ftp://acme.example/x"),
        *("https:acme.example", "https:///x"),
        # harm
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "&#106;avascript:alert(1)"),
        *("java&#x09;script:alert(1)", "java&#10;script:alert(1)", "&#1;javascript:alert(1)"),
        *("vbscript:x", "data:text/html,x", "data:text/html;base64,eA==", "blob:x", "file:///x"),
        *("javascript&colon;alert(1)", "view-source:javascript:x", "x:javascript:alert(1)"),
    ],
)  # fmt: skip
def test_addresses_that_do_not(markup: Markup, address: str) -> None:
    quoted = address.replace('"', "&quot;")

    for text in (
        f"[words](<{address}>)",
        f"[words][1]\n\n[1]: <{address}>\n",
        f'<a href="{quoted}">words</a>',
        f"<A HREF='{quoted}'>words</A>",
    ):
        rendered = one_line(markup.html(text))

        assert "href" not in rendered, text
        assert "words" in rendered, text


@pytest.mark.parametrize(
    "address",
    [
        *("https://x.example/p.png", "//x.example/p.png", "p.png", "images/p.png", "../p.png"),
        *("data:image/png;base64,AAAA", "data:image/svg+xml,<svg onload=x>", "javascript:x"),
        *("incident:cards", "#p", ""),
    ],
)  # fmt: skip
def test_pictures_come_from_this_site_only(markup: Markup, address: str) -> None:
    for text in (
        f"![a](<{address}>)",
        f"![a][1]\n\n[1]: <{address}>\n",
        f"<img alt='a' src='{address}'>",
    ):
        assert "src" not in markup.html(text), text


# ── what people must not get ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        # What is opened is closed, and the other way round.
        ("a <em>b", "<p>a <em>b</em></p>"),
        ("a </p>b", "<p>a </p>b<p></p>"),
        # gone with all they hold
        ("<script>alert(1)</script>", ""),
        ("<SCRIPT src=//x.example></SCRIPT>a", "a"),
        ("a <script>alert(1)</script> b", "<p>a  b</p>"),
        ("<style>p{color:red}</style>a", "a"),
        ("a <iframe src='//x.example'>b</iframe>", "<p>a </p>"),
        ("a <svg onload=alert(1)><text>b</text></svg> c", "<p>a  c</p>"),
        ("a <object data=x>b</object>", "<p>a </p>"),
        ("a <template><img src=x></template>", "<p>a </p>"),
        ("a <noscript><p title='</noscript><img src=x onerror=x>'>", "<p>a '&gt;</p>"),
        # only their words stay
        ("a <form action=x>b <input name=c><button>d</button></form>", "<p>a </p>b d<p></p>"),
        ("a <font color=red>b</font>", "<p>a b</p>"),
        ("<div onclick=x>\n\na\n\n</div>", "<p>a</p>"),
        ("a <video src=x controls>b</video>", "<p>a b</p>"),
        ("a <math><mi>b</mi></math>", "<p>a </p>"),
        ("<base href='//x.example'>a", "a"),
        ("<meta http-equiv=refresh content='0;//x.example'>a", "<p>a</p>"),
        ("<link rel=stylesheet href=//x.example>a", "a"),
        # handlers, looks and names
        ("<b onmouseover=alert(1)>a</b>", "<p><b>a</b></p>"),
        ("<b style='position:fixed' class=x id=y name=z>a</b>", "<p><b>a</b></p>"),
        ("<img src='/images/k.jpg' onerror=x srcset='//x.example 2x'>",
         '<img src="/@/images/k.jpg">'),
        ("<a href='/x' target=_blank rel=opener ping=//x.example>a</a>",
         '<p><a href="/@/x" rel="noopener">a</a></p>'),
        # what cannot be told where it ends
        ("a <b", "<p>a &lt;b</p>"),
        ("a <!-- b", "<p>a &lt;!-- b</p>"),
        ("- <!-- a\n- <!-- b", "<ul><li>&lt;!-- a</li><li>&lt;!-- b</li></ul>"),
        ("<div\na\n\nb", "&lt;diva<p>b</p>"),
        ("</div a\n\nb", "&lt;/div a<p>b</p>"),
        ("<?a b\n\nc", "&lt;?a bc"),
        ('<div title="a>\n\nb', '&lt;div title="a&gt;<p>b</p>'),
        ("<b>a", "<p><b>a</b></p>"),
        ("</p></div></body>a", "<p></p>a"),
        # Markdown that smuggles
        ("[a](javascript:x 'onclick=y')", '<p><a title="onclick=y">a</a></p>'),
        ('[a](/x"onclick="y)', '<p><a href="/@/x%22onclick=%22y" rel="noopener">a</a></p>'),
        ("![a\" onerror=\"x](/i.png)", '<p><img src="/@/i.png" alt="a&quot; onerror=&quot;x"></p>'),
        ("`<script>x</script>`", "<p><code>&lt;script&gt;x&lt;/script&gt;</code></p>"),
        ("<scr<script>ipt>alert(1)</script>", "<p>&lt;scr</p>"),
        ("[<img src=x onerror=y>](/z)", '<p><a href="/@/z" rel="noopener"></a></p>'),
    ],
)  # fmt: skip
def test_the_sanitiser(markup: Markup, text: str, rendered: str) -> None:
    assert one_line(markup.html(text)) == rendered


TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "dl", "dt", "em", "h4", "h5"),
    *("h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "s", "strong", "sub", "sup"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ATTRIBUTES = {
    "a": {"href", "title", "rel"},
    "abbr": {"title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
STARTS = ("/@/", "http://", "https://", "http:", "https:", "mailto:", "tel:", "#")


class Judge(HTMLParser):
    """Knows every tag, attribute and address that may come out, by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()):
                self.wrong.append(f"{tag} {name}={value!r}")
            if name == "href" and not (value or "").casefold().startswith(STARTS):
                self.wrong.append(f"href={value!r}")
            if name == "src" and not (value or "").startswith("/@/"):
                self.wrong.append(f"src={value!r}")
        if tag not in {"br", "hr", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.wrong.append(f"<?{data}")


def judge(rendered: str) -> list[str]:
    parser = Judge()
    parser.feed(rendered)
    parser.close()
    return parser.wrong + [f"<{tag}> is never closed" for tag in parser.open]


#: What texts are made of that want to be more than text.
PIECES = st.sampled_from(
    [
        *("<", ">", "</", "/>", "<!--", "-->", "<![CDATA[", "<![x", "<?", "<!", "&#", "&lt", ";"),
        *("<script>", "</script>", "<svg>", "<style>", "<p ", "<img src=", "<a href=", "onerror="),
        *("javascript:", "data:", "https://x", "incident:cards", "//x", "/x", "\\", "\0", "\x02"),
        *("[", "]", "](", ")", "![", "]: ", "`", "```\n", "~~~\n", "*", "**", "_", "#", "> ", "- "),
        *("\n", "\n\n", "    ", "\t", "|", "-|-", "'", '"', "=", " ", "1. ", "- [x] ", "\u202e"),
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join) | st.text(max_size=200)


@given(TEXTS)
def test_nothing_else_ever_comes_out(text: str) -> None:
    rendered = Markup(PATHS.get).html(text)

    assert judge(rendered) == []
    assert Markup(PATHS.get).html(text) == rendered


#: What most people write, with the characters that are written otherwise in HTML.
PROSE = st.lists(
    st.sampled_from(
        [
            *("We", "roll", "back", "-", "1.", "2)", "a*b", "*so*", "**now**", "_it_", "`code`"),
            *("#", "##", "> ", "- ", "* ", "1. ", "\n", "\n\n", "    ", "  \n", "\t", "---", "==="),
            *("&", '"', "'", "\0", "\r", "\r\n", "\xa0", "\x0c", "é", "東京", "~~old~~", "| a |"),
        ]
    ),
    max_size=30,
).map(" ".join)  # fmt: skip


@given(PROSE | TEXTS.map(lambda text: text.replace("[", "").replace("<", "")))
def test_the_sanitiser_would_leave_what_comes_out_as_it_is(text: str) -> None:
    rendered = Markup().html(text)

    assert nh3.clean(rendered, tags=TAGS, attributes=ATTRIBUTES, link_rel=None) == rendered


class Reader(HTMLParser):
    """Reads words as a browser shows them: a line a block, in <pre> as they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.kept = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.kept += tag == "pre"
        self.words += "\n" if tag in {"br", "hr"} else ""

    def handle_endtag(self, tag: str) -> None:
        self.kept -= tag == "pre"
        blocks = {"p", "li", "h4", "h5", "h6", "blockquote", "pre", "tr"}
        self.words += "\n" if tag in blocks else " " if tag in {"td", "th"} else ""

    def handle_data(self, data: str) -> None:
        self.words += data if self.kept else data.replace("\n", " ")


@given(PROSE)
def test_plain_text_is_what_a_browser_shows(text: str) -> None:
    rendered = Markup().html(text)
    reader = Reader()
    reader.feed(rendered)
    reader.close()

    lines = (" ".join(line.split()) for line in reader.words.split("\n"))
    assert plain_text(rendered) == "\n".join(filter(None, lines))


@given(TEXTS)
def test_plain_text_has_no_blank_lines_and_no_tags(text: str) -> None:
    plain = Markup().plain(text)

    assert all(line == " ".join(line.split()) != "" for line in plain.split("\n") if plain)


@given(TEXTS)
def test_any_text_can_be_examined(text: str) -> None:
    assert isinstance(examine(text), Examined)


@given(st.lists(TEXTS, min_size=2, max_size=3))
def test_one_text_leaves_nothing_behind_for_the_next(texts: list[str]) -> None:
    shared = Markup(PATHS.get)

    assert [shared.html(text) for text in texts] == [Markup(PATHS.get).html(t) for t in texts]


# ── beyond reason ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("piece", "times"),
    [
        *[("[", 50_000), ("]", 50_000), ("![a ", 20_000), ("[a](", 20_000), ("[a](b ", 20_000)],
        *[("*a **a ", 20_000), ("_a* ", 20_000), ("**", 50_000), ("(", 50_000), ("&", 50_000)],
        *[("\\", 50_000), ("a", 900_000), ("|", 50_000), ("a|", 20_000), ("](\n[", 20_000)],
    ],
)
def test_signs_by_the_thousand_are_no_trouble(markup: Markup, piece: str, times: int) -> None:
    rendered = markup.html(piece * times + "\n\nSo *that* was it.")

    assert rendered.endswith("<p>So <em>that</em> was it.</p>")
    assert judge(rendered) == []


@pytest.mark.parametrize(
    "text",
    [
        *("<b>" * 50_000, "<![" * 20_000, "<div>" * 50_000, "a <!-- " * 20_000),
        "".join(f"<p><b id={number}>x" for number in range(5000)),
        *(">" * 50_000, "> - " * 50_000, "1. " * 50_000, "<ul>\n\n" * 500),
        "\n".join("  " * depth + "- a" for depth in range(500)),
    ],
    ids=lambda text: f"{text[:9]!r}",
)
def test_what_would_take_minutes_is_shown_as_typed(markup: Markup, text: str) -> None:
    rendered = markup.html(text)

    assert rendered.startswith("<pre>")
    assert plain_text(rendered) == " ".join(text.split()) or "\n" in text
    assert judge(rendered) == []


def test_lists_and_quotes_stand_in_each_other_as_deep_as_people_can_read(markup: Markup) -> None:
    deep = markup.html("> " * 20 + "- " * 20 + "a")

    assert deep.count("<blockquote>") == deep.count("<ul>") == 20
    assert markup.html("- a\n\n> b\n\n" * 1000).count("<ul>") == 1000


@pytest.mark.parametrize("text", ["```\n" * 20_000, "~" * 50_000, "`" * 50_000, "- a\n" * 50_000])
def test_marks_by_the_thousand_are_read_as_marks(markup: Markup, text: str) -> None:
    rendered = markup.html(text)

    assert rendered.startswith(("<pre><code>", "<ul>"))
    assert judge(rendered) == []


def test_a_long_log_in_a_fence_is_no_trouble(markup: Markup) -> None:
    log = "```\n" + "[12:00:01] [ERROR] <refused>\n" * 1000 + "```\n\nSo *that* was it."

    rendered = markup.html(log)

    assert rendered.startswith("<pre><code>[12:00:01] [ERROR] &lt;refused&gt;")
    assert rendered.endswith("<p>So <em>that</em> was it.</p>")


# ── plain text ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("One card in *five*\nis `refused`.", "One card in five is refused."),
        ("a\n\nb", "a\nb"),
        ("We will:\n- [ ] a\n- [x] b", "We will:\n☐ a\n☑ b"),
        ("> Is it safe?\n\nYes.", "Is it safe?\nYes."),
        ("### Why\n\nBecause.", "Why\nBecause."),
        ("a | b\n--|--\n1 | 2", "a b\n1 2"),
        ("a<br>b", "a\nb"),
        ("[words](https://x.example)", "words"),
        ("![a kiln](/images/k.jpg) is cold", "a kiln is cold"),
        ("![a kiln](https://x.example/k.jpg) is cold", "a kiln is cold"),
        ("&lt;b&gt; &amp;lt; `<i>`", "<b> &lt; <i>"),
        ("```\na\n  b\n```\n\nc\nd", "a\nb\nc d"),
        ("<script>x</script>", ""),
        ("", ""),
    ],
)
def test_plain_text(markup: Markup, text: str, plain: str) -> None:
    assert markup.plain(text) == plain


# ── what no reader gets ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Nothing here.", Examined()),
        (
            "[a](incident:cards), [b](incident:gone#x), [c][r]\n\n[r]: incident:crates",
            Examined(slugs=("cards", "gone", "crates")),
        ),
        # a link in code is no link
        ("`[a](incident:cards)`\n\n    [b](incident:x)\n", Examined()),
        (
            "[a](www.acme.example) [b](htps://x) [c]() [d](/fine) [e](https://fine.example)",
            Examined(lost_links=("www.acme.example", "htps://x", "()"), paths=("/fine",)),
        ),
        (
            "![a](p.png) ![b](https://x.example/p.png) ![c](/images/p.png) <img src=q.png>",
            Examined(lost_pictures=("p.png", "https://x.example/p.png", "q.png")),
        ),
        ("![a](data:image/png;base64,AA)", Examined(lost_pictures=("data:image/png;base64,AA",))),
        # a word between angle brackets would be gone without a trace
        ("Error: <timeout> after 5 < 6 s", Examined(lost_tags=("<timeout>",))),
        ("<div class='x'>\n\na\n\n</div>", Examined(lost_tags=("<div class='x'>",))),
        ("`<timeout>` <b>x</b> <!-- y > z --> <https://x.example>", Examined()),
        ('<b title="5 < 6 > 4">x</b> <br/> </b>', Examined()),
        ("<div don't>a <div e='5 < 6'>", Examined(lost_tags=("<div don't>", "<div e='5 < 6'>"))),
        # told as they were typed
        ("![ö](<mein öfen.png>)", Examined(lost_pictures=("mein öfen.png",))),
    ],
)  # fmt: skip
def test_examine(text: str, found: Examined) -> None:
    assert examine(text) == found


def test_linked_slugs() -> None:
    assert list(linked_slugs("[a](incident:b) [a](incident:b) [c](/d)")) == ["b"]
