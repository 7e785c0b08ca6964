"""The front door: the command line, and `up`, which walks through the whole loop.

The other verbs are in `verbs/`. Each reads files, calls one step, and prints one sentence with the
path it wrote. Imports stand inside the verbs, so that `lettera --help` is instant.
"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from core.errors import BadInput, LetteraError
from core.schema import FIELDS, read_schema
from verbs import letters, models, people, quality, serving, sheets, showing, tasks
from verbs.labellers import make_labeller
from verbs.letters import tell_labelling, tell_reading
from verbs.options import All, By, DemoPort, Labels, Model, Once, Reader
from verbs.serving import BackendPort, learn_command
from verbs.tasks import page_images, pull_step, push_step, requeueing, store_pages
from verbs.terminal import (
    HOST,
    WORKSPACE,
    Workspace,
    as_view,
    check_port,
    read_annotations,
    say,
    stopping_on_sigterm,
    wait,
    warn,
    watch,
)
from verbs.training import stored, train_lessons

if TYPE_CHECKING:
    from annotate.server.server import LabelStudioServer

EXAMPLES = Path(__file__).parent / "demo" / "examples"
NO_TLS = (
    "Label Studio is open to the network without TLS: passwords and letters can be read on the "
    "way; put a proxy before it (annotate/keeping/proxy/nginx.conf) and give its --address"
)

PANELS = {
    "The whole loop": "up status",
    "Letters and pre-labels": "read label shield ledger compare-labellers sift convert",
    "Annotators": "push pull review queue serve annotators backup restore forget",
    "What people said": "agree adjudicate suspects report",
    "Models": "train evaluate bench tag demo publish",
    "The spreadsheet": "extract corrections compare",
}


class Verbs(TyperGroup):
    """The verbs in the order of the work; `--fields FILE` may stand before or behind any."""

    def list_commands(self, ctx: Any) -> list[str]:
        known = super().list_commands(ctx)
        told = [name for names in PANELS.values() for name in names.split()]
        return sorted(known, key=lambda name: told.index(name) if name in told else len(told))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The verbs by chapter; rich, which could do that, takes as long to import as all else."""
        for panel, names in PANELS.items():
            verbs = [(name, self.get_command(ctx, name)) for name in names.split()]
            with formatter.section(panel):
                formatter.write_dl(
                    [(name, verb.get_short_help_str(90)) for name, verb in verbs if verb]
                )

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known, rest = OWN_FIELDS.parse_known_args(args)
        return super().parse_args(ctx, ["--fields", known.fields, *rest] if known.fields else rest)


OWN_FIELDS = ArgumentParser(add_help=False, allow_abbrev=False)
OWN_FIELDS.add_argument("--fields")

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def chosen_fields(
    fields: Annotated[
        Path | None,
        typer.Option(
            envvar=FIELDS,
            metavar="FILE",
            help="Your own fields in place of the 74, in a table like core/fields.toml.",
        ),
    ] = None,
) -> None:
    """Discharge letters in, a clinical model that its people trust out."""
    if fields is not None:
        read_schema(fields)
        os.environ[FIELDS] = str(fields.absolute())  # for the programs that a verb starts, too


for chapter in (letters, tasks, serving, people, quality, models, showing, sheets):
    app.add_typer(chapter.app)


