"""A plan to the Hugging Face Hub: the repository made where missing, one commit, clear errors.

Files go the way that the installed client takes: Xet where `hf_xet` is there (the Hub's own storage
today), git LFS where HF_HUB_DISABLE_XET=1 is set before the start.
"""

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, logging
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled
from huggingface_hub.utils.tqdm import disable_progress_bars

from core.errors import BadInput, ServerError
from core.publish.plan import Plan, is_allowed

WAYS_OUT = {
    400: "the server does not take it as it is",
    401: "the token was refused; make one that may write at huggingface.co/settings/tokens "
    "and set HF_TOKEN",
    402: "a Gradio Space needs a paid account (PRO for a person, Team for an organisation); "
    "without one, run lettera demo on a machine of your own",
    403: "the token may not write there; check the owner's name and the token's permissions",
    404: "no such repository, or the token may not see it; check the name",
    409: "something else is changing that repository; try again in a minute",
    413: "a file is too large for the server",
    429: "too many requests; try again in a few minutes",
}
NO_TOKEN = "no token; make one that may write at huggingface.co/settings/tokens and set HF_TOKEN"
_PATIENCE = (1.0, 2.0, 4.0)
"""Seconds before each further try of what the client itself asks only once."""
_OURS = {".gitattributes", "README.md", "LICENSE", "LICENSE.md", ".gitignore"}

T = TypeVar("T")


def check_repo(repo: str) -> None:
    """Raises BadInput unless the name is owner/name in the Hub's letters."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", repo, re.ASCII):
        raise BadInput(f"'{repo}' is not the name of a repository; write it as owner/name")


def client(token: str | None, endpoint: str | None = None) -> HfApi:
    """The Hub's own client. Raises BadInput without a token."""
    if not token:
        raise BadInput(NO_TOKEN)
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    if not sys.stderr.isatty():
        disable_progress_bars()
    return HfApi(endpoint=endpoint, token=token)


@contextmanager
def explained(api: HfApi, repo: str) -> Iterator[None]:
    """Turns what the client raises into one line with the way out: ServerError or BadInput."""
    try:
        yield
    except HFValidationError as error:
        raise BadInput(f"'{repo}' is not the name of a repository: {error}") from error
    except HfHubHTTPError as error:
        raise ServerError(f"{api.endpoint}: {repo}: {_why(error)}") from error
    except (httpx2.HTTPError, OfflineModeIsEnabled) as error:
        raise ServerError(_not_reached(api, error)) from error
    except ValueError as error:
        # What it says of a README's header it does not take, or of an LFS object.
        raise ServerError(f"{api.endpoint}: {repo}: {' '.join(str(error).split())}") from error
    except RuntimeError as error:
        # The upload of a large file wraps its error.
        cause = error.__cause__
        if isinstance(cause, HfHubHTTPError):
            raise ServerError(f"{api.endpoint}: {repo}: {_why(cause)}") from error
        if isinstance(cause, httpx2.HTTPError):
            raise ServerError(_not_reached(api, cause)) from error
        raise


def _why(error: HfHubHTTPError) -> str:
    status = error.response.status_code
    return WAYS_OUT.get(status, f"the server answered {status}; try again later")


def _not_reached(api: HfApi, error: Exception) -> str:
    return (
        f"{api.endpoint}: not reached ({type(error).__name__}); check the network and HF_ENDPOINT"
    )


def patiently(call: Callable[[], T]) -> T:
    """Asks again where the server is busy or the line was cut."""
    for seconds in _PATIENCE:
        try:
            return call()
        except HfHubHTTPError as error:
            if error.response.status_code not in (429, 500, 502, 503, 504):
                raise
        except (httpx2.NetworkError, httpx2.RemoteProtocolError) as error:
            if isinstance(error, httpx2.ConnectError):
                raise
        time.sleep(seconds)
    return call()


