"""Push and pull beside what a user would write with the SDK: python -m tests.bench.studio.

One Label Studio on SQLite, started for the run: so many phrases with three spans each, imported
with plain SDK calls in batches of 1000, then pushed by us; the same pushed once more; a hundred
corrections pulled. With --check it fails where a bound of the project's is missed. With --url it
is another server, PostgreSQL's say (token: LABEL_STUDIO_TOKEN).
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from annotate.server.server import LabelStudioServer
from annotate.sync.pull import pull_into
from annotate.sync.push import push
from annotate.sync.studio import connect
from core.records import Annotation, Json, Phrase, Span, phrase_ids
from core.schema import default_schema
from tests.bench.table import tell as row
from tests.studio import free_port

LETTER = 50
SAID = {"Stenosi aortica severa": "diagnosis", "diabete": "risk", "fumatore": "risk"}
SCHEMA = default_schema()


def phrases(count: int) -> list[Annotation]:
    """Different phrases, fifty a letter, each with three spans."""
    found: list[Annotation] = []
    for first in range(0, count, LETTER):
        numbers = range(first, min(first + LETTER, count))
        texts = [f"Stenosi aortica severa, diabete in terapia, ex fumatore: {n}." for n in numbers]
        name, at = f"{first:012x}", 0
        for key, text in zip(phrase_ids(name, texts), texts, strict=True):
            phrase = Phrase(key, name, at, at + len(text), text, "Anamnesi")
            places = ((text.index(quote), quote, label) for quote, label in SAID.items())
            spans = (Span(i, i + len(q), label, text=q, score=0.9) for i, q, label in places)
            found.append(Annotation(phrase, tuple(spans), "rules", "rules/1"))
            at += len(text) + 1
    return found


def plain(annotation: Annotation) -> Json:
    """The task a user would write."""
    result = [
        {
            "from_name": "label", "to_name": "text", "type": "labels",
            "value": {
                "start": span.start, "end": span.end, "text": span.text, "labels": [span.label],
            },
        }
        for span in annotation.spans
    ]  # fmt: skip
    prediction = {"model_version": annotation.source, "score": 0.9, "result": result}
    data = {"key": annotation.key, "text": annotation.phrase.text}
    return {"data": data, "predictions": [prediction]}


def by_hand(client: Any, annotations: list[Annotation]) -> None:
    """The plain SDK calls."""
    config = (
        '<View><Labels name="label" toName="text">'
        + "".join(f'<Label value="{label}"/>' for label in SCHEMA.labels("group"))
        + '</Labels><Text name="text" value="$text"/></View>'
    )
    project = client.projects.create(title=f"by hand {time.time_ns()}", label_config=config)
    tasks = [plain(annotation) for annotation in annotations]
    for start in range(0, len(tasks), 1000):
        client.projects.import_tasks(id=project.id, request=tasks[start : start + 1000])


def correct(client: Any, project: int, count: int) -> None:
    for task in client.tasks.list(project=project, page_size=count, page=1).items[:count]:
        client.annotations.create(id=task.id, result=[], lead_time=2.0)


def seconds(step: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    result = step()
    return time.perf_counter() - begun, result


def bench(client: Any, folder: Path, count: int, corrections: int) -> list[str]:
    """Tells what it measures as it goes; gives the bounds that were missed."""
    missed: list[str] = []

    def expect(holds: bool, what: str) -> None:
        missed.extend([] if holds else [what])

    annotations, out = phrases(count), folder / "corrected.jsonl"
    title = f"ours {time.time_ns()}"
    theirs, _ = seconds(lambda: by_hand(client, annotations))
    tell("plain SDK calls", theirs, f"{count / theirs:,.0f} tasks/s")

    def ours() -> Any:
        return push(client, title, annotations, SCHEMA, "group", bare=0)

    took, report = seconds(ours)
    tell("push", took, f"{count / took:,.0f} tasks/s")
    row(
        "pushed to Label Studio",
        f"{count / took:,.0f} tasks/s",
        f"its SDK {count / theirs:,.0f} tasks/s",
        theirs / took,
        "0.95",
    )
    expect(report.added == count and theirs / took >= 0.95, "push: 0.95 of the plain calls")
    took, report = seconds(ours)
    tell("the same again", took, f"{report.added} new, {report.updated} newer")
    expect(took < 20 and report.added == report.updated == 0, "second push: 20 s, nothing new")

    pull_into(client, title, SCHEMA, out)
    correct(client, report.project, 1)
    pull_into(client, title, SCHEMA, out)
    correct(client, report.project, corrections)
    took, pulled = seconds(lambda: pull_into(client, title, SCHEMA, out))
    tell(f"pull of {corrections} corrections", took, f"{pulled.fresh} new or changed")
    expect(took < 1 and pulled.fresh >= corrections - 1, "pull: 1 s")
    return missed


@contextmanager
def studio(url: str | None, folder: Path) -> Iterator[Any]:
    if url:
        yield connect(url, os.environ["LABEL_STUDIO_TOKEN"])
        return
    with LabelStudioServer.start(folder, free_port()) as server:
        yield connect(server.url, server.token)


def tell(what: str, took: float, more: str) -> None:
    print(f"{what:28} {took:8.2f} s   {more}", flush=True)  # noqa: T201


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--corrections", type=int, default=100)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--url")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, studio(chosen.url, Path(name)) as client:
        missed = bench(client, Path(name), chosen.count, chosen.corrections)
    if chosen.check and missed:
        sys.exit("missed: " + "; ".join(missed))
