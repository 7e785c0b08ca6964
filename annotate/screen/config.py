"""A label set as Label Studio's label config: what an annotator sees, in Italian or English.

The names of its tags (`LABEL`, `STATE`, `NOTE`, `TEXT`, and those of the scales in `codes`) are the
`from_name` and `to_name` of every region, so the other modules take them from here.
"""

from typing import Literal
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring, indent, tostring

from annotate.screen.codes import Scale, scales
from annotate.screen.looks import COMMON, LETTER, NAME, PHRASE
from annotate.screen.words import WORDS, Language, meanings, named
from core.records import Json, State
from core.schema import TARGET, Field, Group, Schema, View

Unit = Literal["phrase", "letter"]
UNIT_OF: dict[View, Unit] = {"target": "phrase", "group": "phrase", "field": "letter"}
LABEL, STATE, NOTE, TEXT, PAGES = "label", "state", "note", "text", "pages"
VERSION = "version"  # which of several versions an adjudicator takes as it is
VERSION_KEYS = "abcegjkm"
# What is kept of a state in a result, whatever the language of the screen.
STATES: dict[State, str] = WORDS["it"].states
# Letters, because the digits belong to labels or codes; none is a key of the editor itself.
STATE_KEYS: dict[State, str] = {"present": "p", "negated": "n", "uncertain": "d", "family": "f"}
TARGET_COLOUR = "#4C78A8"
# Label Studio gives a label without a key the next free letter, which nobody could remember and
# anybody may hit. No keyboard has this one; the page hides it.
NO_KEY = "f19"


def label_config(
    schema: Schema,
    view: View,
    unit: Unit = "phrase",
    language: Language = "it",
    pages: bool = False,
    decide: bool = False,
) -> str:
    """The XML of a project: the text, the labels, state and value of a region, a note.

    `pages`: with the images of a letter's pages beside it. `decide`: with a choice between the
    versions of a phrase that its task lists (`choices`).
    """
    words = WORDS[language]
    root = Element("View", className=f"lettera-{unit}")
    SubElement(root, "Style").text = COMMON + (PHRASE if unit == "phrase" else LETTER)
    head = _box(root, "lettera-head")
    if unit == "phrase":
        _add_phrase(head)
    if decide:
        _add_versions(head, words.version_head)
    _add_region(head, schema, view, language)
    tools = root if unit == "phrase" else head
    if view == "field":
        SubElement(
            tools, "Filter", name="filter", toName=LABEL, minlength="0", hotkey="shift+f",
            placeholder=words.search,
        )  # fmt: skip
    box = _box(tools, "lettera-labels")
    _add_labels(SubElement(box, "Labels", name=LABEL, toName=TEXT), schema, view, language)
    if unit == "letter":
        _add_letter(root, pages)
    SubElement(
        root, "TextArea", name=NOTE, toName=TEXT, rows="1", maxSubmissions="1", editable="true",
        placeholder=words.note,
    )  # fmt: skip
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def labels_of(config: str) -> set[str]:
    """The labels a label config offers, by the name that is saved with a region."""
    return {tag.get("alias") or tag.get("value") or "" for tag in _tags(config, "Label")}


def unit_of(config: str) -> Unit:
    """Whether a label config shows letters or phrases."""
    shown = any(tag.get("className") == "lettera-letter" for tag in _tags(config, "View"))
    return "letter" if shown else "phrase"


def hint(field: Field, language: Language) -> str:
    """The definition of a field, with its codes."""
    codes = "; ".join(f"{code} = {meaning}" for code, meaning in meanings(field, language).items())
    definition = named(field, language)
    return f"{definition.rstrip('.')} ({codes})." if codes else definition


def labelled(schema: Schema, group: Group) -> list[Field]:
    """The fields of a group that are labels of the `field` view."""
    names = schema.labels("field")
    return [schema.fields[name] for name in names if schema.fields[name].group == group.name]


def _tags(config: str, name: str) -> list[Element]:
    try:
        return list(fromstring(config).iter(name))
    except ParseError:
        return []


