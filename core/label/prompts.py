"""`prompts/<name>.md` rendered: Jinja in Markdown, one block a message, every variable required."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound

from core.errors import UnknownName

FOLDER = Path(__file__).parents[2] / "prompts"


def render(name: str, block: str, values: Mapping[str, Any], folder: Path = FOLDER) -> str:
    """One block of a prompt. Raises UnknownName for a name without a file."""
    try:
        template = _environment(folder).get_template(f"{name}.md")
    except TemplateNotFound:
        known = ", ".join(sorted(path.stem for path in folder.glob("*.md"))) or "none"
        raise UnknownName(f"no prompt named '{name}' in {folder}; there are: {known}") from None
    return "".join(template.blocks[block](template.new_context(dict(values)))).strip()


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder, encoding="utf-8"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
