"""How right rules and extraction are on generated letters: python -m tests.bench.accuracy [MODEL].

Over 25 letters (seeds 1000-1024) of each voice that no example letter is written in. With a model,
its spans are scored too, and extraction by rules and model together.
"""

import re
import sys
from collections import Counter
from collections.abc import Sequence

from core.extract import letter_fields
from core.label.rules.rules import Rules
from core.learn.scoring.scores import Scores, score
from core.learn.tagger import Tagger
from core.read.phrases import phrases
from core.records import Annotation, Letter, Value
from core.schema import default_schema
from demo.fictitious import annotations, voices, write
from demo.lessons import LETTERS_A_VOICE
from demo.paper import TWELVE

SCHEMA = default_schema()
Known = tuple[Letter, list[Annotation], dict[str, Value]]


def unseen() -> list[Known]:
    names = sorted(set(voices()) - {voice for voice, *_ in TWELVE})
    letters = [write(v, 1000 + n) for v in names for n in range(LETTERS_A_VOICE)]
    return [(*annotations(letter), dict(letter.fields)) for letter in letters]


def same(name: str, value: Value) -> str:
    """Texts agree whatever their case and punctuation."""
    return re.sub(r"[\W_]+", "", str(value)).casefold()


def fields_f1(known: Sequence[Known], answers: Sequence[Sequence[Annotation]], kind: str) -> float:
    """Micro F1 of field values: a value counts where field and value are right."""
    counts: Counter[str] = Counter()
    for (letter, _, gold), said in zip(known, answers, strict=True):
        values = {v.field: same(v.field, v.value) for v in letter_fields(letter, said).fields}
        right = {name: same(name, value) for name, value in gold.items()}
        for name, field in SCHEMA.fields.items():
            if (field.kind == "section") == (kind == "section"):
                counts["said"] += name in values
                counts["gold"] += name in right
                counts["hit"] += name in values and values.get(name) == right.get(name)
    return 2 * counts["hit"] / (counts["said"] + counts["gold"])


def tell(what: str, found: Scores) -> None:
    one, loose = found.micro, found.overlap
    print(  # noqa: T201
        f"{what:14} spans: strict F1 {one.f1:.3f} (P {one.precision:.3f} R {one.recall:.3f}), "
        f"overlap F1 {loose.f1:.3f}; {found.letters} letters, {one.support} spans"
    )


def main(model: str | None) -> None:
    known = unseen()
    gold = [SCHEMA.seen_as(a, "field") for _, said, _ in known for a in said]
    labellers = {"rules": Rules(), **({"model": Tagger.load(model)} if model else {})}
    answers: list[list[Annotation]] = [[] for _ in known]
    heard = []
    for name, labeller in labellers.items():
        heard.append(name)
        own = [list(labeller.label(phrases(letter))) for letter, _, _ in known]
        tell(name, score(gold, [SCHEMA.seen_as(a, "field") for said in own for a in said]))
        answers = [[*before, *said] for before, said in zip(answers, own, strict=True)]
        typed, texts = (fields_f1(known, answers, kind) for kind in ("typed", "section"))
        whose = " + ".join(heard)
        print(f"{whose:14} fields: F1 {typed:.3f} typed, {texts:.3f} sections")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
