"""A tagger or labeller against gold annotations -> scores, and a report folder to read them in."""

import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Protocol

from core.errors import BadInput
from core.files import private_folder, replacing
from core.learn.scores import Score, Scores, score
from core.records import Annotation, Phrase


class Answers(Protocol):
    """Anything that labels phrases: a tagger, the rules, a language model."""

    @property
    def source(self) -> str: ...

    def label(self, phrases: Iterable[Phrase]) -> Iterator[Annotation]: ...


def evaluate(answers: Answers, gold: Sequence[Annotation]) -> Scores:
    """The scores of `answers` on the gold phrases; phrases that a person skipped are left out."""
    known = [annotation for annotation in gold if not annotation.skipped]
    if not any(annotation.spans for annotation in known):
        raise BadInput("the gold annotations hold no span; there is nothing to score against")
    return score(known, answers.label(annotation.phrase for annotation in known))


def write_report(scores: Scores, source: str, gold: str, folder: Path) -> Path:
    """Writes `scores.json` and `report.html` (no letter text in either); returns the latter.

    `source` says what was scored, `gold` against which answers and whose.
    """
    private_folder(folder)
    with replacing(folder / "scores.json") as file:
        told = {"source": source, "gold": gold} | scores.to_json()
        file.write(json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n")
    with replacing(folder / "report.html") as file:
        file.write(_page(scores, source, gold).encode())
    return folder / "report.html"


def _page(scores: Scores, source: str, gold: str) -> str:
    labels = sorted(scores.labels.items(), key=lambda pair: (-pair[1].support, pair[0]))
    rows = [_row("all, strict", scores.micro), _row("all, by overlap", scores.overlap)]
    notes = [f"{scores.phrases} phrases of {scores.letters} letters", f"gold: {gold}"]
    notes.append(f"mean F1 of the labels in gold (macro): {scores.macro_f1:.3f}")
    if scores.overlapped:
        notes.append(f"{scores.overlapped} nested gold spans left out (of two the longest counts)")
    if scores.unanswered:
        notes.append(f"{scores.unanswered} phrases without an answer, counted as missed")
    return _PAGE.format(
        title=escape(source),
        notes="".join(f"<li>{escape(note)}</li>" for note in notes),
        totals="".join(rows),
        labels="".join(_row(label, found) for label, found in labels),
    )


def _row(name: str, found: Score) -> str:
    shares = (found.f1, found.precision, found.recall)
    cells = "".join(f"<td>{share:.3f}</td>" for share in shares)
    return f"<tr><th>{escape(name)}</th>{cells}<td>{found.support}</td><td>{found.said}</td></tr>"


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Scores of {title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; color: #222 }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #ddd }}
th:first-child {{ text-align: left; font-weight: normal }}
thead th {{ font-weight: 600; position: sticky; top: 0; background: #fff }}
tbody.all th {{ font-weight: 600 }}
</style>
<h1>Scores of {title}</h1>
<ul>{notes}</ul>
<table>
<thead><tr><th>label</th><th>F1</th><th>precision</th><th>recall</th>
<th>in gold</th><th>answered</th></tr></thead>
<tbody class="all">{totals}</tbody>
<tbody>{labels}</tbody>
</table>
<p>Strict: same start, same end, same label. By overlap: same label and at least
one character shared.</p>
"""
