"""A plan to the Hugging Face Hub: the repository made where missing, one commit, clear errors."""

import re
from dataclasses import replace

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

from core.errors import BadInput, ServerError
from core.publish.plan import Plan

WAYS_OUT = {
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


def check_repo(repo: str) -> None:
    """Raises BadInput unless the name is owner/name in the Hub's letters."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", repo, re.ASCII):
        raise BadInput(f"'{repo}' is not the name of a repository; write it as owner/name")


def upload(plan: Plan, token: str | None, message: str, endpoint: str | None = None) -> Plan:
    """Sends a plan's files in one commit; returns the plan with its address. Raises ServerError."""
    if not token:
        raise BadInput(
            "no token; make one that may write at huggingface.co/settings/tokens and set HF_TOKEN"
        )
    api = HfApi(endpoint=endpoint, token=token)
    try:
        return replace(plan, url=_send(api, plan, message))
    except HFValidationError as error:
        raise BadInput(f"'{plan.repo}' is not the name of a repository: {error}") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        why = WAYS_OUT.get(status, f"the server answered {status}; try again later")
        raise ServerError(f"{api.endpoint}: {plan.repo}: {why}") from error
    except (httpx2.HTTPError, OfflineModeIsEnabled) as error:
        raise ServerError(
            f"{api.endpoint}: not reached ({type(error).__name__}); "
            "check the network and HF_ENDPOINT"
        ) from error


def _send(api: HfApi, plan: Plan, message: str) -> str:
    space = plan.kind == "space"
    made = api.create_repo(
        plan.repo,
        repo_type=plan.kind,
        space_sdk="gradio" if space else None,
        exist_ok=True,
    )
    for key, value in plan.variables.items():
        api.add_space_variable(plan.repo, key, value)
    api.create_commit(
        plan.repo,
        [CommitOperationAdd(file.name, file.path) for file in plan.files],
        commit_message=message,
        repo_type=plan.kind,
    )
    return str(made)
