"""A Ray of this machine's own for one run: as little of it as work needs, and it goes with the run.

Of what `ray.init` starts, two processes do the work's: the one that knows the cluster (GCS) and the
one that starts workers (raylet). The page, its autoscaler and its reader of logs, a second of a
processor each and waited for one after the other, are left out; the raylet's two agents, of which
nothing is asked here, are not waited for and give way to every worker.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

from core.workers import cores

_STORE = 100_000_000  # bytes of shared memory for Ray's objects, which are small here
_TEMP = "lettera-ray-"
_AGENTS = "DASHBOARD_AGENT_LISTEN", "METRICS_AGENT", "METRICS_EXPORT", "RUNTIME_ENV_AGENT"
_LAST = 19  # niceness: only when nobody else wants the processor


@contextmanager
def started_here() -> Iterator[tuple[str, str]]:
    """The address and the private folder of a Ray on this machine's cores. Call it where the
    environment holds what Ray is to know."""
    with _temporary() as temp:
        head = _head(temp)
        try:
            yield head.gcs_address, temp
        finally:
            left = _raylet(head).children(recursive=True)
            head.kill_all_processes(check_alive=False, allow_graceful=False, wait=True)
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()


def _head(temp: str) -> Any:
    ray, raylet = (import_module(f"ray.{name}") for name in ("_private.node", "_raylet"))
    node: Any = ray.Node

    class Head(node):  # type: ignore[misc]
        def start_api_server(self, **_: Any) -> None:
            """The page has no option to stay away."""

        def start_ray_processes(self) -> None:
            # Looked for to no end, a fifth of a second: without the page the agents do less.
            sys.modules["ray.dashboard.optional_deps"] = None  # type: ignore[assignment]
            for name in _AGENTS:  # told as not in use, or the raylet waits until they have begun
                port = getattr(raylet, f"{name}_PORT_NAME")
                raylet.persist_port(self.get_session_dir_path(), self.node_id, port, -1)
            super().start_ray_processes()

    options = import_module("ray._private.parameter").RayParams(
        num_cpus=cores(),
        object_store_memory=_STORE,
        temp_dir=temp,
        node_ip_address="127.0.0.1",
        include_dashboard=False,
        include_log_monitor=False,
        no_monitor=True,
        min_worker_port=0,
        max_worker_port=0,
    )
    head = Head(options, head=True, shutdown_at_exit=False, ray_init_cluster=True)
    for process in _raylet(head).children():
        with suppress(psutil.Error):
            if "agent" in " ".join(process.cmdline()):
                process.nice(_LAST)
    return head


def _raylet(head: Any) -> psutil.Process:
    return psutil.Process(head.all_processes["raylet"][0].process.pid)


@contextmanager
def _temporary() -> Iterator[str]:
    """A folder of our own for sockets and logs; those that killed runs left behind go too."""
    for left in Path(tempfile.gettempdir()).glob(f"{_TEMP}*"):
        owner = left.name.removeprefix(_TEMP).partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    temp = tempfile.mkdtemp(prefix=f"{_TEMP}{os.getpid()}-")
    try:
        yield temp
    finally:
        shutil.rmtree(temp, ignore_errors=True)
