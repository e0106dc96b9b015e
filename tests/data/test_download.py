"""What servers may not do: send without end, announce nonsense, lead away from the web, write to the terminal."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reprise.data import download, fetch
from reprise.data.fetch import SETS, FetchError, Source

CONTENT = bytes(range(256)) * 400
MD5 = hashlib.md5(CONTENT).hexdigest()
OK = b"HTTP/1.0 200 OK\r\n"
Answer = bytes | Callable[[socket.socket], None]


class Raw:
    """Answers on loopback with the very bytes that a path is given, headers and all, and keeps the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(4096)
                self.requests.append(head.decode("latin-1"))
                answer = self.answers[head.split()[1].decode().strip("/")]
                answer(connection) if callable(answer) else connection.sendall(answer)

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/{name}"

    def sets(self, *names: str, size: int | None = None) -> dict[str, tuple[Source, ...]]:
        return {"toy": (Source(tuple(map(self.address, names)), MD5, archive=False, size=size),)}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Raw]:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(download, "BLOCK", 4096)
    server = Raw()
    server.answers["right"] = OK + b"Content-Length: %d\r\n\r\n" % len(CONTENT) + CONTENT
    yield server
    server.listener.shutdown(socket.SHUT_RDWR)
    server.listener.close()
    server.thread.join(5)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


class Endless:
    """A body that never ends; it counts what was taken."""

    def __init__(self, head: bytes = OK + b"\r\n") -> None:
        self.head, self.sent = head, 0

    def __call__(self, connection: socket.socket) -> None:
        connection.sendall(self.head)
        while True:
            connection.sendall(b"x" * 65536)
            self.sent += 65536


def test_an_endless_body_is_stopped_at_the_known_size_and_the_mirror_is_tried(server: Raw, tmp_path: Path) -> None:
    server.answers["endless"] = endless = Endless()
    fetch.fetch("toy", tmp_path, sets=server.sets("endless", "right", size=len(CONTENT)))
    assert (tmp_path / "toy/endless").read_bytes() == CONTENT
    assert endless.sent < 30_000_000  # what the two sockets hold
    with pytest.raises(FetchError, match=r"sends more than the 102,400 bytes .* stopped and removed"):
        fetch.fetch("toy", tmp_path / "alone", sets=server.sets("endless", size=len(CONTENT)))
    assert files(tmp_path / "alone") == []


def test_where_no_size_is_known_a_body_ends_at_the_largest(
    server: Raw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "LARGEST", 50_000)
    server.answers["endless"] = Endless()
    with pytest.raises(FetchError, match="more than the 50,000 bytes"):
        fetch.fetch("toy", tmp_path, sets=server.sets("endless"))
    assert files(tmp_path) == []


def test_a_resumed_body_counts_what_was_there(server: Raw, tmp_path: Path) -> None:
    (tmp_path / "toy/.download").mkdir(parents=True)
    (tmp_path / "toy/.download/endless.part").write_bytes(CONTENT[:100_000])
    server.answers["endless"] = Endless(b"HTTP/1.0 206 P\r\nContent-Range: bytes 100000-102399/102400\r\n\r\n")
    with pytest.raises(FetchError, match="more than the 102,400 bytes"):
        fetch.fetch("toy", tmp_path, sets=server.sets("endless", size=len(CONTENT)))
    assert files(tmp_path) == []


def test_what_lies_there_and_is_longer_than_the_file_is_begun_again(server: Raw, tmp_path: Path) -> None:
    (tmp_path / "toy/.download").mkdir(parents=True)
    (tmp_path / "toy/.download/right.part").write_bytes(CONTENT + b"more")
    fetch.fetch("toy", tmp_path, sets=server.sets("right", size=len(CONTENT)))
    assert "Range" not in server.requests[0]
    assert (tmp_path / "toy/right").read_bytes() == CONTENT


def test_another_size_is_refused_before_it_comes(server: Raw, tmp_path: Path) -> None:
    server.answers["large"] = endless = Endless(OK + b"Content-Length: 99999999999\r\n\r\n")
    with pytest.raises(FetchError, match="announces 99,999,999,999 bytes; the file has 102,400"):
        fetch.fetch("toy", tmp_path, sets=server.sets("large", size=len(CONTENT)))
    assert endless.sent < 30_000_000


