"""A voice read, and its filled text turned into logical lines with their gold spans.

The notation is told at the head of `demo/fictitious.py`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.records import State, Value
from core.schema import Field, default_schema
from demo.template import GONE

_FOLDER = Path(__file__).with_name("voices")
_OPEN = re.compile(r"\[\[([-~^]?)([^\[\]|=]+)(?:=([^\[\]|]*))?\|")
_STATES: dict[str, State] = {"-": "negated", "~": "uncertain", "^": "family", "": "present"}
_SENTENCE = re.compile(r"(^(?:[-–•*] )?|(?:\b[^\W\d]{3,}|\d|[)\]%])[.!] )([a-zàèéìòù])")
_SHORT = set(
    "amb ant app cart circ clin crea creat dim dist dott dott.ssa dren estub fam fem grad inf ing"
    " lat max min neg norm num nat peric pos post preg prec prof prox resp ric rif risp sec seg"
    " sett sin terr tot vers".split()
)


@dataclass(frozen=True, slots=True)
class Gold:
    """A span of the raw text that speaks of a field. `text` may break over lines."""

    start: int
    end: int
    field: str
    state: State
    value: Value | None
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line: its text, the spans in it, and its kind.

    Kinds: text, title, heading, inline (behind its heading), right, block, table.
    """

    kind: str
    text: str
    gold: tuple[Gold, ...] = ()
    section: str | None = None


def voices() -> list[str]:
    """The names of the voices, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.md"))


def read_voice(voice: str) -> tuple[dict[str, Any], str]:
    raw = (_FOLDER / f"{voice}.md").read_text(encoding="utf-8")
    _, head, body = raw.split("+++\n", 2)
    return tomllib.loads(head), body.strip("\n")


def lines_of(filled: str, style: Mapping[str, Any]) -> Iterator[Line]:
    """The logical lines of a filled voice, their marks turned into spans."""
    kind, section = "text", None
    for row in filled.split("\n"):
        if row.startswith("%%"):
            kind = {"%%end": "text"}.get(row, row.removeprefix("%%"))
            continue
        if row == "##":
            section = None
            continue
        if row.startswith("## "):
            name, heading, rest = (part.strip() for part in f"{row[3:]}::::".split("::")[:3])
            section = name or None
            yield Line("heading", heading)
            if not rest:
                continue
            row = "||" + rest
        shape = {"# ": "title", ">>": "right", "||": "inline"}.get(row[:2], kind)
        text, gold = _parse(row[2:].strip() if shape != kind else row)
        yield _celled(Line(shape, text, tuple(gold), section), style)


def kept(lines: list[str]) -> Iterator[str]:
    """Lines without the traces of passages left out, and without what those were alone on."""
    for line in lines:
        plain = re.sub(rf"[;,.]?\s*{GONE}+\s*(?=[;,.])", "", line)
        plain = re.sub(rf"(^|\s|\()\s*{GONE}[\s{GONE}]*", r"\1", plain).replace(GONE, "")
        plain = re.sub(r"(?<!\.)\.(\]*)\.(?!\.)", r".\1", plain)
        plain = re.sub(r"^(\s*¦)+\s*|(\s*¦)+\s*$", "", plain)
        if plain.strip(" -•–") or GONE not in line:
            yield re.sub(r"(?<=\S)  +", " ", plain).rstrip()


def capitalised(line: Line) -> Line:
    """The line with a capital where a sentence begins; not after what may be an abbreviation."""
    if line.kind in ("block", "table", "right"):
        return line
    text = _SENTENCE.sub(_raised, line.text)
    gold = (replace(g, text=text[g.start : g.end]) for g in line.gold)
    return replace(line, text=text, gold=tuple(gold))


def _raised(found: re.Match[str]) -> str:
    end = found[1].rstrip(". !").casefold()
    return found[0] if end in _SHORT else found[1] + found[2].upper()


def _celled(line: Line, style: Mapping[str, Any]) -> Line:
    """The line as it stands in the text, with what the voice puts between and around its cells."""
    left, right = style["row"] if line.kind == "table" else ("", "")
    if "¦" not in line.text and not left:
        return line
    bars = [(m.end(), len(style["cell"]) - len(m[0])) for m in re.finditer(r" *¦ *", line.text)]
    text = left + re.sub(r" *¦ *", lambda _: style["cell"], line.text) + right

    def moved(offset: int) -> int:
        return len(left) + offset + sum(by for end, by in bars if end <= offset)

    gold = (
        replace(g, start=moved(g.start), end=moved(g.end), text=text[moved(g.start) : moved(g.end)])
        for g in line.gold
    )
    return replace(line, text=text, gold=tuple(gold))


def _parse(marked: str) -> tuple[str, list[Gold]]:
    """A marked line as plain text and its spans, outer before inner."""
    out, at = "", 0
    gold: list[Gold | None] = []
    open_marks: list[tuple[re.Match[str], int, int]] = []
    while at < len(marked):
        if found := _OPEN.match(marked, at):
            open_marks.append((found, len(out), len(gold)))
            gold.append(None)
            at = found.end()
        elif marked.startswith("]]", at) and open_marks:
            found, start, place = open_marks.pop()
            gold[place] = _gold(found, start, out[start:])
            at += 2
        else:
            out += marked[at]
            at += 1
    if open_marks or "[[" in out or "]]" in out or "{" in out:
        raise ValueError(f"a mark is never closed, or never opened: {marked[:60]}")
    return out, [g for g in gold if g is not None]


def _gold(mark: re.Match[str], start: int, text: str) -> Gold:
    known = default_schema().field(mark[2])
    value = _value(known, mark[3], text)
    state = "negated" if value is False else _STATES[mark[1]]
    kept_value = None if state in ("uncertain", "family") else value
    return Gold(start, start + len(text), known.name, state, kept_value, text)


def _value(known: Field, said: str | None, text: str) -> Value:
    """What a mark says: its value in the type of the field, by default true or the quoted text."""
    if known.type == "boolean":
        return said != "false"
    said = " ".join(text.split()) if said is None else said
    if known.type in ("number", "code") and said.replace(".", "", 1).isdigit():
        return float(said) if "." in said else int(said)
    return re.sub(r"\D", "", said) if known.type == "digits" else said
