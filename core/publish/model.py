"""A trained model to the Hub: the files that `lettera train` wrote, a card and a recipe about them.

What goes is checked twice: every file must stand on a list, and no file may hold a value of a
patient's identity (`core.publish.leaks`).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import BadInput
from core.learn.engines import MEANINGS, QUANTISED, TRANSITIONS
from core.learn.record import FILE, NETWORK, TOKENIZER, WEIGHTS, Record, read_record, write_record
from core.learn.told import verdict
from core.publish.card import TEMPLATE, write_card
from core.publish.hub import check_repo, client, upload
from core.publish.identity import Identities
from core.publish.leaks import refuse_leaks
from core.publish.plan import Plan, PlannedFile, allowed_files
from core.records import Json
from core.schema import OURS

CARD = "README.md"
RECIPE = "recipe.json"
CONFIG = "config.json"
MODEL_FILES = (
    FILE,
    NETWORK,
    QUANTISED,
    TOKENIZER,
    TRANSITIONS,
    WEIGHTS,
    CARD,
    CONFIG,
    MEANINGS,
    RECIPE,
    "model.crfsuite",
    "special_tokens_map.json",
    "tokenizer_config.json",
)
_MADE = (FILE, CARD, RECIPE)
"""Written anew for the upload: the folder's own stay as they are."""
_ASKED_OF_CRF = ("imbalance", "epochs", "seed")
_ASKED = ("head", "scheme", *_ASKED_OF_CRF, "batch_size", "learning_rate")
"""The options of a training that say how; the rest is where and how fast."""
_PERSON = re.compile(r"person/(?!\d+\Z)")


def expect_better(folder: Path, record: Record) -> None:
    """Raises BadInput for a model that the one before it was not worse than."""
    if not record.offered:
        raise BadInput(f"{folder}: {verdict(record)}; publish it with --force")


def publish_model(
    folder: Path,
    repo: str,
    *,
    known: Identities | None = None,
    token: str | None = None,
    endpoint: str | None = None,
    dry_run: bool = False,
    force: bool = False,
    private: bool = False,
    licence: str = "apache-2.0",
    examples: Mapping[str, str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Plan:
    """Sends a model's folder with a new card; a dry run checks all and asks the network nothing.

    One that was not shown to be better than the last goes with `force` only. `known`: who the
    patients of its letters are; without it only a model of invented letters goes.
    """
    check_repo(repo)
    if not dry_run:
        client(token, endpoint)  # a missing token is told before minutes of search
    files = [file for file in allowed_files(folder, MODEL_FILES) if file.name not in _MADE]
    record = read_record(folder)
    if not force:
        expect_better(folder, record)
    known = covering(folder, record, known)
    with TemporaryDirectory(prefix="lettera-card-") as made:
        files += _made(Path(made), folder, record, repo, licence, examples)
        public = (*public_texts(), *(examples or {}).values())
        refuse_leaks(files, known, public, base_vocabulary(record))
        plan = Plan(
            repo,
            "model",
            tuple(sorted(files, key=lambda file: file.name)),
            f"Model of {record.date}",
            marker=FILE,
            patterns=MODEL_FILES,
            private=private,
            tag=version(record),
        )
        return plan if dry_run else upload(plan, token, endpoint, tell)


def version(record: Record) -> str:
    """The tag of a model's version: the day it was trained and its weights' first letters."""
    return f"{record.date[:10]}-{record.weights[:8]}"


def covering(folder: Path, record: Record, known: Identities | None) -> Identities:
    """Raises BadInput where the letters a model learned from are not those whose patients are
    known: what is not known cannot be searched for."""
    wanted = sum(n for origin, n in record.phrases.items() if origin != "fictitious")
    known = known if known is not None else Identities()
    ours = {letter for lot in record.split.values() for letter in lot}
    there = sum(count for letter, count in known.letters.items() if letter in ours)
    if there < wanted:
        raise BadInput(
            f"{folder}: learned from {wanted:,} phrases of letters, of which {there:,} are at hand;"
            " give all with --letters (corrected.jsonl, labelled.jsonl), so that their patients' "
            "names can be searched for in what goes online"
        )
    return known


def _made(
    out: Path,
    folder: Path,
    record: Record,
    repo: str,
    licence: str,
    examples: Mapping[str, str] | None,
) -> list[PlannedFile]:
    """The record without this machine's paths, the recipe and the card."""
    if strangers := sum(bool(_PERSON.match(source)) for source in record.sources):
        raise BadInput(f"{folder}: {strangers} annotators are not numbers in {FILE}; train again")
    record = without_paths(record)
    write_record(out, record)
    recipe = json.dumps(_recipe(record), indent=1, ensure_ascii=False)
    (out / RECIPE).write_text(recipe + "\n", encoding="utf-8")
    write_card(
        out / CARD,
        record,
        repo,
        version(record),
        model_type=_model_type(folder),
        licence=licence,
        examples=examples,
    )
    return [PlannedFile(name, out / name, (out / name).stat().st_size) for name in _MADE]


def without_paths(record: Record) -> Record:
    """A record in which folders of this machine are named by their last part alone."""

    def name(said: object) -> object:
        told = isinstance(said, str) and ("/" in said or "\\" in said)
        local = told and (str(said).startswith((".", "/", "~")) or Path(str(said)).exists())
        return Path(str(said)).name if local or told and str(said).count("/") > 1 else said

    options = {key: name(value) for key, value in record.options.items()}
    recipe = record.recipe and {key: name(value) for key, value in record.recipe.items()}
    return replace(record, base=str(name(record.base)), options=options, recipe=recipe)


def _recipe(record: Record) -> Json:
    """What it takes to train one the same way on letters of one's own."""
    told = record.options
    words = ["lettera train corrected.jsonl -o model/", f"--model {record.base}"]
    for option in _ASKED if record.engine == "onnx" else _ASKED_OF_CRF:
        if told.get(option) is not None:
            words.append(f"--{option.replace('_', '-')} {told[option]}")
    return {
        "command": " ".join(words),
        "options": told,
        "recipe": record.recipe,
        "labels": record.labels,
        "versions": record.versions,
        "data_sha256": record.data,
    }


def _model_type(folder: Path) -> str | None:
    try:
        found = json.loads((folder / CONFIG).read_bytes()).get("model_type")
    except (OSError, ValueError, AttributeError):
        return None
    return str(found) if found else None


def public_texts() -> tuple[str, ...]:
    """What stands in a card by our own doing: no patient's words, whoever bears such a name."""
    return TEMPLATE.read_text(encoding="utf-8"), OURS.read_text(encoding="utf-8")


def base_vocabulary(record: Record) -> frozenset[str]:
    """The vocabulary of the base, where that is one of the Hub and in the cache here: what its
    tokenizer knew before it saw a letter."""
    if record.base.count("/") != 1 or Path(record.base).exists():
        return frozenset()
    from huggingface_hub import try_to_load_from_cache
    from tokenizers import Tokenizer

    for name in (TOKENIZER, "vocab.txt"):
        found = try_to_load_from_cache(record.base, name)
        if isinstance(found, str) and name == TOKENIZER:
            return frozenset(Tokenizer.from_file(found).get_vocab())
        if isinstance(found, str):
            return frozenset(Path(found).read_text(encoding="utf-8").split("\n"))
    return frozenset()
