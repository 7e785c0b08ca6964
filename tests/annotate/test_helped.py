"""How much the machine helped: exact figures from small files, and a page without letter text."""

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from annotate.helped.anchoring import pulls
from annotate.helped.curve import curve, lots_of, settled
from annotate.helped.edits import NOBODY, rounds_of, source_of
from annotate.helped.measure import measure
from annotate.helped.pace import pace
from annotate.helped.page import write_report
from core.errors import BadInput
from core.records import Annotation, Span
from tests.tiny_model import four_letters, marked

TEXT = "Nega diabete, è ipertesa, prende Lasix 25 mg"


def span(quote: str, label: str, **more: Any) -> Span:
    start = TEXT.index(quote)
    return Span(start, start + len(quote), label, label, text=quote, **more)


def line(
    letter: int, *spans: Span, before: tuple[Span, ...] | None = None, **more: Any
) -> Annotation:
    """A corrected phrase; `before`: what rules/1 had put there, None where nothing was shown."""
    shown = {"source": None, "spans": []}
    if before is not None:
        shown = {"source": "rules/1", "spans": [s.to_json() for s in before]}
    extra = {"before": shown, **more.pop("extra", {})}
    plain = marked(TEXT, f"{letter:012x}")
    return replace(plain, spans=spans, extra=extra, **more)


SHOWN = (span("diabete", "diabete"), span("Lasix", "lasix"), span("ipertesa", "fumo"))
CORRECTED = line(
    1,
    span("diabete", "diabete", edit="kept"),
    span("Lasix 25 mg", "lasix", edit="changed"),
    span("ipertesa", "ipertensione", edit="added"),
    before=SHOWN,
)


def test_what_became_of_each_span_is_counted_by_field() -> None:
    (one,) = rounds_of([CORRECTED, line(2, before=SHOWN), line(3, span("Nega", "fumo"))])
    assert (one.source, one.phrases, one.letters) == ("rules/1", 2, {f"{n:012x}" for n in (1, 2)})
    assert one.whole.deeds == {"kept": 1, "changed": 1, "added": 1, "deleted": 4}
    assert one.whole.shown == 6 and one.whole.made == 3
    assert one.whole.share("kept") == 1 / 6 and one.whole.share("added") == 1 / 3
    assert {name: dict(tally.deeds) for name, tally in one.fields.items()} == {
        "diabete": {"kept": 1, "deleted": 1},
        "lasix": {"changed": 1, "deleted": 1},
        "fumo": {"deleted": 2},
        "ipertensione": {"added": 1},
    }


def test_a_changed_span_counts_for_the_field_the_machine_named() -> None:
    relabelled = span("ipertesa", "ipertensione", edit="changed")
    (one,) = rounds_of([line(1, relabelled, before=(span("ipertesa", "fumo"),))])
    assert {name: dict(tally.deeds) for name, tally in one.fields.items()} == {
        "fumo": {"changed": 1}
    }


def test_rounds_stand_in_the_order_in_which_people_met_the_labellers() -> None:
    def made(source: str, when: str) -> Annotation:
        before = {"source": source, "spans": []}
        return replace(CORRECTED, extra={"before": before, "made": when})

    lines = [
        made("model/second@1#3", "2026-11-02T08:00:00Z"),
        made("rules/1", "2026-11-01T08:00:00Z"),
        made("model/second@1", "2026-11-03T08:00:00Z"),
    ]
    assert [(one.source, one.phrases) for one in rounds_of(lines)] == [
        ("rules/1", 1),
        ("model/second@1", 2),
    ]


def test_a_line_that_says_nothing_of_before_is_in_no_round() -> None:
    silent = replace(CORRECTED, extra={})
    assert source_of(silent) is None and source_of(line(1)) == NOBODY
    assert rounds_of([silent, line(1)]) == []


def test_seconds_with_and_without_pre_labels_pauses_left_out() -> None:
    helped = [line(n, before=SHOWN, seconds=float(s)) for n, s in enumerate((4, 6, 8, 10, 301))]
    bare = [line(n, seconds=float(s)) for n, s in enumerate((10, 12, 14))]
    told = pace([*helped, *bare, line(9, before=SHOWN), line(9, seconds=7.0, skipped=True)])
    assert told.pauses == 1
    assert told.helped and told.helped.value == 7
    assert told.bare and told.bare.value == 12
    assert told.saved and told.saved.value == 5
    assert told.saved.low <= 5 <= told.saved.high
    assert told.times == ([4, 6, 8, 10], [10, 12, 14])


@pytest.mark.parametrize(
    ("seconds", "pauses"),
    {
        "a person as quick as ever": ([5, 6, 7, 8, 9, 10], 0),
        "a coffee": ([5, 6, 7, 8, 9, 200], 1),
        "the end of the day": ([60, 120, 180, 240, 3000], 1),
        "always the same": ([5, 5, 5, 5, 90], 0),
    }.values(),
    ids=["a person as quick as ever", "a coffee", "the end of the day", "always the same"],
)
def test_a_pause_is_told_from_a_long_phrase(seconds: list[float], pauses: int) -> None:
    assert pace([line(n, seconds=s) for n, s in enumerate(seconds)]).pauses == pauses


