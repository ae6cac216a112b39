"""What is never spelling: figures, units, times, and what turns a sentence round.

The tables are for words whose other spelling may be another thing; what is not in them is weighed
by how it is written alone. English, German, Japanese and Arabic.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from firstword.check.tokens import UNIT, UNSPACED


class Weight(StrEnum):
    """What a token says, where that must not change silently; also the name of the rule."""

    NUMBER = "changed-number"
    TIME = "changed-time"
    SENSE = "changed-sense"


_NUMBERS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen twenty thirty forty fourty fifty sixty seventy eighty ninety
hundred hundreds thousand thousands million millions billion billions trillion first second third
fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
sixteenth seventeenth eighteenth nineteenth twentieth thirtieth fortieth fiftieth sixtieth
seventieth eightieth ninetieth hundredth thousandth millionth thirds quarters fifths sixths tenths
hundredths half halves quarter dozen dozens score couple pair pairs once twice thrice double
doubled triple tripled single both every each all most many several few some any least majority
minority percent alle allen aller alles beide beiden beides jede jedem jeden jeder jedes einige
einigen mehrere mehreren viele vielen wenige wenigen meisten manche einmal zweimal dreimal doppelt
doppelte halb halbe halben hälfte drittel viertel fünftel sechstel achtel zehntel hundertstel
dutzend paar prozent promille eins million millionen milliarde milliarden billion billionen
صفر واحد واحده اثنان اثنين اثنتان اثنتين ثلاث ثلاثه اربع اربعه خمس خمسه ست سته سبع سبعه ثمان ثماني
ثمانيه تسع تسعه عشر عشره احد احدي اثنا اثني عشرون عشرين ثلاثون ثلاثين اربعون اربعين خمسون خمسين
ستون ستين سبعون سبعين ثمانون ثمانين تسعون تسعين مائه مئه مائتان مائتين مئتان مئتين الف الفان الفين
الاف مليون مليونان مليونين ملايين مليار مليارات نصف ثلث ثلثان ثلثين ربع خمسان سدس عشير اول اولي
ثاني ثانيه ثالث ثالثه رابع رابعه خامس خامسه سادس سادسه سابع سابعه ثامن ثامنه تاسع تاسعه عاشر عاشره
كل جميع بعض معظم كلا كلتا مره مرتان مرتين مرات ضعف ضعفان بالمئه بالمائه
"""
_UNITS = """
byte bytes bit bits kilobyte kilobytes megabyte megabytes gigabyte gigabytes terabyte terabytes
kilobit kilobits megabit megabits gigabit gigabits metre metres meter meters kilometre kilometres
kilometer kilometers mile miles gram grams kilogram kilograms degree degrees celsius fahrenheit
watt watts volt volts hertz euro euros cent cents dollar dollars pound pounds krone kroner kronor
yen franc francs rupee rupees euro franken rappen grad gramm kilogramm kilometern metern eur usd
gbp chf dkk sek nok jpy cny inr aud cad pln czk try brl zar sar aed egp krw
يورو دولار دولارات دينار دنانير درهم دراهم ريال ريالات جنيه جنيهات ليره بايت كيلوبايت ميغابايت
غيغابايت متر امتار كيلومتر كيلو غرام كيلوغرام درجه
"""
_TIMES = """
monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays
fridays saturdays sundays january february march april may june july august september october
november december jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun
today tomorrow yesterday tonight noon midnight morning afternoon evening night weekend weekday
weekdays daily weekly monthly yearly hourly am pm utc gmt cet cest millisecond milliseconds
microsecond microseconds seconds minute minutes hour hours day days week weeks month months year
years fortnight before after until since by earlier later montag dienstag mittwoch donnerstag
freitag samstag sonnabend sonntag montags dienstags mittwochs donnerstags freitags samstags
sonntags januar jänner februar märz mai juni juli oktober dezember heute morgen gestern übermorgen
vorgestern heutige heutigen morgige morgigen mittag mittags mitternacht nachmittag nachmittags
vormittag vormittags abend abends nacht nachts früh wochenende werktag werktags sekunde sekunden
minuten stunde stunden tag tage tagen woche wochen monat monate monaten jahr jahre jahren täglich
wöchentlich monatlich stündlich vor nach seit bis
الاثنين الثلاثاء الاربعاء الخميس الجمعه السبت الاحد يناير فبراير مارس ابريل مايو يونيو يوليو اغسطس
سبتمبر اكتوبر نوفمبر ديسمبر كانون شباط اذار نيسان ايار حزيران تموز اب ايلول تشرين اليوم غد غدا امس
صباح صباحا مساء ظهر ظهرا عصر عصرا ليل ليلا منتصف فجر فجرا ثوان ثواني ثانيتين دقيقه دقائق دقيقتين
دقيقتان ساعه ساعات ساعتين ساعتان يوم ايام يومين يومان اسبوع اسابيع اسبوعين شهر اشهر شهور شهرين سنه
سنوات سنتين عام اعوام عامين قبل بعد حتي منذ
"""
_SENSES = """
no not never none nothing nobody nowhere neither nor cannot without unless except only nein nicht
nichts nie niemals niemand niemanden niemandem nirgends weder noch ohne außer nur kaum
لا لم لن ليس ليست ليسوا لست ما غير بدون دون عدم الا سوي فقط
"""
#: Characters of Japanese and Chinese, which stand alone, that belong to a time or to a count.
_TIME_SIGNS = frozenset("月火水木金土日曜時分秒年週昨今明翌朝昼夕晩夜午前後先来正以降内")
_COUNT_SIGNS = frozenset("半両全各毎数倍割件人名台回個円元銭枚本社部約")
#: How Japanese says no: in endings that no single character tells.
_NEGATED = re.compile("ない|なか|なく|なけ|ません|ずに|不|無|未|非|否")
_QUESTIONS = frozenset("?\u037e\u055e\u061f\u2047\u2048\u2049\u2753\u2754")
_SIGNS = frozenset("%‰‱°<>=≤≥≠±≈×÷+\u066a\u2032\u2033")
_GERMAN_PARTS = (
    "zwei|zwo|drei|vier|fünf|sechs|sech|sieben|sieb|acht|neun|zehn|elf|zwölf|zwanzig|zig|ßig"
    "|hundert|tausend"
)
_GERMAN = re.compile(
    rf"(?:ein)?(?:und)?(?:{_GERMAN_PARTS})(?:und|ein|{_GERMAN_PARTS})*(?:s?te[mnrs]?|mal|fach|er)?"
)
_ARABIC = re.compile("[\u0600-\u06ff]")
_SAME_ARABIC = str.maketrans("أإآٱةىؤئ", "ااااهيوي", "\u0640")
_ARABIC_FRONT = ("وال", "بال", "فال", "كال", "لل", "ال", "و", "ف", "ب", "ل", "ك")
#: What before or behind a word makes the contrary of it.
_CONTRARY = (
    *("un", "in", "im", "ir", "il", "dis", "non", "mis", "de", "a", "anti"),
    *("miss", "nicht", "ent", "لا"),
)
_CONTRARY_ENDS = ("less", "free", "los", "frei", "n't", "nt")
_UNSPACED = re.compile(f"[{UNSPACED}]")

