"""`prompts/<name>.md` rendered: Jinja in Markdown, one block a message, every variable required.

A file whose name begins with `_` holds what several prompts share and is no prompt itself.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound

from core.errors import UnknownName
from core.label.formats import Example
from core.records import Span
from core.schema import TARGET, Schema, View

FOLDER = Path(__file__).parents[2] / "prompts"
_MARKED = re.compile(r"\[\[([^|\]]+)\|([^\]]+)\]\]")


def render(name: str, block: str, values: Mapping[str, Any], folder: Path = FOLDER) -> str:
    """One block of a prompt. Raises UnknownName for a name without a file."""
    try:
        template = _environment(folder).get_template(f"{name}.md")
    except TemplateNotFound:
        names = sorted(path.stem for path in folder.glob("[!_]*.md"))
        known = ", ".join(names) or "none"
        raise UnknownName(f"no prompt named '{name}' in {folder}; there are: {known}") from None
    return "".join(template.blocks[block](template.new_context(dict(values)))).strip()


def vocabulary(schema: Schema, view: View) -> dict[str, Any]:
    """What a prompt needs to name the entities of a view; sections are never asked for."""
    return {
        "view": view,
        "target": TARGET,
        "fields": [field for field in schema.fields.values() if field.kind != "section"],
        "groups": list(schema.groups.values()),
    }


def pattern(marked: str, schema: Schema, view: View) -> Example:
    """The example meant by a text in which entities are written [[field|words]]."""
    text, spans, done = "", [], 0
    for match in _MARKED.finditer(marked):
        text += marked[done : match.start()]
        field, words = schema.field(match[1]).name, match[2]
        label = schema.label_of(field, view) or field
        spans.append(Span(len(text), len(text) + len(words), label, field, text=words))
        text += words
        done = match.end()
    return Example(text + marked[done:], tuple(spans))


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder, encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        auto_reload=False,  # a look at the file's date for every question is dear
    )
