"""Who may come in (a user and a password), and what may go out (no letter's word in an error)."""

import base64
import secrets
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import ServerError
from core.files import replacing

USER = "lettera"


@dataclass(frozen=True, slots=True)
class Account:
    """The user name and the password that Label Studio shows to the backend."""

    user: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value of an `Authorization` header: basic authentication."""
        pair = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


def account(file: Path) -> Account:
    """The account in a file that only its owner reads, made up where there is none."""
    if not file.exists():
        with replacing(file) as out:
            out.write(
                "# What Label Studio shows to the labelling backend. Keep it to yourself.\n"
                f'user = "{USER}"\npassword = "{secrets.token_urlsafe(24)}"\n'.encode()
            )
    try:
        return Account(**tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ServerError(
            f"{file}: no user and password in it; remove the file, and another is made"
        ) from error


class Door:
    """ASGI middleware: a stranger is turned away before a byte of the request is read."""

    def __init__(self, app: ASGIApp, account: Account, tell: Callable[[str], object]) -> None:
        self._app = app
        self._header = account.header.encode()
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._known(scope):
            answer = JSONResponse(
                {"error": "user name and password, please"},
                401,
                {"WWW-Authenticate": 'Basic realm="lettera"'},
            )
            await answer(scope, receive, send)
            return
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            # Its message could quote a letter; where it happened is enough to find the mistake.
            self._tell(f"a request failed ({_place(error)})")
            if not begun:
                failed = {"error": f"the backend failed ({type(error).__name__})"}
                await JSONResponse(failed, 500)(scope, receive, send)

    def _known(self, scope: Scope) -> bool:
        shown = dict(scope.get("headers") or ()).get(b"authorization", b"")
        return secrets.compare_digest(shown, self._header)


def _place(error: BaseException) -> str:
    """The class of an error, and the file and line where it was raised."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = "" if at is None else f" at {Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}"
    return f"{type(error).__name__}{where}"
