"""A tournament of labellers: scores, losses and money side by side, and the page of them."""

import json
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from core.errors import BadInput
from core.label.hosted.ledger import Call, Ledger
from core.label.hosted.reply import Reply
from core.label.hosted.service import Usage
from core.records import Annotation, Missing, Phrase, Span
from core.schema import default_schema
from core.tournament.compete import Entry, Result, compete
from core.tournament.report import efficient, table, write_report

SCHEMA = default_schema()
TEXT = "Assume Lasix 25 mg e bisoprololo."


def gold(letters: int = 4) -> list[Annotation]:
    found = []
    for number in range(letters):
        phrase = Phrase(f"l{number}:0.1", f"l{number}", 0, len(TEXT), TEXT)
        spans = (spanned("Lasix 25 mg", "lasix"), spanned("bisoprololo", "betabloc"))
        found.append(Annotation(phrase, spans, "human", "person/1"))
    return found


def spanned(quote: str, name: str) -> Span:
    start = TEXT.index(quote)
    return Span(start, start + len(quote), name, name, text=quote)


@dataclass
class Fixed:
    """Says the same of every phrase."""

    source: str
    spans: tuple[Span, ...]
    missing: tuple[Missing, ...] = ()
    comment: str | None = None
    usage: Usage = field(default_factory=Usage)

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        for phrase in phrases:
            yield Annotation(
                phrase, self.spans, "llm", self.source, missing=self.missing, comment=self.comment
            )


BOTH = (spanned("Lasix 25 mg", "lasix"), spanned("bisoprololo", "betabloc"))
DEAR = Fixed("together/big/iob.v1.it", BOTH, usage=Usage(4, 0, 4000, 400, 0.02))
CHEAP = Fixed(
    "together/small/iob.v1.it", (spanned("Lasix", "lasix"),), (Missing("x"),), "cut",
    Usage(4, 0, 4000, 400, 0.002),
)  # fmt: skip
FREE = Fixed("rules/1", BOTH[:1])


def competed(*labellers: Fixed, ledger: Path | None = None) -> list[Result]:
    entries = [Entry(labeller.source, labeller) for labeller in labellers]
    return compete(entries, gold(), SCHEMA, "field", ledger)


def test_the_best_comes_first_with_what_it_lost_and_cost() -> None:
    best, free, cheap = competed(CHEAP, DEAR, FREE)
    assert (best.name, free.name, cheap.name) == (DEAR.source, FREE.source, CHEAP.source)
    assert best.agreement.strict.value == 1.0
    assert free.agreement.strict.value == pytest.approx(2 / 3)
    assert (cheap.agreement.strict.value, cheap.agreement.partial.value) == (
        0.0,
        pytest.approx(1 / 3),
    )
    assert (cheap.unaligned, cheap.unanswered) == (0.5, 1.0)
    assert (best.unaligned, best.unanswered) == (0.0, 0.0)
    assert best.usd_a_thousand == pytest.approx(5.0)
    assert best.usd_a_right_span == pytest.approx(0.02 / 8)
    assert best.tokens_a_thousand == pytest.approx(1_100_000)
    assert (free.usd_a_thousand, cheap.usd_a_right_span) == (0.0, None)


def test_only_what_is_neither_dearer_nor_worse_is_efficient() -> None:
    results = competed(CHEAP, DEAR, FREE)
    assert [result.name for _, result in efficient(results)] == [FREE.source, DEAR.source]


def test_answers_of_the_ledger_count_at_what_they_cost(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Ledger(path) as ledger:
        for number in range(8):
            call = Call(f"q{number}", "big", "iob.v1.it", "ok", 0.1, usd=0.01)
            ledger.record(call, {f"q{number}": Reply("{}", "stop", 900, 100)})
    again = replace(DEAR, usage=Usage(0, 4))
    [result] = competed(again, ledger=path)
    assert result.cost.calls == 4
    assert (result.cost.tokens_in, result.cost.tokens_out) == (3600, 400)
    assert result.usd_a_thousand == pytest.approx(10.0)


def test_an_unknown_price_is_no_price_of_nothing() -> None:
    [result] = competed(replace(DEAR, usage=Usage(4, 0, 4000, 400, 0.0)))
    assert result.usd_a_thousand is None
    assert table([result])[1][-2:] == ("?", "?")
    assert efficient([result]) == []


def test_the_report_is_private_and_holds_no_word_of_a_letter(tmp_path: Path) -> None:
    results = competed(CHEAP, DEAR, FREE)
    page = write_report(results, "gold <1>.jsonl", tmp_path / "report")
    text = page.read_text()
    assert "gold &lt;1&gt;.jsonl" in text and "<svg" in text and "http-equiv" not in text
    assert "bisoprololo" not in text and "Lasix" not in text
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    told = json.loads((page.parent / "compare.json").read_text())
    assert [entry["name"] for entry in told["entries"]] == [r.name for r in results]


def test_gold_without_a_span_is_told() -> None:
    empty = [replace(annotation, spans=()) for annotation in gold()]
    with pytest.raises(BadInput, match="no span"):
        compete([Entry("x", FREE)], empty, SCHEMA, "field")
    skipped = [replace(annotation, skipped=True) for annotation in gold()]
    with pytest.raises(BadInput, match="no span"):
        compete([Entry("x", FREE)], skipped, SCHEMA, "field")
