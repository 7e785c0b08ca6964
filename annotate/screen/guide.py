"""The page that an annotator reads first: what to mark, what not, and what each field means.

It is the project's instruction; its version is kept with every annotation made under it. The page
of a language is `guide.<language>.html`, the fields' definitions come from the schema.
"""

from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from annotate.screen.config import Unit, hint, labelled
from annotate.screen.looks import GUIDE
from annotate.screen.words import Language
from core.schema import Schema, View


@dataclass(frozen=True, slots=True)
class Guideline:
    """The page as the HTML that Label Studio lets through, and 8 hex of its SHA-256."""

    html: str
    version: str


def guideline(
    schema: Schema,
    view: View,
    unit: Unit = "phrase",
    language: Language = "it",
    decide: bool = False,
) -> Guideline:
    """The guideline of a project. `decide`: of one in which somebody decides between versions."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    groups = [
        {"it": group.it, "en": group.en, "fields": labelled(schema, group)}
        for group in schema.groups.values()
    ]
    page = environment.get_template(f"guide.{language}.html").render(
        style=GUIDE, view=view, unit=unit, groups=groups, hint=partial(hint, language=language),
        decide=decide,
    )  # fmt: skip
    return Guideline(page, sha256(page.encode()).hexdigest()[:8])
