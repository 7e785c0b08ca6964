"""Names by their look: a capitalised word is one unless a list knows it as something else."""

import re
from collections.abc import Iterator

from core.label.shield.line import PARTICLES, Line
from core.label.shield.words import (
    Word,
    is_called,
    is_clinical,
    is_cut_short,
    is_drug,
    is_given,
    is_ordinary,
    is_slip,
    is_term,
    may_be_called,
    never_a_name,
)

_OPENS = re.compile(r"(?:^|[.!?:;•*|(\"“«/\n=\[\]>]\s*|[\-–]\s|\d[.)]\s*)$")
_DOSE = re.compile(
    r"\s?\d{1,4}(?:[.,/]\d{1,3})?(?![\d/\-]|\.\d|\s\d)|\s?(?:m?c?g|cp|cpr|cps|fl|gtt|®|™|x\s?\d|puff|gocce"
    r"|bust\w*|compress\w*|capsul\w*|fial\w*|sciroppo|spray|cerotto|die)\b|\s?[®™]",
    re.IGNORECASE,
)
# A line of a list that begins with a strange word and holds a dose speaks of a drug.
_DOSED = re.compile(
    r".{0,40}?\d\s?(?:mg|mcg|g|ml|u\.?i\.?|cp|cpr|cps|gtt|gocce|fl|mc?g/\w+|x\s?\d)\b",
    re.IGNORECASE,
)
_HEAD = re.compile(r"\W{0,4}$")
# An illness, a sign or a device is called after somebody or by its maker.
_NAMED_AFTER = re.compile(
    r"(?:sindrome|morbo|segno|manovra|frattura|linfoma|malattia|tetralogia|anomalia|fenomeno|ernia|legge"
    r"|(?:bio|endo)?protesi|valvola|stent|anello|tubo|catetere|pacemaker|icd|defibrillatore|device"
    r"|dispositivo|patch|tecnica|metodo|formula|criteri|classificazione|scala|score|punteggio|indice|test)"
    r"\s(?:(?:di|de|secondo|sec\.|tipo|di tipo|modello|meccanica|biologica|aortica|mitralica"
    r"|medicato)\s)?$",
    re.IGNORECASE,
)
# No name ends so; at the head of a sentence no verb is a name.
_SAFE = re.compile(r"(?:it[àÀ]|issim[oaei]|(?:terap|usion|ment|olog)ist[aei]|iamo)$", re.IGNORECASE)
_VERB = re.compile(r"(?:asi|arsi|ersi|irsi|ando|endo|iamo|ete|gono|cono|ono)$")
_SPOKEN = re.compile(r"^(?:[^aeiou]{0,2}[aeiou]).*[aeiouy]$")  # four letters that are no acronym
_SYLLABLE = 3  # letters of a name that is hardly one without its first part
_SHORTEST = 4  # letters; three are an abbreviation more often than a name
# What stands beside the name of a house or a physician and is no part of it.
_WARD = re.compile(r"(?:logia|grafia|iatria|urgia|zione|scopia|terapia)$")
_WARDS = frozenset(
    """ospedale medicina sanitario sanitaria reparto clinica servizio unita terapia cura intensiva
    sezione divisione struttura dipartimento direttore medico dirigente cardiologo chirurgo heart
    association sindrome morbo manovra segno test indice classe""".split()
)
_HUSHED = 5
_WIDEST = 2  # words beside a name that nobody knows


def by_look(line: Line, hushed: bool = False) -> Iterator[Word]:
    """Given names, strange words with a capital, and what stands beside these as part of a name.

    `hushed`: the letter hardly knows capitals, so strange words in small letters count too.
    """
    for index, word in enumerate(line.words):
        if not word.capital:
            if hushed and len(word.text) >= _HUSHED and is_strange_in_small(line, word):
                yield word
            continue
        if word.key in PARTICLES and (second := _second_part(line, index)):
            yield from (word, second)
        if _is_strange(line, index, word):
            yield word
            yield from _beside(line, index, -1)
            yield from _beside(line, index, 1)


