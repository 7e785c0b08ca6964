"""Whom a fictitious letter is about: one invented person and stay, drawn whole so that all agrees.

The words to draw from stand in `slots.toml`; a voice narrows them in its `[persona]`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from core.read.words.months import MONTHS

RANGES = {"age": (58, 82), "wait": (1, 5), "stay": (6, 13), "years": (2008, 2023)}


@cache
def slots() -> dict[str, Any]:
    """The table of `slots.toml`."""
    return tomllib.loads(Path(__file__).with_name("slots.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Persona:
    """One person's stay. `last` is the day of discharge, or of death where `dead`."""

    sex: str
    given: str
    surname: str
    born: date
    age: int
    admitted: date
    operated: date
    last: date
    dead: bool
    record: str

    @property
    def stay(self) -> int:
        return (self.last - self.operated).days


def spell(day: date, shape: str) -> str:
    """A date written in a shape: `dd/mm/yyyy`, `d.m.yy`, `d mese yyyy`, `mese yyyy`, ..."""
    month = MONTHS[day.month - 1]
    words = {
        "yyyy": f"{day.year}",
        "mese": month,
        "MESE": month.upper(),
        "yy": f"{day.year % 100:02}",
        "dd": f"{day.day:02}",
        "mm": f"{day.month:02}",
        "d": str(day.day),
        "m": str(day.month),
    }
    out, rest = "", shape
    while rest:
        token = next((t for t in words if rest.startswith(t)), None)
        out += words[token] if token else rest[0]
        rest = rest[len(token) if token else 1 :]
    return out


def _birthday(rng: Random, operated: date, age: int) -> date:
    """A birthday well away from the stay, so that the age is the same on every day of it."""
    return date(operated.year - age, operated.month, 1) - timedelta(days=rng.randint(70, 290))


def draw_persona(rng: Random, wishes: Mapping[str, Any]) -> Persona:
    """A person within a voice's wishes.

    `sex`: letters to choose from; `age`, `wait` (days to the operation), `stay` (days after it),
    `years`: ranges; `dead`, `weekend`: true or not; `record`: shape of the record number.
    """

    def between(name: str) -> int:
        low, high = wishes.get(name, RANGES[name])
        return rng.randint(low, high)

    sex = rng.choice(wishes.get("sex", "MMF"))
    operated = date(between("years"), 1, 1) + timedelta(days=rng.randint(20, 340))
    if operated.weekday() > 4 and not wishes.get("weekend"):
        operated -= timedelta(days=2)
    born = _birthday(rng, operated, between("age"))
    age = operated.year - born.year - ((operated.month, operated.day) < (born.month, born.day))
    admitted = operated - timedelta(days=between("wait"))
    digits = (str(rng.randint(0, 9)) if c == "#" else c for c in wishes.get("record", "yyyy0#####"))
    return Persona(
        sex=sex,
        given=rng.choice(slots()["given"][sex]),
        surname=rng.choice(slots()["surnames"]),
        born=born,
        age=age,
        admitted=admitted,
        operated=operated,
        last=operated + timedelta(days=between("stay")),
        dead=bool(wishes.get("dead", False)),
        record="".join(digits)
        .replace("yyyy", str(admitted.year))
        .replace("yy", f"{admitted.year % 100:02}"),
    )
