"""More sites to judge: a quiet one, a late one, pages in Arabic and Japanese, real histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sites import CONF, SLOW, SLOW_FILE, SmallSite

FOLDER = "content/incidents/2026"
#: For histories that bring components of their own.
NO_COMPONENTS = CONF.partition("COMPONENTS")[0]

LATE = """\
---
title: Orders are sent a day later than usual
impact: minor
started: 2026-11-20 16:00
components: [checkout]
---

## 2026-11-20 16:20 | Ian Reyes | identified
next: 18:00
expected: 2026-11-21 09:00

The van stands in the workshop.
"""
#: Said by nobody: who is affected, what they can do, when the next word comes.
BARE = """\
---
title: The partner API answers with errors
impact: critical
started: 2026-11-21 10:02
components: [api]
---

## 2026-11-21 10:12 | Dawn Okafor | investigating

One call in three fails since 10:02. We are looking for the cause.
"""
UNCONFIRMED = """\
---
title: The till in Aarhus gets a new drawer
kind: maintenance
components: [checkout]
scheduled_for: 2026-11-21 08:00
scheduled_until: 2026-11-21 10:00
---

## 2026-11-19 10:00 | Ian Reyes | scheduled

Cash only until it opens again.

## 2026-11-21 08:01 | Ian Reyes | in_progress

The old drawer is out.
"""
TIP = """\
---
title: Wrap glass twice
kind: notice
about: tip
---

## 2026-11-10 09:00 | Dawn Okafor | published

Once is not enough.
"""

ARABIC = """\
from firstword.pelican_defaults import *

SITENAME = "حالة متجر النورس"
SITEURL = "https://status.acme.example"
TIMEZONE = "Africa/Cairo"
DEFAULT_LANG = "ar"
PUBLISH_TO = "public"
CONTACT = "care@acme.example"
PEOPLE = [
    {"name": "ليلى حداد", "role": "مهندسة المدفوعات", "address": "layla@acme.example"},
    {"name": "Ian Reyes", "role": "الشبكة", "address": "ian@acme.example"},
]
COMPONENTS = [
    {"id": "checkout", "name": "الدفع", "group": "المتجر"},
    {"id": "api", "name": "API للشركاء", "group": "التقنية"},
]
"""
ARABIC_CARDS = """\
---
title: الدفع بالبطاقة لا يعمل في مصر
impact: major
started: 2026-11-21 10:12
components: [checkout]
affected: كل من يدفع ببطاقة Visa أو Mastercard. تُرفض دفعة واحدة من كل خمس.
workaround: ادفع عند الاستلام، أو حاول مرة أخرى بعد دقيقة.
---

## 2026-11-21 10:20 | Ian Reyes | investigating
next: 11:00
expected: 2026-11-21 13:00

نرى الخطأ `card_declined (3DS 2.1)` منذ الساعة 10:12، ونتحدث مع البنك.

## 2026-11-21 10:45 | ليلى حداد | identified
next: 12:30
expected: 2026-11-21 14:00
because: البنك يحتاج إلى ساعة أخرى.
components: checkout degraded_performance

انتهت صلاحية شهادة في أحد خوادم البنك. تفاصيل أكثر في https://bank.example/status?id=7.

- المبالغ المحجوزة تعود وحدها.
- لم تُسحب أي مبالغ مرتين.
"""
ARABIC_SLOW = """\
---
title: الصفحات بطيئة
impact: minor
started: 2026-11-02 14:00
components: [api]
---

## 2026-11-02 14:05 | ليلى حداد | identified

تستغرق الصفحات ثماني ثوانٍ.

## 2026-11-02 15:10 | ليلى حداد | resolved

كل شيء سريع منذ 15:02.
"""

JAPANESE = """\
from firstword.pelican_defaults import *

