"""Hugo's shortcodes in imported text: Markdown where their meaning is plain, else told."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from firstword.importers import carry
from firstword.importers.report import Report
from firstword.markup import Markup
from firstword.parse import parse

FRONT = "---\ntitle: Cold\ndate: 2021-03-04T09:00:00Z\nseverity: down\n---\n"


def moved_in(tmp_path: Path, files: dict[str, str]) -> Report:
    """Import a cState site of these issues into a new site."""
    (tmp_path / "source/static").mkdir(parents=True)
    (tmp_path / "source/static/x.png").write_bytes(b"x")
    (tmp_path / "source/hugo.yaml").write_text("title: Oak\n")
    for name, text in files.items():
        path = tmp_path / "source/content/issues" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FRONT + text)
    site = tmp_path / "site"
    site.mkdir()
    (site / "pelicanconf.py").write_text("COMPONENTS = []\n")
    return carry("cstate", tmp_path / "source", site_root=site, zone=None, dry_run=False)


def first_words(tmp_path: Path, report: Report, source: str) -> tuple[str, list[str]]:
    """Return the first update of an issue, and what is told of it."""
    [entry] = [entry for entry in report.entries if entry.source.endswith(source)]
    data = (tmp_path / "site" / entry.target).read_bytes()
    incident = parse(data, entry.target, UTC).incident
    assert incident is not None
    return incident.updates[0].body, [line.strip() for line in list(entry.lines())[1:]]


def one(tmp_path: Path, text: str) -> tuple[str, list[str]]:
    """Import one issue."""
    return first_words(tmp_path, moved_in(tmp_path, {"cold.md": text}), "cold.md")


@pytest.mark.parametrize(
    ("code", "became"),
    [
        ('{{< figure src="/x.png" alt="A relay" >}}', "![A relay](/images/x.png)"),
        (
            '{{< figure src="/x.png" alt="[a]" title="T" caption="C" attr="D"\n  link="/a b" >}}',
            "[![(a)](/images/x.png)](</a b>)\n\n**T** C D",
        ),
        (
            'See {{< figure src="/x.png" caption="C" attr="D" attrlink="https://d.example" />}}.',
            "See ![C](/images/x.png) C [D](https://d.example).",
        ),
        ("{{< youtube w7Ft2ymGmfc >}}", "<https://www.youtube.com/watch?v=w7Ft2ymGmfc>"),
        ('{{< youtube id="w7Ft2ymGmfc" >}}', "<https://www.youtube.com/watch?v=w7Ft2ymGmfc>"),
        ("{{< vimeo 55073825 >}}", "<https://vimeo.com/55073825>"),
        ("{{% gist oak 23932424 %}}", "<https://gist.github.com/oak/23932424>"),
        ('{{< tweet user="oak" id="12" >}}', "<https://x.com/oak/status/12>"),
        (
            "{{< highlight go >}}\nif a {\n\n\tb()\n}\n{{< /highlight >}}",
            "```go\nif a {\n\n\tb()\n}\n```",
        ),
        (
            "{{< highlight md >}}\n```\nx\n```\n{{< / highlight >}}",
            "````md\n```\nx\n```\n````",
        ),
        (
            '{{< details summary="More" >}}\nTwo *shelves*.\n{{< /details >}}',
            "**More**\n\nTwo *shelves*.",
        ),
        ("{{% details %}}Two.{{% /details %}}", "Two."),
        ("A{{< comment >}} not yet {{< /comment >}}B", "AB"),
        ("{{</* figure src=x */>}}", "&#123;{< figure src=x >}}"),
    ],
)
def test_a_known_shortcode_becomes_what_it_stands_for(
    tmp_path: Path, code: str, became: str
) -> None:
    body, told = one(tmp_path, code)

    assert body == became
    assert sum(line.startswith("shortcode: '{{") for line in told) == 1


@pytest.mark.parametrize(
    "code",
    [
        '{{< map lat="1" >}}',
        "{{< youtube >}}",
        '{{< youtube "a b" >}}',
        "{{< figure >}}",
        "{{< highlight go >}}",
        "{{< gist oak >}}",
        "{{< tweet 12 >}}",
        '{{< relref "nowhere.md" >}}',
        "`{{< vimeo 55073825 >}}`",
        "```\n{{< vimeo 55073825 >}}\n```",
    ],
)
def test_any_other_shortcode_stays_visible_and_is_told(tmp_path: Path, code: str) -> None:
    body, told = one(tmp_path, f"See {code}" if "\n" not in code else code)

    assert code in body
    typed = code.strip("`\n")
    assert told == [f"shortcode: {typed!r} -> {typed!r} (not known here; it stays as text)"]
    shown = Markup().plain(body)
    assert typed.replace('"', "") in shown.replace('"', "").replace("“", "").replace("”", "")


def test_what_an_escaped_shortcode_showed_is_shown(tmp_path: Path) -> None:
    body, _ = one(tmp_path, "Write {{%/* track */%}}.")

    assert Markup().plain(body) == "Write {{% track %}}."


def test_what_a_shortcode_says_besides_is_named(tmp_path: Path) -> None:
    code = '{{< figure src="/x.png" width="9" >}} {{< comment >}} for us {{< /comment >}}'

    _, told = one(tmp_path, code + ' {{< highlight go "linenos=table" >}}a{{< /highlight >}}')

    assert [line for line in told if line.startswith("left out")] == [
        "left out: figure: width: '9'",
        "left out: comment: 'for us'",
        "left out: highlight: 'linenos=table'",
    ]


@pytest.mark.parametrize(
    ("wanted", "slug"),
    [
        ("warm.md", "warm"),
        ("/issues/warm.md", "warm"),
        ("issues/warm", "warm"),
        ("Warm And Wet.md#end", "warm-and-wet"),
        ("2022/bundle", "bundle"),
        ("bundle/index.md", "bundle"),
        ("./warm.md", "warm"),
    ],
)
def test_a_link_to_another_issue_leads_to_its_story(tmp_path: Path, wanted: str, slug: str) -> None:
    files = {
        "cold.md": f'[it]({{{{< ref "{wanted}" >}}}}) [again]({{{{% relref "{wanted}" %}}}})',
        "warm.md": "Warm.",
        "Warm And Wet.md": "Wet.",
        "2022/bundle/index.md": "Bundle.",
    }

    report = moved_in(tmp_path, files)

    body, told = first_words(tmp_path, report, "/cold.md")
    assert body == f"[it](incident:{slug}) [again](incident:{slug})"
    assert told == [
        f"shortcode: {code!r} -> 'incident:{slug}' (what the shortcode stands for)"
        for code in (f'{{{{< ref "{wanted}" >}}}}', f'{{{{% relref "{wanted}" %}}}}')
    ]


def test_a_name_that_two_issues_have_leads_nowhere_and_is_told(tmp_path: Path) -> None:
    files = {"cold.md": '[it]({{< ref "x.md" >}})', "a/x.md": "A.", "b/x.md": "B."}

    body, told = first_words(tmp_path, moved_in(tmp_path, files), "/cold.md")

    assert body == '[it]({{< ref "x.md" >}})'
    assert "it stays as text" in told[0]
