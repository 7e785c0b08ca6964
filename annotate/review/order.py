"""Which phrases a reviewer is shown, and in what order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from annotate.screen.regions import certainty
from core.records import Annotation


def _sure(annotation: Annotation) -> float:
    known = certainty(annotation)
    return 1.0 if known is None else known


@dataclass(frozen=True, slots=True)
class Order:
    """`shown` is what the list of choices says; `takes` leaves phrases out, `by` sorts the rest."""

    shown: str
    takes: Callable[[Annotation], bool] = lambda annotation: True
    by: Callable[[Annotation], Any] | None = None


ORDERS: dict[str, Order] = {
    "file": Order("Nell'ordine del file · as in the file"),
    "uncertain": Order("Prima le meno sicure · least certain first", by=_sure),
    "shortest": Order("Prima le più corte · shortest first", by=lambda a: len(a.phrase.text)),
    "one": Order(
        "Solo con una etichetta · with one label only", lambda a: len(a.spans) == 1, _sure
    ),
    "none": Order("Solo senza etichette · without a label", lambda a: not a.spans),
}


def in_order(annotations: Sequence[Annotation], name: str) -> list[Annotation]:
    """The phrases of one of ORDERS; those that weigh the same stay as in the file."""
    order = ORDERS[name]
    chosen = [annotation for annotation in annotations if order.takes(annotation)]
    return sorted(chosen, key=order.by) if order.by else chosen
