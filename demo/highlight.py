"""The letter as HTML, its entities coloured by group: our own renderer.

Gradio's HighlightedText doubles text where entities overlap. Here the text inside the HTML is just
the letter's, escaped: names and page numbers are attributes that the style sheet draws, so what is
copied from the page is what the letter says.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from core.records import Evidence, Page, Span
from core.schema import Group, Schema

STATES = {"negated": "negato", "uncertain": "incerto", "family": "familiare"}
PLAIN = Group("entity", "Entità clinica", "Clinical entity", "#5F7D95")


def ink(colour: str) -> str:
    """Black or white, whichever reads better on a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    light = sum(
        share * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
        for share, c in ((0.2126, red), (0.7152, green), (0.0722, blue))
    )
    # Both contrasts are (lighter + 0.05) / (darker + 0.05); they meet at this product.
    return "#000000" if (light + 0.05) ** 2 > 0.05 * 1.05 else "#ffffff"


def paint(group: Group) -> str:
    """The style attribute that hands a group's colours to the style sheet."""
    return f'style="--hue:{escape(group.colour)};--ink:{ink(group.colour)}"'


def spoken_name(name: str) -> str:
    """A field's name with spaces, for the reader; the spreadsheet keeps the name itself."""
    return name.replace("_", " ")


def group_of(span: Span, schema: Schema) -> Group:
    """The group a span is drawn in, whichever label set its model speaks."""
    if span.field is not None:
        return schema.groups[schema.field(span.field).group]
    if span.label in schema.fields:
        return schema.groups[schema.fields[span.label].group]
    return schema.groups.get(span.label, PLAIN)


def anchor(place: Evidence) -> str:
    """The name that a link to a place in the letter leads to."""
    return f"luogo-{place.start}-{place.end}"


def legend_html(spans: Sequence[Span], schema: Schema) -> str:
    """The groups that occur in the letter, in the schema's order, each with its count."""
    count = Counter(group_of(span, schema).name for span in spans)
    items = (
        f'<li {paint(group)}><span class="swatch"></span>{escape(group.it)} '
        f'<span lang="en">{escape(group.en)}</span> <b>{count[group.name]}</b></li>'
        for group in (*schema.groups.values(), PLAIN)
        if count[group.name]
    )
    return f'<ul class="legend" aria-label="Legenda">{"".join(items)}</ul>'


def letter_html(
    text: str,
    spans: Sequence[Span],
    schema: Schema,
    places: Iterable[Evidence] = (),
    pages: Sequence[Page] = (),
) -> str:
    """The letter with its entities coloured, its pages numbered, and an anchor at every evidence.

    Entities may nest and cross. One that crosses another is drawn in pieces, each inside its own
    element, and named once, on its last piece.
    """
    breaks = {page.start: page.page for page in pages[1:]}
    targets = sorted(set(places), key=lambda place: (place.start, place.end))
    layers = [_target(place) for place in targets] + [_entity(span, schema) for span in spans]
    inside = [layer for layer in layers if 0 <= layer.start < layer.end <= len(text)]
    return f'<div class="letter" dir="auto">{_draw(text, inside, breaks)}</div>'


@dataclass(frozen=True, slots=True)
class _Layer:
    """A stretch of the letter and its element: how it opens first, and again after a cut."""

    start: int
    end: int
    tag: str
    first: str
    again: str
    name: str = ""


def _target(place: Evidence) -> _Layer:
    # An id may stand only once in a page.
    first, again = f'<span class="place" id="{anchor(place)}">', '<span class="place">'
    return _Layer(place.start, place.end, "span", first, again)


def _entity(span: Span, schema: Schema) -> _Layer:
    group = group_of(span, schema)
    name = spoken_name(span.field or (span.label if span.label in schema.fields else group.it))
    state = STATES.get(span.state or "")
    said = f"{name} · {state}" if state else name
    sure = "" if span.score is None else f" · {span.score:.0%}"
    hint = escape((said if said == group.it else f"{group.it}: {said}") + sure)
    opening = f'<mark class="{span.state or "present"}" {paint(group)} title="{hint}">'
    return _Layer(span.start, span.end, "mark", opening, opening, said)


def _draw(text: str, layers: Sequence[_Layer], breaks: Mapping[int, int]) -> str:
    waiting = sorted(layers, key=lambda layer: (-layer.start, layer.end))
    cuts = {cut for layer in layers for cut in (layer.start, layer.end)} | breaks.keys()
    out: list[str] = []
    live: list[_Layer] = []
    at = 0
    for cut in sorted(cuts | {len(text)}):
        out.append(escape(text[at:cut]))
        at = cut
        live = _close(out, live, cut)
        if cut in breaks:
            out.append(f'<i class="page" data-page="{breaks[cut]}"></i>')
        while waiting and waiting[-1].start == cut:
            live.append(waiting.pop())
            out.append(live[-1].first)
    return "".join(out)


def _close(out: list[str], live: list[_Layer], cut: int) -> list[_Layer]:
    """Closes what ends at `cut`; what lies above it and goes on is closed and opened again."""
    lowest = next((i for i, layer in enumerate(live) if layer.end == cut), len(live))
    above = live[lowest:]
    for layer in reversed(above):
        if layer.end == cut and layer.name:
            out.append(f'<b class="name" data-name="{escape(layer.name)}"></b>')
        out.append(f"</{layer.tag}>")
    staying = [layer for layer in above if layer.end != cut]
    out.extend(layer.again for layer in staying)
    return live[:lowest] + staying
