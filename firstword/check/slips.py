"""Whether a word is another one, or the same one spelled otherwise. Pure.

Two right words can be one letter apart ("contact", "contract"), so of itself only a slip passes
that is no word at all: one of the table, or a letter three times. Whatever else looks like spelling
needs somebody who says so, and nobody can say so of a word that was right already.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from firstword.check.known import are_taken_for_each_other, is_word
from firstword.check.weighty import is_unspaced, weight_of

#: What is no word in any language, and what was meant; "~" stands for any ending.
_SLIPS = """
accomodat~ accommodat~ | accross across | acess~ access~ | acheiv~ achiev~ | adress~ address~
agressiv~ aggressiv~ | allready already | alwasy always | alwyas always | anual~ annual~
apparantly apparently | appartment~ apartment~ | aquir~ acquir~ | arguement~ argument~
assesment~ assessment~ | asume~ assume~ | atempt~ attempt~ | automaticly automatically
availabe available | availible available | avalable available | avaliable available
bandwith bandwidth | beacuse because | becasue because | becuase because
begining beginning | beleiv~ believ~ | benifit~ benefit~ | buisness~ business~
cancelation cancellation | catagor~ categor~ | certian~ certain~ | commited committed
commiting committing | completly completely | conection~ connection~ | conect~ connect~
confim~ confirm~ | consistant~ consistent~ | continous~ continuous~ | convinient~ convenient~
corect~ correct~ | critcal~ critical~ | custmer~ customer~ | custumer~ customer~
databse~ database~ | decison~ decision~ | definat~ definit~ | definitly definitely
degredation degradation | delivary delivery | deploment~ deployment~ | diffrent~ different~
dissapear~ disappear~ | dissapoint~ disappoint~ | enviroment~ environment~
equiptment equipment | esential~ essential~ | eveything everything | exellent~ excellent~
existance existence | experianc~ experienc~ | explaination~ explanation~ | extention~ extension~
failiure~ failure~ | faliure~ failure~ | finaly finally | follwing following
folowing following | foriegn foreign | freqent~ frequent~ | futher further
garantee~ guarantee~ | gaurantee~ guarantee~ | goverment~ government~ | guarentee~ guarantee~
happend happened | harware hardware | identifed identified | imediat~ immediat~
immediatly immediately | incidnet~ incident~ | indepedent~ independent~
independant~ independent~ | infastructure infrastructure | infrastrucure infrastructure
infrastucture infrastructure | interupt~ interrupt~ | intial~ initial~ | invesigat~ investigat~
investigt~ investigat~ | invetigat~ investigat~ | knowlege knowledge | lenght~ length~
libary library | litle little | maintainance maintenance | maintanance maintenance
maintanence maintenance | maintence maintenance | maintenence maintenance | mesage~ message~
messege~ message~ | mispell~ misspell~ | monitering monitoring | montior~ monitor~
neccesar~ necessar~ | neccessar~ necessar~ | necesar~ necessar~ | netwrok~ network~
nework~ network~ | noticable noticeable | occassion~ occasion~ | occurance~ occurrence~
occured occurred | occurence~ occurrence~ | occuring occurring | oppertunit~ opportunit~
orginal~ original~ | orignal~ original~ | ouatge~ outage~ | outtage~ outage~
paralel~ parallel~ | parrallel~ parallel~ | payement~ payment~ | perfomanc~ performanc~
performace performance | permanant~ permanent~ | persistant~ persistent~
posession~ possession~ | posible possible | potental~ potential~ | prefered preferred
prefering preferring | privelege~ privilege~ | priviledg~ privileg~ | probaly probably
probelm~ problem~ | proccess~ process~ | propogat~ propagat~ | publically publicly
reccommend~ recommend~ | recieipt~ receipt~ | reciept~ receipt~ | reciev~ receiv~
recomend~ recommend~ | refered referred | refering referring | relevent relevant
reponse~ response~ | resovl~ resolv~ | restaraunt~ restaurant~ | resturant~ restaurant~
retreiv~ retriev~ | rythm~ rhythm~ | scedul~ schedul~ | schdul~ schedul~ | sentance~ sentence~
seperat~ separat~ | seperet~ separat~ | serivce~ service~ | servcie~ service~
similiar~ similar~ | sincerly sincerely | slighly slightly | softare software | stoped stopped
stoping stopping | storeage storage | succesful~ successful~ | sucess~ success~
sufficent~ sufficient~ | suport~ support~ | suprise~ surprise~ | systme~ system~
sytem~ system~ | teh the | temporarly temporarily | thier their | threshhold~ threshold~
tranfer~ transfer~ | transfered transferred | transfering transferring | truely truly
unavailible unavailable | unavaliable unavailable | unforseen unforeseen
unfortunatly unfortunately | upgarde~ upgrade~ | useage usage | usualy usually
vaccuum~ vacuum~ | wich which | writen written | writting writing
aktul~ aktuel~ | asynchrom~ asynchron~ | automatsich automatisch | benachichtig~ benachrichtig~
benöttig~ benötig~ | desshalb deshalb | detailiert~ detailliert~ | endgültg endgültig
entgültig~ endgültig~ | erfogreich~ erfolgreich~ | fogend~ folgend~ | gesammt~ gesamt~
gleichzeitg gleichzeitig | hinzügefügt hinzugefügt | informatoin~ information~
inzwichen inzwischen | maschiene~ maschine~ | mitarbieter~ mitarbeiter~ | mölich~ möglich~
nachdehm nachdem | nähmlich nämlich | reperatur~ reparatur~ | reperier~ reparier~
rückmedlung~ rückmeldung~ | standart standard | symetrisch~ symmetrisch~ | sämmtlich~ sämtlich~
ursahce~ ursache~ | verfügbarkiet verfügbarkeit | vieleicht vielleicht
voraussichlich~ voraussichtlich~ | vorraus~ voraus~ | wahrscheinlch wahrscheinlich
wiederherstelung wiederherstellung | wiederspr~ widerspr~ | zusammmen~ zusammen~
"""
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
_ONE_DIGIT = re.compile(r"\d:[0-5]\d")
_TRIPLED = re.compile(r"(.)\1{2,}")
#: Whose other spelling somebody can answer for: at most so many slips in a word of some letters.
_ONE_SLIP, _TWO_SLIPS = 3, 8
#: What is longer is no word.
_LONGEST = 80


_MEANT = {
    slip: meant
    for part in _SLIPS.strip().replace("\n", "|").split("|")
    for slip, meant in [part.split()]
}


def is_slip(was: str, now: str) -> bool:
    """Tell whether a word was plainly no word, and the new one is what was meant."""
    if was == now:
        return True
    if weight_of(was) or weight_of(now):
        return False
    if any(_TRIPLED.sub(to, was) == now for to in (r"\1", r"\1\1")):
        return was.isalpha()
    if _MEANT.get(was) == now:
        return True
    return any(
        now == meant[:-1] + was[at:]
        for at in range(3, min(len(was), _LONGEST) + 1)
        if (meant := _MEANT.get(f"{was[:at]}~")) is not None
    )


def denies_alike(was: Sequence[str], now: Sequence[str]) -> bool:
    """Tell whether words that deny differ in an apostrophe or a space only: "cant", "can not"."""
    if len(was) == len(now):
        return all(a.replace("'", "") == b.replace("'", "") for a, b in zip(was, now, strict=True))
    return sorted((tuple(was), tuple(now))) == [("can", "not"), ("cannot",)]


def looks_like_spelling(was: Sequence[str], now: Sequence[str]) -> bool:
    """Tell whether some words may be the same ones, spelled otherwise: a person has to say so.

    Whether one of them carries a weight, or is the contrary of another, is asked elsewhere.
    """
    old, new = _words(was), _words(now)
    if old == new:
        return True
    if _letters(old) == _letters(new):
        return True
    if all(map(is_unspaced, (*old, *new))):
        # Two of them are another word.
        return max(len(old), len(new)) == 1
    return len(old) == len(new) and all(map(_alike, old, new))


def reads_the_same(was: Sequence[str], now: Sequence[str]) -> bool:
    """Tell whether figures are the same ones, written otherwise: "1,000" and "1000", "9:00"."""
    return len(was) == len(now) and all(
        _figure(a) == _figure(b) for a, b in zip(was, now, strict=True)
    )


def _figure(token: str) -> str:
    if _THOUSANDS.fullmatch(token):
        return token.replace(",", "")
    return f"0{token}" if _ONE_DIGIT.fullmatch(token) else token


def _words(told: Sequence[str]) -> list[str]:
    """Leave quotation marks out: whether a word stands in them is punctuation."""
    return [word for word in told if word != '"']


def _letters(tokens: Sequence[str]) -> str:
    """Run words together, as they may be written together or apart."""
    return re.sub("['-]", "", "".join(tokens)).lower()


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((len(one), len(other)))
    if long > _LONGEST:
        return False
    if are_taken_for_each_other(one, other) or one.lower() == other.lower():
        return True
    if is_word(one) and is_word(other):
        return False  # two right words are no slip
    most = 2 if short >= _TWO_SLIPS else 1 if short >= _ONE_SLIP else 0
    if set(_scripts(one)) != set(_scripts(other)):
        return False
    return _slips(one.lower(), other.lower(), most) <= most


def _scripts(word: str) -> Iterator[str]:
    for char in word:
        if char not in "'-":
            yield unicodedata.name(char, "").partition(" ")[0] if char.isalpha() else char


def _slips(one: str, other: str, most: int) -> int:
    """Count the letters that are put in, left out, another, or swapped with the next one."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
