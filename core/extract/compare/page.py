"""A comparison as one page that needs nothing else: tables, bars and drawings."""

from itertools import combinations, groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from core.extract.compare import drawings
from core.extract.compare.against import Rate
from core.extract.compare.agreement import Pair
from core.extract.compare.alike import SECTION, TOLD
from core.extract.compare.comparison import Comparison
from core.extract.compare.side import side_by_side
from core.schema import Schema

_HERE = Path(__file__).parent
_SLICES = {
    "all": "all",
    "kind:typed": "typed",
    "kind:told": "told texts",
    "kind:section": "sections",
    "type:boolean": "· yes or no",
    "type:code": "· codes",
    "type:date": "· days",
    "type:number": "· numbers",
}


def page(found: Comparison, schema: Schema) -> str:
    """The whole page; whatever a system answered is escaped."""
    made = Environment(
        loader=FileSystemLoader(_HERE),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["share"] = lambda value: f"{value:.3f}"
    made.filters["soft"] = lambda name: escape(name).replace("_", Markup("_<wbr>"))
    return made.get_template("page.html").render(
        found=found,
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        colour=drawings.colour,
        part=_part,
        money=lambda usd: _number(usd, 4 if usd is not None and 0 < usd < 1 else 2),
        number=_number,
        names=[system.name for system in found.systems],
        fields=len(schema.fields),
        told=TOLD,
        section=SECTION,
        slices=list(_SLICES.items()),
        **_rows(found, schema),
        **_drawn(found),
    )


def _rows(found: Comparison, schema: Schema) -> dict[str, Any]:
    """The rows of tables and bars, sorted."""
    documents = [system.documents[found.letter] for system in found.systems]
    gold = found.gold.documents.get(found.letter) if found.gold else None
    wrong = [(name, [one.wrong[name] for one in found.tallies]) for name in schema.fields]
    wrong = sorted((row for row in wrong if any(row[1])), key=lambda row: -sum(row[1]))
    rates = [(name, [one.rates.get(name) for one in found.scored]) for name in schema.fields]
    return {
        "wrong": wrong,
        "most_wrong": max((max(numbers) for _, numbers in wrong), default=1),
        "frequency": _frequency(found, schema),
        "couples": _couples(found),
        "likeness": _likeness(found, schema),
        "agreement": _agreement(found, schema),
        "by_field": sorted((row for row in rates if any(row[1])), key=lambda row: _worst(row[1])),
        "rows": side_by_side(documents, schema, gold),
        "shows_gold": gold is not None,
    }


def _drawn(found: Comparison) -> dict[str, Markup | None]:
    """The drawings; their words come from file and field names, which matplotlib escapes."""
    cloud = found.texts.cloud
    names = [system.name for system in found.systems]
    scored = any(one.bins for one in found.scored)
    return {
        "entities": Markup(drawings.entities(found.tallies)),
        "plane": Markup(drawings.plane(cloud, names)) if cloud.systems else None,
        "calibration": Markup(drawings.calibration(found.scored)) if scored else None,
    }


def _frequency(found: Comparison, schema: Schema) -> list[tuple[str, list[tuple[str, list[int]]]]]:
    order = list(schema.groups)
    fields = sorted(schema.fields.values(), key=lambda field: order.index(field.group))
    return [
        (
            schema.groups[group].en,
            [(f.name, [one.frequency[f.name] for one in found.tallies]) for f in members],
        )
        for group, members in groupby(fields, key=lambda field: field.group)
    ]


def _couples(found: Comparison) -> list[tuple[str, str]]:
    return list(combinations([system.name for system in found.systems], 2))


def _likeness(found: Comparison, schema: Schema) -> list[tuple[str, list[float | None]]]:
    known = {(x.field, x.one, x.other): x.cosine for x in found.texts.likeness}
    names = [name for name in schema.fields if any(key[0] == name for key in known)]
    couples = _couples(found)
    return [(name, [known.get((name, *couple)) for couple in couples]) for name in names]


def _agreement(found: Comparison, schema: Schema) -> list[tuple[str, list[Pair | None]]]:
    """All entities together, then each, the least agreed first."""
    couples = _couples(found)
    known = {(pair.field, pair.one, pair.other): pair for pair in found.pairs}
    whole: list[Pair | None] = [
        _sum(one, other, [p for p in found.pairs if (p.one, p.other) == (one, other)])
        for one, other in couples
    ]
    rows: list[tuple[str, list[Pair | None]]] = [
        (name, [known.get((name, *couple)) for couple in couples]) for name in schema.fields
    ]
    rows = [row for row in rows if any(pair and pair.said for pair in row[1])]
    return [("all entities", whole), *sorted(rows, key=lambda row: _least(row[1]))]


def _sum(one: str, other: str, members: list[Pair]) -> Pair:
    total = Pair(one, other, "")
    for pair in members:
        total.same += pair.same
        total.differ += pair.differ
        total.only_one += pair.only_one
        total.only_other += pair.only_other
    return total


def _least(cells: list[Pair | None]) -> float:
    return min((p.share for p in cells if p is not None and p.share is not None), default=1.0)


def _worst(rates: list[Rate | None]) -> float:
    return min((rate.f1 for rate in rates if rate is not None), default=1.0)


def _part(some: int, of: int) -> str:
    return f"{100 * some / of:.0f} %" if of else "–"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
