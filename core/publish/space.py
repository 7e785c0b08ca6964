"""The demo to the Hub as a Space: its folder made, checked, sent; then it is waited for."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import BadInput
from core.learn.record import FILE, read_record
from core.publish.folder import MODEL, SPACE_FILES, assemble_space
from core.publish.hub import check_repo, client, explained, upload
from core.publish.identity import Identities
from core.publish.leaks import refuse_leaks
from core.publish.model import base_vocabulary, covering, expect_better, public_texts
from core.publish.plan import Plan, PlannedFile, allowed_files

VARIABLE = "LETTERA_MODEL"
TOKEN = "HF_TOKEN"
PAID = (
    "a Gradio Space runs only for paying accounts of the Hub (PRO for a person, Team for an "
    "organisation); without one the Hub answers 402 and nothing goes online"
)


def publish_space(
    repo: str,
    template: Path,
    folders: Sequence[Path],
    project: Path,
    model: str | None = None,
    *,
    known: Identities | None = None,
    token: str | None = None,
    endpoint: str | None = None,
    dry_run: bool = False,
    force: bool = False,
    private: bool = False,
    variables: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Plan:
    """Assembles the Space in a temporary folder and sends it; a dry run asks the network nothing.

    A model of the Hub is pinned to the revision that stands there now: a restart changes nothing.
    The planned files' paths lead into the temporary folder, which is gone on return.
    """
    check_repo(repo)
    if not dry_run:
        client(token, endpoint)
    settings, secrets = dict(variables or {}), dict(secrets or {})
    local = model is not None and Path(model).is_dir()
    if model is not None and local and not force:
        expect_better(Path(model), read_record(Path(model)))
    if model is not None and not local:
        named = model if dry_run else pinned(model, token, endpoint, secrets)
        settings.setdefault(VARIABLE, named)
    with TemporaryDirectory(prefix="lettera-space-") as made:
        assemble_space(Path(made), template, folders, project, model)
        files = allowed_files(Path(made), SPACE_FILES)
        if model is not None and local:
            _check_model(Path(model), files, known)
        plan = Plan(
            repo,
            "space",
            files,
            "Publish the demo",
            marker="core/fields.toml",
            patterns=SPACE_FILES,
            private=private,
            variables=settings,
            # A model of the Hub that ran there before would go on running.
            unset=() if VARIABLE in settings else (VARIABLE,),
            secrets=secrets,
        )
        return plan if dry_run else upload(plan, token, endpoint, tell)


def pinned(model: str, token: str | None, endpoint: str | None, secrets: Mapping[str, str]) -> str:
    """owner/name@commit. Raises BadInput where there is no model of ours, or where the Space could
    not fetch it."""
    name, _, revision = model.partition("@")
    check_repo(name)
    api = client(token, endpoint)
    with explained(api, name):
        found = api.model_info(name, revision=revision or None)
    if FILE not in {row.rfilename for row in found.siblings or ()}:
        raise BadInput(f"{model}: no {FILE} there: not a model that lettera publish sent")
    if found.private and TOKEN not in secrets:
        raise BadInput(
            f"{model}: is private, and the Space could not fetch it; give it a token that may read "
            f"it: --secret {TOKEN}"
        )
    return f"{name}@{found.sha}"


def _check_model(model: Path, files: Sequence[PlannedFile], known: Identities | None) -> None:
    """As if the model went online by itself; the code and the invented letters are public."""
    record = read_record(model)
    own = [file for file in files if file.name.startswith(f"{MODEL}/")]
    known = covering(model, record, known)
    refuse_leaks(own, known, public_texts(), base_vocabulary(record))
