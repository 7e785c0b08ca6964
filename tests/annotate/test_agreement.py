"""How well people agree: equal to other people's libraries, and sound whoever is named first."""

import json
import re
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator
from sklearn.metrics import cohen_kappa_score

from annotate.agreement import measures
from annotate.agreement.agreement import Agreement, codes, measure
from annotate.agreement.report import fields_table, pairs_table, write_report
from annotate.agreement.versions import shared
from core.errors import BadInput
from core.learn.scoring.intervals import Interval
from core.learn.scoring.scores import score
from core.records import Annotation, Span
from tests.annotate.people import (
    LABELS,
    TEXT,
    Mark,
    any_marks,
    flat_marks,
    marked,
    phrase,
    said,
    span,
)

Versions = list[tuple[Sequence[Mark], ...]]
LIGHT = settings(max_examples=25, deadline=None)
FLAT = st.lists(st.tuples(flat_marks(), flat_marks()), min_size=1, max_size=6)
ANY = st.lists(st.tuples(any_marks(), any_marks(), any_marks()), min_size=1, max_size=4)


def of(versions: Versions) -> list[Annotation]:
    """Phrase by phrase what person 1, 2, ... marked."""
    return [
        marked(phrase(number), person, *marks)
        for number, row in enumerate(versions)
        for person, marks in enumerate(row, 1)
    ]


def value(interval: Interval | None) -> float | None:
    return None if interval is None else pytest.approx(interval.value)


def plain(interval: Interval | None) -> float | None:
    return None if interval is None else round(interval.value, 9)


@LIGHT
@given(FLAT)
def test_kappa_is_scikit_learns(versions: Versions) -> None:
    people = of(versions)
    one, other = (
        np.concatenate([codes(a, LABELS) for a in people if a.source == f"person/{n}"])
        for n in (1, 2)
    )
    [pair] = measure(people).pairs
    if len({*one} | {*other}) == 1:
        assert pair.kappa is None
    else:
        assert value(pair.kappa) == cohen_kappa_score(one, other)


@LIGHT
@given(ANY)
def test_alpha_is_the_library_s(versions: Versions) -> None:
    people = of(versions)
    rows = [
        np.concatenate([codes(a, LABELS) for a in people if a.source == f"person/{n}"])
        for n in (1, 2, 3)
    ]
    found = measure(people)
    if len({code for row in rows for code in row}) == 1:
        assert found.alpha is None
    else:
        theirs = krippendorff.alpha(np.array(rows), level_of_measurement="nominal")
        assert value(found.alpha) == theirs


# Krippendorff (2011), part C: four observers, twelve units, missing data; nominal alpha 0.743.
PUBLISHED = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""


def test_alpha_of_the_published_table() -> None:
    rows = [line.split() for line in PUBLISHED.split("\n") if line]
    units = [
        [column.count(str(code)) for code in range(1, 6)] for column in zip(*rows, strict=True)
    ]
    several = np.array([unit for unit in units if sum(unit) > 1], dtype=float)
    by_code = several.sum(axis=0)
    counts = np.array([[by_code.sum(), measures.unlike(several).sum(), *by_code]])
    assert measures.alpha(counts)[0] == pytest.approx(0.743, abs=0.0005)


def test_a_person_who_did_not_see_a_phrase_is_a_missing_coder() -> None:
    first, second = phrase(0), phrase(1)
    people = [
        marked(first, 1, (0, 1, "risk")),
        marked(first, 2, (0, 1, "risk")),
        marked(second, 2, (2, 4, "drugs")),
        marked(second, 3, (2, 5, "drugs")),
    ]
    table = np.full((3, 16), np.nan)
    table[0, :8], table[1, :8] = codes(people[0], LABELS), codes(people[1], LABELS)
    table[1, 8:], table[2, 8:] = codes(people[2], LABELS), codes(people[3], LABELS)
    found = measure(people)
    theirs = krippendorff.alpha(table, level_of_measurement="nominal")
    assert value(found.alpha) == theirs
    assert [(pair.one, pair.other, pair.phrases) for pair in found.pairs] == [
        ("person/1", "person/2", 1),
        ("person/2", "person/3", 1),
    ]
    by_label = {field.label: field for field in found.fields}
    drugs = np.where(np.isnan(table), np.nan, table == 1 + LABELS.index("drugs"))
    assert value(by_label["drugs"].alpha) == krippendorff.alpha(
        drugs, level_of_measurement="nominal"
    )
    assert by_label["risk"].people == {"person/1": 1.0, "person/2": 1.0, "person/3": None}


