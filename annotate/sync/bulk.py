"""Tasks and predictions sent in bulk, none twice: not after a lost answer, not after a kill.

Label Studio has no key that it would refuse twice, and it finishes what it was sent even where
nobody waits for the answer any more. So whatever was not answered is looked for before it is sent
again, and a project that is being filled carries a mark, which a killed sender leaves behind.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

import httpx
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError

from annotate.sync.studio import again, filters, keys, request, tasks, where
from core.errors import BadInput, ServerError
from core.records import Json

BATCH = 1000  # the server takes about 2 s for one, and more in one call is not faster
# Of predictions: for each call, the server may count anew those of all tasks of the project.
PREDICTIONS = 4000
BYTES = 16_000_000  # of a batch, where tasks are whole letters
QUIET = 15.0  # seconds in which a batch under way shows itself: it takes 2 to 5
TRIES = 3
MARK = "(Lettera: invio di frasi in corso)"  # annotators read it
Progress = Callable[[int, int | None], object]  # done, in all where known
Missing = Callable[[Sequence[Json]], list[Json]]
Taken = Callable[[Sequence[Json], Any], None]


@contextmanager
def sending(client: LabelStudio, project: int) -> Iterator[bool]:
    """A project marked as being filled; True where an earlier sender left its mark.

    What that one had under way has arrived, or never will, when the block begins: list the keys
    inside. A block that ends badly, but for a BadInput, leaves its own mark.
    """
    path = f"api/projects/{project}/"
    about = again(partial(request, client, "GET", path))["description"] or ""
    marked = MARK in about
    if marked:
        _settle(client, project)
    about = about.replace(MARK, "").strip()
    _describe(client, path, f"{about} {MARK}".strip())
    try:
        yield marked
    except BadInput:  # found before anything was sent
        if not marked:
            _describe(client, path, about)
        raise
    _describe(client, path, about)


def _describe(client: LabelStudio, path: str, about: str) -> None:
    again(partial(request, client, "PATCH", path, body={"description": about}))


def _settle(client: LabelStudio, project: int) -> None:
    """Waits until nothing has come to a project for a while."""
    before, since = None, time.monotonic()
    while time.monotonic() - since < QUIET:
        now = again(
            partial(
                request, client, "GET", "api/tasks/", project=project, page_size=1, include="id"
            )
        )
        counts = now["total"], now["total_predictions"]
        if counts != before:
            before, since = counts, time.monotonic()
        time.sleep(0.5)


def import_tasks(
    client: LabelStudio, project: int, new: Iterable[Json], progress: Progress | None = None
) -> None:
    """Adds tasks, each with its predictions. They are known again by `data.key`."""

    def missing(batch: Sequence[Json]) -> list[Json]:
        # A batch comes whole or not at all, and one key is found at once where all take seconds.
        first = where("data.key", "equal", "String", batch[0]["data"]["key"])
        if not keys(client, project, filters("and", first)):
            return list(batch)
        there = keys(client, project)
        return [task for task in batch if task["data"]["key"] not in there]

    def taken(batch: Sequence[Json], answer: Any) -> None:
        # A server that found its SQLite locked tries again, and then without the predictions.
        sent = sum(len(task["predictions"]) for task in batch)
        if answer is None or answer.get("prediction_count", sent) < sent:
            _complete(client, project, batch, (answer or {}).get("task_ids"))

    _send(client, f"api/projects/{project}/import", new, BATCH, missing, taken, progress)


def _complete(
    client: LabelStudio, project: int, batch: Sequence[Json], numbers: Sequence[int] | None
) -> None:
    """Sends the predictions that new tasks came without. `numbers`: those of the tasks, if told."""
    names = [task["data"]["key"] for task in batch]
    known = dict(zip(names, numbers, strict=True)) if numbers else keys(client, project)
    there = {name: known[name] for name in names}
    span = {"min": min(there.values()), "max": max(there.values())}
    said = versions(client, project, filters("and", where("id", "in", "Number", span)))
    lost = [
        {"task": there[name], **prediction}
        for name, task in zip(names, batch, strict=True)
        for prediction in task["predictions"]
        if prediction["model_version"] not in said.get(there[name], ())
    ]
    import_predictions(client, project, lost)


def import_predictions(
    client: LabelStudio, project: int, new: Iterable[Json], progress: Progress | None = None
) -> None:
    """Adds predictions `{task, result, score, model_version}` to tasks that are there."""

    def missing(batch: Sequence[Json]) -> list[Json]:
        numbers = [prediction["task"] for prediction in batch]
        span = {"min": min(numbers), "max": max(numbers)}
        there = versions(client, project, filters("and", where("id", "in", "Number", span)))
        return [p for p in batch if p["model_version"] not in there.get(p["task"], ())]

    path = f"api/projects/{project}/import/predictions"
    _send(client, path, new, PREDICTIONS, missing, lambda _batch, _answer: None, progress)


def versions(client: LabelStudio, project: int, query: str = "{}") -> dict[int, frozenset[str]]:
    """The model versions of the predictions of each task, by the task's number."""
    found = tasks(client, project, "id,predictions,model_version", query)
    return {
        task["id"]: frozenset(one["model_version"] for one in task["predictions"]) for task in found
    }


