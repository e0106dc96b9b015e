"""Fetching: resumes after a cut, insists on sums, unpacks nothing that leaves its folder, leaves nothing behind."""

import hashlib
import io
import re
import stat
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from reprise.data import fetch as module
from reprise.data.fetch import SETS, FetchError, Source, fetch

CONTENT = bytes(range(256)) * 400


class Server:
    """Serves ``files`` on loopback and notes the ranges asked for; cuts the first answers after ``cut`` bytes."""

    def __init__(self):
        self.files, self.ranges, self.cut, self.honour_ranges = {}, [], 0, True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = outer.files.get(self.path.strip("/"))
                wanted = self.headers.get("Range")
                outer.ranges.append(wanted)
                if body is None:
                    self.send_error(404)
                    return
                start = 0
                if wanted and outer.honour_ranges:
                    start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
                    if start >= len(body):
                        self.send_error(416)
                        return
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                else:
                    self.send_response(200)
                self.send_header("Content-Length", str(len(body) - start))
                self.end_headers()
                end = start + outer.cut if outer.cut else len(body)
                self.wfile.write(body[start:end])

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def address(self, name):
        return f"http://127.0.0.1:{self.http.server_port}/{name}"

    def sets(self, name, body, md5=None, archive=True, members=()):
        self.files[name] = body
        md5 = md5 or hashlib.md5(body).hexdigest()
        return {"toy": (Source((self.address(name),), md5, archive, members),)}


@pytest.fixture
def server(monkeypatch):
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(module, "BLOCK", 4096)
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()
    server.thread.join()


