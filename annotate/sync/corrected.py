"""corrected.jsonl brought up to date, line by line: what nobody touched stays to the byte.

A line is one person's answer to one phrase. It is taken out only where Label Studio still has the
task, and somebody touched it after the answer was saved, and the answer is gone: then it was
deleted on purpose. A project removed, made anew or restored from an older copy costs no line.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from core.errors import BadInput
from core.files import reading, replacing
from core.jsonl import dump
from core.records import Annotation, Json

PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Touched:
    """A task as the server has it now: the phrases it stands for, and all that people say of it."""

    keys: tuple[str, ...]
    annotations: tuple[Annotation, ...]
    created: str
    updated: str


@dataclass(slots=True)
class _Line:
    raw: bytes
    key: str
    source: str
    made: str | None
    carried: bool
    skipped: bool
    seen: bool = False  # on the server, as it stands here

    @classmethod
    def of(cls, raw: Json, line: bytes) -> Self:
        carried, skipped = "carried" in raw, bool(raw.get("skipped"))
        return cls(line, raw["id"], raw["source"], raw.get("made"), carried, skipped)

    def deleted(self, touched: Touched) -> bool:
        """Whether a task that lacks this answer was touched after it was saved."""
        if self.made is None:
            return False
        made = datetime.fromisoformat(self.made)
        created, updated = map(datetime.fromisoformat, (touched.created, touched.updated))
        return created <= made < updated


class Corrected:
    """The lines of a file; people's answers in one project are kept up to date, others stay."""

    def __init__(self, path: Path, project: str) -> None:
        self.path = path
        self.fresh = 0
        self.withdrawn = 0
        self._project = project
        self._lines: list[_Line | bytes | None] = []
        self._places: defaultdict[str, list[int]] = defaultdict(list)  # key -> numbers of lines
        self._changed = not path.exists()

    @classmethod
    def read(cls, path: Path, project: str) -> Self:
        """A file, or none yet. Raises BadInput where people's answers are another project's."""
        made = cls(path, project)
        for number, line in enumerate(_lines(path), 1):
            try:
                raw = json.loads(line)
                own = raw["origin"] == "human" and raw["source"].startswith("person/")
                made._add(_Line.of(raw, line) if own else line)
            except (ValueError, TypeError, KeyError, AttributeError):
                raise BadInput(f"{path}:{number}: not an annotation") from None
            if own and raw.get(PROJECT, project) != project:
                raise BadInput(
                    f"{path} holds the corrections of project '{raw[PROJECT]}', not of "
                    f"'{project}'; choose another file with -o"
                )
        return made

    def __len__(self) -> int:
        return sum(line is not None for line in self._lines)

    @property
    def newest(self) -> str | None:
        """When the newest answer was saved, by the server's clock; None where no line says so."""
        times = (line.made for line in self._answers() if line.made)
        return max(times, key=datetime.fromisoformat, default=None)

    @property
    def skipped(self) -> int:
        return sum(line.skipped for line in self._answers())

    def unseen(self) -> int:
        """How many answers no task that was taken has."""
        return sum(not line.seen for line in self._answers())

    def take(self, touched: Touched) -> None:
        """The answers to a task as they are now: new ones, changed ones, those that are gone."""
        now = {(one.key, one.source): self._line(one) for one in touched.annotations}
        for key in touched.keys:
            for number in self._places.get(key, ()):
                old = self._lines[number]
                if isinstance(old, _Line):
                    new = now.pop((key, old.source), None)
                    self._lines[number] = self._now(old, new, touched)
        for line in now.values():
            self._add(line)
            self.fresh += 1
            self._changed = True

    def miss(self, touched: Touched) -> None:
        """A task of which nobody says anything, for the answers that no other task has."""
        for key in touched.keys:
            for number in self._places.get(key, ()):
                old = self._lines[number]
                if isinstance(old, _Line) and not old.seen:
                    self._lines[number] = self._now(old, None, touched)

    def write(self) -> None:
        """Puts the file in its place, whole, where anything changed. Mode 0600."""
        self._settle()
        if not self._changed:
            return
        with replacing(self.path) as file:
            for line in self._lines:
                if line is not None:
                    file.write(line.raw if isinstance(line, _Line) else line)

    def _now(self, old: _Line, new: _Line | None, touched: Touched) -> _Line | None:
        if new is None:
            if not old.deleted(touched):
                return old
            self.withdrawn += 1
            self._changed = True
            return None
        if new.raw != old.raw:
            self.fresh += 1
            self._changed = True
        return new

    def _settle(self) -> None:
        """Takes out answers carried over to phrases that somebody has looked at since."""
        looked_at = {line.key for line in self._answers() if not line.carried}
        for number, line in enumerate(self._lines):
            if isinstance(line, _Line) and line.carried and line.key in looked_at:
                self._lines[number] = None
                self._changed = True

    def _answers(self) -> Iterator[_Line]:
        return (line for line in self._lines if isinstance(line, _Line))

    def _add(self, line: _Line | bytes) -> None:
        if isinstance(line, _Line):
            self._places[line.key].append(len(self._lines))
        self._lines.append(line)

    def _line(self, annotation: Annotation) -> _Line:
        extra = {**self._begun(annotation), **annotation.extra, PROJECT: self._project}
        told = replace(annotation, extra=extra)
        line = _Line.of(told.to_json(), dump(told))
        line.seen = True
        return line

    def _begun(self, annotation: Annotation) -> Json:
        """What we know the person began with, where the server forgot it with old pre-labels."""
        if "before" not in annotation.extra:
            for number in self._places.get(annotation.key, ()):
                line = self._lines[number]
                if isinstance(line, _Line) and line.source == annotation.source:
                    raw: Json = json.loads(line.raw)
                    return {"before": raw["before"]} if "before" in raw else {}
        return {}


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, none where there is none yet; the last one ends like the others."""
    if not path.exists():
        return
    with reading(path), path.open("rb") as file:
        for line in file:
            if line.strip():
                yield line if line.endswith(b"\n") else line + b"\n"
