"""An adjudicator at work in the real Label Studio, and the gold that the command then writes."""

from pathlib import Path
from typing import Any

import pytest

from annotate.server.server import LabelStudioServer
from core.jsonl import read_records, write_records
from core.records import Annotation, Phrase, Span, phrase_ids
from tests.annotate.annotator import Annotator
from tests.front_door import Run

pytestmark = [pytest.mark.server, pytest.mark.browser]

LETTER = "3fa2b1c09d12"
# Each line with what two people say of it: (quote, label, state) each. The first lines differ most,
# so that they come in this order; of the last nobody disagrees.
LINES: dict[str, tuple[tuple[tuple[str, str, str], ...], ...]] = {
    "Nega diabete, ex fumatore, prende Lasix 25 mg.": (
        (("diabete", "risk", "negated"), ("Lasix", "drugs", "present")),
        (("ex fumatore", "risk", "present"), ("Lasix 25 mg", "drugs", "present")),
    ),
    "Iperteso, prende Cardioaspirin e Bisoprololo.": (
        (("Iperteso", "risk", "present"), ("Cardioaspirin", "drugs", "present")),
        (("Iperteso", "risk", "present"), ("Cardioaspirin e Bisoprololo", "drugs", "present")),
    ),
    "Portatore di PM; il padre era diabetico.": (
        (("PM", "devices", "present"), ("diabetico", "risk", "family")),
        (("PM", "devices", "present"),),
    ),
    "Vive con la figlia, già PTCA nel 2008.": ((("PTCA", "history", "present"),), ()),
    "Dislipidemia in terapia.": (
        (("Dislipidemia", "risk", "present"),),
        (("Dislipidemia", "risk", "present"),),
    ),
}


def phrases() -> list[Phrase]:
    found, at = [], 0
    for key, text in zip(phrase_ids(LETTER, list(LINES)), LINES, strict=True):
        found.append(Phrase(key, LETTER, at, at + len(text), text, "Anamnesi"))
        at += len(text) + 1
    return found


def spans(text: str, marks: Any) -> tuple[Span, ...]:
    """Of marks as in LINES, in their order in the text."""
    found = [
        Span(text.index(quote), text.index(quote) + len(quote), label, state=state, text=quote)
        for quote, label, state in marks
    ]
    return tuple(sorted(found, key=lambda span: span.start))


def test_gold_is_exactly_what_the_adjudicator_left(
    browser: Any, label_studio: LabelStudioServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABEL_STUDIO_TOKEN", label_studio.token)
    corrected, gold = Path("corrected.jsonl"), Path("gold.jsonl")
    said = [
        Annotation(phrase, spans(phrase.text, marks), "human", f"person/{number}")
        for phrase, versions in zip(phrases(), LINES.values(), strict=True)
        for number, marks in enumerate(versions, 1)
    ]
    write_records(corrected, said)

    def adjudicate() -> tuple[str, str]:
        words = ("adjudicate", str(corrected), "--project", "Arbitrato", "-o", str(gold))
        code, out, err = run(*words, "--url", label_studio.url)
        assert code == 0, err
        return out, err

    out, _ = adjudicate()
    assert "1 phrase (1 gold/agreed), 4 phrases still in dispute, waiting in project" in out

    person = Annotator(browser, label_studio)
    person.open_named("Arbitrato", "Decidere tra più versioni.")
    choices = person.page.locator(".lettera-versions")
    worst, wide, both, last = list(LINES)[:4]

    person.sees(worst)  # neither is right: parts of both, and one that nobody had
    person.look("adjudicate")
    assert "person/1: «diabete» Fattori di rischio (negato), «Lasix» Farmaci" in (
        choices.inner_text()
    )
    assert "person/2: «ex fumatore» Fattori di rischio, «Lasix 25 mg» Farmaci" in (
        choices.inner_text()
    )
    person.click("Lasix")
    person.press("Backspace")
    person.click("ex fumatore")
    person.press("Backspace")
    person.press("5")
    person.drag_over("fumatore")
    person.submit()
    assert person.paid() == {"clicks": 2, "keys": 4, "drags": 1}

    person.sees(wide)  # the second version is right: its key, and off
    person.press("b")
    person.look("adjudicate-chosen")
    person.submit()
    assert person.paid() == {"keys": 2}

    person.sees(both)  # the second version, by deleting what the first has more
    person.click("diabetico")
    person.press("Backspace")
    person.submit()
    assert person.paid() == {"clicks": 1, "keys": 2}

    person.sees(last)  # a version, and highlights changed too: which of them is meant?
    person.press("a")
    person.click("PTCA")
    person.press("Backspace")
    person.submit()
    person.close()

    out, err = adjudicate()
    assert "4 phrases (3 gold/adjudicated, 1 gold/agreed), 1 phrase still in dispute" in out
    assert "a version was chosen and the highlights were changed too" in err
    assert "PTCA" not in err
    third = (
        ("diabete", "risk", "negated"),
        ("fumatore", "risk", None),
        ("Lasix 25 mg", "drugs", "present"),
    )
    wanted = [third, LINES[wide][1], LINES[both][1], LINES["Dislipidemia in terapia."][0]]
    found = {a.phrase.text: a for a in read_records(gold, Annotation)}
    for text, marks in zip((worst, wide, both, "Dislipidemia in terapia."), wanted, strict=True):
        assert found[text].spans == spans(text, marks)
    assert len(found) == 4 and last not in found
