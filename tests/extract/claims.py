"""A letter, what a model claims of it at a service on loopback, and what extraction makes of it."""

import json
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from core.extract.asked import FORMATS, asking
from core.extract.asked.extractor import Asked
from core.extract.result import LetterFields
from core.label.rules.rules import Rules
from core.label.together import Together
from core.read import read_text
from core.records import Letter
from tests.loopback.together import Json, LoopbackTogether, Said, Script

HEAD = """OSPEDALE SAN LIBERALE
RELAZIONE CLINICA ALLA DIMISSIONE - DEFINITIVA
Si dimette in data 05/05/2016 il Sig. CERASUOLO EMILIO
nato il 14/11/1943, ricoverato dal 27/04/2016, cartella 20417
"""
BODY = """
Motivo del ricovero
Stenosi aortica severa, NYHA II-III
Cenni anamnestici
Ex fumatore, stop nel 1990. Nega diabete. Ipertensione arteriosa. Sospetta BPCO.
Padre con infarto. Bypass aortocoronarico nel 2004. Fibrillazione atriale da anni.
Terapia domiciliare
Lasix 25 mg 1 cp ore 8 e 16
Decorso post-operatorio
Il giorno successivo revisione per sanguinamento.
"""
LETTER = read_text(HEAD + BODY, "a.txt")
WAYS = tuple(FORMATS)
_MARKS = re.compile(r"\[\[(\d+)\| (.*?)\]\]")
_PHRASES = re.compile(r"^Frase(?: \d+)?(?: \([^)]*\))?:\n", re.MULTILINE)


def says(*items: Json) -> Script:
    """A model that says these things, each where its quote is shown; in either way's words."""

    def answer(body: Json) -> Said:
        system, user = (message["content"] for message in body["messages"][:2])
        if body["response_format"]["json_schema"]["name"].startswith("fields"):
            asked = [item for item in items if f"- {item['field']} (" in system]
            return Said(json.dumps({"fields": asked}, ensure_ascii=False))
        lists = [_typed(phrase, items) for phrase in _PHRASES.split(user)[1:]]
        if len(lists) == 1:
            return Said(json.dumps({"spans": lists[0]}))
        return Said(json.dumps({"answers": [{"n": n, "spans": s} for n, s in enumerate(lists, 1)]}))

    return answer


def _typed(phrase: str, items: Iterable[Json]) -> list[Json]:
    return [
        {"span": int(number)} | {key: said for key, said in item.items() if key != "quote"}
        for number, words in _MARKS.findall(phrase)
        for item in items
        if item["quote"] in words
    ]


@cache
def known() -> Rules:
    return Rules()


def asked(server: LoopbackTogether, by: str = "llm", **more: Any) -> Asked:
    rules = known()
    service = {name: more.pop(name) for name in ("ledger", "pool") if name in more}
    how = {"pause": 0.01, "logprobs": False, "shield": "off"} | more
    finder = rules if by == "hybrid" else None
    return Asked(
        Together(
            "field",
            asking(by, **how),
            base_url=server.address,
            identity=rules,
            finder=finder,
            **service,
        )
    )


def one(extractor: Asked, letter: Letter = LETTER) -> LetterFields:
    (found,) = extractor.extract([letter])
    return found


def values(found: LetterFields) -> dict[str, Any]:
    return {value.field: value.value for value in found.fields}


def claim(field: str, quote: str, *value: Any, **more: Any) -> Json:
    return {"field": field, "quote": quote} | ({"value": value[0]} if value else {}) | more
