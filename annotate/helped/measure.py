"""corrected.jsonl -> how much the machine helped."""

from collections.abc import Iterable, Sequence

from annotate.helped.anchoring import pulls
from annotate.helped.curve import Point
from annotate.helped.edits import rounds_of
from annotate.helped.pace import pace
from annotate.helped.page import Help
from core.records import Annotation


def measure(
    corrected: Iterable[Annotation],
    labelled: Iterable[Annotation] = (),
    curve: Sequence[Point] = (),
    seed: int = 0,
) -> Help:
    """`labelled`: what labellers said of the phrases, those pushed bare among them.

    Counted is what people did; gold made of it, and what was carried over to equal phrases, is not.
    """
    lines = [a for a in corrected if a.origin == "human" and a.source.startswith("person/")]
    lines = [a for a in lines if "carried" not in a.extra]
    done = [a for a in lines if not a.skipped]
    return Help(
        phrases=len(done),
        skipped=len(lines) - len(done),
        people=len({a.source for a in lines}),
        letters=len({a.phrase.letter for a in done}),
        rounds=rounds_of(done),
        pace=pace(done, seed),
        pulls=pulls(done, labelled, seed),
        curve=list(curve),
    )