@pytest.mark.parametrize("length", [b"abc", b"-5", b"1e3", b"0x10", b"", "²".encode(), b"9" * 5000, b"\x1b[2J"])
def test_a_length_that_is_none_is_named_and_the_mirror_is_tried(server: Raw, tmp_path: Path, length: bytes) -> None:
    server.answers["odd"] = OK + b"Content-Length: " + length + b"\r\n\r\n" + CONTENT
    fetch.fetch("toy", tmp_path, sets=server.sets("odd", "right"))
    assert (tmp_path / "toy/odd").read_bytes() == CONTENT
    with pytest.raises(FetchError, match="Content-Length of '") as error:
        fetch.fetch("toy", tmp_path / "alone", sets=server.sets("odd"))
    assert str(error.value).isprintable()


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/x", "file:///etc/passwd", "data:,x", "FTP://h/x", "gopher://h/"])
def test_a_redirect_away_from_the_web_is_refused(server: Raw, tmp_path: Path, target: str, monkeypatch) -> None:
    ports, real = [], socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *rest: ports.append(port) or real(host, port, *rest))
    server.answers["away"] = f"HTTP/1.0 302 Found\r\nLocation: {target}\r\n\r\n".encode()
    with pytest.raises(FetchError, match=r"could not be fetched.*http"):
        fetch.fetch("toy", tmp_path, sets=server.sets("away"))
    assert files(tmp_path) == []
    assert 21 not in ports  # no ftp server was looked for
    fetch.fetch("toy", tmp_path, sets=server.sets("away", "right"))


def test_a_redirect_on_the_web_is_followed(server: Raw, tmp_path: Path) -> None:
    server.answers["moved"] = b"HTTP/1.0 302 Found\r\nLocation: /right\r\n\r\n"
    fetch.fetch("toy", tmp_path, sets=server.sets("moved"))
    assert (tmp_path / "toy/moved").read_bytes() == CONTENT


ESCAPES = b"\x1b]0;owned\x07\x1b[2J\x9b1mred"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 404 " + ESCAPES + b"\r\n\r\n",
        b"HTTP/1.0 302 F\r\nLocation: ftp://" + ESCAPES + b"/\r\n\r\n",
        b"HTTP/1.0 302 F\r\nLocation: http://[" + ESCAPES + b"\r\n\r\n",
        ESCAPES + b"\r\n\r\n",
        b"",
    ],
)
def test_bytes_of_a_server_never_reach_the_terminal_raw(server: Raw, tmp_path: Path, answer: bytes) -> None:
    server.answers["rude"] = answer
    with pytest.raises(FetchError) as error:
        fetch.fetch("toy", tmp_path, sets=server.sets("rude"))
    assert str(error.value).isprintable()
    assert re.search(r"rude: .", str(error.value))
    fetch.fetch("toy", tmp_path, sets=server.sets("rude", "right"))


@pytest.mark.parametrize("name", ["../\x1b[2J", "a\u202egpj.exe", "\x1b]0;x\x07"])
def test_names_inside_an_archive_never_reach_the_terminal_raw(server: Raw, tmp_path: Path, name: str) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for kind in (tarfile.REGTYPE, tarfile.SYMTYPE):
            info = tarfile.TarInfo(name)
            info.type = kind
            archive.addfile(info)
    body = stream.getvalue()
    server.answers["toy.tar"] = OK + b"\r\n" + body
    sets = {"toy": (Source((server.address("toy.tar"),), hashlib.md5(body).hexdigest()),)}
    with pytest.raises(FetchError, match="refused and removed") as error:
        fetch.fetch("toy", tmp_path, sets=sets)
    assert str(error.value).isprintable()


def test_errors_reach_the_terminal_printable(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    from reprise import cli

    def fail() -> None:
        raise ValueError("pictures: \x1b[2J.png\nanother line")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit):
        cli.main()
    assert capsys.readouterr().err == "reprise: pictures: \\x1b[2J.png\nanother line\n"


def test_every_official_file_has_a_size() -> None:
    sources = [source for part in SETS.values() for source in part]
    assert all(source.size and 1000 < source.size < fetch.LARGEST for source in sources)
