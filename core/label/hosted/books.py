"""What attempts cost and bring: money set aside before, a row of the ledger and a count after."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.label.hosted.budget import Budget, bound
from core.label.hosted.ledger import Call, Ledger
from core.label.hosted.models import Model
from core.label.hosted.reply import Reply
from core.label.hosted.request import Request, Usage
from core.label.hosted.wire import Passing, Rejected, TooLong

_CHARACTERS_A_TOKEN = 4
_NOTHING = Reply("", "")


@dataclass(frozen=True, slots=True)
class Attempt:
    """The how-manieth of a request that asks so many questions; `rung` of what is left out."""

    request: Request
    number: int
    questions: int
    rung: int


@dataclass(frozen=True, slots=True)
class Answered:
    """How an attempt ended: after how long, at what price, and how many tokens were expected."""

    seconds: float
    usd: float | None
    reply: Reply = _NOTHING
    expected: float = 0.0


class Books:
    """Of one run. Without a ledger nothing is kept, without a budget nothing is set aside."""

    def __init__(self, ledger: Ledger | None, budget: Budget | None, price: Model | None) -> None:
        self.usage = Usage()
        self._ledger = ledger
        self._budget = budget
        self._price = price

    def expected(self, request: Request) -> float:
        """The tokens a request will take, by what the answers so far took."""
        usage = self.usage
        answer = usage.tokens_out / usage.calls if usage.calls else request.max_tokens
        return request.characters / _CHARACTERS_A_TOKEN + answer

    async def set_aside(self, request: Request) -> float:
        """The most that a request can cost, from now on for nothing else. Raises MoneySpent."""
        most = bound(request.messages, request.max_tokens, self._price) if self._price else 0.0
        if self._budget:
            await self._budget.reserve(most)
        return most

    def settle(self, most: float, spent: float) -> None:
        """What was set aside is spent so far, and free for the rest."""
        if self._budget:
            self._budget.settle(most, spent)

    def paid(self, most: float, reply: Reply) -> float | None:
        """What a reply cost; None where that is not known, and all that was set aside is gone."""
        usd = None
        if self._price and reply.tokens_in is not None and reply.tokens_out is not None:
            usd = self._price.usd(reply.tokens_in, reply.tokens_out)
        self.settle(most, most if usd is None else usd)
        return usd

    def write_off(
        self, attempt: Attempt, fault: BaseException, most: float, seconds: float
    ) -> None:
        """Books an attempt without an answer; it may have cost all that it could."""
        outcome, paid = "broken off", True
        if isinstance(fault, Passing):
            outcome, paid = fault.what, fault.paid
        elif isinstance(fault, Rejected):
            outcome, paid = f"refused ({fault.status})", False
        elif isinstance(fault, TooLong):
            outcome = "too long"
        self.settle(most, most if paid else 0.0)
        self._record(attempt, outcome, Answered(seconds, None if paid else 0.0), {})

    def book(self, attempt: Attempt, answered: Answered, replies: Mapping[str, Reply]) -> None:
        """Keeps what an attempt brought; on return it is in the ledger."""
        self._record(attempt, "ok", answered, replies)
        reply = answered.reply
        self.usage.calls += 1
        self.usage.tokens_in += reply.tokens_in or 0
        self.usage.tokens_out += reply.tokens_out or 0
        self.usage.usd += answered.usd or 0.0

    def _record(
        self, attempt: Attempt, outcome: str, answered: Answered, replies: Mapping[str, Reply]
    ) -> None:
        if not self._ledger:
            return
        request = attempt.request
        call = Call(
            request.key,
            request.model,
            request.prompt,
            outcome,
            answered.seconds,
            attempt=attempt.number,
            questions=attempt.questions,
            usd=answered.usd,
            characters=request.characters,
            tokens_in=answered.reply.tokens_in,
            tokens_out=answered.reply.tokens_out,
        )
        self._ledger.record(call, replies)
