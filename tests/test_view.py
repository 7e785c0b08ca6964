"""What the page shows, as values: the letter's text is never changed, and never becomes HTML."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.extract.result import Doubt, LetterFields
from core.records import Evidence, FieldValue, Page, Span
from core.schema import Group, default_schema
from demo import highlight, table, view

SCHEMA = default_schema()
VOID = {"br"}


class Parsed(HTMLParser):
    """The text of a piece of HTML, its elements, and whether every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, tuple[str, ...]]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        self.inside.append((data, tuple(self.open)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def span(start: int, end: int, field: str = "diabete", **more: object) -> Span:
    return Span(start, end, field, field, **more)  # type: ignore[arg-type]


def rows(*values: FieldValue, doubts: tuple[Doubt, ...] = ()) -> list[table.Row]:
    return table.rows(LetterFields("a.pdf", True, values, doubts=doubts), SCHEMA)


def drawn(text: str, *spans: Span, **more: object) -> Parsed:
    return Parsed(highlight.letter_html(text, spans, SCHEMA, **more))  # type: ignore[arg-type]


@given(
    text=st.text(min_size=1, max_size=40),
    ends=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=8),
    pages=st.sets(st.integers(1, 39), max_size=3),
)
def test_whatever_overlaps_the_text_stays_the_letter_s(
    text: str, ends: list[tuple[int, int]], pages: set[int]
) -> None:
    spans = [span(a, a + n) for a, n in ends if a + n <= len(text)]
    starts = [0, *sorted(start for start in pages if start < len(text))]
    sheets = [Page(k + 1, start, len(text)) for k, start in enumerate(starts)]
    places = [Evidence(s.start, s.end, text[s.start : s.end]) for s in spans[::2]]
    parsed = drawn(text, *spans, places=places, pages=sheets)
    # HTML knows no carriage return and no NUL; the reader's cleaning lets neither through.
    assert parsed.text.replace("\r", "\n") == text.replace("\r", "\n")
    names = [b for b in parsed.all("b") if b.get("class") == "name"]
    assert len(names) == len(spans)
    assert len(parsed.all("i")) == len(starts) - 1
    anchors = [s["id"] for s in parsed.all("span") if "id" in s]
    assert len(anchors) == len(set(anchors)) == len({(p.start, p.end) for p in places})


def test_crossing_entities_cover_just_their_words() -> None:
    parsed = drawn("severe chest pain now", span(0, 12), span(7, 17, "fumo"))
    depth = {words: stack.count("mark") for words, stack in parsed.inside}
    assert depth == {"severe ": 1, "chest": 2, " pain": 1, " now": 0}


def test_a_nested_entity_stands_inside_the_longer_one() -> None:
    parsed = drawn("Furosemide 25 mg", span(11, 16, "lasix_dosaggio"), span(0, 16, "lasix"))
    named = [b["data-name"] for b in parsed.all("b")]
    assert named == ["lasix dosaggio", "lasix"]
    assert [words for words, stack in parsed.inside if stack.count("mark") == 2] == ["25 mg"]


def test_a_span_outside_the_text_is_not_drawn() -> None:
    assert drawn("abc", span(2, 9)).all("mark") == []


HOSTILE = """<script>alert(1)</script> <img src=x onerror=alert(1)> "><b onclick='x'> &amp; ${1}"""


def test_no_html_of_the_visitor_survives() -> None:
    evidence = Evidence(0, len(HOSTILE), HOSTILE, 1)
    found = rows(FieldValue("Tipo di REDO", HOSTILE, (evidence,)))
    for html in (
        highlight.letter_html(HOSTILE, [Span(0, 5, HOSTILE)], SCHEMA, [evidence]),
        table.table_html(found, SCHEMA),
        view.error_html(BadInput(f"{HOSTILE}: no"), Path(HOSTILE)),
        highlight.legend_html([Span(0, 5, HOSTILE)], SCHEMA),
    ):
        parsed = Parsed(html)
        assert not {"script", "img"} & {tag for tag, _ in parsed.elements}
        assert not any(key.startswith("on") for _, attrs in parsed.elements for key in attrs)


@pytest.mark.parametrize(
    ("entity", "group", "name"),
    [
        (Span(0, 3, "fumo", "fumo"), "risk", "fumo"),
        (Span(0, 3, "drugs", "lasix"), "drugs", "lasix"),
        (Span(0, 3, "risk"), "risk", "Fattori di rischio"),
        (Span(0, 3, "fumo"), "risk", "fumo"),
        (Span(0, 3, "TARGET"), "entity", "Entità clinica"),
        (Span(0, 3, "fumo", "fumo", "negated"), "risk", "fumo · negato"),
    ],
    ids=[
        "a field",
        "a field under its group",
        "a group",
        "a bare field",
        "the one label",
        "a state",
    ],
)
def test_every_label_set_has_its_colour_and_its_name(entity: Span, group: str, name: str) -> None:
    assert highlight.group_of(entity, SCHEMA).name == group
    assert drawn("abc", entity).all("b")[0]["data-name"] == name


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("diabete", True, "sì"),
        ("diabete", False, "no"),
        ("fumo", 1, "ex fumatore (1)"),
        ("fumo", 0, "mai (0)"),
        ("Sesso", "F", "femmina (F)"),
        ("classe_nyha", 3, "classe III (3)"),
        ("lasix_dosaggio", 12.5, "12,5"),
        ("lasix_dosaggio", 50.0, "50"),
        ("data_di_nascita", "1948-11-02", "02/11/1948"),
        ("Anno REDO", "2008", "2008"),
        ("n_cartella", "202400815", "202400815"),
        ("fumo", 7, "7"),
    ],
)
def test_a_value_is_said_in_words(field: str, value: object, words: str) -> None:
    assert table.spoken(value, SCHEMA.field(field)) == words  # type: ignore[arg-type]


