"""Ray where RAY_ADDRESS says, or one of this machine's own, which goes with the run."""

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psutil

from core.errors import MissingExtra, ServerError
from core.workers import cores

_STORE = 100_000_000  # bytes of shared memory for Ray's objects, which are small here
_TEMP = "lettera-ray-"
# To stand in the environment before Ray is imported: nothing is told to its makers; what is started
# here listens on loopback alone, whatever the system is, and answers only who knows a secret.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DATA_LOG_LEVEL": "CRITICAL",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}
_ALONE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_worker_niceness": "0",
}


@contextmanager
def ray_at_hand() -> Iterator[Any]:
    """The module `ray`, joined to a cluster or started here, and left or ended again."""
    address = os.environ.get("RAY_ADDRESS", "local")
    os.environ.update(_QUIET)
    if address == "local":
        os.environ.update(_ALONE | {"RAY_AUTH_TOKEN": secrets.token_hex(32)})
    try:
        import ray
        import ray.data  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"--engine ray needs {error.name}: .venv/bin/pip install 'ray[data]' -c constraints.txt"
        ) from None
    with _temporary() if address == "local" else nullcontext() as temp:
        try:
            with _muted():
                _begin(ray, address, temp)
            yield ray
        finally:
            ray.shutdown()


def _begin(ray: Any, address: str, temp: str | None) -> None:
    ours = {
        "num_cpus": cores(),
        "include_dashboard": False,
        "object_store_memory": _STORE,
        "_temp_dir": temp,
    }
    try:
        ray.init(address, log_to_driver=False, logging_level="ERROR", **ours if temp else {})
    except Exception as error:  # of any kind; it waits half a minute for its own processes
        raise ServerError(
            f"Ray did not start here ({type(error).__name__}); is the machine overloaded? run again"
            if temp
            else f"no Ray cluster answers at RAY_ADDRESS={address}; start it (or is RAY_AUTH_TOKEN "
            "missing?), or unset RAY_ADDRESS to work on this machine"
        ) from error


def told_of(error: BaseException) -> BaseException:
    """A mistake of the cluster's that a user can mend, where it is one."""
    lacking = re.search(r"No module named '([\w.]+)'", str(error))
    if lacking is None:
        return error
    return ServerError(
        f"a machine of the Ray cluster lacks the module {lacking[1]}: install the same Lettera on "
        "all of them"
    )


@contextmanager
def _muted() -> Iterator[None]:
    """What Ray's inner half says to the terminal while it begins; what fails is raised as well."""
    before, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


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
