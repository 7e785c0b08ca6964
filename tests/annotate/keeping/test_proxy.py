"""The ward's TLS proxy: the example configuration, in Debian's nginx, before the real server."""

import ssl
from pathlib import Path

import httpx
import pytest

from annotate.keeping.accounts import Accounts
from annotate.server.server import LabelStudioServer
from annotate.sync.studio import connect
from tests.annotate.keeping.proxy import nginx, proxy
from tests.annotate.ward import annotator, clone
from tests.studio import free_port

CONFIG = '<View><Text name="text" value="$text"/></View>'


@pytest.mark.server
def test_a_person_works_through_it_and_cannot_spoil_much(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    nginx()
    port, upstream = free_port(), free_port()
    address = f"https://localhost:{port}"
    workspace = clone(label_studio, tmp_path)
    with (
        LabelStudioServer.start(workspace, upstream, address=address) as server,
        proxy(tmp_path, port, upstream) as certificate,
    ):
        assert (server.address, server.url) == (address, f"http://127.0.0.1:{upstream}")
        client = connect(server.url, server.token)
        (person,) = Accounts(client, server.url, workspace).add(["Anna dal Reparto"])
        project = client.projects.create(title="Through the proxy", label_config=CONFIG)
        client.projects.import_tasks(id=project.id, request=[{"data": {"text": "Nega diabete."}}])
        (task,) = client.tasks.list(project=project.id)
        trusted = ssl.create_default_context(cafile=str(certificate))
        known = (address, person.user, person.password or "")
        with annotator(*known, verify=trusted) as page:
            assert page.cookies and all(cookie.secure for cookie in page.cookies.jar)
            shown = page.get("/projects/")
            assert shown.status_code == 200 and "127.0.0.1" not in shown.text
            assert shown.headers["strict-transport-security"]
            actions = f"/api/dm/actions?project={project.id}"
            assert page.post(f"{actions}&id=next_task").status_code == 403, "only in this order"
            works = page.post(f"/api/dm/actions?id=next_task&project={project.id}", json={})
            assert works.json()["id"] == task.id
            made = page.post(f"/api/tasks/{task.id}/annotations/", json={"result": []})
            assert made.status_code == 201
            change = page.patch(f"/api/annotations/{made.json()['id']}/", json={"result": []})
            assert change.status_code == 200
            for method, path in REFUSED:
                path = path.format(project=project.id, task=task.id)
                answer = page.request(method, path, json={"selectedItems": {"all": True}})
                assert answer.status_code == 403, (method, path)
        assert [p.id for p in client.projects.list() if p.id == project.id]
        assert client.tasks.get(id=str(task.id)).total_annotations == 1
        plain = httpx.get(f"http://127.0.0.1:{upstream}/health", headers={"Host": "evil.example"})
        assert plain.status_code == 400, "by another name it does not answer"


REFUSED = (
    ("DELETE", "/api/projects/{project}/"),
    ("DELETE", "/api/projects/{project}/tasks/"),
    ("DELETE", "/api/%70rojects/{project}/"),
    ("DELETE", "/api/tasks/{task}/"),
    ("GET", "/api/projects/{project}/export?exportType=JSON"),
    ("POST", "/api/projects/{project}/exports/"),
    ("POST", "/api/dm/actions?id=delete_tasks&project={project}"),
    ("POST", "/api/dm/actions?id=next_task&id=delete_tasks&project={project}"),
    ("POST", "/api/dm/actions/?%69d=delete_tasks&project={project}"),
    ("POST", "/api/dm/actions?id=next_task&%69d=delete_tasks&project={project}"),
    ("POST", "/api/storages/localfiles"),
    ("POST", "/api/webhooks/"),
    ("POST", "/api/ml/"),
    ("GET", "/api/invite"),
    ("GET", "/user/signup/"),
)
