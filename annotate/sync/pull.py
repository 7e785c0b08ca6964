"""What people did in a Label Studio project, read task by task.

The server's own exports leave copies of the letters on its disk; none is made. A project is read
whole, or from a moment on: Label Studio stamps a task whenever an annotation of it is saved,
changed or deleted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from label_studio_sdk import LabelStudio

from annotate.screen.fold import settled
from annotate.screen.regions import Refused, annotations_of
from annotate.screen.screen import keys_of, phrases_of
from annotate.sync.bulk import Progress
from annotate.sync.corrected import Corrected, Touched
from annotate.sync.drift import expect_labels, untouched, view_of
from annotate.sync.studio import errors, filters, named, tasks, where
from core.records import Annotation, Json
from core.schema import Schema, View

# Label Studio takes a list of fields for the tasks, their annotations and predictions alike.
READ = (
    "id,data,annotations,predictions,created_at,updated_at,completed_by,result,was_cancelled,"
    "lead_time,prediction,parent_prediction,model_version"
)
# Whatever was saved so shortly before the newest correction we have may have been on its way then.
OVERLAP = timedelta(seconds=60)
_WORKED_ON = where("annotators", "empty", "List", "false")


@dataclass(frozen=True, slots=True)
class PullReport:
    """What people did: one annotation a phrase and person, `skipped` of them passed over."""

    project: int
    annotations: tuple[Annotation, ...]
    skipped: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did to a file, in lines; `lines` are now in it.

    `fresh`: new or changed. `withdrawn`: taken out, their annotations were deleted. `gone`: kept,
    though the server has no such annotation and no trace that anybody deleted it (a whole pull
    looks for them).
    """

    project: int
    lines: int
    skipped: int
    fresh: int
    withdrawn: int
    gone: int
    refused: tuple[Refused, ...]


def pull(
    client: LabelStudio,
    title: str,
    schema: Schema,
    view: View | None = None,
) -> PullReport:
    """All that people submitted or skipped in a project, under its own label set unless told.

    Raises ServerError when there is no such project, or when its labels are not ours.
    """
    with errors():
        project, view = _project(client, title, schema, view)
        found = _read(client, project.id, schema, view, filters("and", _WORKED_ON))
        read = list(found)
    annotations = settled([a for touched, _ in read for a in touched.annotations])
    return PullReport(
        project=project.id,
        annotations=tuple(annotations),
        skipped=sum(annotation.skipped for annotation in annotations),
        refused=tuple(refused for _, some in read for refused in some),
    )


def pull_into(
    client: LabelStudio,
    title: str,
    schema: Schema,
    out: Path,
    full: bool = False,
    progress: Progress | None = None,
) -> Pulled:
    """Brings a file of corrections up to date with a project: only what was touched since.

    From which moment on, the newest correction in the file says. `full` reads all, and looks for
    corrections that the server has no more. Raises BadInput for a file of another project.
    """
    file = Corrected.read(out, title)
    refused: list[Refused] = []
    with errors():
        project, view = _project(client, title, schema, None)
        since = None if full else file.newest
        query = filters("and", _WORKED_ON) if since is None else _since(since)
        for touched, bad in _read(client, project.id, schema, view, query, progress):
            file.take(touched)
            refused += bad
        if full and file.unseen():
            for task in tasks(client, project.id, "id,data,created_at,updated_at"):
                file.miss(_touched(task, (), () if _changed(task) else _keys(task)))
    file.write()
    return Pulled(
        project=project.id,
        lines=len(file),
        skipped=file.skipped,
        fresh=file.fresh,
        withdrawn=file.withdrawn,
        gone=file.unseen() if full else 0,
        refused=tuple(refused),
    )


def _project(
    client: LabelStudio, title: str, schema: Schema, view: View | None
) -> tuple[Any, View]:
    project = named(client, title)
    if view is None:
        return project, view_of(project, schema)
    expect_labels(project, schema, view)
    return project, view


def _since(newest: str) -> str:
    """The tasks somebody may have worked on from a moment on, by the server's clock.

    Touched since it and older than it: annotations saved, changed or deleted. The others are tasks
    that came later and that somebody worked on already, and annotations made in bulk, which leave
    no stamp on their tasks.
    """
    moment = datetime.fromisoformat(newest) - OVERLAP
    since = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    older = where("created_at", "less_or_equal", "Datetime", since)
    return filters(
        "or",
        where("updated_at", "greater", "Datetime", since, older),
        where("updated_at", "greater", "Datetime", since, _WORKED_ON),
        where("completed_at", "greater", "Datetime", since),
    )


def _read(
    client: LabelStudio,
    project: int,
    schema: Schema,
    view: View,
    query: str,
    progress: Progress | None = None,
) -> Iterator[tuple[Touched, list[Refused]]]:
    """What people said of each task a query gives, and what of it cannot be taken."""
    labels = frozenset(schema.labels(view))
    for number, task in enumerate(tasks(client, project, READ, query), 1):
        if _changed(task):
            reason = "its text was changed on the server: what people marked there was not taken"
            yield _touched(task, (), ()), [Refused(task["data"]["key"], reason)]
        else:
            annotations, refused = annotations_of(task, labels, view)
            yield _touched(task, annotations, _keys(task)), refused
        if progress:
            progress(number, None)


def _changed(task: Json) -> bool:
    """Whether a task shows another text than its keys were made of: all its offsets are off."""
    try:
        return not all(untouched(phrase) for phrase in phrases_of(task["data"]))
    except (KeyError, TypeError):
        return False


def _keys(task: Json) -> list[str]:
    try:
        return keys_of(task["data"])
    except (KeyError, TypeError):
        return []


def _touched(task: Json, annotations: Iterable[Annotation], keys: Iterable[str]) -> Touched:
    return Touched(tuple(keys), tuple(annotations), task["created_at"], task["updated_at"])
