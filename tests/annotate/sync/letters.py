"""What the tests of push and pull share: nasty texts, a pre-labelled letter, a person."""

from collections.abc import Iterable
from typing import Any

from core.records import Annotation, Json, Phrase, Span, phrase_ids
from core.schema import View, default_schema

SCHEMA = default_schema()
SOURCE = "together/x/iob.v1"
NASTY = {
    "emoji": "Paziente 👩🏽‍⚕️ fumatore 🚬, poi 🇮🇹 fumatore.",
    "combining accents": "Perche\u0301 e\u0300 fumatore? Così è.",
    "no-break spaces": "25\u00a0mg,\u202ffumatore",
    "tabs and many spaces": "\tEx   fumatore\t\tattivo  ",
    "line ends of all kinds": "uno\nfumatore\r\ndue\rtre\u2028quattro\u2029cinque\u0085",
    "HTML-looking": "<b>fumatore</b> &amp; <script>x</script> a<b",
    "zero width": "fu\u200bmo, fumatore\ufeff",
    "İstanbul": "İİ fumatore ẞ ﬁne",
    "other scripts": "курильщик fumatore 吸烟者 מעשן",
    "JSON-looking": '{"text": "fumatore", "\\u0041": null}',
    "dollar": "$text $fumatore {{fumatore}} %s",
}


def letter(
    view: View, texts: Iterable[str], name: str = "3fa2b1c09d12", source: str = SOURCE
) -> list[Annotation]:
    """The texts as the phrases of one letter, every 'fumatore' and every first character marked."""
    texts = list(texts)
    found, start = [], 0
    for key, text in zip(phrase_ids(name, texts), texts, strict=True):
        phrase = Phrase(key, name, start, start + len(text), text, "Anamnesi")
        places: list[tuple[int, int, str, Any]] = [(0, 1, "Sesso", None)]
        at = text.find("fumatore")
        while at >= 0:
            places.append((at, at + 8, "fumo", "negated"))
            at = text.find("fumatore", at + 1)
        spans = tuple(
            Span(
                a,
                b,
                str(SCHEMA.label_of(field, view)),
                field=field,
                state=state,
                value=0 if state else None,
                text=text[a:b],
            )
            for a, b, field, state in places
        )
        found.append(Annotation(phrase, spans, "llm", source, extra={"seen": "yes"}))
        start += len(text) + 1
    return found


def lines(count: int, what: str = "riga") -> list[str]:
    return [f"{what} {number}" for number in range(count)]


def listed(client: Any, project: int) -> list[Any]:
    return list(client.tasks.list(project=project, fields="all", page_size=1000))


def submit(client: Any, task: Any, **more: Any) -> Any:
    """Somebody submits a task as it was proposed."""
    result: list[Json] = [
        {key: value for key, value in item.items() if key != "lettera"}
        for item in task.predictions[0].result
    ]
    return client.annotations.create(id=task.id, **{"result": result, "lead_time": 1.5, **more})


def accept(client: Any, project: int) -> None:
    """Somebody submits every task of a project as it was proposed."""
    for task in listed(client, project):
        submit(client, task)
