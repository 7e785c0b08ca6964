"""Suspects -> suspects.jsonl and a page to read them in. Both hold letter text: mode 0600."""

from collections import Counter
from collections.abc import Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from annotate.suspects.marks import KINDS
from annotate.suspects.ranking import Suspect
from core.files import private_folder, write_text
from core.jsonl import write_records

_PAGE = """<!doctype html>
<html lang="it"><meta charset="utf-8"><title>Da rivedere</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 56rem; padding: 0 1rem;
  color: #222 }}
li {{ margin: 0 0 1.1rem; padding-left: .3rem }}
.text {{ font-size: 16px; white-space: pre-wrap; border-left: 3px solid #4C78A8;
  padding: .1rem .7rem; margin: .3rem 0; overflow-wrap: anywhere }}
mark {{ background: #F7C6C7; border-radius: 2px }}
mark.better {{ background: none; border-bottom: 2px dashed #2F7D4F }}
mark.both {{ background: #F7C6C7; border-bottom: 2px dashed #2F7D4F }}
.where {{ color: #767676; font-size: 13px }}
.kind {{ font-weight: 600 }}
</style>
<h1>Da rivedere</h1>
<p>{count:,} punti sospetti in {phrases:,} frasi, i più probabili in cima ({kinds}).
In rosa ciò che è segnato, sottolineato in verde ciò che forse è giusto.
Un sospetto non è un errore: decide chi legge.</p>
<ol>{items}</ol>
"""
_KINDS = {
    "boundary": "confini", "type": "etichetta", "missed": "mancante", "spurious": "di troppo",
}  # fmt: skip


def write_report(suspects: Sequence[Suspect], folder: Path) -> Path:
    """Writes suspects.jsonl and suspects.html into a folder; returns the page."""
    private_folder(folder)
    write_records(folder / "suspects.jsonl", suspects)
    write_text(folder / "suspects.html", page(suspects))
    return folder / "suspects.html"


def page(suspects: Sequence[Suspect]) -> str:
    tally = Counter(suspect.kind for suspect in suspects)
    return _PAGE.format(
        count=len(suspects),
        phrases=len({(suspect.phrase.id, suspect.person) for suspect in suspects}),
        kinds=", ".join(f"{_KINDS[kind]} {tally[kind]:,}" for kind in KINDS),
        items="\n".join(map(_item, suspects)),
    )


def _item(suspect: Suspect) -> str:
    phrase = suspect.phrase
    where = [f"lettera {phrase.letter}", f"sezione {phrase.section}" if phrase.section else ""]
    told = " · ".join(escape(part) for part in [*filter(None, where), suspect.person])
    return (
        f"<li><span class=kind>{_KINDS[suspect.kind]}</span> {suspect.score:.2f} "
        f"<span class=where>{told}</span>"
        f"<div class=text>{_marked(suspect)}</div>{escape(suspect.motivo)}</li>"
    )


def _marked(suspect: Suspect) -> str:
    """The phrase with both stretches marked, character by character, so that they may overlap."""
    classes = []
    for at in range(len(suspect.phrase.text)):
        old, new = (
            span is not None and span.start <= at < span.end
            for span in (suspect.span, suspect.better)
        )
        classes.append("both" if old and new else "better" if new else "old" if old else "")
    parts = []
    letters = zip(classes, suspect.phrase.text, strict=True)
    for name, run in groupby(letters, key=lambda pair: pair[0]):
        text = escape("".join(sign for _, sign in run))
        parts.append(f"<mark class={name}>{text}</mark>" if name else text)
    return "".join(parts)
