"""A labeller that asks the service on loopback, and what it is asked about."""

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from core.label.asking import Asking
from core.label.formats import FORMATS, tagged
from core.label.rules.rules import Rules
from core.label.together import Together
from core.records import Annotation, Phrase, Span
from core.schema import default_schema
from tests.loopback.together import Json, Said

LINES = (
    "Il Sig. BERTOLDI FRANCO nato il 27/03/1939",
    "Diabete mellito in tp, fumo attivo.",
    "Bertoldi nega diabete; tel. 347 9927663",
    "---",
    "Dimesso il 2 settembre 2019 in buone condizioni.",
)


IDENTITY = ("BERTOLDI", "Bertoldi", "FRANCO", "27/03/1939", "9927663", "2 settembre")


LONG = (
    "Paziente iperteso, diabetico in terapia insulinica, ex fumatore dal 1990, noto per BPCO"
    " riacutizzata, con pregresso impianto di pacemaker e angioplastica coronarica nel 2015."
)


TELLING = ("Nega fumo.", "Ha il diabete.", "In terapia con Lasix 25 mg.", "Ferita asciutta.")


KNOWN = {"fumo": "fumo", "diabete": "diabete", "lasix": "Lasix 25 mg"}


TOLD = [["fumo"], ["diabete"], ["Lasix 25 mg"], []]


def phrases(*lines: str, letter: str = "a", section: str | None = None) -> list[Phrase]:
    return [
        Phrase(f"{letter}:{n}", letter, 0, len(line), line, section) for n, line in enumerate(lines)
    ]


@cache
def rules() -> Rules:
    return Rules()


ABOUT_ASKING = set(Asking.__dataclass_fields__)


def labeller(server: Any, view: Any = "target", **options: Any) -> Together:
    """Options of Asking and of Together together; impatient, and shielded even on loopback."""
    how = {"shield": "on", "pause": 0.01, "logprobs": False} | {
        key: options.pop(key) for key in list(options) if key in ABOUT_ASKING
    }
    return Together(view, Asking(**how), **{"base_url": server.address} | options)


def spans(annotations: Iterable[Annotation]) -> list[list[str]]:
    return [[span.text for span in annotation.spans] for annotation in annotations]


class Reader:
    """A model that marks known words in the texts it is shown, in the words of a format.

    It looks for the texts in the last message, so it must be asked without a shield.
    """

    def __init__(self, format: str, view: Any, texts: Sequence[str], **known: str) -> None:
        self.schema = default_schema()
        self.format = FORMATS.get(format)(self.schema, view)
        self.view = view
        self.texts = texts
        self.known = known

    def __call__(self, body: Json) -> Said:
        shown = "\n".join(message["content"] for message in body["messages"][1:])
        asked = [text for text in self.texts if self._stands(text, shown)]
        answers = [self.format.answer(text, self.spans(text)) for text in asked]
        if len(answers) == 1:
            return Said(answers[0])
        if self.format.name == "inline":
            return Said("\n".join(f"[{n}] {answer}" for n, answer in enumerate(answers, 1)))
        numbered = [{"n": n} | json.loads(answer) for n, answer in enumerate(answers, 1)]
        return Said(json.dumps({"answers": numbered}, ensure_ascii=False))

    def _stands(self, text: str, shown: str) -> bool:
        words = json.dumps([word.text for word in tagged.words(text)], ensure_ascii=False)
        return text in shown or words in shown

    def spans(self, text: str) -> list[Span]:
        found = []
        for field, words in self.known.items():
            start = text.find(words)
            label = self.schema.label_of(field, self.view)
            if start >= 0 and label is not None:
                end = start + len(words)
                found.append(Span(start, end, label, field, text=words))
        return sorted(found, key=lambda span: span.start)
