"""A labeller against gold, and the report that a maintainer reads."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from core.errors import BadInput
from core.learn.evaluate import evaluate, write_report
from core.records import Annotation, Phrase
from tests.tiny_model import four_letters


@dataclass
class Fixed:
    """Answers from a list, whatever the order it is asked in."""

    answers: list[Annotation]
    source: str = "rules/<1>"

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        by_id = {a.phrase.id: a for a in self.answers}
        return (by_id[phrase.id] for phrase in phrases)


def test_gold_against_itself_is_one_and_skipped_phrases_do_not_count() -> None:
    gold = four_letters()
    skipped = replace(gold[0], skipped=True)
    scores = evaluate(Fixed(gold), [skipped, *gold[1:]])
    assert (scores.micro.f1, scores.phrases) == (1.0, 15)


def test_no_gold_is_said() -> None:
    with pytest.raises(BadInput, match="hold no span"):
        evaluate(Fixed([]), [replace(a, spans=()) for a in four_letters()])


def test_the_report_is_private_escaped_and_has_every_label(tmp_path: Path) -> None:
    gold = four_letters()
    answers = Fixed([replace(a, spans=a.spans[:1]) for a in gold])
    page = write_report(
        evaluate(answers, gold), answers.source, "corrected by people", tmp_path / "report"
    )
    assert oct(page.stat().st_mode)[-3:] == "600"
    assert oct(page.parent.stat().st_mode)[-3:] == "700"
    html = page.read_text()
    assert "rules/&lt;1&gt;" in html and "<1>" not in html
    told = json.loads((page.parent / "scores.json").read_text())
    assert all(f"<th>{label}</th>" in html for label in told["labels"])
    assert told["micro"]["recall"] == pytest.approx(len(gold) / sum(len(a.spans) for a in gold))
    words = [span.text for a in gold for span in a.spans]
    assert not any(word in html for word in words)
