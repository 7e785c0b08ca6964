"""A Space after the upload: waited for while it is built, its log's end, and whether it answers."""

import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

import httpx2
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from core.errors import ServerError
from core.publish.hub import explained, patiently

LETTER = """RELAZIONE CLINICA ALLA DIMISSIONE
Si dimette in data 14/03/2024 la Sig.ra Teresa Prova, nata il 02/11/1948.
Anamnesi: ipertensione arteriosa. Ex fumatrice, stop nel 1990.
"""
"""Invented; what the Space is asked, and what of it must come back."""
EXPECTED = ("fumo", "ipertensione")
_FAILED = ("NO_APP_FILE", "CONFIG_ERROR", "BUILD_ERROR", "RUNTIME_ERROR", "DELETING")
_ASLEEP = ("STOPPED", "PAUSED")  # a sleeping one wakes by itself when it is sent something
_LINES = 20

Tell = Callable[[str], None]


def wait_until_running(
    api: HfApi,
    repo: str,
    revision: str | None,
    tell: Tell,
    *,
    seconds: float = 1200,
    pause: float = 3.0,
) -> str:
    """The Space's address once it runs that revision. Raises ServerError, after telling the end of
    its log, where it does not."""
    until = time.monotonic() + seconds
    last = ""
    with explained(api, repo):
        while True:
            runtime = patiently(lambda: api.get_space_runtime(repo))
            stage = str(getattr(runtime.stage, "value", runtime.stage))
            told = runtime.raw.get("sha")
            old = stage == "RUNNING" and revision is not None and told not in (None, revision)
            if stage != last:
                tell(f"  {stage.replace('_', ' ').casefold()}")
                last = stage
            if stage == "RUNNING" and not old:
                return host_of(api, repo)
            if stage in _FAILED:
                _tell_log(api, repo, stage, tell)
                why = runtime.raw.get("errorMessage")
                raise ServerError(
                    f"{api.endpoint}/spaces/{repo}: {stage}{f' ({why})' if why else ''}; what its "
                    "log ends with stands above; put it right and publish again"
                )
            if stage in _ASLEEP:
                raise ServerError(
                    f"{api.endpoint}/spaces/{repo}: {stage}; wake it with Restart on its page"
                )
            if time.monotonic() > until:
                raise ServerError(
                    f"{api.endpoint}/spaces/{repo}: still {stage} after {seconds / 60:.0f} "
                    "minutes; look again with lettera publish status"
                )
            time.sleep(pause)


def host_of(api: HfApi, repo: str) -> str:
    """Where a Space's app is reached."""
    found = patiently(lambda: api.space_info(repo))
    return str(found.host or f"https://{found.subdomain or repo.replace('/', '-')}.hf.space")


def _tell_log(api: HfApi, repo: str, stage: str, tell: Tell) -> None:
    """The end of the log of the build, or of the run where that was what failed."""
    build = stage != "RUNTIME_ERROR"
    last: deque[str] = deque(maxlen=_LINES)
    try:
        last.extend(islice(api.fetch_space_logs(repo, build=build), 100_000))
    except (HfHubHTTPError, httpx2.HTTPError) as error:
        # What failed is to be told all the same.
        tell(f"  | its log was not to be had ({type(error).__name__}); it stands on its page")
    for line in last:
        tell(f"  | {line.rstrip()}")


def ask(host: str, token: str | None = None, *, seconds: float = 60) -> float:
    """How long the Space's own API takes to answer an invented letter, in seconds. Raises
    ServerError where it does not, or says something else."""
    from gradio_client import Client  # type: ignore[import-untyped]

    until = time.monotonic() + seconds
    while True:
        begun = time.monotonic()
        try:
            client = Client(host, token=token, verbose=False)
            begun = time.monotonic()
            said: Any = client.predict(LETTER, api_name="/extract")
            break
        except Exception as error:
            # gradio_client raises errors of httpx, its own, and ValueError where nothing listens.
            if begun > until:
                raise ServerError(
                    f"{host}: does not answer ({type(error).__name__}); look at its log on the Hub"
                ) from error
            time.sleep(2)
    missing = [name for name in EXPECTED if name not in said.get("fields", {})]
    if missing:
        raise ServerError(f"{host}: answers, but without {', '.join(missing)}")
    return time.monotonic() - begun
