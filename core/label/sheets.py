"""A letter while it is being asked about: its lines, and the questions that are still open."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from core.label.formats import Asked
from core.label.hosted.ledger import Paid
from core.label.hosted.reply import Reply
from core.label.hosted.service import Request, Split
from core.label.interview import Heard, Service
from core.label.passages import Passage
from core.label.verdict import Line, Losses
from core.records import Annotation, Missing, Span


@dataclass(slots=True)
class Sheet:
    """A letter's lines and how many questions about them are not answered yet.

    `asked` questions were answered or given up; `failed` have no usable answer; `keys`: by which
    the ledger knows their answers.
    """

    lines: list[Line]
    open: int = 0
    asked: int = 0
    failed: int = 0
    keys: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one letter: an annotation a phrase, in order, and what got lost.

    Of `asked` questions `failed` have no usable answer. `paid`: what the answers took when they
    were asked for, be it by an earlier run; None without a ledger.
    """

    annotations: tuple[Annotation, ...]
    losses: Losses
    asked: int
    failed: int
    paid: Paid | None


class Noted:
    """A service that notes by which keys it was asked."""

    def __init__(self, service: Service) -> None:
        self.keys: set[str] = set()
        self._service = service

    def known(self, key: str) -> Reply | None:
        self.keys.add(key)
        return self._service.known(key)

    async def ask(self, request: Request) -> Reply:
        self.keys.add(request.key)
        return await self._service.ask(request)

    async def ask_all(
        self, request: Request, keys: Sequence[str], split: Split
    ) -> list[Reply | None]:
        return await self._service.ask_all(request, keys, split)


@dataclass(frozen=True, slots=True)
class Question:
    """What shares a call: passages of a sheet, and what one voter is asked about each."""

    sheet: Sheet
    voter: int
    passages: tuple[Passage, ...]
    asked: tuple[Asked, ...]


def take(question: Question, heard: Sequence[Heard], keys: Iterable[str]) -> None:
    """Hands what was heard of passages to the lines it speaks of."""
    sheet, voter = question.sheet, question.voter
    lines = sheet.lines
    sheet.keys.update(keys)
    for passage, told in zip(question.passages, heard, strict=True):
        sheet.asked += told.asked
        sheet.failed += told.failed
        for number, share in _shares(passage, told):
            lines[number].heard[voter] += share
    sheet.open -= 1


def _shares(passage: Passage, told: Heard) -> Iterator[tuple[int, Heard]]:
    """Each line's part in what was heard; what belongs to no line is counted with the first."""
    spans: dict[int, list[Span]] = {}
    missing: dict[int, list[Missing]] = {}
    for span in told.spans:
        for number, part in passage.cut(span):
            spans.setdefault(number, []).append(part)
    for lost in told.missing:
        missing.setdefault(passage.line_of(lost), []).append(lost)
    counted = replace(told, spans=(), missing=())
    others = replace(counted, unanswered=0, strangers=0, mistyped=0, halved=0)
    for at, (number, _, _) in enumerate(passage.lines):
        share = others if at else counted
        if number in spans or number in missing:
            here, gone = spans.get(number, ()), missing.get(number, ())
            share = replace(share, spans=tuple(here), missing=tuple(gone))
        yield number, share
