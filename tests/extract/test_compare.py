"""Files of several systems, good and bad, in; what the paper compares out."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, UnknownName
from core.extract.compare.alike import alike
from core.extract.compare.compare import compare, write_comparison
from core.extract.compare.comparison import Comparison
from core.extract.compare.verdict import Judge
from core.jsonl import write_records
from core.records import Letter, Page
from core.schema import default_schema

SCHEMA = default_schema()
TEXT = "Sig.ra ANNA BRUNI, diabete. Dimessa il 02/09/2019 <b>."


def value(said: Any, start: int = 0, end: int = 0, score: float | None = None) -> dict[str, Any]:
    evidence = [{"start": start, "end": end, "text": TEXT[start:end], "page": 1}] if end else []
    return {"value": said, "evidence": evidence} | ({} if score is None else {"score": score})


def result(letter: str, fields: Any, **more: Any) -> dict[str, Any]:
    return {"letter": letter, "discharge_letter": True, "fields": fields} | more


A = [
    result("1.pdf", {"nome": value("Anna", 7, 11), "diabete": value(True, 19, 26, 0.9)}),
    result("2.pdf", {"nome": value("Bruno"), "fumo": value(1), "Diagnosi": value("stenosi")}),
    result("3.pdf", {"nome": value("Carla")}),
]
B = [
    result(
        "1.pdf",
        {
            "nome": value("ANNA", 6, 10),
            "diabete": value("sì", score=0.4),
            "data_dimissione_cch": value("02/09/2019", 39, 49),
            "dispnea": value(False),
            "sincopi": value(False),
        },
        system="together/v3/fields",
        cost={"usd": 0.002, "seconds": 3.5, "tokens_in": 900, "tokens_out": 80, "calls": 1},
        refused={"unknown": 2, "type": 0, "evidence": 1},
        unanswered=1,
    ),
    result("2.pdf", {"fumo": value("Moderato"), "classe_nyha": value("IIb"), "Morte": None}),
]
GOLD = [
    result("1.pdf", {"nome": value("Anna"), "diabete": value(True), "BPCO": value(True)}),
    result("2.pdf", {"nome": value("Bruno"), "fumo": value(2)}),
]


def written(folder: Path, **files: Any) -> list[Path]:
    paths = [folder / f"{name}.json" for name in files]
    for path, raw in zip(paths, files.values(), strict=True):
        path.write_text(raw if isinstance(raw, str) else json.dumps(raw), encoding="utf-8")
    return paths


@pytest.fixture
def found(tmp_path: Path) -> Comparison:
    *files, gold = written(tmp_path, local=A, v3=B, gold=GOLD)
    letters = tmp_path / "letters.jsonl"
    shelf = [
        Letter(f"id{n}", f"{n}.pdf", True, TEXT, (Page(1, 0, len(TEXT)),), "text")
        for n in (1, 2, 3)
    ]
    write_records(letters, shelf)
    return compare(files, gold=gold, letters=letters)


def test_errors_are_counted_by_the_papers_points(found: Comparison) -> None:
    ours, theirs = found.tallies
    assert (ours.points, theirs.points) == (0, 4 + 4)
    assert dict(theirs.verdicts) == {"right": 1, "form": 3, "invented": 2, "type": 1}
    assert dict(theirs.invented) == {"dispnea": 1, "sincopi": 1}
    assert set(theirs.wrong) == {"diabete", "data_dimissione_cch", "fumo", "classe_nyha"}


def test_letters_not_answered_are_told_and_the_rest_is_compared(found: Comparison) -> None:
    assert found.letters == ["1.pdf", "2.pdf"] and found.tallies[1].missing == ["3.pdf"]
    assert found.notes[0] == "compared on the 2 letters that all systems answered, of 3"


def test_entities_a_letter_and_how_often_each_is_given(found: Comparison) -> None:
    ours, theirs = found.tallies
    assert (ours.entities, ours.mean) == ([2, 3], 2.5)
    assert ours.deviation == pytest.approx(0.7071, abs=1e-4)
    assert theirs.entities == [3, 2] and ours.frequency["nome"] == 2


def test_quotes_count_where_they_stand_in_the_letter(found: Comparison) -> None:
    ours, theirs = found.tallies
    assert (ours.quoted, ours.grounded) == (2, 2)
    assert (theirs.quoted, theirs.grounded) == (2, 2)


def test_a_quote_that_stands_elsewhere_is_not_grounded(tmp_path: Path) -> None:
    wrong = {"value": "Anna", "evidence": [{"start": 0, "end": 4, "text": "Anna"}]}
    letters = tmp_path / "letters.jsonl"
    write_records(letters, [Letter("x", "1.pdf", True, TEXT, (), "text")])
    files = written(tmp_path, a=[result("1.pdf", {"nome": wrong})], b=A)
    assert [t.grounded for t in compare(files, letters=letters).tallies] == [0, 2]


def test_cost_and_what_a_system_refused_itself(found: Comparison) -> None:
    theirs = found.tallies[1]
    assert (theirs.costs["usd"], theirs.costs["seconds"], theirs.costed) == (0.002, 3.5, 1)
    assert (found.tallies[0].partly, theirs.partly) == (0, 1)
    assert theirs.refused == {"unknown": 2, "type": 0, "evidence": 1}
    assert found.tallies[0].costs["usd"] is None and theirs.sources == ("together/v3/fields",)


def test_agreement_is_of_the_letters_where_either_speaks(found: Comparison) -> None:
    pairs = {pair.field: pair for pair in found.pairs}
    assert (pairs["nome"].same, pairs["nome"].only_one, pairs["nome"].share) == (1, 1, 0.5)
    assert pairs["diabete"].share == 1.0 and pairs["fumo"].differ == 1
    assert pairs["Morte"].share is None


def test_texts_have_centroids_and_too_few_have_no_plane(found: Comparison) -> None:
    likeness = {x.field: x.cosine for x in found.texts.likeness}
    assert likeness["Diagnosi"] is None and 0 < (likeness["nome"] or 0) < 1
    assert found.texts.cloud.systems == []


def test_gold_gives_precision_recall_and_bounds(found: Comparison) -> None:
    ours, theirs = (one.rates for one in found.scored)
    assert (ours["all"].precision, ours["all"].recall) == (3 / 5, 3 / 5)
    assert (theirs["nome"].precision, theirs["nome"].recall) == (1.0, 0.5)
    assert theirs["diabete"].f1 == 1.0  # its form is counted elsewhere
    assert ours["all"].low <= ours["all"].f1 <= ours["all"].high
    assert ours["type:boolean"].gold == 2 and "Morte" not in ours
    better, other, (gap, low, high) = found.differences[0]
    assert (better.name, other.name) == ("local", "v3") and low <= gap <= high


def test_scores_are_held_against_what_is_right(found: Comparison) -> None:
    (lot,) = found.scored[0].bins
    assert (lot.low, lot.number, lot.right) == (0.9, 1, 1.0)
    assert found.scored[0].error == pytest.approx(0.1)


def test_what_gold_leaves_open_is_not_scored(tmp_path: Path) -> None:
    gold = [{"id": "1", "text": TEXT, "fields": {"nome": "Anna"}, "open": ["diabete"]}]
    lines = "\n".join(map(json.dumps, gold))
    *files, known = written(tmp_path, a=A, b=B, gold=lines)
    scored = compare(files, gold=known).scored[0].rates
    assert (scored["all"].said, scored["all"].f1) == (1, 1.0)


def test_the_page_is_whole_escaped_and_private(found: Comparison, tmp_path: Path) -> None:
    page = write_comparison(found, tmp_path / "report")
    html = page.read_text(encoding="utf-8")
    fetched = re.findall(r"""(?:src|href)="([^"]*)"|url\(([^)]*)""", html)
    assert fetched and all("".join(place).startswith("#") for place in fetched)
    assert "@import" not in html
    assert "dispnea" in html and "invented" in html and "<script" not in html
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    raw = json.loads((page.parent / "comparison.json").read_text(encoding="utf-8"))
    assert [one["points"] for one in raw["systems"]] == [0, 8]
    assert raw["scores"][0]["rates"]["all"]["f1"] == 0.6 and "Anna" not in json.dumps(raw)


