"""One process imports the large libraries; every stage of a run is forked from it.

Importing torch, Lightning and MLflow costs a training stage more processor time than training a small network does, and
a pipeline has some hundred stages. ``reprise repro`` starts ``python -m reprise.warm SOCKET`` once and names the socket
in ``REPRISE_WARM``; ``python -m reprise.stages...`` then hands its command, folder, environment and standard streams
over, and waits. The project's own modules are imported in the fork: what runs is the code as it stands. Where there is
no such process, or it does not answer, a stage imports what it needs itself.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

LIBRARIES = (
    "numpy", "scipy.stats", "scipy.ndimage", "scipy.signal", "pandas", "pydantic", "ruamel.yaml", "safetensors.torch",
    "PIL.Image", "matplotlib.pyplot", "sklearn.linear_model", "torch", "torch._dynamo", "pytorch_lightning",
    "mlflow.tracking",
)  # fmt: skip
VARIABLE = "REPRISE_WARM"
LARGEST = 1 << 20  # bytes of a request: an environment


def hand_over() -> None:
    """Runs this process's ``python -m reprise.stages...`` in a fork of the warm process and exits as it does.

    Returns where there is none.
    """
    address, given = os.environ.get(VARIABLE), sys.orig_argv
    command = given[given.index("-m") + 1 :] if "-m" in given else []
    if not address or not command or not command[0].startswith("reprise.stages."):
        return
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
        request = {"command": command, "folder": os.getcwd(), "environment": dict(os.environ)}
        socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], [0, 1, 2])
        reply = connection.makefile("r", encoding="utf-8")
        pid = int(reply.readline())
    except (OSError, ValueError):
        connection.close()
        return

    def forward(number: int, frame: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(pid, number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, forward)
    answer = reply.readline().strip()
    code = int(answer) if answer else 1  # the warm process is gone, and with it the stage
    if code < 0:  # by a signal: so that whoever waits sees the same
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    raise SystemExit(code)


def serve(address: Path) -> None:
    """Imports the libraries, then forks a stage for every request until its standard input ends."""
    for name in LIBRARIES:
        with suppress(ImportError):  # MLflow may be missing on a node: who needs it will say so, and the rest is warm
            importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the stages; whoever started this one ends it
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])  # which nodes of the driver's machine block
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
        listener.bind(str(address))
        listener.listen()
        selector.register(listener, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        stages: dict[int, tuple[socket.socket, int]] = {}  # pidfd -> client, pid
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    for _, pid in stages.values():
                        _kill(pid)
                    return
                if key.fileobj is listener:
                    client, _ = listener.accept()
                    _start(client, listener, selector, stages)
                elif key.data == "stage":
                    client, pid = stages.pop(key.fd)
                    selector.unregister(key.fileobj)
                    os.close(key.fd)
                    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    with suppress(OSError):
                        client.sendall(f"{code}\n".encode())
                    with suppress(KeyError, ValueError):
                        selector.unregister(client)
                    client.close()
                else:  # a client that was killed: its stage must not go on
                    selector.unregister(key.fileobj)
                    _kill(key.data)


def _start(
    client: socket.socket,
    listener: socket.socket,
    selector: selectors.BaseSelector,
    stages: dict[int, tuple[socket.socket, int]],
) -> None:
    try:
        text, streams, _, _ = socket.recv_fds(client, LARGEST, 3)
        while not text.endswith(b"\n"):
            more = client.recv(LARGEST)
            if not more:
                raise ValueError("cut short")
            text += more
        request = json.loads(text)
    except (OSError, ValueError):
        client.close()
        return
    pid = os.fork()
    if pid == 0:
        listener.close()
        client.close()
        _run(request, streams)
    for stream in streams:
        os.close(stream)
    with suppress(OSError):
        os.setpgid(pid, pid)  # here and in the child: whichever comes first
    handle = os.pidfd_open(pid)
    stages[handle] = (client, pid)
    selector.register(handle, selectors.EVENT_READ, "stage")
    selector.register(client, selectors.EVENT_READ, pid)
    with suppress(OSError):
        client.sendall(f"{pid}\n".encode())


def _run(request: dict[str, object], streams: list[int]) -> NoReturn:
    """In the fork: becomes the stage."""
    code = 1
    try:
        with suppress(OSError):
            os.setpgid(0, 0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        for target, stream in enumerate(streams):
            os.dup2(stream, target)
            os.close(stream)
        environment = request["environment"]
        os.environ.clear()
        os.environ.update(environment)
        os.environ.pop(VARIABLE, None)
        os.chdir(request["folder"])
        module, *arguments = request["command"]
        sys.argv = [module, *arguments]
        # as `python -m` has it, and PYTHONPATH before what this process was started with
        sys.path[0] = os.getcwd()
        sys.path[1:1] = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
        for name in [name for name in sys.modules if name.split(".")[0] == "reprise"]:
            del sys.modules[name]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
