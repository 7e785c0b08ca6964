"""The words of a line, and what is known of each: a name, an ordinary word, a clinical term."""

import re
import tomllib
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

_LISTS = Path(__file__).with_name("words.toml")
_LEXICON = Path(__file__).parents[1] / "rules" / "lexicon.toml"
_VOCABULARY = Path(__file__).with_name("vocabulary.toml")
_FIELDS = Path(__file__).parents[2] / "fields.toml"
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[01](?![^\W_]*[2-9]))*")  # scans write 0 for o, 1 for l
_SCAN = str.maketrans("01", "ol")
# How words of medicine end, and hardly a name. What ends otherwise must stand in the lists.
_ENDS = (
    r"zion[ei]|sion[ei]|ment[eo]|menti|(?<=...)osi|[^n]emi[ae]|emic[oaei]|emiche|logi[ae]|log[oi]"
    r"|ologh[ei]|(?:log|graf|emat|terap|pat|gen|trof|cardi|port|tom|top|stol)ic(?:[oaei]|he)"
    r"|grafi[ae]|gramm[ai]|[st]tomi[ae]|ectomi[ae]|otomi[ae]|pati[ae]|plastic[oa]|plastiche|scopi[ae]"
    r"|scopic[oaei]|uri[ae]|algi[ae]|trofi[ae]|[oe]stasi|[ao]lisi|genesi|cardi[aco]|cardic[oaei]|ectasi[ae]"
    r"|centesi|[rdltc]ite|izzat[oaei]|ibil[ei]|abil[ei]|ular[ei]|oidale|iale|enza|mmi[ae]|ssi[ae]"
    r"|metri[ae]|terapi[ae]|ostomi[ae]|cinesi[ae]|ipnea|pnea"
)
_DRUGS = (
    r"statin[ae]?|prazol[oe]?|olol[oe]?|sartan|april|dipin[ae]|mab|xaban|cillin[ae]|m[iy]cin[ae]"
    r"|ox?acin[ae]?|azol[oe]|azolidone|peridone|darone|parin[ae]|amid[ae]|azid[ae]|atran|a?grel"
    r"|gliflozin|gliptin|glutide|tinib|vir|fenac|profen[e]?|semid[ae]?|lattone|lukast|triptan"
    r"|setron|formin[ae]|azin[ae]|idin[ae]|oxin[ae]|ossin[ae]|amin[ae]|ulosin[ae]|zepin[ae]|tropin[ae]"
    r"|ciclin[ae]|azepam|prednisolone|metasone|sonide|sone|fibrat[oe]|nitrat[oe]|cloruro|bicarbonato"
    r"|acetilsalicilic[oa]|caina|fillin[ae]|rinone|simendan|citabina|platino|citrato|toina|pirina|aspirin"
)
_DRUG = re.compile(rf"(?:{_DRUGS})$")
_CLINICAL = re.compile(rf"(?:{_ENDS}|{_DRUGS})$")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and where it stands; `key` is what its writings share."""

    start: int
    end: int
    text: str
    key: str

    @property
    def capital(self) -> bool:
        return self.text[0].isupper()

    @property
    def shouted(self) -> bool:
        return len(self.text) > 1 and self.text.isupper()


def words(text: str) -> list[Word]:
    return [Word(*m.span(), m.group(), plain(m.group())) for m in _WORD.finditer(text)]


@lru_cache(maxsize=1 << 16)
def plain(word: str) -> str:
    """Lower case, without accents or a scan's digits: what two writings of one name share."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return bare.translate(_SCAN) if bare.strip("01").isalpha() or not bare.isdigit() else bare


def is_given(key: str) -> bool:
    """Whether a word is a given name and little else."""
    return key in _lists()["given"] and not is_ordinary(key)


def is_called(key: str) -> bool:
    """Whether people are often called so, by given name or by family name."""
    return key in _lists()["given"] or key in _lists()["family"]


def may_be_called(key: str) -> bool:
    """Whether some people are called so, though the word mostly means something else."""
    return is_called(key) or key in _lists()["any given"] or key in _lists()["also_family"]


def is_town(key: str) -> bool:
    return key in _lists()["towns"]


def never_a_name(key: str) -> bool:
    return key in _lists()["never"]


@lru_cache(maxsize=1 << 16)
def is_ordinary(key: str) -> bool:
    """Whether letters use the word for something other than a person or a place."""
    if key in _lists()["ordinary"] or key in _lists()["never"] or key in _vocabulary():
        return True
    # Scans confuse i and l, which folding cannot know.
    return "l" in key and len(key) > 4 and key.replace("l", "i") in _twins()


@lru_cache(maxsize=1 << 16)
def is_clinical(word: str, by_its_end: bool = True) -> bool:
    """Whether a capitalised word speaks of something other than a person or a place.

    `by_its_end`: words nobody knows count as adjectives, illnesses, ... where they end like them.
    """
    key = plain(word)
    if is_given(key):
        return False
    if is_ordinary(key) or key in _lists()["terms"]:
        return True
    if is_called(key) or is_town(key):
        return False
    acronym = len(word) <= 3 and word.isupper() or len(word) <= 5 and not word[1:].islower()
    if acronym and not (word.isupper() and len(word) > 3):
        return True
    return by_its_end and len(key) > 4 and bool(_CLINICAL.search(key))


def is_term(key: str) -> bool:
    """Whether a list knows the word as a term or an acronym of medicine."""
    return key in _lists()["terms"]


def is_drug(key: str) -> bool:
    """Whether a word ends as names of drugs do."""
    return bool(_DRUG.search(key))


def is_cut_short(key: str) -> bool:
    """Whether a word is the beginning of an ordinary one: anamn, certif."""
    at = bisect_left(_sorted(), key)
    return at < len(_sorted()) and _sorted()[at].startswith(key)


@lru_cache(maxsize=1 << 14)
def is_slip(key: str) -> bool:
    """Whether one slip of the pen makes an ordinary word of it."""
    near = process.extractOne(key, _sorted(), scorer=Levenshtein.distance, score_cutoff=1)
    return near is not None


@cache
def _lists() -> dict[str, frozenset[str]]:
    lists = {name: frozenset(said.split()) for name, said in _toml(_LISTS).items()}
    given = frozenset(map(plain, _toml(_LEXICON)["names"]["given"].split()))
    given |= lists["given"]
    counted = _toml(_VOCABULARY)
    terms = lists["terms"].union(counted["terms"].split(), counted["acronyms"].split())
    return lists | {"any given": given, "given": given - lists["never"], "terms": terms}


@cache
def _vocabulary() -> frozenset[str]:
    """Every word of the tables of fields and of what letters say, and what case reports write."""
    text = " ".join(table.read_text(encoding="utf-8") for table in (_FIELDS, _LEXICON))
    found = {plain(word) for word in re.findall(r"[^\W\d_]{4,}", text)}
    found.update(_toml(_VOCABULARY)["words"].split())
    return frozenset(found - _lists()["given"] - _lists()["family"])


@cache
def _sorted() -> list[str]:
    return sorted(_vocabulary() | _lists()["ordinary"] | _lists()["never"])


@cache
def _twins() -> frozenset[str]:
    return frozenset(word.replace("l", "i") for word in _sorted() if len(word) > 4)


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
