"""One letter, all systems: the table of the paper's section 7."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.extract.compare.agreement import all_alike
from core.extract.compare.alike import alike
from core.extract.compare.source import Document, Said
from core.extract.compare.verdict import Verdict
from core.schema import Field, Schema

_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Cell:
    """What one system says; `right` is None without gold."""

    text: str
    verdict: Verdict | None
    right: bool | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One entity. `differ`: the systems do not say the same. `gold` is "" where gold says none."""

    name: str
    cells: tuple[Cell, ...]
    differ: bool
    invented: bool = False
    gold: str | None = None


def side_by_side(
    documents: Sequence[Document], schema: Schema, gold: Document | None = None
) -> list[Row]:
    """The entities that anyone gives, in the order of the spreadsheet; invented ones at the end."""
    rows = [_row(field, documents, gold) for field in schema.fields.values()]
    return [*(row for row in rows if row is not None), *_invented(documents)]


def _row(field: Field, documents: Sequence[Document], gold: Document | None) -> Row | None:
    said = [document.fields.get(field.name) for document in documents]
    true = None if gold is None else gold.fields.get(field.name)
    if not any(said) and true is None:
        return None
    scored = gold is not None and field.name not in gold.open
    cells = tuple(_cell(field, one, true, scored) for one in said)
    shown = None if gold is None else _spoken(true.raw) if true else ""
    return Row(field.name, cells, not all_alike(field, documents), gold=shown)


def _cell(field: Field, said: Said | None, true: Said | None, scored: bool) -> Cell:
    if said is None:
        return Cell("", None, true is None if scored else None)
    right = bool(true and alike(field, said.value, true.value)) if scored else None
    return Cell(_spoken(said.raw), said.verdict, right)


def _invented(documents: Sequence[Document]) -> Iterator[Row]:
    strange = [{s.name: s for s in one.said if s.field is None} for one in documents]
    for name in dict.fromkeys(name for said in strange for name in said):
        cells = tuple(
            Cell(_spoken(said[name].raw), "invented") if name in said else Cell("", None)
            for said in strange
        )
        yield Row(name, cells, True, invented=True)


def _spoken(raw: object) -> str:
    text = str(raw).lower() if isinstance(raw, bool) else " ".join(str(raw).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
