"""Drugs of the therapy at home or on admission: spans with dose and times, milligrams a day."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from core.label.rules.lexicon import Concept, Hit, Lexicon
from core.label.rules.spoken import in_figures
from core.label.rules.stage import Stages
from core.label.rules.words import Line
from core.read.words.shape import Shape

_FRACTIONS = {
    "½": 0.5,
    "¼": 0.25,
    "¾": 0.75,
    "mezza": 0.5,
    "mezzo": 0.5,
    "un quarto": 0.25,
    "unquarto": 0.25,
}
_COUNTS = {"una": 1.0, "un": 1.0, "due": 2.0, "tre": 3.0}
_NUMBER = r"(?:\d\s?/\s?\d|\d+(?:[.,]\d+)?|½|¼|¾|mezz[ao]|un quarto|una|un|due|tre)"
_STRENGTH = re.compile(r"(\d+(?:[.,]\d+)?)\s?mg\b(?!\s?/\s?ml)")
_REVERSED = re.compile(r"(?<![\d½¼¾] )(?<!\d)\bmg\s?(\d+(?:[.,]\d+)?)(?!\d|\s?mg)")
_BARE = re.compile(
    r"(?:^[\s:,]*(?:da\s|di\s)?|compress[ae] da )(25|40|50|75|100|125|250|500)(?!\d|\s?(?:mg|/))"
)
_AMOUNT = re.compile(
    rf"(?<!ore )(?<!alle )(?<!h )(?<![\d/,.])({_NUMBER})(?:\s?(?:e|\+)\s?(1/2|½"
    rf"|mezza))?\s?(?:di\s)?"
    r"(?:(?:cp|cpr|cps|cpp|c|compress[ae]|fl|fial[ae]|f|tavolett[ae])\b|(?=alle |al |la |il "
    r"|alla |ad ore |a ore |ore ))"
)
_TIMES = re.compile(
    r"(?:x|×|per)\s?(\d)(?!\d|\s?mg)|\b(\d|una|due|tre) volt[ae]|\b(bid|tid)\b|b\.i\.d"
    r"|t\.i\.d|q(12|8)h|ogni (12|8) ?(?:ore|h)"
)
_CLOCK = re.compile(
    r"(?:\b(?:alle ore|ad ore|alle|ore|h)\s?\.?\s?\d{1,2}(?:[:.]\d{2})?(?:\s?(?:e alle ore|e alle"
    r"|e|ed|-|,|/|\+)\s?(?:ore\s)?\d{1,2}(?:[:.]\d{2})?(?!\s?(?:mg|cp|cpr|compr|[\d/.,]\d|/)))*)"
)
_MEALS = re.compile(r"\b(mat+in[oa]|pom+erig+io|pranzo|cena|sera|notte|mezzogiorno|colazione)\b")
_GRID = re.compile(rf"(?<![\d/])({_NUMBER})\s?-\s?({_NUMBER})\s?-\s?({_NUMBER})(?![\d/])")


class Dose(NamedTuple):
    """A day's milligrams, or why they cannot be said."""

    milligrams: float | None
    alternate: bool = False


def _number(text: str | None) -> float:
    if not text:
        return 0.0
    text = text.replace(" ", "")
    if text in _FRACTIONS or text in _COUNTS:
        return (_FRACTIONS | _COUNTS)[text]
    if "/" in text:
        above, below = text.split("/")
        return int(above) / int(below) if int(below) else 0.0
    return float(text.replace(",", "."))


def milligrams_a_day(dose: str, alternate: Shape) -> Dose:
    """Milligrams a day of a folded dose: strength x tablets x times, summed over the day."""
    if alternate.search(dose):
        return Dose(None, True)
    dose = in_figures(_REVERSED.sub(r"\1 mg", dose))
    strength = _STRENGTH.search(dose) or _BARE.search(dose)
    if strength is None:
        return Dose(None)
    parts = _split_amounts(dose[: strength.start()] + " " * 3 + dose[strength.end() :])
    grid = _GRID.search(_CLOCK.sub(" ", dose))
    if grid:
        tablets = sum(_number(n) for n in grid.groups())
    elif parts:
        tablets = sum(count * _times(rest) for count, rest in parts)
    else:
        tablets = _times(dose[strength.end() :])
    total = _number(strength[1]) * tablets
    # A second strength of its own: "25 mg al mattino e 50 mg alla sera".
    more = [m for m in _STRENGTH.finditer(dose, strength.end())]
    if more and not parts and not grid:
        bounds = [strength, *more]
        ends = [*(m.start() for m in more), len(dose)]
        total = sum(
            _number(m[1]) * _times(dose[m.end() : end]) for m, end in zip(bounds, ends, strict=True)
        )
    return Dose(total or None)


def _split_amounts(dose: str) -> list[tuple[float, str]]:
    """Each amount (1 cp, 1/2 cp) with the words up to the next."""
    found = list(_AMOUNT.finditer(dose))
    ends = [*(m.start() for m in found[1:]), len(dose)][: len(found)]
    return [
        (_number(m[1].replace(" ", "")) + _number((m[2] or "").replace(" ", "")), dose[m.end() : e])
        for m, e in zip(found, ends, strict=True)
    ]


