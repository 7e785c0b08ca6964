"""The account of a ledger: what was asked, how it went, what it cost; and all of it as a file."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from math import ceil
from pathlib import Path
from typing import Any

from core.files import replacing
from core.label.hosted.ledger import Ledger
from core.label.hosted.models import PriceList
from core.label.hosted.reply import unpacked

_TABLES = {
    "call": (
        "SELECT id, request, model, prompt, outcome, attempt, questions, characters, tokens_in,"
        " tokens_out, usd, batch, seconds, datetime(at, 'unixepoch') FROM calls ORDER BY id",
        ("id request model prompt outcome attempt questions characters tokens_in tokens_out usd"
         " batch seconds at").split(),
    ),
    "answer": (
        "SELECT request, call, text, finish, logprobs, datetime(at, 'unixepoch') FROM answers"
        " ORDER BY call, request",
        "request call text finish logprobs at".split(),
    ),
}  # fmt: skip
_HEADS = (
    "model", "prompt", "calls", "answers", "faults", "tokens in", "tokens out", "US $",
    "median s", "p95 s", "first", "last",
)  # fmt: skip
_LINES = """
SELECT model, prompt, count(*), sum(outcome <> 'ok'),
    coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0), total(usd),
    coalesce(sum(tokens_in) FILTER (WHERE usd IS NULL AND NOT batch), 0),
    coalesce(sum(tokens_out) FILTER (WHERE usd IS NULL AND NOT batch), 0),
    coalesce(sum(tokens_in) FILTER (WHERE usd IS NULL AND batch), 0),
    coalesce(sum(tokens_out) FILTER (WHERE usd IS NULL AND batch), 0),
    date(min(at), 'unixepoch'), date(max(at), 'unixepoch')
FROM calls GROUP BY model, prompt ORDER BY model, prompt
"""
_ANSWERS = """
SELECT model, prompt, count(*) FROM answers JOIN calls ON calls.id = answers.call
GROUP BY model, prompt
"""
_SECONDS = """
SELECT seconds FROM calls WHERE model = ? AND prompt = ? AND outcome = 'ok' AND NOT batch
ORDER BY seconds
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One model asked with one prompt.

    `calls`: attempts, of which `faults` brought no answer. `usd`: by the price on the day of the
    call, or by today's list where none was known then; None where neither knows. Latencies are
    those of answered calls, in seconds, None where all went through the batch API. Days are in UTC.
    """

    model: str
    prompt: str
    calls: int
    answers: int
    faults: int
    tokens_in: int
    tokens_out: int
    usd: float | None
    median: float | None
    p95: float | None
    first: str
    last: str


def account(ledger: Ledger, prices: PriceList) -> list[Line]:
    """One line a model and prompt, by name."""
    answers = {(model, prompt): count for model, prompt, count in ledger.rows(_ANSWERS)}
    lines = []
    for (
        model,
        prompt,
        calls,
        faults,
        tokens_in,
        tokens_out,
        usd,
        *unpriced,
        first,
        last,
    ) in ledger.rows(_LINES):
        seconds = [value for (value,) in ledger.rows(_SECONDS, (model, prompt))]
        lines.append(
            Line(
                model,
                prompt,
                calls,
                answers.get((model, prompt), 0),
                faults,
                tokens_in,
                tokens_out,
                _money(prices, model, usd, unpriced),
                _part(seconds, 0.5),
                _part(seconds, 0.95),
                first,
                last,
            )
        )
    return lines


def table(lines: Sequence[Line]) -> str:
    """The account for a terminal, in columns, with the sum below where there is more than one."""
    shown = [_HEADS, *(tuple(map(_cell, astuple(line))) for line in lines)]
    if len(lines) > 1:
        shown.append(tuple(map(_cell, astuple(_sum(lines)))))
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "\n".join("  ".join(_set(row, widths)).rstrip() for row in shown)


def export(ledger: Ledger, path: Path) -> int:
    """Writes every call and every answer as JSON Lines, mode 0600; the number of lines.

    The answers speak of patients' letters (shielded ones, unless the shield was off): the file is
    to be kept as the letters are. The secret of the surrogates is not in it, nor any map of them.
    """
    count = 0
    with replacing(path) as file:
        for kind, row in _records(ledger):
            line = json.dumps({"kind": kind, **row}, ensure_ascii=False, allow_nan=False)
            file.write(line.encode() + b"\n")
            count += 1
    return count


def _records(ledger: Ledger) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, (query, names) in _TABLES.items():
        for values in ledger.rows(query):
            row = dict(zip(names, values, strict=True))
            if row.get("logprobs"):
                row["logprobs"] = unpacked(row["logprobs"], row["text"])
            if "batch" in row:
                row["batch"] = bool(row["batch"])
            yield kind, row


def _money(prices: PriceList, model: str, known: float, unpriced: Sequence[int]) -> float | None:
    if not any(unpriced):
        return known
    if (price := prices.models.get(model)) is None:
        return None
    asked_in, asked_out, batch_in, batch_out = unpriced
    return known + price.usd(asked_in, asked_out) + price.usd(batch_in, batch_out, batch=True)


def _part(ordered: Sequence[float], part: float) -> float | None:
    """The value that so large a part of all does not pass."""
    return ordered[ceil(len(ordered) * part) - 1] if ordered else None


def _sum(lines: Sequence[Line]) -> Line:
    known = [line.usd for line in lines if line.usd is not None]
    return Line(
        model="all",
        prompt="",
        calls=sum(line.calls for line in lines),
        answers=sum(line.answers for line in lines),
        faults=sum(line.faults for line in lines),
        tokens_in=sum(line.tokens_in for line in lines),
        tokens_out=sum(line.tokens_out for line in lines),
        usd=sum(known) if len(known) == len(lines) else None,
        median=None,
        p95=None,
        first=min(line.first for line in lines),
        last=max(line.last for line in lines),
    )


def _cell(value: str | float | None) -> str:
    match value:
        case None:
            return "?"
        case float():
            return f"{value:.4f}" if value < 1 else f"{value:.2f}"
        case int():
            return f"{value:,}"
    return value


def _set(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Names to the left, numbers to the right."""
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.ljust(width) if number < 2 else cell.rjust(width)
