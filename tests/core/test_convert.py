"""Corrected data out to each format and back: the same records, and a word on what is unseen."""

import json
import os
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.convert import Converted, convert
from core.errors import LetteraError
from core.jsonl import read_records, write_records
from core.records import Annotation, Missing, Phrase, Span, phrase_ids

SOAK = int(os.environ.get("LETTERA_SOAK", "30"))
SUFFIX = {
    "jsonl": ".jsonl",
    "conll": ".conll",
    "spacy": ".spacy",
    "parquet": ".parquet",
    "brat": "",
}
PIECES = [
    *"ab1 ,.è#\"'\\-",
    *("\t", "\r\n", "\n", "\u00a0", "\u2028", "\u0085", "\u0301", "\ufeff", "\x00", "\ud83e"),
    *("🫀", "👩‍⚕️", "İ", "<b>&amp;</b>", "value: 2", "B-TARGET"),
]
TEXT = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
LABEL = st.sampled_from(["TARGET", "fumo", "Da segnare", "O", "è", "", "\ud83e"])
VALUE = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(-9, 9) | TEXT
EXTRA = st.dictionaries(st.sampled_from(["view", "più"]), TEXT | st.lists(st.integers()))


@st.composite
def spans(draw: st.DrawFn, text: str) -> Span:
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start + 1, len(text)))
    return Span(
        start,
        end,
        draw(LABEL),
        field=draw(st.sampled_from([None, "fumo"])),
        state=draw(st.sampled_from([None, "present", "negated", "family"])),
        value=draw(VALUE),
        score=draw(st.none() | st.floats(0, 1)),
        status=draw(st.sampled_from([None, "fuzzy"])),
        edits=draw(st.none() | st.integers(0, 9)),
        edit=draw(st.sampled_from([None, "kept", "added"])),
        text=text[start:end],
        extra=draw(EXTRA),
    )


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    text = draw(TEXT)
    letter = draw(st.sampled_from(["0a1b2c3d4e5f", "../é\n", "x" * 300]))
    start = draw(st.integers(0, 9))
    phrase = Phrase(
        next(phrase_ids(letter, [text])),
        letter,
        start,
        start + len(text),
        text,
        draw(st.none() | st.just("Anamnesi") | TEXT),
    )
    return Annotation(
        phrase,
        tuple(draw(st.lists(spans(text), max_size=5))) if text else (),
        origin="human",
        source=draw(st.sampled_from(["person/1", "person/2", "gold/person/1"])),
        missing=tuple(draw(st.lists(st.builds(Missing, TEXT, st.none() | TEXT), max_size=2))),
        seconds=draw(st.none() | st.floats(0, 99)),
        skipped=draw(st.booleans()),
        comment=draw(st.none() | TEXT),
        extra=draw(EXTRA),
    )


def there_and_back(name: str, data: list[Annotation], folder: Path) -> tuple[list[Annotation], str]:
    """The data after a stay in a format, and what was told on the way."""
    there, back = folder / f"there{SUFFIX[name]}", folder / "back.jsonl"
    write_records(folder / "data.jsonl", data)
    went = convert(folder / "data.jsonl", there, None, name)
    came = convert(there, back, name, None)
    assert (went.phrases, went.refused) == (came.phrases, came.refused) == (len(data), [])
    assert not came.told.total()
    return list(read_records(back, Annotation)), went.sentence


