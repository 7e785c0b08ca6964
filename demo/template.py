"""The notation of the voices: alternatives, optional passages, slots, facts become marked text.

What each brace means is told at the head of `demo/fictitious.py`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random

from demo.slots import Persona, slots, spell

GONE = "\x00"  # stands for an optional passage left out; a line made of nothing else goes too
_OPTIONAL = re.compile(r"\?(?:(\d+):)?")
_CONDITION = re.compile(r"(\w+)(!?=)([^:{}|\[\]]+):")
_SLOT = re.compile(r"(!?)(\w+?)(?:([+-]\d+)(?:\.\.(\d+))?)?(?::([^{}|]+))?")
_NUMBER = re.compile(r"n:(\d+(?:([.,])(\d+))?)-(\d+(?:[.,]\d+)?)(?:/(\d+))?")


class Template:
    """Fills one voice for one persona. `facts` are the voice's own draws, the same all through."""

    def __init__(self, rng: Random, persona: Persona, dates: str, phone: str = "") -> None:
        self.rng = rng
        self.persona = persona
        self.dates = dates
        self.facts: dict[str, str] = {"sesso": persona.sex}
        self._left: dict[str, list[str]] = {}
        self.facts["_telefono"] = self.fill(phone or "{@telefono}")

    def draw(self, facts: Mapping[str, Sequence[str] | str]) -> None:
        """Draws and keeps each fact in turn; a later one may use an earlier one."""
        for name, choices in facts.items():
            chosen = choices if isinstance(choices, str) else self.rng.choice(choices)
            self.facts[name] = self.fill(chosen)

    def fill(self, text: str) -> str:
        """The text with every brace resolved; marks `[[...|...]]` stay, slots become marks."""
        out, at = [], 0
        while (start := text.find("{", at)) >= 0:
            end = _closing(text, start)
            out += [text[at:start], self._brace(text[start + 1 : end])]
            at = end + 1
        return "".join(out) + text[at:]

    def _brace(self, inner: str) -> str:
        if found := _OPTIONAL.match(inner):
            kept = self.rng.random() * 100 < int(found[1] or 50)
            return self._either(inner[found.end() :], kept)
        if found := _CONDITION.match(inner):
            said = self.facts.get(found[1])
            if said is None:
                raise KeyError(f"the voice draws no fact named '{found[1]}'")
            return self._either(inner[found.end() :], (said == found[3]) == (found[2] == "="))
        branches = _split(inner)
        if len(branches) > 1:
            return self.fill(self.rng.choice(branches)) or GONE
        return self._word(inner)

    def _either(self, inner: str, first: bool) -> str:
        branches = [*_split(inner), GONE]
        return self.fill(branches[0] if first else branches[1]) or GONE

    def _word(self, inner: str) -> str:
        if inner.startswith("@"):
            return self.fill(self._from_pool(inner[1:]))
        if found := _NUMBER.fullmatch(inner):
            return self._number(found)
        found = _SLOT.fullmatch(inner)
        if found and (said := self._slot(*found.groups())) is not None:
            return said
        if len(forms := _split(inner, "/")) == 2 and len(inner) < 80:
            return self.fill(forms[0] if self.persona.sex == "M" else forms[1])
        if found:
            raise KeyError(f"no slot named '{{{inner}}}'")
        return self.fill(inner)

    def _from_pool(self, name: str) -> str:
        """A word of a pool, none twice in a letter before all were used."""
        left = self._left.get(name) or self.rng.sample(
            slots()["pools"][name], len(slots()["pools"][name])
        )
        self._left[name] = left
        return left.pop()

    def _number(self, found: re.Match[str]) -> str:
        low, mark, decimals, high, step = found.groups()
        scale = 10 ** len(decimals or "")
        first, last = (round(float(n.replace(",", ".")) * scale) for n in (low, high))
        drawn = self.rng.randrange(first, last + 1, int(step or 1))
        return str(drawn) if not mark else f"{drawn / scale:.{len(decimals)}f}".replace(".", mark)

    def _slot(
        self, plain: str, name: str, shift: str | None, until: str | None, shape: str | None
    ) -> str | None:
        by = int(shift or 0)
        if until:
            by = (-1 if by < 0 else 1) * self.rng.randint(abs(by), int(until))
        if (day := self._days().get(name)) is not None:
            text = spell(day + timedelta(days=by), shape or self.dates)
            gold = name.startswith("data_") and name != "data_intervento" and not shift
            return f"[[{name}={day.isoformat()}|{text}]]" if gold and not plain else text
        if name == "anno":
            return str(self.persona.operated.year + by)
        if (found := self._words().get(name)) is not None:
            field, text = found
            return f"[[{field}|{text}]]" if not plain else text
        if name in self.facts:
            return _unmarked(self.facts[name]) if plain else self.facts[name]
        return None

    def _days(self) -> dict[str, date]:
        persona = self.persona
        return {
            "data_ingresso_cch": persona.admitted,
            "data_intervento": persona.operated,
            "data_morte" if persona.dead else "data_dimissione_cch": persona.last,
            "data_di_nascita": persona.born,
        }

    def _words(self) -> dict[str, tuple[str, str]]:
        persona = self.persona
        return {
            "nome": ("nome", persona.given),
            "NOME": ("nome", persona.given.upper()),
            "cognome": ("cognome", persona.surname),
            "COGNOME": ("cognome", persona.surname.upper()),
            "n_cartella": ("n_cartella", persona.record),
            "telefono": ("numero di telefono", self.facts.get("_telefono", "")),
            "eta": ("età al momento dell'intervento", str(persona.age)),
            "degenza": ("H_Stay_giorni", str(persona.stay)),
            "Sesso": ("Sesso", persona.sex),
            "Sig": (f"Sesso={persona.sex}", "Sig." if persona.sex == "M" else "Sig.ra"),
        }


def _closing(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return at
    raise ValueError(f"a brace is never closed: {text[start : start + 40]}")


def _split(inner: str, bar: str = "|") -> list[str]:
    """The branches of a brace: its text cut at the bars that stand in no inner brace or mark."""
    branches, depth, start = [], 0, 0
    for sign in re.finditer(rf"\[\[|\]\]|[{{}}{bar}]", inner):
        if sign[0] in ("[[", "{"):
            depth += 1
        elif sign[0] in ("]]", "}"):
            depth -= 1
        elif depth == 0:
            branches.append(inner[start : sign.start()])
            start = sign.end()
    return [*branches, inner[start:]]


def _unmarked(text: str) -> str:
    while True:
        plainer = re.sub(r"\[\[[^\[\]|]*\|([^\[\]]*)\]\]", r"\1", text)
        if plainer == text:
            return text
        text = plainer
