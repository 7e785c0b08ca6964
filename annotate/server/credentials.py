"""The account of a workspace's own Label Studio: made up once, in a file only its owner reads."""

import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path

from core.errors import ServerError
from core.files import replacing

USERNAME = "lettera@localhost"
# Without the letters and digits that look alike on paper: people type the password.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person types in (user name, password) and what our programs show (token)."""

    username: str
    password: str
    token: str


def credentials(file: Path) -> Credentials:
    """The account in a file, made where there is none. Raises ServerError when it is spoilt."""
    if not file.exists():
        _make(file)
    try:
        return Credentials(**tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ServerError(
            f"{file}: no username, password and token in it; restore it from a copy"
        ) from error


def password() -> str:
    """Sixteen characters in four blocks, 79 bits, easy to read out and to type."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def _make(file: Path) -> None:
    with replacing(file) as out:
        out.write(
            "# The account of this workspace's Label Studio. Keep it to yourself.\n"
            f'username = "{USERNAME}"\npassword = "{password()}"\n'
            f'token = "{secrets.token_hex(20)}"\n'.encode()
        )
