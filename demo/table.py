"""The found fields as a table: the value in words, the words of the letter that say it, where."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from core.extract.result import Doubt, LetterFields
from core.records import Evidence, Value
from core.schema import Field, Group, Schema
from demo.highlight import anchor, paint, spoken_name

QUOTE = 140
SUMMARY = 70
PLACES = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the field, its value in words, and the places that say it.

    `others` are values that the letter gives elsewhere, each with its place.
    """

    field: Field
    value: str
    places: tuple[Evidence, ...]
    score: float | None
    others: tuple[tuple[str, Evidence], ...] = ()


def spoken(value: Value, field: Field) -> str:
    """A value in an Italian reader's words: sì and no, the meaning of a code, 03/11/2024, 2,5."""
    if isinstance(value, bool):
        return "sì" if value else "no"
    if isinstance(value, float):
        return f"{value:g}".replace(".", ",")
    if value in field.codes:
        return f"{field.codes[value]} ({value})"
    if field.type == "date":
        parts = str(value).split("-")
        return "/".join(reversed(parts)) if len(parts) == 3 else str(value)
    return str(value)


def rows(result: LetterFields, schema: Schema) -> list[Row]:
    """The found fields in the order of the spreadsheet, group by group."""
    found = {schema.field(value.field).name: value for value in result.fields}
    groups = list(schema.groups)
    fields = sorted(schema.fields.values(), key=lambda field: groups.index(field.group))
    return [
        Row(
            field,
            spoken(value.value, field),
            value.evidence,
            value.score,
            tuple(_others(result.doubts, field)),
        )
        for field in fields
        if (value := found.get(field.name)) is not None
    ]


def _others(doubts: Iterable[Doubt], field: Field) -> Iterator[tuple[str, Evidence]]:
    for doubt in doubts:
        if doubt.field == field.name and doubt.reason == "conflict" and doubt.value is not None:
            yield spoken(doubt.value, field), doubt.evidence[0]


def table_html(found: Sequence[Row], schema: Schema) -> str:
    """The table of the found fields, grouped, and below it the names of the others."""
    bodies = (
        _group_html(schema.groups[name], list(members))
        for name, members in groupby(found, key=lambda row: row.field.group)
    )
    head = '<tr><th scope="col">Campo</th><th scope="col">Valore</th><th scope="col">Dove</th></tr>'
    said = {row.field.name for row in found}
    unsaid = [name for name in schema.fields if name not in said]
    names = "".join(f"<li>{escape(spoken_name(name))}</li>" for name in unsaid)
    rest = (
        f'<details class="unsaid"><summary>{len(unsaid)} campi senza valore '
        f'<span lang="en">without a value</span></summary><ul>{names}</ul></details>'
    )
    return f"<table><thead>{head}</thead>{''.join(bodies)}</table>{rest if unsaid else ''}"


def _group_html(group: Group, members: Iterable[Row]) -> str:
    head = (
        f'<tr class="group" {paint(group)}><th scope="colgroup" colspan="3">'
        f'<span class="swatch"></span>{escape(group.it)} '
        f'<span lang="en">{escape(group.en)}</span></th></tr>'
    )
    return f"<tbody>{head}{''.join(map(_row_html, members))}</tbody>"


def _row_html(row: Row) -> str:
    sure = "" if row.score is None else f' <span class="score">{row.score:.0%}</span>'
    name = f'<th scope="row" title="{escape(row.field.it)}">{escape(spoken_name(row.field.name))}'
    value = f"{_value_html(row)}{sure}{_others_html(row)}"
    return f"<tr>{name}</th><td>{value}</td><td>{_places_html(row)}</td></tr>"


def _value_html(row: Row) -> str:
    """A section's text is folded: it is read in the letter, beside the table."""
    if len(row.value) <= (SUMMARY if row.field.kind == "section" else QUOTE):
        return escape(row.value)
    return (
        f"<details><summary>{escape(_short(row.value, SUMMARY))}</summary>"
        f'<div class="long">{escape(row.value)}</div></details>'
    )


def _others_html(row: Row) -> str:
    links = (
        f'<a href="#{anchor(place)}">{escape(_short(value, SUMMARY))}</a>'
        for value, place in row.others[:PLACES]
    )
    said = ", ".join(links)
    return f'<div class="others">altrove la lettera dice: {said}</div>' if said else ""


def _places_html(row: Row) -> str:
    links = []
    for place in row.places[:PLACES]:
        quote = "la sezione" if row.field.kind == "section" else f"«{_short(place.text, QUOTE)}»"
        page = "" if place.page is None else f' <span class="page-number">p. {place.page}</span>'
        links.append(f'<a href="#{anchor(place)}">{escape(quote)}</a>{page}')
    more = len(row.places) - PLACES
    if more > 0:
        links.append(f'<span class="page-number">e altri {more}</span>')
    return "<br>".join(links)


def _short(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"