def tar(*members):
    """An archive of (TarInfo or name, content)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for info, content in members:
            info = tarfile.TarInfo(info) if isinstance(info, str) else info
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def typed(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zipped(*members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for info, content in members:
            archive.writestr(info, content)
    return stream.getvalue()


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("make", [tar, zipped])
def test_an_archive_is_unpacked_and_removed(server, tmp_path, make):
    sets = server.sets("toy.archive", make(("batches/a", CONTENT), ("batches/deep/b", b"b")))
    assert "2 files" in fetch("toy", tmp_path, sets=sets)
    assert files(tmp_path / "toy") == ["batches", "batches/a", "batches/deep", "batches/deep/b"]
    assert (tmp_path / "toy/batches/a").read_bytes() == CONTENT


def test_files_that_stand_beside_stay(server, tmp_path):
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy/README.md").write_text("a note")
    fetch("toy", tmp_path, sets=server.sets("a.gz", CONTENT, archive=False))
    assert files(tmp_path / "toy") == ["README.md", "a.gz"]
    with pytest.raises(FetchError):
        fetch("toy", tmp_path, sets=server.sets("b.gz", CONTENT, md5="0" * 32, archive=False))
    assert files(tmp_path / "toy") == ["README.md", "a.gz"]


def test_what_is_in_place_is_not_fetched_again(server, tmp_path):
    members = (("d/a", hashlib.md5(CONTENT).hexdigest()),)
    sets = server.sets("toy.tar.gz", tar(("d/a", CONTENT)), members=members)
    fetch("toy", tmp_path, sets=sets)
    assert "complete" in fetch("toy", tmp_path, sets=sets)
    assert len(server.ranges) == 1
    (tmp_path / "toy/d/a").write_bytes(b"spoilt")
    fetch("toy", tmp_path, sets=sets)
    assert (tmp_path / "toy/d/a").read_bytes() == CONTENT


def test_a_cut_download_goes_on_where_it_was_cut(server, tmp_path):
    sets = server.sets("a.gz", CONTENT, archive=False)
    server.cut = 40_000
    with pytest.raises(FetchError, match=r"cut off after 40,000 of 102,400 bytes; run the same command again"):
        fetch("toy", tmp_path, sets=sets)
    assert files(tmp_path / "toy") == [".download", ".download/a.gz.part"]
    with pytest.raises(FetchError, match="80,000"):
        fetch("toy", tmp_path, sets=sets)
    server.cut = 0
    fetch("toy", tmp_path, sets=sets)
    assert server.ranges == [None, "bytes=40000-", "bytes=80000-"]
    assert files(tmp_path / "toy") == ["a.gz"]
    assert (tmp_path / "toy/a.gz").read_bytes() == CONTENT


def test_a_server_without_ranges_starts_over(server, tmp_path):
    sets = server.sets("a.gz", CONTENT, archive=False)
    server.cut = 40_000
    with pytest.raises(FetchError):
        fetch("toy", tmp_path, sets=sets)
    server.cut, server.honour_ranges = 0, False
    fetch("toy", tmp_path, sets=sets)
    assert (tmp_path / "toy/a.gz").read_bytes() == CONTENT


@pytest.mark.parametrize("rest", [b"x" * 50, b"x" * len(CONTENT), b"x" * (len(CONTENT) + 7)])
def test_a_spoilt_rest_of_an_earlier_try_is_thrown_away(server, tmp_path, rest):
    sets = server.sets("a.gz", CONTENT, archive=False)
    (tmp_path / "toy/.download").mkdir(parents=True)
    (tmp_path / "toy/.download/a.gz.part").write_bytes(rest)
    fetch("toy", tmp_path, sets=sets)
    assert (tmp_path / "toy/a.gz").read_bytes() == CONTENT


def test_the_next_address_is_tried(server, tmp_path):
    server.files["right"], server.files["wrong"] = CONTENT, b"something else"
    addresses = tuple(server.address(name) for name in ("gone", "wrong", "right"))
    fetch("toy", tmp_path, sets={"toy": (Source(addresses, hashlib.md5(CONTENT).hexdigest(), archive=False),)})
    assert (tmp_path / "toy/gone").read_bytes() == CONTENT  # named after the first address


def test_a_wrong_sum_leaves_nothing_behind(server, tmp_path):
    sets = server.sets("toy.tar.gz", tar(("a", CONTENT)), md5="0" * 32)
    with pytest.raises(FetchError, match=r"toy.tar.gz could not be fetched; .* md5 is not 0000"):
        fetch("toy", tmp_path, sets=sets)
    assert files(tmp_path) == []


HOSTILE = {
    "climbs": tar(("good", CONTENT), ("../evil", b"x")),
    "climbs inside": tar(("a/../../evil", b"x")),
    "absolute": tar(("/tmp/evil", b"x")),
    "drive": zipped(("C:evil", b"x")),
    "symbolic link": tar(("good", CONTENT), (typed("link", tarfile.SYMTYPE, "/etc"), b"")),
    "hard link": tar((typed("link", tarfile.LNKTYPE, "../../evil"), b"")),
    "device": tar((typed("device", tarfile.CHRTYPE), b"")),
    "pipe": tar((typed("pipe", tarfile.FIFOTYPE), b"")),
    "zip climbs": zipped(("good", CONTENT), ("../evil", b"x")),
    "twice": tar(("a", b"x"), ("a", b"y")),
    "file as folder": tar(("a", b"x"), ("a/b", b"y")),
    "no archive": b"not an archive at all",
    "truncated": tar(("a", CONTENT * 20))[:-200],
}


def link_in_zip():
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped((info, b"/etc/passwd"))


@pytest.mark.parametrize("name", [*HOSTILE, "zip link"])
def test_hostile_archives_are_refused_and_leave_nothing_behind(server, tmp_path, name):
    body = link_in_zip() if name == "zip link" else HOSTILE[name]
    with pytest.raises(FetchError, match=r"toy\.archive is refused and removed"):
        fetch("toy", tmp_path / "raw", sets=server.sets("toy.archive", body))
    assert files(tmp_path / "raw") == []
    assert not (tmp_path / "evil").exists()


def test_an_archive_that_would_fill_the_disk_is_refused(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 1000)
    with pytest.raises(FetchError, match="unpacks to more than"):
        fetch("toy", tmp_path, sets=server.sets("toy.archive", tar(("a", b"0" * 1001))))
    assert files(tmp_path) == []


def test_no_server_is_an_error_that_says_so(tmp_path):
    sets = {"toy": (Source(("http://127.0.0.1:9/toy.gz",), "0" * 32),)}
    with pytest.raises(FetchError, match=r"127.0.0.1:9/toy.gz: .*refused"):
        fetch("toy", tmp_path, sets=sets)
    assert files(tmp_path) == []


def test_progress_is_shown_when_asked_for_alone(server, tmp_path, capsys):
    sets = server.sets("a.gz", CONTENT, archive=False)
    fetch("toy", tmp_path / "quiet", sets=sets)
    assert capsys.readouterr() == ("", "")
    fetch("toy", tmp_path / "loud", progress=True, sets=sets)
    assert "a.gz: 100%" in capsys.readouterr().err


def test_unknown_sets_are_named():
    with pytest.raises(FetchError, match="'imagenet'; known: cifar10, cifar100, mnist, emnist"):
        fetch("imagenet", "nowhere")


def test_every_official_address_has_a_sum():
    sources = [source for part in SETS.values() for source in part]
    assert len(sources) == 7
    for source in sources:
        assert re.fullmatch("[0-9a-f]{32}", source.md5)
        assert all(re.match(r"https?://.*/", address) for address in source.addresses)
        assert {address.rsplit("/", 1)[1] for address in source.addresses} == {source.name}
