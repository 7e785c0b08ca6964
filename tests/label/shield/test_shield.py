"""What the shield hides: identity and dates stay on the machine, what is clinical goes."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from core.errors import BadInput
from core.label.shield.preview import preview
from core.label.shield.shield import Shield, is_loopback, needed
from core.records import Annotation, Phrase, Span
from core.schema import default_schema
from demo.fictitious import annotations, voices, write
from tests.label.shield.shielding import SECRET, hidden, phrases, together

LETTER = """\
Si dimette in data 02/09/2019
il Sig. BERTOLDI FRANCO
Nato il 27/03/1939 a Lucca, telefono 347 9927663
C.F. BRTFNC39C27E715X, franco.bertoldi@posta.example
ricoverato dal 27/08 al 2 settembre 2019, cartella n. 2019/034139
Ex fumatore, stop nel 1990. Bertoldi è stato visto dal Dr. P. De Sanctis.
Franco miglioramento; diametro 12,5 mm, PA 120/80, schema 1-0-0, furosemide 25 mg.
La figlia Anna Neri (0583 445566) è informata. Residente in via Garibaldi 12.
ROSSI MARIO nato il 3O/O3/1950; nov. 2011 PTCA; intervento il 30 AGOSTO 2019."""
IDENTITY = (
    "BERTOLDI Bertoldi bertoldi FRANCO Franco franco. Lucca 9927663 BRTFNC39C27E715X posta.example"
    " 034139 Sanctis Anna Neri 445566 Garibaldi ROSSI MARIO"
).split()
DATES = "02/09/2019 27/03/1939 27/08 settembre 3O/O3/1950 nov. AGOSTO".split()


def test_no_identity_value_and_no_date_is_left() -> None:
    text = together(hidden(LETTER))
    assert [value for value in IDENTITY + DATES if value in text] == []


def test_what_is_clinical_stays_as_it_is() -> None:
    text = together(hidden(LETTER))
    clinical = (
        "Ex fumatore, stop nel 1990.",
        "miglioramento; diametro 12,5 mm, PA 120/80, schema 1-0-0, furosemide 25 mg.",
        "è informata",
        " PTCA; intervento",
    )
    assert [words for words in clinical if words not in text] == []


def test_stand_ins_have_the_shape_of_what_they_stand_for() -> None:
    parts = hidden("Sig.ra D'AMICO Rosa, tel. +39 055 1234567, nata il 7/3/41")
    assert re.fullmatch(
        r"Sig\.ra [A-Z]'[A-Z]{5} [A-Z][a-z]{3}, tel\. \+39 \d{3} \d{7},"
        r" nata il \d{1,2}/\d{1,2}/\d\d",
        parts[0].text,
    )


def test_a_name_is_the_same_all_over_its_letter_and_another_one_in_the_next() -> None:
    lines = "Sig. Ferri\nFERRI torna\ncome ferri chirurgici"
    first, second, third = (part.text for part in hidden(lines))
    name = first.removeprefix("Sig. ")
    assert (second, third) == (f"{name.upper()} torna", "come ferri chirurgici")
    assert hidden(lines)[0].text == first
    assert hidden(lines, letter="b")[0].text != first
    assert hidden(lines, secret=b"t" * 32)[0].text != first


class Knows:
    """A labeller that sees a lower-case name no shape gives away, a strange record and a date."""

    source = "test"

    def label(self, letter: Iterable[Phrase]) -> Iterator[Annotation]:
        fields = {"ugolini": "cognome", "XY/77b": "n_cartella", "fine luglio": "data_morte"}
        for phrase in letter:
            spans = [
                Span(phrase.text.index(q), phrase.text.index(q) + len(q), f, f, text=q)
                for q, f in fields.items()
                if q in phrase.text
            ]
            yield Annotation(phrase, tuple(spans), "rules", self.source)


def test_what_a_labeller_calls_identity_is_hidden_too() -> None:
    text = "ugolini vede XY/77b\nde ugolini, Ugolini a fine luglio"
    parts = hidden(text, found=Knows().label(phrases(text)))
    assert "golini" not in together(parts)
    assert "XY/77b" not in together(parts)
    assert "luglio" not in together(parts)
    assert [len(part.text.split()) for part in parts] == [3, 6]


@pytest.mark.parametrize("voice", voices())
def test_no_identity_of_a_fictitious_letter_is_left(voice: str) -> None:
    """Against what the letter is known to say, by the shield alone: no labeller helps it."""
    schema = default_schema()
    _, known = annotations(write(voice, 7))
    shield = Shield([a.phrase for a in known], (), schema, SECRET)
    values = left = 0
    for annotation in known:
        text = shield.hide(annotation.phrase).text
        for span in annotation.spans:
            field = schema.field(span.field or "")
            if field.kind == "derived" or (field.group != "identity" and field.type != "date"):
                continue
            name = span.text.isalpha() or " " in span.text and field.name in ("nome", "cognome")
            for value in re.findall(r"\w{3,}", span.text) if name else [span.text]:
                values += 1
                left += bool(re.search(rf"\b{re.escape(value)}\b", text))
    assert values >= 4
    assert left == 0


def test_a_name_its_initial_and_a_slip_of_it_go_together() -> None:
    text = "Sig. ROSSINI Mario\nM. Rossini\nrossini\nil Rossinl torna"
    full, short, small, slip = (part.text for part in hidden(text))
    surname, given_name = full.removeprefix("Sig. ").split()
    assert short == f"{given_name[0]}. {surname.title()}"
    assert small == surname.lower()
    assert "Rossinl" not in slip


def test_a_name_broken_by_the_end_of_a_line_goes_too() -> None:
    first, second = hidden("visto dal dott. Verdelli, poi da Ver-\ndelli stesso")
    assert "Ver-" not in first.text
    assert "delli" not in second.text


def test_a_letter_in_small_letters_hides_what_nobody_knows() -> None:
    lines = "entra ieri\ndal reparto\ncon febbre\nda tre giorni\nil padrone guindani chiama"
    assert "guindani" not in together(hidden(lines))
    assert together(hidden(lines)).startswith("entra ieri\ndal reparto\ncon febbre\nda tre giorni")


def test_a_preview_shows_what_is_sent_and_keeps_the_way_back_apart() -> None:
    first, second = phrases("Sig. Ferri, dal 30 settembre 2019\nFA")
    parts = [replace(first, section="Sig. Ferri"), replace(second, section="Anamnesi")]
    shield = Shield(parts, (), default_schema(), SECRET)
    sent, back = preview(parts, shield)
    assert [one["text"] for one in sent] == [shield.hide(part).text for part in parts]
    assert [one.get("section") for one in sent] == [None, "Anamnesi"]
    assert "Ferri" not in json.dumps(sent)
    assert back["letter"] == "a"
    assert [(one["original"], one["kind"]) for one in back["stand_ins"]] == [
        ("Ferri", "name"),
        ("30 settembre 2019", "date"),
    ]
    for one in back["stand_ins"]:
        assert one["phrase"] == first.id
        assert first.text[one["start"] : one["end"]] == one["original"]
        assert one["stand_in"] in sent[0]["text"]
    assert preview([], Shield([], (), default_schema(), SECRET)) == (
        [],
        {"letter": "", "stand_ins": []},
    )


ADDRESSES = {
    "http://127.0.0.1:8000": True,
    "http://localhost:11434/v1": True,
    "http://[::1]:8000": True,
    "http://127.8.9.1": True,
    "https://api.together.ai": False,
    "http://localhost.example.com": False,
    "http://127.0.0.1.example.com": False,
    "http://192.168.1.4:8000": False,
    "nonsense": False,
}


@pytest.mark.parametrize(("address", "local"), ADDRESSES.items())
def test_only_loopback_is_this_machine(address: str, local: bool) -> None:
    assert is_loopback(address) is local
    assert needed("auto", address) is not local
    assert needed("on", address) is True
    assert needed("off", address) is False


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(BadInput, match="no shield mode 'no'; choose one of: auto, on, off"):
        needed("no", "http://127.0.0.1")
