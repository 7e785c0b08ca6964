"""Phrases and their pre-labels to a Label Studio project, any number of times.

A phrase is known by its id, which is listed on the server before anything is sent. What people did
there is never touched: newer pre-labels stand beside the older ones, under their own model version.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from label_studio_sdk import LabelStudio

from annotate.screen.config import UNIT_OF, Unit, label_config, unit_of
from annotate.screen.guide import guideline
from annotate.screen.regions import Refused, certainty
from annotate.screen.words import Language
from annotate.sync.bulk import (
    Progress,
    bases,
    drop_version,
    import_predictions,
    import_tasks,
    model_versions,
    sending,
    show_version,
)
from annotate.sync.drift import expect_labels
from annotate.sync.plan import Manner, Plan, Standing, plan, standing
from annotate.sync.studio import IN_ORDER, LEAST_SURE, errors, find, make
from core.errors import BadInput
from core.records import Annotation
from core.schema import Schema, View

BARE = 0.1  # of the phrases come without pre-labels, so that what these save can be measured


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push did, in phrases (with `unit` letter, `added` and `updated` in letters).

    `uncovered`: tasks that wait for somebody and lack the pre-labels that people begin with.
    """

    project: int
    unit: Unit
    added: int
    already: int
    updated: int
    bare: int
    carried: int
    hidden: int
    uncovered: int
    dropped: tuple[str, ...]
    refused: tuple[Refused, ...]


def push(
    client: LabelStudio,
    title: str,
    annotations: Iterable[Annotation],
    schema: Schema,
    view: View,
    progress: Progress | None = None,
    *,
    unit: Unit | None = None,
    bare: float = BARE,
    seed: int = 0,
    drop_old: bool = False,
    language: Language = "it",
    pages: Mapping[str, Sequence[str]] | None = None,
) -> PushReport:
    """Adds to a project, made where it is missing, the phrases and the pre-labels that it lacks.

    `unit`: by itself the project's own, or for a new one what suits the view. `bare`: the share of
    new phrases without pre-labels. `drop_old`: older pre-labels are deleted, once all tasks have
    the newer ones; pull first, for what people began with goes with them. `pages`: addresses of the
    page images of each letter. Raises BadInput or ServerError, with what differs, where labels or
    texts there are not ours.
    """
    annotations = list(annotations)
    with errors():
        project = find(client, title)
        if project is None:
            unit = unit or UNIT_OF[view]
            project = _make(client, title, annotations, schema, view, unit, language, bool(pages))
        expect_labels(project, schema, view)
        unit = _unit(project, unit)
        how = Manner(
            unit, schema.labels(view), _guideline(project.expert_instruction or ""),
            project.model_version or "", language, bare, seed, pages or {},
        )  # fmt: skip
        with sending(client, project.id) as interrupted:
            there = standing(client, project.id)
            todo = plan(annotations, there, how)
            _send(client, project.id, todo, progress)
            ours = {annotation.source for annotation in annotations}
            waiting = _waiting(there, todo)
            shown = project.model_version
            if todo.versions or todo.predictions or interrupted:
                shown = _show(client, project, waiting, ours)
            covered = drop_old and all(bases(versions) & ours for versions in waiting)
            dropped = _drop(client, project.id, ours) if covered else ()
    return PushReport(
        project=project.id,
        unit=unit,
        added=len(todo.versions),
        already=todo.already,
        updated=len(todo.predictions),
        bare=todo.bare,
        carried=todo.carried,
        hidden=todo.hidden,
        uncovered=sum(shown not in versions for versions in waiting),
        dropped=dropped,
        refused=todo.refused,
    )


def _make(
    client: LabelStudio,
    title: str,
    annotations: Iterable[Annotation],
    schema: Schema,
    view: View,
    unit: Unit,
    language: Language,
    pages: bool,
) -> Any:
    """A new project. Where the labeller says how sure it is, the least certain come first."""
    queue = LEAST_SURE if any(certainty(a) is not None for a in annotations) else IN_ORDER
    config = label_config(schema, view, unit, language, pages)
    return make(client, title, config, guideline(schema, view, unit, language).html, queue)


def _guideline(instruction: str) -> str:
    """The version of the guideline that a project shows: it may have been made with an older."""
    return sha256(instruction.encode()).hexdigest()[:8]


def _unit(project: Any, wanted: Unit | None) -> Unit:
    unit = unit_of(project.label_config)
    if wanted not in (None, unit):
        raise BadInput(
            f"project '{project.title}' was made for --unit {unit}, not {wanted}; "
            "choose another project name"
        )
    return unit


def _send(client: LabelStudio, project: int, todo: Plan, progress: Progress | None) -> None:
    """New tasks, then newer predictions; the progress counts both."""
    tasks = len(todo.versions)
    total = tasks + len(todo.predictions)

    def tell(done: int) -> None:
        if progress:
            progress(done, total)

    import_tasks(client, project, todo.tasks, lambda done, _: tell(done))
    import_predictions(client, project, todo.predictions, lambda done, _: tell(tasks + done))


def _waiting(there: Iterable[Standing], todo: Plan) -> list[frozenset[str]]:
    """The model versions of each task that waits for somebody, those just sent among them."""
    newer = {one["task"]: frozenset([one["model_version"]]) for one in todo.predictions}
    old = [task.versions | newer.get(task.number, frozenset()) for task in there if task.open]
    return old + [frozenset([version]) for version in todo.versions]


def _show(
    client: LabelStudio, project: Any, waiting: Iterable[frozenset[str]], ours: set[str]
) -> str | None:
    """Makes one model version that people begin with: what most tasks have, best ours.

    Label Studio shows nothing where a task has none of that version, and hands it out last.
    """
    counts = Counter(version for versions in waiting for version in versions)
    if not counts:
        return None
    now = project.model_version
    best = max(counts, key=lambda version: (counts[version], version in ours, version == now))
    if best != now:
        show_version(client, project.id, best)
    return best


def _drop(client: LabelStudio, project: int, ours: set[str]) -> tuple[str, ...]:
    """Deletes the model versions that are older than ours."""
    versions = model_versions(client, project)
    own = [bool(bases([version]) & ours) for version in versions]
    newest = own.index(True) if True in own else len(versions)
    old = tuple(v for v, is_own in list(zip(versions, own, strict=True))[newest:] if not is_own)
    for version in old:
        drop_version(client, project, version)
    return old
