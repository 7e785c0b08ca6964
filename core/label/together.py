"""The language-model labeller: phrases, shielded, asked, read, aligned -> Annotations."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import chain, groupby, islice
from pathlib import Path
from secrets import token_bytes

from core.errors import BadInput, LLMError
from core.label import Labeller
from core.label.asking import Asking
from core.label.examples import Examples
from core.label.hosted.batch import Batched, run_batch
from core.label.hosted.budget import Budget
from core.label.hosted.estimate import Estimate, estimate
from core.label.hosted.jobs import Jobs
from core.label.hosted.ledger import Ledger
from core.label.hosted.limits import Limits
from core.label.hosted.models import price_list
from core.label.hosted.service import ADDRESS, Request, Service, Usage
from core.label.hosted.stream import ordered
from core.label.hosted.wire import normalised_address
from core.label.interview import Heard
from core.label.panel import Panel
from core.label.prepared import Preparation
from core.label.questions import Questioning
from core.label.sheets import Noted, Question, Sheet, Told, take
from core.label.shield.shield import is_loopback, needed
from core.label.verdict import Losses, Verdict
from core.records import Annotation, Phrase
from core.schema import Schema, View, default_schema

_POLL = 60  # pauses between two looks at a job of the batch API, which takes minutes to hours


class Together:
    """Asks a model at Together, or at any address that speaks its protocol.

    What leaves the machine is shielded unless the address is loopback or `how.shield` is "off".
    `identity` is a labeller whose identity spans are hidden besides what the shield finds itself,
    come back as spans whatever the model says, and whose other spans make the model's more or less
    sure. `finder`: a labeller whose spans are all that the format `hybrid` asks about. `pool` are
    corrected phrases to pick examples from. With a `ledger` an answer once given is never asked for
    again. `prices`: the user's own price list, laid over ours.

    `usage` and `losses` count the last run; `notes` says what the service had to be asked without.
    """

    def __init__(
        self,
        view: View = "target",
        how: Asking | None = None,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        ledger: Path | None = None,
        identity: Labeller | None = None,
        finder: Labeller | None = None,
        pool: Sequence[Annotation] = (),
        schema: Schema | None = None,
        prices: Path | None = None,
    ) -> None:
        known = price_list(prices)
        self.how = how = how or Asking()
        self.address = base_url or ADDRESS
        self.model = how.model or known.default
        self.schema = schema or default_schema()
        self.view = view
        self.shielded = needed(how.shield, self.address)
        self.usage = Usage()
        self.losses = Losses()
        self.notes: tuple[str, ...] = ()
        self._key = (api_key or "").strip()
        self._ledger = ledger
        self._identity = identity
        self._finder = finder
        self._pool = pool
        self._examples: Examples | None = None
        self._price = known.models.get(self.model)
        if how.max_usd is not None or how.batch_api:
            self._price = known.price(self.model, prices)
        if how.batch_api and ledger is None:
            raise BadInput("the batch API needs a ledger to keep its answers in")
        self._budget = None if how.max_usd is None else Budget(how.max_usd)
        # Without a ledger nothing can be recognised on the next run: any secret will do.
        self._secret = token_bytes(32)
        self._panel = Panel(how, self.model, self.schema, view, finder.source if finder else None)
        self.source = f"together/{self.model}/{self._panel.recipe}"

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        """One annotation a phrase, in order, letter by letter as answers come.

        A phrase without a usable answer has a comment that begins with UNUSABLE. Raises LLMError
        on lasting faults, MoneySpent before more would be spent than allowed.
        """
        return (one for told in self.letters(_by_letter(phrases)) for one in told.annotations)

    def letters(self, letters: Iterable[Sequence[Phrase]]) -> Iterator[Told]:
        """`label`, letter by letter, each with what it lost and took; one may have no phrases."""
        if not self._key and not is_loopback(self.address):
            raise LLMError(
                "no key for Together: set TOGETHER_API_KEY, or label without it (--by rules;"
                " to extract, --by local)"
            )
        return self._labelled(letters)

    def estimate(self, phrases: Iterable[Phrase]) -> Estimate:
        """What labelling would take, by the requests it would send; nothing is asked."""
        with self._opened() as ledger:
            requests = self._requests(_by_letter(phrases), ledger)
            return estimate(requests, ledger, self._price, self.how.batch_api)

    def _labelled(self, letters: Iterable[Sequence[Phrase]]) -> Iterator[Told]:
        self.losses = Losses()
        verdict = Verdict(self.schema, self.view, self.source)
        with self._opened() as ledger:
            brought = Batched()
            if ledger and self.how.batch_api:
                letters = list(letters)
                brought = self._brought(letters, ledger)
            elif ledger and Jobs(ledger, normalised_address(self.address)).open():
                raise BadInput(
                    "answers of the batch API are paid for and still on their way;"
                    " fetch them with --batch-api, then run this again"
                )
            service = self._service(ledger)
            self.usage = service.usage
            self._count(brought)
            sheets: deque[Sheet] = deque()
            questions = self._questions(letters, verdict, sheets)
            # Processes are started while this one has no thread yet.
            questions = chain(list(islice(questions, 1)), questions)
            work = partial(self._hear, service)
            stream = ordered(questions, work, 2 * self.how.concurrency, service.close)
            with closing(stream):
                for question, heard, keys in stream:
                    take(question, heard, keys)
                    while sheets and not sheets[0].open:
                        yield self._told(sheets.popleft(), verdict, ledger)
            self.notes = service.notes
            for sheet in sheets:
                yield self._told(sheet, verdict, ledger)

    def _told(self, sheet: Sheet, verdict: Verdict, ledger: Ledger | None) -> Told:
        losses = Losses()
        annotations = [verdict.annotation(line, losses) for line in sheet.lines]
        self.losses.add(losses)
        paid = ledger.paid(sheet.keys) if ledger else None
        return Told(tuple(annotations), losses, sheet.asked, sheet.failed, paid)

    def _brought(self, letters: Iterable[Sequence[Phrase]], ledger: Ledger) -> Batched:
        """Brings the answers into the ledger by the batch API; what it leaves is asked as usual."""
        return asyncio.run(
            run_batch(
                self._requests(letters, ledger),
                self.address,
                self._key or "none",
                ledger,
                price=self._price,
                budget=self._budget,
                timeout=self.how.timeout,
                attempts=self.how.attempts,
                pause=self.how.pause,
                poll=_POLL * self.how.pause,
            )
        )

    def _count(self, brought: Batched) -> None:
        self.usage.calls += brought.answered
        self.usage.tokens_in += brought.tokens_in
        self.usage.tokens_out += brought.tokens_out
        self.usage.usd += brought.usd

    async def _hear(
        self, service: Service, question: Question
    ) -> tuple[Question, list[Heard], set[str]]:
        noted = Noted(service)
        heard = await self._panel.interviews[question.voter].hear(noted, question.asked)
        return question, heard, noted.keys

    def _questions(
        self, letters: Iterable[Sequence[Phrase]], verdict: Verdict, sheets: deque[Sheet]
    ) -> Iterator[Question]:
        """The questions about each letter, once its sheet stands in `sheets`."""
        secret = self._secret if self.shielded else None
        voters = len(self._panel.interviews)
        preparation = Preparation(
            verdict, self.schema, self._identity, self._finder, secret, voters
        )
        asking = Questioning(self.how, self._panel.interviews, verdict, self.schema, self._shown)
        for sheet, questions in asking.about(preparation.letters(letters)):
            sheets.append(sheet)
            yield from questions

    def _shown(self) -> Examples:
        """What examples are taken from, made when the first one is wanted."""
        if self._examples is None:
            secret = self._secret if self.shielded else None
            self._examples = Examples(self._pool, self.schema, self.view, secret, self._identity)
        return self._examples

    def _requests(
        self, letters: Iterable[Sequence[Phrase]], ledger: Ledger | None
    ) -> Iterator[Request]:
        """The requests that labelling would begin with."""
        verdict = Verdict(self.schema, self.view, self.source)
        return self._panel.requests(self._questions(letters, verdict, deque(maxlen=0)), ledger)

    @contextmanager
    def _opened(self) -> Iterator[Ledger | None]:
        """The ledger, whose secret the stand-ins are drawn from: the same question every time."""
        if self._ledger is None:
            yield None
            return
        with Ledger(self._ledger) as ledger:
            self._secret = ledger.secret()
            yield ledger

    def _service(self, ledger: Ledger | None) -> Service:
        return Service(
            self.address,
            self._key or "none",
            ledger,
            timeout=self.how.timeout,
            attempts=self.how.attempts,
            pause=self.how.pause,
            concurrency=self.how.concurrency,
            limits=Limits(
                self.how.rpm or (self._price.rpm if self._price else None),
                self.how.tpm or (self._price.tpm if self._price else None),
            ),
            budget=self._budget,
            price=self._price,
        )


def _by_letter(phrases: Iterable[Phrase]) -> Iterator[list[Phrase]]:
    return (list(group) for _, group in groupby(phrases, key=lambda phrase: phrase.letter))
