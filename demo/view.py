"""What the page says: pure functions from values to HTML, every word of a visitor escaped."""

import base64
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path

from core.errors import LetteraError
from core.learn.record import Record
from core.schema import Schema
from demo.analysis import MAX_CHARACTERS, MAX_PAGES, Analysis
from demo.highlight import legend_html, letter_html
from demo.table import rows, table_html

KINDS = {
    ".xlsx": ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".csv": ("CSV", "text/csv"),
    ".json": ("JSON", "application/json"),
}
FAULTS = {
    "no text yet": "manca ancora: incolla una lettera.",
    "password": "è protetto da una password: salvane una copia senza.",
    "empty": "è vuoto.",
    "no text": "non contiene testo leggibile: prova con una scansione più nitida.",
    "too long": (
        f"è troppo lungo per questa pagina: al massimo {MAX_PAGES} pagine "
        f"e {MAX_CHARACTERS} caratteri."
    ),
    "damaged|cut short|no pages": "è rovinato o incompleto: copialo di nuovo da dove viene.",
    "not a PDF|of this kind": "non è un PDF, un'immagine o un testo.",
}


def downloads_html(files: Mapping[str, bytes]) -> str:
    """Links that carry the files in themselves, so that none has to lie on the server."""
    links = []
    for name, content in files.items():
        what, kind = KINDS[name[name.rindex(".") :]]
        body = base64.b64encode(content).decode("ascii")
        links.append(f'<a download="{escape(name)}" href="data:{kind};base64,{body}">{what}</a>')
    return (
        '<p class="downloads"><span>Porta via la tabella <span lang="en">Download</span></span> '
        f"{' '.join(links)}</p>"
    )


def message_html(it: str, en: str = "", *, alert: bool = False) -> str:
    """One sentence to the reader, Italian first."""
    kind = 'class="message alert" role="alert"' if alert else 'class="message" role="status"'
    below = f'<br><span lang="en">{escape(en)}</span>' if en else ""
    return f"<p {kind}>{escape(it)}{below}</p>"


def summary_html(fields: int, of: int, entities: int, seconds: float, pages: int) -> str:
    """How much was found, and how long it took."""
    took = f"{seconds:.1f}".replace(".", ",")
    where = "" if pages < 2 else f" in {pages} pagine"
    it = f"{fields} campi su {of}, {entities} entità{where}, letti in {took} s."
    en = f"{fields} of {of} fields, {entities} entities. Click a quotation to see where it stands."
    return message_html(it, en)


def result_html(found: Analysis, files: Mapping[str, bytes], schema: Schema, seconds: float) -> str:
    """The whole answer: what was found, the letter, the table, the files to take home."""
    letter = found.letter
    table = rows(found.result, schema)
    places = [place for row in table for place in (*row.places, *(p for _, p in row.others))]
    spans = found.entities
    notes = summary_html(len(table), len(schema.fields), len(spans), seconds, len(letter.pages))
    if not letter.discharge_letter:
        notes += message_html(
            "Non trovo l'intestazione di una lettera di dimissione: leggo il testo lo stesso.",
            "No discharge letter's heading found; read all the same.",
        )
    return (
        f'<div class="result"><div class="wide">{notes}{downloads_html(files)}'
        f"{legend_html(spans, schema)}</div>"
        f"{letter_html(letter.text, spans, schema, places, letter.pages)}"
        f'<div class="fields">{table_html(table, schema)}</div></div>'
    )


def error_html(error: LetteraError, path: Path | None = None) -> str:
    """Why a letter could not be read. The visitor sees the file's own name, no folder of ours."""
    reason = str(error).removeprefix(f"{path}: ").split(";")[0]
    fault = next((it for sign, it in FAULTS.items() if re.search(sign, reason)), None)
    what = f"Il file «{path.name}»" if path else "Il testo"
    return message_html(
        f"{what} {fault or 'non si riesce a leggere.'}",
        f"{path.name if path else 'The text'}: {reason}.",
        alert=True,
    )


TAUGHT_BY = {
    "human": ("corrette da persone", "corrected by people"),
    "rules": ("etichettate da regole", "labelled by rules"),
    "llm": ("etichettate da un modello linguistico", "labelled by a language model"),
    "model": ("etichettate da un modello precedente", "labelled by an earlier model"),
    "fictitious": ("di lettere inventate", "of invented letters"),
}


def provenance_html(record: Record | None, source: str) -> str:
    """Which model found the entities and what it learned from, or that there is none."""
    if record is None:
        return message_html(
            "Senza modello: entità e campi vengono solo da regole.",
            "No model: entities and fields come from rules alone.",
        )
    it, en = (
        ", ".join(
            f"{count} {TAUGHT_BY[origin][language] if origin in TAUGHT_BY else origin}"
            for origin, count in record.phrases.items()
        )
        for language in (0, 1)
    )
    unchecked = not record.phrases.get("human")
    return message_html(
        f"Le entità vengono dal modello {source}, i campi dal modello e da regole. Frasi da cui ha "
        f"imparato o su cui è stato provato: {it}"
        f"{'; nessuna corretta da una persona' if unchecked else ''}.",
        f"Entities by {source}, fields by the model and rules. Phrases it learned from or "
        f"was tested on: {en}{'; none corrected by a person' if unchecked else ''}.",
    )


def head_html(*, on_space: bool) -> str:
    """Title, what the page does, and where the letter goes: said before there is a box."""
    return (_TITLE + (_SPACE_NOTE if on_space else _LOCAL_NOTE)).replace("\n", " ")


_TITLE = """<div class="head"><h1>Lettera</h1>
<p>Legge una lettera di dimissione dalla cardiochirurgia e ne ricava i 74 campi della scheda,
ciascuno con le parole che lo dicono.<br>
<span lang="en">Reads an Italian discharge letter of a heart-surgery ward and finds the 74 fields
of its spreadsheet, each with the words that say it.</span></p></div>"""

_SPACE_NOTE = """<p class="note warn"><b>Questa pagina gira sui server di Hugging Face: non
incollare lettere di pazienti veri; per quelle usala sul tuo computer.</b> Da parte nostra non resta
nulla; Gradio, che mostra la pagina, chiede a huggingface.co i dati di questo Space.<br>
<span lang="en"><b>This page runs on Hugging Face's servers: do not paste real patients' letters;
for those run it on your own machine.</b> We keep nothing; Gradio, which shows the page, asks
huggingface.co about this Space.</span></p>"""

_LOCAL_NOTE = """<p class="note">Tutto avviene sulla macchina che serve questa pagina: la lettera
non va altrove e non resta nulla. <span lang="en">Everything happens on the machine that serves this
page; the letter goes nowhere else and nothing is kept.</span></p>"""


def foot_html(record: Record | None, source: str) -> str:
    """The model behind the page, and what the page is not."""
    return provenance_html(record, source) + message_html(
        "Non è un dispositivo medico: controlla ogni valore sulla lettera prima di usarlo.",
        "Not a medical device: check every value against the letter before you use it.",
    )
