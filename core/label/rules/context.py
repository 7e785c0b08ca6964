"""Whether what a phrase says of a concept holds: negated, uncertain, a relative's, long past.

Cues stand in `lexicon.toml`; here is how far each of them reaches. A cue before the concept reaches
forward until something ends it; a cue behind it must stand close.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property

from core.label.rules.days import days
from core.label.rules.lexicon import Lexicon
from core.label.rules.words import Line
from core.read.words.dates import NAMES
from core.read.words.months import month
from core.read.words.shape import Shape
from core.records import State

Extent = tuple[int, int]
RECENT = 100  # days: what happened in these three months belongs to this illness
_MONTH_YEAR = Shape(
    rf"(?<![\d/.])(?:\b(?P<n>{NAMES})\.?\s(?:del\s)?|(?P<m>\d{{1,2}})/)?(?P<y>20\d\d)(?![\d/])"
)
# What a person is (iperteso, diabetica, fumatore): such a word starts afresh after a comma.
_PERSON = re.compile(r"(?:ic[oa]|es[oa]|os[oa]|at[oa]|tic[oa]|tore|trice|ista)$")
_DEVICES = frozenset("resincronizzatore defibrillatore stimolatore contropulsatore".split())
_DEGREE = frozenset("ex non gia forte modesto modesta grande noto nota paziente".split())
_CONJUNCTION = Shape(r"\s(?:e|ed)\s")
_LIST_ENDS = re.compile(r"(?:[^().;:]{0,40}|\s?\([^()]{1,60})\)(?=\s?[:=])")
_SPOKEN = Shape(r"\w: (?:il|la|l'|si|e|è|un|una|pertanto|quindi) ")  # a new sentence
_LIVING = re.compile(
    r" (?:vivente|viva|vivo|anzian[ao]|sana)(?: e \w+)?,\s(?:affett\w+ da|portat\w+ di)\s"
)
_APPOSED = re.compile(
    r"(?: (?:maggiore|minore|gemell[oa]|matern[oa]|patern[oa]))?,\s(?:gia |anche "
    r"|pure |nota |noto )?"
)
# "Madre ipertesa, morta in tarda eta di ictus": behind the comma it is still the mother.
_OF_KIN = Shape(r"affett|,\s(?:e |poi |quindi |infine )?(?:mort|decedut|colpit)[oaie]\b[^,]*$")
_LIVES_WITH = Shape(
    r"\b(?:viv\w+|conviv\w+|abita|assistit[oa]|accompagnat[oa]|aiutat[oa]|accudit[oa]|riferit\w+)\s"
    r"(?:con|col|da|dal|dalla|dai)\s?(?:(?:il|la|lo|un|una|i|suo|sua)\s)*$"
)
_TOGETHER = Shape(r"\b(?:con|col|dal|dalla|dai|al|alla)\s(?:(?:il|la|lo|un|una|i|suo|sua)\s)*$")
_OF_A_RELATIVE = re.compile(
    r"\W*(?:(?:il|la|lo|un|una|suo|sua|uno|anche il|anche la)\s(?:\w+\s)?|(?=moglie|marito"
    r"|coniuge|convivente|suocer))"
    r"(?:(?:padre|madre|papa|mamma|babbo|fratello|sorella|nonn[oa]|zi[oa]|cugin[oa]|figli[oa])\b"
    r"(?=[^;]*\b(?:e|era|ha|ebbe|mori|fu|si spense)\b)"
    r"|(?:moglie|marito|coniuge|convivente|compagn[oa]|suocer[oa])\b(?! (?:riferi|raccont|segnal"
    r"|dic|descri|avvert|accompagn|chiam|lo |la )\w*)"
    r"(?=[^;]*\b(?:e|era|ha|ebbe|mori|fu|soffr\w+|decedut[oa]|mort[oa]|affett[oa]|in dialisi"
    r"|operat[oa])\b))"
)
_THE_PATIENT = Shape(r"\b(?:paziente|pz|sig\w*|lui|lei|invece|mentre|personalmente|ex fum|fuma)")
# Telegrams: DM-, BPCO-.
_MINUS = re.compile(r"\s?-(?=\s*(?:[.,;)]|$))")
# Two asked, two answers: "ictus/TIA: -/-", "DM/IA no/si".
_PAIR = re.compile(
    r"(?P<other>\s?/\s?[a-z]+)?'?\s*[:=]?\s*(?P<one>[-+]|\b(?:no|si|neg))\s?/\s?(?P<two>[-+]"
    r"|(?:no|si|neg))(?!\w)"
)
# What is spoken of, set in front: "di inotropi non ha avuto bisogno", "di tumori, nessuno".
_TOPIC = Shape(r"(?:^|[.;:,!]\s|\be\s)(?:di|d'|quanto a\w*)\s?(?:\w+\s){0,2}$")
_TOPIC_NO = re.compile(
    r",?\s(?:invece |pero |lui |lei )?(?:no?n\b(?! (?:solo|piu di|ancora))|nessun\w*"
    r"|niente\b|mai\b)"
)
_AND_THE = Shape(r"\sed?\s(?:il|la|lo|i|le|l'|ex|fumator|tabag)")

_CUES = "pseudo negates_list negates_next doubts relatives runs_in_family ends".split()


class Cues:
    """Where the cues of one line stand, each kind looked for when first asked.

    What only looks like a denial (non solo, non più) is left out.
    """

    def __init__(self, line: Line, shapes: Mapping[str, Shape]) -> None:
        self._line, self._shapes = line, shapes

    @cached_property
    def lists(self) -> tuple[Extent, ...]:
        return self._places("negates_list")

    @cached_property
    def nots(self) -> tuple[Extent, ...]:
        return self._places("negates_next")

    @cached_property
    def maybe(self) -> tuple[Extent, ...]:
        found = self._shapes["doubts"].finditer(self._line.spoken)
        return tuple(match.span() for match in found)

    @cached_property
    def relatives(self) -> tuple[Extent, ...]:
        return self._places("relatives")

    @cached_property
    def kin(self) -> tuple[Extent, ...]:
        return self._places("runs_in_family")

    @cached_property
    def ends(self) -> tuple[int, ...]:
        found = (start for start, _ in self._places("ends"))
        return tuple(sorted((*self._line.stops, *found)))

    def _places(self, name: str) -> tuple[Extent, ...]:
        return tuple(match.span() for match in self._shapes[name].finditer(self._text))

    @cached_property
    def _text(self) -> str:
        return self._shapes["pseudo"].sub(lambda match: "_" * len(match[0]), self._line.spoken)


class Context:
    """The cues of a lexicon, compiled once."""

    def __init__(self, lexicon: Lexicon) -> None:
        def shape(name: str) -> Shape:
            return lexicon.shape("context", name)

        self._cues = {name: shape(name) for name in _CUES}
        self._no_behind = shape("negates_behind")
        self._no_later = shape("negates_later")
        self._maybe_behind = shape("doubts_behind")
        self._yes_behind = shape("affirms_behind")
        self._not_he = shape("not_the_patient")
        self._relative_behind = shape("relatives_behind")
        self._resolved = shape("resolved")
        self._old = shape("old")
        self._old_behind = shape("old_behind")
        self._recent = shape("recent")

    def cues(self, line: Line) -> Cues:
        return Cues(line, self._cues)

    def state(
        self, line: Line, cues: Cues, start: int, end: int, others: Sequence[Extent] = ()
    ) -> State:
        """What holds of the concept at `start`-`end`; `others` are the concepts around it."""
        if self._is_relatives(line, cues, start, end):
            # "Il marito ha la BPCO, la paziente no"; "padre IMA   BPCO  no" of a table.
            return "negated" if self._not_he.match(line.folded, end) else "family"
        if self._is_negated(line, cues, start, end, others):
            return "negated"
        if self._is_doubted(line, cues, start, end):
            return "uncertain"
        return "present"

    def behind(self, line: Line, end: int) -> State | None:
        """What a cue right behind a place makes of it."""
        if self._is_denied_behind(line, end):
            return "negated"
        return "uncertain" if self._maybe_behind.match(line.folded, end) else None

    def is_old(self, line: Line, start: int, end: int) -> bool:
        """Whether the sentence puts the concept in the past: pregresso, nel 2008, anni fa."""
        first, last = line.sentence(start)
        told = without_recent(line)
        before, behind = told[first:start], told[end:last]
        if "____" in before[-45:] or "____" in behind[:45]:
            return False  # a day of these last months stood there
        if self._recent.search(before[-60:]) or self._recent.search(behind[:60]):
            return False
        near = self._old.search(before[-70:])
        return bool(near) or bool(self._old_behind.match(behind))

    def _is_negated(
        self, line: Line, cues: Cues, start: int, end: int, others: Sequence[Extent]
    ) -> bool:
        if self._is_denied_behind(line, end):
            return True
        if _TOPIC_NO.match(line.folded, end) and _TOPIC.search(line.folded, 0, start):
            return True
        if self._no_later.match(line.folded, end):
            return True
        if self._yes_behind.match(line.folded, end):
            return False
        text = line.spoken
        concept = text[start:end]
        for _, cue in _before(cues.lists, start):
            if _open(cues, cue, start) and not _afresh(text[cue:start], concept):
                return True
        for first, cue in reversed(_before(cues.nots, start)):
            gap = text[cue:start]
            if not _open(cues, cue, start) or len(gap) > 60 or _SPOKEN.search(gap):
                continue
            comma = gap.find(",")
            if comma >= 0 and self._resolved.match(text, end):
                continue  # "non inotropi, bassa portata risolta": what is over has been
            if comma < 0:
                if _afresh(gap, concept) and _CONJUNCTION.search(gap):
                    continue
                return True
            # "non diabete, ipertensione": the list goes on where it began with a concept.
            listed = any(
                cue <= s and e <= cue + comma + 1 and not _PERSON.search(text[s:e])
                for s, e in others
            )
            single = sum(cue <= end for _, end in cues.nots) == 1 and text[first:cue] != "no"
            if listed and single and not _afresh(gap, concept):
                return True
        return False

    def _is_denied_behind(self, line: Line, end: int) -> bool:
        if _MINUS.match(line.folded, end):
            return True
        pair = _PAIR.match(line.folded, end)
        if pair:
            return pair["one" if pair["other"] else "two"] not in ("+", "si")
        return self._no_behind.match(line.folded, _past_bracket(line.folded, end)) is not None

    def _is_doubted(self, line: Line, cues: Cues, start: int, end: int) -> bool:
        if self._maybe_behind.match(line.folded, end):
            return True
        for _, cue in _before(cues.maybe, start):
            gap = line.folded[cue:start]
            if _open(cues, cue, start) and len(gap) <= 50 and "," not in gap:
                return True
        return False

    def _is_relatives(self, line: Line, cues: Cues, start: int, end: int) -> bool:
        if self._relative_behind.match(line.folded, end):
            return True
        of_a_relative = relatives_sentence(line, start)
        if of_a_relative is not None and of_a_relative <= start:
            return True
        for first, cue in (*_before(cues.relatives, start), *_before(cues.kin, start)):
            if _LIVES_WITH.search(line.folded, 0, first):
                continue
            gap = line.folded[cue:start]
            if _LIVING.fullmatch(gap):
                return True
            if not _open(cues, cue, start):
                continue
            # "Familiarità per CAD, ipertensione": after the comma the patient's own list begins.
            if (first, cue) in cues.kin and _AND_THE.search(gap):
                continue
            if "," not in gap.replace(", e ", "  e ") or _OF_KIN.search(gap):
                return True
            # "La madre, diabetica da tempo, ..."
            if _APPOSED.fullmatch(gap) and not _TOGETHER.search(line.folded, 0, first):
                return True
            if _in_brackets(line.folded, first, start):
                return True
        return False


def relatives_sentence(line: Line, start: int) -> int | None:
    """Il fratello maggiore, portatore di pace-maker, e morto d'infarto: nothing of it is the
    patient's. Where the relative ends, if the sentence of a place begins with one.
    """
    first, last = line.sentence(start)
    match = _OF_A_RELATIVE.match(line.folded, first, last)
    if match is None or _THE_PATIENT.search(line.folded, match.end(), start):
        return None
    return match.end()


def without_recent(line: Line) -> str:
    """The folded line, the days and months of the last `RECENT` days before admission blanked."""
    if line.near is None:
        return line.folded
    since = line.near - timedelta(days=RECENT)
    places = [(d.start, d.end, date.fromisoformat(d.iso)) for d in days(line) if d.iso]
    for match in _MONTH_YEAR.finditer(line.folded):
        number = month(match["n"]) if match["n"] else int(match["m"] or 12)
        if 1 <= number <= 12:
            places.append((*match.span(), date(int(match["y"]), number, 28)))
    text = line.folded
    for start, end, day in places:
        if day >= since:
            text = text[:start] + "_" * (end - start) + text[end:]
    return text


def _past_bracket(text: str, end: int) -> int:
    """Behind the list in brackets that a place belongs to: "Supporto (IABP, ECMO): no"."""
    inside = _LIST_ENDS.match(text, end)
    return inside.end() if inside else end


def _before(places: Sequence[Extent], start: int) -> list[Extent]:
    return [place for place in places if place[1] <= start]


def _open(cues: Cues, cue: int, start: int) -> bool:
    """Whether nothing between a cue and a concept ends the cue's reach."""
    return not any(cue <= end <= start for end in cues.ends)


def _afresh(gap: str, concept: str) -> bool:
    """Whether the concept, behind a comma or an `e`, speaks of the person anew (iperteso)."""
    parted = "," in gap or _CONJUNCTION.search(gap) is not None
    words = [word for word in concept.split() if word not in _DEGREE] or [concept]
    return parted and words[0] not in _DEVICES and _PERSON.search(words[0]) is not None


def _in_brackets(text: str, cue: int, start: int) -> bool:
    """Whether cue and concept stand in the same brackets."""
    opened = text.rfind("(", 0, cue)
    return opened >= 0 and ")" not in text[opened:start]
