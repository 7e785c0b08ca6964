"""How the Label Studio of a workspace is set up: what it may reach, who reaches it, its database.

What a person chose once (`--address`, `--database`) is kept in `labelstudio/settings.toml`, so that
every later verb finds the same server.
"""

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx

from annotate.server.credentials import Credentials
from annotate.server.postgres import Postgres
from core.errors import BadInput
from core.files import replacing

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"
DATABASE = "LETTERA_DATABASE"
FILE = "settings.toml"
# What a program needs of its surroundings; anything else could hold a setting or a key.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
# Where the server may not be sent by its users: its own list, but for loopback, where the labelling
# backend listens.
BANNED = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32", "::/128", "::1/128",
    "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32",
    "2001:20::/28", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip
SETTINGS = {
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",  # read when the database is made
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_CORS_ALLOW_ALL_ORIGINS": "false",
    "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS": "false",
    "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS": ",".join(BANNED),
    "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
    "COLLECT_ANALYTICS": "false",
    "collect_analytics": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "CONVERTER_DOWNLOAD_RESOURCES": "false",
    # Predictions sent to tasks: without it, each call counts those of the whole project anew, and
    # checks again what was checked before it was sent.
    "fflag_fix_back_4620_memory_efficient_predictions_import_08012025_short": "true",
    "PYTHONWARNINGS": "ignore",
}


def files_folder(folder: Path) -> Path:
    """What the server may show of this machine's files: page images, in a folder a project."""
    return folder / "files"


@dataclass(frozen=True, slots=True)
class Settings:
    """`host`: where it listens. `address`: what people type, where a proxy stands before it."""

    host: str = LOOPBACK
    address: str | None = None
    database: Postgres | None = None  # None: SQLite

    @classmethod
    def chosen(
        cls, folder: Path, host: str | None, address: str | None, database: str | None
    ) -> Self:
        """What is asked for now, else by the environment, else what was chosen before."""
        file = folder / FILE
        before = _read(file)
        address = before.get("address") if address is None else address
        database = database or os.environ.get(DATABASE) or before.get("database")
        if database == "sqlite":
            database = None
        made = cls(host or LOOPBACK, _checked(address), Postgres.of(database) if database else None)
        _keep(file, before, {"address": made.address, "database": database})
        return made

    def url(self, port: int) -> str:
        """Where programs of this machine reach the server."""
        return f"http://{LOOPBACK if self.host == EVERYWHERE else self.host}:{port}"

    def environment(self, folder: Path, account: Credentials, port: int) -> dict[str, str]:
        """All settings of the server. Passwords travel here: arguments are seen by every user."""
        return {
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            **SETTINGS,
            **(self.database.environment() if self.database else {"DJANGO_DB": "sqlite"}),
            **self._reached(port),
            "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(files_folder(folder).resolve()),
            "LABEL_STUDIO_BASE_DATA_DIR": str(folder.resolve()),
            "LABEL_STUDIO_USERNAME": account.username,
            "LABEL_STUDIO_PASSWORD": account.password,
            "LABEL_STUDIO_USER_TOKEN": account.token,
        }

    def _reached(self, port: int) -> dict[str, str]:
        """Where pages may be asked for. Without a HOST their links are relative: all names work."""
        if not self.address:
            if self.host != LOOPBACK:
                return {}
            return {
                "LABEL_STUDIO_HOST": self.url(port),
                "LABEL_STUDIO_ALLOWED_HOSTS": f"{LOOPBACK},localhost",
            }
        url = httpx.URL(self.address)
        secure = str(url.scheme == "https").lower()
        return {
            "LABEL_STUDIO_HOST": self.address,
            "LABEL_STUDIO_CSRF_TRUSTED_ORIGINS": self.address,
            "LABEL_STUDIO_ALLOWED_HOSTS": f"{LOOPBACK},localhost,{self.host},{url.host}",
            "LABEL_STUDIO_SESSION_COOKIE_SECURE": str(int(secure == "true")),
            "LABEL_STUDIO_CSRF_COOKIE_SECURE": str(int(secure == "true")),
        }


def _checked(address: str | None) -> str | None:
    """An address without a path: Label Studio under one is another installation."""
    if not address:
        return None
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.path not in ("", "/"):
        raise BadInput(f"{address}: no web address; give one like https://lettera.ospedale.it")
    return str(url).rstrip("/")


def _read(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    try:
        return {name: str(value) for name, value in tomllib.loads(file.read_text("utf-8")).items()}
    except (OSError, ValueError) as error:
        raise BadInput(f"{file}: cannot be read; mend it or remove it") from error


def _keep(file: Path, before: dict[str, str], now: dict[str, str | None]) -> None:
    said = {name: value for name, value in now.items() if value}
    if said == before:
        return
    with replacing(file) as out:
        for name, value in said.items():
            out.write(f"{name} = {json.dumps(value)}\n".encode())
