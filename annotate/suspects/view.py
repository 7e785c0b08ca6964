"""Suspects back to the annotators: a tab of their project, the likeliest mistake on top.

The phrases stay where they are, so that the next pull brings home what people decide. A task gets
two more keys: `review`, why to look again (on the screen it stands in front of `lost`), and
`review_rank`, its place in the tab; both are empty again once nothing is suspected any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from label_studio_sdk import LabelStudio

from annotate.screen.screen import keys_of
from annotate.suspects.ranking import Suspect
from annotate.sync.studio import again, errors, named, request, tasks, where
from core.records import Json

TAB = "Da rivedere"
REASON, RANK, ON_SCREEN = "review", "review_rank", "lost"
_COLUMNS = {"tasks:id", f"tasks:data.{REASON}", "tasks:annotators"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is in the tab: tasks, and suspects of phrases that the project does not hold."""

    project: int
    tab: int
    tasks: int
    strangers: int


def show(client: LabelStudio, title: str, suspects: Sequence[Suspect]) -> Shown:
    """Puts the suspects, in their order, into the tab of a project. Can be run again at any time;
    what an earlier run put there and this one does not name is taken out of the tab."""
    with errors():
        project = named(client, title).id
        by_phrase: dict[str, list[tuple[int, Suspect]]] = {}
        for rank, suspect in enumerate(suspects, 1):
            by_phrase.setdefault(suspect.phrase.id, []).append((rank, suspect))
        held: set[str] = set()
        there = 0
        for task in list(tasks(client, project)):
            ids = _ids(task["data"])
            own = sorted(
                (pair for key in ids for pair in by_phrase.get(key, ())), key=lambda pair: pair[0]
            )
            held.update(ids)
            there += bool(own)
            _tell(client, task, own)
        tab = _tab(client, project)
    return Shown(project, tab, there, len(by_phrase.keys() - held))


def _ids(data: Json) -> list[str]:
    """The phrases of a task, by id; none where the task is not ours."""
    try:
        return keys_of(data)
    except (KeyError, TypeError, ValueError):
        return []


def _tell(client: LabelStudio, task: Json, own: Iterable[tuple[int, Suspect]]) -> None:
    """Writes why to look again into a task, where it does not say so already."""
    pairs, data = list(own), task["data"]
    told = data.get(REASON) or ""
    reason = "\n".join(suspect.motivo for _, suspect in pairs)
    # The reason stands on the screen in front of what else there is to say of the task.
    rest = str(data.get(ON_SCREEN) or "").removeprefix(told).lstrip("\n")
    new = {
        REASON: reason,
        # As text of one width, since only text is put in order alike by both of its databases.
        RANK: f"{pairs[0][0]:05}" if pairs else "",
        ON_SCREEN: "\n".join(filter(None, (reason, rest))),
    }
    if {key: data.get(key) or "" for key in new} != new:
        path = f"api/tasks/{task['id']}/"
        again(lambda: request(client, "PATCH", path, body={"data": data | new}))


def _tab(client: LabelStudio, project: int) -> int:
    """The tab, made where it is missing."""
    views = again(lambda: request(client, "GET", "api/dm/views/", project=project))
    found = next((view["id"] for view in views if view["data"].get("title") == TAB), None)
    if found is not None:
        return int(found)
    if not views:  # the server makes its own first tab only while there is no other
        _make(client, project, {"title": "Default"})
    columns = again(lambda: request(client, "GET", "api/dm/columns/", project=project))["columns"]
    hidden = [_path(column) for column in columns if _path(column) not in _COLUMNS]
    rank = f"data.{RANK}"
    wanted = [where(rank, "not_equal", "String", ""), where(rank, "empty", "String", "false")]
    made = _make(
        client,
        project,
        {
            "title": TAB,
            "filters": {"conjunction": "and", "items": wanted},
            "ordering": [f"tasks:{rank}"],
            "hiddenColumns": {"explore": hidden, "labeling": hidden},
            "columnsWidth": {f"tasks:data.{REASON}": 700},
        },
    )
    return int(made["id"])


def _make(client: LabelStudio, project: int, data: Json) -> Json:
    data = {"type": "list", "target": "tasks", **data}
    made: Json = request(client, "POST", "api/dm/views/", body={"project": project, "data": data})
    return made


def _path(column: Json) -> str:
    """A column as a view names it."""
    parent = f"{column['parent']}." if column.get("parent") else ""
    return f"tasks:{parent}{column['id']}"
