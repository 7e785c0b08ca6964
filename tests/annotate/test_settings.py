"""How the server is set up: by whom it is reached, and in which database it works."""

import stat
from pathlib import Path

import pytest

from annotate.server.credentials import Credentials
from annotate.server.postgres import Postgres
from annotate.server.settings import BANNED, DATABASE, Settings
from core.errors import BadInput

ACCOUNT = Credentials("user", "password", "token")
URL = "postgresql://lettera:p%40ss@db.ospedale.it:5433/studio"


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATABASE, raising=False)


def environment(folder: Path, **how: str | None) -> dict[str, str]:
    chosen = {"host": None, "address": None, "database": None} | how
    return Settings.chosen(folder, **chosen).environment(folder, ACCOUNT, 8080)


def test_by_itself_it_is_for_this_machine_alone(tmp_path: Path) -> None:
    told = environment(tmp_path)
    assert told["LABEL_STUDIO_HOST"] == "http://127.0.0.1:8080"
    assert told["LABEL_STUDIO_ALLOWED_HOSTS"] == "127.0.0.1,localhost"
    assert told["DJANGO_DB"] == "sqlite" and "POSTGRE_NAME" not in told
    assert told["LABEL_STUDIO_CORS_ALLOW_ALL_ORIGINS"] == "false"
    assert told["LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK"] == "true"
    assert not (tmp_path / "settings.toml").exists()


def test_its_users_reach_no_reserved_network_but_loopback(tmp_path: Path) -> None:
    told = environment(tmp_path)["LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"].split(",")
    assert tuple(told) == BANNED and "127.0.0.0/8" not in told and "10.0.0.0/8" in told


def test_what_it_may_show_of_the_disk_holds_no_secret(tmp_path: Path) -> None:
    told = environment(tmp_path)
    shown = Path(told["LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT"])
    assert shown.parent == tmp_path.resolve() and shown.name == "files"


def test_behind_a_proxy_cookies_are_secure_and_its_forms_are_trusted(tmp_path: Path) -> None:
    told = environment(tmp_path, address="https://lettera.ospedale.it/")
    assert told["LABEL_STUDIO_HOST"] == "https://lettera.ospedale.it"
    assert told["LABEL_STUDIO_CSRF_TRUSTED_ORIGINS"] == "https://lettera.ospedale.it"
    assert told["LABEL_STUDIO_SESSION_COOKIE_SECURE"] == "1"
    assert told["LABEL_STUDIO_CSRF_COOKIE_SECURE"] == "1"
    assert "lettera.ospedale.it" in told["LABEL_STUDIO_ALLOWED_HOSTS"].split(",")


def test_open_to_the_network_it_answers_to_any_name(tmp_path: Path) -> None:
    told = environment(tmp_path, host="0.0.0.0")
    assert "LABEL_STUDIO_HOST" not in told and "LABEL_STUDIO_ALLOWED_HOSTS" not in told
    assert Settings("0.0.0.0").url(8080) == "http://127.0.0.1:8080"
    assert Settings("192.168.1.5").url(8080) == "http://192.168.1.5:8080"


def test_what_was_chosen_once_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(tmp_path, address="https://lettera.ospedale.it", database=URL)
    file = tmp_path / "settings.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = environment(tmp_path)
    assert told["LABEL_STUDIO_HOST"] == "https://lettera.ospedale.it"
    assert told["POSTGRE_NAME"] == "studio" and told["DJANGO_DB"] == "default"
    monkeypatch.setenv(DATABASE, URL.replace("studio", "other"))
    assert environment(tmp_path)["POSTGRE_NAME"] == "other"
    monkeypatch.delenv(DATABASE)
    told = environment(tmp_path, address="", database="sqlite")
    assert told["LABEL_STUDIO_HOST"] == "http://127.0.0.1:8080" and told["DJANGO_DB"] == "sqlite"
    assert environment(tmp_path)["DJANGO_DB"] == "sqlite"


@pytest.mark.parametrize("address", ["lettera", "ftp://x.it", "https://x.it/path", "https://"])
def test_no_web_address_is_told(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadInput, match="give one like https://"):
        environment(tmp_path, address=address)


def test_spoilt_settings_are_told(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("no = ")
    with pytest.raises(BadInput, match="settings.toml: cannot be read"):
        environment(tmp_path)


DATABASES = {
    "all of it": (URL, Postgres("studio", "lettera", "p@ss", "db.ospedale.it", 5433)),
    "the least": ("postgres:///studio", Postgres("studio", "postgres", "", "localhost", 5432)),
}


@pytest.mark.parametrize(("url", "database"), DATABASES.values(), ids=DATABASES.keys())
def test_a_database_has_an_address(url: str, database: Postgres) -> None:
    assert Postgres.of(url) == database
    assert database.password == "" or database.password not in str(database)


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@h/n", "postgresql://u:secret@h", "postgresql://u:secret@h:x/n", "x"]
)
def test_another_address_is_told_without_its_password(url: str) -> None:
    with pytest.raises(BadInput, match="no address of PostgreSQL") as told:
        Postgres.of(url)
    assert "secret" not in str(told.value)
