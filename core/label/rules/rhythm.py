"""Fibrillation in the history, a first one after the operation, and the rhythm of a recording."""

import re
from collections.abc import Callable, Iterator

from core.label.rules.lexicon import Hit, Stage
from core.label.rules.outcome import Outcome, truth
from core.label.rules.stage import Stages
from core.label.rules.words import Line
from core.read.words.shape import Shape
from core.records import State

_ECG = Shape(
    r"\b(?:ecg|rit|e\.c\.g|elettrocardiogramma|ritmo|tracciato|monitor|holter"
    r"|telemetria)\b"
)
_IN_RHYTHM = Shape(r"\bin(?: \w+)? $")
_CONVERTED = Shape(
    r"\b(?:ripristin|cardioversion|conversion|convertit|recuper|ritorno|alternanza|interrot"
    r"|ripresa del)\w*"
)
_AGAIN = Shape(r"\b(?:ricadut|recidiv|episodi|run\b|paross|storia|nota\b)")
_LASTING = Shape(
    r"\b(?:rimast\w+|sempre|costant\w+|attual|stabil|mantenut|mantien|persist|permane|in uscita"
    r"|al momento)\w*"
)
_PERMANENT = Shape(
    r"perm\b|permanente|persistente|cronic|long standing|acfa|\bfac\b|totale"
    r"|lunga durata|inveterat|stabilizzat|stabile da|vecchia data|annosa|\bin\s*#\s*(?:ormai "
    r"|stabilmente )?da (?:\w+\s){1,3}anni"
)
_PAROXYSMAL = Shape(
    r"paro[sx]+is|\bparox|\bfap\b|\bpaf\b|accessi|\bcrisi\b|intermittent|sporadic|saltuari|\brun di"
    r"|\bepisodio\b[^.;#]{0,60}\bdurat[ao]\b|risoluzione spontanea|spontaneamente|autorisol"
    r"|autolimit|va e viene|ogni tanto|poche ore|rientra\w* (?:da sol|spont)|passa\w* da sol"
)
_NEW = Shape(r"insorgenza|primo|unico|insorta|comparsa|post|new onset")


class Rhythm:
    """`extent` gives how far a concept reaches, its degree included."""

    def __init__(self, stages: Stages, extent: Callable[[Line, Hit], tuple[int, int]]) -> None:
        self._stages, self._extent = stages, extent

    def known(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        """A fibrillation of the history: never, paroxysmal, lasting."""
        if self._is_rhythm(line, hit):
            return
        start, end = self._extent(line, hit)
        quote = line.folded[start:end]
        value: int | None = None
        if state == "negated":
            value = 0
        elif state == "present":
            value = _kind_of_fibrillation(quote)
            if value is None:
                # "Episodi parossistici di FA", "FA nota dal 2021, persistente"
                _, last = line.sentence(hit.start)
                near = (
                    line.folded[max(0, start - 25) : start],
                    line.folded[end : min(last, end + 60)],
                )
                value = _kind_of_fibrillation(f"{near[0]} # {near[1]}")
        yield start, end, "fibrillazione_atriale", state, value, {}

    def _is_history(self, line: Line, hit: Hit) -> bool:
        """Whether an arrhythmia is told of the past: ablation of a flutter, no recording."""
        if line.section != "Anamnesi" or not hit.concept.value:
            return False
        first, _ = line.sentence(hit.start)
        left = line.folded[first : hit.end]
        return _ECG.search(left) is None and not _IN_RHYTHM.search(line.folded[first : hit.start])

    def _is_rhythm(self, line: Line, hit: Hit) -> bool:
        """Whether a fibrillation is the rhythm of a recording, not a disease of the history."""
        first, _ = line.sentence(hit.start)
        left = line.folded[first : hit.start]
        quote = line.folded[hit.start : hit.end]
        if _PAROXYSMAL.search(quote):
            return False
        if line.section == "Anamnesi" and _PERMANENT.match(line.folded[hit.end :].lstrip()):
            return False  # "Ritmo: FA persistente dal 2022"
        if line.section == "esami_all_ingresso":
            return True
        if _ECG.search(re.split(r"[,;]", left)[-1][-50:]):
            return True
        return bool(_IN_RHYTHM.search(left)) and "per" not in left and not _PERMANENT.search(quote)

    def new(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        """A fibrillation after the operation; `weak` where nothing calls it the first."""
        stage = self._stages.of_section(line.section)
        sure = bool(_NEW.search(line.folded[hit.start : hit.end]))
        if stage == "before" and self._stages.of(line, hit.start, hit.end) != "after":
            return
        extra = {} if sure else {"weak": True}
        yield hit.start, hit.end, "FA_di_nuova_insorgenza", state, truth(state), extra

    def recorded(self, line: Line, hit: Hit, state: State) -> Iterator[Outcome]:
        """The rhythm of a recording on admission or at discharge."""
        if state not in ("present", "uncertain") or self._is_history(line, hit):
            return
        stage = self._stages.of(line, hit.start, hit.end)
        first, last = line.sentence(hit.start)
        if hit.concept.kind == "rhythm_af" and not self._is_rhythm(line, hit):
            again = _AGAIN.search(line.folded, max(first, hit.start - 30), hit.start)
            if stage != "discharge" or again:
                return
        sentence = line.folded[first:last]
        if line.folded.startswith("sin.", hit.start) and not _ECG.search(sentence):
            return  # of the left side
        if stage == "after" and re.search(r"\b(?:bav|blocco|giunzional)", sentence):
            return
        recorded = stage == "after" and re.search(r"\becg:?\s?$", line.folded[first : hit.start])
        field = "Ritmo_alla_dimissione" if recorded else self._field(stage, sentence, line)
        if field:
            value = hit.concept.value if state == "present" else None
            yield *self._extent(line, hit), field, state, value, {}

    def _field(self, stage: Stage, sentence: str, line: Line) -> str | None:
        if stage == "discharge":
            return "Ritmo_alla_dimissione"
        if stage in ("after", "stay"):
            lasting = _LASTING.search(sentence) and stage == "after"
            return "Ritmo_alla_dimissione" if lasting else None
        if line.section != "esami_all_ingresso" and _CONVERTED.search(sentence):
            return None
        return "ritmo_all_ingresso"


def _kind_of_fibrillation(quote: str) -> int | None:
    return 2 if _PERMANENT.search(quote) else 1 if _PAROXYSMAL.search(quote) else None
