"""A label set as Label Studio's label config: what an annotator sees, in Italian.

The names of its tags (`LABEL`, `STATE`, `NOTE`, `TEXT`) are the `from_name` and `to_name` of every
region, so `annotate/regions.py` takes them from here.
"""

from html import escape
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring, indent, tostring

from core.records import State
from core.schema import TARGET, Field, Group, Schema, View

LABEL, STATE, NOTE, TEXT = "label", "state", "note", "text"
STATES: dict[State, str] = {
    "present": "presente",
    "negated": "negato",
    "uncertain": "dubbio",
    "family": "familiare",
}
# Letters, because the digits belong to the labels; none is a key of the editor itself.
STATE_KEYS: dict[State, str] = {"present": "p", "negated": "n", "uncertain": "d", "family": "f"}
TARGET_COLOUR = "#4C78A8"
TARGET_HINT = "Ogni informazione da riportare nel foglio del reparto"

# Chromium hides the handles of a region (`area`), and then a boundary cannot be dragged. The phrase
# stays in sight however far the labels are scrolled. The row of the state keeps its height when it
# is empty, so that no label moves under the mouse. A group without a label found is not shown.
STYLE = """
.htx-highlight area { display: inline-block !important; }
.lettera-head { position: sticky; top: 0; z-index: 5; padding-bottom: 2px;
  background: var(--color-neutral-background, #fff); }
.lettera-place { color: #767676; font-size: 13px; }
.lettera-near { color: #767676; font-size: 14px; }
.lettera-lost { color: #9A3412; font-size: 13px; }
.lettera-phrase { font-size: 18px; line-height: 2; margin: 6px 0; padding: 4px 12px;
  border-left: 3px solid #4C78A8; }
.lettera-state { min-height: 72px; padding-left: 7px; }
.lettera-group { display: flex; width: 100%; align-items: baseline; margin-bottom: 2px; }
.lettera-group:not(:has(.lsf-label:not(.lsf-label_hidden))) { display: none; }
.lettera-name { flex: 0 0 130px; font-size: 13px; font-weight: 600; }
"""
NAME_STYLE = "margin: 2px 0; font-size: 13px; font-weight: 600"


def label_config(schema: Schema, view: View) -> str:
    """The XML of a project: the phrase between its neighbours, the state, the labels, a note."""
    root = Element("View")
    SubElement(root, "Style").text = STYLE
    head = _box(root, "lettera-head")
    _add_phrase(head)
    _add_state(head)
    if view == "field":
        SubElement(
            root, "Filter", name="filter", toName=LABEL, minlength="0", hotkey="shift+f",
            placeholder="Cerca un campo (Maiusc+F); Invio sceglie il primo",
        )  # fmt: skip
    _add_labels(SubElement(root, "Labels", name=LABEL, toName=TEXT), schema, view)
    SubElement(
        root, "TextArea", name=NOTE, toName=TEXT, rows="1", maxSubmissions="1", editable="true",
        placeholder="Nota su questa frase (facoltativa); Invio la registra",
    )  # fmt: skip
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def labels_of(config: str) -> set[str]:
    """The labels a label config offers, by the name that is saved with a region."""
    try:
        found = fromstring(config).iter("Label")
    except ParseError:
        return set()
    return {label.get("alias") or label.get("value") or "" for label in found}


