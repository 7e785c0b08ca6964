"""Ledgers under test: questions, their answers, and processes that share one."""

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from core.label.hosted.ledger import Call
from core.label.hosted.models import Model, PriceList
from core.label.hosted.service import Request
from tests.loopback.together import Json, Said
from tests.places import ROOT

PRICES = PriceList("", "2026-10-07", {"some/model": Model("some/model", None, 1.0, 1.0, 0.5)})


def call(request: str = "r", outcome: str = "ok", **more: object) -> Call:
    return Call(request, "some/model", "iob.v1", outcome, 0.5, **more)  # type: ignore[arg-type]


def question(number: int) -> Request:
    messages = ({"role": "user", "content": f"frase {number}"},)
    return Request("some/model", "iob.v1.it", messages, 100, None)


def number_of(body: Json) -> int:
    return int(body["messages"][-1]["content"].removeprefix("frase "))


def answer(body: Json) -> Said:
    return Said(f"risposta {number_of(body)}", delay=random.uniform(0.005, 0.03))


@contextmanager
def process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A process that has said its first line; killed at the end."""
    child = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def first_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout
    return child.stdout.readline().strip()


def wait_until(true: Callable[[], bool]) -> None:
    """A signal takes a moment to arrive."""
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)


def sound(path: Path) -> bool:
    db = sqlite3.connect(path)
    try:
        return bool(db.execute("PRAGMA integrity_check").fetchone() == ("ok",))
    finally:
        db.close()
