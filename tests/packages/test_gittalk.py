from __future__ import annotations

import subprocess
import sys

import pytest

from belay.exceptions import FetchError
from belay.packages.gittalk import Conversation, GitLimits, is_progress


def listen(code: str, limits: GitLimits | None = None) -> tuple[bytes, str, int]:
    process = subprocess.Popen(
        [sys.executable, "-IS", "-c", f"import sys\n{code}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        return Conversation(process, "https://example.com/r", limits or GitLimits()).listen()
    finally:
        process.kill()
        process.wait()


def test_answer_errors_and_exit_code_are_told_apart() -> None:
    said = listen("sys.stdout.write('yes'); sys.stderr.write('no'); sys.exit(3)")
    assert said == (b"yes", "no", 3)
    assert listen("pass") == (b"", "", 0)


def test_of_much_that_is_said_the_end_is_kept() -> None:
    code = "for n in range(9000): sys.stderr.write(f'Receiving objects: {n}%\\r')\n"
    code += "sys.stderr.write('fatal: it broke')"
    _, said, _ = listen(code)
    assert len(said) < 70_000
    assert said.endswith("fatal: it broke")


def test_a_fetch_that_grows_too_large_is_given_up() -> None:
    line = "Receiving objects: 10% (1/10), 3.00 MiB | 1.00 MiB/s\\n"
    code = f"import time; sys.stderr.write('{line}'); sys.stderr.flush(); time.sleep(600)"
    with pytest.raises(FetchError, match="larger than 2 MiB") as caught:
        listen(code, GitLimits(received=2 << 20))
    assert (caught.value.url, caught.value.kind) == ("git+https://example.com/r", "too-large")


def test_progress_is_no_message() -> None:
    assert is_progress(b"Receiving objects:  12% (1/8)")
    assert is_progress(b"remote: Counting objects: 8, done.")
    assert not is_progress(b"fatal: not found")
