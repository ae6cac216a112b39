"""Words that are words: one of them that becomes another was no slip. Pure.

No dictionary: what is common where something is out of order, what the rules of wording and of
weight are made of, and the words that a slip of the table stands for. Endings are put on here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from firstword.check.weighty import known_of_weight

_KNOWN = """
able about above accept access accident account accuse act action add address admit adopt advice
advise affect afford after again against age agree aid aim air alarm all allow alone along also
alter always am among amount an anger angry animal announce annoy another answer any anybody apart
app appeal appear apply are area arm arrest arrive as ask assess asset assume assure at ate attach
attack attempt attend audit aware away baby back bad badge balance ban band bank bar bare base
basic basket batch bath battle bay be bear beat became because become bed been beer before beg
began begin behind being believe below beside best bet better beyond bid big bill bind bit bite
black blame blank block blood blow blue board boat body bold bomb bond bone book boost boot border
bore born borrow boss both bother bottle bottom bought bound bowl box boy brake branch brand bread
break breach bribe bridge brief bright bring broad broke broken brother brought brown browse bug
build built bulk bump burn bus bush busy but button buy by cable cache cake call calm came camp
can cancel cap car card care careful careless carry cart case cash cast casual cat catch cattle
caught causal cause cease cell cent centre certain chain chair chance change charge chart chat
cheap cheat check cheer child choice choose circle claim class clean clear clever click client
climb clock close cloth cloud club coach coal coast coat code cold collect colour column come
comment commit common company compare compete complain complete comply compute concern condemn
conduct confess confirm conflict confuse connect consent consider consist contact contain content
contest continue contract contrast control convert convince cook cookie cool cope copy core corn
corner correct corrupt cost could count county country couple course court cover crack crash
create credit creep crew crime crop cross crowd cruel cry cup cure current curve custom customer
cut cycle damage damp dance danger dare dark data date dawn day dead deal dealt dear death debate
debit debt decide deep defeat defect defend defer defy degree delay delete deliver demand deny
depart depend deploy depose deposit derive desert deserve design desire desk despite destroy
detail detect device did die diet differ dig dinner direct dirty disable disclose discover dish
disk dismiss dispose dispute distort distract divide do doctor does dog done door double doubt
down draft drag drain draw drawn dream dress drift drink drive drop drug dry due dull dump during
dust duty each ear early earn earth ease east easy eat edge edit effect effort egg eight either
elect else emerge employ empty enable encrypt end endure enemy engage enjoy enough ensure enter
entire entry equal erase error escape estate even event ever every evil exact exam except excess
exchange excite excuse execute exempt exist exit expand expect expel expense expert expire explain
explode exploit export expose express extend extent extra eye face fact fail fair faith fake fall
false fame far farm fast fat fatal father fault favour fear feature fee feed feel fell felt fence
few field fierce fight figure file fill film filter final find fine finger finish fire firm first
fish fit five fix flag flat flaw flee flew flight float flood floor flow fly focus fold follow
food foot for force foreign forget forgive form formal former forth forward found four frame fraud
free freeze fresh friend from front frozen fuel full fun fund funny future gain game gas gate
gather gave gear get gift girl give glad glass global go goal goes gold gone good got grab grade
grand grant grass grave great green greet grew grey grind ground group grow guard guess guest
guide guilt guilty gun guy had hair half hall halt hand handle hang happen happy hard harm has
hash hat hate have he head heal health hear heard heart heat heavy held hell hello help hence her
here hers hid hide high hill him hint hire his hit hold hole home honest hope horn horse host hot
hotel hour house how huge human hung hunt hurry hurt ice idea ideal idle if ignore ill image
impact import improve in inch include increase infect infer inform inject injure inner input
insert inside insist inspect install instead insult insure intact intend intent into invest invite
invoice invoke involve iron is island issue it item its jail job join joint joke judge juice jump
junk just keen keep kept key kick kid kill kind king kiss kit knee knew knife knock know lack lady
laid lake lamp land lane large last late later laugh launch law lawn lawyer lay layer lead leader
leak lean learn lease least leave led left leg legal lend length less lesson let letter level
liable liar lid lie life lift light like limit line link lion lip list listen little live load
loan local lock log lone long look loop loose lord lose loss lost lot loud love low luck lunch
lung mad made mail main make male man manage many map mark market marry mask mass master match
mate matter may me meal mean meant meat media meet melt member memory men mend mention merge mess
message met method middle might mild mile milk mill mind mine minor minus minute mirror miss
mistake mix mob mode model modest moment money month mood moon moral more most mother mount mouse
mouth move much mud murder must my nail name narrow nasty nation native nature near neat neck need
never new news next nice night no node noise none nor normal north nose not note nothing notice
notify now nuclear number nurse obey object obtain occur odd of off offend offer office often oil
old on once one only onto open operate oppose option or oral orange order other ought our ours out
outage outer over owe own owner pace pack packet page paid pain paint pair pale panel panic paper
pardon parent park part partial party pass password past patch patent path patience patient pause
pay payment peace peak pen people per perfect perform perhaps permit persecute person personal
personnel phone photo phrase pick picture piece pile pill pin pipe place plain plan plane plant
plate play plead please plenty plug plus pocket point poison police policy polish polite poll pool
poor pop port pose post pot pound pour power praise pray prefer prepare prescribe present press
pretend prevent price pride prime principal principle print prior prison private prize probe
problem proceed process produce product profit promise prompt proof proper propose prosecute
protect proud prove provide public pull pump punish pure purge push put quality quarter queen
query quest question queue quick quiet quit quite quote race rack radio rail rain raise ran range
rank rapid rare rate rather raw reach react read ready real reason rebel recall receive recent
reckon record recover recruit red reduce refer reflect reform refund refuse refute regain regard
region regret reject relate release relief relieve rely remain remedy remind remote remove rent
repaid repair repay repeat repel replace reply report request require rescue resell resent reserve
reset resign resist resolve resort respect respond rest restart restore restrict result resume
retain retire return reveal revenge reverse review revise revoke reward rich rid ride right ring
rise risk rival river road roast rob rock role roll roof room root rope rose rotate rough round
route row royal rub rude ruin rule run rush sack sad safe said sail sale salt same sample sand
sane sat save saw say scale scan scare scene school scope score scream screen sea seal search
season seat second secret secure see seed seek seem seen seize select self sell send sense sent
serial series serious serve server service session set settle seven severe shade shake shall shame
shape share shark sharp she shed sheet shelf shell shift shine ship shirt shock shoe shoot shop
shore short shot should shout show shut sick side sight sign signal silent silly silver simple
since sing single sink sir sister sit site six size skill skin skip sky sleep slide slight slip
slow small smart smell smoke smooth snap snow so soap social soft sold sole solid solve some son
song soon sore sorry sort soul sound soup source south space spam span spare speak special speed
spell spend spent spike spill spin spirit spit split spoke sport spot spread spring spy square
stable staff stage stain stair stake stamp stand star stare start starve state statement static
status stay steal steel steep stem step stick stiff still stir stock stole stolen stone stood stop
storage store storm story straight strange stream street stress strict strike string strip strong
struck stuck student study stuff stupid style subject submit such sudden sue suffer suggest suit
sum summer sun supply support suppose sure surf surface surge survey suspect suspend sweet swift
swim switch symbol system table tail take taken tale talk tall tap tape target task taste taught
tax tea teach team tear tell tend tent term test text than thank that the theft their them then
there these they thick thief thin thing think third thirst this those though thought threat three
threw through throw thrust thus ticket tide tidy tie tight till time tiny tip tire title to today
toe told tone too took tool top topic torn total touch tough tour toward tower town toy trace
track trade traffic train transfer trap travel treat tree trend trial trick tried trigger trim
trip troop trouble truck true trust truth try tune turn twice twin two type ugly unable under unit
unite unless until up update upset urge us usage use user usual vague valid value van vary vast
vendor verify very via view violate visit vital voice void volume vote wage wait wake walk wall
want war ward warm warn was wash waste watch water wave way we weak wealth wear weather web week
weigh well went were west wet what wheel when where which while white who whole whose why wide
wife wild will win wind window wine wing winter wipe wire wise wish with within without woke woman
wonder wood word wore work world worn worry worse worst worth would wound wrap write wrong wrote
yard year yell yes yet yield you young your yours zero zone aber acht alle allein als alt ander
angst anlage anruf antrag arbeit art auch auf ausfall aus bahn bald bau bei bein beim bekannt
bericht besser bestellt betroffen betrogen bezahlt bild bin bis bitte blau bleiben boden böse
brauchen brechen breit bringen buchen da dach dann das dass daten dauer defekt dein dem den denken
denn der des dich dick dies dir doch dort du dumm dunkel dürfen ein eine einem einen einer eines
einfach eng er erhalten erst es fahren falle falsch fehlen fehler fein feld fern fest feuer finden
fisch flach folgen frage frau frei fremd froh früh führen für fuß gab ganz gar gast geben gefahr
gegen gehen gehört geld gelöscht gelöst genau gerät gering gern gesagt gesehen gestohlen gestellt
gesund gewesen ging glas gleich grob groß grün grund gut haben halb halten hart haus heben heiß
helfen herr hier hin hoch hof holen hören ich ihm ihn ihr ihre im immer ist ja jahr jede jetzt
jung kalt kam kann karte karten kasse kauf kaum kein kennen klar klein kommen konnte konto kraft
krank kunde kunden kurz lage lang langsam lassen laufen laut leben leer legen lehren leicht leider
leise lernen lesen letzte leute licht liegen los löschen lösen luft machen macht mal mann markt
maß masse meer mehr mein melden menge mensch messen mich mir mit müssen nach nacht nein nennen
netz neu nicht nie noch nun nur ob oben oder offen ohne ort paar platz rat raum recht reden reich
rein reise ruf ruhe sache sagen schaden scheiden schicken schlecht schnell schon schön schreiben
schuld schutz sehen sehr sein seit selbst senden sicher sichern sie sind sollen stadt stark statt
stehen stellen stimme strom stück stunde suchen tag tat teil teuer tief tier tisch tot tragen
treffen treiben trotz tun tür über uhr um und uns unser unten unter verkauft verlassen verletzt
verlieren verloren versehen verstehen versuch viel voll vom von vor wagen wahl wahr wand wann
warten warum weg wegen weil weit welt wenig wenn wer werden werfen wert wetter wichtig wie wieder
wir wird wissen wo wohl wollen wort wurde zahl zahlen zeigen zeit ziehen ziel zu zug zum zur
zurück
"""
#: Right words that are taken for each other in writing, and not in what they say.
_TAKEN = frozenset(
    frozenset(pair.split())
    for pair in (
        *("affect effect", "affected effected", "affects effects", "affecting effecting"),
        *("casual causal", "loose lose", "than then", "their there", "to too", "form from"),
        *("quiet quite", "principal principle", "advice advise", "where were"),
        *("of off", "its it's", "your you're", "were we're", "their they're", "an and"),
        *("das dass", "den denn", "einen einem", "einen einer", "eine einen", "den dem"),
        *("ihn ihm", "seit seid", "wider wieder", "ein eine", "a an"),
    )
)
_BEGINNINGS = ("un", "re", "pre", "dis", "over", "out")
_BEGIN_WITH_A_VOWEL = frozenset({"ed", "ing", "er"})
#: "stop": its last letter stands twice before such an ending, so that "stoped" is no word.
_DOUBLES = re.compile(r"[^aeiou]*[aeiou][^aeiouwxy]")
_ENDINGS = ("'s", "s", "es", "ed", "ing", "er", "ly", "ment")


def is_word(word: str) -> bool:
    """Tell whether a word is one, as far as anybody here knows."""
    word = word.lower()
    bare = [word, *(word.removeprefix(front) for front in _BEGINNINGS)]
    return any(_has(stem) for one in dict.fromkeys(bare) if len(one) > 2 for stem in _stems(one))


def are_taken_for_each_other(one: str, other: str) -> bool:
    """Tell whether two words are often mistaken for each other by who means the same."""
    one, other = one.lower(), other.lower()
    return frozenset((one, other)) in _TAKEN or _at_home(one) == _at_home(other)


def _at_home(word: str) -> str:
    """Spell a word as both sides of the Atlantic would, so that both spellings are one."""
    return word.replace("our", "or").replace("isation", "ization").replace("ise", "ize")


def _stems(word: str) -> list[str]:
    found = [word]
    for end in _ENDINGS:
        stem = word.removesuffix(end)
        if stem != word and len(stem) > 2:
            if end not in _BEGIN_WITH_A_VOWEL or not _DOUBLES.fullmatch(stem):
                found.append(stem)
            if end in _BEGIN_WITH_A_VOWEL:
                found.append(f"{stem}e")
                if stem[-1] == stem[-2]:
                    found.append(stem[:-1])
    if word.endswith(("ies", "ied")):
        found.append(f"{word[:-3]}y")
    return found


def _has(word: str) -> bool:
    return word in _words() or known_of_weight(word)


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    return frozenset(_KNOWN.split())
