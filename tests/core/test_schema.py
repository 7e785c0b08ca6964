"""The 74 fields, and one span list seen three ways."""

from pathlib import Path

import pytest

from core.errors import BadInput, UnknownName
from core.records import Annotation, Phrase, Span
from core.registry import Registry
from core.schema import default_schema, read_schema

SCHEMA = default_schema()


def test_there_are_74_fields_in_the_order_of_the_paper() -> None:
    names = list(SCHEMA.fields)
    assert len(names) == 74
    assert names[:3] == ["n_cartella", "data_ingresso_cch", "data_dimissione_cch"]
    assert names[-1] == "terapia_alla_dimissione"
    assert {"età al momento dell'intervento", "STEMI/NSTEMI", "Anno REDO"} <= set(names)


def test_every_field_is_described_in_both_languages_and_has_a_home() -> None:
    for field in SCHEMA.fields.values():
        assert field.it and field.en and field.group in SCHEMA.groups
        assert bool(field.codes) == (field.type == "code"), field.name
        assert field.kind != "section" or field.type == "text"
    assert sum(field.kind == "section" for field in SCHEMA.fields.values()) == 8


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("anticoagulanti", "anticoagorali"),
        ("numero_di_telefono", "numero di telefono"),
        ("SESSO", "Sesso"),
        (" età_al_momento_dell'intervento ", "età al momento dell'intervento"),
        ("Motivo_ricovero", "Motivo ricovero"),
    ],
)
def test_other_spellings_of_the_paper_find_their_field(spelling: str, name: str) -> None:
    assert SCHEMA.field(spelling).name == name


def test_an_alias_names_one_field_only() -> None:
    names = [n.casefold() for f in SCHEMA.fields.values() for n in {f.name, *f.aliases}]
    different = {SCHEMA.field(name).name for name in names}
    assert len(different) == 74
    for field in SCHEMA.fields.values():
        assert all(SCHEMA.field(alias).name == field.name for alias in (field.name, *field.aliases))


def test_one_span_list_serves_three_views() -> None:
    text = "Stenosi aortica in ex fumatore"
    spans = (
        Span(0, 30, "Diagnosi", "Diagnosi", text=text),
        Span(19, 30, "fumo", "fumo", value=1, text="ex fumatore"),
        Span(0, 7, "TARGET", text="Stenosi"),
    )
    annotation = Annotation(Phrase("a:1.1", "a", 0, 30, text), spans, "rules", "rules/1")
    views = {view: SCHEMA.seen_as(annotation, view) for view in ("target", "group", "field")}
    labels = {view: [span.label for span in seen.spans] for view, seen in views.items()}
    assert labels == {
        "target": ["TARGET"] * 3,
        "group": ["diagnosis", "risk"],
        "field": ["fumo"],
    }
    assert views["target"].spans[1].field == "fumo" and views["field"].spans[0].value == 1
    for view, seen in labels.items():
        assert SCHEMA.view_of(seen) == view


def test_unknown_names_say_the_way_out() -> None:
    with pytest.raises(UnknownName, match="fields.toml"):
        SCHEMA.field("peso")
    with pytest.raises(UnknownName, match="DRUG"):
        SCHEMA.view_of(["DRUG", "fumo"])
    with pytest.raises(UnknownName, match="choose one of: text, marker"):
        Registry("reader", {"text": "x:Y", "marker": "x:Z"}).get("ocr")


def test_a_broken_table_of_fields_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fields.toml"
    path.write_text('[groups]\n[[field]]\nname = "x"\n')
    with pytest.raises(BadInput, match="fields.toml: not a table of fields"):
        read_schema(path)
    path.write_text(
        '[groups]\n[[field]]\nname = "x"\nkind = "mention"\ntype = "text"\n'
        'group = "nowhere"\nit = "a"\nen = "b"\n'
    )
    with pytest.raises(BadInput, match="no such group for x"):
        read_schema(path)
