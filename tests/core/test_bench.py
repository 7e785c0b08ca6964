"""Every recipe of a paper runs on a tiny fictitious sample of its format: files in, a page out."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.bench.data import read_parts
from core.bench.lots import copies, lots
from core.bench.measures import Sure, Told
from core.bench.recipe import RECIPES, Measure, Protocol, Recipe, System, read_recipe
from core.bench.report import adds, markdown, write_report
from core.bench.run import Bench, run
from core.bench.units import in_units
from core.convert import FORMATS, Converted
from core.errors import BadInput, UnknownName
from core.jsonl import write_records
from core.label import Labeller
from core.learn.data.leakage import leaks
from core.records import Annotation, Phrase
from core.schema import Schema
from tests.places import DATA
from tests.tiny_model import four_letters, make_base, marked

HERE = DATA / "bench"
OURS = sorted(path.stem for path in RECIPES.glob("*.toml"))
NARROW = {
    "transformer": {"width": 16, "layers": 1, "attention_heads": 2},
    "cnn-bilstm-crf": {"width": 8, "memory": 8},
}


@pytest.fixture(autouse=True)
def no_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The Hub's client neither asks the network nor finds what somebody else fetched."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "no cache"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One tiny encoder with random weights, under the Hub ids of three recipes."""
    folder = tmp_path_factory.mktemp("weights")
    base = make_base(folder / "google-bert" / "bert-base-cased")
    for name in ("emilyalsentzer/Bio_ClinicalBERT", "jhu-clsp/mmBERT-base"):
        shutil.copytree(base, folder / name)
    return folder


def sample(name: str, folder: Path) -> Path:
    if name != "cardiac-surgery":
        return HERE / name
    write_records(folder / "corrected.jsonl", four_letters())
    return folder


def narrowed(recipe: Recipe) -> Recipe:
    """The recipe with its networks from scratch as narrow as a test can bear."""

    def narrow(system: System) -> System:
        own = {"network": NARROW[system.model]} if system.model in NARROW else {}
        return replace(system, options=system.options | own)

    return replace(recipe, systems=tuple(map(narrow, recipe.systems)))


RUNS = {
    "cardiac-surgery": ("Bio_ClinicalBERT",),
    "n2c2-2018": ("Transformer-CRF, efficient",),
    "maccrobat": ("CNN-LSTM-CRF", "feature CRF (ours)"),
    "multicardioner": ("feature CRF",),
    "semclinbr": ("mmBERT-base IO", "mmBERT-base IO, random split"),
    "handover": ("BERT",),
}
TINY = {"epochs": 1, "precision": "fp32", "threads": 1}


@pytest.mark.training
@pytest.mark.parametrize("name", OURS)
def test_a_recipe_runs_on_its_sample(name: str, weights: Path, tmp_path: Path) -> None:
    recipe, data, out = narrowed(read_recipe(name)), sample(name, tmp_path), tmp_path / "out"
    begun: list[str] = []
    bench = Bench(out, systems=RUNS[name], overrides=TINY, weights=weights)

    result = run(recipe, data, bench, begun.append)

    assert {row.system for row in result.rows if row.ran} == set(RUNS[name])
    assert len(begun) == len(result.rows)
    for row in result.rows:
        assert row.strict and row.words and 0 <= row.strict.value <= row.strict.high <= 1
        assert set(row.measures) == {m.name for m in recipe.measures}
        assert row.lots["train"] and row.lots["test"] and row.spans
        assert (row.leaks["letters copied"] > 0) == ("twice" in row.protocol)
    page = write_report(result, out).read_text()
    assert all(row.system in page for row in result.rows)
    assert ("with the threshold picked on test" in page) == (name == "semclinbr")
    assert not any(sign in page for sign in ("src=", "href=", "<link", "@import"))
    told = json.loads((out / f"{name}.json").read_bytes())
    assert [row["system"] for row in told["rows"]] == [row.system for row in result.rows]
    assert run(recipe, data, bench, begun.append).rows == result.rows
    assert len(begun) == len(result.rows)


def test_a_system_is_trained_once(tmp_path: Path) -> None:
    recipe = read_recipe("multicardioner")
    bench = Bench(tmp_path, systems=("feature CRF",), overrides={"epochs": 2})
    data = HERE / "multicardioner"
    [first] = run(recipe, data, bench).rows
    models = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("model.crfsuite")}

    assert run(recipe, data, bench).rows == (first,)
    assert models == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("model.crfsuite")}

    [other] = run(recipe, data, replace(bench, overrides={"epochs": 3})).rows
    assert other.mark != first.mark and other.epochs == (3.0,)


