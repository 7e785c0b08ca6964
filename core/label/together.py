"""The language-model labeller: a phrase, shielded, asked, read, aligned -> an Annotation."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from secrets import token_bytes

from core.errors import LLMError
from core.label import Labeller
from core.label.formats.answers import Unusable
from core.label.formats.iob import Answer, Iob
from core.label.hosted.ledger import Ledger
from core.label.hosted.models import price_list
from core.label.hosted.service import ADDRESS, Refused, Request, Service, Usage
from core.label.hosted.stream import ordered
from core.label.shield.shield import Shield, Shielded, is_loopback, needed, unshielded
from core.records import Annotation, Phrase, Span
from core.registry import Registry
from core.schema import Schema, View, default_schema

FORMATS = Registry("answer format", {"iob": "core.label.formats.iob:Iob"})
UNUSABLE = "no usable answer"
WHOLE_LINES = ("Diagnosi", "Motivo ricovero")
_MOST_TOKENS = 16_384
_TRIES = 2


class Together:
    """Asks a model at Together, or at any address that speaks its protocol.

    What leaves the machine is shielded unless the address is loopback or `shield` is "off";
    `identity` is a labeller whose identity and date spans are hidden besides what the shield finds
    itself. With a `ledger` an answer once given is never asked for again. A fault that may pass is
    met with `attempts` attempts, `pause` seconds after the first and twice as long each time, or
    as long as the service says. `usage` and `unusable` count the last run.
    """

    def __init__(
        self,
        view: View = "target",
        model: str | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        ledger: Path | None = None,
        shield: str = "auto",
        identity: Labeller | None = None,
        schema: Schema | None = None,
        format: str = "iob",
        concurrency: int = 16,
        timeout: float = 120.0,
        attempts: int = 6,
        pause: float = 0.5,
    ) -> None:
        self.address = base_url or ADDRESS
        if not api_key and not is_loopback(self.address):
            raise LLMError(
                "no key for Together: set TOGETHER_API_KEY, or label without it (--by rules)"
            )
        self.model = model or price_list().default
        self.schema = schema or default_schema()
        self.view = view
        self.shielded = needed(shield, self.address)
        self.usage = Usage()
        self.unusable = 0
        self._format: Iob = FORMATS.get(format)(self.schema, view)
        self.source = f"together/{self.model}/{self._format.prompt}"
        self._key = (api_key or "none").strip()
        self._ledger = ledger
        self._identity = identity
        self._concurrency = concurrency
        self._patience = (timeout, attempts, pause)

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        """One annotation a phrase, in order, as answers come. Raises LLMError on lasting faults.

        A phrase without a usable answer has no spans and a comment that begins with UNUSABLE.
        """
        ledger = Ledger(self._ledger) if self._ledger else None
        try:
            secret = ledger.secret() if ledger else token_bytes(32)
            service = Service(self.address, self._key, ledger, *self._patience)
            self.usage, self.unusable = service.usage, 0

            async def work(pair: tuple[Phrase, Shielded]) -> Annotation:
                return await self._label(service, *pair)

            pairs = self._hidden(phrases, secret)
            stream = ordered(pairs, work, self._concurrency, service.close)
            with closing(stream):
                for annotation in stream:
                    self.unusable += (annotation.comment or "").startswith(UNUSABLE)
                    yield annotation
        finally:
            if ledger:
                ledger.close()

    def _hidden(
        self, phrases: Iterable[Phrase], secret: bytes
    ) -> Iterator[tuple[Phrase, Shielded]]:
        """Letter by letter, because a name is hidden wherever it stands in its letter."""
        for _, group in groupby(phrases, key=lambda phrase: phrase.letter):
            letter = list(group)
            if not self.shielded:
                yield from ((phrase, unshielded(phrase)) for phrase in letter)
                continue
            found = self._identity.label(letter) if self._identity else ()
            shield = Shield(letter, found, self.schema, secret)
            yield from ((phrase, shield.hide(phrase)) for phrase in letter)

    async def _label(self, service: Service, phrase: Phrase, sent: Shielded) -> Annotation:
        if not any(char.isalnum() for char in sent.text):
            return self._annotation(phrase, sent, Answer((), (), 0), None)
        try:
            answer, comment = await self._answer(service, phrase, sent)
        except Refused as refused:
            answer, comment = Answer((), (), 0), f"{UNUSABLE}: {refused}"
        return self._annotation(phrase, sent, answer, comment)

    async def _answer(
        self, service: Service, phrase: Phrase, sent: Shielded
    ) -> tuple[Answer, str | None]:
        """What the model says, asked once more where that cannot be used."""
        request = self._request(phrase, sent)
        reason = ""
        for _ in range(_TRIES):
            reply = await service.ask(request)
            if reply.finish == "length":
                reason = "cut off before its end"
                room = min(2 * request.max_tokens, _MOST_TOKENS)
                request = replace(request, max_tokens=room)
                continue
            try:
                answer = self._format.read(reply.text, sent.text)
            except Unusable as unusable:
                reason = str(unusable)
                again = self._format.again(sent.text)
                request = replace(request, messages=(*request.messages, again))
                continue
            left = answer.unanswered
            return answer, f"{left} words without an answer" if left else None
        return Answer((), (), 0), f"{UNUSABLE}: {reason}"

    def _request(self, phrase: Phrase, sent: Shielded) -> Request:
        # A heading as somebody wrote it may hold a name; a section's field name cannot.
        section = phrase.section if phrase.section in self.schema.fields else None
        return Request(
            model=self.model,
            prompt=self._format.prompt,
            messages=tuple(self._format.messages(sent.text, section)),
            max_tokens=min(self._format.tokens(sent.text), _MOST_TOKENS),
            schema=self._format.json_schema,
        )

    def _annotation(
        self, phrase: Phrase, sent: Shielded, answer: Answer, comment: str | None
    ) -> Annotation:
        spans = [*self._whole_line(phrase)]
        # Words of one stand-in may come back to the same stretch.
        for span in map(sent.span, answer.spans):
            if span not in spans:
                spans.append(span)
        return Annotation(
            phrase=phrase,
            spans=tuple(spans),
            origin="llm",
            source=self.source,
            missing=tuple(sent.missing(lost) for lost in answer.missing),
            comment=comment,
        )

    def _whole_line(self, phrase: Phrase) -> Iterator[Span]:
        """As in the paper, a line of the diagnosis or of the reason for admission counts whole."""
        if phrase.section in WHOLE_LINES and phrase.text:
            label = self.schema.label_of(phrase.section, self.view) or phrase.section
            text = phrase.text
            yield Span(0, len(text), label, phrase.section, status="exact", text=text)