@LIGHT
@given(ANY)
def test_span_f1_is_that_of_our_scores(versions: Versions) -> None:
    people = of([row[:2] for row in versions])
    sides = [[a for a in people if a.source == f"person/{n}"] for n in (1, 2)]
    ours, theirs = measure(people), score(*sides, nested=True)
    [pair] = ours.pairs
    if not theirs.micro.support + theirs.micro.said:
        assert pair.exact is None and pair.overlap is None
    else:
        assert value(pair.exact) == theirs.micro.f1 and value(pair.overlap) == theirs.overlap.f1
        assert {f.label: f.exact.value for f in ours.fields if f.exact} == {
            label: pytest.approx(by.f1) for label, by in theirs.labels.items()
        }


@LIGHT
@given(FLAT)
@pytest.mark.filterwarnings("ignore")  # nervaluate's, where there is no span at all
def test_exact_f1_is_nervaluates(versions: Versions) -> None:
    people = of(versions)
    sides = [
        [
            [{"label": s.label, "start": s.start, "end": s.end - 1} for s in a.spans]
            for a in people
            if a.source == f"person/{n}"
        ]
        for n in (1, 2)
    ]
    theirs = Evaluator(*sides, tags=list(LABELS), loader="dict").evaluate()["overall"]["strict"]
    [pair] = measure(people).pairs
    assert (0.0 if pair.exact is None else pair.exact.value) == pytest.approx(theirs.f1)


@LIGHT
@given(ANY)
def test_who_is_named_first_changes_nothing(versions: Versions) -> None:
    told = []
    for order in permutations(range(3)):
        found = measure(of([tuple(row[n] for n in order) for row in versions]))
        number = {f"person/{n + 1}": f"person/{old + 1}" for n, old in enumerate(order)}
        pairs = {
            frozenset((number[p.one], number[p.other])): [
                plain(i) for i in (p.exact, p.overlap, p.kappa)
            ]
            for p in found.pairs
        }
        fields = {f.label: {number[who]: f1 for who, f1 in f.people.items()} for f in found.fields}
        alphas = [plain(i) for i in (found.alpha, *(f.alpha for f in found.fields))]
        told.append((alphas, pairs, fields, [p.phrase.id for p in found.disputed]))
    assert all(one == told[0] for one in told)


@LIGHT
@given(st.lists(any_marks(), min_size=1, max_size=4))
def test_people_who_say_the_same_agree_wholly(rows: list[tuple[Mark, ...]]) -> None:
    found = measure(of([(row, row, row) for row in rows]))
    told = [found.exact, found.overlap, found.alpha]
    told += [i for p in found.pairs for i in (p.exact, p.overlap, p.kappa, p.state)]
    told += [i for f in found.fields for i in (f.exact, f.alpha)]
    assert all((i.value, i.low, i.high) == (1, 1, 1) for i in told if i is not None)
    assert found.disputed == ()


@LIGHT
@given(ANY)
def test_the_interval_holds_the_value_where_it_can(versions: Versions) -> None:
    found = measure(of(versions))
    for interval in (found.exact, found.overlap):
        assert interval is None or 0 <= interval.low <= interval.high <= 1


def test_one_letter_alone_gives_an_interval_without_width() -> None:
    where = phrase(0)
    people = [marked(where, 1, (0, 1, "risk"), (2, 3, "drugs")), marked(where, 2, (0, 1, "risk"))]
    exact = measure(people).exact
    assert exact is not None and exact.value == pytest.approx(2 / 3)
    assert exact.low == exact.high == pytest.approx(2 / 3)


def disputed(found: Agreement) -> list[tuple[str, float]]:
    return [(shown.phrase.id, shown.disputes) for shown in found.disputed]


def test_state_and_value_are_compared_where_both_marked() -> None:
    where = [phrase(number) for number in range(3)]
    people = [
        said(where[0], 1, [span(TEXT, 0, 1, "risk", state="present", value=2)]),
        said(where[0], 2, [span(TEXT, 0, 1, "risk", value="2")]),
        said(where[1], 1, [span(TEXT, 0, 1, "risk", state="negated")]),
        said(where[1], 2, [span(TEXT, 0, 1, "risk", state="present", value=1)]),
        said(where[2], 1, [span(TEXT, 0, 1, "risk", state="negated")]),
        said(where[2], 2, [span(TEXT, 0, 1, "risk", state="negated")]),
    ]
    found = measure(people)
    [pair] = found.pairs
    assert value(pair.state) == cohen_kappa_score(["p", "n", "n"], ["p", "p", "n"])
    assert value(pair.value) == 1 / 2
    assert value(pair.exact) == 1
    assert disputed(found) == [(where[1].id, 1)]


