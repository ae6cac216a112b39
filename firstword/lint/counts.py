"""Numbers that tell how many, apart from those that tell when, or which. Pure."""

from __future__ import annotations

_MONTHS = (
    *("jan", "january", "feb", "february", "mar", "march", "apr", "april", "may", "jun", "june"),
    *("jul", "july", "aug", "august", "sep", "sept", "september", "oct", "october", "nov"),
    *("november", "dec", "december", "januar", "februar", "märz", "mai", "juni", "juli"),
    *("oktober", "dezember", "يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو"),
    *("أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"),
)
#: What a number right behind is a name of, and no count.
_NAMES = (
    *("http", "status", "code", "error", "fehler", "version", "port", "ios", "android"),
    *("windows", "api", "الساعة"),
)
_CLOCKS = (
    r"am|pm|a\.m|p\.m|o['’]clock|uhr|utc|gmt|cet|cest|mez|mesz|jst|[ecmp][sd]t|bst|صباح|مساء|ظهر"
)
#: Behind "at 9" nothing of this stands.
_COUNTED = (
    r"[%‰\uff05٪]|per|of|in|out|second|minute|hour|day|time|customer|user|client|people|account|order"
    r"|payment|request|error|mail|message|sekunde|minute|stunde|tag|prozent|kund|nutzer|bestell"
    r"|دقيقة|دقائق|ساعة|ساعات"
)
_MONTH = "|".join(_MONTHS)
_BEHIND = (*(f"{word} " for word in (*_MONTHS, *_NAMES)), "http/")
#: What is looked for behind something has one width, so the words are sorted by theirs.
_NOT_BEHIND = "".join(
    rf"(?<!\b(?:{'|'.join(word for word in _BEHIND if len(word) == width)}))"
    for width in sorted(set(map(len, _BEHIND)))
)
_NO_COUNT = "|".join(
    (
        # 14:05, 14.05 Uhr, 2 pm, 1400 UTC, between 9 and 10 o'clock
        r"\d{1,2}:\d\d(?!\d)",
        (
            r"\d{1,4}(?:\.\d\d)?(?: ?(?:and|to|und|bis|[-–]) ?\d{1,4}(?:\.\d\d)?)?"
            rf" ?(?:{_CLOCKS})(?!\w)"
        ),
        # at 9, since 10
        (
            r"(?:(?<=\b(?:at|um) )|(?<=\bseit )|(?<=\b(?:since|after|until) )|(?<=\bbefore ))"
            rf"\d{{1,2}}(?![\d.,:]\d)(?! ?(?:{_COUNTED}))"
        ),
        # 2026-11-21, 21.11., 11/21, 21 November, the 21st
        r"\d{4}-\d\d|\d{1,2}\.\d{1,2}\.|\d{1,2}/\d{1,2}(?!\d)",
        rf"\d{{1,2}}(?:\.|st|nd|rd|th)? ?(?:of )?(?:{_MONTH})(?!\w)|\d{{1,2}}(?:st|nd|rd|th)\b",
        # 2026
        rf"(?:19|20)\d\d(?![\d:]|[.,]\d)(?! ?(?:{_COUNTED}))",
        # 500 errors, 503s, but 500 errors a minute
        (
            r"[45][0-5]\d(?:s\b|エラー|(?:-| )(?:errors?|responses?|status|fehler)\b"
            r"(?! (?:an?|per|pro|in|of)\b))"
        ),
        # 14時 (and not 3時間), 21日, 11月
        r"\d{1,4}(?:時(?!間)|日(?!間)|月|年)",
    )
)
_COUNT = (
    rf"(?<![A-Za-z0-9#])(?<![0-9][.,:/–-])(?<!時){_NOT_BEHIND}(?!{_NO_COUNT})"
    r"\d{1,12}(?:[.,]\d{1,12}){0,3}(?!\d)(?: ?[%‰\uff05٪])?"
)
_SHARE = (
    r"\d{1,3}(?:[.,]\d{1,3})?"
    r"(?: ?[%‰\uff05٪]|[ -]?(?:per ?cent|prozent)|パーセント| (?:في|ب)المئة| في المائة)"
)
#: What stands in a pattern for a number that counts something (no time of day, date, year, version
#: or HTTP status), and for a share in hundredths, until it is used: they are long.
COUNT, SHARE = "\ue003", "\ue004"


def spelled_out(pattern: str) -> str:
    """Return a pattern with what stands for a number replaced by what finds one."""
    return pattern.replace(COUNT, f"(?:{_COUNT})").replace(SHARE, f"(?:{_SHARE})")