_WORDS: dict[str, Weight] = {
    word: weight
    for words, weight in (
        (_NUMBERS, Weight.NUMBER),
        (_UNITS, Weight.NUMBER),
        (_TIMES, Weight.TIME),
        (_SENSES, Weight.SENSE),
    )
    for word in words.split()
}


def weight_of(token: str) -> Weight | None:
    """Return what a token says that no spelling may change; None for an ordinary word."""
    if ":" in token or re.search(r"\d{4}-\d\d|\d+[./]\d+[./]\d+", token):
        return Weight.TIME
    if token in _QUESTIONS:
        return Weight.SENSE
    signs = any(c.isnumeric() or c in _SIGNS or unicodedata.category(c) == "Sc" for c in token)
    if signs or UNIT.fullmatch(token) or token in _COUNT_SIGNS:
        return Weight.NUMBER
    return Weight.TIME if token in _TIME_SIGNS else _word(token.lower())


def _word(word: str) -> Weight | None:
    parts = [word, *word.replace("'", "-").split("-")]
    if _ARABIC.search(word):
        plain = word.translate(_SAME_ARABIC)
        parts = [plain, *(plain.removeprefix(front) for front in _ARABIC_FRONT)]
    elif word.endswith("n't") or word.startswith("kein"):
        return Weight.SENSE
    for part in parts:
        if found := _WORDS.get(part):
            return found
    return Weight.NUMBER if _GERMAN.fullmatch(word) else None


def known_of_weight(word: str) -> bool:
    """Tell whether a word stands in these tables."""
    return word in _WORDS


def is_unspaced(token: str) -> bool:
    """Tell whether a token is of a script that puts no space between words."""
    return _UNSPACED.match(token) is not None


def negations(text: str) -> list[str]:
    """Return how often, and where among the others, Japanese says no."""
    return _NEGATED.findall(text)


def contrary(one: str, other: str) -> bool:
    """Tell whether a word is another one turned round: 'affected' and 'unaffected'."""
    short, long = sorted((one.lower(), other.lower()), key=len)
    return any(long == f"{front}{short}" for front in _CONTRARY) or any(
        long == f"{short}{end}" for end in _CONTRARY_ENDS
    )