def bases(names: Iterable[str]) -> frozenset[str]:
    """The labellers behind model versions: what is queued anew keeps its own, with `#2` behind."""
    return frozenset(version.partition("#")[0] for version in names)


def show_version(client: LabelStudio, project: int, version: str) -> None:
    """Makes one model version the one that annotators begin with."""
    body = {"model_version": version}
    again(partial(request, client, "PATCH", f"api/projects/{project}/", body=body))


def drop_version(client: LabelStudio, project: int, version: str) -> None:
    """Deletes all predictions of a model version. What people made of them stays."""
    path, body = f"api/projects/{project}/model-versions/", {"model_version": version}
    again(partial(request, client, "DELETE", path, body=body))


def model_versions(client: LabelStudio, project: int) -> list[str]:
    """The model versions that a project has predictions of, the newest first."""
    path = f"api/projects/{project}/model-versions/"
    found: Any = again(partial(request, client, "GET", path, extended="true"))
    return [row["model_version"] for row in found["static"]]


def _send(
    client: LabelStudio,
    path: str,
    items: Iterable[Json],
    size: int,
    missing: Missing,
    taken: Taken,
    progress: Progress | None,
) -> None:
    """Sends a long list in parts; while the server is at one, the next is made.

    `taken` looks at each part that is there, and at the server's answer, None where it gave none.
    """
    done, batches = 0, _batches(items, size)
    total = len(items) if isinstance(items, Sized) else None
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, batches, None)
        while (now := coming.result()) is not None:
            coming = maker.submit(next, batches, None)
            batch, content = now
            taken(batch, _send_batch(client, path, batch, content, missing))
            done += len(batch)
            if progress:
                progress(done, total)


def _batches(items: Iterable[Json], most: int) -> Iterator[tuple[list[Json], bytes]]:
    """Parts of a long list, each with its JSON: so many items, and no more bytes than allowed."""
    left = iter(items)
    while batch := list(islice(left, most)):
        content = json.dumps(batch).encode()
        parts = -(-len(content) // BYTES)
        if parts == 1:
            yield batch, content
            continue
        size = -(-len(batch) // parts)
        for start in range(0, len(batch), size):
            part = batch[start : start + size]
            yield part, json.dumps(part).encode()


def _send_batch(
    client: LabelStudio, path: str, batch: Sequence[Json], content: bytes, missing: Missing
) -> Any:
    """Sends one batch; gives the answer, None where it is there though none came.

    No answer is no failure: the server may have taken it, or be at it still.
    """
    whole = True
    for _ in range(TRIES):
        try:
            answer = request(client, "POST", path, body=content, return_task_ids="true")
            return answer if whole else None
        except (httpx.TransportError, ApiError) as error:
            batch = _still_missing(batch, missing, _patience(error))
            content, whole = json.dumps(batch).encode(), False
        if not batch:
            return None
    raise ServerError(
        f"Label Studio took no phrases though asked {TRIES} times; see its log, then run this again"
    )


def _patience(error: httpx.TransportError | ApiError) -> float:
    """Seconds in which an unanswered batch may still arrive. Raises where it was refused."""
    if isinstance(error, ApiError):
        if (error.status_code or 0) < 500:
            raise error
        return 1.0 if error.status_code == 500 else QUIET  # 502 to 504 come from a proxy between
    return 1.0 if isinstance(error, httpx.ConnectError) else QUIET


def _still_missing(batch: Sequence[Json], missing: Missing, patience: float) -> list[Json]:
    """What the server does not hold of a batch, after giving it time to finish."""
    left, since = list(batch), time.monotonic()
    while time.monotonic() - since < patience:
        time.sleep(0.5)
        now = again(partial(missing, batch))
        if not now:
            return []
        if len(now) < len(left):
            left, since = now, time.monotonic()
    return left
