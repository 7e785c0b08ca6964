"""The verbs that stay open: the review page, and the backend that Label Studio asks."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from verbs.options import Labelled
from verbs.tasks import requeueing
from verbs.terminal import (
    HOST,
    WORKSPACE,
    Out,
    Url,
    Workspace,
    check_port,
    count,
    say,
    some_annotations,
    stopping_on_sigterm,
    studio,
    view_of,
    wait,
    warn,
)

app = typer.Typer()

BackendPort = Annotated[int, typer.Option(help="Where the labelling backend listens.")]
TrainAfter = Annotated[
    int | None, typer.Option(help="Train by itself after so many new corrections.")
]


@app.command()
def review(
    labelled: Labelled,
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

    annotations = some_annotations(labelled)
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


def learn_command(workspace: Path, out: Path, base: str) -> list[str]:
    """The program that the backend starts when somebody presses Start training."""
    return [
        *(sys.executable, "-m", "lettera", "learn", "--workspace", str(workspace.resolve())),
        *("-o", str(out.resolve()), "--model", base),
    ]


@app.command()
def serve(
    model: Annotated[str, typer.Argument(help="rules, a model folder, or a Hub id.")],
    project: Annotated[
        str | None,
        typer.Option(help="Connect it to this project, and learn from what is corrected there."),
    ] = None,
    url: Url = None,
    host: Annotated[
        str, typer.Option(help="The address to listen at, as Label Studio can call it.")
    ] = HOST,
    port: BackendPort = 9090,
    base: Annotated[
        str, typer.Option(help="What a training starts from: small, a Hub id, or a folder.")
    ] = "small",
    train_after: TrainAfter = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Label for Label Studio: predictions from the newest model, and training from its page.

    lettera serve workspace/model --project Lettere --train-after 100
    """
    from annotate.backend.backend import Plan, trained
    from annotate.backend.connect import connect_backend
    from annotate.backend.corrections import pulling
    from annotate.backend.serving import serving
    from annotate.sync.studio import named

    train = learn_command(workspace, trained(model, workspace), base)
    with stopping_on_sigterm(), ExitStack() as running:
        client: Any = running.enter_context(studio(url, workspace)) if project else None
        pull = pulling(client, project, workspace / "corrected.jsonl") if project else None
        made = trained(model, workspace)
        then = requeueing(client, project, workspace, made) if project else None
        plan = Plan(model, workspace, train, pull, train_after, say, then)
        backend = running.enter_context(serving(plan, port, host))
        if host != HOST:
            warn("the password and the letters go over the network as they are: use a TLS proxy")
        if project:
            connect_backend(client, named(client, project).id, backend.url, backend.account)
            say(f"project '{project}' is labelled by {backend.backend.model.source}")
        say(f"the labelling backend: {backend.url}   (what it does: {backend.url}/status)")
        say(f"  user       {backend.account.user}")
        say(f"  password   in {backend.password_file}")
        wait("\nCtrl-C stops it; a training that runs is stopped with it.")