def test_what_has_no_weights_is_listed_with_where_they_come_from(tmp_path: Path) -> None:
    result = run(read_recipe("semclinbr"), HERE / "semclinbr", Bench(tmp_path))

    assert not any(row.ran for row in result.rows)
    text = markdown(result)
    assert "mmBERT-base IO (paper: macro_test 0.714, micro_test 0.765)" in text
    assert "https://huggingface.co/jhu-clsp/mmBERT-base" in text and "--weights DIR" in text
    assert "gpt-5 medium (paper: macro 0.634, micro 0.691)" in text and "TOGETHER_API_KEY" in text
    assert "No system ran." in write_report(result, tmp_path).read_text()


def test_a_system_that_fails_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "weights/google-bert/bert-base-cased").mkdir(parents=True)
    systems = ("BERT", "feature CRF (ours)")
    bench = Bench(tmp_path, 6, systems, {"epochs": 2}, weights=tmp_path / "weights")
    rows = run(read_recipe("maccrobat"), HERE / "maccrobat", bench).rows
    assert [row.ran for row in rows] == [False, True, True, True]
    assert "not an encoder that transformers can load" in rows[0].reason


class Knows:
    """A language model that says of a phrase what gold says."""

    source = "together/knows/spans.v1"

    def __init__(self, gold: list[Annotation]) -> None:
        self._spans = {annotation.phrase.id: annotation.spans for annotation in gold}

    def label(self, phrases: list[Phrase]) -> Iterator[Annotation]:
        for phrase in phrases:
            yield Annotation(phrase, self._spans[phrase.id], "llm", self.source)


def test_a_language_model_is_asked_with_the_labels_of_the_recipe(tmp_path: Path) -> None:
    recipe, asked = read_recipe("semclinbr"), []
    parts, _ = read_parts(recipe.data, HERE / "semclinbr")

    def ask(model: str, schema: Schema, pool: list[Annotation]) -> Labeller:
        asked.append((model, schema.labels("field"), schema.field("Disorders").en))
        return Knows(parts["all"])  # type: ignore[return-value]

    bench = Bench(tmp_path, systems=("gpt-4.1",), ask=ask)  # type: ignore[arg-type]
    [row] = run(recipe, HERE / "semclinbr", bench).rows

    assert row.strict and row.strict.value == 1 and row.measures["micro"] == 1
    [(model, labels, meaning)] = asked
    assert model == "gpt-4.1" and "Chemicals & Drugs" in labels and "doenças" in meaning
    [unasked] = run(recipe, HERE / "semclinbr", replace(bench, ask=None)).rows
    assert not unasked.ran


READ = {
    "semclinbr": ("semclinbr", "SemClinBr-xml-public-v1", 10, 80, 0),
    "handover": ("handover", "train", 4, 24, 0),
    "handover, headings in a file of their own": ("handover", "test", 2, 12, 0),
    "n2c2": ("n2c2-2018", "training_20180910", 7, 84, 0),
}


@pytest.mark.parametrize(("name", "part", "letters", "spans", "refused"), READ.values(), ids=READ)
def test_formats(name: str, part: str, letters: int, spans: int, refused: int) -> None:
    report = Converted(HERE / name)
    read = list(FORMATS.get(read_recipe(name).data.format)().read(HERE / name / part, report))
    assert len({annotation.phrase.letter for annotation in read}) == letters
    assert sum(len(annotation.spans) for annotation in read) == spans
    assert len(report.refused) == refused


def test_an_entity_that_does_not_quote_its_note_is_refused(tmp_path: Path) -> None:
    note = (HERE / "semclinbr/SemClinBr-xml-public-v1/9000.xml").read_text()
    (tmp_path / "1.xml").write_text(note.replace('text="diabetes"', 'text="asma"'))
    (tmp_path / "2.xml").write_text("<ANNOTATIONS>")
    report = Converted(tmp_path)
    read = list(FORMATS.get("semclinbr")().read(tmp_path, report))
    assert [refusal.rpartition(": ")[2] for refusal in report.refused] == [
        "the span 35-43 does not quote the text it points to",
        "not well-formed XML (character 13)",
    ]
    assert "diabetes" not in {span.text for annotation in read for span in annotation.spans}


