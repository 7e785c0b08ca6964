"""The heart in the family: said as such, or told of a relative."""

import re
from collections.abc import Iterator

from core.label.rules.context import Cues, relatives_sentence
from core.label.rules.lexicon import Hit, Lexicon
from core.label.rules.outcome import Outcome, trimmed, truth
from core.label.rules.words import Line
from core.read.words.shape import Shape
from core.records import State

_FAMILY_TAIL = re.compile(
    r"'?(?:\s(?:positiva|negativa|neg\b|pos\b|nota|importante|forte|spiccata|muta|silente|ignota|sconosciuta"
    r"|n\.?d\.?r|no?n (?:nota|indagabile|valutabile|conosciuta|ricostruibile|disponibile"
    r"|contributiva"
    r"|significativa|rilevante)))*"
    r"(?:\s?:\s?(?:positiva\s?)?[^.;]*|(?:\s(?:per|x|di|cardiovascolare|cardiologica"
    r"|cv)\b)(?:(?!\sed?\s(?:il|la|lo|i|le|ex|l')\b)[^.;,(]){0,90})?(?:\s?\([^()]*\))?"
)
_FAMILY_NONE = Shape(
    r"\bneg(?:ativ\w+|at\w)?\b|mut[oa]|silente|assent|[:=]\s?no\b|\bn\.?d\.?r\b|nulla"
    r"|no?n (?:contributiv|significativ|rilevant)"
)
_FAMILY_UNKNOWN = Shape(
    r"no?n (?:indagabil|valutabil|conosciut|ricostruibil|disponibil|not[ao]\b(?! per))|ignot"
    r"|sconosciut"
    r"|\badottat|figli[oa] adottiv"
)
_FAMILY_DENIED = Shape(r"\bfamiliarita(?: cardio\w+| cv)?(?: e)?\s?:?\s?(?:negativ|assent|mut[ao])")
# "Di cuore era morta la madre"; "nessuna malattia cardiaca, a parte la sua, in famiglia".
_HEART_BEFORE_KIN = Shape(
    r"(?:\b(?:di|d'|per)\s?(?:cuore|infarto|ictus|scompenso|angina)\b[^.;,]{0,20}"
    r"\b(?:mort[oaie]|mori\w*|mancat[oaie]|decedut[oaie])\b[^.;,]{0,15}\b(?:madre|padre|mamma|papa"
    r"|fratell[oi]|sorell[ae]|genitori|nonn[oaie]|zi[oaie])\b"
    r"|(?P<none>\b(?:nessun\w*|niente|no?n|senza)\b[^.;:]{0,12})?\b(?:malatti[ae] (?:cardiac\w+"
    r"|di cuore|del cuore)|cardiopati[ae]),[^.;:]{1,30}\bin famiglia\b)"
)
_UNKNOWN_NEAR = 20  # characters
_NONE_BEFORE = Shape(r"\b(?:no?n|nessun\w*|niente|nega|senza|mai)\b[^.;,:]*$")
_RUNNING = Shape(r"\b(?:famigl|familiar|parent|gentiliz|consanguine)")


class Family:
    """The words of a lexicon for diseases of heart and vessels, where relatives have them."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._cardiovascular = Shape(lexicon.tables["past"]["cardiovascular"])

    def said(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        """Familiarita per cardiopatia ischemica; a family of other diseases says nothing."""
        match = _FAMILY_TAIL.match(line.folded, hit.end)
        end = match.end() if match else hit.end
        quote = line.folded[hit.start : end]
        if (
            re.search(r"\bper\b|:", quote)
            and not re.search(r":\s?(?:si|no|positiv|negativ)", quote)
            and not self._cardiovascular.search(quote)
        ):
            return
        state = "present" if state == "family" else state
        first, _ = line.sentence(hit.start)
        if _NONE_BEFORE.search(line.folded, first, hit.start) and _RUNNING.search(quote):
            state = "negated"
        if _FAMILY_NONE.search(quote):
            state = "negated"
        if _FAMILY_UNKNOWN.search(line.folded, hit.start, end + _UNKNOWN_NEAR):
            state = "uncertain"
        end = trimmed(line.text, hit.start, end)
        yield hit.start, end, hit.concept.fields[0], state, truth(state), {}

    def relatives(self, line: Line, cues: Cues) -> Iterator[Outcome]:
        """Padre iperteso, madre deceduta per IMA: a relative's heart."""
        if _FAMILY_DENIED.search(line.folded):
            return
        for told_first in _HEART_BEFORE_KIN.finditer(line.folded):
            state: State = "negated" if told_first["none"] else "present"
            yield *told_first.span(), "familiarita_cardiovascolare", state, truth(state), {}
        for first, last in cues.relatives:
            if re.search(
                r"\b(?:familiarita|vive con|assistit"
                r"|accompagnat)[^.;]*$",
                line.folded[:first],
            ):
                continue
            match = re.match(r"(?:[^;,(]|\s?\([^()]*\))*", line.folded[last:])
            end = min(last + (match.end() if match else 0), line.sentence(last)[1])
            told = self._cardiovascular.search(line.folded, first, end)
            if not told and relatives_sentence(line, last) == last:
                end = line.sentence(last)[1]
            if line.folded[:first].rstrip().endswith("("):
                # Cardiopatia ischemica (padre): what is in front of the bracket is the relative's.
                opened = line.folded.rfind("(", 0, first)
                first = max(line.folded.rfind(mark, 0, opened) for mark in ",.;:") + 1
                first += len(line.text[first:]) - len(line.text[first:].lstrip())
                end += line.text[end : end + 1] == ")"
            quote = line.folded[first:end]
            own = re.search(r"(?<!della )(?<!del )(?<!di )\bpaziente\b", quote)
            if own or not self._cardiovascular.search(quote):
                continue
            end = trimmed(line.text, first, end)
            negated = re.search(
                r"\b(?:no?n|nega|senza|assen\w+|nessun\w*|niente|negativ\w+|mut[oa])\b", quote
            )
            none = re.search(
                r"\bnessun\w* (?:in|nella|tra|fra|dei)\s(?:i "
                r"|sua )?$",
                line.folded[:first],
            )
            state = "negated" if negated or none else "present"
            yield first, end, "familiarita_cardiovascolare", state, truth(state), {}
