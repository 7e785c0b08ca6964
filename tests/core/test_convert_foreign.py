"""Other people's data as annotations: what is in them comes in whole, or is counted or listed."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.server.server import LabelStudioServer
from annotate.sync.studio import connect
from core.convert import Converted, convert
from core.convert.conll import tag_spans
from core.jsonl import read_records
from core.records import Annotation
from tests.places import DATA

HERE = DATA / "convert"
Said = tuple[str, str]


def taken(
    source: Path, folder: Path, name: str | None = None
) -> tuple[list[Annotation], Converted, dict[str, int]]:
    report = convert(source, folder / "out.jsonl", name, None)
    return list(read_records(folder / "out.jsonl", Annotation)), report, dict(+report.told)


def said(annotation: Annotation) -> list[Said]:
    return [(span.label, span.text) for span in annotation.spans]


SCHEMES = {
    "IOB2": ("B-A I-A O B-A B-A I-B", [(0, 2, "A"), (3, 4, "A"), (4, 5, "A"), (5, 6, "B")]),
    "IOB1": ("I-A I-A O I-A B-A I-B", [(0, 2, "A"), (3, 4, "A"), (4, 5, "A"), (5, 6, "B")]),
    "BIOES": ("B-A E-A O S-A S-A S-B", [(0, 2, "A"), (3, 4, "A"), (4, 5, "A"), (5, 6, "B")]),
    "BILOU": ("B-A L-A O U-A U-A U-B", [(0, 2, "A"), (3, 4, "A"), (4, 5, "A"), (5, 6, "B")]),
    "a label with a dash": ("B-A-1 I-A-1", [(0, 2, "A-1")]),
}


@pytest.mark.parametrize(("tags", "expected"), SCHEMES.values(), ids=SCHEMES)
def test_tags_of_every_scheme(tags: str, expected: list[tuple[int, int, str]]) -> None:
    assert tag_spans(tags.split()) == expected


def iob1(places: list[tuple[int, int, str]], count: int) -> list[str]:
    tags = ["O"] * count
    for k, (start, end, label) in enumerate(places):
        touches = k > 0 and places[k - 1][1:] == (start, label)
        tags[start:end] = ["B-" + label if touches else "I-" + label] + ["I-" + label] * (
            end - start - 1
        )
    return tags


def bioes(places: list[tuple[int, int, str]], count: int) -> list[str]:
    tags = ["O"] * count
    for start, end, label in places:
        parts = "S" if end - start == 1 else "B" + "I" * (end - start - 2) + "E"
        tags[start:end] = [f"{part}-{label}" for part in parts]
    return tags


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from("AB"))))
def test_spans_said_in_either_scheme_are_found_again(raw: list[tuple[int, int, str]]) -> None:
    places, at = [], 0
    for gap, length, label in raw:
        places.append((at + gap, at + gap + length, label))
        at += gap + length
    assert tag_spans(iob1(places, at)) == tag_spans(bioes(places, at)) == places


def test_columns_of_several_documents(tmp_path: Path) -> None:
    found, _, told = taken(HERE / "columns.conll", tmp_path)
    assert [(a.phrase.text, said(a)) for a in found] == [
        ("Paziente Anna Bruna Rossi fuma", [("PER", "Anna"), ("PER", "Bruna Rossi")]),
        ("# 2,5 mg .", [("DOSE", "2,5 mg")]),
        ("Lasix", [("DRUG", "Lasix")]),
    ]
    assert [a.phrase.letter == found[0].phrase.letter for a in found] == [True, True, False]
    assert [(a.phrase.start, a.phrase.end) for a in found] == [(0, 30), (31, 41), (0, 5)]
    assert told == {"values between a token and its tag, left out": 20}


def test_tab_columns_with_windows_line_ends_and_a_hard_space_in_a_token(tmp_path: Path) -> None:
    (found,), _, told = taken(HERE / "bioes.conll", tmp_path)
    assert said(found) == [
        ("PER", "Anna"),
        ("PER", "Bruna de\u00a0la Rossi"),
        ("DRUG", "Lasix"),
        ("DRUG", "Lasix"),
    ]
    assert told == {}


def test_a_comment_is_no_token_though_it_ends_like_a_tag(tmp_path: Path) -> None:
    lines = "# text = # e il gruppo O\n#\tO\ne\tO\n#\tB-SIGN\n"
    (tmp_path / "in.conll").write_text(lines)
    (found,), _, told = taken(tmp_path / "in.conll", tmp_path)
    assert (found.phrase.text, said(found)) == ("# e #", [("SIGN", "#")])
    assert told == {"comment lines left out": 1}


def test_somebody_else_s_brat(tmp_path: Path) -> None:
    found, report, told = taken(HERE / "brat", tmp_path)
    assert [said(a) for a in found] == [
        [("Habit", "Fumatore"), ("Disease", "diabetico")],
        [
            ("Drug", "Lasix 25 mg"),
            ("Drug", "Lasix"),
            ("Drug", "🫀 al mattino"),
            ("Course", "mattino"),
            ("Drug", "Lasix"),
        ],
        [("Course", "Aritmia")],
    ]
    habit, disease = found[0].spans
    assert (habit.state, disease.extra) == ("present", {"attributes": {"Negation": True}})
    last = found[1].spans[-1]
    assert (last.value, last.extra) == ("furosemide", {"notes": ["da rivedere"]})
    assert told == {
        "discontinuous spans, split": 1,
        "parts of discontinuous spans": 2,
        "spans over a line end, cut into one a line": 1,
        "events left out, their triggers kept as spans": 1,
        "relations left out": 1,
        "equivalences left out": 1,
        "attributes and notes of something left out": 1,
    }
    file = HERE / "brat" / "caso.ann"
    assert report.refused == [
        f"{file}:9: the span 34-39 does not quote the text it points to",
        f"{file}:10: the span 0-999 lies outside the text",
        f"{file}:16: not a text-bound annotation",
    ]


def test_a_brat_text_that_is_missing_is_listed_and_the_others_come_in(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.ann").write_text("T1\tHabit 0 4\tfuma\n")
    (tmp_path / "b.txt").write_text("fuma\n")
    found, report, _ = taken(tmp_path, tmp_path)
    assert [said(a) for a in found] == [[("Habit", "fuma")]]
    assert report.refused == [f"{tmp_path}/a.txt: cannot be read (No such file or directory)"]


def test_the_same_text_twice_is_one_letter_by_two_authors(tmp_path: Path) -> None:
    for name in ("anna", "bruno"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.txt").write_text("fuma\nnon beve\n")
        (tmp_path / name / "1.ann").write_text("")
    (first, _, second, _), _, told = taken(tmp_path, tmp_path)
    assert told == {"documents that came before, taken as another author's": 1}
    assert first.phrase == second.phrase
    assert (first.source, second.source) == ("import/brat", "import/brat/2")


def test_what_people_said_in_somebody_else_s_label_studio(tmp_path: Path) -> None:
    found, report, told = taken(HERE / "labelstudio.json", tmp_path)
    assert [(a.source, a.skipped, a.seconds, said(a)) for a in found] == [
        ("person/3", False, None, [("Organ", "🫀 dal"), ("Over", "1990.")]),
        (
            "person/3",
            False,
            None,
            [("Over", "Non"), ("Disease", "diabetico"), ("History", "diabetico")],
        ),
        ("person/4", True, None, []),
        ("person/4", True, None, []),
        ("person/3", False, 2.0, []),
    ]
    assert told == {
        "'patient' of tasks, left out": 2,
        "items of type choices, left out": 1,
        "lead times of several phrases together, left out": 2,
        "older annotations by the same person, left out": 1,
        "spans of skipped tasks, left out": 1,
        "spans over a line end, cut into one a line": 1,
        "tasks without an annotation, left out": 1,
    }
    assert [line.removeprefix(f"{HERE}/labelstudio.json: ") for line in report.refused] == [
        "task 1: the span 0-9 does not quote the text it points to",
        "task 1: the span 20-99 lies outside the text",
        "task 1: a span without a start or an end",
        "task 1: the span 25-34 has no label",
        "task 4: no telling which of its data is the text: a, b",
        "task 5: pushed by Lettera; get it with 'lettera pull'",
    ]
    assert "someone@example.com" not in (tmp_path / "out.jsonl").read_text()


def test_what_models_predicted_there(tmp_path: Path) -> None:
    found, _, told = taken(HERE / "labelstudio.json", tmp_path, "labelstudio-predictions")
    assert [(a.origin, a.source, said(a)) for a in found] == [
        ("model", "import/v2", [("Smoker", "Fumatore")]),
        ("model", "import/v2", []),
    ]
    assert found[0].spans[0].score == 0.5
    assert told["predictions of which the export holds only the number"] == 1


def test_a_document_a_line(tmp_path: Path) -> None:
    lines = [
        {"text": "fuma\npoco", "id": 7, "entities": [{"start": 0, "end": 4, "label": "A"}]},
        {"text": "Lasix 🫀 25", "label": [[6, 7, "ORGAN"], [8, 20, "DOSE"]]},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found, report, told = taken(tmp_path / "in.jsonl", tmp_path)
    assert [said(a) for a in found] == [[("A", "fuma")], [], [("ORGAN", "🫀")]]
    assert report.refused == [f"{tmp_path}/in.jsonl:2: the span 8-20 lies outside the text"]
    assert told == {"'id' of documents, left out": 1}


def test_somebody_else_s_docs_with_groups_and_entities(tmp_path: Path) -> None:
    from spacy.tokens import Doc, DocBin, Span
    from spacy.vocab import Vocab

    doc = Doc(Vocab(), words=["ex", "fumatore", "\n", "Lasix"])
    doc.spans["mine"] = [Span(doc, 0, 2, "HABIT"), Span(doc, 1, 2, "HABIT")]
    doc.ents = [Span(doc, 0, 2, "HABIT"), Span(doc, 3, 4, "DRUG")]
    DocBin(docs=[doc]).to_disk(tmp_path / "in.spacy")
    found, _, told = taken(tmp_path / "in.spacy", tmp_path)
    assert [said(a) for a in found] == [
        [("HABIT", "ex fumatore"), ("HABIT", "fumatore")],
        [("DRUG", "Lasix")],
    ]
    assert told == {"documents of which only the text and the spans were taken": 1}


@pytest.fixture
def data() -> Path:
    if "LETTERA_DATA" not in os.environ:
        pytest.skip("LETTERA_DATA names no folder with the public data sets")
    return Path(os.environ["LETTERA_DATA"])


def test_maccrobat_comes_in_whole(data: Path, tmp_path: Path) -> None:
    found, report, told = taken(data / "maccrobat2020" / "brat", tmp_path)
    assert (len(report.letters), report.refused) == (200, [])
    # 25,189 entities: 39 with a gap have 78 parts, and 5 more run over line ends.
    assert told == {
        "discontinuous spans, split": 39,
        "parts of discontinuous spans": 78,
        "spans over a line end, cut into one a line": 5,
        "events left out, their triggers kept as spans": 14_368,
        "relations left out": 16_307,
        "equivalences left out": 2_023,
        "attributes and notes of something left out": 2,
    }
    assert report.spans == 25_237
    kinds = Counter(span.label for a in found for span in a.spans)
    assert len(kinds) == 41
    assert (kinds["Sex"], kinds["Age"], kinds["Severity"]) == (191, 206, 376)


CARDIO = {
    "drugtemist_train_it": (1000, 2721),
    "cardioccc_dev_it": (258, 2499),
    "cardioccc_test_it": (250, 1721),
}


@pytest.mark.parametrize("name", CARDIO)
def test_multicardioner_comes_in_whole(data: Path, name: str, tmp_path: Path) -> None:
    _, report, told = taken(data / "multicardioner_it" / f"{name}.jsonl", tmp_path)
    assert (len(report.letters), report.spans) == CARDIO[name]
    assert (report.refused, set(told)) == ([], {"'id' of documents, left out"})


@pytest.mark.server
def test_an_export_of_the_real_label_studio(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    client: Any = connect(label_studio.url, label_studio.token)
    config = (
        '<View><Labels name="l" toName="t"><Label value="Organ"/><Label value="Drug"/></Labels>'
        '<Text name="t" value="$words" granularity="symbol"/></View>'
    )
    project = client.projects.create(title="Somebody else's", label_config=config)
    text = "Fumatore\u00a0🫀 <b>\r\nLasix"

    def region(start: int, end: int, label: str) -> dict[str, Any]:
        value = {"start": start, "end": end, "text": text[start:end], "labels": [label]}
        return {"from_name": "l", "to_name": "t", "type": "labels", "value": value}

    result = [region(9, 10, "Organ"), region(16, 21, "Drug")]
    task = {
        "data": {"words": text, "number": 7},
        "annotations": [{"result": result}],
        "predictions": [{"model_version": "v2", "result": result[:1]}],
    }
    client.projects.import_tasks(id=project.id, request=[task])
    export = b"".join(client.projects.exports.download_sync(id=project.id, export_type="JSON"))
    (tmp_path / "export.json").write_bytes(export)
    found, report, _ = taken(tmp_path / "export.json", tmp_path)
    assert [said(a) for a in found] == [[("Organ", "🫀")], [("Drug", "Lasix")]]
    assert report.refused == []
    assert {a.source.partition("/")[0] for a in found} == {"person"}
