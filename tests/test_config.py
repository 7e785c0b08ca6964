"""The label config: what is in it, and that Label Studio takes it."""

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from annotate.config import instruction, label_config, labels_of
from annotate.server import LabelStudioServer
from annotate.sync import connect
from core.schema import VIEWS, Field, Group, Schema, View, default_schema

GOLDEN = Path(__file__).with_name("data")
SMALL = Schema(
    [
        Field("fumo", "mention", "code", "risk", "Abitudine <al fumo>.", "", (), {0: "mai"}),
        Field("pm", "mention", "boolean", "devices", "Pacemaker.", "", ("PM",), {}),
        Field("Terapia", "section", "text", "devices", "La terapia.", "", (), {}),
    ],
    [
        Group("risk", "Fattori di rischio", "Risk factors", "#F58518"),
        Group("devices", "Dispositivi", "Devices", "#9D755D"),
        Group("empty", "Vuoto", "Empty", "#000000"),
    ],
)


@pytest.mark.parametrize("view", VIEWS)
def test_the_config_is_the_one_that_was_looked_at(view: View) -> None:
    """After a wanted change: write label_config(SMALL, view) into the file and look at the diff."""
    golden = (GOLDEN / f"label_config.{view}.xml").read_text(encoding="utf-8")
    assert label_config(SMALL, view) == golden


@pytest.mark.parametrize("view", VIEWS)
def test_every_label_of_the_view_can_be_chosen(view: View) -> None:
    schema = default_schema()
    assert labels_of(label_config(schema, view)) == set(schema.labels(view))


def test_a_config_that_is_no_xml_offers_no_labels() -> None:
    assert labels_of("<View>") == set()
    assert labels_of("<View></View>") == set()


def test_every_field_is_explained_where_it_is_chosen_and_in_the_instruction() -> None:
    schema = default_schema()
    hints = {
        label.get("value"): label.get("hint", "")
        for label in fromstring(label_config(schema, "field")).iter("Label")
    }
    for name in schema.labels("field"):
        field = schema.fields[name]
        assert hints[name].startswith(field.it.rstrip("."))
        assert all(meaning in hints[name] for meaning in field.codes.values())
    assert "Abitudine &lt;al fumo&gt; (0 = mai)." in instruction(SMALL, "field")


def test_no_two_buttons_share_a_key() -> None:
    for view in VIEWS:
        keys = [
            tag.get("hotkey") for tag in fromstring(label_config(default_schema(), view)).iter()
        ]
        given = [key for key in keys if key]
        assert len(given) == len(set(given))


@pytest.mark.server
@pytest.mark.parametrize("view", VIEWS)
def test_label_studio_takes_it(label_studio: LabelStudioServer, view: View) -> None:
    client = connect(label_studio.url, label_studio.token)
    schema = default_schema()
    config = label_config(schema, view)
    page = instruction(schema, view)
    project = client.projects.create(
        title=f"config {view}", label_config=config, expert_instruction=page
    )
    client.projects.validate_label_config(id=project.id, label_config=config)
    kept = client.projects.get(id=project.id)
    assert kept.label_config == config.strip()
    # Label Studio washes the instruction: all the tags it was made with must get through.
    assert (kept.expert_instruction or "").count("<li>") == page.count("<li>")
    assert "&lt;" not in (kept.expert_instruction or "")