def _is_strange(line: Line, index: int, word: Word) -> bool:
    if len(word.text) < 3 or never_a_name(word.key):
        return False
    if is_given(word.key):
        return True
    if is_clinical(word.text):
        # Rossi, Bruno: in the midst of a sentence a capital makes a name of an ordinary word.
        titled = len(word.text) > 3 and word.text[1:].islower()
        return titled and may_be_called(word.key) and not _opens(line, word)
    if sum(char in "01" for char in word.text) * 2 >= len(word.text):  # N0M0
        return False
    if not word.shouted and not word.text[1:].islower():
        return False
    if len(word.text) == _SHORTEST and word.shouted and not _SPOKEN.search(word.key):
        return False
    if len(word.text) < _SHORTEST:
        return not word.shouted and not _opens(line, word)
    if _SAFE.search(word.text) or (_VERB.search(word.key) and _begins(line, word)):
        return False
    if line.text[word.end : word.end + 1] == "." and is_cut_short(word.key):
        return False
    if is_called(word.key):
        return True
    if _NAMED_AFTER.search(line.text, max(0, word.start - 32), word.start):
        return False
    dosed = _HEAD.fullmatch(line.text, 0, word.start) and _DOSED.match(line.text, word.end)
    return not (dosed or _DOSE.match(line.text, word.end))


def _second_part(line: Line, index: int) -> Word | None:
    """Bo in Dal Bo: with a capital as short as no other word that is no acronym."""
    word, second = line.words[index], next(iter(line.words[index + 1 : index + 2]), None)
    if second is None or len(second.text) > _SYLLABLE or not second.text[1:].islower():
        return None
    if never_a_name(second.key) or is_term(second.key) or is_ordinary(second.key):
        return None
    touch = len(word.text) > 1 and _touch(line, word, second)
    return second if touch and second.capital else None


def _opens(line: Line, word: Word) -> bool:
    """Whether a sentence or a cell begins with the word, so that anything has a capital there."""
    return bool(_OPENS.search(line.text, max(0, word.start - 6), word.start))


def _begins(line: Line, word: Word) -> bool:
    """Whether a sentence begins with the word and goes on with one in small letters."""
    behind = line.words[line.first_from(word.end) :][:1]
    return bool(_opens(line, word) and behind and (word.shouted or not behind[0].capital))


def is_strange_in_small(line: Line, word: Word) -> bool:
    """No abbreviation, no slip of the pen, and no word that is known."""
    return (
        line.text[word.end : word.end + 1] not in (".", "'", "-")
        and not is_clinical(word.text)
        and not is_drug(word.key)
        and not is_cut_short(word.key)
        and not is_slip(word.key)
        and not _DOSE.match(line.text, word.end)
    )


def _beside(line: Line, index: int, step: int) -> Iterator[Word]:
    """The words around a strange one that belong to the same name: Speranza Nieddu, Dal Pont."""
    for _ in range(_WIDEST):
        index += step
        if not 0 <= index < len(line.words):
            return
        word, near = line.words[index], line.words[index - step]
        first, second = (word, near) if step < 0 else (near, word)
        if not _touch(line, first, second) or not _may_belong(line, word, near):
            return
        yield word


def _touch(line: Line, first: Word, second: Word) -> bool:
    return line.text[first.end : second.start] in (" ", "-", "'", "’", " - ", "' ")


def _may_belong(line: Line, word: Word, near: Word) -> bool:
    """Whether a word next to a name is another part of it, though it means something else too."""
    if not word.capital or (
        len(word.text) > 1 and word.shouted != near.shouted and len(near.text) > 1
    ):
        return False
    if word.key in PARTICLES:
        return not _opens(line, word)
    if len(word.text) < 3 or never_a_name(word.key):
        return False
    if may_be_called(word.key):
        return True
    if not is_ordinary(word.key) and not is_clinical(word.text):
        return True
    if word.shouted or word.key in _WARDS or _WARD.search(word.key):
        return False
    signed = len(line.words) < 4 and all(other.capital for other in line.words)
    return signed or not _opens(line, word)
