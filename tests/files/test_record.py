from __future__ import annotations

import json

import pytest

from belay.exceptions import FilesError
from belay.files.record import Record

DATA = b'{"belay":1,"put":[{"by":"mip","top":"/lib","paths":["a.py"],"version":"1.0"}]}'


def test_it_reads_what_it_wrote() -> None:
    record = Record().with_paths("sync", "/", ["lib/", "lib/\u00fc b.py", 'quo"te\\'])
    assert Record.read(record.write()) == record
    assert record.paths("sync", "/") == {"lib/", "lib/\u00fc b.py", 'quo"te\\'}
    assert record.paths("sync", "/lib") == record.paths("mip", "/") == frozenset()


def test_what_it_does_not_know_stays() -> None:
    record = Record.read(DATA).with_paths("sync", "/", ["x"])
    whole = json.loads(record.write())
    assert whole["put"][0] == json.loads(DATA)["put"][0]
    assert whole["put"][1] == {"by": "sync", "top": "/", "paths": ["x"]}


def test_nothing_is_not_written_down() -> None:
    assert Record.read(DATA).with_paths("mip", "/lib", []) == Record()
    assert Record().with_paths("sync", "/", ()).write() == b'{"belay":1,"put":[]}'


def test_none_is_empty() -> None:
    assert Record.read(b"") == Record()


@pytest.mark.parametrize(
    "data",
    [
        DATA[:-1],
        DATA[:20] + b"\xff" + DATA[21:],
        b"\0" * 50,
        b"[]",
        b"{}",
        b'{"belay":1}',
        b'{"belay":1,"put":{}}'[:-1] + b',"put":5}',
        b'{"belay":1,"put":[{"by":1,"top":"/","paths":[]}]}',
        b'{"belay":1,"put":[{"by":"a","top":"/","paths":"abc"}]}',
        b'{"belay":1,"put":[{"by":"a","top":"/","paths":[1]}]}',
        b'{"belay":1,"put":["a"]}',
        b"[" * 100_000,
    ],
    ids=range(12),
)
def test_a_damaged_one(data: bytes) -> None:
    assert Record.read(data) == Record(damaged=True)


@pytest.mark.parametrize("version", ["2", '"1.5"'])
def test_a_newer_one_is_not_touched(version: str) -> None:
    with pytest.raises(FilesError, match="newer belay") as caught:
        Record.read(b'{"belay":%b,"put":{"other":"shape"}}' % version.encode())
    assert "update belay" in str(caught.value.advice)
