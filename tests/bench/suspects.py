"""How many planted mistakes the list of suspects finds: python -m tests.bench.suspects [--fit].

One span in twenty is spoiled, in four ways alike often; then the k likeliest suspects are looked
at, k being the number planted. In the letters of the voices that no example is written in, with the
other letters of a voice to learn from and without; where LETTERA_DATA is set, also in one half of
MACCROBAT. `--fit` finds the weights of `annotate.suspects.ranking` on the other voices and half.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from annotate.suspects.marks import KINDS, Edit, Kind
from annotate.suspects.ranking import Jury, Suspect, suspects
from core.convert import Converted
from core.convert.brat import Brat
from core.label.rules.rules import Rules
from core.learn.tags import longest, words
from core.records import Annotation, Span
from core.schema import default_schema
from demo.fictitious import corpus, voices
from demo.paper import TWELVE

SHARE, SEED, LETTERS = 0.05, 0, 25
SHOWN = sorted(voice for voice, *_ in TWELVE)


@dataclass(frozen=True, slots=True)
class Planted:
    """A mistake made on purpose in the phrase of this number, and the stretch it concerns."""

    number: int
    kind: Kind
    start: int
    end: int

    def found_by(self, start: int, end: int) -> bool:
        return start < self.end and self.start < end


@dataclass(frozen=True, slots=True)
class Corrected:
    """Phrases as people might have corrected them, and what a labeller says of them."""

    name: str
    gold: list[Annotation]
    opinions: list[list[Annotation]]


def plant(
    gold: Sequence[Annotation], share: float, seed: int
) -> tuple[list[Annotation], list[Planted]]:
    """The phrases with that share of their spans spoiled, at most one mistake a phrase."""
    rng = np.random.default_rng(seed)
    labels = [span.label for annotation in gold for span in annotation.spans]
    todo = list(KINDS) * round(share * len(labels) / len(KINDS))
    spoiled, planted = list(gold), []
    for number in rng.permutation(len(gold)).tolist():
        if not todo:
            break
        made = _spoiled(gold[number], todo[-1], labels, rng)
        if made is not None:
            spans, start, end = made
            spans = sorted(spans, key=lambda span: span.start)
            spoiled[number] = replace(gold[number], spans=tuple(spans))
            planted.append(Planted(number, todo.pop(), start, end))
    return spoiled, planted


def _spoiled(
    annotation: Annotation, kind: Kind, labels: Sequence[str], rng: np.random.Generator
) -> tuple[list[Span], int, int] | None:
    """The spans with one mistake and where it is; None where this phrase has no place for it."""
    text, spans = annotation.phrase.text, longest(annotation.spans)
    places = words(text)
    if kind == "spurious":
        return _added(text, places, annotation.spans, labels, rng)
    if not spans:
        return None
    chosen = spans[rng.integers(len(spans))]
    rest = [span for span in spans if span is not chosen]
    if kind == "missed":
        return rest, chosen.start, chosen.end
    if kind == "type":
        label = labels[rng.integers(len(labels))]
        field = label if chosen.field else None
        wrong = replace(chosen, label=label, field=field)
        return None if label == chosen.label else ([*rest, wrong], chosen.start, chosen.end)
    inside = [n for n, (a, b) in enumerate(places) if a < chosen.end and chosen.start < b]
    edges = [inside[0], inside[-1] + 1]
    edges[rng.integers(2)] += int(rng.choice([-3, -2, -1, 1, 2, 3]))
    if not 0 <= edges[0] < edges[1] <= len(places):
        return None
    start, end = places[edges[0]][0], places[edges[1] - 1][1]
    if any(span.start < end and start < span.end for span in rest):
        return None
    moved = replace(chosen, start=start, end=end, text=text[start:end])
    return [*rest, moved], min(start, chosen.start), max(end, chosen.end)


def _added(
    text: str,
    places: Sequence[tuple[int, int]],
    spans: Sequence[Span],
    labels: Sequence[str],
    rng: np.random.Generator,
) -> tuple[list[Span], int, int] | None:
    if len(places) < 2:
        return None
    first = int(rng.integers(len(places)))
    after = min(len(places), first + int(rng.integers(1, 4)))
    start, end = places[first][0], places[after - 1][1]
    quote = text[start:end]
    taken = any(span.start < end and start < span.end for span in spans)
    if taken or not any(sign.isalnum() for sign in quote):
        return None
    label = labels[rng.integers(len(labels))]
    return [*longest(spans), Span(start, end, label, label, text=quote)], start, end


def recall(
    found: Sequence[Suspect], spoiled: Sequence[Annotation], planted: Sequence[Planted]
) -> dict[str, tuple[float, float]]:
    """By kind: the share of planted mistakes among the first k suspects, and of the right kind."""
    at = {(a.phrase.id, a.source): number for number, a in enumerate(spoiled)}
    seen: dict[int, list[Suspect]] = {}
    for one in found[: len(planted)]:
        seen.setdefault(at[one.phrase.id, one.person], []).append(one)
    rows: dict[str, list[tuple[bool, bool]]] = {}
    for mistake in planted:
        near = [s for s in seen.get(mistake.number, ()) if mistake.found_by(*_stretch(s))]
        hit = (bool(near), any(s.kind == mistake.kind for s in near))
        for name in (mistake.kind, "all"):
            rows.setdefault(name, []).append(hit)
    return {
        name: (float(np.mean([h for h, _ in hits])), float(np.mean([k for _, k in hits])))
        for name, hits in rows.items()
    }


def _stretch(suspect: Suspect) -> tuple[int, int]:
    spans = [span for span in (suspect.span, suspect.better) if span]
    return min(span.start for span in spans), max(span.end for span in spans)


def fictitious(name: str, names: Sequence[str], letters: int, *, by_letter: bool) -> Corrected:
    """Generated letters; `by_letter`: as if people had corrected them, so that other letters of the
    same voice may be learned from."""
    gold = [default_schema().seen_as(a, "field") for a in corpus(names, letters)]
    said = [default_schema().seen_as(a, "field") for a in Rules().label(a.phrase for a in gold)]
    if by_letter:
        gold = [replace(a, origin="human", source="person/1") for a in gold]
    return Corrected(name, [replace(a, spans=tuple(longest(a.spans))) for a in gold], [said])


def maccrobat(folder: Path, half: int) -> Corrected:
    """Every second report, as if people had corrected it."""
    gold = list(Brat().read(folder / "maccrobat2020" / "brat", Converted(folder)))
    letters = sorted({a.phrase.letter for a in gold})[half::2]
    kept = [replace(a, origin="human") for a in gold if a.phrase.letter in set(letters)]
    return Corrected("MACCROBAT", [replace(a, spans=tuple(longest(a.spans))) for a in kept], [])


def measure(data: Corrected, seed: int = SEED) -> None:
    spoiled, planted = plant(data.gold, SHARE, seed)
    found = suspects(spoiled, data.opinions)
    told = recall(found, spoiled, planted)
    shuffled = [found[n] for n in np.random.default_rng(seed).permutation(len(found))]
    chance = recall(shuffled, spoiled, planted)["all"][0]
    cells = "  ".join(f"{name} {told[name][0]:.2f}" for name in (*KINDS, "all"))
    print(  # noqa: T201
        f"{data.name}: {len(spoiled):,} phrases, {len(planted)} planted; found among the first "
        f"{len(planted)}: {cells} (with the right kind {told['all'][1]:.2f}); "
        f"in random order {chance:.2f}",
        flush=True,
    )


def fit(lots: Sequence[Corrected], seed: int = SEED) -> None:
    """Prints the weights and starts that tell planted mistakes from all other proposals."""
    from sklearn.linear_model import LogisticRegression

    rows, right, weights = [], [], []
    for data in lots:
        spoiled, planted = plant(data.gold, SHARE, seed)
        jury = Jury(spoiled, data.opinions)
        at = {mistake.number: mistake for mistake in planted}
        own = []
        for number in range(len(jury.phrases)):
            for edit in jury.edits(number):
                said = [source.favour(number, edit) for source, _ in jury.sources]
                said += [0.0] * (4 - len(said))
                rows.append([*said, *(float(edit.kind == kind) for kind in KINDS)])
                own.append(_hits(at.get(number), jury, number, edit))
        right += own
        weights += [1 / sum(own)] * len(own)  # each lot counts the same
    scaled = np.array(weights) * len(weights) / sum(weights)
    model = LogisticRegression(max_iter=5000).fit(np.array(rows), right, sample_weight=scaled)
    names = ("model", "words around", "words", "labeller", *KINDS)
    print(", ".join(f"{n} {w:.2f}" for n, w in zip(names, model.coef_[0], strict=True)))  # noqa: T201
    print(f"all kinds {model.intercept_[0]:.2f}")  # noqa: T201


def _hits(mistake: Planted | None, jury: Jury, number: int, edit: Edit) -> bool:
    if mistake is None or mistake.kind != edit.kind:
        return False
    bounds = [jury.phrases[number].bounds(mark) for mark in (edit.before, edit.after) if mark]
    return mistake.found_by(min(a for a, _ in bounds), max(b for _, b in bounds))


def main(fitting: bool) -> None:
    data = os.environ.get("LETTERA_DATA")
    if fitting:
        lots = [fictitious("shown", SHOWN, 8, by_letter=alone) for alone in (True, False)]
        fit([*lots, *([maccrobat(Path(data), 0)] if data else [])])
        return
    unseen = sorted(set(voices()) - set(SHOWN))
    measure(fictitious("new voices, by letter", unseen, LETTERS, by_letter=True))
    measure(fictitious("new voices, by voice", unseen, LETTERS, by_letter=False))
    if data:
        measure(maccrobat(Path(data), 1))


if __name__ == "__main__":
    main("--fit" in sys.argv)
