"""The budget: never passed, whatever is in flight; and it stops in one sentence."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LLMError, MoneySpent
from core.label.hosted.budget import Budget, bound
from core.label.hosted.models import Model

AMOUNTS = st.floats(0.0, 2.0, allow_nan=False)
QUESTIONS = st.lists(st.tuples(AMOUNTS, st.floats(0.0, 1.0)), max_size=120)


@settings(deadline=None)
@given(st.floats(0.0, 10.0), QUESTIONS, st.randoms(use_true_random=False))
def test_it_is_never_passed_with_64_in_flight_and_nothing_that_fits_waits_for_ever(
    usd: float, questions: list[tuple[float, float]], chance: random.Random
) -> None:
    budget = Budget(usd)
    in_flight: list[float] = []
    refused: list[float] = []

    async def ask(most: float, part: float) -> None:
        try:
            await budget.reserve(most)
        except MoneySpent:
            refused.append(most)
            return
        in_flight.append(most)
        assert len(in_flight) <= 64
        assert budget.spent + sum(in_flight) <= usd + 1e-9
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        in_flight.remove(most)
        budget.settle(most, most * part)
        assert budget.spent <= usd + 1e-9

    async def run() -> None:
        gate = asyncio.Semaphore(64)

        async def gated(most: float, part: float) -> None:
            async with gate:
                await ask(most, part)

        await asyncio.wait_for(asyncio.gather(*(gated(*question) for question in questions)), 30)

    asyncio.run(run())
    assert budget.room == pytest.approx(usd - budget.spent, abs=1e-9)
    if refused:
        assert max(refused) + budget.spent > usd - 1e-9
    else:
        assert budget.spent == pytest.approx(sum(most * part for most, part in questions))


def test_a_sum_of_tenths_reaches_its_limit_and_does_not_pass_it() -> None:
    async def run() -> None:
        budget = Budget(0.3)
        for _ in range(3):
            await budget.reserve(0.1)
        assert budget.room == 0.0
        for _ in range(3):
            budget.settle(0.1, 0.1)
        with pytest.raises(MoneySpent):
            await budget.reserve(0.000001)

    asyncio.run(run())


def test_what_cannot_fit_waits_for_what_is_in_flight_and_only_then_stops() -> None:
    async def run() -> None:
        budget = Budget(1.0)
        await budget.reserve(0.8)
        second = asyncio.create_task(budget.reserve(0.5))
        small = asyncio.create_task(budget.reserve(0.1))
        await asyncio.sleep(0)
        assert not second.done() and not small.done()  # a small one does not overtake
        budget.settle(0.8, 0.2)
        await asyncio.gather(second, small)
        budget.settle(0.5, 0.5)
        third = asyncio.create_task(budget.reserve(0.5))
        await asyncio.sleep(0)
        budget.settle(0.1, 0.1)
        said = r"stopped before passing 1\.00 US dollars \(0\.8000 spent\); .* a higher --max-usd"
        with pytest.raises(MoneySpent, match=said):
            await third
        with pytest.raises(LLMError, match="stopped"):
            await budget.reserve(0.0)

    asyncio.run(run())


def test_who_is_called_off_while_waiting_holds_nothing() -> None:
    async def run() -> None:
        budget = Budget(1.0)
        await budget.reserve(1.0)
        waiting = [asyncio.create_task(budget.reserve(1.0)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        budget.settle(1.0, 0.0)
        waiting[1].cancel()  # its turn came, and it never heard of it
        await asyncio.wait_for(waiting[2], 5)
        assert budget.room == 0.0
        budget.settle(1.0, 0.25)
        assert budget.room == 0.75

    asyncio.run(run())


@given(st.lists(st.text(max_size=300), max_size=5), st.integers(0, 10_000))
def test_the_bound_covers_every_two_bytes_and_all_the_room(texts: list[str], room: int) -> None:
    price = Model("m", None, 2.0, 3.0)
    messages = [{"role": "user", "content": text} for text in texts]
    least = price.usd(sum(len(text.encode()) for text in texts) // 2, room)
    assert bound(messages, room, price) >= least
