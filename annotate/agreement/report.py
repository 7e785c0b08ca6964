"""The agreement of people as tables, two heat maps, and a page with the phrases they dispute.

The page quotes letters: it is readable by its owner alone and never published. The numbers and the
drawings hold no letter text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from annotate.agreement.agreement import Agreement, Field, Pair
from annotate.agreement.versions import Shared
from annotate.screen.config import TARGET_COLOUR
from core.files import private_folder, write_json, write_text
from core.learn.scoring.figure import svg
from core.learn.scoring.intervals import Interval
from core.records import Annotation, Span
from core.schema import default_schema

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = tuple[str, ...]
PAIRS = (
    "people", "phrases", "exact F1", "95 %", "overlap F1", "95 %", "word kappa", "95 %",
    "state kappa", "same value",
)  # fmt: skip
FIELDS = ("label", "spans", "alpha", "95 %", "exact F1", "95 %")
SHOWN = 200  # phrases on the page: nobody reads more, and adjudication takes them all
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Agreement of annotators</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  color: #222 }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0 }}
th, td {{ padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #ddd }}
th:first-child {{ text-align: left; font-weight: normal }}
thead th {{ font-weight: 600; vertical-align: bottom }}
svg {{ max-width: 100%; height: auto }}
section {{ border-top: 1px solid #ddd; padding: .8rem 0 }}
section h3 {{ font-size: 13px; font-weight: normal; color: #666; margin: 0 0 .3rem }}
section p {{ margin: .2rem 0; line-height: 2.1; white-space: pre-wrap }}
section b {{ display: inline-block; min-width: 6rem; font-weight: 600; font-size: 13px }}
mark {{ padding: .1rem 0; color: inherit; border-bottom: 2px solid }}
sub {{ font-size: 11px; padding: 0 .15rem; font-weight: 600 }}
</style>
<h1>Agreement of annotators</h1>
<p>{phrases:,} phrases of {letters:,} letters, each seen by two or more of {people} people.
Over all pairs: exact F1 {exact}, overlap F1 {overlap}; Krippendorff's alpha {alpha}.</p>
<h2>Two by two</h2>{pairs}
<p>Exact: same start, end and label. Overlap: same label, a character in common. Kappa (Cohen) and
alpha (Krippendorff, nominal) compare words, 'no label' being one of the labels: the many words
that nobody marks make them high, so go by F1 first. A phrase that a person did not see counts as
missing, not as empty. State and value are compared on spans that both marked alike. A dash: nobody
marked anything, or nothing varies. The intervals come from 1,000 drawings of the letters.</p>
<p>Exact F1, two by two:</p>{people_map}
<h2>Label by label, the least agreed first</h2>{fields}
<p>Exact F1 of each person against all the others:</p>{fields_map}
<h2>The phrases in dispute: {shown} of {disputed:,}</h2>
{examples}
"""


def pairs_table(agreement: Agreement) -> list[Row]:
    """Two people a row, the head first."""
    return [PAIRS, *map(_pair, agreement.pairs)]


def fields_table(agreement: Agreement) -> list[Row]:
    """A label a row, the head first, then the least agreed."""
    return [FIELDS, *map(_field, least_agreed(agreement.fields))]


def least_agreed(fields: Iterable[Field]) -> list[Field]:
    """Fields by alpha, lowest first; those that nobody can compare come last."""
    return sorted(fields, key=lambda f: (f.alpha is None, f.alpha.value if f.alpha else 0, f.label))


def write_report(agreement: Agreement, folder: Path) -> Path:
    """Writes agreement.html, the numbers (.json) and the heat maps (.svg); returns the page."""
    private_folder(folder)
    maps = {"people": _people_map(agreement), "fields": _fields_map(agreement)}
    for name, drawing in maps.items():
        write_text(folder / f"{name}.svg", drawing)
    write_json(folder / "agreement.json", _numbers(agreement))
    write_text(folder / "agreement.html", _page(agreement, maps))
    return folder / "agreement.html"


def _numbers(agreement: Agreement) -> dict[str, object]:
    """All but the words of the letters."""
    return {
        "people": agreement.people,
        "phrases": agreement.phrases,
        "letters": agreement.letters,
        **{
            name: interval and asdict(interval)
            for name, interval in (
                ("exact", agreement.exact),
                ("overlap", agreement.overlap),
                ("alpha", agreement.alpha),
            )
        },
        "pairs": [asdict(pair) for pair in agreement.pairs],
        "fields": [asdict(field) for field in agreement.fields],
        "disputed": {shared.phrase.id: shared.disputes for shared in agreement.disputed},
    }


def _pair(pair: Pair) -> Row:
    measures = (pair.exact, pair.overlap, pair.kappa)
    return (
        f"{_name(pair.one)}, {_name(pair.other)}",
        f"{pair.phrases:,}",
        *(cell for interval in measures for cell in _cells(interval)),
        _value(pair.state),
        _value(pair.value),
    )


