"""corrected.jsonl of several people -> gold.jsonl, and a project with the phrases in dispute.

Run it any number of times: it takes home what was adjudicated since, and brings the project up to
date with what people say by now. What somebody began to adjudicate is never touched.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from label_studio_sdk import LabelStudio

from annotate.agreement.tribunal import put_up
from annotate.agreement.verdicts import Verdict, agreed, gold, majority, trusting
from annotate.agreement.versions import Shared, made, shared
from annotate.screen.regions import Refused
from annotate.screen.words import Language
from annotate.sync.pull import pull
from annotate.sync.studio import find
from core.errors import BadInput
from core.records import Annotation
from core.schema import Schema, View


@dataclass(frozen=True, slots=True)
class Gold:
    """One annotation a phrase. `by` counts them by source; phrases that one person alone saw keep
    theirs (`person/<n>`). `open`: the phrases in dispute that nothing has decided, the worst first.
    """

    annotations: tuple[Annotation, ...]
    by: dict[str, int]
    open: tuple[Shared, ...]


@dataclass(frozen=True, slots=True)
class Adjudication:
    """What an adjudication came to. `added`, `renewed`, `withdrawn` count tasks of its project:
    new ones, those whose versions changed, and those that are in dispute no more. `refused`: what
    somebody decided there that cannot be taken.
    """

    gold: Gold
    project: int | None = None
    added: int = 0
    renewed: int = 0
    withdrawn: int = 0
    refused: tuple[Refused, ...] = ()


def settle(
    annotations: Sequence[Annotation],
    adjudicated: Mapping[str, Annotation] | None = None,
    verdicts: Iterable[Verdict] = (),
) -> Gold:
    """Gold of all phrases that can be decided: what all agree on, then what was adjudicated (by
    phrase id), then by the first of the verdicts that has one. Copies follow their phrase.
    """
    chain = [agreed, _as_adjudicated(adjudicated or {}), *verdicts]
    found: list[Annotation] = []
    left: list[Shared] = []
    for phrase in shared(annotations):
        if len(phrase.versions) == 1:
            found += phrase.versions.values()
        elif decided := next((said for verdict in chain if (said := verdict(phrase))), None):
            found.append(decided)
        else:
            left.append(phrase)
    found += _copies(annotations, found)
    found.sort(key=_place)
    return Gold(
        tuple(found),
        dict(Counter(annotation.source for annotation in found)),
        tuple(sorted(left, key=lambda phrase: (-phrase.disputes, phrase.phrase.id))),
    )


def adjudicate(
    client: LabelStudio,
    title: str,
    annotations: Sequence[Annotation],
    schema: Schema,
    view: View,
    verdicts: Sequence[Verdict] = (),
    *,
    blind: bool = False,
    language: Language = "it",
) -> Adjudication:
    """Takes home what was adjudicated in a project, and puts up there what is still in dispute.

    `blind`: the adjudicator sees versions A and B, in an order of each phrase's own, not who made
    them. The project is made where it is missing and there is a dispute.
    """
    known, refused = _adjudicated(client, title, schema, view)
    decided = settle(annotations, known, verdicts)
    if not decided.open and find(client, title) is None:
        return Adjudication(decided, refused=refused)
    lines = sorted({a.key: a for a in annotations}.values(), key=_place)
    put = put_up(client, title, decided.open, lines, schema, view, blind=blind, language=language)
    return Adjudication(decided, put.project, put.added, put.renewed, put.withdrawn, refused)


def verdicts_of(majority_rules: bool, trust: str | None, people: Iterable[str]) -> list[Verdict]:
    """The verdicts of the command line's flags. Raises BadInput for a person nobody knows."""
    known = sorted(set(people))
    if trust is not None and trust not in known:
        raise BadInput(f"nobody named '{trust}' among those who corrected: {', '.join(known)}")
    chosen = [trusting(trust)] if trust is not None else []
    return [*chosen, majority] if majority_rules else chosen


def _place(annotation: Annotation) -> tuple[str, int]:
    return annotation.phrase.letter, annotation.phrase.start


def _adjudicated(
    client: LabelStudio, title: str, schema: Schema, view: View
) -> tuple[dict[str, Annotation], tuple[Refused, ...]]:
    """What was submitted in the project, by phrase: the latest word where several had one; and
    what of it cannot be taken."""
    if find(client, title) is None:
        return {}, ()
    said = pull(client, title, schema, view)
    latest = {a.key: a for a in sorted(said.annotations, key=made) if not a.skipped}
    return latest, said.refused


def _as_adjudicated(adjudicated: Mapping[str, Annotation]) -> Verdict:
    def verdict(phrase: Shared) -> Annotation | None:
        said = adjudicated.get(phrase.phrase.id)
        if said is None or said.phrase.text != phrase.phrase.text:
            return None
        return gold(phrase, said.spans, "adjudicated")

    return verdict


def _copies(annotations: Iterable[Annotation], found: Iterable[Annotation]) -> Iterable[Annotation]:
    """Equal phrases that nobody looked at get what was decided of the one that people did."""
    decided = {annotation.key: annotation for annotation in found}
    copied: set[str] = set()
    for line in annotations:
        original = decided.get(str(line.extra.get("carried")))
        if original is None or line.key in decided or line.key in copied:
            continue
        if original.source.startswith("person/"):
            if line.source == original.source:
                copied.add(line.key)
                yield line
        elif line.phrase.text == original.phrase.text:
            copied.add(line.key)
            extra = {**original.extra, "carried": original.key}
            yield replace(original, phrase=line.phrase, extra=extra)
