"""Results of a tournament -> compare.json, and a page with a table and F1 drawn against money."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from html import escape
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from core.files import private_folder, write_json, write_text
from core.learn.scoring.figure import svg
from core.learn.scoring.intervals import Interval
from core.tournament.compete import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEAD = (
    "labeller", "strict F1", "95 %", "partial F1", "95 %", "not found", "no answer",
    "tokens / 1,000", "$ / 1,000", "$ / right span",
)  # fmt: skip
_BLUE, _ORANGE, _GREY = "#4C78A8", "#F58518", "#BFC5CC"
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Labellers compared</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem;
  color: #222 }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }}
th, td {{ padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #ddd }}
td {{ white-space: nowrap }}
th:first-child {{ text-align: left; font-weight: normal; white-space: normal }}
thead th {{ font-weight: 600; white-space: normal; vertical-align: bottom }}
tr.best th {{ font-weight: 600 }}
svg {{ width: 100%; height: auto; margin-top: 1rem }}
</style>
<h1>Labellers compared</h1>
<p>{phrases:,} phrases of {letters:,} letters; gold: {gold}</p>
<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>
<p>In bold: no other labeller here is both cheaper and better. Strict: same start, end and label.
Partial (SemEval-2013): the label does not matter, an overlap counts one half. The intervals come
from 1,000 drawings of the letters. Not found: quotes of a model that stand nowhere in their phrase.
No answer: phrases without a whole answer. Money at the list price of models.toml; answers found in
the ledger count at what such answers cost when they were paid.</p>
{drawing}
"""


def write_report(results: Sequence[Result], gold: str, folder: Path) -> Path:
    """Writes compare.json and compare.html (table, drawing; no letter text); returns the latter."""
    private_folder(folder)
    told = {"gold": gold, "entries": [asdict(result) for result in results]}
    write_json(folder / "compare.json", told)
    write_text(folder / "compare.html", _page(results, gold))
    return folder / "compare.html"


def table(results: Iterable[Result]) -> list[tuple[str, ...]]:
    """The results as rows of text, the head first."""
    return [HEAD, *map(_row, results)]


def _row(result: Result) -> tuple[str, ...]:
    strict, partial = result.agreement.strict, result.agreement.partial
    return (
        result.name,
        f"{strict.value:.3f}",
        _bounds(strict),
        f"{partial.value:.3f}",
        _bounds(partial),
        f"{result.unaligned:.1%}",
        f"{result.unanswered:.1%}",
        f"{result.tokens_a_thousand:,.0f}",
        _dollars(result.usd_a_thousand, 2),
        _dollars(result.usd_a_right_span, 5),
    )


def _bounds(interval: Interval) -> str:
    return f"{interval.low:.3f}-{interval.high:.3f}"


def _dollars(amount: float | None, digits: int) -> str:
    return "?" if amount is None else f"{amount:.{digits}f}"


def efficient(results: Sequence[Result]) -> list[tuple[float, Result]]:
    """Those that no other beats in both F1 and money (the Pareto front), the cheapest first.

    Each with its dollars for a thousand phrases; a labeller without a price is never among them.
    """
    front: list[tuple[float, Result]] = []
    best = -1.0
    for money, result in sorted(_priced(results), key=lambda p: (p[0], -_f1(p[1]))):
        if _f1(result) > best:
            front.append((money, result))
            best = _f1(result)
    return front


def _priced(results: Sequence[Result]) -> list[tuple[float, Result]]:
    return [(money, r) for r in results if (money := r.usd_a_thousand) is not None]


def _f1(result: Result) -> float:
    return result.agreement.strict.value


def drawing(results: Sequence[Result]) -> str:
    """F1 against money as an SVG drawing; the efficient ones are joined by a line."""
    return svg(lambda axes: _draw(axes, results))


def _draw(axes: "Axes", results: Sequence[Result]) -> None:
    front = efficient(results)
    axes.plot([m for m, _ in front], [_f1(r) for _, r in front], color=_ORANGE, linewidth=1)
    for place, (money, result) in enumerate(sorted(_priced(results), key=itemgetter(0))):
        strict = result.agreement.strict
        axes.vlines(money, strict.low, strict.high, color=_GREY, zorder=0)
        axes.plot(money, strict.value, "o", color=_ORANGE if (money, result) in front else _BLUE)
        # Neighbours that cost about the same keep their names apart: one above, the next below.
        axes.annotate(
            result.name, (money, strict.value), xytext=(6, -12 if place % 2 else 5),
            textcoords="offset points", fontsize=8,
        )  # fmt: skip
    axes.set_xlabel("US dollars for 1,000 phrases")
    axes.set_ylabel("strict F1")
    axes.set_ylim(-0.03, 1.05)
    dearest = max((money for money, _ in _priced(results)), default=0.0) or 1.0
    axes.set_xlim(-dearest / 20, dearest * 1.4)


def _page(results: Sequence[Result], gold: str) -> str:
    head, *rows = table(results)
    best = {result.name for _, result in efficient(results)}
    return _PAGE.format(
        gold=escape(gold),
        phrases=results[0].phrases,
        letters=results[0].agreement.letters,
        head="".join(f"<th>{escape(name)}</th>" for name in head),
        rows="".join(_html(row, row[0] in best) for row in rows),
        drawing=drawing(results),
    )


def _html(row: Sequence[str], efficient: bool) -> str:
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
    return f"<tr{' class=best' if efficient else ''}><th>{escape(row[0])}</th>{cells}</tr>"