@app.command()
def up(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="PDFs, pictures and texts; folders or globs of them; by itself the examples.",
            metavar="FILES",
        ),
    ] = None,
    by: By = None,
    once: Once = False,
    take_all: All = False,
    reader: Reader = "auto",
    labels: Labels = "field",
    model: Model = "small",
    port: Annotated[int, typer.Option(help="Where Label Studio listens.")] = 8080,
    host: Annotated[
        str | None, typer.Option(help="Address of this machine to listen at (0.0.0.0: all).")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="What annotators type: https://... of the proxy before it.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            help="postgresql://USER:PASSWORD@HOST/NAME, or sqlite.", envvar="LETTERA_DATABASE"
        ),
    ] = None,
    backup_every: Annotated[float, typer.Option(help="Minutes between backups; 0 for none.")] = 30,
    backend_port: BackendPort = 9090,
    demo_port: DemoPort = 7860,
    workspace: Workspace = WORKSPACE,
) -> None:
    """The whole loop: read, pre-label, annotators, train, demo. Run again, it goes on."""
    from annotate.keeping.backup import backing_up
    from annotate.server.server import LabelStudioServer
    from annotate.sync.studio import connect
    from core.files import private_folder
    from core.steps import label_letters, read_letters

    view, project = as_view(labels), f"Lettere ({labels})"
    private_folder(workspace)
    check_port(demo_port, "--demo-port")
    check_port(backend_port, "--backend-port")
    letters, labelled = workspace / "letters.jsonl", workspace / "labelled.jsonl"
    if not files:
        files = [str(EXAMPLES / "*.pdf")]
        say("no files given: taking the fictitious letters of demo/examples")
    say("1 of 5: reading")
    reading = read_letters(files, letters, reader, take_all, watch)
    failures = tell_reading(reading, letters)
    if not reading.letters:
        failures.close()
        raise BadInput("no discharge letter among these files; --all takes other documents too")
    say("2 of 5: pre-labelling")
    labeller = make_labeller(by, view, workspace)
    tell_labelling(label_letters(letters, labelled, labeller, view, watch), labeller, labelled)
    say("3 of 5: starting Label Studio (the first start takes about half a minute)")
    with (
        stopping_on_sigterm(),
        LabelStudioServer.start(
            workspace, port, host=host, address=address, database=database
        ) as server,
        backing_up(workspace, 0 if once else backup_every, warn),
    ):
        if host not in (None, "localhost", HOST) and not (address or "").startswith("https:"):
            warn(NO_TLS)
        client = connect(server.url, server.token)
        pages = page_images(letters, files, None, workspace, failures.lines)
        failures.lines += push_step(client, project, read_annotations(labelled), pages=pages)
        if pages:
            store_pages(client, project, workspace)
        corrected = pull_step(client, project, workspace / "corrected.jsonl")
        say("4 of 5: training")
        made = workspace / "model"
        train_lessons(stored(labelled, made), corrected, made, model)
        requeueing(client, project, workspace, made)()
        say("5 of 5: opening the demo and the labelling backend")
        with open_for_people(client, project, made, model, demo_port, backend_port) as page:
            tell_addresses(server, page, project)
            if not once:
                wait(
                    "\nCtrl-C stops all. Run the same command again: it trains on what was "
                    "corrected meanwhile."
                )
    if once:
        say("all is up; stopped again (--once)")
    failures.close()


@contextmanager
def open_for_people(
    client: Any, project: str, made: Path, model: str, demo_port: int, backend_port: int
) -> Iterator[str]:
    """The demo and the labelling backend of a model, the latter connected; the demo's address."""
    from annotate.backend.backend import Plan
    from annotate.backend.connect import connect_backend
    from annotate.backend.corrections import pulling
    from annotate.backend.serving import serving as labelling
    from annotate.sync.studio import named
    from demo.app import serving as showing  # Gradio takes seconds to import

    workspace = made.parent
    plan = Plan(
        model=str(made),
        workspace=workspace,
        train=learn_command(workspace, made, model),
        pull=pulling(client, project, workspace / "corrected.jsonl"),
        tell=say,
        then=requeueing(client, project, workspace, made),
    )
    with showing(str(made), demo_port) as page, labelling(plan, backend_port) as backend:
        connect_backend(client, named(client, project).id, backend.url, backend.account)
        yield page


def tell_addresses(server: "LabelStudioServer", page: str, project: str) -> None:
    say(f"\nannotators:  {server.address}   project '{project}'")
    say(f"  user       {server.username}")
    say(f"  password   in {server.password_file}")
    if sys.stdout.isatty():
        say(f"             {server.password}")
    say("             for each further person: lettera annotators add NAME")
    say(f"the demo:    {page}")


def main() -> None:
    """Runs the command line; a mistake the user can mend is one line and exit code 1."""
    try:
        app()
    except LetteraError as error:
        print(f"lettera: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
