"""Months, days of the week and numbers as words: what they mean, and how to say another one."""

from functools import cache, lru_cache

from rapidfuzz.distance import Levenshtein

from core.label.shield.words import is_ordinary, plain
from core.read.words.dates import NUMBERS
from core.read.words.months import MONTHS

_NAMES = {
    "it": " ".join(MONTHS),
    "en": "january february march april may june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
    " diciembre",
}
WEEKDAYS = "lunedì martedì mercoledì giovedì venerdì sabato domenica".split()
_SHORTEST = 3  # letters of an abbreviation
_SLIP = 5  # letters from which on one slip of the pen still means the month
_BELOW_100 = {0: "zero"} | {n: word for word, n in NUMBERS.items() if word != "primo"}


@lru_cache(maxsize=1 << 12)
def month(word: str) -> int | None:
    """The month a word means: by its name, cut short or with a slip, in several languages."""
    key = plain(word)
    if found := _called(key):
        return found[1]
    if len(key) < _SLIP or is_ordinary(key):
        return None
    for number, name in enumerate(MONTHS, 1):
        if key[0] == name[0] and Levenshtein.distance(key, name, score_cutoff=1) == 1:
            return number
    return None


def named(number: int, like: str) -> str:
    """The name of a month in the language and the style of another one."""
    found = _called(plain(like))
    name = _NAMES[found[0] if found else "it"].split()[number - 1]
    if len(like) <= 4 and plain(like) not in map(plain, name.split()):
        whole = any(
            plain(like) == plain(said) for names in _NAMES.values() for said in names.split()
        )
        name = name if whole else name[:3]
    return _styled(name, like)


def weekday(word: str) -> int | None:
    """The number of a day of the week, of its whole name or its first letters."""
    key = plain(word)
    if len(key) < _SHORTEST:
        return None
    return next((n for n, name in enumerate(WEEKDAYS) if plain(name).startswith(key)), None)


def weekday_named(number: int, like: str) -> str:
    name = WEEKDAYS[number % 7]
    return _styled(name if len(like) > 4 else name[: len(like)], like)


def _styled(name: str, like: str) -> str:
    return name.upper() if like.isupper() else name.title() if like[0].isupper() else name


def _called(key: str) -> tuple[str, int] | None:
    """The language and number of a month's name or of its first letters."""
    if key == "ag":
        return "it", 8
    if len(key) < _SHORTEST:
        return None
    if key in ("genn", "sett"):
        return "it", {"genn": 1, "sett": 9}[key]
    for language, names in _NAMES.items():
        for number, name in enumerate(names.split(), 1):
            whole = plain(name)
            if key == whole or (len(key) < 5 and whole.startswith(key)):
                return language, number
    return None


@lru_cache(maxsize=1 << 14)
def value(words: str) -> int | None:
    """The number that words say (ventotto, mille novecento quaranta), below 3000."""
    return _said().get("".join(plain(word) for word in words.split()))


def is_number(word: str) -> bool:
    """Whether a word says a number, or part of one that is said figure by figure."""
    return value(word) is not None or plain(word) == "doppio"


@cache
def _said() -> dict[str, int]:
    return {"primo": 1, "prima": 1} | {_spelled(number): number for number in range(3000)}


def _spelled(number: int) -> str:
    if number < 100:
        return _BELOW_100[number]
    size, unit = (100, "cento") if number < 1000 else (1000, "mila")
    many, rest = divmod(number, size)
    head = unit if size == 100 else "mille"
    head = head if many == 1 else _BELOW_100[many] + unit
    return head + (_spelled(rest) if rest else "")