def instruction(schema: Schema, view: View) -> str:
    """The page an annotator reads first, as the HTML that Label Studio lets through."""
    lines = [
        "<p><strong>Che cosa fare.</strong> Ogni schermata mostra una frase di una lettera di "
        "dimissione; in grigio le righe vicine. Le evidenziazioni sono proposte della macchina: "
        "correggetele.</p>",
        "<ul>"
        "<li><strong>Va tutto bene, o non c'è niente da segnare:</strong> Submit "
        "(Ctrl+Invio).</li>"
        "<li><strong>Manca qualcosa:</strong> scegliete un'etichetta, poi trascinate il mouse sul "
        "testo.</li>"
        "<li><strong>Etichetta sbagliata:</strong> clic sull'evidenziazione, poi su quella "
        "giusta.</li>"
        "<li><strong>Inizio o fine sbagliati:</strong> clic sull'evidenziazione, poi trascinatene "
        "il bordo.</li>"
        "<li><strong>Non andava segnato:</strong> clic sull'evidenziazione, poi Backspace.</li>"
        "<li><strong>Negato, dubbio, di un familiare:</strong> clic sull'evidenziazione, poi lo "
        "stato sotto la frase.</li>"
        "<li><strong>Non sapete decidere:</strong> scrivete una nota, oppure Skip.</li>"
        "</ul>",
    ]  # fmt: skip
    if view == "field":
        lines += [_definitions(schema, group) for group in schema.groups.values()]
    return "\n".join(lines)


def _definitions(schema: Schema, group: Group) -> str:
    rows = "".join(
        f"<li><strong>{escape(field.name)}</strong>: {escape(_hint(field))}</li>"
        for field in _labelled(schema, group)
    )
    return f"<br><p><strong>{escape(group.it)}</strong></p><ul>{rows}</ul>" if rows else ""


def _labelled(schema: Schema, group: Group) -> list[Field]:
    """The fields of a group that are labels of the `field` view."""
    names = schema.labels("field")
    return [schema.fields[name] for name in names if schema.fields[name].group == group.name]


def _hint(field: Field) -> str:
    codes = "; ".join(f"{code} = {meaning}" for code, meaning in field.codes.items())
    return f"{field.it.rstrip('.')} ({codes})." if codes else field.it


def _add_labels(labels: Element, schema: Schema, view: View) -> None:
    if view == "target":
        SubElement(
            labels, "Label", value="Da segnare", alias=TARGET, hotkey="1",
            background=TARGET_COLOUR, hint=TARGET_HINT,
        )  # fmt: skip
    elif view == "group":
        for number, group in enumerate(schema.groups.values(), 1):
            names = ", ".join(field.name for field in _labelled(schema, group))
            label = SubElement(
                labels, "Label", value=group.it, alias=group.name, background=group.colour,
                hint=names,
            )  # fmt: skip
            if number <= 10:
                label.set("hotkey", str(number % 10))
    else:
        for group in schema.groups.values():
            _add_group(labels, schema, group)


def _add_group(labels: Element, schema: Schema, group: Group) -> None:
    """The fields of one group under its name, in its colour."""
    fields = _labelled(schema, group)
    if not fields:
        return
    row = _box(labels, "lettera-group")
    SubElement(_box(row, "lettera-name"), "Header", value=group.it, size="5", style=NAME_STYLE)
    box = _box(row, "lettera-fields")
    for field in fields:
        SubElement(box, "Label", value=field.name, background=group.colour, hint=_hint(field))


def _add_phrase(head: Element) -> None:
    for name, where in (("place", "place"), ("before", "near")):
        SubElement(_box(head, f"lettera-{where}"), "Text", name=name, value=f"${name}")
    SubElement(_box(head, "lettera-phrase"), "Text", name=TEXT, value="$text", granularity="symbol")
    for name, where in (("after", "near"), ("lost", "lost")):
        SubElement(_box(head, f"lettera-{where}"), "Text", name=name, value=f"${name}")


def _add_state(head: Element) -> None:
    row = _box(head, "lettera-state")
    box = SubElement(row, "View", visibleWhen="region-selected")
    SubElement(
        box,
        "Header",
        value="Stato dell'evidenziazione scelta (vuoto vale presente)",
        size="5",
        style=NAME_STYLE,
    )
    choices = SubElement(
        box, "Choices", name=STATE, toName=TEXT, perRegion="true", choice="single-radio",
        showInline="true",
    )  # fmt: skip
    for state, word in STATES.items():
        SubElement(choices, "Choice", value=word, hotkey=STATE_KEYS[state])


def _box(parent: Element, name: str) -> Element:
    return SubElement(parent, "View", className=name)
