"""The page without a browser: what it is made of, what it answers, what it leaves behind."""

import asyncio
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from core.errors import BadInput
from core.records import Annotation, Phrase, Span
from demo.analysis import MAX_CHARACTERS, analyse, letter_of_file, letter_of_text, sheets
from demo.app import Desk, build, launch_options
from tests.demo_page import LETTER
from tests.model_record import record


class Finds:
    """A labeller that finds one quote wherever it stands."""

    def __init__(self, quote: str, field: str, source: str) -> None:
        self.quote, self.field, self.source = quote, field, source

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]:
        for phrase in phrases:
            start = phrase.text.find(self.quote)
            end = start + len(self.quote)
            found = Span(start, end, self.field, self.field, "present", text=self.quote)
            spans = (found,) if start >= 0 else ()
            yield Annotation(phrase, spans, "model", self.source)


RULES = Finds("ipertensione arteriosa", "ipertensione", "rules/1")
MODEL = Finds("Non diabete", "diabete", "model/tiny@0")


class Loops(asyncio.DefaultEventLoopPolicy):
    """Remembers every event loop made under it."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[asyncio.AbstractEventLoop] = []

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        self.made.append(super().new_event_loop())
        return self.made[-1]


@pytest.fixture(autouse=True, scope="module")
def loops() -> Iterator[None]:
    """Gradio opens event loops and closes none."""
    before, policy = asyncio.get_event_loop_policy(), Loops()
    asyncio.set_event_loop_policy(policy)
    yield
    asyncio.set_event_loop_policy(before)
    for loop in policy.made:
        loop.close()


def test_entities_come_from_the_model_and_fields_from_both() -> None:
    found = analyse(letter_of_text(LETTER), RULES, MODEL)
    quotes = [found.letter.text[span.start : span.end] for span in found.entities]
    assert quotes == ["Non diabete"]
    assert {"ipertensione", "diabete"} <= {value.field for value in found.result.fields}


def test_without_a_model_the_rules_are_shown() -> None:
    found = analyse(letter_of_text(LETTER), RULES)
    (span,) = found.entities
    assert found.letter.text[span.start : span.end] == "ipertensione arteriosa"


def test_a_text_without_the_heading_is_read_all_the_same() -> None:
    found = analyse(letter_of_text("Anamnesi: ipertensione arteriosa."), RULES)
    assert not found.letter.discharge_letter
    assert "ipertensione" in {value.field for value in found.result.fields}


@pytest.mark.parametrize("text", ["", " \n\t", "a " * MAX_CHARACTERS])
def test_no_text_and_too_much_text_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no text yet|too long"):
        letter_of_text(text)


def test_a_pdf_with_too_many_pages_is_refused_before_it_is_read(tmp_path: Path) -> None:
    import pypdfium2

    with pypdfium2.PdfDocument.new() as pdf:
        for _ in range(31):
            pdf.new_page(100, 100).close()
        pdf.save(tmp_path / "long.pdf")
    with pytest.raises(BadInput, match="too long: 31 pages; 30 at most"):
        letter_of_file(tmp_path / "long.pdf")


def test_the_sheets_are_bytes_and_leave_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    files = sheets([analyse(letter_of_text(LETTER), RULES).result])
    assert set(files) == {"lettera.xlsx", "lettera.csv", "lettera.json"}
    (first,) = json.loads(files["lettera.json"])
    assert first["fields"]["ipertensione"]["value"] is True
    assert list(tmp_path.iterdir()) == []


def test_an_upload_is_gone_when_it_is_answered_also_when_it_cannot_be_read(tmp_path: Path) -> None:
    desk = Desk(None, RULES, tmp_path)
    for name, content in (("good.txt", LETTER), ("empty.txt", "")):
        (tmp_path / name).write_text(content)
        answer, emptied = desk.uploaded(str(tmp_path / name))
        assert emptied is None and not (tmp_path / name).exists()
    assert "Il file «empty.txt» è vuoto" in answer


def texts(page: object) -> str:
    return json.dumps(page.get_config_file(), ensure_ascii=False, default=str)  # type: ignore[attr-defined]


def test_the_page_says_what_it_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    said = texts(build(None, RULES))
    assert "No model: entities and fields come from rules alone." in said
    assert "Not a medical device" in said
    assert "Hugging Face's servers" not in said


def test_on_a_space_the_warning_stands_before_the_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "ward/demo")
    said = texts(build(None, RULES))
    assert 0 < said.index("do not paste real patients") < said.index("Incolla qui la lettera")


def test_nothing_is_kept_or_asked_of_others() -> None:
    page, options = build(None, RULES), launch_options()
    assert page.analytics_enabled is False and page.delete_cache == (60, 300)
    assert (options["run_history"], options["enable_monitoring"], options["share"]) == (False,) * 3
    assert options["max_file_size"] == "10mb" and page._queue.max_size == 32
    assert not any("http" in str(font) for font in options["theme"]._stylesheets)


def test_uploads_go_to_a_folder_of_ours_alone() -> None:
    build(None, RULES)
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_page_says_what_the_model_learned_from() -> None:
    said = texts(build(MODEL, RULES, record()))
    assert "1200 labelled by rules, 300 of invented letters; none corrected by a person" in said
    assert "nessuna corretta da una persona" in said and "model/tiny@0" in said
    checked = texts(build(MODEL, RULES, record(phrases={"human": 812})))
    assert "812 corrette da persone." in checked
