"""What others see: the page on this machine, a model or the page on the Hub."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from verbs.options import DemoPort, DryRun, Force
from verbs.terminal import check_port, count, say, stopping_on_sigterm, wait

if TYPE_CHECKING:
    from core.publish.plan import Plan

app = typer.Typer()
publish = typer.Typer(help="Put a model or the demo on the Hugging Face Hub.", no_args_is_help=True)
app.add_typer(publish, name="publish")
ROOT = Path(__file__).parent.parent


@app.command()
def demo(
    model: Annotated[str | None, typer.Option(help="Folder or Hub id; without one, rules.")] = None,
    port: DemoPort = 7860,
) -> None:
    """Open the page where anyone can try a model.

    lettera demo --model workspace/model
    """
    from demo.app import serving

    check_port(port, "--port")
    with stopping_on_sigterm(), serving(model, port) as address:
        say(f"the demo:    {address}")
        wait("\nCtrl-C stops it.")


@publish.command(name="model")
def publish_model_verb(
    folder: Path,
    to: Annotated[str, typer.Option(help="owner/name on the Hub.")],
    dry_run: DryRun = False,
    force: Force = False,
) -> None:
    """Put a trained model online.

    lettera publish model model/ --to owner/name --dry-run
    """
    from core.publish.model import publish_model

    token = os.environ.get("HF_TOKEN")
    tell_plan(publish_model(folder, to, token=token, dry_run=dry_run, force=force), dry_run)


@publish.command(name="space")
def publish_space_verb(
    to: Annotated[str, typer.Option(help="owner/name of the Space on the Hub.")],
    model: Annotated[str | None, typer.Option(help="Hub id, or a folder to copy in.")] = None,
    dry_run: DryRun = False,
    force: Force = False,
) -> None:
    """Put the demo online.

    lettera publish space --to owner/name --model owner/model --dry-run
    """
    from core.publish.space import publish_space

    folders = [ROOT / "core", ROOT / "demo"]
    plan = publish_space(
        to,
        ROOT / "spaces",
        folders,
        ROOT / "pyproject.toml",
        model,
        token=os.environ.get("HF_TOKEN"),
        dry_run=dry_run,
        force=force,
    )
    tell_plan(plan, dry_run)


def tell_plan(plan: "Plan", dry_run: bool) -> None:
    for file in plan.files:
        say(f"{file.size:>12,}  {file.name}")
    what = f"{plan.kind} {plan.repo}: {count(len(plan.files), 'file')}, {plan.size / 1e6:.1f} MB"
    say(f"{what}, nothing was sent (dry run)" if dry_run else f"{what}, online at {plan.url}")