def _field(field: Field) -> Row:
    return field.label, f"{field.spans:,}", *_cells(field.alpha), *_cells(field.exact)


def _cells(interval: Interval | None) -> Row:
    return _value(
        interval
    ), "" if interval is None else f"{interval.low:z.2f} to {interval.high:z.2f}"


def _value(interval: Interval | None) -> str:
    return "–" if interval is None else f"{interval.value:z.3f}"


def _name(person: str) -> str:
    return person.removeprefix("person/")


def _page(agreement: Agreement, maps: dict[str, str]) -> str:
    shown = agreement.disputed[:SHOWN]
    return _PAGE.format(
        phrases=agreement.phrases,
        letters=agreement.letters,
        people=len(agreement.people),
        exact=_value(agreement.exact),
        overlap=_value(agreement.overlap),
        alpha=_value(agreement.alpha),
        pairs=_table(pairs_table(agreement)),
        fields=_table(fields_table(agreement)),
        people_map=maps["people"],
        fields_map=maps["fields"],
        shown=f"the worst {len(shown):,}" if len(shown) < len(agreement.disputed) else "all",
        disputed=len(agreement.disputed),
        examples="".join(map(_example, shown)) or "<p>None.</p>",
    )


def _table(rows: Sequence[Row]) -> str:
    head, *body = rows
    told = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = (
        f"<tr><th>{escape(first)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in rest)}</tr>"
        for first, *rest in body
    )
    return f"<table><thead><tr>{told}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _example(shared: Shared) -> str:
    """One phrase with every version under the other."""
    where = f"{shared.phrase.id} · {shared.phrase.section or 'no section'}"
    lines = "".join(
        f"<p><b>{escape(who)}</b>{marked(version)}</p>" for who, version in shared.versions.items()
    )
    return f"<section><h3>{escape(where)} · {shared.disputes:.3g} in dispute</h3>{lines}</section>"


def marked(annotation: Annotation) -> str:
    """A phrase as HTML with its spans marked, and at the end of each what it is said to be."""
    text, spans = annotation.phrase.text, annotation.spans
    edges = sorted({0, len(text), *(at for span in spans for at in (span.start, span.end))})
    pieces = []
    for start, end in zip(edges, edges[1:], strict=False):
        inside = [span for span in spans if span.start <= start and end <= span.end]
        piece = escape(text[start:end])
        if inside:
            colour = _colour(inside[0].label)
            piece = f'<mark style="background:{colour}40;border-color:{colour}">{piece}</mark>'
        pieces.append(piece + "".join(_told(span) for span in spans if span.end == end))
    return "".join(pieces)


def _told(span: Span) -> str:
    meaning = [span.label, *([span.state] if span.state not in (None, "present") else [])]
    meaning += [f"= {span.value}"] if span.value not in (None, span.text) else []
    return f'<sub style="color:{_colour(span.label)}">{escape(" ".join(meaning))}</sub>'


def _colour(label: str) -> str:
    schema = default_schema()
    group = schema.fields[label].group if label in schema.fields else label
    return schema.groups[group].colour if group in schema.groups else TARGET_COLOUR


def _people_map(agreement: Agreement) -> str:
    """Exact F1, people by people."""
    found = {(pair.one, pair.other): pair.exact for pair in agreement.pairs}
    people = agreement.people
    cells = [
        [None if (i := found.get((a, b)) or found.get((b, a))) is None else i.value for b in people]
        for a in people
    ]
    names = [_name(who) for who in people]
    side = 1.6 + 0.55 * len(names)
    draw = partial(_draw, cells=cells, rows=names, columns=names)
    return svg(draw, side, side)


def _fields_map(agreement: Agreement) -> str:
    """Exact F1 of each person against all others, label by label, the least agreed on top."""
    fields = least_agreed(agreement.fields)
    cells = [[field.people[who] for who in agreement.people] for field in fields]
    names = [_name(who) for who in agreement.people]
    draw = partial(_draw, cells=cells, rows=[field.label for field in fields], columns=names)
    return svg(draw, 3 + 0.55 * len(names), 1 + 0.32 * len(fields))


def _draw(
    axes: "Axes",
    cells: Sequence[Sequence[float | None]],
    rows: Sequence[str],
    columns: Sequence[str],
) -> None:
    """Shares as a heat map with the number in each cell; what nobody knows stays white."""
    known = [[float("nan") if cell is None else cell for cell in row] for row in cells]
    axes.spines[:].set_visible(False)
    axes.set_xticks(range(len(columns)), columns, fontsize=8)
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    if not rows:
        return
    axes.imshow(known, cmap="RdYlGn", vmin=0, vmax=1, aspect="auto", alpha=0.75)
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            if cell is not None:
                axes.text(x, y, f"{cell:.2f}", ha="center", va="center", fontsize=8)
