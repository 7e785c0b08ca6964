"""The annotators' accounts: made in Label Studio by its invite link, and the file of who is who.

Only the workspace's `annotators.jsonl` says which name and password belong to `person/<n>`; what
people corrected carries the number alone. The passwords are kept there because Label Studio
Community has no page on which a person could set a new one.
"""

import re
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import httpx

from annotate.server.credentials import USERNAME, credentials, password
from annotate.server.running import folder_of
from annotate.server.server import program_of
from annotate.server.settings import Settings
from annotate.sync.studio import errors
from core.errors import BadInput, ServerError
from core.jsonl import read_records, write_records
from core.records import Json

FILE = "annotators.jsonl"
EMBEDDED = "workspace"
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Annotator:
    """One person's account. `person` is None until the server has been seen to know it."""

    name: str
    user: str
    password: str
    server: str
    person: int | None = None

    @property
    def key(self) -> str:
        return f"{self.server} {self.user}"

    def to_json(self) -> Json:
        raw = {"name": self.name, "user": self.user, "password": self.password}
        return raw | {"server": self.server, "person": self.person}

    @classmethod
    def from_json(cls, raw: Json) -> Self:
        return cls(**raw)


@dataclass(frozen=True, slots=True)
class Member:
    """An account as the server knows it."""

    name: str
    user: str
    person: int
    annotations: int = 0


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` did for a name: a new account, or the one that was there."""

    name: str
    user: str
    person: int
    new: bool
    password: str | None  # None where this workspace never knew it


class Accounts:
    """The accounts of one server. `server`: its address, or EMBEDDED for the workspace's own."""

    def __init__(self, client: Any, url: str, workspace: Path, server: str = EMBEDDED) -> None:
        self.file = workspace / FILE
        self._url = url.rstrip("/")
        self._client = client
        self._server = server
        self._workspace = workspace

    def add(self, names: Sequence[str]) -> Iterator[Added]:
        """Makes an account for each name that has none, one after the other.

        The password is in the file before the account is made: a kill in between loses none.
        """
        people = {user_of(name): " ".join(name.split()) for name in names}
        with errors():
            there = {member.user: member.person for member in self._users()}
            for user, name in people.items():
                known = self._known().get(f"{self._server} {user}")
                if user in there:
                    if known and known.person is None:  # made in a run that was cut short
                        yield self._made(known, there[user])
                        continue
                    told = known.password if known else None
                    yield Added(name, user, there[user], False, told)
                    continue
                person = known or Annotator(name, user, password(), self._server)
                person = replace(person, person=None)
                self._write(person)
                self._sign_up(person)
                numbers = {member.user: member.person for member in self._users()}
                yield self._made(person, numbers[user])

    def members(self) -> list[Member]:
        """All accounts but our own, with the number of annotations each has made."""
        with errors():
            organization = self._client.users.whoami().active_organization or 1
            found = []
            for member in self._users():
                if member.user == USERNAME:
                    continue
                seen = self._client.organizations.members.get(organization, member.person)
                found.append(replace(member, annotations=seen.annotations_count or 0))
        return sorted(found, key=lambda member: member.person)

    def reset(self, name: str) -> Annotator:
        """A new password for one person, by Label Studio's own program on this machine."""
        user = user_of(name)
        with errors():
            found = next((one for one in self._users() if one.user == user), None)
        if found is None:
            raise BadInput(f"no annotator has the user name {user}; see lettera annotators list")
        if self._server != EMBEDDED:
            raise BadInput(
                "Label Studio sets passwords only on its own machine: run there "
                f"'label-studio reset_password --username {user}'"
            )
        known = self._known().get(f"{self._server} {user}")
        person = Annotator(
            known.name if known else found.name, user, password(), self._server, found.person
        )
        _set_password(self._workspace, person)
        self._write(person)
        return person

    def _made(self, person: Annotator, number: int) -> Added:
        first, _, last = person.name.partition(" ")
        self._client.users.update(number, first_name=first, last_name=last)
        self._write(replace(person, person=number))
        return Added(person.name, person.user, number, True, person.password)

    def _users(self) -> list[Member]:
        listed: Any = self._client.users.list()
        return [
            Member(f"{user.first_name} {user.last_name}".strip(), user.email, user.id)
            for user in listed
        ]

    def _sign_up(self, person: Annotator) -> None:
        """Fills in the page behind the invite link, as the person would."""
        invite = self._client.organizations.invites.get_invite_link()
        page = f"{self._url}/user/signup/?token={invite.token}"
        local = httpx.URL(self._url).host in ("127.0.0.1", "localhost")
        with httpx.Client(trust_env=not local, timeout=60, headers={"Referer": page}) as browser:
            browser.get(page)
            token = browser.cookies.get("csrftoken") or ""
            form = {"csrfmiddlewaretoken": token, "email": person.user, "password": person.password}
            # By hand: behind a TLS proxy the cookie is for https alone, and this goes past it.
            answer = browser.post(page, data=form, headers={"Cookie": f"csrftoken={token}"})
        if answer.status_code != 302:
            raise ServerError(
                f"{self._url}: Label Studio made no account for {person.user} "
                f"(HTTP {answer.status_code}); does it allow sign-up by invite link?"
            )

    def _known(self) -> dict[str, Annotator]:
        if not self.file.exists():
            return {}
        return {person.key: person for person in read_records(self.file, Annotator)}

    def _write(self, person: Annotator) -> None:
        known = self._known() | {person.key: person}
        write_records(self.file, known.values())


def user_of(name: str) -> str:
    """What a person of this name types to enter: an e-mail address of theirs, or one made up.

    Nothing is ever sent to it.
    """
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST:
        raise BadInput(f"a name has 1 to {_LONGEST} characters")
    if re.fullmatch(r"[^@\s]+@[^@\s]+", name):
        return name.lower()
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    if not words:
        raise BadInput(f"{name}: give a name with letters a to z, or an e-mail address")
    return f"{'.'.join(words)}@localhost"


def _set_password(workspace: Path, person: Annotator) -> None:
    """The password is typed, as it were: as an argument every user of the machine would see it."""
    folder = folder_of(workspace)
    settings = Settings.chosen(folder, None, None, None)
    account = credentials(folder / "credentials.toml")
    ran = subprocess.run(
        [program_of(), "reset_password", "--username", person.user],
        input=person.password + "\n",
        env=settings.environment(folder, account, 0),
        capture_output=True,
        text=True,
        start_new_session=True,  # without a terminal it reads what it is given
    )
    if "successfully changed" not in ran.stdout:
        raise ServerError(f"Label Studio did not change the password of {person.user}; try again")