def test_the_pull_of_pre_labels_is_the_agreement_they_add() -> None:
    said = (span("diabete", "diabete"), span("Lasix", "lasix"))
    kept = tuple(replace(s, edit="kept") for s in said)
    helped = [line(n, *kept, before=said) for n in range(4)]
    bare = [line(n, span("diabete", "diabete"), span("ipertesa", "fumo")) for n in range(4, 8)]
    labelled = [replace(a, spans=said, origin="rules", source="rules/1") for a in bare]
    (one,) = pulls([*helped, *bare], labelled)
    assert (one.source, one.phrases_helped, one.phrases_bare) == ("rules/1", 4, 4)
    assert one.helped and one.helped.value == 1
    assert one.bare and one.bare.value == 0.5
    assert one.pull and (one.pull.value, one.pull.low, one.pull.high) == (0.5, 0.5, 0.5)


def test_only_what_people_did_themselves_is_counted() -> None:
    told = measure(
        [
            CORRECTED,
            replace(CORRECTED, source="person/2", skipped=True),
            replace(CORRECTED, source="gold/majority"),
            replace(CORRECTED, extra={**CORRECTED.extra, "carried": "another"}),
            replace(CORRECTED, origin="rules", source="rules/1"),
        ]
    )
    assert (told.phrases, told.skipped, told.people, told.letters) == (1, 1, 2, 1)
    assert told.rounds[0].phrases == 1


def test_the_page_holds_the_figures_and_no_letter_text(tmp_path: Path) -> None:
    lines = [replace(CORRECTED, seconds=5.0), line(2, span("Lasix", "lasix"), seconds=9.0)]
    labelled = [replace(lines[1], origin="rules", source="rules/1")]
    page = write_report(measure(lines, labelled), tmp_path / "report")
    text = page.read_text()
    for said in ("1. rules/1", "33.3%", "5.0 (5.0 to 5.0)", "+4.0", "pause and is left out"):
        assert said in text
    assert "ipertesa" not in text and "25 mg" not in text
    # The names of XML's own vocabularies are no requests.
    assert "src=" not in text and "<script" not in text and 'href="http' not in text
    told = json.loads((tmp_path / "report" / "report.json").read_text())
    assert told["rounds"][0]["spans"] == {"kept": 1, "changed": 1, "added": 1, "deleted": 1}
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_an_empty_file_still_makes_a_page(tmp_path: Path) -> None:
    text = write_report(measure([]), tmp_path).read_text()
    assert "0 phrases of 0 letters" in text and "No line holds a time" in text


def test_lots_of_letters_grow_and_the_test_letters_stay() -> None:
    annotations = [marked("Vedova", f"{n:012x}") for n in range(40)]
    lots = lots_of(annotations, 4, seed=0)
    assert [len(one.train) for one in lots] == [4, 7, 14, 28]
    assert all((one.test, one.validation) == (lots[0].test, lots[0].validation) for one in lots)
    for small, large in zip(lots, lots[1:], strict=False):
        assert set(map(id, small.train)) < set(map(id, large.train))
    for one in lots:
        sides = [{a.phrase.letter for a in side} for side in (one.train, one.validation, one.test)]
        assert sum(map(len, sides)) == len(set().union(*sides))


def test_of_several_answers_to_a_phrase_gold_is_learned_from() -> None:
    gold = replace(CORRECTED, source="gold/adjudicated")
    late = replace(CORRECTED, source="person/2", extra={"made": "2026-11-02T08:00:00Z"})
    assert settled([gold, late, CORRECTED]) == [gold]
    assert settled([late, CORRECTED]) == [late]
    assert settled([late, replace(CORRECTED, skipped=True)]) == [late]


def test_too_few_letters_for_a_curve_are_said() -> None:
    with pytest.raises(BadInput, match="2 letters are too few for a learning curve"):
        lots_of([marked("Vedova", f"{n:012x}") for n in range(2)], 3, seed=0)


@pytest.mark.training
def test_a_point_of_the_curve_is_measured_once(tmp_path: Path, tiny_base: Path) -> None:
    out = tmp_path / "report"
    points = curve(four_letters(), out, str(tiny_base), points=2)
    assert [(point.phrases, point.letters) for point in points] == [(4, 1), (8, 2)]
    assert all(0 <= point.low <= point.f1 <= point.high <= 1 for point in points)
    kept = (out / "curve.jsonl").stat()
    assert curve(four_letters(), out, str(tiny_base), points=2) == points
    assert (out / "curve.jsonl").stat() == kept  # nothing was measured again
    assert not (out / ".curve").exists()
