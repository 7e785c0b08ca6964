"""A question put to a model until its answer can be read, or until it is clear that none will be.

An answer that was cut off gets more room once; then the question is cut in two and each half asked.
An answer nothing can be read from is asked for once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from core.label.asking import Voter
from core.label.confidence import own
from core.label.formats import Asked, Format
from core.label.formats.answers import Unusable
from core.label.hosted.reply import Reply
from core.label.hosted.service import Refused, Request, Split
from core.label.passages import middle
from core.records import Missing, Span

_MOST_TOKENS = 16_384
_DEEPEST = 4  # a question is cut into sixteen at most, however often its answer is cut off
_CUT_OFF = "length"


class Service(Protocol):
    """Who is asked: as `core.label.hosted.service.Service`."""

    def known(self, key: str) -> Reply | None: ...

    async def ask(self, request: Request) -> Reply: ...

    async def ask_all(
        self, request: Request, keys: Sequence[str], split: Split
    ) -> list[Reply | None]: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a text in answer to `asked` questions; the counts add up.

    A span's `score` is the model's own probability of it. `failed` questions have no usable answer,
    for the `reason` of the first of them; `halved` ones were cut in two.
    """

    spans: tuple[Span, ...] = ()
    missing: tuple[Missing, ...] = ()
    unanswered: int = 0
    strangers: int = 0
    mistyped: int = 0
    asked: int = 0
    failed: int = 0
    halved: int = 0
    reason: str | None = None

    def __add__(self, other: "Heard") -> "Heard":
        return Heard(
            self.spans + other.spans,
            self.missing + other.missing,
            self.unanswered + other.unanswered,
            self.strangers + other.strangers,
            self.mistyped + other.mistyped,
            self.asked + other.asked,
            self.failed + other.failed,
            self.halved + other.halved,
            self.reason or other.reason,
        )

    def moved(self, by: int) -> "Heard":
        """The same of a text in which this one stands `by` characters from the beginning."""
        if not by:
            return self
        there = (replace(span, start=span.start + by, end=span.end + by) for span in self.spans)
        return replace(self, spans=tuple(there))


class Interview:
    """Asks one model in one format. Raises LLMError where the service fails for good."""

    def __init__(self, format: Format, model: str, voter: Voter, logprobs: bool) -> None:
        self.format = format
        self._model = model
        self._voter = voter
        self._logprobs = logprobs

    def request(self, asked: Sequence[Asked], roomy: bool = False) -> Request:
        """What is sent to ask these questions in one call; `roomy`: with twice the room."""
        room = self.format.tokens(asked) * (2 if roomy else 1)
        return Request(
            model=self._model,
            prompt=self.format.prompt,
            messages=tuple(self.format.messages(asked)),
            max_tokens=min(room, _MOST_TOKENS),
            schema=self.format.json_schema(asked),
            temperature=self._voter.temperature,
            seed=self._voter.seed,
            logprobs=self._logprobs,
        )

    async def hear(self, service: Service, asked: Sequence[Asked]) -> list[Heard]:
        """The answers to questions that share a call; what that call leaves open is asked alone."""
        given = await self._at_once(service, asked) if len(asked) > 1 else [None]
        return [
            await self._alone(service, one, reply) for one, reply in zip(asked, given, strict=True)
        ]

    async def _at_once(self, service: Service, asked: Sequence[Asked]) -> list[Reply | None]:
        keys = [self.request([one]).key for one in asked]
        given = [service.known(key) for key in keys]
        open_ = [number for number, reply in enumerate(given) if reply is None]
        if len(open_) < 2:
            return given
        rest = [asked[number] for number in open_]
        split = partial(self.format.split, count=len(rest))
        try:
            parts = await service.ask_all(self.request(rest), [keys[n] for n in open_], split)
        except Refused:
            parts = [None] * len(rest)
        for number, part in zip(open_, parts, strict=True):
            given[number] = part
        return given

    async def _alone(
        self, service: Service, asked: Asked, given: Reply | None = None, depth: int = 0
    ) -> Heard:
        request = self.request([asked], roomy=depth > 0)
        try:
            reply = given or await service.ask(request)
            if reply.finish == _CUT_OFF and not depth:
                roomier = self.request([asked], roomy=True)
                if roomier.max_tokens > request.max_tokens:
                    request, reply = roomier, await service.ask(roomier)
            if reply.finish == _CUT_OFF and depth < _DEEPEST and (halves := _halves(asked)):
                heard = Heard(halved=1)
                for by, half in halves:
                    heard += (await self._alone(service, half, depth=depth + 1)).moved(by)
                return heard
            return await self._read(service, asked, request, reply)
        except Refused as refused:
            return _nothing(str(refused))

    async def _read(self, service: Service, asked: Asked, request: Request, reply: Reply) -> Heard:
        """What a reply says, asked for once more where nothing can be read from it."""
        try:
            return self._told(asked, reply)
        except Unusable as unusable:
            if reply.finish == _CUT_OFF:
                return _nothing("cut off before its end")
            reason = str(unusable)
        again = replace(request, messages=(*request.messages, self.format.again([asked])))
        try:
            return self._told(asked, await service.ask(again))
        except Unusable:
            return _nothing(reason)

    def _told(self, asked: Asked, reply: Reply) -> Heard:
        answer = self.format.read(reply.text, asked.text, asked.marks)
        spans = answer.spans
        if reply.logprobs:
            sure = own(reply.logprobs, spans)
            spans = tuple(replace(s, score=p) for s, p in zip(spans, sure, strict=True))
        lost = answer.unanswered, answer.strangers, answer.mistyped
        return Heard(spans, answer.missing, *lost, asked=1)


def _nothing(reason: str) -> Heard:
    return Heard(asked=1, failed=1, reason=reason)


def _halves(asked: Asked) -> list[tuple[int, Asked]]:
    """The same question in two, with their places: by marks, by fields, else by the text."""
    if asked.marks:
        half = len(asked.marks) // 2
        parts = (asked.marks[:half], asked.marks[half:]) if half else ()
        return [(0, replace(asked, marks=part)) for part in parts]
    if len(asked.fields) > 1:
        half = len(asked.fields) // 2
        return [
            (0, replace(asked, fields=asked.fields[:half])),
            (0, replace(asked, fields=asked.fields[half:])),
        ]
    at = middle(asked.text)
    if at is None:
        return []
    return [(0, replace(asked, text=asked.text[:at])), (at, replace(asked, text=asked.text[at:]))]
