"""A training record in sentences: how good the model is, and what of it needs a person's eye."""

from collections.abc import Iterator, Sequence

from core.learn.data.split import KNOWN
from core.learn.record import Record
from core.learn.scoring.scores import Score
from core.schema import VIEWS, default_schema

FEWEST = 6
"""Letters without which no difference between two models can be told from chance: were one better
on each of five, exchanging the two letter by letter would do as much in 2 of 32 ways."""
_WEAK = 0.5
_NAMED = 5
_ONCE = 0.05


def score_of(record: Record, name: str = "test") -> str:
    """Strict F1 on the letters of a lot, with its interval."""
    found, bounds = record.scores[name], record.intervals.get(name)
    within = "" if bounds is None else f" ({bounds['low']:.3f} to {bounds['high']:.3f})"
    return f"strict F1 {found.micro.f1:.3f}{within} on {_letters(found.letters)}"


def verdict(record: Record) -> str:
    """What came of the comparison with the last model, in a sentence; "" where there was none."""
    told = record.compared
    if told is None:
        return ""
    whose = "corrected " if told.get("corrected") else ""
    figures = (
        f"strict F1 {told['difference']:+.3f} ({told['low']:+.3f} to {told['high']:+.3f}), "
        f"p {told['p']:.3f} on {_letters(told['letters'], whose)} that neither has learned from"
    )
    if record.offered:
        return f"better than the last model: {figures}"
    few = f"; on fewer than {FEWEST} nothing can be shown" if told["letters"] < FEWEST else ""
    return f"not shown to be better than the last model: {figures}{few}"


def meanings_of(record: Record) -> Iterator[str]:
    """How well the model tells states and values, a sentence each, the weakest named first."""
    scores = record.meanings.get("scores", {}).get("test", {})
    for what, each in (("states", "F1"), ("values", "accuracy")):
        if what in scores:
            told = scores[what]["all"]
            bounds = f"{told['share']['low']:.3f} to {told['share']['high']:.3f}"
            parts = {name: part["share"]["value"] for name, part in scores[what]["parts"].items()}
            ranked = sorted(parts.items(), key=lambda part: part[1])
            named = ", ".join(f"{name} {share:.2f}" for name, share in ranked)
            yield (
                f"{what}: {told['share']['value']:.3f} right ({bounds}) of {told['asked']:,} spans "
                f"not trained on ({each}: {named})"
            )


def needs_an_eye(record: Record) -> Iterator[str]:
    """What a person should know before the model is used or published, worst first."""
    if not record.offered:
        yield verdict(record)
    leaks = record.leaks
    if copies := sum(n for name, n in leaks.items() if name.startswith("letters")):
        yield f"scored on, though learned from, whole or as copies: {_letters(copies)}"
    test = record.scores["test"]
    if test.letters < FEWEST:
        yield f"the score is of {_letters(test.letters)} only; correct more for one to rely on"
    unchecked = sum(n for origin, n in record.phrases.items() if origin not in KNOWN)
    if unchecked:
        yield f"{unchecked:,} of {sum(record.phrases.values()):,} phrases nobody checked"
    if weak := _weak(test.labels):
        yield f"labels with a strict F1 under one half: {weak}"
    if unlearned := sorted(set(test.labels) - set(record.labels)):
        yield f"labels with no phrase to learn from: {', '.join(unlearned)}"
    if record.view is None and (strange := _strangers(record.labels)):
        yield f"labels that the table of fields does not know: {strange}"
    lost = {name: n for name, n in record.spans.items() if name != "learned" and n}
    if sum(lost.values()) > _ONCE * max(1, sum(record.spans.values())):
        yield f"spans that cannot be learned as they are: {_listed(lost)}"
    if leaks.get("phrases repeated", 0) > leaks.get("phrases", 0) / 2:
        yield "more than half of the phrases scored on stand word for word in those learned from"


def _strangers(labels: Sequence[str]) -> str:
    """Unknown ones among known ones; where all are unknown it is another label set, and fine."""
    known = {label for view in VIEWS for label in default_schema().labels(view)}
    strange = [label for label in labels if label not in known]
    return ", ".join(strange) if len(strange) < len(labels) else ""


def _letters(number: int, whose: str = "") -> str:
    return f"{number:,} {whose}letter{'' if number == 1 else 's'}"


def _weak(labels: dict[str, Score]) -> str:
    rows = [name for name, found in labels.items() if found.support and found.f1 < _WEAK]
    rows.sort(key=lambda name: (-labels[name].support, name))
    named = ", ".join(f"{name} ({labels[name].f1:.2f})" for name in rows[:_NAMED])
    return named + (f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else "")


def _listed(counts: dict[str, int]) -> str:
    words = {
        "overlapped": "under a longer one",
        "cut": "cutting a word",
        "merged": "joined to the one before",
        "unknown": "of labels left out",
    }
    return ", ".join(f"{n:,} {words[name]}" for name, n in counts.items())
