"""A model against gold: the numbers, the page that a maintainer reads, what it keeps private."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from core.learn.record import Record
from core.learn.scoring.evaluation import Evaluation, evaluate, mergers
from core.learn.scoring.report import numbers, page, write_report
from core.records import Annotation, Phrase, Span
from tests.model_record import record
from tests.tiny_model import four_letters, marked


@dataclass
class Fixed:
    """Answers from a list, whatever the order it is asked in."""

    answers: list[Annotation]
    source: str = "rules/<1>"
    record: Record | None = None

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        by_id = {a.phrase.id: a for a in self.answers}
        return (by_id[phrase.id] for phrase in phrases)


def fields_record(**more: Any) -> Record:
    labels = tuple(sorted({s.label for a in four_letters() for s in a.spans}))
    return record(**{"labels": labels, "view": "field"} | more)


GOLD = marked(
    "noto [[diabete|diabete mellito]], [[fumo|ex fumatore]], [[lasix|Lasix 25 mg]] <ore 8>"
)
SAID = {
    "right": ("[[diabete|diabete mellito]]", "right"),
    "boundary": ("[[diabete|diabete]] mellito", "boundary"),
    "type": ("[[ipertensione|diabete mellito]]", "type"),
    "both": ("[[ipertensione|diabete]] mellito", "type and boundary"),
    "missed": ("diabete mellito", "missed"),
}


def answered(text: str) -> list[Annotation]:
    said = marked(f"noto {text}, [[fumo|ex fumatore]], [[lasix|Lasix 25 mg]] <ore 8>")
    assert said.phrase == GOLD.phrase
    return [said]


@pytest.mark.parametrize(("text", "kind"), SAID.values(), ids=SAID)
def test_every_span_meets_one_fate(text: str, kind: str) -> None:
    found = evaluate(Fixed(answered(text)), [GOLD], "gold.jsonl")
    told = [(m.kind, m.true, m.count) for m in found.mistakes]
    assert told == ([] if kind == "right" else [(kind, "diabete", 1)])
    assert found.ways["strict"].correct == 3 - len(told)


def test_what_is_said_of_nothing_is_spurious() -> None:
    extra = marked(
        "[[betabloc|noto]] [[diabete|diabete mellito]], [[fumo|ex fumatore]], "
        "[[lasix|Lasix 25 mg]] <ore 8>"
    )
    found = evaluate(Fixed([extra]), [GOLD], "gold.jsonl")
    assert [(m.kind, m.said) for m in found.mistakes] == [("spurious", "betabloc")]
    assert found.spans.counts.sum() == 4 and found.spans.counts[-1].sum() == 1


def looked_at(found: Evaluation, folder: Path) -> tuple[str, dict[str, Any]]:
    path = write_report(found, folder)
    assert {f.name for f in folder.iterdir()} == {"report.html", "report.json"}
    assert all(oct(f.stat().st_mode)[-3:] == "600" for f in folder.iterdir())
    assert oct(folder.stat().st_mode)[-3:] == "700"
    return path.read_text(), json.loads((folder / "report.json").read_text())


def test_the_page_stands_alone_and_the_numbers_quote_nobody(tmp_path: Path) -> None:
    gold = four_letters()
    answers = Fixed([replace(a, spans=a.spans[:1]) for a in gold])
    html, told = looked_at(evaluate(answers, gold, "a <b> c.jsonl"), tmp_path / "report")
    assert html.startswith("<!doctype html>")
    assert "rules/&lt;1&gt;" in html and "a &lt;b&gt; c.jsonl" in html and "<1>" not in html
    assert "http" not in html.replace("http://www.w3.org", "") and "src=" not in html
    assert all(label in html for label in told["labels"])
    spans = [span for a in gold for span in a.spans]
    assert told["scores"]["micro"]["recall"] == pytest.approx(len(gold) / len(spans))
    numbers_text = json.dumps(told, ensure_ascii=False)
    assert not any(span.text in numbers_text for span in spans)
    assert told["ways"]["strict"]["interval"]["value"] == pytest.approx(
        told["scores"]["micro"]["f1"]
    )


def test_letters_text_is_escaped_in_the_gallery() -> None:
    html = page(evaluate(Fixed(answered("diabete mellito")), [GOLD], "gold.jsonl"))
    assert "&lt;ore 8&gt;" in html and "<ore 8>" not in html
    assert "diabete mellito</mark>" in html


def test_a_letter_that_the_model_has_learned_from_is_an_alarm() -> None:
    gold = four_letters()
    seen = {"train": [gold[0].phrase.letter], "validation": [gold[-1].phrase.letter], "test": []}
    leaks = {"letters copied": 3, "phrases": 900}
    known = fields_record(split=seen, leaks=leaks)
    found = evaluate(Fixed(gold, record=known), gold, "gold.jsonl")
    assert found.shared == {"train": 1, "validation": 1}
    html = page(found)
    assert "The model has learned from 1 of these 4 letters." in html and 'role="alert"' in html
    assert "3 letters copied in its own split" in html and "900 phrases" not in html
    assert 'role="alert"' not in page(evaluate(Fixed(gold), gold, "gold.jsonl"))


def test_the_course_of_the_training_is_drawn_and_what_sampling_did_is_told() -> None:
    gold = four_letters()
    known = fields_record(
        history=[{"epoch": 1.0, "loss": 0.9, "f1": 0.4}, {"epoch": 2.0, "f1": 0.8}],
        best_epoch=2.0,
        distribution={
            "before": {"fumo": 10, "lasix": 30},
            "after": {"fumo": 9},
            "phrases": {"before": 1234, "after": 400},
            "empty": {"before": 900, "after": 66},
        },
    )
    found = evaluate(Fixed(gold, record=known), gold, "gold.jsonl")
    html = page(found)
    assert "1,234 phrases became 400" in html and "<!-- epoch -->" in html
    assert numbers(found)["history"][1]["f1"] == 0.8
    assert "How it was trained" not in page(evaluate(Fixed(gold), gold, "gold.jsonl"))


def test_thresholds_of_the_validation_letters_are_told() -> None:
    gold = four_letters()
    for told, line in (
        ([0.4], "0.400."),
        ([0.4] * len(fields_record().labels), "</span> 0.400, <span"),
    ):
        known = fields_record(thresholds=told)
        html = page(evaluate(Fixed(gold, record=known), gold, "gold.jsonl"))
        assert "best F1 on the validation letters" in html
        assert line in " ".join(html.split())


def scored(annotation: Annotation, *scores: float) -> Annotation:
    pairs = zip(annotation.spans, scores, strict=True)
    return replace(annotation, spans=tuple(replace(s, score=score) for s, score in pairs))


def test_a_curve_goes_from_the_surest_span_to_the_last() -> None:
    texts = ("[[fumo|fuma]] molto", "[[fumo|ex]] fumatore", "non [[fumo|fuma]]", "[[fumo|fumo]]")
    gold = [marked(text) for text in texts]
    said = [
        scored(gold[0], 0.9),
        scored(marked("ex [[fumo|fumatore]]"), 0.8),
        scored(gold[2], 0.7),
        marked("fumo"),
    ]
    curve = evaluate(Fixed(said), gold, "gold.jsonl").curves["fumo"]
    assert curve.recall == (0.25, 0.25, 0.5)
    assert curve.precision == pytest.approx((1, 1 / 2, 2 / 3))
    assert curve.area == pytest.approx((1 + 2 / 3) / 4)


def test_states_and_values_count_on_spans_that_are_right() -> None:
    plain = marked("nega [[fumo|fumo]], [[diabete|diabete]], [[lasix|Lasix]]")

    def stated(*told: tuple[str | None, Any]) -> Annotation:
        def changed(span: Span, state: Any, value: Any) -> Span:
            return replace(span, state=state, value=value)

        pairs = zip(plain.spans, told, strict=True)
        return replace(plain, spans=tuple(changed(span, *said) for span, said in pairs))

    gold = stated(("negated", 0), ("present", True), ("family", None))
    said = stated(("negated", 2), (None, False), ("present", None))
    evaluation = evaluate(Fixed([said]), [gold], "gold.jsonl")
    found = evaluation.meanings
    parts = {state: (t.asked, t.said, t.right) for state, t in found["states"].parts.items()}
    assert parts == {"negated": (1, 1, 1), "present": (1, 2, 1), "family": (1, 0, 0)}
    assert found["states"].all.share.value == pytest.approx(2 / 3)
    assert found["states"].parts["present"].share.value == pytest.approx(2 / 3), "F1"
    values = found["values"]
    assert list(values.parts) == ["fumo"], "the values of coded fields; a Boolean's is its state"
    assert (values.all.asked, values.all.said, values.all.right) == (1, 1, 0)
    html = page(evaluation)
    assert "States and values" in html and "coded field" in html
    assert numbers(evaluation)["meanings"]["states"]["parts"]["negated"]["share"]["value"] == 1
    assert evaluate(Fixed([plain]), [gold], "gold.jsonl").meanings == {}


def test_two_models_on_the_same_phrases() -> None:
    gold = four_letters()
    worse = Fixed([replace(a, spans=a.spans[1:]) for a in gold], "model/old")
    found = evaluate(Fixed(gold, "model/new"), gold, "gold.jsonl", against=worse)
    rival = found.rival
    assert rival is not None and rival.paired.difference == pytest.approx(1 - rival.strict.value)
    assert (rival.won, rival.lost, rival.differing) == (16, 0, 16)
    html = page(found)
    assert "model/old" in html and "16 spans are right in this model alone" in html
    assert numbers(found)["against"]["paired"]["difference"] == rival.paired.difference


def test_gold_in_a_wider_label_set_is_seen_as_the_model_speaks() -> None:
    gold = [replace(a, origin="rules") for a in four_letters()]
    known = record(labels=("identity", "drugs"), view="group")
    found = evaluate(Fixed(gold, record=known), gold, "gold.jsonl")
    assert set(found.scores.labels) >= {"identity", "drugs", "risk"}
    assert "label set of the model (group)" in found.notes[0]
    assert found.strangers["risk"] and found.unchecked == 16


def test_models_of_different_label_sets_are_not_compared() -> None:
    gold = four_letters()
    one, other = (Fixed(gold, record=record(view=view)) for view in ("group", "target"))
    with pytest.raises(BadInput, match=r"different label sets \(group and target\)"):
        evaluate(one, gold, "gold", against=other)


def test_labels_to_merge_are_written_as_pairs() -> None:
    assert mergers(["ADE=Reason", "a=b=c"]) == {"ADE": "Reason", "a": "b=c"}
    with pytest.raises(BadInput, match="write it as ADE=Reason"):
        mergers(["ADE"])


def test_a_real_model_and_its_own_letters(tiny_model: Path, tmp_path: Path) -> None:
    from core.learn.tagger import Tagger

    tagger = Tagger.load(tiny_model)
    found = evaluate(tagger, four_letters(), "gold.jsonl", against=tagger)
    own = len(tagger.record.split["train"])
    assert found.shared["train"] == own and f"has learned from {own}" in found.warnings[0]
    assert found.rival is not None and found.rival.paired.p == 1.0
    assert found.curves and found.scores.micro.f1 > 0.3
    html, told = looked_at(found, tmp_path / "report")
    assert "How it was trained" in html and told["history"]


def test_ablations_leave_out_and_merge() -> None:
    gold = four_letters()
    said = [replace(a, spans=tuple(s for s in a.spans if s.label != "lasix")) for a in gold]
    found = evaluate(Fixed(said), gold, "gold", without=["lasix"], merge={"lasix": "betabloc"})
    rows = {row.name: row for row in found.ablations}
    assert rows["all labels"].spans == found.scores.micro
    assert rows["without lasix"].spans is not None and rows["without lasix"].spans.f1 == 1.0
    assert rows["without lasix"].words.micro.f1 == 1.0 and rows["without lasix, with O"]
    assert {"lasix as betabloc", "merged by group", "merged into one"} <= set(rows)
    with pytest.raises(BadInput, match="no label named aspirina"):
        evaluate(Fixed(said), gold, "gold", without=["aspirina"])


def test_gold_of_several_hands_is_told_apart() -> None:
    gold = four_letters()
    mixed = [*gold[:8], *(replace(a, origin="fictitious", source="voice") for a in gold[8:])]
    found = evaluate(Fixed([replace(a, spans=()) for a in gold[:8]] + gold[8:]), mixed, "gold")
    f1 = {hand.source: (hand.origin, hand.phrases, hand.strict.value) for hand in found.hands}
    assert f1 == {"person/1": ("human", 8, 0.0), "voice": ("fictitious", 8, 1.0)}


def test_nested_spans_count_where_the_model_can_say_them() -> None:
    inner = replace(GOLD.spans[0], end=GOLD.spans[0].start + 7, text="diabete", label="nested")
    gold = [replace(GOLD, spans=(*GOLD.spans, inner))]
    flat = evaluate(Fixed(gold), gold, "gold")
    assert (flat.scores.overlapped, flat.scores.micro.support) == (1, 3)
    assert "1 nested spans of gold are left out" in page(flat)
    known = record(labels=("diabete", "fumo", "lasix", "nested"), view=None, head="multilabel")
    whole = evaluate(Fixed(gold, record=known), gold, "gold")
    assert [whole.scores.micro.support, whole.ways["strict"].correct] == [4, 4]
    assert not whole.mistakes and "None." in page(whole)


def test_skipped_phrases_do_not_count_and_no_gold_is_said() -> None:
    gold = four_letters()
    some = [replace(gold[0], skipped=True), *gold[1:]]
    assert evaluate(Fixed(gold), some, "gold").scores.phrases == 15
    with pytest.raises(BadInput, match="hold no span"):
        evaluate(Fixed([]), [replace(a, spans=()) for a in gold], "gold")
