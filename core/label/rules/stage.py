"""Which part of the story a sentence tells: before the operation, the stay, after, discharge."""

import re
from bisect import bisect_left

from core.label.rules.lexicon import Lexicon, Stage
from core.label.rules.words import Line
from core.read.words.fold import fold

_SECTIONS: dict[str, Stage] = {
    "Diagnosi": "stay",
    "Anamnesi": "before",
    "Motivo ricovero": "before",
    "Terapia": "before",
    "esami_all_ingresso": "before",
    "Decorso_post_operatorio": "after",
    "esami_alla_dimissione": "discharge",
    "terapia_alla_dimissione": "discharge",
}
_REACH = 400  # characters to either side: one endless sentence must not be searched for each hit
_BEGINS = 60  # characters
_ORDER: tuple[Stage, ...] = ("stay", "discharge", "after", "before")


class Stages:
    """The headings and words of a lexicon that tell the stage."""

    def __init__(self, lexicon: Lexicon) -> None:
        told: tuple[Stage, ...] = ("before", "after", "discharge")
        self._cues = {stage: lexicon.shape("stages", stage) for stage in told}
        self._headings = {stage: lexicon.shape("stages", f"headings_{stage}") for stage in _ORDER}
        self._last: tuple[Line | None, list[tuple[int, int, Stage]]] = (None, [])
        self._done = lexicon.shape("stages", "operation_done")
        self._known: dict[str | None, Stage] = {None: "any"}
        self._known.update(_SECTIONS)

    def of_section(self, section: str | None) -> Stage:
        """The stage of a section, by its field name or the words of its heading."""
        if section not in self._known:
            heading = fold(section or "")
            self._known[section] = next(
                (stage for stage in _ORDER if self._headings[stage].search(heading)), "any"
            )
        return self._known[section]

    def of(self, line: Line, start: int, end: int) -> Stage:
        """The stage of a stretch: the nearest word of its sentence that tells, else the section."""
        section = self.of_section(line.section)
        if section == "any" and (line.told or self._done.search(line.folded, 0, start)):
            section = "after"
        if section in ("any", "after") and line.section is None:
            # "Prima di lasciarla andare abbiamo rifatto l'eco": so begins a paragraph's tale.
            begins = self._cues["discharge"].search(line.folded, 0, _BEGINS)
            section = "discharge" if begins else section
        first, last = line.sentence(start)
        first, last = max(first, start - _REACH), min(last, end + _REACH)
        told: list[tuple[int, Stage]] = []
        words = self._words(line)
        for number in range(bisect_left(words, (first,)), len(words)):
            begin, close, stage = words[number]
            if begin >= last:
                break
            if close <= last:
                told.append((max(start - close if close <= start else begin - end, 0), stage))
        if not told:
            return section
        distance, nearest = min(told)
        return nearest if distance <= 60 or section == "any" else section

    def _words(self, line: Line) -> list[tuple[int, int, Stage]]:
        """Where words of a line tell a stage, in order; of the line asked last they are kept."""
        known, words = self._last
        if known is not line:
            words = sorted(
                (*match.span(), stage)
                for stage, shape in self._cues.items()
                for match in shape.finditer(line.folded)
            )
            self._last = line, words
        return words

    def tells_operation(self, line: Line) -> bool:
        """Whether a line without a known section tells of the operation as done."""
        section = self.of_section(line.section)
        return section in ("any", "stay") and self._done.search(line.folded) is not None

    def says(self, stage: Stage, text: str) -> re.Match[str] | None:
        """Whether folded text has a word that tells this stage."""
        return self._cues[stage].search(text)