SITENAME = "かもめ商店の稼働状況"
SITEURL = "https://status.acme.example"
TIMEZONE = "Asia/Tokyo"
DEFAULT_LANG = "ja"
PUBLISH_TO = "public"
CONTACT = "care@acme.example"
PEOPLE = [
    {"name": "佐藤 美咲", "role": "決済エンジニア", "address": "misaki@acme.example"},
    {"name": "Ian Reyes", "role": "ネットワーク", "address": "ian@acme.example"},
]
COMPONENTS = [
    {"id": "checkout", "name": "お支払い", "group": "ショップ"},
    {"id": "api", "name": "パートナー向けAPI", "group": "技術"},
]
"""
JAPANESE_CARDS = """\
---
title: カードでのお支払いが5件に1件失敗しています
impact: major
started: 2026-11-21 17:12
components: [checkout]
affected: オンラインショップでカードをお使いの方。およそ5件に1件が拒否されます。
unaffected: コンビニ払いとギフトカードは使えます。
---

## 2026-11-21 17:20 | Ian Reyes | investigating
next: 18:00

17時12分からエラーが増えています。決済会社と電話で原因を調べています。

## 2026-11-21 18:05 | 佐藤 美咲 | identified
next: 18:45
components: checkout degraded_performance

決済会社の証明書の期限が切れていました。新しい証明書への切り替えを進めています。
"""
JAPANESE_MOVE = """\
---
title: 11月25日の深夜にサーバーを移します
kind: maintenance
components: [api]
scheduled_for: 2026-11-25 01:00
scheduled_until: 2026-11-25 03:00
---

## 2026-11-18 10:00 | 佐藤 美咲 | scheduled

午前1時から3時の間に、4分ほど2回つながらなくなります。
"""


@dataclass(frozen=True, slots=True)
class World:
    """A site: what makes it, and which of its pages stand for the others."""

    name: str
    files: Mapping[str, str] = field(default_factory=dict)
    conf: str = CONF
    #: The folder of the corpus that is imported into it.
    imports: str = ""
    #: What that page was made with.
    made_with: str = "cstate"
    pages: tuple[str, ...] = ("index.html",)


_STORY = "incidents/2026-11-21-cards/index.html"
WORLDS = (
    World(
        "quiet",
        {SLOW_FILE: SLOW, f"{FOLDER}/2026-11-10-tip.md": TIP},
        pages=("index.html", "404.html", "components/checkout/index.html"),
    ),
    World(
        "empty",
        {"content/incidents/.keep": ""},
        pages=("index.html", "history/index.html", "record/index.html"),
    ),
    World(
        "late",
        {
            f"{FOLDER}/2026-11-20-van.md": LATE,
            f"{FOLDER}/2026-11-21-api.md": BARE,
            f"{FOLDER}/2026-11-21-till.md": UNCONFIRMED,
        },
        pages=("index.html", "incidents/2026-11-20-van/index.html", "record/index.html"),
    ),
    World(
        "arabic",
        {
            f"{FOLDER}/2026-11-21-cards.md": ARABIC_CARDS,
            f"{FOLDER}/2026-11-02-slow.md": ARABIC_SLOW,
        },
        ARABIC,
        pages=("index.html", _STORY, "components/checkout/index.html", "subscribe/index.html"),
    ),
    World(
        "japanese",
        {
            f"{FOLDER}/2026-11-21-cards.md": JAPANESE_CARDS,
            f"{FOLDER}/2026-11-25-move.md": JAPANESE_MOVE,
        },
        JAPANESE,
        pages=("index.html", _STORY, "maintenance/2026-11-25-move/index.html"),
    ),
    World("packit", conf=NO_COMPONENTS, imports="packit-status"),
    World("x4b", conf=NO_COMPONENTS, imports="x4b-status"),
    World("samples", conf=NO_COMPONENTS, imports="cstate-format-samples"),
    World("statuspage", conf=NO_COMPONENTS, imports="statuspage-json", made_with="statuspage"),
)
WORLD_BY_NAME = {world.name: world for world in WORLDS}


def build_world(root: Path, world: World, corpus: Path | None = None) -> Path:
    """Make a site in an empty folder and build it; return the folder with its pages.

    Raises ValueError for one that is imported where there is no corpus, and where a build fails.
    """
    site = SmallSite.make(root, {"pelicanconf.py": world.conf, **world.files})
    if world.imports:
        if corpus is None:
            raise ValueError(f"{world.name!r} needs the corpus")
        site.firstword("import", world.made_with, str(corpus / world.imports))
    built = site.pelican()
    if built.code:
        raise ValueError(f"{world.name!r} was not built: {built.err}")
    return root / "output"
