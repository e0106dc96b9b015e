"""One file over HTTP: resumed after a cut, never longer than it should be, from http and https addresses alone."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.client import HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO

BLOCK = 1 << 20
TIMEOUT = 60  # seconds without a byte


class FetchError(ValueError):
    """A download failed or was refused."""


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to the web and to nothing else: urllib would go to an ftp server too."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if urllib.parse.urlsplit(newurl).scheme not in ("http", "https"):
            raise FetchError(f"redirects to {newurl!r}, which is no http address; refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(request: urllib.request.Request) -> HTTPResponse:
    """Opens a web address: no handler for files, ftp or data is there."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.UnknownHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        _WebOnly,
    ):
        opener.add_handler(handler())
    return opener.open(request, timeout=TIMEOUT)


def resume(address: str, part: Path, largest: int, size: int | None, report: Callable[[int, int], None]) -> None:
    """Appends what is missing of a file.

    Args:
        address: http or https.
        part: what has come so far; removed where it turns out to be longer than the file.
        largest: bytes beyond which it cannot be the file.
        size: bytes of the file, where they are known.
        report: called with the bytes that have come and their total, 0 where it is not known.

    Raises:
        FetchError: the connection ended early, or the answer is not the file's.
        OSError: no connection, or an error status.
    """
    have = part.stat().st_size if part.is_file() else 0
    if have > (size or largest):
        part.unlink()
        have = 0
    request = urllib.request.Request(address, headers={"User-Agent": "reprise", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = _open(request)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing after what is there: complete, or longer than the file; its sum will tell
            return
        raise
    with response:
        if response.status != 206:  # the server sends everything again
            have = 0
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise FetchError(f"sent {response.headers.get('Content-Range')!r} when asked for bytes from {have} on")
        total = have + _length(response.headers.get("Content-Length"))
        if size and total not in (have, size):
            raise FetchError(f"announces {total:,} bytes; the file has {size:,}")
        total = size or (total if total > have else 0)
        with part.open("ab" if have else "wb") as stream:
            while block := response.read(BLOCK):
                have += len(block)
                if have > (total or largest):
                    break
                stream.write(block)
                report(have, total)
    if have > (total or largest):
        part.unlink()
        raise FetchError(f"sends more than the {total or largest:,} bytes that the file can have; stopped and removed")
    if have < total:
        raise FetchError(f"cut off after {have:,} of {total:,} bytes; run the same command again to go on from there")


def _length(header: str | None) -> int:
    """Bytes that are announced; 0 where none are."""
    if header is None:
        return 0
    if not (header.isascii() and header.isdigit() and len(header) <= 18):
        raise FetchError(f"announces a Content-Length of {header!r}")
    return int(header)
