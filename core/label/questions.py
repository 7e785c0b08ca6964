"""What a model is asked about a letter, call by call."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.label.asking import Asking
from core.label.examples import Examples
from core.label.formats import Asked, Example
from core.label.interview import Interview
from core.label.passages import LONGEST, Passage, line_by_line, run_together
from core.label.sheets import Question, Sheet
from core.label.verdict import Line, Verdict
from core.records import Phrase
from core.schema import Schema


@dataclass(frozen=True, slots=True)
class Questioning:
    """How: an interview for each voter. `examples`: makes those to show, only where some are."""

    how: Asking
    interviews: Sequence[Interview]
    verdict: Verdict
    schema: Schema
    examples: Callable[[], Examples]

    def about(
        self, prepared: Iterable[tuple[Sequence[Phrase], list[Line]]]
    ) -> Iterator[tuple[Sheet, list[Question]]]:
        """A sheet for each letter, with the questions that are open about it."""
        for letter, lines in prepared:
            sheet = Sheet(lines)
            questions = [
                Question(sheet, voter, passages, asked)
                for voter in range(len(self.interviews))
                for passages, asked in self._asked(voter, letter, lines)
            ]
            sheet.open = len(questions)
            yield sheet, questions

    def _asked(
        self, voter: int, letter: Sequence[Phrase], lines: Sequence[Line]
    ) -> Iterator[tuple[tuple[Passage, ...], tuple[Asked, ...]]]:
        form = self.interviews[voter].format
        texts = [line.sent.text for line in lines]
        worth = (lambda line: bool(line.marks)) if form.marked else self.verdict.worth_asking
        numbers = [number for number, line in enumerate(lines) if worth(line)]
        if form.whole:
            passages = run_together(texts, numbers, LONGEST)
        else:
            passages = line_by_line(texts, numbers)
        pairs = list(zip(passages, self._shown(passages, letter), strict=True))
        width = 1 if form.whole else self.how.batch
        for at in range(0, len(pairs), width):
            for fields in form.chunks():
                yield (
                    tuple(passage for passage, _ in pairs[at : at + width]),
                    tuple(
                        Asked(
                            passage.text,
                            self._section(letter, passage),
                            examples,
                            tuple(fields),
                            lines[passage.lines[0][0]].marks if form.marked else (),
                        )
                        for passage, examples in pairs[at : at + width]
                    ),
                )

    def _shown(
        self, passages: Sequence[Passage], letter: Sequence[Phrase]
    ) -> Iterable[tuple[Example, ...]]:
        if not self.how.examples:
            return [()] * len(passages)
        texts = [passage.text for passage in passages]
        return self.examples().for_texts(texts, letter[0].letter, self.how.examples)

    def _section(self, letter: Sequence[Phrase], passage: Passage) -> str | None:
        # A heading as somebody wrote it may hold a name; a section's field name cannot.
        sections = {letter[number].section for number, _, _ in passage.lines}
        section = sections.pop() if len(sections) == 1 else None
        return section if section in self.schema.fields else None
