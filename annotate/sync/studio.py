"""A Label Studio and its projects seen from outside: who may enter, what is there, what failed.

Tasks are listed as the plain JSON they come in: the client's own models of them cost more time than
the server itself, and its errors quote the answer, which holds letters. Ours never do.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, TypeVar

import httpx
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError

from core.errors import BadInput, ServerError
from core.records import Json

PAGE = 1000
TIMEOUT = 600.0
AGAIN = (1.0, 4.0)  # seconds before a request that may be made twice is made again
Queue = Literal["Sequential sampling", "Uncertainty sampling"]
IN_ORDER: Queue = "Sequential sampling"
LEAST_SURE: Queue = "Uncertainty sampling"
_HERE = {"127.0.0.1", "localhost", "::1"}
_client: Any = LabelStudio  # its constructor has no type hints
T = TypeVar("T")


def connect(url: str, token: str, timeout: float = TIMEOUT) -> LabelStudio:
    """A client of a running Label Studio (legacy or personal access token). Raises ServerError."""
    url = url.rstrip("/")
    try:
        # A hospital's proxy is not asked for a server on this machine.
        local = httpx.URL(url).host in _HERE
        http = httpx.Client(
            timeout=timeout,
            follow_redirects=True,
            trust_env=not local,
            # No connection stays open between requests, so the client needs no closing.
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        _expect_label_studio(http, url)
        client: LabelStudio = _client(
            base_url=url, api_key=token, httpx_client=http, timeout=timeout
        )
        client.users.whoami()
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ServerError(f"{url}: no web address; give one like http://127.0.0.1:8080") from error
    except httpx.TransportError as error:
        raise ServerError(
            f"no server answers at {url}; start it with 'lettera up', or check the address"
        ) from error
    except ApiError as error:
        if error.status_code not in (401, 403):
            raise ServerError(f"{url}: Label Studio failed (HTTP {error.status_code})") from None
        raise ServerError(
            f"{url}: Label Studio refused the token; copy a valid one from its account page"
        ) from None
    return client


def _expect_label_studio(http: httpx.Client, url: str) -> None:
    try:
        known = "label-studio-os-package" in http.get(f"{url}/api/version/").json()
    except ValueError:
        known = False
    if not known:
        raise ServerError(f"{url}: a server answers, but it is not Label Studio; check the address")


@contextmanager
def errors() -> Iterator[None]:
    """What may go wrong on the way, in one line. An answer's body is not quoted: it has letters."""
    try:
        yield
    except httpx.TransportError as error:
        raise ServerError(
            f"Label Studio stopped answering ({type(error).__name__}); "
            "run this again: nothing is sent or taken twice"
        ) from error
    except ApiError as error:
        raise ServerError(
            f"Label Studio refused a request (HTTP {error.status_code}); "
            "look into its log, then run this again"
        ) from None


def request(
    client: LabelStudio,
    method: str,
    path: str,
    *,
    body: Json | bytes | None = None,
    **query: str | int,
) -> Any:
    """The JSON a path answers with, asked once. Raises TransportError, or ApiError without a body.

    It goes over the client's own connection, which renews a personal access token when it expires.
    """
    wire: Any = client._client_wrapper.httpx_client
    answer: httpx.Response = wire.request(
        path,
        method=method,
        params=query,
        content=json.dumps(body).encode() if isinstance(body, dict) else body,
        headers={"Content-Type": "application/json"},
        request_options={"max_retries": 0},
    )
    if answer.status_code >= 400:
        raise ApiError(status_code=answer.status_code)
    return answer.json() if answer.content else None


def again(step: Callable[[], T]) -> T:
    """What a step gives that may be done twice; where no answer comes it is tried again."""
    for pause in AGAIN:
        try:
            return step()
        except httpx.TransportError:
            time.sleep(pause)
        except ApiError as error:
            if (error.status_code or 0) < 500:
                raise
            time.sleep(pause)
    return step()


def find(client: LabelStudio, title: str) -> Any | None:
    """The project of exactly this title: the server itself looks for titles that contain it."""
    same = [project for project in _projects(client, title=title) if project.title == title]
    return min(same, key=lambda project: project.id, default=None)


def named(client: LabelStudio, title: str) -> Any:
    """The project of this title. Raises ServerError, with the titles there are, without one."""
    project = find(client, title)
    if project is None:
        names = ", ".join(f"'{other.title}'" for other in _projects(client))
        raise ServerError(f"no project named '{title}'; there are: {names or 'none'}")
    return project


def _projects(client: LabelStudio, **which: str) -> list[Any]:
    return again(lambda: list(client.projects.list(**which)))


def make(client: LabelStudio, title: str, config: str, instruction: str, queue: Queue) -> Any:
    """A new project. Where no answer comes, it is looked for before it is made again."""
    if not 3 <= len(title) <= 50:
        raise BadInput(f"project name '{title}': give it 3 to 50 characters")
    once: Any = {"max_retries": 0}
    for pause in (*AGAIN, None):
        try:
            return client.projects.create(
                title=title,
                label_config=config,
                expert_instruction=instruction,
                show_instruction=True,
                sampling=queue,
                request_options=once,
            )
        except httpx.TransportError:
            if pause is None:
                raise
            time.sleep(pause)
            if project := find(client, title):
                return project
    return None


def tasks(
    client: LabelStudio, project: int, include: str = "id,data", query: str = "{}"
) -> Iterator[Json]:
    """The tasks of a project in the order of their numbers, with the named fields only.

    `query`: which, by `filters`; all of them by itself.
    """
    seen: set[int] = set()
    for page in range(1, 10**6):
        ask = partial(
            request, client, "GET", "api/tasks/", project=project, page=page, page_size=PAGE,
            include=include, fields="all", resolve_uri="false", query=query,
        )  # fmt: skip
        try:
            found = again(ask)
        except ApiError as error:
            if error.status_code == 404 and page > 1:  # tasks were deleted meanwhile
                return
            raise
        # A filter that looks at annotations gives a task once for each of them.
        new = {task["id"]: task for task in found["tasks"] if task["id"] not in seen}
        seen.update(new)
        yield from new.values()
        if page * PAGE >= found["total"]:
            return


def keys(client: LabelStudio, project: int, query: str = "{}") -> dict[str, int]:
    """The tasks of a project that Lettera pushed: key (of a phrase or a letter) -> number."""
    found = tasks(client, project, query=query)
    return {task["data"]["key"]: task["id"] for task in found if "key" in task["data"]}


def filters(conjunction: Literal["and", "or"], *items: Json) -> str:
    """A `query` of tasks: its filters, each made by `where`."""
    return json.dumps({"filters": {"conjunction": conjunction, "items": list(items)}})


def where(field: str, operator: str, kind: str, value: Any, also: Json | None = None) -> Json:
    """One filter of the Data Manager; `also` is a second one that must hold with it."""
    one = {
        "filter": f"filter:tasks:{field}", "operator": operator, "type": kind, "value": value,
    }  # fmt: skip
    return one | {"child_filter": also} if also else one