def check_account(api: HfApi, repo: str) -> bool:
    """Raises BadInput where the token cannot write for the repository's owner; returns whether the
    owner is known to pay, as a Gradio Space asks."""
    told = patiently(api.whoami)
    owner, name = repo.split("/")[0], str(told["name"])
    orgs = {str(org["name"]): org for org in told.get("orgs", ())}
    if owner not in (name, *orgs):
        owners = ", ".join((name, *orgs))
        raise BadInput(f"{repo}: the token is that of {name}; it may write for: {owners}")
    role = told.get("auth", {}).get("accessToken", {}).get("role")
    if role == "read":
        raise BadInput(f"{repo}: the token may only read; {NO_TOKEN.partition('; ')[2]}")
    if owner == name:
        return bool(told.get("isPro"))
    return bool(orgs[owner].get("isEnterprise") or orgs[owner].get("plan"))


def upload(
    plan: Plan,
    token: str | None,
    endpoint: str | None = None,
    tell: Callable[[str], None] | None = None,
) -> Plan:
    """Sends a plan's files in one commit; what it no longer holds goes. Returns the plan with its
    address and revision. `tell` hears what may cost money, before anything is sent.
    """
    api = client(token, endpoint)
    with explained(api, plan.repo):
        pays = check_account(api, plan.repo)
        there = patiently(lambda: api.repo_exists(plan.repo, repo_type=plan.kind))
        stale = _stale(api, plan) if there else []
        if plan.kind == "space" and not there and not pays and tell is not None:
            tell(
                f"{plan.repo.split('/')[0]} is not known to have a paid account, and the Hub asks "
                "for one to run a Gradio Space (PRO for a person, Team for an organisation): it "
                "may refuse"
            )
        if not there:
            _make(api, plan)
        return _send(api, plan, stale)


def _stale(api: HfApi, plan: Plan) -> list[str]:
    """The files online that the plan leaves out. Raises BadInput in a repository of others, and
    in one that all may see where the plan is private."""
    found = patiently(lambda: api.repo_info(plan.repo, repo_type=plan.kind))
    if plan.private and not found.private:
        raise BadInput(
            f"{plan.repo}: is there already, for all to see; make it private on its page first "
            "(Settings), or choose another name"
        )
    rows = patiently(
        lambda: list(api.list_repo_tree(plan.repo, recursive=True, repo_type=plan.kind))
    )
    online = {row.path for row in rows if hasattr(row, "blob_id")}
    if plan.marker not in online and (strangers := sorted(online - _OURS)):
        raise BadInput(
            f"{plan.repo}: holds {', '.join(strangers[:3])} and no {plan.marker}: not put there by "
            "Lettera; choose another name"
        )
    planned = {file.name for file in plan.files}
    return sorted(path for path in online - planned if is_allowed(path, plan.patterns))


def _make(api: HfApi, plan: Plan) -> None:
    patiently(
        lambda: api.create_repo(
            plan.repo,
            repo_type=plan.kind,
            private=plan.private or None,
            space_sdk="gradio" if plan.kind == "space" else None,
            exist_ok=True,  # after a line that was cut
        )
    )


def _send(api: HfApi, plan: Plan, stale: list[str]) -> Plan:
    if plan.kind == "space":
        _set(api, plan)
    revision = patiently(lambda: _commit(api, plan, stale))
    if plan.tag is not None:
        tag = plan.tag
        patiently(
            lambda: api.create_tag(
                plan.repo, tag=tag, revision=revision, repo_type=plan.kind, exist_ok=True
            )
        )
    where = "spaces/" if plan.kind == "space" else ""
    return replace(plan, url=f"{api.endpoint}/{where}{plan.repo}", revision=revision)


def _set(api: HfApi, plan: Plan) -> None:
    """A Space's settings."""
    there = patiently(lambda: api.get_space_variables(plan.repo))
    for key in there.keys() & set(plan.unset):
        patiently(partial(api.delete_space_variable, plan.repo, key))
    for key, value in plan.variables.items():
        if key not in there or there[key].value != value:  # each change starts it anew
            patiently(partial(api.add_space_variable, plan.repo, key, value))
    for key, value in plan.secrets.items():
        patiently(partial(api.add_space_secret, plan.repo, key, value))


def _commit(api: HfApi, plan: Plan, stale: list[str]) -> str:
    # Fresh operations for every try: the client marks those that were sent.
    files = [CommitOperationAdd(file.name, file.path) for file in plan.files]
    gone = [CommitOperationDelete(path) for path in stale]
    made = api.create_commit(
        plan.repo, [*files, *gone], commit_message=plan.message, repo_type=plan.kind
    )
    return str(made.oid)