BROKEN = {
    "a line without a heading": ("In\n", "no token with a heading"),
    "fewer headings than tokens": ("In\tin\tN\nbed\tbed\tN\n", "no token with a heading"),
    "more headings than tokens": ("", "fewer tokens than testGS.txt has headings"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_handover_columns_that_do_not_fit(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "1.data").write_text(text)
    if "line" not in message and text != "In\n":
        (tmp_path / "testGS.txt").write_text("1\t0\tNA\n")
    report = Converted(tmp_path)
    assert list(FORMATS.get("handover")().read(tmp_path, report)) == []
    assert len(report.refused) == 1 and message in report.refused[0]


def test_sentences_and_letters_hold_the_same_spans() -> None:
    lines = [marked("Prende [[A|Dr. Rossi. Bene]]. Poi [[B|febbre]]. 12 ore."), marked("[[A|sì]]")]
    sentences = in_units(lines, "sentence")
    assert [a.phrase.text for a in sentences] == [
        "Prende Dr. Rossi. Bene.",
        "Poi febbre.",
        "12 ore.",
        "sì",
    ]
    [letter] = in_units(lines, "letter")
    for found in (sentences, [letter]):
        assert [s.text for a in found for s in a.spans] == ["Dr. Rossi. Bene", "febbre", "sì"]
    assert len({a.phrase.id for a in sentences}) == 4


def protocol(**told: object) -> Protocol:
    return Protocol("p", **{"kind": "shares"} | told)  # type: ignore[arg-type]


def test_a_letter_taken_twice_is_on_both_sides_by_its_copy_alone() -> None:
    letters = [marked(f"[[A|{n}]] " + "parola altra " * 30 + str(n), f"{n:012x}") for n in range(8)]
    fair = lots({"all": letters}, protocol(test=0.25))[0]
    twice = lots({"all": letters}, protocol(kind="twice", test=0.25))[0]
    assert not leaks(fair).torn and len(twice.test) == 4
    assert not leaks(twice).torn
    assert any(copy.alike == 1 for copy in leaks(twice).copies)
    assert {a.phrase.letter for a in copies(letters)}.isdisjoint({a.phrase.letter for a in letters})


def test_given_parts_keep_their_letters_and_folds_test_each_once() -> None:
    letters = [marked(f"[[A|{n}]]", f"{n:012x}") for n in range(10)]
    [own] = lots({"train": letters[:8], "test": letters[8:]}, protocol(kind="given"))
    assert (len(own.train), len(own.validation), own.test) == (7, 1, tuple(letters[8:]))
    found = lots({"all": letters}, protocol(kind="folds", folds=5))
    assert sorted(a.phrase.id for s in found for a in s.test) == sorted(
        a.phrase.id for a in letters
    )
    with pytest.raises(BadInput, match="needs the parts train and test"):
        lots({"all": letters}, protocol(kind="given"))


def measure(over: str, average: str = "micro", **told: object) -> Measure:
    return Measure("m", over, average, **told)  # type: ignore[arg-type]


GOLD = [marked("[[A|uno due]] e [[B|tre]] fine")]
SAID = [marked("[[A|uno]] due e [[B|tre]] fine")]
COUNTED = {
    "spans": (measure("spans"), 0.5),
    "words, O no class": (measure("words"), 0.8),
    "words, O a class": (measure("words", outside=True), 0.8),
    "words, macro": (measure("words", "macro"), (2 / 3 + 1) / 2),
    "words, one label left out": (measure("words", without=("A",)), 1.0),
    "words, merged": (measure("words", merge={"A": "B"}), 0.8),
    "tags, macro, O a class": (measure("tags", "macro", outside=True), (1 + 0 + 1 + 0.8) / 4),
    "marks": (measure("marks"), 0.8),
}


@pytest.mark.parametrize(("how", "expected"), COUNTED.values(), ids=COUNTED)
def test_measures(how: Measure, expected: float) -> None:
    assert Told(GOLD, SAID, ("A", "B")).figures([how]) == {"m": pytest.approx(expected)}


def test_a_threshold_picked_on_test_is_never_worse() -> None:
    import numpy as np

    gold = np.array([[True, False], [False, True], [False, False]])
    sure = Sure(np.array([[0.4, 0.1], [0.2, 0.35], [0.3, 0.1]]), gold, 0.5)
    told = Told(GOLD, SAID, ("A", "B"), nested=True, sure=sure, tags=("A", "B"))
    picked = replace(measure("marks", on_test=True), name="picked")
    assert told.figures([measure("marks"), picked]) == {"m": 0.0, "picked": 1.0}


def test_bad_input_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="ours are: cardiac-surgery, handover, maccrobat"):
        read_recipe("belkadi")
    (tmp_path / "mine.toml").write_text('title = "x"')
    with pytest.raises(BadInput, match="mine.toml: not a recipe"):
        read_recipe(str(tmp_path / "mine.toml"))
    recipe = read_recipe("n2c2-2018")
    with pytest.raises(UnknownName, match="no system named 'GPT' in the recipe n2c2-2018"):
        run(recipe, HERE / "n2c2-2018", Bench(tmp_path, systems=("GPT",)))
    with pytest.raises(BadInput, match="where it comes from: https://portal.dbmi"):
        run(recipe, tmp_path, Bench(tmp_path))


def test_what_counting_adds_is_said(tmp_path: Path) -> None:
    bench = Bench(tmp_path, systems=("feature CRF (ours)",), overrides={"epochs": 5})
    told = list(adds(run(read_recipe("maccrobat"), HERE / "maccrobat", bench)))
    assert len(told) == 2, told
    assert "by file" in told[0] and "have their copy" in told[0]
    assert "with O counted as a class" in told[1]
