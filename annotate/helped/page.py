"""What is known of the machine's help -> report.json and report.html, which hold no letter text."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

from annotate.helped.anchoring import Pull
from annotate.helped.curve import Point
from annotate.helped.edits import DEEDS, Round, Tally
from annotate.helped.estimate import Estimate
from annotate.helped.pace import RULE, Pace
from annotate.helped.plots import deeds, learning, times
from core.files import private_folder, write_json, write_text
from core.records import Json

FIELDS = 30  # fields drawn; the table has all of them
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>How much the machine helped</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
  color: #222 }}
h2 {{ margin: 2.2rem 0 .4rem; font-size: 1.15rem }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .8rem 0 }}
th, td {{ padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid #ddd }}
th:first-child {{ text-align: left; font-weight: normal }}
thead th {{ font-weight: 600 }}
p {{ max-width: 46rem }}
.note {{ color: #666; font-size: 13px }}
svg {{ max-width: 100%; height: auto }}
summary {{ cursor: pointer }}
</style>
<h1>How much the machine helped</h1>
<p>{head}</p>
{body}
"""


@dataclass(frozen=True, slots=True)
class Help:
    """All that the report tells."""

    phrases: int
    skipped: int
    people: int
    letters: int
    rounds: list[Round]
    pace: Pace
    pulls: list[Pull]
    curve: list[Point]


def write_report(told: Help, folder: Path) -> Path:
    """Writes both files; returns the page."""
    private_folder(folder)
    write_json(folder / "report.json", _json(told))
    write_text(folder / "report.html", page(told))
    return folder / "report.html"


def page(told: Help) -> str:
    head = (
        f"{told.phrases:,} phrases of {told.letters:,} letters, corrected by {told.people} "
        f"{'person' if told.people == 1 else 'people'}; {told.skipped:,} more were skipped. "
        "Intervals hold 95 of 100 drawings of the letters."
    )
    parts = [_rounds(told.rounds), _pace(told.pace), _pulls(told.pulls), _curve(told.curve)]
    return _PAGE.format(head=escape(head), body="\n".join(parts))


def _rounds(rounds: Sequence[Round]) -> str:
    title = "<h2>What became of the machine's spans</h2>"
    if not rounds:
        return f"{title}<p>No line says what stood on the screen when the person began.</p>"
    note = (
        "Kept, changed and deleted: shares of the spans shown. Added: share of the spans that "
        "stood there in the end. A round is a labeller, in the order in which people met them."
    )
    named = [(f"{number}. {one.source}", one) for number, one in enumerate(rounds, 1)]
    rows = [(name, [f"{one.phrases:,}", *_shares(one.whole)]) for name, one in named]
    head = ("round", "phrases", "shown", *DEEDS)
    parts = [title, deeds([(name, one.whole) for name, one in named]), _table(head, rows)]
    parts.append(f"<p class=note>{note}</p>")
    for name, one in named:
        fields = sorted(one.fields.items(), key=lambda pair: (-pair[1].shown, pair[0]))
        seen = [(field, tally) for field, tally in fields if tally.shown][:FIELDS]
        table = _table(("field", "shown", *DEEDS), [(f, _shares(tally)) for f, tally in fields])
        drawn = deeds(seen) if seen else ""
        parts.append(f"<h2>By field: {escape(name)}</h2>{drawn}")
        parts.append(f"<details><summary>all {len(fields)} as a table</summary>{table}</details>")
    return "\n".join(parts)


def _shares(tally: Tally) -> list[str]:
    return [f"{tally.shown:,}", *(_percent(tally.share(deed)) for deed in DEEDS)]


def _pace(pace: Pace) -> str:
    title = "<h2>Seconds for a phrase</h2>"
    helped, bare = map(len, pace.times)
    if not helped and not bare:
        return f"{title}<p>No line holds a time.</p>"
    rows = [
        ("with pre-labels", [f"{helped:,}", _estimate(pace.helped, "{:.1f}")]),
        ("without", [f"{bare:,}", _estimate(pace.bare, "{:.1f}")]),
        ("saved on a phrase", ["", _estimate(pace.saved, "{:+.1f}")]),
    ]
    said = f"{pace.pauses:,} times were left out: {RULE}."
    table = _table(("", "phrases", "median seconds"), rows)
    return f"{title}{times(pace)}{table}<p class=note>{escape(said)}</p>"


def _pulls(pulls: Sequence[Pull]) -> str:
    title = "<h2>Do pre-labels pull people towards them?</h2>"
    known = [one for one in pulls if one.pull]
    if not known:
        return (
            f"{title}<p>Not known: it takes phrases pushed without pre-labels, and what the "
            "labeller says of them (--labelled).</p>"
        )
    rows = [
        (
            one.source,
            [
                f"{one.phrases_helped:,}", _estimate(one.helped, "{:.3f}"),
                f"{one.phrases_bare:,}", _estimate(one.bare, "{:.3f}"),
                _estimate(one.pull, "{:+.3f}"),
            ],
        )
        for one in known
    ]  # fmt: skip
    head = ("labeller", "shown", "F1", "not shown", "F1", "pull")
    note = (
        "How far people agree with the labeller (F1, same start, end and label) on phrases where "
        "its labels stood on the screen, and on those pushed without. A pull whose interval lies "
        "above zero: people let stand, or overlook, what they would not have marked themselves."
    )
    return f"{title}{_table(head, rows)}<p class=note>{note}</p>"


def _curve(points: Sequence[Point]) -> str:
    title = "<h2>What more corrections bring</h2>"
    if not points:
        return f"{title}<p>Not measured (lettera report --curve trains a few models).</p>"
    note = f"Model: {escape(points[-1].model)}. "
    note += "All points are scored on the same letters and took equally many steps of training."
    return f"{title}{learning(points)}<p class=note>{note}</p>"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _estimate(found: Estimate | None, shape: str) -> str:
    if found is None:
        return "?"
    value, low, high = (shape.format(one) for one in (found.value, found.low, found.high))
    return f"{value} ({low} to {high})"


def _table(head: Iterable[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        f"<tr><th>{escape(name)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for name, cells in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _json(told: Help) -> Json:
    raw = asdict(told)
    raw["rounds"] = [
        {
            "source": one.source,
            "phrases": one.phrases,
            "letters": len(one.letters),
            "spans": dict(one.whole.deeds),
            "fields": {name: dict(tally.deeds) for name, tally in sorted(one.fields.items())},
        }
        for one in told.rounds
    ]
    del raw["pace"]["times"]
    return raw
