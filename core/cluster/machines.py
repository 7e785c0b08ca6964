"""Ray where RAY_ADDRESS says, or one of this machine's own, which goes with the run."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from core.cluster.alone import started_here
from core.errors import MissingExtra, ServerError

# To stand in the environment before Ray is imported: nothing is told to its makers; what is started
# here listens on loopback alone, whatever the system is, and answers only who knows a secret.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",  # of what machines that die say to whoever is joined
}
_ALONE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_worker_niceness": "0",
    "RAY_preload_python_modules": "core.cluster.work",  # while the driver is still joining
}


@contextmanager
def ray_at_hand() -> Iterator[Any]:
    """The module `ray`, joined to a cluster or to one started here, and left or ended again."""
    address = os.environ.get("RAY_ADDRESS", "local")
    alone = address == "local"
    os.environ.update(_QUIET)
    if alone:
        os.environ.update(_ALONE | {"RAY_AUTH_TOKEN": secrets.token_hex(32)})
    try:
        import ray
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"--engine ray needs {error.name}: .venv/bin/pip install ray -c constraints.txt"
        ) from None
    with ExitStack() as until:
        try:
            with _muted():
                where = until.enter_context(started_here()) if alone else (address, None)
                until.callback(ray.shutdown)
                _join(ray, *where)
        except Exception as error:  # of any kind; it waits half a minute for its own processes
            raise ServerError(
                f"Ray did not start here ({type(error).__name__}); is the machine overloaded? run "
                "again"
                if alone
                else f"no Ray cluster answers at RAY_ADDRESS={address}; start it (or is "
                "RAY_AUTH_TOKEN missing?), or unset RAY_ADDRESS to work on this machine"
            ) from error
        yield ray


def _join(ray: Any, address: str, temp: str | None) -> None:
    ray.init(address, log_to_driver=False, logging_level="ERROR", _temp_dir=temp)


def told_of(error: BaseException) -> BaseException:
    """A mistake of the cluster's that a user can mend, where it is one."""
    lacking = re.search(r"(?:No module named|Can't get attribute) '([\w.]+)'", str(error))
    if lacking is None:
        return error
    return ServerError(
        f"a machine of the Ray cluster lacks {lacking[1]}: install the same Lettera on all of them"
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
