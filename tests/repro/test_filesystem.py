"""dvc.lock and rwlock are whole or as before, whatever becomes of whoever writes them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from reprise.repro.filesystem import WHOLE, WholeFiles

KILLED = """
import os, signal, sys
from reprise.repro.filesystem import WholeFiles
with WholeFiles(sys.argv[1]).open(sys.argv[2], "w+", encoding="utf-8") as stream:
    stream.write("half of it")
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(params=WHOLE)
def file(request, tmp_path):
    (tmp_path / "tmp").mkdir()
    path = tmp_path / request.param
    path.write_text("before")
    path.chmod(0o640)
    return path


def files(path) -> WholeFiles:
    return WholeFiles(str(path.parent / "tmp"))


def test_it_is_replaced_in_one_step_and_keeps_its_permissions(file):
    with files(file).open(str(file), "w", encoding="utf-8") as stream:
        stream.write("äfter")
        assert file.read_text() == "before"
    assert file.read_text(encoding="utf-8") == "äfter"
    assert os.stat(file).st_mode & 0o777 == 0o640
    assert list((file.parent / "tmp").iterdir()) == []


def test_a_kill_in_the_middle_leaves_what_was_there(file):
    done = subprocess.run([sys.executable, "-c", KILLED, str(file.parent / "tmp"), str(file)])
    assert done.returncode == -signal.SIGKILL
    assert file.read_text() == "before"
    with files(file).open(str(file), "w") as stream:  # what is left of it is in nobody's way
        stream.write("after")
    assert file.read_text() == "after"


def test_an_error_in_the_middle_leaves_what_was_there(file):
    def write() -> None:
        with files(file).open(str(file), "w") as stream:
            stream.write("half of it")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write()
    assert file.read_text() == "before"
    assert list((file.parent / "tmp").iterdir()) == []


def test_a_first_one_is_an_ordinary_file_and_a_link_stays_a_link(file, tmp_path):
    file.unlink()
    with files(file).open(str(file), "w") as stream:
        stream.write("first")
    umask = os.umask(0)
    os.umask(umask)
    assert os.stat(file).st_mode & 0o777 == 0o666 & ~umask
    real = tmp_path / "real"
    file.rename(real)
    file.symlink_to(real)
    with files(file).open(str(file), "w") as stream:
        stream.write("second")
    assert file.is_symlink()
    assert real.read_text() == "second"


def test_other_files_are_written_as_ever(tmp_path):
    whole = WholeFiles(str(tmp_path / "none"))
    with whole.open(str(tmp_path / "params.yaml"), "w", encoding="utf-8") as stream:
        stream.write("x")
    with whole.open(str(tmp_path / "params.yaml"), encoding="utf-8") as stream:
        assert stream.read() == "x"
