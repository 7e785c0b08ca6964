"""A bench's result -> its JSON, a Markdown table, and one HTML page. No letter text in any."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from core.bench.recipe import Measure, Protocol
from core.bench.result import Result, Row
from core.files import private_folder, write_json, write_text
from core.learn.scoring.intervals import Interval

_NOTHING = "–"
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{name}: {title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 78rem; padding: 0 1rem;
  overflow-wrap: anywhere }}
h1 {{ font-size: 1.4rem; margin-bottom: .2rem }} h2 {{ font-size: 1.1rem; margin-top: 2rem }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
th, td {{ padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #8885;
  vertical-align: top }}
th {{ font-weight: 600; max-width: 11rem; overflow-wrap: normal }}
td {{ white-space: nowrap }}
th:first-child, td:first-child, td:nth-child(2), th:nth-child(2) {{ text-align: left }}
td:first-child {{ font-weight: 600 }}
li {{ max-width: 52rem }} code {{ font-size: .9em }} .quiet {{ opacity: .7 }}
</style>
<h1>{title}</h1>
<p class="quiet">{paper}</p>
<p>{data}</p>
{table}
<h2>What the way of measuring adds</h2>
<ul>{adds}</ul>
<h2>What differs from the paper</h2>
<ul>{differs}</ul>
{missing}
<h2>The data</h2>
<ul>{lots}</ul>
<p class="quiet">{closing}</p>
"""


def write_report(result: Result, folder: Path) -> Path:
    """Writes RECIPE.json, RECIPE.md and RECIPE.html; returns the last."""
    private_folder(folder)
    stem = result.recipe.name
    write_json(folder / f"{stem}.json", result.to_json())
    write_text(folder / f"{stem}.md", f"{markdown(result)}\n")
    page = folder / f"{stem}.html"
    write_text(page, _page(result))
    return page


def table(result: Result) -> list[tuple[str, ...]]:
    """The rows that ran as text, the head first; of a measure the paper's figure, then ours."""
    head = ("system", "protocol", "strict F1 (95 %)", "word F1 (95 %)", "O counted")
    own = tuple(f"{measure.text or measure.name}: paper / here" for measure in result.measures)
    rows = [_cells(row, result.measures) for row in result.rows if row.ran]
    return [(*head, *own, "minutes"), *rows]


def markdown(result: Result) -> str:
    """The table, and what did not run."""
    head, *rows = table(result)
    lines = [head, tuple("---" for _ in head), *rows]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join([text, *(f"Not run: {line}." for line in _missing(result))])


def _cells(row: Row, measures: Sequence[Measure]) -> tuple[str, ...]:
    own = tuple(_pair(row.paper.get(m.name), row.measures.get(m.name)) for m in measures)
    accuracy = _NOTHING if row.accuracy is None else f"{row.accuracy:.3f}"
    told = (row.system, row.protocol, _bounds(row.strict), _bounds(row.words), accuracy)
    return (*told, *own, f"{row.seconds / 60:.1f}")


def _pair(paper: float | None, ours: float | None) -> str:
    return " / ".join(_NOTHING if value is None else f"{value:.3f}" for value in (paper, ours))


def _bounds(found: Interval | None) -> str:
    return _NOTHING if found is None else f"{found.value:.3f} ({found.low:.3f}-{found.high:.3f})"


def _missing(result: Result) -> list[str]:
    """What did not run, those of one reason together, with the paper's figures."""
    by_reason: dict[str, list[str]] = {}
    for row in result.rows:
        if not row.ran:
            figures = ", ".join(f"{name} {value:.3f}" for name, value in row.paper.items())
            named = f"{row.system} (paper: {figures})" if figures else row.system
            by_reason.setdefault(row.reason, []).append(named)
    return [f"{', '.join(names)}: {reason}" for reason, names in by_reason.items()]


