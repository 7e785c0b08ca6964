"""The verbs of whoever keeps the ward's work: accounts, backups, a letter forgotten."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from verbs.terminal import WORKSPACE, Failures, Url, Workspace, count, say, warn

if TYPE_CHECKING:
    from annotate.keeping.accounts import Accounts
    from annotate.keeping.forget import Forgotten

app = typer.Typer()
annotators = typer.Typer(help="Accounts for the people who correct.", no_args_is_help=True)
app.add_typer(annotators, name="annotators")

Names = Annotated[list[str], typer.Argument(help="Names or e-mail addresses.", metavar="NAMES")]


@contextmanager
def accounts(url: str | None, workspace: Path) -> Iterator["tuple[Accounts, str]"]:
    """The accounts of a server, and the address its people type."""
    import os

    from annotate.keeping.accounts import Accounts
    from annotate.server.server import LabelStudioServer
    from annotate.sync.studio import connect

    if url:
        client = connect(url, os.environ.get("LABEL_STUDIO_TOKEN", ""))
        yield Accounts(client, url, workspace, server=url.rstrip("/")), url
        return
    with LabelStudioServer.start(workspace) as server:
        client = connect(server.url, server.token)
        yield Accounts(client, server.url, workspace), server.address


@annotators.command(name="add")
def annotators_add(names: Names, url: Url = None, workspace: Workspace = WORKSPACE) -> None:
    """Make an account for each name, and print the line to hand over.

    lettera annotators add "Anna Bianchi" "Carlo Neri"
    """
    with accounts(url, workspace) as (known, address):
        new = 0
        for added in known.add(names):
            new += added.new
            if added.new:
                say(f"{added.name}: {address}  user {added.user}  password {added.password}")
            else:
                where = f"password in {known.file}" if added.password else "password not known here"
                say(f"{added.name} is there already: person/{added.person}, {added.user}, {where}")
        say(f"{count(new, 'account')} made; who is who, and the passwords: {known.file}")


@annotators.command(name="list")
def annotators_list(url: Url = None, workspace: Workspace = WORKSPACE) -> None:
    """Show who is which person/<n>, and how much each has done.

    lettera annotators list
    """
    with accounts(url, workspace) as (known, _):
        members = known.members()
        for member in members:
            done = count(member.annotations, "annotation")
            say(f"person/{member.person}  {member.name or member.user}  {member.user}  {done}")
        say(f"{count(len(members), 'annotator')}" + ("" if members else "; lettera annotators add"))


@annotators.command(name="reset")
def annotators_reset(
    name: Annotated[str, typer.Argument(help="Name or e-mail address.")],
    url: Url = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Give a person who lost it a new password.

    lettera annotators reset "Anna Bianchi"
    """
    with accounts(url, workspace) as (known, address):
        person = known.reset(name)
        say(f"{person.name}: {address}  user {person.user}  password {person.password}")
        say(f"the old password is worth nothing any more: {known.file}")


@app.command()
def status(workspace: Workspace = WORKSPACE) -> None:
    """How far the work is: letters, corrections, model, server, money, backups.

    lettera status
    """
    from annotate.keeping.status import status as found

    for what, told in found(workspace):
        say(f"{what + ':':15}{told}")


@app.command()
def backup(
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="What to write (workspace/backups/).")
    ] = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Save the work in hand as one archive, also while people work.

    lettera backup -o /media/disk/lettera.zip
    """
    from annotate.keeping.backup import make

    made = make(workspace, out)
    without = " (no Label Studio yet)" if made.database == "none" else f", {made.database}"
    say(f"{count(made.files, 'file')}{without}, {made.size / 1e6:.1f} MB, no models: {made.path}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup; see workspace/backups.")],
    database: Annotated[
        str | None,
        typer.Option(
            help="postgresql://... to fill, if not the one it came from.", envvar="LETTERA_DATABASE"
        ),
    ] = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Bring the work back as it was in a backup; what is there now is kept aside.

    lettera restore workspace/backups/lettera-20261121T083000Z.zip
    """
    from annotate.keeping.restore import restore as brought_back

    done = brought_back(file, workspace, database)
    say(f"{count(done.files, 'file')} as of {done.made}: {workspace}")
    say(f"  what was there before, corrections made since included: {done.aside}")


@app.command()
def forget(
    letter: Annotated[
        str, typer.Argument(help="Its id, or the name of its file.", metavar="LETTER")
    ],
    also: Annotated[
        list[Path] | None,
        typer.Argument(help="Files and folders written outside of the workspace.", metavar="PATHS"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go; change nothing.")
    ] = False,
    url: Url = None,
    workspace: Workspace = WORKSPACE,
) -> None:
    """Take a letter out of the workspace and of Label Studio, for good.

    lettera forget 0a1b2c3d4e5f report/ corrected.jsonl --dry-run
    """
    from annotate.keeping.forget import forget as forgotten
    from verbs.terminal import studio

    if url or (workspace / "labelstudio" / "credentials.toml").exists():
        with studio(url, workspace) as client:
            found = forgotten(letter, workspace, also or (), client, dry_run)
    else:
        found = forgotten(letter, workspace, also or (), None, dry_run)
    failures = Failures()
    for done in found:
        tell_forgotten(done, dry_run)
        failures.lines += [f"{path}: still says what the letter said" for path in done.left]
    if url:
        warn(f"the database and the log of {url} still hold what was deleted: ask who runs it")
    failures.close()


def tell_forgotten(done: "Forgotten", dry_run: bool) -> None:
    for path, number in (*done.lines.items(), *done.rows.items()):
        say(f"  {count(number, 'record'):>14}  {path}")
    for path in done.files:
        say(f"  {'whole':>14}  {path}")
    if done.tasks or done.handed_on:
        shared = f", {done.handed_on} kept for equal phrases of other letters"
        say(f"  {count(done.tasks, 'task'):>14}  of Label Studio{shared if done.handed_on else ''}")
    for model, part in done.models.items():
        say(f"{model} knows the letter ({part}): train it again, and publish it again if it was")
    for path in done.backups:
        say(f"{path} still holds it: delete it (then run lettera backup), or let it grow old")
    if done.nothing:
        say(f"letter {done.letter}: there was nothing of it")
    else:
        say(f"letter {done.letter} {'would be forgotten (dry run)' if dry_run else 'is forgotten'}")