def test_the_table_is_grouped_in_the_spreadsheet_s_order_and_names_what_is_not_said() -> None:
    found = rows(
        FieldValue("betabloc", True, (Evidence(9, 12, "xyz", 2),)),
        FieldValue("data_ingresso_cch", "2024-03-01", (Evidence(6, 9, "1/3"),)),
        FieldValue("nome", "Teresa", (Evidence(0, 6, "Teresa", 1),), 0.93),
    )
    assert [row.field.name for row in found] == ["nome", "data_ingresso_cch", "betabloc"]
    html = table.table_html(found, SCHEMA)
    assert "71 campi" in html
    assert "«Teresa»</a>" in html and "p. 2" in html and "93%" in html


def test_what_the_letter_says_elsewhere_stands_beside_the_value() -> None:
    other = Doubt("fumo", "conflict", (Evidence(30, 34, "fuma"),), 2)
    (row,) = rows(FieldValue("fumo", 1, (Evidence(0, 2, "ex"),)), doubts=(other,))
    assert row.others == (("fumatore attivo (2)", Evidence(30, 34, "fuma")),)
    assert "altrove la lettera dice" in table.table_html([row], SCHEMA)


def test_a_section_s_text_is_folded_and_not_quoted_twice() -> None:
    text = "Paziente " * 60
    found = rows(FieldValue("Anamnesi", text, (Evidence(0, len(text), text, 1),)))
    html = table.table_html(found, SCHEMA)
    assert html.count(text) == 1 and "la sezione" in html and "<details>" in html


def test_every_evidence_link_leads_to_its_place() -> None:
    evidence = Evidence(4, 7, "def")
    letter = highlight.letter_html("abc def", [], SCHEMA, [evidence])
    fields = table.table_html(rows(FieldValue("nome", "def", (evidence,))), SCHEMA)
    (link,) = Parsed(fields).all("a")
    assert f'id="{(link["href"] or "")[1:]}"' in letter


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The WCAG contrast of two colours given as shares of red, green and blue."""

    def light(colour: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


def mixed(colour: str, ground: str, share: float) -> tuple[float, ...]:
    return tuple(share * c + (1 - share) * g for c, g in zip(rgb(colour), rgb(ground), strict=True))


@pytest.mark.parametrize("group", [*SCHEMA.groups.values(), highlight.PLAIN], ids=lambda g: g.name)
def test_names_and_marked_text_are_readable_in_light_and_dark(group: Group) -> None:
    assert contrast(rgb(highlight.ink(group.colour)), rgb(group.colour)) >= 4.5
    # The slate theme's letters on its ground, and the 24 % of a mark in page.css.
    for letters, ground in (("#1e293b", "#ffffff"), ("#f1f5f9", "#0f172a")):
        assert contrast(rgb(letters), mixed(group.colour, ground, 0.24)) >= 4.5


@pytest.mark.parametrize(
    ("reason", "italian"),
    [
        ("the PDF is damaged; print it to a new PDF", "è rovinato o incompleto"),
        ("the PDF is locked with a password; save a copy", "è protetto da una password"),
        ("something new; try this", "non si riesce a leggere"),
    ],
)
def test_an_error_names_the_visitor_s_file_and_not_our_folder(reason: str, italian: str) -> None:
    path = Path("/srv/uploads/ab12/la lettera: copia.pdf")
    html = view.error_html(BadInput(f"{path}: {reason}"), path)
    assert f"Il file «la lettera: copia.pdf» {italian}" in html
    assert "/srv" not in html and reason.split("; ")[1] not in html


def test_a_download_carries_the_file_in_itself() -> None:
    html = view.downloads_html({"lettera.csv": b"a,b\n"})
    (link,) = Parsed(html).all("a")
    assert link["download"] == "lettera.csv"
    assert link["href"] == "data:text/csv;base64,YSxiCg=="


def test_the_space_warns_before_the_box() -> None:
    assert "do not paste real patients" in view.head_html(on_space=True).replace("\n", " ")
    assert "non incollare" in view.head_html(on_space=True)
    assert "non incollare" not in view.head_html(on_space=False)
