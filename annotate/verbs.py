"""The verbs of the annotators' half. The front door, lettera.py, takes them in among its own.

Imports stand inside the verbs, so that `lettera --help` is instant.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from annotate.terminal import (
    WORKSPACE,
    Out,
    Project,
    Url,
    Workspace,
    count,
    read_annotations,
    say,
    studio,
    view_of,
    warn,
)

if TYPE_CHECKING:
    from core.records import Annotation

app = typer.Typer()


def push_step(client: Any, project: str, annotations: Sequence["Annotation"]) -> None:
    """Phrases and their pre-labels to a project. What is there already stays as it is."""
    from annotate.sync import push
    from core.schema import default_schema

    schema = default_schema()
    report = push(client, project, annotations, schema, view_of(annotations))
    for refused in report.refused:
        warn(f"{refused.id}: {refused.reason}")
    say(f"project '{project}': {report.added:,} phrases added, {report.already:,} there already")


def pull_step(client: Any, project: str, out: Path) -> list["Annotation"]:
    """What people corrected, to corrected.jsonl."""
    from annotate.sync import pull
    from core.jsonl import write_records
    from core.schema import default_schema

    report = pull(client, project, default_schema())
    for refused in report.refused:
        warn(f"{refused.id}: {refused.reason}")
    write_records(out, report.annotations)
    told = f", {report.skipped} of them skipped" if report.skipped else ""
    say(f"{count(len(report.annotations), 'phrase')} looked at by people{told}: {out}")
    return list(report.annotations)


@app.command()
def push(
    labelled: Path, project: Project, url: Url = None, workspace: Workspace = WORKSPACE
) -> None:
    """Hand pre-labelled phrases to the annotators.

    lettera push labelled.jsonl --project Lettere
    """
    with studio(url, workspace) as client:
        push_step(client, project, read_annotations(labelled))


@app.command()
def pull(
    project: Project,
    out: Out = Path("corrected.jsonl"),
    url: Url = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Fetch what people corrected.

    lettera pull --project Lettere -o corrected.jsonl
    """
    with studio(url, workspace) as client:
        pull_step(client, project, out)
