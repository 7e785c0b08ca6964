"""Folders of models: one that is here, or one fetched from the Hub (or from its cache, offline).

A Hub id may name a revision: owner/name@revision (a branch, a tag, a commit).
"""

import re
from collections.abc import Sequence
from pathlib import Path

from core.errors import BadInput, ServerError

_ID = re.compile(r"([\w-][\w.-]*/[\w-][\w.-]*)(?:@([\w./-]+))?")


def folder_of(model: str | Path, files: Sequence[str], otherwise: str) -> tuple[Path, str | None]:
    """The folder of a model, and its revision where it came from the Hub; `files` are the patterns
    of what is fetched. `otherwise` ends the error: what the user can do instead.
    """
    folder = Path(model)
    if folder.is_dir():
        return folder, None
    named = _ID.fullmatch(model) if isinstance(model, str) else None
    if named is None:
        raise BadInput(f"{model}: no such model folder; {otherwise}")
    from huggingface_hub import logging, snapshot_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    # Its bars and retries would go to the terminal past the caller's own progress.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    disable_progress_bars()
    try:
        found = Path(snapshot_download(named[1], revision=named[2], allow_patterns=list(files)))
    except Exception as error:
        # The client raises its own errors, httpx's, OSError and ValueError alike.
        raise ServerError(
            f"{model}: no folder here, not in the cache and not to be had from the Hub "
            f"({type(error).__name__}); check the name, the network and HF_TOKEN, or {otherwise}"
        ) from error
    return found, found.name
