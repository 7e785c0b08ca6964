"""A letter struck out of Label Studio: its tasks in every project, and what people made of them."""

import os
from pathlib import Path
from typing import Any

from annotate.keeping.erase import compact
from annotate.server.server import LOG, SQLITE
from annotate.server.settings import Settings
from annotate.sync.studio import errors, filters, request, tasks, where
from core.records import Json


def strike(client: Any, letter: str, dry: bool) -> tuple[int, int]:
    """Deletes the letter's tasks, and hands on those that stand for equal phrases of others too.

    Returns how many of each, over all projects; with `dry` nothing is changed.
    """
    deleted = handed_on = 0
    mine = where("data.letter", "equal", "String", letter)
    shared = where("data.copies", "contains", "String", letter)
    with errors():
        for project in list(client.projects.list()):
            gone: list[int] = []
            for task in tasks(client, project.id, query=filters("or", mine, shared)):
                data = _without(task["data"], letter)
                if data is None:
                    gone.append(task["id"])
                elif data != task["data"]:
                    handed_on += 1
                    if not dry:
                        request(client, "PATCH", f"api/tasks/{task['id']}/", body={"data": data})
            deleted += len(gone)
            if gone and not dry:
                some = {"selectedItems": {"all": False, "included": gone}}
                which: dict[str, Any] = {"id": "delete_tasks", "project": project.id}
                request(client, "POST", "api/dm/actions/", body=some, **which)
    return deleted, handed_on


def _without(data: Json, letter: str) -> Json | None:
    """A task's data when a letter is forgotten; None where nothing of it is another letter's."""
    copies = [copy for copy in data.get("copies") or () if copy["letter"] != letter]
    if data.get("letter") != letter:
        return data if len(copies) == len(data.get("copies") or ()) else {**data, "copies": copies}
    if not copies:
        return None
    first, *rest = copies
    place = {"key": first["id"], **{name: first[name] for name in ("letter", "start", "end")}}
    # What stood around the phrase in the forgotten letter, and what was said of it there.
    blank: Json = {name: "" for name in ("place", "before", "after", "lost") if name in data}
    return {**data, **place, **blank, "copies": rest}


def compact_server(workspace: Path) -> None:
    """Until now what was deleted is in the database's free pages."""
    folder = workspace / "labelstudio"
    database = Settings.chosen(folder, None, None, None).database if folder.is_dir() else None
    if database:
        database.vacuum()
    elif (folder / SQLITE).exists():
        compact(folder / SQLITE)


def empty_log(workspace: Path) -> None:
    """What was asked for stands in the log, written when the answer is gone already: so go last."""
    log = workspace / "labelstudio" / LOG
    if log.exists():
        os.truncate(log, 0)