def test_the_worst_phrases_come_first() -> None:
    where = [phrase(number) for number in range(3)]
    people = [
        marked(where[0], 1, (0, 1, "risk")),
        marked(where[0], 2, (0, 2, "risk")),
        marked(where[1], 1),
        marked(where[1], 2),
        marked(where[2], 1, (0, 1, "risk"), (3, 4, "drugs")),
        marked(where[2], 2, (0, 1, "drugs")),
    ]
    assert disputed(measure(people)) == [(where[2].id, 3), (where[0].id, 2)]


def test_skipped_and_carried_lines_are_nobodys_word() -> None:
    where, other = phrase(0), phrase(1)
    people = [
        marked(where, 1, (0, 1, "risk")),
        marked(where, 2, skipped=True),
        marked(where, 3, (0, 1, "risk")),
        marked(other, 1, (0, 1, "risk"), extra={"carried": where.id}),
        marked(other, 3, (0, 1, "drugs"), extra={"carried": where.id}),
    ]
    found = measure(people)
    assert (found.phrases, found.people, found.disputed) == (1, ("person/1", "person/3"), ())


def test_the_latest_word_of_a_person_counts() -> None:
    where = phrase(0)
    people = [
        marked(where, 1, (0, 1, "risk"), extra={"made": "2026-11-21T09:00:00Z"}),
        marked(where, 1, extra={"made": "2026-11-20T09:00:00Z"}),
        marked(where, 10),
        marked(where, 2),
    ]
    [both] = shared(people)
    assert list(both.versions) == ["person/1", "person/2", "person/10"]
    assert len(both.versions["person/1"].spans) == 1


def test_nothing_to_compare_says_the_way_out() -> None:
    with pytest.raises(BadInput) as error:
        measure([marked(phrase(0), 1), marked(phrase(1), 2)])
    assert str(error.value) == (
        "no phrase was corrected by two people, so there is nothing to compare; "
        "let several see a share of the phrases (push --overlap 2 --share 0.2)"
    )


def test_the_report_is_for_its_owner_alone_and_asks_nobody_else(tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script> & fumo"
    where = [phrase(0), phrase(1, nasty)]
    people = [
        marked(where[0], 1, (0, 2, "risk")),
        marked(where[0], 2, (0, 2, "risk"), (3, 4, "drugs")),
        said(where[1], 1, [Span(0, 25, "risk", state="negated", text=nasty[:25])]),
        said(where[1], 2, [Span(3, 25, "risk", value=1, text=nasty[3:25])]),
    ]
    found = measure(people)
    page = write_report(found, tmp_path / "report")
    text = page.read_text()
    assert {path.name for path in page.parent.iterdir()} == {
        "agreement.html", "agreement.json", "people.svg", "fields.svg",
    }  # fmt: skip
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in page.parent.iterdir())
    assert "<script" not in text and "&lt;scr" in text
    assert not re.search(r"(?:src|href)=.?https?:|url\(http", text)
    for other in ("agreement.json", "people.svg", "fields.svg"):
        assert "alert" not in (page.parent / other).read_text()
    numbers = json.loads((page.parent / "agreement.json").read_text())
    assert numbers["exact"]["value"] == pytest.approx(2 / 5)
    assert numbers["disputed"] == {where[1].id: 2, where[0].id: 1}


def test_the_tables_name_who_and_what() -> None:
    where = [phrase(0), phrase(1)]
    people = [
        marked(where[0], 1, (0, 2, "risk")),
        marked(where[0], 2, (0, 2, "risk"), (3, 4, "drugs")),
        marked(where[1], 1, (0, 1, "risk")),
        marked(where[1], 2, (0, 1, "risk")),
    ]
    head, *pairs = pairs_table(measure(people))
    assert head[:4] == ("people", "phrases", "exact F1", "95 %")
    assert pairs == [
        ("1, 2", "2", "0.800", "0.67 to 1.00", "0.800", "0.67 to 1.00")
        + pairs[0][6:8] + ("–", "–")
    ]  # fmt: skip
    assert [row[0] for row in fields_table(measure(people))] == ["label", "drugs", "risk"]


def test_people_who_found_nothing_can_still_be_reported(tmp_path: Path) -> None:
    found = measure([marked(phrase(0), 1), marked(phrase(0), 2)])
    assert (found.exact, found.alpha, found.fields) == (None, None, ())
    assert "None." in write_report(found, tmp_path).read_text()
