"""Makes a backend known to a Label Studio project, any number of times."""

from typing import Any

import httpx
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError

from annotate.backend.corrections import ACTIONS
from annotate.backend.door import Account
from annotate.sync.bulk import model_versions, show_version
from core.errors import ServerError

TITLE = "Lettera"


def connect_backend(client: LabelStudio, project: int, url: str, account: Account) -> None:
    """Registers the backend at a project, or puts right what is registered already.

    What people see stays as it is: Label Studio turns a project that follows no pre-labels yet over
    to the backend that comes first, and then hides those that are pushed later.
    Raises ServerError where Label Studio cannot reach the backend or refuses it.
    """
    try:
        shown = client.projects.get(id=project).model_version or ""
        newest = next(iter(model_versions(client, project)), "")
        if newest and not shown:
            show_version(client, project, newest)  # a kill in between then hides nothing either
        _connect(client, project, url.rstrip("/"), account)
        if (client.projects.get(id=project).model_version or "") != shown:
            show_version(client, project, shown)
    except ApiError as error:
        raise ServerError(
            f"Label Studio does not take the backend at {url} (HTTP {error.status_code}); it must "
            "be able to call that address: see --host, and --url of its own machine"
        ) from None
    except httpx.TransportError as error:
        raise ServerError(
            f"Label Studio stopped answering ({type(error).__name__}); run this again"
        ) from error


def _connect(client: LabelStudio, project: int, url: str, account: Account) -> None:
    there = [known for known in client.ml.list(project=project) if known.title == TITLE]
    hooks = {f"{known.url}".rstrip("/") + "/webhook" for known in there}
    entry: dict[str, Any] = {
        "project": project,
        "url": url,
        "title": TITLE,
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": account.user,
        "basic_auth_pass": account.password,
    }
    if there:
        client.ml.update(id=_id(there[0]), **entry)
    else:
        client.ml.create(**entry)
    for other in there[1:]:
        client.ml.delete(id=_id(other))
    _connect_webhook(client, project, f"{url}/webhook", hooks, account)


def _connect_webhook(
    client: LabelStudio, project: int, url: str, old: set[str], account: Account
) -> None:
    """One webhook, with the password, and with no word of a letter in it.

    Label Studio makes one by itself beside a backend: without the password, with everything.
    """
    there = [hook for hook in client.webhooks.list(project=str(project)) if hook.url in {url, *old}]
    entry: dict[str, Any] = {
        "url": url,
        "headers": {"Authorization": account.header},
        "send_payload": False,
        "send_for_all_actions": False,
        "actions": sorted(ACTIONS),
        "is_active": True,
    }
    if there:
        client.webhooks.update(id=_id(there[0]), **entry)
    else:
        client.webhooks.create(project=project, **entry)
    for other in there[1:]:
        client.webhooks.delete(id=_id(other))


def _id(entry: Any) -> int:
    return int(entry.id)
