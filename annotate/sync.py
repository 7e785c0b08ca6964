"""Phrases to a Label Studio project and people's corrections back.

`push` can be run any number of times: a phrase is known by its id (`data.key`), which is listed on
the server before anything is sent, and again after an answer that did not come. `pull` reads the
tasks themselves; the server's own exports leave copies of the letters on its disk.
"""

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import Any, Literal, cast

import httpx
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError

from annotate.config import instruction, label_config, labels_of
from annotate.regions import (
    Refused,
    annotations_of,
    certainty,
    is_unicode,
    shown,
    task_of,
)
from core.errors import BadInput, ServerError
from core.records import Annotation, Json
from core.schema import Schema, View

BATCH = 1000  # the server takes about 2 s for one, and more in one call is not faster
PAGE = 1000
TIMEOUT = 600.0
_HERE = {"127.0.0.1", "localhost", "::1"}
Queue = Literal["Sequential sampling", "Uncertainty sampling"]
IN_ORDER: Queue = "Sequential sampling"
LEAST_SURE: Queue = "Uncertainty sampling"
Progress = Callable[[int, int | None], object]  # phrases done, phrases in all where known
_client: Any = LabelStudio  # its constructor has no type hints
PAUSES = (5.0, 15.0, 40.0)  # seconds to wait for phrases whose import was not answered
# Tasks that somebody submitted or skipped.
_TOUCHED = json.dumps(
    {
        "filters": {
            "conjunction": "or",
            "items": [
                {
                    "filter": f"filter:tasks:{count}",
                    "operator": "greater",
                    "type": "Number",
                    "value": 0,
                }
                for count in ("total_annotations", "cancelled_annotations")
            ],
        }
    }
)


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push did: phrases added, phrases that were there already, and spans it refused."""

    project: int
    added: int
    already: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class PullReport:
    """What people did: one annotation a phrase and person, `skipped` of them passed over."""

    project: int
    annotations: tuple[Annotation, ...]
    skipped: int
    refused: tuple[Refused, ...]


def connect(url: str, token: str) -> LabelStudio:
    """A client of a running Label Studio (legacy or personal access token). Raises ServerError."""
    url = url.rstrip("/")
    try:
        # A hospital's proxy is not asked for a server on this machine.
        local = httpx.URL(url).host in _HERE
        http = httpx.Client(
            timeout=TIMEOUT,
            follow_redirects=True,
            trust_env=not local,
            # No connection stays open between requests, so the client needs no closing.
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        _expect_label_studio(http, url)
        client: LabelStudio = _client(base_url=url, api_key=token, httpx_client=http)
        client.users.whoami()
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ServerError(f"{url}: no web address; give one like http://127.0.0.1:8080") from error
    except httpx.TransportError as error:
        raise ServerError(
            f"no server answers at {url}; start it with 'lettera up', or check the address"
        ) from error
    except ApiError as error:
        if error.status_code not in (401, 403):
            raise ServerError(f"{url}: Label Studio failed (HTTP {error.status_code})") from error
        raise ServerError(
            f"{url}: Label Studio refused the token; copy a valid one from its account page"
        ) from error
    return client


def push(
    client: LabelStudio,
    title: str,
    annotations: Iterable[Annotation],
    schema: Schema,
    view: View,
    progress: Progress | None = None,
) -> PushReport:
    """Adds to a project, made where it is missing, the phrases that it does not hold yet.

    Where the labeller says how sure it is, a new project hands out the least certain phrases first.
    """
    annotations = list(annotations)
    queue = LEAST_SURE if any(certainty(a) is not None for a in annotations) else IN_ORDER
    with _clear_errors():
        project = _find(client, title) or _make(client, title, schema, view, queue)
        _expect_labels(project, title, schema, view)
        there = _keys(client, project.id)
        tasks, already, refused = _new_tasks(annotations, there, schema.labels(view))
        for start in range(0, len(tasks), BATCH):
            batch = tasks[start : start + BATCH]
            _import(client, project.id, batch)
            if progress:
                progress(start + len(batch), len(tasks))
    return PushReport(project.id, len(tasks), already, tuple(refused))


def pull(
    client: LabelStudio,
    title: str,
    schema: Schema,
    view: View | None = None,
    progress: Progress | None = None,
) -> PullReport:
    """All that people submitted or skipped in a project, under its own label set unless told.

    Raises ServerError when there is no such project.
    """
    found: list[Annotation] = []
    refused: list[Refused] = []
    with _clear_errors():
        project = _find(client, title)
        if project is None:
            names = ", ".join(f"'{other.title}'" for other in _projects(client))
            raise ServerError(f"no project named '{title}'; there are: {names or 'none'}")
        view = view or schema.view_of(labels_of(project.label_config or ""))
        _expect_labels(project, title, schema, view)
        labels = frozenset(schema.labels(view))
        for number, task in enumerate(_tasks(client, project.id, fields="all", query=_TOUCHED), 1):
            annotations, bad = annotations_of(task, labels, view)
            found += annotations
            refused += bad
            if progress:
                progress(number, None)
    skipped = sum(annotation.skipped for annotation in found)
    return PullReport(project.id, tuple(found), skipped, tuple(refused))


def _expect_label_studio(http: httpx.Client, url: str) -> None:
    try:
        known = "label-studio-os-package" in http.get(f"{url}/api/version/").json()
    except ValueError:
        known = False
    if not known:
        raise ServerError(f"{url}: a server answers, but it is not Label Studio; check the address")


def _find(client: LabelStudio, title: str) -> Any | None:
    """The project of exactly this title: the server itself looks for titles that contain it."""
    return next((p for p in _projects(client, title=title) if p.title == title), None)


def _projects(client: LabelStudio, **which: str) -> Iterator[Any]:
    yield from client.projects.list(**which)


def _tasks(client: LabelStudio, project: int, **which: str) -> Iterator[Json]:
    task: Any
    for task in client.tasks.list(project=project, page_size=PAGE, **which):
        yield task.model_dump()


def _make(client: LabelStudio, title: str, schema: Schema, view: View, queue: Queue) -> Any:
    if not 3 <= len(title) <= 50:
        raise BadInput(f"project name '{title}': give it 3 to 50 characters")
    return client.projects.create(
        title=title,
        label_config=label_config(schema, view),
        expert_instruction=instruction(schema, view),
        show_instruction=True,
        sampling=queue,
    )


def _expect_labels(project: Any, title: str, schema: Schema, view: View) -> None:
    if not labels_of(project.label_config or "").issuperset(schema.labels(view)):
        raise ServerError(
            f"project '{title}' was made with other labels than '{view}'; "
            "give the labels it was made with, or another project name"
        )


def _keys(client: LabelStudio, project: int) -> set[str]:
    """The ids of the phrases that a project holds."""
    tasks = _tasks(client, project, fields="task_only", include="id,data")
    return {task["data"]["key"] for task in tasks if "key" in task["data"]}


def _new_tasks(
    annotations: Iterable[Annotation], there: Collection[str], labels: Sequence[str]
) -> tuple[list[Json], int, list[Refused]]:
    """The tasks of phrases that are not there yet, how many are, and what cannot be sent."""
    tasks: list[Json] = []
    refused: list[Refused] = []
    seen: set[str] = set()
    already = 0
    for annotation, before, after in _with_neighbours(annotations):
        key = annotation.key
        if key in seen:
            refused.append(Refused(key, "the phrase comes twice; only the first was sent"))
        elif key in there:
            already += 1
        elif not is_unicode(annotation.phrase.text):
            refused.append(Refused(key, "its text holds half a character (a lone surrogate)"))
        else:
            fit, bad = _fitting(annotation, labels)
            refused += bad
            tasks.append(task_of(fit, before, after))
        seen.add(key)
    return tasks, already, refused


def _with_neighbours(
    annotations: Iterable[Annotation],
) -> Iterator[tuple[Annotation, str | None, str | None]]:
    """Each annotation with the line above and the line below its phrase, letter by letter."""
    place = attrgetter("phrase.letter", "phrase.start", "phrase.end")
    for _, group in groupby(sorted(annotations, key=place), attrgetter("phrase.letter")):
        letter = list(group)
        lines = [None, *(shown(annotation.phrase.text) for annotation in letter), None]
        yield from zip(letter, lines, lines[2:], strict=False)


def _fitting(annotation: Annotation, labels: Sequence[str]) -> tuple[Annotation, list[Refused]]:
    """The annotation without spans that Label Studio would take and then show wrongly.

    Bounds and quotes need no look: an Annotation with a wrong one cannot be made.
    """
    bad = [span for span in annotation.spans if span.label not in labels]
    refused = [
        Refused(annotation.key, f"the label of the span {s.start}-{s.end} is not in the label set")
        for s in bad
    ]
    fit = tuple(span for span in annotation.spans if span.label in labels)
    return replace(annotation, spans=fit), refused


def _import(client: LabelStudio, project: int, batch: Sequence[Json]) -> None:
    """Sends one batch. No answer is no failure: the server may have taken it, or be at it still."""
    for pause in PAUSES:
        try:
            # Retries of the client's own would not look first whether the server took the batch.
            once: Any = {"max_retries": 0}
            client.projects.import_tasks(id=project, request=cast(Any, batch), request_options=once)
            return
        except httpx.TransportError:
            batch = _still_missing(client, project, batch, pause)
            if not batch:
                return
    raise ServerError(
        "Label Studio took no phrases though asked three times; see its log, then run this again"
    )


def _still_missing(
    client: LabelStudio, project: int, batch: Sequence[Json], pause: float
) -> list[Json]:
    """The tasks of a batch that the server does not hold, after giving it time to finish."""
    end = time.monotonic() + pause
    while True:
        there = _keys(client, project)
        missing = [task for task in batch if task["data"]["key"] not in there]
        if not missing or time.monotonic() >= end:
            return missing
        time.sleep(1)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """What may go wrong on the way, in one line. An answer's body is not quoted: it has letters."""
    try:
        yield
    except httpx.TransportError as error:
        raise ServerError(
            f"Label Studio stopped answering ({type(error).__name__}); "
            "run this again: nothing is sent or taken twice"
        ) from error
    except ApiError as error:
        raise ServerError(
            f"Label Studio refused a request (HTTP {error.status_code}); "
            "look into its log, then run this again"
        ) from error