def test_hostile_names_and_values_stay_text(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>$x$"
    rows = [result(evil, {evil: evil, "nome": value(evil), "fumo": {"value": {evil: [evil]}}})]
    files = written(tmp_path, **{"a$b$_c": rows, "b&<i>": rows})
    found = compare(files)
    assert found.tallies[0].points == 3
    html = write_comparison(found, tmp_path / "report").read_text(encoding="utf-8")
    assert "<script" not in html and "<i>" not in html.split("</style>")[1].split("<ul")[0]


def test_the_most_disputed_letter_is_shown_unless_another_is_asked_for(tmp_path: Path) -> None:
    files = written(tmp_path, a=A, b=B)
    assert compare(files).letter == "2.pdf"
    assert compare(files, letter="1.pdf").letter == "1.pdf"
    with pytest.raises(UnknownName, match=r"no letter named '3\.pdf' in all files"):
        compare(files, letter="3.pdf")


SHAPES = {
    "extract's list": A,
    "JSON Lines": "\n".join(map(json.dumps, A)),
    "a table from letter to fields": {
        one["letter"]: {name: said["value"] for name, said in one["fields"].items()} for one in A
    },
    "the paper's list of entità and valore": [
        result(
            one["letter"],
            [{"entità": name, "valore": said["value"]} for name, said in one["fields"].items()],
        )
        for one in A
    ],
}


@pytest.mark.parametrize("raw", SHAPES.values(), ids=SHAPES)
def test_results_of_other_tools_are_read(tmp_path: Path, raw: Any) -> None:
    found = compare(written(tmp_path, a=raw, b=A))
    assert found.tallies[0].entities == [2, 3, 1] and found.tallies[0].points == 0
    assert all(pair.share in (None, 1.0) for pair in found.pairs)


BROKEN = {
    "no object": (["prosa", 7, None], "no results in it"),
    "no JSON": ("ciao\nmondo", "neither JSON nor JSON Lines"),
    "a number": ("7", "not a list of results"),
    "an empty list": ([], "no letter is in all files; leave out 'a', which has 0"),
    "other letters": ([result("9.pdf", {})], "no letter is in all files"),
}


@pytest.mark.parametrize(("raw", "message"), BROKEN.values(), ids=BROKEN)
def test_files_that_are_no_results_are_refused(tmp_path: Path, raw: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        compare(written(tmp_path, a=raw, b=A))


def test_broken_answers_are_counted_not_fatal(tmp_path: Path) -> None:
    rows = [
        result("1.pdf", "un elenco in prosa"),
        result("2.pdf", [{"entità": "nome", "valore": "A"}, {"entità": "nome", "valore": "B"}, 3]),
        {"fields": {}},
        {"letter": "2.pdf", "fields": {"nome": ["x"]}, "discharge_letter": False},
    ]
    one = compare(written(tmp_path, a=rows, b=A)).tallies[0]
    assert (one.broken, one.repeated, one.unnamed, one.answered) == (1, 1, 1, 3)


VERDICTS = {
    "a yes": ("diabete", True, "right", True),
    "1 for a yes": ("diabete", 1, "form", True),
    "prose for a yes": ("diabete", "in terapia orale", "type", None),
    "a code": ("fumo", 2, "right", 2),
    "true for a code": ("fumo", True, "type", None),
    "a code's meaning": ("fumo", "ex fumatore", "form", 1),
    "no code": ("fumo", 9, "type", None),
    "a class with a letter": ("classe_nyha", "IIb", "form", 2),
    "an Italian day": ("data_morte", "02/09/2019", "form", "2019-09-02"),
    "a day that is none": ("data_morte", "2019-02-31", "type", None),
    "a year as a number": ("Anno REDO", 2008, "form", "2008"),
    "a record number as a number": ("n_cartella", 2019034139, "form", "2019034139"),
    "a number in words": ("H_Stay_giorni", "sei", "type", None),
    "a decimal comma": ("lasix_dosaggio", "12,5", "form", 12.5),
    "a list for a text": ("Diagnosi", ["a"], "type", None),
    "blanks for underscores": ("familiarita cardiovascolare", True, "right", True),
    "an invented name": ("dispnea", False, "invented", None),
}


@pytest.mark.parametrize(("name", "raw", "verdict", "read"), VERDICTS.values(), ids=VERDICTS)
def test_a_value_is_judged_by_its_field(name: str, raw: Any, verdict: str, read: Any) -> None:
    said, _, value = Judge(SCHEMA).of(name, raw)
    assert (said, value) == (verdict, read)


ALIKE = {
    "names in any case": ("cognome", "De Rossi", "DE ROSSI", True),
    "telephones by nine digits": ("numero di telefono", "+39 347 9927663", "3479927663", True),
    "yes is not one": ("fumo", 1, 2, False),
    "told texts by their words": (
        "Causa_morte",
        "shock cardiogeno",
        "shock cardiogeno acuto",
        True,
    ),
    "sections nearly whole": ("Anamnesi", "a b c d e f g h i l", "a b c d e f g h i m", True),
    "sections cut": ("Anamnesi", "a b c d e f g h i l", "a b c", False),
}


@pytest.mark.parametrize(("field", "one", "other", "same"), ALIKE.values(), ids=ALIKE)
def test_values_are_compared_as_a_reader_would(
    field: str, one: Any, other: Any, same: bool
) -> None:
    assert alike(SCHEMA.field(field), one, other) is same


def test_an_encoder_of_the_users_own_gives_the_vectors(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = {word: n for n, word in enumerate(["[PAD]", "[UNK]", "anna", "bruno", "stenosi"])}
    tokens = Tokenizer(models.WordLevel(words, "[UNK]"))
    tokens.pre_tokenizer = pre_tokenizers.Whitespace()
    folder = tmp_path / "encoder"
    PreTrainedTokenizerFast(
        tokenizer_object=tokens, pad_token="[PAD]", unk_token="[UNK]", model_max_length=64
    ).save_pretrained(folder)
    size = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    BertModel(BertConfig(vocab_size=5, intermediate_size=8, **size)).save_pretrained(folder)
    files = written(tmp_path, a=A, b=A)
    found = compare(files, encoder=folder)
    assert found.texts.encoder == "encoder" and not found.notes
    assert all(x.cosine == pytest.approx(1, abs=1e-5) for x in found.texts.likeness)
    with pytest.raises(BadInput, match="no such folder"):
        compare(files, encoder=tmp_path / "nessuno")
    (tmp_path / "leer").mkdir()
    with pytest.raises(BadInput, match="no encoder in it"):
        compare(files, encoder=tmp_path / "leer")


def test_many_texts_are_drawn_in_a_plane_the_same_every_time(tmp_path: Path) -> None:
    rows = [
        result(f"{n}.pdf", {"nome": f"nome{n}", "Anamnesi": f"testo {n} di prova numero {n * n}"})
        for n in range(12)
    ]
    files = written(tmp_path, a=rows, b=rows)
    one, other = (compare(files).texts.cloud for _ in range(2))
    assert one.of == len(one.systems) == 48 and (one.places == other.places).all()
    html = write_comparison(compare(files), tmp_path / "r").read_text(encoding="utf-8")
    assert "t-SNE" in html


def test_one_system_alone_is_described(tmp_path: Path) -> None:
    found = compare(written(tmp_path, a=A))
    assert found.pairs == [] and "one system only" in found.notes[0]
    assert "Agreement" not in write_comparison(found, tmp_path / "r").read_text(encoding="utf-8")
    with pytest.raises(BadInput, match="nothing to compare"):
        compare([])


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("maggio", "giugno"):
        (tmp_path / folder).mkdir()
    files = [written(tmp_path / folder, out=A)[0] for folder in ("maggio", "giugno")]
    assert [one.name for one in compare(files).tallies] == ["maggio/out", "giugno/out"]
