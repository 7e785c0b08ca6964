"""What the review page does, without the page: shows a phrase, takes a decision, takes it back."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

from annotate.review.decisions import Decision, Decisions, Verdict
from annotate.review.order import in_order
from annotate.screen.config import STATES
from core.errors import BadInput
from core.records import Annotation, Json, Span
from core.schema import Schema, View

# A phrase that lies open before one reviewer is not given to another; people do go to lunch.
OPEN_SECONDS = 600.0


class Desk:
    """The phrases of one file, before several reviewers at once.

    They share the phrases, or with `each` every reviewer goes through all of them. What the page
    sends is checked here against the phrase and the label set: BadInput says, in words for the
    reviewer, why a decision was not taken.
    """

    def __init__(
        self,
        annotations: Iterable[Annotation],
        decisions: Decisions,
        schema: Schema,
        view: View,
        each: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._phrases = {annotation.key: annotation for annotation in annotations}
        self._near = _neighbours(self._phrases.values())
        self._decisions = decisions
        self._labels = frozenset(schema.labels(view))
        self._view = view
        self._each = each
        self._clock = clock
        self._orders: dict[str, Sequence[str]] = {}
        self._open: dict[str, tuple[int, float]] = {}
        self._later: dict[int, list[str]] = {}
        self._one_at_a_time = threading.Lock()

    def show(self, name: str, order: str, exact: Decision | None = None) -> Json:
        """The next phrase for a reviewer nobody decided on, or the one of a decision taken back."""
        if not name.strip():
            return {"ask": "name"}
        reviewer = self._decisions.reviewer(name.strip())
        with self._one_at_a_time:
            decided = self._decisions.decided(reviewer if self._each else None)
            if exact:
                annotation = self._phrases.get(exact.phrase)
            else:
                annotation = self._next(reviewer, order, decided)
            if annotation:
                self._open = {k: o for k, o in self._open.items() if o[0] != reviewer}
                self._open[annotation.key] = (reviewer, self._clock())
        shown = self._progress(decided, order) | {"reviewer": name.strip(), "order": order}
        return shown | (self._shown(annotation, exact) if annotation else {"done": True})

    def decide(self, name: str, order: str, phrase: str, spans: object, seconds: object) -> Json:
        """Keeps a decision (`spans` None: discarded) and shows the next phrase."""
        annotation = self._phrases.get(phrase)
        if annotation is None:
            raise BadInput("questa frase non è in questo file: ricaricate la pagina")
        verdict: Verdict = "discarded"
        kept: list[Span] = []
        if spans is not None:
            kept = self._spans(annotation, spans)
            as_it_was = len(kept) == len(annotation.spans) and all(s.edit == "kept" for s in kept)
            verdict = "kept" if as_it_was else "fixed"
        self._decisions.add(
            phrase,
            self._decisions.reviewer(name.strip()),
            verdict,
            [replace(span, text="").to_json() for span in kept],
            seconds if isinstance(seconds, int | float) else 0.0,
        )
        return self.show(name, order)

    def postpone(self, name: str, order: str, phrase: str) -> Json:
        """Shows the next phrase; this one comes again when the others are done."""
        reviewer = self._decisions.reviewer(name.strip())
        with self._one_at_a_time:
            later = self._later.setdefault(reviewer, [])
            if phrase in later:
                later.remove(phrase)
            later.append(phrase)
        return self.show(name, order)

    def undo(self, name: str, order: str) -> Json:
        """Takes the reviewer's last decision back and shows its phrase as it was left."""
        taken_back = self._decisions.undo(self._decisions.reviewer(name.strip()))
        known = taken_back if taken_back and taken_back.phrase in self._phrases else None
        return self.show(name, order, known)

    def reviewed(self) -> Iterator[Annotation]:
        """A line for each decision, in the order of the file; a discarded phrase is skipped."""
        made: dict[str, list[Decision]] = {}
        for decision in self._decisions.standing():
            made.setdefault(decision.phrase, []).append(decision)
        for annotation in self._phrases.values():
            for decision in made.get(annotation.key, ()):
                yield _decided(annotation, decision)

    def counts(self) -> Counter[str]:
        """How many phrases of the file have which verdict; `phrases` is all of them."""
        decided = self._decisions.decided()
        found = Counter({"phrases": len(self._phrases)})
        found.update(v for phrase, v in decided.items() if phrase in self._phrases)
        return found

    def _next(self, reviewer: int, order: str, decided: dict[str, Verdict]) -> Annotation | None:
        if order not in self._orders:
            chosen = in_order(list(self._phrases.values()), order)
            self._orders[order] = [annotation.key for annotation in chosen]
        later = self._later.get(reviewer, [])
        first = [key for key in self._orders[order] if key not in decided]
        for key in sorted(first, key=lambda k: later.index(k) if k in later else -1):
            owner, since = self._open.get(key, (reviewer, 0.0))
            if self._each or owner == reviewer or self._clock() - since > OPEN_SECONDS:
                return self._phrases[key]
        return None

    def _progress(self, decided: dict[str, Verdict], order: str) -> Json:
        verdicts = Counter(v for phrase, v in decided.items() if phrase in self._phrases)
        keys = self._orders.get(order, ())
        left = sum(key not in decided for key in keys)
        return {"phrases": len(self._phrases), "left": left, "verdicts": dict(verdicts)}

    def _shown(self, annotation: Annotation, exact: Decision | None) -> Json:
        phrase = annotation.phrase
        given = [span.to_json() for span in annotation.spans]
        return {
            "id": phrase.id,
            "text": phrase.text,
            "section": phrase.section,
            "letter": phrase.letter,
            "near": self._near[phrase.id],
            "given": given,
            "spans": list(exact.spans) if exact and exact.verdict != "discarded" else given,
            "lost": [lost.quote for lost in annotation.missing],
        }

    def _spans(self, annotation: Annotation, sent: object) -> list[Span]:
        """The spans of the page, each checked and compared with what the machine had said."""
        if not isinstance(sent, list):
            raise BadInput("la decisione è arrivata incompleta: ricaricate la pagina")
        places: dict[tuple[int, int, str, str], Span] = {}
        for raw in sent:
            span = self._span(annotation, raw)
            places.setdefault((span.start, span.end, span.label, span.field or ""), span)
        return [places[place] for place in sorted(places)]

    def _span(self, annotation: Annotation, raw: Json) -> Span:
        text = annotation.phrase.text
        try:
            start, end, label = raw["start"], raw["end"], raw["label"]
            state, number = raw.get("state"), raw.get("of")
        except (TypeError, KeyError, AttributeError):
            raise BadInput("la decisione è arrivata incompleta: ricaricate la pagina") from None
        if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)):
            raise BadInput("un'evidenziazione esce dalla frase: ricaricate la pagina")
        if label not in self._labels or state not in (None, *STATES):
            raise BadInput("un'etichetta non è fra quelle del file: ricaricate la pagina")
        field = label if self._view == "field" else None
        bare = Span(start, end, label, field=field, state=state, text=text[start:end])
        given = annotation.spans
        if not isinstance(number, int) or not 0 <= number < len(given):
            return replace(bare, edit="added")
        before = given[number]
        if (start, end, label, state) == (before.start, before.end, before.label, before.state):
            return replace(before, edit="kept", score=None, status=None, edits=None)
        same = label == before.label
        return replace(bare, field=before.field if same else field, edit="changed")


def _neighbours(annotations: Iterable[Annotation]) -> dict[str, tuple[str, str]]:
    """The phrase above and the phrase below each, "" where a letter begins or ends."""
    place = attrgetter("phrase.letter", "phrase.start", "phrase.end")
    found = {}
    for _, group in groupby(sorted(annotations, key=place), attrgetter("phrase.letter")):
        letter = list(group)
        lines = ["", *(annotation.phrase.text for annotation in letter), ""]
        for annotation, before, after in zip(letter, lines, lines[2:], strict=False):
            found[annotation.key] = (before, after)
    return found


def _decided(annotation: Annotation, decision: Decision) -> Annotation:
    text = annotation.phrase.text
    spans = (Span.from_json(raw) for raw in decision.spans)
    before = {"source": annotation.source, "spans": [span.to_json() for span in annotation.spans]}
    return replace(
        annotation,
        spans=tuple(replace(span, text=text[span.start : span.end]) for span in spans),
        origin="human",
        source=f"person/{decision.reviewer}",
        missing=(),
        seconds=decision.seconds,
        skipped=decision.verdict == "discarded",
        comment=None,
        extra={**annotation.extra, "before": before, "made": decision.made},
    )