def _add_labels(labels: Element, schema: Schema, view: View, language: Language) -> None:
    words = WORDS[language]
    if view == "target":
        SubElement(
            labels, "Label", value=words.target, alias=TARGET, hotkey="1",
            background=TARGET_COLOUR, hint=words.target_hint,
        )  # fmt: skip
    elif view == "group":
        for number, group in enumerate(schema.groups.values(), 1):
            names = ", ".join(field.name for field in labelled(schema, group))
            SubElement(
                labels, "Label", value=named(group, language), alias=group.name,
                hotkey=str(number % 10) if number <= 10 else NO_KEY, background=group.colour,
                hint=names,
            )  # fmt: skip
    else:
        for group in schema.groups.values():
            _add_group(labels, schema, group, language)


def _add_group(labels: Element, schema: Schema, group: Group, language: Language) -> None:
    """The fields of one group under its name, in its colour."""
    fields = labelled(schema, group)
    if not fields:
        return
    row = _box(labels, "lettera-group")
    _add_name(_box(row, "lettera-name"), named(group, language))
    box = _box(row, "lettera-fields")
    for field in fields:
        SubElement(
            box, "Label", value=field.name, hotkey=NO_KEY, background=group.colour,
            hint=hint(field, language),
        )  # fmt: skip


def _add_phrase(head: Element) -> None:
    for name, where in (("place", "place"), ("before", "near")):
        SubElement(_box(head, f"lettera-{where}"), "Text", name=name, value=f"${name}")
    SubElement(_box(head, "lettera-text"), "Text", name=TEXT, value="$text", granularity="symbol")
    for name, where in (("after", "near"), ("lost", "lost")):
        SubElement(_box(head, f"lettera-{where}"), "Text", name=name, value=f"${name}")


def _add_versions(head: Element, name: str) -> None:
    box = _box(head, "lettera-versions")
    _add_name(box, name)
    SubElement(
        box, "Choices", name=VERSION, toName=TEXT, value="$choices", choice="single-radio",
        layout="vertical",
    )  # fmt: skip


def choice_of(number: int, version: str, told: str) -> Json:
    """A version of a phrase as one of its task's `choices`: its name, what is shown, its key."""
    key = {"hotkey": VERSION_KEYS[number]} if number < len(VERSION_KEYS) else {}
    return {"value": f"{version}: {told}", "alias": version, **key}


def _add_letter(root: Element, pages: bool) -> None:
    sheet = _box(root, "lettera-sheet")
    letter = _box(sheet, "lettera-words")
    for name in ("place", "lost"):
        SubElement(_box(letter, f"lettera-{name}"), "Text", name=name, value=f"${name}")
    SubElement(_box(letter, "lettera-text"), "Text", name=TEXT, value="$text", granularity="symbol")
    if pages:
        SubElement(_box(sheet, "lettera-pages"), "Image", name=PAGES, valueList="$pages")


def _add_region(head: Element, schema: Schema, view: View, language: Language) -> None:
    """State and value of the region that is chosen, in a row that keeps its height without one."""
    words = WORDS[language]
    row = _box(head, "lettera-region")
    box = SubElement(row, "View", className="lettera-state", visibleWhen="region-selected")
    _add_name(box, words.state_head)
    choices = _add_choices(box, STATE)
    for state, kept in STATES.items():
        SubElement(
            choices, "Choice", value=words.states[state], alias=kept, hotkey=STATE_KEYS[state]
        )
    for scale in scales(schema, language) if view == "field" else ():
        _add_scale(row, scale)


def _add_scale(row: Element, scale: Scale) -> None:
    """The values of a scale. A key that several share is taken by the one whose label is chosen."""
    labels = ",".join(scale.fields)
    box = SubElement(
        row, "View", className="lettera-value", visibleWhen="region-selected",
        whenLabelValue=labels,
    )  # fmt: skip
    _add_name(box, scale.head)
    choices = _add_choices(box, scale.name)
    choices.set("whenLabelValue", labels)  # without it a hidden choice would be kept
    for choice in scale.choices:
        SubElement(choices, "Choice", value=choice.shown, alias=choice.word, hotkey=choice.key)


def _add_choices(box: Element, name: str) -> Element:
    return SubElement(
        box, "Choices", name=name, toName=TEXT, perRegion="true", choice="single-radio",
        showInline="true",
    )  # fmt: skip


def _add_name(box: Element, name: str) -> None:
    SubElement(box, "Header", value=name, size="5", style=NAME)


def _box(parent: Element, name: str) -> Element:
    return SubElement(parent, "View", className=name)
