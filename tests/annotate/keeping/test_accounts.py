"""Accounts are made once, work at the login page, and their names stay in the workspace."""

import re
import stat
from pathlib import Path

import pytest

from annotate.keeping.accounts import Accounts, Annotator, user_of
from annotate.server.server import LabelStudioServer
from annotate.sync.studio import connect
from core.errors import BadInput
from core.jsonl import read_records, write_records
from tests.annotate.ward import annotator

USERS = {
    "a name": ("Anna Bianchi", "anna.bianchi@localhost"),
    "blanks around and within": ("  Anna   Bianchi ", "anna.bianchi@localhost"),
    "accents and an apostrophe": ("Nicolò D'Angelo", "nicolo.d.angelo@localhost"),
    "a title": ("Dott.ssa Rossi", "dott.ssa.rossi@localhost"),
    "an address of theirs": ("Anna@Ospedale.it", "anna@ospedale.it"),
    "one letter": ("X", "x@localhost"),
}


@pytest.mark.parametrize(("name", "user"), USERS.values(), ids=USERS.keys())
def test_a_name_becomes_a_user(name: str, user: str) -> None:
    assert user_of(name) == user


@pytest.mark.parametrize("name", ["", "  ", "…", "山田", "x" * 61])
def test_a_name_that_cannot_be_typed_is_told(name: str) -> None:
    with pytest.raises(BadInput, match="a name|letters a to z"):
        user_of(name)


@pytest.fixture
def accounts(label_studio: LabelStudioServer, tmp_path: Path) -> Accounts:
    """The accounts of the session's server, with a file of their own."""
    client = connect(label_studio.url, label_studio.token)
    return Accounts(client, label_studio.url, tmp_path)


@pytest.mark.server
def test_eight_people_get_eight_accounts_once(
    accounts: Accounts, label_studio: LabelStudioServer
) -> None:
    names = [f"Persona {letter}" for letter in "ABCDEFGH"]
    made = list(accounts.add(names))
    assert all(added.new for added in made) and len({added.person for added in made}) == 8
    assert all(re.fullmatch(r"(\w{4}-){3}\w{4}", added.password or "") for added in made)
    again = list(accounts.add([*names, "persona a"]))
    assert not any(added.new for added in again)
    assert [a.person for a in again] == [a.person for a in made]
    assert {a.password for a in again} == {a.password for a in made}
    listed = {member.name: member.person for member in accounts.members()}
    assert {name: listed[name] for name in names} == {a.name: a.person for a in made}
    assert stat.S_IMODE(accounts.file.stat().st_mode) == 0o600
    first = made[0]
    with annotator(label_studio.url, first.user, first.password or "") as page:
        assert page.get("/api/current-user/whoami").json()["id"] == first.person


@pytest.mark.server
def test_a_run_cut_short_loses_no_password(accounts: Accounts) -> None:
    """Killed after the account was made and before it was told: the next run tells it."""
    (made,) = accounts.add(["Interrotta Prima"])
    (known,) = read_records(accounts.file, Annotator)
    write_records(
        accounts.file, [Annotator(known.name, known.user, known.password, known.server, None)]
    )
    (told,) = accounts.add(["Interrotta Prima"])
    assert told.new and (told.password, told.person) == (made.password, made.person)


@pytest.mark.server
def test_someone_the_workspace_never_knew_is_told_as_such(
    accounts: Accounts, label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    (made,) = accounts.add(["Nota Altrove"])
    client = connect(label_studio.url, label_studio.token)
    other = Accounts(client, label_studio.url, tmp_path / "other")
    (told,) = other.add(["Nota Altrove"])
    assert (told.new, told.person, told.password) == (False, made.person, None)


@pytest.mark.server
def test_annotations_are_counted_and_a_lost_password_is_replaced(
    label_studio: LabelStudioServer,
) -> None:
    client = connect(label_studio.url, label_studio.token)
    workspace = label_studio.password_file.parent.parent
    accounts = Accounts(client, label_studio.url, workspace)
    (made,) = accounts.add(["Smemorata Verdi"])
    config = '<View><Text name="text" value="$text"/></View>'
    project = client.projects.create(title="Counting", label_config=config)
    client.projects.import_tasks(id=project.id, request=[{"data": {"text": "Nega diabete."}}])
    (task,) = client.tasks.list(project=project.id)
    person = accounts.reset("smemorata verdi")
    assert person.password != made.password and person.person == made.person
    assert person.name == "Smemorata Verdi"
    with annotator(label_studio.url, made.user, person.password) as page:
        assert page.post(f"/api/tasks/{task.id}/annotations/", json={"result": []}).is_success
    with pytest.raises(AssertionError, match="not taken"):
        with annotator(label_studio.url, made.user, made.password or ""):
            pass
    (member,) = [m for m in accounts.members() if m.person == made.person]
    assert member.annotations == 1
    with pytest.raises(BadInput, match="no annotator has the user name nobody@localhost"):
        accounts.reset("Nobody")
    theirs = Accounts(client, label_studio.url, workspace, server="https://studio.example")
    with pytest.raises(BadInput, match="label-studio reset_password --username smemorata.verdi@"):
        theirs.reset("Smemorata Verdi")
