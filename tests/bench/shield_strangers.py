"""A letter about other people: its names, towns and numbers drawn anew, its wording kept.

The shield may have learned the words of the letters it was written with; it has not seen these.
"""

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from faker import Faker

_PEOPLE = {"patient", "relative", "physician", "other_person", "email"}
_NUMBERS = {"phone", "record", "protocol", "health_card", "tax_code"}
_DATES = {"date", "birth_date"}
_PLACES = {"address", "birth_place"}
_ITALIAN = 0.7  # of the names; the others are of people who came from elsewhere
_ABROAD = ["ro_RO", "sq_AL", "de_AT", "fr_FR", "es_ES", "pl_PL", "en_IN", "hr_HR"]
_HEAD = re.compile(r"(?:\(?(?:\+|00)\d\d\)?[\s.\-/]*)?[\s(]*\d?")  # what tells a telephone
_DAY = re.compile(r"(?<![\d./\-])(\d{1,2})([./\-])(\d{1,2})(?!\d)")
_WORD = re.compile(r"[^\W\d_]{3,}")
_KEPT = frozenset(
    """del della delle dei degli dal dalla dall dell dello sul suor padre don detto ved geb via
    viale piazza piazzale corso largo vicolo vico contrada frazione fraz strada loc località calle
    cortile salita lungomare borgo piano interno int scala san sant santa casa cap snc terra km
    presso alla istituto suore statale detta von van cascina cell tel segr med example org com
    prov str rione borgata riviera salizada traversa cannaregio palazzina quarto gasse senza numero
    per sul
    """.split()
)


def stranger(letter: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The letter with each identity value replaced by one of the same kind and shape."""
    random = Random(f"{seed} {letter['id']}")
    drawn = _Drawn(random)
    new = {one["text"]: drawn.value(one["kind"], one["text"]) for one in letter.get("identity", ())}
    shape = "|".join(map(_spaced, sorted(new, key=len, reverse=True)))
    text = letter["text"]
    if new:
        plain = {" ".join(old.split()): value for old, value in new.items()}
        text = re.sub(
            rf"(?<!\w)(?:{shape})(?!\w)",
            lambda match: plain[" ".join(match.group().split())],
            text,
        )
    identity = [
        {"kind": one["kind"], "text": new[one["text"]]} for one in letter.get("identity", ())
    ]
    return {**letter, "text": text, "identity": identity}


def _spaced(value: str) -> str:
    return r"\s+".join(map(re.escape, value.split()))


class _Drawn:
    """The new words of one letter: the same for each mention of an old one."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._made: dict[tuple[str, str], str] = {}
        self._home, self._abroad = Faker("it_IT"), Faker(_ABROAD)
        for faker in (self._home, self._abroad):
            faker.seed_instance(random.randrange(1 << 30))

    def value(self, kind: str, text: str) -> str:
        if kind in _PEOPLE:
            return _WORD.sub(lambda m: self._word(m.group(), "person", self._name), text)
        if kind in _PLACES:
            text = self._digits(text)
            return _WORD.sub(lambda m: self._word(m.group(), "place", self._town), text)
        if kind in _NUMBERS:
            head = _HEAD.match(text).group() if kind == "phone" else ""
            return head + self._digits(text[len(head) :])
        return _DAY.sub(self._day, text, count=1) if kind in _DATES else text

    def _digits(self, text: str) -> str:
        return re.sub(r"\d", lambda _: str(self._random.randrange(10)), text)

    def _day(self, match: re.Match[str]) -> str:
        day, sign, month = match.groups()
        new = str(self._random.randint(1, 28)).zfill(len(day))
        return new + sign + str(self._random.randint(1, 12)).zfill(len(month))

    def _word(self, old: str, kind: str, draw: Callable[[], str]) -> str:
        if old.casefold() in _KEPT:
            return old
        key = (kind, old.casefold())
        if key not in self._made:
            self._made[key] = draw()
        new = self._made[key]
        return new.upper() if old.isupper() else new.casefold() if old.islower() else new

    def _name(self) -> str:
        faker = self._home if self._random.random() < _ITALIAN else self._abroad
        drawn = self._random.choice([faker.first_name, faker.last_name])()
        return max(_WORD.findall(drawn), key=len, default="Zsolt")

    def _town(self) -> str:
        town = self._home.postcode_city_province()[5:].split("(")[0]
        drawn = self._random.choice([town, self._home.last_name()])
        return max(_WORD.findall(drawn), key=len, default="Zsolt")
