"""Fictitious discharge letters: a voice and a seed in, a letter with its spans and values out.

A voice is `voices/<name>.md`: a head in TOML between two lines `+++`, then the letter.
In the head:
    [persona]   wishes, see `demo.slots`
    [letter]    `date`: shape of dates; `phone`; `capitals`: false where sentences begin small;
                `wrap`: width at which lines break, 0 for none; `page`: lines a page; `top`, `foot`:
                furniture of each page, where `<page>` and `<pages>` are known; `cell`, `row`: what
                stands between cells and around a table's row; `slips`: share of letters that OCR
                misread outside the marks
    [paper]     for `demo.paper`: `font`, `size`, `look`, `motto`
    [draw]      facts drawn once for the letter, used as `{fact}`
    [[case]]    any number; one is chosen, its entries are facts too (its `persona` a wish)

In the letter:
    [[fumo=1|ex fumatore]]      a span of a field with its value; without `=`: true, or the text
    [[diabete=false|diabete]]   negated, the cue outside; [[-fibrillazione_atriale=0|FA]] for codes
    [[~endocardite|endocardite]]   uncertain: a span, no value
    [[^diabete|diabete]]        a relative's: a span, no value
    [[dapt=false|]]             a value without a span; marks may nest
    {a|b|c}  {?passage}  {?30:passage|else}     one of them; half, or 30 of 100 times
    {fact=value:then|else}  {sesso=F:...}       by a fact of the letter
    {o/a}                       by the person's sex
    {data_intervento+3:d mese yyyy}  {anno-4}   dates, shifted and shaped; `{anno-4..9}` any of them
    {cognome} {COGNOME} {Sig} {eta} {telefono}  slots of a field are gold; {!cognome} is not
    {n:8,5-12,9}  {n:40-60/5}  {@citta}         a number, in steps; a word of a pool in slots.toml
    # title    ## Field :: Heading :: rest of the line    >> right-aligned
    %%block, %%table ... %%end  the patient block, a table; cells are parted by ¦
    ⏎                           a line break inside one logical line
A section runs from its heading to the next (`## ::` heads one that is no field) or to a bare `##`.
A line is one phrase.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from core.read import read_text
from core.read.phrases import phrases
from core.records import Annotation, Letter, Phrase, Section, Span, Value
from core.schema import default_schema
from demo.pages import Pages
from demo.slots import Persona, draw_persona
from demo.template import Template
from demo.voice import Gold, Line, capitalised, kept, lines_of, read_voice, voices

__all__ = ["FictitiousLetter", "annotations", "voices", "write"]


@dataclass(frozen=True, slots=True)
class FictitiousLetter:
    """A generated letter: its raw text with wraps and furniture, and everything it says.

    `lines` are what was written before the page broke it; `head` is the voice's head for the paper.
    """

    voice: str
    seed: int
    text: str
    spans: tuple[Gold, ...]
    fields: Mapping[str, Value]
    sections: tuple[Section, ...]
    lines: tuple[Line, ...] = ()
    head: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.voice}-{self.seed}"


def write(voice: str, seed: int) -> FictitiousLetter:
    """The letter of a voice and a seed; the same every time."""
    head, body = read_voice(voice)
    rng = Random(f"{voice}/{seed}")
    case = rng.choice(head.get("case", [{}]))
    persona = draw_persona(rng, head.get("persona", {}) | case.get("persona", {}))
    style = {
        "date": "dd/mm/yyyy",
        "wrap": 0,
        "page": 60,
        "cell": "   ",
        "row": ("", ""),
        "slips": 0.0,
        "capitals": True,
    } | head.get("letter", {})
    template = Template(rng, persona, style["date"], style.get("phone", ""))
    template.draw({name: said for name, said in case.items() if name != "persona"})
    template.draw(head.get("draw", {}))
    filled = "\n".join(kept(template.fill(body).split("\n")))
    lines = tuple(lines_of(filled, style))
    if style["capitals"]:
        lines = tuple(map(capitalised, lines))
    furniture = [[template.fill(line) for line in style.get(end, [])] for end in ("top", "foot")]
    text, spans, sections = Pages(style, furniture, rng).write(lines)
    paper = {"style": style, "furniture": furniture, **head.get("paper", {})}
    values = _fields(lines, persona)
    return FictitiousLetter(voice, seed, text, spans, values, sections, lines, paper)


def _fields(lines: tuple[Line, ...], persona: Persona) -> dict[str, Value]:
    """Every value the letter gives: from its marks, its sections, and what follows from them."""
    values: dict[str, Value] = {"Sesso": persona.sex}
    texts: dict[str, list[str]] = {}
    for line in lines:
        for gold in line.gold:
            if gold.value is not None:
                _remember(values, gold)
        if line.section:
            texts.setdefault(line.section, []).append(line.text.replace("⏎", " "))
    for name, rows in texts.items():
        values[name] = " ".join(re.sub(r"\*\*|\||-{3,}", " ", " ".join(rows)).split())
    if "data_di_nascita" in values:
        values["età al momento dell'intervento"] = persona.age
    if "data_dimissione_cch" in values:
        values["H_Stay_giorni"] = persona.stay
    if values.get("dapt"):
        values["antiaggregante"] = True
    order = list(default_schema().fields)
    return dict(sorted(values.items(), key=lambda item: order.index(item[0])))


def _remember(values: dict[str, Value], gold: Gold) -> None:
    """Keeps the first value of a field, of two NYHA classes the higher; else they must agree."""
    said = values.setdefault(gold.field, gold.value)  # type: ignore[arg-type]
    if gold.field == "classe_nyha":
        values[gold.field] = max(int(said), int(gold.value or 0))
    elif said != gold.value and default_schema().field(gold.field).type not in ("text", "number"):
        raise ValueError(f"a voice contradicts itself: {gold.field} is {said} and {gold.value}")


def corpus(names: Iterable[str], letters: int) -> Iterator[Annotation]:
    """The phrases of that many letters of each voice, with all that they say. Seeds count from 1000
    on, so that no letter of the examples is among them.
    """
    for voice in names:
        for seed in range(1000, 1000 + letters):
            yield from annotations(write(voice, seed))[1]


def annotations(letter: FictitiousLetter) -> tuple[Letter, list[Annotation]]:
    """The letter as read and cleaned, and the gold of each of its phrases.

    Raises ValueError where the cleaning lost a span: our bug, in the voice or in the cleaning.
    """
    read = read_text(letter.text, source=f"fictitious/{letter.id}")
    back = {raw + k: clean + k for clean, raw, n in read.map for k in range(n)}
    if not read.map:
        back = {k: k for k in range(len(letter.text))}
    gold = [_moved(span, back, read.text, letter.id) for span in letter.spans]
    source = f"fictitious/{letter.voice}"
    return read, [
        Annotation(phrase, tuple(_cut(gold, phrase)), "fictitious", source)
        for phrase in phrases(read)
    ]


def _moved(gold: Gold, back: Mapping[int, int], text: str, name: str) -> Gold:
    """The span in the cleaned text, its quote compared letter by letter."""
    kept = [back[at] for at in range(gold.start, gold.end) if at in back]
    quote = text[min(kept) : max(kept) + 1] if kept else ""
    start, end = (min(kept), max(kept) + 1) if kept else (0, 0)
    start += len(quote) - len(quote.lstrip())
    end -= len(quote) - len(quote.rstrip())
    if not quote.strip() or _bare(text[start:end]) != _bare(gold.text):
        raise ValueError(f"{name}: cleaning lost a span of {gold.field} at {gold.start}")
    return replace(gold, start=start, end=end, text=text[start:end])


def _bare(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _cut(gold: list[Gold], phrase: Phrase) -> Iterator[Span]:
    """The spans that stand in a phrase; one that runs over several leaves its part in each."""
    for span in gold:
        start, end = max(span.start, phrase.start), min(span.end, phrase.end)
        start -= phrase.start
        end -= phrase.start
        text = phrase.text[start:end] if start < end else ""
        start += len(text) - len(text.lstrip())
        if text.strip():
            text = text.strip()
            yield Span(
                start, start + len(text), span.field, span.field, span.state, span.value, text=text
            )
