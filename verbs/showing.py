"""What others see: the page on this machine, a model or the page on the Hub."""

from typing import Annotated

import typer

from core.errors import BadInput
from verbs.options import DemoPort
from verbs.publishing import open_like_space, publish
from verbs.terminal import WORKSPACE, Workspace, check_port, say, stopping_on_sigterm, wait

app = typer.Typer()
app.add_typer(publish, name="publish")


@app.command()
def demo(
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Folder or Hub id; several are compared on the page; without one, rules."
        ),
    ] = None,
    port: DemoPort = 7860,
    like_space: Annotated[
        bool,
        typer.Option(
            "--like-space", help="As the Space would: its folder, in an environment of its own."
        ),
    ] = False,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Open the page where anyone can try a model.

    lettera demo --model workspace/model
    """
    check_port(port, "--port")
    first, others = (model[0], model[1:]) if model else (None, [])
    if like_space:
        if others:
            raise BadInput("--like-space: a Space runs one model; give --model once")
        return open_like_space(first, port, workspace)
    from demo.app import serving

    with stopping_on_sigterm(), serving(first, port, *others) as address:
        say(f"the demo:    {address}")
        wait("\nCtrl-C stops it.")
