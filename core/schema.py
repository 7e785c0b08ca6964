"""`fields.toml`, read once: the 74 fields, their groups, and the label sets made of them.

Whoever has other fields names a file of the same kind in the environment (`LETTERA_FIELDS`), where
the programs that a verb starts find it too.
"""

import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from core.errors import BadInput, UnknownName
from core.files import reading
from core.records import Annotation, Span

View = Literal["target", "group", "field"]
VIEWS: tuple[View, ...] = ("target", "group", "field")
TARGET = "TARGET"
FIELDS = "LETTERA_FIELDS"
OURS = Path(__file__).with_name("fields.toml")


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the spreadsheet. `codes`: each allowed code (int or letter) and its meaning.

    `codes_en`: meanings in English, where given. `say`: expressions of letters that speak of it, as
    in the rules' lexicon.
    """

    name: str
    kind: Literal["section", "mention", "derived"]
    type: Literal["boolean", "number", "digits", "text", "date", "year", "code"]
    group: str
    it: str
    en: str
    aliases: tuple[str, ...]
    codes: dict[int | str, str]
    say: tuple[str, ...] = ()
    codes_en: dict[int | str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """About ten of them: what an annotator tells apart at a glance."""

    name: str
    it: str
    en: str
    colour: str


class Schema:
    """The fields of one spreadsheet, by name or alias."""

    def __init__(self, fields: Iterable[Field], groups: Iterable[Group]) -> None:
        self.fields = {field.name: field for field in fields}
        self.groups = {group.name: group for group in groups}
        self._names = {
            alias.casefold(): field.name
            for field in self.fields.values()
            for alias in (*field.aliases, field.name)
        }

    def field(self, name: str) -> Field:
        """The field of a name or alias, in any case. Raises UnknownName."""
        known = self._names.get(name.strip().casefold())
        if known is None:
            raise UnknownName(f"no field named '{name}'; the names stand in core/fields.toml")
        return self.fields[known]

    def labels(self, view: View) -> tuple[str, ...]:
        """The label set of a view, in the spreadsheet's order; sections are no `field` labels."""
        if view == "target":
            return (TARGET,)
        if view == "group":
            return tuple(self.groups)
        return tuple(field.name for field in self.fields.values() if field.kind != "section")

    def label_of(self, field: str, view: View) -> str | None:
        """What a span of this field is called in a view; None where the view has no such label."""
        known = self.field(field)
        if view == "target":
            return TARGET
        if view == "group":
            return known.group
        return None if known.kind == "section" else known.name

    def view_of(self, labels: Iterable[str]) -> View:
        """The smallest view that has all these labels. Raises UnknownName for a stranger."""
        used = set(labels)
        for view in VIEWS:
            if used <= set(self.labels(view)):
                return view
        strangers = used - set(self.labels("field"))
        raise UnknownName(f"labels that are in no label set: {', '.join(sorted(strangers))}")

    def seen_as(self, annotation: Annotation, view: View) -> Annotation:
        """The annotation under another label set; spans that have no label there are left out."""
        spans = (self._seen_as(span, view) for span in annotation.spans)
        return replace(annotation, spans=tuple(span for span in spans if span is not None))

    def _seen_as(self, span: Span, view: View) -> Span | None:
        if span.field is not None:
            label = self.label_of(span.field, view)
        else:
            label = span.label if span.label in self.labels(view) else None
            if view == "target":
                label = TARGET
        return None if label is None else replace(span, label=label)


def _code(key: str) -> int | str:
    return int(key) if key.isdigit() else key


def _field(raw: dict[str, Any]) -> Field:
    codes = {
        name: {_code(key): meaning for key, meaning in raw.get(name, {}).items()}
        for name in ("codes", "codes_en")
    }
    lists = {name: tuple(raw.get(name, ())) for name in ("aliases", "say")}
    return Field(**raw | lists | codes)


def read_schema(path: Path) -> Schema:
    """A schema from its TOML file. Raises BadInput when the file is not one."""
    try:
        with reading(path):
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        groups = [Group(name, **values) for name, values in raw["groups"].items()]
        fields = [_field(values) for values in raw["field"]]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path}: not a table of fields ({error})") from error
    homeless = [field.name for field in fields if field.group not in raw["groups"]]
    if homeless:
        raise BadInput(f"{path}: no such group for {', '.join(homeless)}")
    return Schema(fields, groups)


def default_schema() -> Schema:
    """The 74 fields of the paper's Table 1, unless the environment names another file."""
    return _read_once(Path(os.environ.get(FIELDS) or OURS))


@cache
def _read_once(path: Path) -> Schema:
    return read_schema(path)


def is_own() -> bool:
    """Whether the environment names another table than the ward's."""
    return bool(os.environ.get(FIELDS))