@pytest.mark.parametrize("name", SUFFIX)
@settings(deadline=None, max_examples=SOAK, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.lists(annotations(), max_size=4))
def test_every_format_gives_back_what_it_was_given(name: str, data: list[Annotation]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert there_and_back(name, data, Path(folder))[0] == data


def marked(text: str, *places: tuple[int, int]) -> Annotation:
    marks = tuple(Span(start, end, "fumo", text=text[start:end]) for start, end in places)
    return Annotation(Phrase("l:0.1", "l", 0, len(text), text), marks, "human", "person/1")


TAGS_ALONE = "spans that tags cannot say, whole in the"
UNSEEN = {
    "whole words": (marked("ex fumatore", (0, 2), (3, 11)), {}),
    "one within another": (
        marked("ex fumatore", (0, 11), (3, 11)),
        {
            "conll": f"{TAGS_ALONE} comment lines: 1",
            "parquet": f"{TAGS_ALONE} spans: 1",
            "spacy": "spans in doc.spans alone, not in doc.ents: 1",
        },
    ),
    "a part of a word": (
        marked("exfumatore", (2, 10)),
        {"conll": f"{TAGS_ALONE} comment lines: 1", "parquet": f"{TAGS_ALONE} spans: 1"},
    ),
    "with a blank at its end": (
        marked("ex fumatore", (0, 3)),
        {
            "conll": f"{TAGS_ALONE} comment lines: 1",
            "parquet": f"{TAGS_ALONE} spans: 1",
            "spacy": "spans in doc.spans alone, not in doc.ents: 1",
        },
    ),
    "a line end alone": (
        marked("ex\nfumatore", (2, 3)),
        {
            "conll": f"{TAGS_ALONE} comment lines: 1",
            "parquet": f"{TAGS_ALONE} spans: 1",
            "spacy": "spans in doc.spans alone, not in doc.ents: 1",
            "brat": "spans of line ends alone, which brat cannot show: 1",
        },
    ),
}


@pytest.mark.parametrize("name", SUFFIX)
@pytest.mark.parametrize(("annotation", "told"), UNSEEN.values(), ids=UNSEEN)
def test_what_a_format_does_not_show_is_told_and_comes_back(
    annotation: Annotation, told: dict[str, str], name: str, tmp_path: Path
) -> None:
    back, sentence = there_and_back(name, [annotation], tmp_path)
    assert back == [annotation]
    assert sentence.endswith(f" spans ({told[name]})" if name in told else " spans")


def test_conll_is_tokens_with_tags_that_others_can_read(tmp_path: Path) -> None:
    write_records(tmp_path / "in.jsonl", [marked("ex  fumatore,\u00a0no", (0, 12), (4, 8))])
    convert(tmp_path / "in.jsonl", tmp_path / "out.conll", None, None)
    lines = (tmp_path / "out.conll").read_text().splitlines()
    assert lines[:2] == ["-DOCSTART-\tO", ""]
    assert lines[3:] == ["ex\tB-fumo", "fumatore\tI-fumo", ",\tO", "no\tO", ""]


def test_tags_changed_by_hand_count_and_the_rest_stays(tmp_path: Path) -> None:
    before = marked("ex fumatore, diabete", (0, 11), (3, 11), (13, 20))
    before = replace(before, spans=tuple(replace(s, state="negated") for s in before.spans))
    write_records(tmp_path / "in.jsonl", [before])
    convert(tmp_path / "in.jsonl", tmp_path / "x.conll", None, None)
    lines = (tmp_path / "x.conll").read_text()
    (tmp_path / "x.conll").write_text(lines.replace("diabete\tB-fumo", "diabete\tB-male"))
    report = convert(tmp_path / "x.conll", tmp_path / "out.jsonl", None, None)
    after = next(read_records(tmp_path / "out.jsonl", Annotation))
    assert after.spans == (*before.spans[:2], Span(13, 20, "male", text="diabete"))
    assert +report.told == {
        "phrases changed since they were written": 1,
        "spans out of sight, kept in phrases that were changed": 1,
    }


def test_a_token_changed_by_hand_is_refused(tmp_path: Path) -> None:
    write_records(tmp_path / "in.jsonl", [marked("ex fumatore"), marked("diabete")])
    convert(tmp_path / "in.jsonl", tmp_path / "x.conll", None, None)
    lines = (tmp_path / "x.conll").read_text().replace("fumatore\tO", "bevitore\tO")
    (tmp_path / "x.conll").write_text(lines)
    report = convert(tmp_path / "x.conll", tmp_path / "out.jsonl", None, None)
    assert (report.phrases, report.refused) == (
        1,
        [f"{tmp_path}/x.conll:3: the tokens are not those of the text; its phrase is left out"],
    )


def test_brat_shows_states_and_values_and_takes_what_is_changed_there(tmp_path: Path) -> None:
    before = marked("ex fumatore, diabete tipo 2", (0, 11), (13, 27))
    first, second = before.spans
    first = replace(first, state="negated", value="2008", field="fumo")
    write_records(tmp_path / "in.jsonl", [replace(before, spans=(first, second))])
    convert(tmp_path / "in.jsonl", tmp_path / "brat", None, "brat")
    ann = tmp_path / "brat" / "l.ann"
    lines = ann.read_text().splitlines()
    assert lines == [
        "T1\tfumo 0 11\tex fumatore",
        "A1\tState T1 negated",
        '#1\tAnnotatorNotes T1\tvalue: "2008"',
        "T2\tfumo 13 27\tdiabete tipo 2",
    ]
    assert "Value:present|negated|uncertain|family" in (ann.parent / "annotation.conf").read_text()
    ann.write_text(
        "T1\tfumo 0 11\tex fumatore\nA1\tState T1 family\n#1\tAnnotatorNotes T1\tvalue: 2009\n"
        "T3\tmale 13 20;26 27\tdiabete 2\n"
    )
    convert(tmp_path / "brat", tmp_path / "out.jsonl", None, None)
    after = next(read_records(tmp_path / "out.jsonl", Annotation))
    assert after.spans == (
        replace(first, state="family", value=2009),
        Span(13, 20, "male", text="diabete"),
        Span(26, 27, "male", text="2"),
    )


LABELS = {"conll": "male\tB-Anno_REDO", "brat": "Anno_REDO 3 7\tmale"}


@pytest.mark.parametrize("name", LABELS)
def test_a_label_given_by_hand_gets_the_name_it_has_here(name: str, tmp_path: Path) -> None:
    write_records(tmp_path / "in.jsonl", [marked("ex male")])
    out = tmp_path / f"out{SUFFIX[name]}"
    convert(tmp_path / "in.jsonl", out, None, name)
    if name == "conll":
        out.write_text(out.read_text().replace("male\tO", LABELS[name]))
    else:
        (out / "l.ann").write_text(f"T1\t{LABELS[name]}\n")
    convert(out, tmp_path / "back.jsonl", None, None)
    after = next(read_records(tmp_path / "back.jsonl", Annotation))
    assert after.spans == (Span(3, 7, "Anno REDO", text="male"),)


def test_several_people_on_one_letter_are_several_folders_of_brat(tmp_path: Path) -> None:
    one = marked("ex fumatore", (0, 2))
    data = [one, replace(one, source="person/2", spans=())]
    write_records(tmp_path / "in.jsonl", data)
    convert(tmp_path / "in.jsonl", tmp_path / "brat", None, "brat")
    files = {str(path.relative_to(tmp_path / "brat")) for path in tmp_path.glob("brat/*/*")}
    stems = {f"annotator-{n}/l" for n in (1, 2)}
    assert files == {f"{stem}{end}" for stem in stems for end in (".txt", ".ann", ".lettera.jsonl")}


def test_spacy_reads_every_span_and_the_longest_as_entities(tmp_path: Path) -> None:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    text = "Lasix25mg  al 🫀"
    write_records(tmp_path / "in.jsonl", [marked(text, (0, 9), (5, 9), (6, 7), (14, 15))])
    convert(tmp_path / "in.jsonl", tmp_path / "out.spacy", None, None)
    (doc,) = DocBin().from_disk(tmp_path / "out.spacy").get_docs(Vocab())
    assert doc.text == text
    assert [span.text for span in doc.spans["sc"]] == ["Lasix25mg", "25mg", "5", "🫀"]
    assert [span.text for span in doc.ents] == ["Lasix25mg", "🫀"]


def test_entities_that_somebody_added_in_spacy_count(tmp_path: Path) -> None:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    write_records(tmp_path / "in.jsonl", [marked("ex fumatore", (0, 2))])
    convert(tmp_path / "in.jsonl", tmp_path / "out.spacy", None, None)
    (doc,) = DocBin().from_disk(tmp_path / "out.spacy").get_docs(Vocab())
    doc.set_ents([doc.char_span(3, 11, label="fumo")])
    DocBin(docs=[doc], store_user_data=True).to_disk(tmp_path / "out.spacy")
    convert(tmp_path / "out.spacy", tmp_path / "out.jsonl", None, None)
    after = next(read_records(tmp_path / "out.jsonl", Annotation))
    assert after == marked("ex fumatore", (0, 2), (3, 11))


def test_hugging_face_reads_the_parquet_as_a_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    write_records(tmp_path / "in.jsonl", [marked("ex fumatore", (0, 2), (3, 11)), marked("no")])
    convert(tmp_path / "in.jsonl", tmp_path / "out.parquet", None, None)
    rows = datasets.load_dataset(
        "parquet",
        data_files=str(tmp_path / "out.parquet"),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert rows["tokens"][0] == ["ex", "fumatore"]
    assert rows["tags"][0] == ["B-fumo", "B-fumo"]
    assert [span["text"] for span in rows["spans"][0]] == ["ex", "fumatore"]
    assert (rows["spans"][1], rows["skipped"][1], rows["section"][1]) == ([], False, None)


@pytest.mark.parametrize("name", SUFFIX)
def test_files_with_letter_text_are_their_owner_s_alone(name: str, tmp_path: Path) -> None:
    write_records(tmp_path / "in.jsonl", [marked("ex fumatore", (0, 2))])
    out = tmp_path / f"out{SUFFIX[name]}"
    convert(tmp_path / "in.jsonl", out, None, name)
    assert stat.S_IMODE(out.stat().st_mode) == (0o700 if out.is_dir() else 0o600)
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*")} <= {0o600}


REFUSALS = {
    "a source that is not there": ("no.jsonl", "x.conll", None, None, "no.jsonl: no such file"),
    "a source without a telling name": (
        "in.txt", "x.conll", None, None,
        "in.txt: its name does not say its format; name it with --from: jsonl, conll, spacy,",
    ),
    "a target without a telling name": (
        "in.jsonl", "x", None, None, "x: its name does not say its format; name it with --to: js",
    ),
    "an unknown name": (
        "in.jsonl", "x", None, "bioc", "no data format named 'bioc'; choose one of: jsonl, conll",
    ),
    "a format that is only read": (
        "in.jsonl", "x", None, "labelstudio", "takes phrases by 'lettera push', not from a file",
    ),
    "a folder that holds files": ("in.jsonl", ".", None, "brat", "holds files already"),
    "a folder without .ann": ("empty", "x.conll", "brat", None, "empty: no .ann file here"),
    "an .ann that is not there": ("in.jsonl", "x.conll", "brat", None, "no .ann file here"),
    "no DocBin": ("in.txt", "x.conll", "spacy", None, "in.txt: not a DocBin of spaCy's"),
    "no Parquet": ("in.txt", "x.conll", "parquet", None, "in.txt: not a Parquet file"),
    "no tags": ("in.txt", "x.jsonl", "conll", None, "in.txt:1: no tag like O or B-NAME"),
    "no JSON Lines": ("in.txt", "x.conll", "jsonl", None, "in.txt:1: not a JSON object"),
    "a document without spans": ("odd.jsonl", "x.conll", None, None, "odd.jsonl:1: neither an"),
    "no export": ("in.txt", "x.conll", "labelstudio", None, "in.txt: no JSON export of Label Stu"),
    "a folder for a file": ("empty", "x.conll", "jsonl", None, "empty: cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("source", "target", "from_", "to", "message"), REFUSALS.values(), ids=REFUSALS
)
def test_a_mistake_is_told_without_the_text_and_nothing_is_written(
    source: str,
    target: str,
    from_: str | None,
    to: str | None,
    message: str,
    tmp_path: Path,
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "in.txt").write_text("Anna Rossi fuma\n")
    (tmp_path / "odd.jsonl").write_text(json.dumps({"text": "Anna Rossi"}) + "\n")
    write_records(tmp_path / "in.jsonl", [marked("Anna Rossi", (0, 4))])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(LetteraError) as caught:
        convert(tmp_path / source, tmp_path / target, from_, to)
    assert message in str(caught.value)
    assert "Anna" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_sentence_says_what_needs_an_eye() -> None:
    report = Converted(Path("x.conll"), 1200, 3400, 3, {"a"})
    report.told.update({"spans over a line end, cut into one a line": 2, "nothing": 0})
    report.refused.append("brat/1.ann:7: not a text-bound annotation")
    assert report.sentence == (
        "x.conll: 1,200 phrases of 1 letters, 3 of them skipped, with 3,400 spans "
        "(spans over a line end, cut into one a line: 2; refused and listed: 1)"
    )
