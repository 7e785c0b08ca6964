"""The page's HTML: `screen/index.html` with its words, banner, and the facts of its scripts."""

import json
import os
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path

from core.learn.record import Record
from core.records import Json
from core.schema import Schema
from demo.words import FOLDER, Language, sentence, words

_WORD = re.compile(r'(<[^<>]*\bdata-w="(\w+)"[^<>]*>)(?=</)')


def page_html(facts: Json, language: Language) -> str:
    """The whole page in a language; what its scripts draw later comes from the facts."""
    html = (FOLDER / "index.html").read_text(encoding="utf-8")
    html = html.replace(
        "<!--banner-->", banner_html(language, on_space=bool(os.environ.get("SPACE_ID")))
    )
    html = html.replace('<html lang="it">', f'<html lang="{language}">')
    html = _WORD.sub(lambda found: found[1] + escape(sentence(found[2], language)), html)
    # Inside a script element only the end of the element could end it.
    return html.replace("/*facts*/", json.dumps(facts).replace("<", "\\u003c"))


def banner_html(language: Language, *, on_space: bool) -> str:
    """Where the letter goes, said before there is a box; on a Space in both languages at once."""
    if not on_space:
        return '<p class="banner" data-w="local_note"></p>'
    both: tuple[Language, ...] = ("it", "en") if language == "it" else ("en", "it")
    said = (
        f'<span lang="{one}"><b>{escape(sentence("space_warning", one))}</b> '
        f"{escape(sentence('space_rest', one))}</span>"
        for one in both
    )
    return f'<p class="banner warn">{"<br>".join(said)}</p>'


def facts_of(
    schema: Schema, ways: Mapping[str, Record | None], examples: Path, limits: Json
) -> Json:
    """What the scripts know: the fields, their groups, the ways to read, examples, words."""
    return {
        "fields": [
            {
                "name": field.name,
                "group": field.group,
                "kind": field.kind,
                "type": field.type,
                "codes": [
                    [code, [meaning, field.codes_en.get(code, meaning)]]
                    for code, meaning in field.codes.items()
                ],
                "about": [field.it, field.en],
                "markable": schema.label_of(field.name, "field") is not None,
            }
            for field in schema.fields.values()
        ],
        "groups": [
            {"name": g.name, "said": [g.it, g.en], "colour": g.colour, "ink": ink(g.colour)}
            for g in schema.groups.values()
        ],
        "ways": [
            {"name": name, "phrases": None if record is None else dict(record.phrases)}
            for name, record in ways.items()
        ],
        "examples": [
            {"name": path.stem, "scan": b"/Font" not in path.read_bytes()}
            for path in sorted(examples.glob("*.pdf"))
        ],
        "limits": limits,
        "words": words(),
    }


def ink(colour: str) -> str:
    """Black or white, whichever reads better on a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    light = sum(
        share * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
        for share, c in ((0.2126, red), (0.7152, green), (0.0722, blue))
    )
    # Both contrasts are (lighter + 0.05) / (darker + 0.05); they meet at this product.
    return "#000000" if (light + 0.05) ** 2 > 0.05 * 1.05 else "#ffffff"
