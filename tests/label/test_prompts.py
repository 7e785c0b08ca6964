"""Prompts as they are sent: a change of their words shows as a diff of a golden file."""

import pytest

from core.errors import UnknownName
from core.label.formats import FORMATS, Asked, Format
from core.label.prompts import pattern, render
from core.records import Span
from core.schema import default_schema
from tests.places import DATA

GOLDEN = [
    (name, language, view)
    for name in ("iob", "inline")
    for language, views in (("it", ("target", "group", "field")), ("en", ("field",)))
    for view in views
]


@pytest.mark.parametrize(("name", "language", "view"), GOLDEN)
def test_the_rendered_prompt_is_the_one_that_was_reviewed(
    name: str, language: str, view: str
) -> None:
    """After a wanted change: write the file in tests/data again from what pytest prints."""
    asked: Format = FORMATS.get(name)(default_schema(), view, language)
    schema = default_schema()
    example = pattern("Nega [[fumo|fumo]].", schema, view)  # type: ignore[arg-type]
    questions = [Asked("Il Sig. Ferri è iperteso.", "Anamnesi", (example,)), Asked("Ex fumatore.")]
    messages = [*asked.messages(questions[:1]), asked.again(questions[:1])]
    messages += [asked.messages(questions)[1], asked.again(questions)]
    rendered = "\n\n".join(f"[{m['role']}]\n{m['content']}" for m in messages) + "\n"
    golden = DATA / f"{asked.prompt}.{view}.txt"
    assert rendered == golden.read_text(encoding="utf-8")


def test_an_unknown_prompt_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match=r"no prompt named 'iob.v0'.*iob\.v1\.it") as caught:
        render("iob.v0", "system", {})
    assert "_common" not in str(caught.value)


def test_an_example_is_written_with_its_fields() -> None:
    example = pattern("Nega [[Diabete|diabete]], [[fumo|fuma]].", default_schema(), "group")
    assert example.text == "Nega diabete, fuma."
    assert example.spans == (
        Span(5, 12, "risk", "diabete", text="diabete"),
        Span(14, 18, "risk", "fumo", text="fuma"),
    )
