"""What Label Studio's stream hands out: in which order, and which tasks to several people.

Its one order that can be set from outside is "Uncertainty sampling": of the tasks that have a
prediction under the project's model version, the one whose prediction scores lowest, for every
number of annotators and with its locks. So a queue is a set of predictions whose score is the place
in it. It holds for the button "Label All Tasks"; a link into the stream goes by the open tab.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from label_studio_sdk import LabelStudio

from annotate.queue.order import Order, ordered, ranked
from annotate.screen.regions import prediction_of
from annotate.sync.bulk import (
    Progress,
    drop_version,
    import_predictions,
    model_versions,
    sending,
    show_version,
)
from annotate.sync.plan import Standing, standing
from annotate.sync.studio import LEAST_SURE, again, errors, named, request, tasks
from core.errors import BadInput
from core.records import Annotation, Json


@dataclass(frozen=True, slots=True)
class Queued:
    """What waits in a project, in tasks, and the model version that carries the queue.

    `unknown`: tasks that wait too, but of which these annotations do not speak; they come last,
    in no order, without pre-labels.
    """

    project: int
    tasks: int
    unknown: int
    version: str


def refresh_queue(
    client: LabelStudio,
    title: str,
    annotations: Sequence[Annotation],
    corrected: Iterable[Annotation] = (),
    how: Order = "teach",
    seed: int = 0,
    progress: Progress | None = None,
    doubts: Iterable[Annotation] = (),
) -> Queued:
    """Puts all that waits in a project into an order, with these annotations as its pre-labels.

    `doubts`: the same phrases as another labeller sees them, a model just trained: where there are
    such, the order comes from them, while people go on seeing the same pre-labels.
    They go in under a model version of their own, `<source>` or `<source>#<n>`, and the stream
    changes over when all are there. Raises ServerError, or BadInput for several labellers' work.
    """
    ours = {annotation.key: annotation for annotation in annotations}
    doubted = ours | {annotation.key: annotation for annotation in doubts}
    source = _source(annotations)
    with errors():
        project = named(client, title)
        with sending(client, project.id):
            there = standing(client, project.id)
            waiting = [task for task in there if task.open]
            known = [task for task in waiting if all(p.id in ours for p in task.phrases)]
            mine = [doubted[phrase.id] for task in known for phrase in task.phrases]
            order = ordered(mine, corrected, how, seed)
            places = ranked(order, [task.phrases for task in known])
            version = _next(source, there)
            queue = _predictions([known[place] for place in places], ours, version)
            import_predictions(client, project.id, queue, progress)
            if queue:
                _change_over(client, project.id, version)
                _drop_older(client, project.id, source, version)
    return Queued(project.id, len(known), len(waiting) - len(known), version)


def set_overlap(client: LabelStudio, title: str, annotators: int, share: float = 1.0) -> int:
    """Hands a share of the tasks to several annotators each; returns how many tasks that is.

    Label Studio draws the tasks: at random among new ones, but where phrases are pushed later those
    that somebody did come first. Whoever comes second begins with what others began, in no order.
    `annotators` 1 takes it back. Raises BadInput, ServerError.
    """
    percent = round(100 * share)
    if annotators < 1 or not 1 <= percent <= 100:
        raise BadInput(
            f"{annotators} annotators on a share of {share:g} of the tasks cannot be; "
            "give 1 or more annotators and a share from 0.01 to 1"
        )
    body = {"maximum_annotations": annotators, "overlap_cohort_percentage": percent}
    with errors():
        project = named(client, title)
        _patch(client, project.id, body)
        return sum(task["overlap"] > 1 for task in tasks(client, project.id, "id,overlap"))


def _source(annotations: Iterable[Annotation]) -> str:
    sources = sorted({annotation.source for annotation in annotations})
    if len(sources) != 1:
        raise BadInput(
            f"a queue takes the pre-labels of one labeller, and here are {len(sources)}"
            f"{': ' if sources else ''}{', '.join(sources)}; label all phrases by one"
        )
    return sources[0]


def _next(source: str, there: Iterable[Standing]) -> str:
    """A model version that no task has: what was queued before stays until all is changed over."""
    taken = {version for task in there for version in task.versions}
    if source not in taken:
        return source
    number = 2
    while f"{source}#{number}" in taken:
        number += 1
    return f"{source}#{number}"


def _predictions(
    queue: Sequence[Standing], ours: Mapping[str, Annotation], version: str
) -> list[Json]:
    return [
        {
            "task": task.number,
            **prediction_of(task.data, [ours[phrase.id] for phrase in task.phrases]),
            "model_version": version,
            "score": place / len(queue),
        }
        for place, task in enumerate(queue)
    ]


def _change_over(client: LabelStudio, project: int, version: str) -> None:
    _patch(client, project, {"sampling": LEAST_SURE})
    show_version(client, project, version)


def _drop_older(client: LabelStudio, project: int, source: str, version: str) -> None:
    """Deletes earlier queues of the same pre-labels; the first set of them stays, for the pull."""
    for other in model_versions(client, project):
        if other.startswith(f"{source}#") and other != version:
            drop_version(client, project, other)


def _patch(client: LabelStudio, project: int, body: Json) -> None:
    again(partial(request, client, "PATCH", f"api/projects/{project}/", body=body))
