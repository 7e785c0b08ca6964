"""The label config: what is in it, and that Label Studio takes it."""

import re
from html import unescape
from xml.etree.ElementTree import fromstring

import pytest

from annotate.screen.config import NO_KEY, UNIT_OF, Unit, label_config, labels_of, unit_of
from annotate.screen.guide import guideline
from annotate.screen.words import WORDS, Language
from annotate.server.server import LabelStudioServer
from annotate.sync.studio import connect
from core.schema import VIEWS, Field, Group, Schema, View, default_schema
from tests.places import DATA

UNITS: tuple[Unit, ...] = ("phrase", "letter")

SMALL = Schema(
    [
        Field(
            "fumo", "mention", "code", "risk", "Abitudine <al fumo>.", "Smoking.", (), {0: "mai"}
        ),
        Field("pm", "mention", "boolean", "devices", "Pacemaker.", "Pacemaker.", ("PM",), {}),
        Field("Terapia", "section", "text", "devices", "La terapia.", "", (), {}),
    ],
    [
        Group("risk", "Fattori di rischio", "Risk factors", "#F58518"),
        Group("devices", "Dispositivi", "Devices", "#9D755D"),
        Group("empty", "Vuoto", "Empty", "#000000"),
    ],
)


CONFIGS: dict[str, tuple[View, Unit, Language, bool]] = {
    "target": ("target", "phrase", "it", False),
    "group": ("group", "phrase", "it", False),
    "field": ("field", "phrase", "en", False),
    "letter": ("field", "letter", "it", True),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_the_config_is_the_one_that_was_looked_at(name: str) -> None:
    """After a wanted change: write the config into the file and look at the diff."""
    golden = (DATA / f"label_config.{name}.xml").read_text(encoding="utf-8")
    assert label_config(SMALL, *CONFIGS[name]) == golden


@pytest.mark.parametrize("view", VIEWS)
def test_every_label_of_the_view_can_be_chosen(view: View) -> None:
    schema = default_schema()
    assert labels_of(label_config(schema, view)) == set(schema.labels(view))


def test_a_config_that_is_no_xml_offers_no_labels() -> None:
    assert labels_of("<View>") == set()
    assert labels_of("<View></View>") == set()


def test_a_config_says_what_unit_it_shows() -> None:
    for view in VIEWS:
        for unit in UNITS:
            assert unit_of(label_config(SMALL, view, unit)) == unit
    assert UNIT_OF == {"target": "phrase", "group": "phrase", "field": "letter"}


@pytest.mark.parametrize("language", WORDS)
def test_every_field_is_explained_where_it_is_chosen_and_in_the_guideline(
    language: Language,
) -> None:
    schema = default_schema()
    config = label_config(schema, "field", "letter", language)
    hints = {tag.get("value"): tag.get("hint", "") for tag in fromstring(config).iter("Label")}
    page = unescape(guideline(schema, "field", "letter", language).html)
    for name in schema.labels("field"):
        field = schema.fields[name]
        definition = field.it if language == "it" else field.en
        assert hints[name].startswith(definition.rstrip("."))
        codes = field.codes if language == "it" else field.codes_en
        assert len(codes) == len(field.codes)
        assert all(meaning in hints[name] for meaning in codes.values())
        assert f"<strong>{name}</strong>: {hints[name]}" in page
    assert "Abitudine &lt;al fumo&gt; (0 = mai)." in guideline(SMALL, "field").html


def test_a_guideline_has_a_version_that_changes_with_its_words() -> None:
    schema = default_schema()
    pages = [guideline(schema, view, unit) for view in VIEWS for unit in UNITS]
    assert all(re.fullmatch("[0-9a-f]{8}", page.version) for page in pages)
    assert len({page.version for page in pages}) == len({page.html for page in pages}) == 6
    assert guideline(schema, "field") == guideline(schema, "field")


# Unselect, and what a person could press by chance to leave, move or delete.
EDITORS = {
    "u",
    "enter",
    "escape",
    "backspace",
    "delete",
    "h",
    "o",
    "e",
    "m",
    "k",
    "w",
    "r",
    "v",
    "b",
}


@pytest.mark.parametrize("view", VIEWS)
def test_no_key_does_two_things_at_once(view: View) -> None:
    root = fromstring(label_config(default_schema(), view))
    choices = {
        tag.get("name", ""): [choice.get("hotkey", "") for choice in tag]
        for tag in root.iter("Choices")
    }
    states = choices.pop("state")
    labels = [tag.get("hotkey", "") for tag in root.iter("Label") if tag.get("hotkey") != NO_KEY]
    others = [tag.get("hotkey", "") for tag in root.iter("Filter")]
    assert all(states) and all(all(keys) for keys in choices.values())
    for keys in choices.values() or [[]]:  # one of them shows, whatever region is chosen
        together = [*states, *labels, *others, *keys]
        assert len(together) == len(set(together)) and not EDITORS & set(together)
    assert bool(choices) == (view == "field")


def test_fields_with_the_same_values_share_a_scale() -> None:
    root = fromstring(label_config(default_schema(), "field", "letter"))
    scales = [tag for tag in root.iter("Choices") if tag.get("whenLabelValue")]
    coded = [
        field.name
        for field in default_schema().fields.values()
        if field.kind != "section" and (field.codes or field.type == "boolean")
    ]
    told = [name for tag in scales for name in tag.get("whenLabelValue", "").split(",")]
    assert sorted(told) == sorted(coded)
    assert len(scales) < 10


@pytest.mark.server
@pytest.mark.parametrize("name", CONFIGS)
def test_label_studio_takes_it(label_studio: LabelStudioServer, name: str) -> None:
    client = connect(label_studio.url, label_studio.token)
    schema = default_schema()
    view, unit, language, _ = CONFIGS[name]
    config = label_config(schema, *CONFIGS[name])
    page = guideline(schema, view, unit, language).html
    project = client.projects.create(
        title=f"config {name}", label_config=config, expert_instruction=page
    )
    client.projects.validate_label_config(id=project.id, label_config=config)
    kept = client.projects.get(id=project.id)
    assert kept.label_config == config.strip()
    # Label Studio washes the instruction: all the tags it was made with must get through.
    washed = kept.expert_instruction or ""
    assert washed.count("<li>") == page.count("<li>")
    assert washed.count("<h4>") == page.count("<h4>")
    assert 'class="lettera-guide"' in washed and "&lt;" not in washed