def _times(text: str) -> float:
    """How often a day, by what is said of it; once where nothing is."""
    said = _TIMES.search(text)
    if said:
        if said[1] or said[2]:
            return _COUNTS.get(said[2] or "", 0.0) or _number(said[1] or said[2])
        return 3.0 if "tid" in said[0] or "t.i.d" in said[0] or "8" in said[0] else 2.0
    hours = sum(len(re.findall(r"(?<![\d:.])\d{1,2}", m[0])) for m in _CLOCK.finditer(text))
    return float(max(hours, len(set(_MEALS.findall(text))), 1))


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug found in a line: its field, its span with dose and times, where the dose begins."""

    start: int
    end: int
    field: str
    name: str
    dose: int


class Drugs:
    """Where drugs of the lexicon stand for the therapy at home, and how far their doses reach."""

    def __init__(self, lexicon: Lexicon, stages: Stages) -> None:
        shapes = {
            name: lexicon.shape("drug_shapes", name) for name in lexicon.tables["drug_shapes"]
        }
        element = "|".join(f"(?:{s})" for s in lexicon.tables["drug_shapes"]["dose"])
        self.dose = re.compile(rf"(?:[\s,;:=(\-–+]*(?:{element})\)?)+")
        self.alternate = shapes["alternate"]
        self._refused, self._stopped = shapes["refused"], shapes["stopped"]
        self._taken, self._current = shapes["taken"], shapes["current"]
        self._paused, self._later = shapes["paused"], shapes["later"]
        self._home = shapes["home_still"]
        self._none = [Shape(shape) for shape in lexicon.tables["drug_shapes"]["none_at_all"]]
        self._stages = stages

    def reach(self, line: Line, end: int) -> int:
        """Where the dose and times behind a name end."""
        match = self.dose.match(line.folded, end)
        if match is None:
            return end
        close = match.end()
        while close > end and line.folded[close - 1] in " ,;:(-+":
            close -= 1
        # A closing bracket belongs to the dose only with its opening one.
        inside = line.folded[end:close]
        if inside.endswith(")") and inside.count("(") < inside.count(")"):
            close -= 1
        return close

    def at_home(self, line: Line, start: int, end: int, listed: bool = False) -> bool:
        """Whether a drug here is therapy at home or on admission.

        Of a letter that lists the therapy (`listed`), the history tells of drugs long past.
        """
        first, last = line.sentence(start)
        left, behind = line.folded[first:start], line.folded[end:last]
        if self._refused.search(left) and not self._taken.match(behind):
            return False
        if listed and line.section == "Anamnesi" and not self._current.search(left):
            return False
        if self._stopped.match(behind) and not self._paused.search(behind):
            return False
        section = self._stages.of_section(line.section)
        around = line.folded[first:last]
        if section in ("after", "discharge", "stay"):
            return bool(self._home.search(left[-60:])) and not self._later.search(around)
        if self._stages.says("discharge", left) or self._stages.says("after", left):
            return False
        return line.section == "Terapia" or not self._later.search(left)

    def found(self, line: Line, hits: list[Hit], listed: bool = False) -> Iterator[Drug]:
        """The drugs at home of a line; a name and its brand in brackets are one."""
        merged: list[Drug] = []
        for hit in hits:
            if hit.concept.kind != "drug":
                continue
            field = hit.concept.fields[0]
            last = next((d for d in reversed(merged) if d.field == field), None)
            gap = line.folded[last.end : hit.start] if last else ""
            name = line.folded[hit.start : hit.end]
            if last and last.end <= hit.start and re.fullmatch(r"\s?[(/]\s?", gap):
                end = hit.end + (line.folded[hit.end : hit.end + 1] == ")" and "(" in gap)
                end = self.reach(line, end)
                merged[merged.index(last)] = Drug(last.start, end, field, last.name, hit.end)
                continue
            merged.append(Drug(hit.start, self.reach(line, hit.end), field, name, hit.end))
        for drug in merged:
            if self.at_home(line, drug.start, drug.end, listed):
                yield drug

    def none_at_all(self, line: Line) -> tuple[int, int] | None:
        """Where a line says that there is no therapy at home at all."""
        if self._stages.of_section(line.section) not in ("before", "any"):
            return None
        for shape in self._none:
            match = shape.search(line.folded)
            if match is None:
                continue
            name = next(name for name, value in match.groupdict().items() if value)
            if name != "only" or line.section == "Terapia":
                return match.span(name)
        return None


def drug_concepts(lexicon: Lexicon) -> Iterator[Concept]:
    """The lists of names as concepts, one a field."""
    everywhere = frozenset(("before", "stay", "after", "discharge", "any"))
    for field, names in lexicon.tables["drugs"].items():
        yield Concept((field,), tuple(names), everywhere, kind="drug", tail="none")
