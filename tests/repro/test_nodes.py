"""What stages ask of nodes, the files that nodes get, the order of locks, and the folder of a run that was killed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from dvc.config import Config
from dvc.config_schema import REMOTE_SCHEMAS

from reprise.repro import bundle
from reprise.repro.arranging import unordered
from reprise.repro.graph import Stage
from reprise.repro.resources import amounts, fits, needs, offered, stays
from reprise.repro.scratch import scratch

TRAIN = "python -m reprise.stages.train rotation baseline"


def asked(meta: object = None, command: str = TRAIN, timings: dict | None = None) -> dict[str, float]:
    return needs(Stage("a", name="a", command=command, meta=meta), timings or {})


def test_what_is_stated_comes_before_what_its_kind_needs_and_what_it_last_took():
    peaks = {"train rotation baseline": {"seconds": 9.0, "peak_mib": 400.0}}
    assert asked() == {"GPU": 1}
    assert asked(command="python -m reprise.stages.evaluate rotation") == {}
    assert asked(timings=peaks) == {"GPU": 1, "memory": 500 * 2**20}
    assert asked({"resources": {"GPU": 0, "memory": "4 GB", "disk": 2.5}}, timings=peaks) == {
        "memory": 4e9,
        "disk": 2.5,
    }
    assert asked({"resources": {"memory": "1.5GiB"}})["memory"] == 1.5 * 2**30


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (3, "meta.resources: found 3, expected a mapping"),
        ({"memory": "much"}, "meta.resources.memory: found 'much', expected a number, or a size as 512 MiB or 4 GB"),
        ({"GPU": True}, "meta.resources.GPU: found True"),
        ({"GPU": -1}, "meta.resources.GPU: found -1"),
        ({"GPU": float("nan")}, "meta.resources.GPU: found nan"),
        ({"memory": "9" * 5000 + " GB"}, "meta.resources.memory: found '9999"),
    ],
)
def test_an_amount_that_is_none_is_named_with_its_stage(stated, said):
    with pytest.raises(ValueError, match=r"dvc\.yaml: stage a: ") as found:
        asked({"resources": stated})
    assert said in str(found.value)


def test_a_stage_stays_where_it_says_so_and_nothing_else_is_taken_for_it():
    assert [stays(Stage("a", name="a", meta=meta)) for meta in (None, 3, {}, {"here": False}, {"here": True})] == [
        False, False, False, False, True
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"dvc\.yaml: stage a: meta\.here: found 'yes', expected true or false"):
        stays(Stage("a", name="a", meta={"here": "yes"}))


def test_what_no_node_says_anything_about_is_not_asked_for():
    needed = {"GPU": 1.0, "memory": 4e9}
    assert offered(needed, []) == {}
    assert offered(needed, [{}, {"memory": 1e9}]) == {"memory": 4e9}
    assert fits({}, {})
    assert not fits({"memory": 4e9}, {"memory": 1e9})
    assert not fits({"GPU": 1}, {"memory": 1e9})
    assert fits(needed, {"GPU": 2, "memory": 4e9})


def test_memory_is_said_in_gigabytes():
    assert amounts({"GPU": 1.0, "memory": 1e12}) == "GPU 1, memory 1000 GB"
    assert amounts({"memory": 3.5e6 * 1000}) == "memory 3.5 GB"


@pytest.fixture
def repository(tmp_path) -> Path:
    folder = tmp_path / "repository"
    (folder / "in side").mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    (folder / ".gitignore").write_text("*.bin\n")
    for name in ("tracked.txt", "in side/-rf \n.txt", "big.bin", "gone.txt"):
        (folder / name).write_text(name)
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    (folder / "gone.txt").unlink()
    (folder / "new.txt").write_text("not yet tracked")
    return folder


def test_a_checkout_holds_what_git_knows_and_follows_it(repository, tmp_path):
    names = bundle.names_of(repository)
    assert names == [".gitignore", "in side/-rf \n.txt", "new.txt", "tracked.txt"]
    node = tmp_path / "node"
    bundle.unpack(bundle.pack(repository, names), node)
    found = {path.relative_to(node).as_posix() for path in node.rglob("*") if path.is_file()} - {bundle.MANIFEST}
    assert found == set(names)
    (node / "made.here").write_text("by a stage")
    (repository / "new.txt").unlink()
    (repository / "tracked.txt").write_text("edited")
    bundle.unpack(bundle.pack(repository, bundle.names_of(repository)), node)
    assert not (node / "new.txt").exists()
    assert (node / "tracked.txt").read_text() == "edited"
    assert (node / "made.here").exists()


def test_a_link_comes_as_git_has_it_and_one_that_leads_out_is_named(repository, tmp_path):
    (repository / "in side" / "link").symlink_to("../tracked.txt")
    node = tmp_path / "node"
    bundle.unpack(bundle.pack(repository, bundle.names_of(repository)), node)
    assert (node / "in side" / "link").readlink() == Path("../tracked.txt")
    (repository / "tracked.txt").write_text("edited")
    (repository / "in side" / "link").unlink()
    (repository / "in side" / "link").write_text("a file now")
    bundle.unpack(bundle.pack(repository, bundle.names_of(repository)), node)
    assert (node / "in side" / "link").read_text() == "a file now"
    assert (node / "tracked.txt").read_text() == "edited"
    for target in (repository / "tracked.txt", "../../elsewhere"):
        (repository / "out").symlink_to(target)
        with pytest.raises(ValueError, match=r"^out: a symbolic link to .*make it relative.*or have git ignore it"):
            bundle.names_of(repository)
        (repository / "out").unlink()


def remote_of(root: Path, node: Path, **settings: str) -> dict:
    """What DVC reads on a node of a remote with such settings."""
    dvc_config = Config(str(root / ".dvc"))
    with dvc_config.edit("local") as edited:
        edited["core"]["remote"] = "store"
        edited["remote"] = {"store": settings}
    (node / ".dvc").mkdir(parents=True, exist_ok=True)
    (node / ".dvc" / "config.local").write_text(bundle.remote_config(root))
    read = Config(str(node / ".dvc"))
    assert read["core"]["remote"] == "store"
    assert read["core"]["no_scm"]
    return read["remote"]["store"]


@pytest.mark.parametrize("url", ["/tmp/store#1", "/tmp/a, b", "/tmp/it's [here]", "s3://bucket/a b#c"])
def test_a_node_reads_the_remote_s_address_as_it_stands_here(tmp_path, url):
    (tmp_path / ".dvc").mkdir()
    assert remote_of(tmp_path, tmp_path / "node", url=url)["url"] == url


def test_a_remote_s_settings_are_sent_and_no_credentials(tmp_path):
    (tmp_path / ".dvc").mkdir()
    found = remote_of(
        tmp_path,
        tmp_path / "node",
        url="s3://bucket/store",
        endpointurl="https://me:hidden@minio:9000",
        region="eu",
        use_ssl="false",
        access_key_id="hidden",
        secret_access_key="hidden",
        session_token="hidden",
        credentialpath="/hidden",
    )
    assert (found["endpointurl"], found["region"], found["use_ssl"]) == ("https://minio:9000", "eu", False)
    assert "hidden" not in (tmp_path / "node" / ".dvc" / "config.local").read_text()
    found = remote_of(tmp_path, tmp_path / "node", url="ssh://me:hidden@host:22/store", keyfile="/hidden", port="23")
    assert {key: found[key] for key in ("url", "user", "port")} == {
        "url": "ssh://host:22/store", "user": "me", "port": 23
    }  # fmt: skip
    assert "hidden" not in (tmp_path / "node" / ".dvc" / "config.local").read_text()
    assert remote_of(tmp_path, tmp_path / "node", url="https://me:hidden@host/a")["url"] == "https://host/a"


def test_no_setting_of_dvc_that_holds_a_secret_is_sent():
    settings = {str(key) for schema in REMOTE_SCHEMAS.values() for key in schema}
    assert {key for key in settings if not bundle.SECRET.match(key)} >= {
        "url", "endpointurl", "region", "profile", "user", "account_name", "exclude_environment_credential", "jobs"
    }  # fmt: skip
    assert {key for key in settings if bundle.SECRET.match(key)} >= {
        "password", "passphrase", "access_key_id", "secret_access_key", "session_token", "token", "connection_string",
        "sas_token", "account_key", "client_secret", "keyfile", "sse_customer_key", "oss_key_id", "oss_key_secret",
        "gdrive_client_secret", "gdrive_user_credentials_file", "gdrive_service_account_json_file_path", "kerb_ticket",
        "bearer_token_command", "key_path", "cert_path", "credentialpath", "configpath",
    }  # fmt: skip


def test_without_git_there_is_a_plain_error(tmp_path):
    with pytest.raises(ValueError, match="nodes get the files that git knows, and git says: fatal: not a git"):
        bundle.names_of(tmp_path)


def test_a_lock_whose_entries_stand_as_stages_ended_is_noticed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    known = [Stage(name, name=name) for name in ("a", "many@b", "many@a", "z")]
    plan = SimpleNamespace(known=known, wanted={stage.address: stage for stage in known})
    lock = Path("dvc.lock")
    assert unordered(plan) == ""
    entry = "    cmd: x\n    deps:\n    - path: a\n"
    lock.write_text("schema: '2.0'\nstages:\n" + "".join(f"  {name}:\n{entry}" for name in ("a", "many@b", "z")))
    assert unordered(plan) == ""
    lock.write_text("schema: '2.0'\nstages:\n" + "".join(f"  {name}:\n{entry}" for name in ("many@b", "a", "z")))
    assert json.loads(unordered(plan)) == {"dvc.lock": ["a", "many@b", "many@a", "z"]}
    lock.write_text(
        "schema: '2.0'\nstages:\n" + "".join(f"  {name}:\n{entry}" for name in ("a", "gone", "many@b", "z"))
    )
    assert unordered(plan) == ""


@pytest.mark.parametrize("target", [(), ("first",)])
def test_killed_before_it_sorted_its_lock_the_next_run_does_so_though_nothing_is_to_do(toy, target):
    toy.write(*(toy.stage(name) for name in ("first", "second", "third")))
    assert toy.start().wait(300) == 0
    whole = (toy.folder / "dvc.lock").read_text()
    head, *entries = re.split(r"^(?=  \w)", whole, flags=re.MULTILINE)
    (toy.folder / "dvc.lock").write_text(head + "".join(reversed(entries)))
    again = toy.start(*target)
    said = again.communicate(timeout=300)[1]
    assert "up to date" in said
    assert (toy.folder / "dvc.lock").read_text() == whole
    assert len(toy.spans()) == 3  # none ran again


def test_the_folder_of_a_killed_run_goes_with_the_next_and_that_of_a_living_one_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = (
        "import os, sys, time; from reprise.repro.scratch import scratch\n"
        "with scratch() as folder:\n (folder / 'file').touch(); print(folder, flush=True); time.sleep(600)"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    left = Path(process.stdout.readline().strip())
    with scratch() as mine:
        assert left.is_dir()
        process.kill()
        process.communicate()
        with scratch():
            assert not left.exists()
            assert mine.is_dir()
    assert list(tmp_path.iterdir()) == []
