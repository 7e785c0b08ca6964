"""Letters as they are sent to a model: searched by rules, shielded, line by line."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from core.errors import LetteraError
from core.label import Labeller
from core.label.shield.shield import Shield, unshielded
from core.label.verdict import Line, Verdict
from core.records import Annotation, Phrase
from core.schema import Schema
from core.workers import in_processes


@dataclass(frozen=True, slots=True)
class Preparation:
    """How: `identity` and `finder` as in `core.label.together`; `secret` is None where nothing is
    hidden; so many `voters` will be heard of each line."""

    verdict: Verdict
    schema: Schema
    identity: Labeller | None
    finder: Labeller | None
    secret: bytes | None
    voters: int

    def letters(
        self, letters: Iterable[Sequence[Phrase]]
    ) -> Iterator[tuple[Sequence[Phrase], list[Line]]]:
        """Each letter with its lines: rules and shield take the longest, and work in processes
        beside each other where the labellers allow that."""
        asked = [one for one in (self.identity, self.finder) if one is not None]
        by_letter = all(getattr(one, "by_letter", False) for one in asked)
        with closing(in_processes(self.lines, letters, None if by_letter else 1)) as done:
            for letter, lines in done:
                if isinstance(lines, LetteraError):
                    raise lines
                yield letter, lines

    def lines(self, letter: Sequence[Phrase]) -> list[Line]:
        """A letter's phrases: a name is hidden wherever it stands in it."""
        known = list(self.identity.label(letter)) if self.identity else None
        found = known if self.finder is self.identity else self._found(letter)
        if self.secret is not None:
            shield = Shield(letter, known or (), self.schema, self.secret)
            sent = [shield.hide(phrase) for phrase in letter]
        else:
            sent = [unshielded(phrase) for phrase in letter]
        lines = [
            self.verdict.line(phrase, hidden, known[number] if known else None, self.voters)
            for number, (phrase, hidden) in enumerate(zip(letter, sent, strict=True))
        ]
        for line, seen in zip(lines, found or (), strict=found is not None):
            line.marks = self.verdict.marks(line, seen)
        return lines

    def _found(self, letter: Sequence[Phrase]) -> list[Annotation] | None:
        return list(self.finder.label(letter)) if self.finder else None
