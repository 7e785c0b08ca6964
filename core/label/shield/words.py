"""The words of a line, and what is known of each: a name, an ordinary word, a clinical term."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_LISTS = Path(__file__).with_name("words.toml")
_LEXICON = Path(__file__).parents[1] / "rules" / "lexicon.toml"
_FIELDS = Path(__file__).parents[2] / "fields.toml"
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[01](?![^\W_]*[2-9]))*")  # scans write 0 for o, 1 for l
_SCAN = str.maketrans("01", "ol")
_ENDS = (
    r"zion[ei]|sion[ei]|ment[oi]|it[ei]|osi|emi[ae]|logi[ae]|grafi[ae]|gramm[ai]|tomi[ae]|pati[ae]"
    r"|plastica|scopi[ae]|uria|algia|trofi[ae]|stasi|genesi|cardia|tor[ei]|tric[ei]|ist[ai]"
    r"|[ai]bil[ei]|ic[oahei]|iche|os[oaei]|[aiu]t[oaei]|iv[oaei]|al[ei]|[ae]nt[ei]|ar[ei]|log[oi]"
    r"|[aei]v[ao]|[st]ur[ae]"
)
_DRUGS = (
    r"statin[ae]?|prazol[oe]?|olol[oe]?|sartan|april|dipin[ae]|mab|xaban|cillin[ae]|micin[ae]"
    r"|floxacina|azol[oe]|idone|parin[ae]|amid[ae]|azid[ae]|ina|atran|grel"
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
    return is_called(key) or key in _lists()["any given"]


def is_town(key: str) -> bool:
    return key in _lists()["towns"]


def never_a_name(key: str) -> bool:
    return key in _lists()["never"]


def is_ordinary(key: str) -> bool:
    """Whether letters use the word for something other than a person or a place."""
    return key in _lists()["ordinary"] or key in _lists()["never"] or key in _vocabulary()


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
    acronym = len(word) <= 4 and (word.isupper() or not word[1:].islower())
    return acronym or len(key) > 4 and by_its_end and bool(_CLINICAL.search(key))


def is_drug(key: str) -> bool:
    """Whether a word ends as names of drugs do."""
    return bool(_DRUG.search(key))


@cache
def _lists() -> dict[str, frozenset[str]]:
    lists = {name: frozenset(said.split()) for name, said in _toml(_LISTS).items()}
    given = frozenset(map(plain, _toml(_LEXICON)["names"]["given"].split()))
    given |= lists["given"]
    return lists | {"any given": given, "given": given - lists["never"]}


@cache
def _vocabulary() -> frozenset[str]:
    """Every word that stands in the tables of fields and of what letters say of them."""
    text = " ".join(table.read_text(encoding="utf-8") for table in (_FIELDS, _LEXICON))
    found = frozenset(plain(word) for word in re.findall(r"[^\W\d_]{4,}", text))
    return found - _lists()["given"] - _lists()["family"]


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
