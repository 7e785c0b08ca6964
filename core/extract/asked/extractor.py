"""Letters -> their fields, by asking a hosted model: many letters in flight, in their order."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.extract import letter_fields
from core.extract.asked.check import Checked, check
from core.extract.result import Doubt, LetterFields
from core.label.hosted.estimate import Estimate
from core.label.hosted.ledger import Paid
from core.label.hosted.service import Usage
from core.label.sheets import Told
from core.label.together import Together
from core.label.verdict import Losses
from core.read.phrases import phrases
from core.records import Json, Letter, Phrase

_ANSWERED = ("uncertain", "unreadable")


@dataclass(slots=True)
class Refused:
    """What a model said that fills no cell. `unknown`: under a name that is no field. `type`: a
    value that is none of its field's type (the quote may still say one). `evidence`: words that do
    not stand in the letter, or that do not say it.
    """

    unknown: int = 0
    type: int = 0
    evidence: int = 0

    def to_json(self) -> Json:
        return {"unknown": self.unknown, "type": self.type, "evidence": self.evidence}


class Asked:
    """What a labeller that asks says of the letters, checked against their words.

    `refused` and `unanswered` (letters with a question that has no usable answer) count the last
    run, as the labeller's `usage` and `notes` do.
    """

    def __init__(self, labeller: Together) -> None:
        self.source = labeller.source
        self.refused = Refused()
        self.unanswered = 0
        self._labeller = labeller

    @property
    def usage(self) -> Usage:
        return self._labeller.usage

    @property
    def notes(self) -> tuple[str, ...]:
        return self._labeller.notes

    def extract(self, letters: Iterable[Letter]) -> Iterator[LetterFields]:
        """Fields letter by letter; a document turned away is not asked about.

        Raises LLMError on lasting faults, MoneySpent before more would be spent than allowed; what
        was given until then is whole.
        """
        self.refused, self.unanswered = Refused(), 0
        waiting: deque[Letter] = deque()

        def lots() -> Iterator[Sequence[Phrase]]:
            for letter in letters:
                waiting.append(letter)
                yield phrases(letter) if letter.discharge_letter else ()

        for told in self._labeller.letters(lots()):
            yield self._fields(waiting.popleft(), told)

    def estimate(self, letters: Iterable[Letter]) -> Estimate:
        """What asking about these letters would take; nothing is asked."""
        return self._labeller.estimate(
            phrase for letter in letters if letter.discharge_letter for phrase in phrases(letter)
        )

    def _fields(self, letter: Letter, told: Told) -> LetterFields:
        schema = self._labeller.schema
        if not letter.discharge_letter:
            return letter_fields(letter, (), schema)
        checked = check(letter, told.annotations, schema, self._labeller.shielded)
        found = letter_fields(letter, checked.annotations, schema)
        refused = _refused(told, checked)
        self.refused.unknown += refused.unknown
        self.refused.type += refused.type
        self.refused.evidence += refused.evidence
        self.unanswered += told.failed > 0
        extra: Json = {"system": self.source, "refused": refused.to_json()}
        if told.paid is not None:
            extra["cost"] = _cost(told.paid)
        if told.failed:
            extra["unanswered"] = told.failed
        doubts = _together(found, checked.doubts, list(schema.fields))
        return replace(found, doubts=doubts, extra={**found.extra, **extra})


def _refused(told: Told, checked: Checked) -> Refused:
    lost = [quote for one in told.annotations for quote in one.missing if quote.field is not None]
    losses: Losses = told.losses
    return Refused(losses.strangers, losses.mistyped, len(lost) + checked.refused)


def _cost(paid: Paid) -> Json:
    """What a letter took, whether its answers were asked for now or are in the ledger."""
    return {
        "usd": paid.usd,
        "tokens_in": paid.tokens_in,
        "tokens_out": paid.tokens_out,
        "seconds": round(paid.seconds, 3),
        "calls": paid.calls,
    }


def _together(
    found: LetterFields, more: Iterable[Doubt], fields: Sequence[str]
) -> tuple[Doubt, ...]:
    """All doubts in the order of the spreadsheet; a value found elsewhere answers unclear ones."""
    filled = {value.field for value in found.fields}
    open_ = [d for d in more if d.reason not in _ANSWERED or d.field not in filled]
    said = dict.fromkeys([*found.doubts, *open_])
    return tuple(sorted(said, key=lambda doubt: fields.index(doubt.field)))
