"""How well states are told of real people's text: the polarity that annotators gave the events of
MACCROBAT, by file in five folds, on gold's own spans.

    LETTERA_DATA=DIR python -m tests.bench.states

NEG is taken for negated; MAYBE_NEG, MAYBE_POS and UNCERTAIN for uncertain; an event without any for
present. Relatives have no attribute there. "By default" answers present to all.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from core.convert import Converted
from core.convert.brat import Brat
from core.learn.data.split import Split, folds
from core.learn.engines.meanings import Meanings
from core.learn.meanings import learn_meanings
from core.learn.scoring.meanings import Told, judged
from core.learn.scoring.pairs import Pair, pairs
from core.records import Annotation, Span, State

_STATES: Mapping[str, State] = {
    "NEG": "negated",
    "MAYBE_NEG": "uncertain",
    "MAYBE_POS": "uncertain",
    "UNCERTAIN": "uncertain",
}
_DENIABLE = frozenset({"Sign_symptom", "Disease_disorder", "Medication", "Therapeutic_procedure"})
"""What is said to be there or not. Of the other events few ever carry a polarity."""


def events(folder: Path) -> list[Annotation]:
    """The phrases with those of their spans that may be denied."""
    known = Brat().read(folder, Converted(folder))
    return [
        replace(a, spans=tuple(_event(s) for s in a.spans if s.label in _DENIABLE)) for a in known
    ]


def _event(span: Span) -> Span:
    polarity = span.extra.get("attributes", {}).get("POLARITY")
    return replace(span, state=_STATES.get(polarity, "present"), extra={})


def answered(lot: Split) -> list[Annotation]:
    """The test phrases of a fold, their states told by what its other letters taught."""
    with tempfile.TemporaryDirectory() as place:
        told = learn_meanings(lot, sorted(_DENIABLE), Path(place))
        meanings = Meanings.load(Path(place), told)
        return [replace(a, spans=meanings.of(a.phrase, _bare(a.spans))) for a in lot.test]


def _bare(spans: Iterable[Span]) -> tuple[Span, ...]:
    return tuple(replace(span, state=None) for span in spans)


def tell(name: str, met: Iterable[Pair]) -> None:
    found = judged(met)["states"]
    print(f"{name}: {_share(found.all)} right of {found.all.asked:,}")  # noqa: T201
    for state, own in found.parts.items():
        print(  # noqa: T201
            f"  {state:9} F1 {_share(own)}  P {own.precision:.3f}  R {own.recall:.3f}"
            f"  of {own.asked:,}"
        )


def _share(told: Told) -> str:
    return f"{told.share.value:.3f} ({told.share.low:.3f}-{told.share.high:.3f})"


def main() -> None:
    known = events(Path(os.environ["LETTERA_DATA"]) / "maccrobat2020" / "brat")
    lots = folds(known, 5, 0)
    gold = [annotation for lot in lots for annotation in lot.test]
    said = [annotation for lot in lots for annotation in answered(lot)]
    plain = [replace(a, spans=tuple(replace(s, state="present") for s in a.spans)) for a in gold]
    tell("by default", pairs(gold, plain, nested=True))
    tell("learned", pairs(gold, said, nested=True))


if __name__ == "__main__":
    main()
