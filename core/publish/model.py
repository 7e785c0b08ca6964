"""A trained model to the Hub: the files that `lettera train` wrote, and a card about them."""

from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import BadInput
from core.learn.engines import QUANTISED, TRANSITIONS
from core.learn.record import FILE, NETWORK, TOKENIZER, Record, read_record
from core.learn.told import verdict
from core.publish.card import write_card
from core.publish.hub import check_repo, upload
from core.publish.plan import Plan, PlannedFile, allowed_files

CARD = "README.md"
MODEL_FILES = (
    FILE,
    NETWORK,
    QUANTISED,
    TOKENIZER,
    TRANSITIONS,
    CARD,
    "config.json",
    "model.crfsuite",
    "model.safetensors",
    "special_tokens_map.json",
    "tokenizer_config.json",
)


def expect_better(folder: Path, record: Record) -> None:
    """Raises BadInput for a model that the one before it was not worse than."""
    if not record.offered:
        raise BadInput(f"{folder}: {verdict(record)}; publish it with --force")


def publish_model(
    folder: Path,
    repo: str,
    *,
    token: str | None = None,
    endpoint: str | None = None,
    dry_run: bool = False,
    force: bool = False,
) -> Plan:
    """Sends a model's folder with a new card; a dry run asks the network nothing.

    One that was not shown to be better than the last goes with `force` only.

    The card is made for the upload and takes the place of one in the folder, which stays as it is.
    """
    check_repo(repo)
    files = [file for file in allowed_files(folder, MODEL_FILES) if file.name != CARD]
    record = read_record(folder)
    if not force:
        expect_better(folder, record)
    with TemporaryDirectory(prefix="lettera-card-") as made:
        card = write_card(Path(made) / CARD, record, repo)
        files.append(PlannedFile(CARD, card, card.stat().st_size))
        plan = Plan(repo, "model", tuple(files))
        return plan if dry_run else upload(plan, token, f"Model of {record.date}", endpoint)
