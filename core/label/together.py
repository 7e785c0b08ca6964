"""The language-model labeller: phrases, shielded, asked, read, aligned -> Annotations."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import chain, groupby, islice
from pathlib import Path
from secrets import token_bytes

from core.errors import BadInput, LetteraError, LLMError
from core.label import Labeller
from core.label.asking import Asking
from core.label.examples import Examples
from core.label.formats import FORMATS, Asked, Example
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
from core.label.interview import Heard, Interview
from core.label.passages import LONGEST, Passage, line_by_line, run_together
from core.label.sheets import Noted, Question, Sheet, Told, take
from core.label.shield.shield import Shield, is_loopback, needed, unshielded
from core.label.verdict import Line, Losses, Verdict
from core.records import Annotation, Phrase
from core.schema import Schema, View, default_schema
from core.workers import in_processes

Lines = tuple[Sequence[Phrase], list[Line]]
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
        self._interviews = [
            Interview(
                FORMATS.get(voter.format)(self.schema, view, how.prompt_language),
                self.model,
                voter,
                how.logprobs,
            )
            for voter in how.voters
        ]
        if finder is None and any(interview.format.marked for interview in self._interviews):
            raise BadInput(
                "the format hybrid asks what a tagger found; use it as lettera extract --by hybrid"
            )
        self.source = f"together/{self.model}/{self._recipe()}"

    def _recipe(self) -> str:
        """What besides the model decides what is said: prompts, number of votes and examples."""
        prompts = dict.fromkeys(interview.format.prompt for interview in self._interviews)
        votes = len(self._interviews)
        more = [f"{votes}-votes"] if len(prompts) < votes else []
        more += [f"{self.how.examples}-examples"] if self.how.examples else []
        more += [self._finder.source] if self._finder else []
        return "+".join([*prompts, *more])

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
            prepared = self._prepared(letters, verdict)
            # Processes are started while this one has no thread yet.
            prepared = chain(list(islice(prepared, 1)), prepared)
            questions = self._questions(prepared, verdict, sheets)
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
        heard = await self._interviews[question.voter].hear(noted, question.asked)
        return question, heard, noted.keys

    def _prepared(self, letters: Iterable[Sequence[Phrase]], verdict: Verdict) -> Iterator[Lines]:
        """Each letter with its phrases as they are sent: rules and shield take the longest, and are
        worked on in processes beside each other where the labellers allow that.
        """
        asked = [one for one in (self._identity, self._finder) if one is not None]
        by_letter = all(getattr(one, "by_letter", False) for one in asked)
        work = partial(self._lines, verdict=verdict)
        with closing(in_processes(work, letters, None if by_letter else 1)) as done:
            for letter, lines in done:
                if isinstance(lines, LetteraError):
                    raise lines
                yield letter, lines

    def _questions(
        self, prepared: Iterable[Lines], verdict: Verdict, sheets: deque[Sheet]
    ) -> Iterator[Question]:
        """The questions about each letter, once its sheet stands in `sheets`."""
        for letter, lines in prepared:
            sheet = Sheet(lines)
            questions = [
                Question(sheet, voter, passages, asked)
                for voter in range(len(self._interviews))
                for passages, asked in self._asked(voter, letter, sheet.lines, verdict)
            ]
            sheet.open = len(questions)
            sheets.append(sheet)
            yield from questions

    def _lines(self, letter: Sequence[Phrase], verdict: Verdict) -> list[Line]:
        """A letter's phrases as they are sent: a name is hidden wherever it stands in it."""
        known = list(self._identity.label(letter)) if self._identity else None
        found = known if self._finder is self._identity else self._found(letter)
        if self.shielded:
            shield = Shield(letter, known or (), self.schema, self._secret)
            sent = [shield.hide(phrase) for phrase in letter]
        else:
            sent = [unshielded(phrase) for phrase in letter]
        voters = len(self._interviews)
        lines = [
            verdict.line(phrase, hidden, known[number] if known else None, voters)
            for number, (phrase, hidden) in enumerate(zip(letter, sent, strict=True))
        ]
        for line, seen in zip(lines, found or (), strict=found is not None):
            line.marks = verdict.marks(line, seen)
        return lines

    def _found(self, letter: Sequence[Phrase]) -> list[Annotation] | None:
        return list(self._finder.label(letter)) if self._finder else None

    def _asked(
        self, voter: int, letter: Sequence[Phrase], lines: Sequence[Line], verdict: Verdict
    ) -> Iterator[tuple[tuple[Passage, ...], tuple[Asked, ...]]]:
        """What a voter is asked about a letter, call by call."""
        form = self._interviews[voter].format
        texts = [line.sent.text for line in lines]
        worth = (lambda line: bool(line.marks)) if form.marked else verdict.worth_asking
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
        if self._examples is None:
            secret = self._secret if self.shielded else None
            self._examples = Examples(self._pool, self.schema, self.view, secret, self._identity)
        texts = [passage.text for passage in passages]
        return self._examples.for_texts(texts, letter[0].letter, self.how.examples)

    def _section(self, letter: Sequence[Phrase], passage: Passage) -> str | None:
        # A heading as somebody wrote it may hold a name; a section's field name cannot.
        sections = {letter[number].section for number, _, _ in passage.lines}
        section = sections.pop() if len(sections) == 1 else None
        return section if section in self.schema.fields else None

    def _requests(
        self, letters: Iterable[Sequence[Phrase]], ledger: Ledger | None
    ) -> Iterator[Request]:
        """The requests that labelling would begin with; of what shares a call only what is open."""
        verdict = Verdict(self.schema, self.view, self.source)
        prepared = self._prepared(letters, verdict)
        for question in self._questions(prepared, verdict, deque(maxlen=0)):
            interview = self._interviews[question.voter]
            single = [interview.request([asked]) for asked in question.asked]
            open_ = [ledger is None or ledger.find(request.key) is None for request in single]
            if sum(open_) > 1:
                yield from (r for r, is_open in zip(single, open_, strict=True) if not is_open)
                yield interview.request(
                    [a for a, o in zip(question.asked, open_, strict=True) if o]
                )
            else:
                yield from single

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
