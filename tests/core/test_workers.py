"""Work in processes beside each other: in order, faults in their place, a death costs one item."""

import os
import signal
import subprocess
import sys
import time

import pytest

from core.errors import BadInput
from core.workers import Died, in_processes


def tried(number: int) -> int:
    if number == 5:
        raise BadInput("five")
    if number in (11, 12):
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


@pytest.mark.parametrize("processes", [2, 3])
def test_results_in_order_and_a_killed_process_costs_its_item(processes: int) -> None:
    done = list(in_processes(tried, range(30), processes))
    assert [item for item, _ in done] == list(range(30))
    faults = {item: type(said) for item, said in done if isinstance(said, Exception)}
    assert faults == {5: BadInput, 11: Died, 12: Died}
    assert all(said == item * item for item, said in done if item not in faults)


def test_few_items_are_worked_on_here() -> None:
    assert {said for _, said in in_processes(lambda _: os.getpid(), range(4), 2)} == {os.getpid()}


def test_another_exception_is_ours_and_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(in_processes(lambda number: 1 // (number - 9), range(30), 2))


def test_no_more_is_taken_than_is_worked_on() -> None:
    items = iter(range(1_000_000))
    made = in_processes(lambda number: number, items, 2)
    assert [next(made)[0] for _ in range(10)] == list(range(10)) and next(items) < 50
    made.close()


ENDLESS = r"""
import os, time
from core.workers import in_processes
def work(number):
    os.write(1, b"%d\n" % os.getpid())
    time.sleep(0.1)
for _ in in_processes(work, range(10**6), 2):
    pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_processes_end_with_the_one_that_started_them(how: signal.Signals) -> None:
    command = [sys.executable, "-c", ENDLESS]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as parent:  # type: ignore[call-overload]
        workers = {int(parent.stdout.readline()) for _ in range(6)}
        parent.send_signal(how)
        assert parent.wait(60) != 0
    until = time.monotonic() + 60
    while any(alive(one) for one in workers) and time.monotonic() < until:
        time.sleep(0.1)
    assert workers and not any(alive(one) for one in workers)


def alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().split()[2] != "Z"
    except OSError:
        return False