def adds(result: Result) -> Iterator[str]:
    """By how much a copy on both sides, O as a class, and a threshold picked on test make a score
    better, from what ran."""
    ran = [row for row in result.rows if row.ran]
    fair = {r.system: r for r in reversed(ran) if not result.protocol(r.protocol).leaks}
    for row in ran:
        before = fair.get(row.system)
        if result.protocol(row.protocol).leaks and before and before.strict and row.strict:
            yield (
                f"{row.system}: strict F1 {before.strict.value:.3f} {before.protocol}, "
                f"{row.strict.value:.3f} {row.protocol}: {row.leaks.get('letters copied', 0)} "
                "letters held out have their copy on another side"
            )
    for row in fair.values():
        if row.strict and row.words and row.accuracy is not None:
            yield (
                f"{row.system}: the same answers are {row.strict.value:.3f} over spans, "
                f"{row.words.value:.3f} over words, {row.accuracy:.3f} with O counted as a class"
            )
    told = result.recipe.measures
    pairs = [
        (own, best) for best in told for own in told
        if best.on_test and own == replace(best, on_test=False, name=own.name, text=own.text)
    ]  # fmt: skip
    for other, best in pairs:
        for row in (row for row in ran if best.name in row.measures):
            yield (
                f"{row.system}: {other.text or other.name} {row.measures[other.name]:.3f}, "
                f"with the threshold picked on test {row.measures[best.name]:.3f}"
            )


def _page(result: Result) -> str:
    head, *rows = table(result)
    recipe = result.recipe
    missing = _items(_missing(result))
    return _PAGE.format(
        name=escape(recipe.name),
        title=escape(recipe.title),
        paper=escape(recipe.paper),
        data=escape(f"{recipe.data.source}. Licence: {recipe.data.licence}."),
        table=_html(head, rows) if rows else "<p>No system ran.</p>",
        adds=_items(adds(result)) or "<li>Nothing ran that could show it.</li>",
        differs=_items([*recipe.differs, *_notes(result)]),
        missing=f"<h2>Not run</h2><ul>{missing}</ul>" if missing else "",
        lots=_items(_lots(result)),
        closing=escape(_closing(result)),
    )


def _notes(result: Result) -> list[str]:
    """What this very run did otherwise, and what the recipe notes of its systems."""
    notes = [f"{row.system}: {row.note}" for row in result.rows if row.note]
    notes += [f"{p.name}: {p.says}" for p in _protocols(result) if p.says]
    if result.limit:
        notes.append(f"Only the first {result.limit} letters of each part were taken.")
    if result.overrides:
        told = ", ".join(f"{name} = {value}" for name, value in result.overrides.items())
        notes.append(f"Options of this run in place of the recipe's: {told}.")
    return list(dict.fromkeys(notes))


def _protocols(result: Result) -> list[Protocol]:
    """Those that a row ran under."""
    names = {row.protocol for row in result.rows if row.ran}
    return [protocol for protocol in result.recipe.protocols if protocol.name in names]


def _lots(result: Result) -> list[str]:
    told = {}
    for row in result.rows:
        if row.ran:
            sizes = ", ".join(f"{count} {side}" for side, count in row.lots.items())
            told[row.protocol] = (
                f"{row.protocol}: letters: {sizes}; {row.phrases:,} phrases and {row.spans:,} "
                f"spans scored; {row.leaks.get('phrases repeated', 0):,} of "
                f"{row.leaks.get('phrases', 0):,} held-out phrases are also learned from"
            )
    return [*told.values(), *result.left_out]


def _closing(result: Result) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in result.versions.items())
    return (
        "Strict: same start, end and label. Word F1: labels of words without B and I, O no class. "
        "O counted: the same with O as a class, micro. Intervals: 1,000 drawings of the letters. "
        f"Seed {result.seed}, {result.date}; {versions}."
    )


def _html(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _items(lines: Iterator[str] | Sequence[str]) -> str:
    return "".join(f"<li>{escape(line)}</li>" for line in lines)
