"""The verbs of the annotators' half. The front door, lettera.py, takes them in among its own.

Imports stand inside the verbs, so that `lettera --help` is instant.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from annotate.terminal import (
    HOST,
    WORKSPACE,
    Out,
    Project,
    Url,
    Workspace,
    check_port,
    count,
    read_annotations,
    say,
    stopping_on_sigterm,
    studio,
    view_of,
    wait,
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


@app.command()
def review(
    labelled: Path,
    out: Out = Path("reviewed.jsonl"),
    each: Annotated[
        bool, typer.Option("--each", help="Every reviewer goes through all phrases.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Only write what was decided so far.")
    ] = False,
    host: Annotated[str, typer.Option(help="0.0.0.0 lets the ward in, with a password.")] = HOST,
    port: Annotated[int, typer.Option(help="Where the page listens.")] = 7870,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Look through phrases one by one: keep, mend or throw out, by keyboard.

    lettera review labelled.jsonl -o reviewed.jsonl
    """
    from annotate.review.decisions import Decisions
    from annotate.review.desk import Desk
    from core.jsonl import write_records
    from core.schema import default_schema

    annotations = read_annotations(labelled)
    view, schema = view_of(annotations), default_schema()
    with Decisions(workspace / "review.db") as decisions:
        desk = Desk(annotations, decisions, schema, view, each)
        if not write:
            from annotate.review.app import USER, serving  # Gradio takes seconds to import

            check_port(port, "--port")
            with (
                stopping_on_sigterm(),
                serving(desk, schema, view, host, port) as (address, password),
            ):
                say(f"the review:  {address}")
                if password:
                    warn("whoever is on the way can read along: put a TLS proxy before it")
                    say(f"  user       {USER}\n  password   {password}")
                wait("\nCtrl-C writes what was decided and stops. Run again, it goes on.")
        write_records(out, desk.reviewed())
        told = desk.counts()
    decided = told["kept"] + told["fixed"] + told["discarded"]
    say(
        f"{decided:,} of {count(told['phrases'], 'phrase')} decided: {told['kept']:,} kept, "
        f"{told['fixed']:,} mended, {told['discarded']:,} thrown out: {out}"
    )
