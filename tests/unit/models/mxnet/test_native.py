"""The process that runs MXNet, with scripts that stand in for it."""

import logging
import re
from pathlib import Path

import numpy as np
import pytest

from fixtures.mxnet_workers import READY, REQUEST, stand_in
from visitord.core.errors import ModelError
from visitord.models.mxnet.native import Native

CROPS = np.random.default_rng(2).integers(0, 256, (3, 112, 112, 3), dtype=np.uint8)
FAIL_ONCE = """
if not os.path.exists(mark):
    open(mark, "w")
    sys.exit(5)
out.write(struct.pack("<cIff", b"E", 8, 1, 2))
out.flush()
"""
AS_PYTHON = """
sys.path.insert(0, os.getcwd())
sys.argv = sys.argv[2:]
exec(open(sys.argv[0]).read())
"""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("sys.exit(3)", "it ended with 3"),
        ("os.kill(os.getpid(), 11)", "it ended with -11"),
        ('print("Python 2.7")', "an answer that makes no sense"),
        (AS_PYTHON, "libcudnn.so.7"),
    ],
)
def test_mxnet_that_does_not_start_says_why_and_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    (tmp_path / "mxnet.py").write_text(
        'raise OSError("libcudnn.so.7: cannot open shared object file")'
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ModelError, match=rf"^MXNet under .* failed: .*{re.escape(said)}.*; it needs mxnet 1\.9\.1 "
    ):
        Native(stand_in(tmp_path, code), ["symbol", "params", "fc1", "cpu"])


def test_a_worker_that_died_is_started_anew_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Native(stand_in(tmp_path, f'mark = "{tmp_path}/mark"{READY}{REQUEST}{FAIL_ONCE}'), [])
    with caplog.at_level(logging.WARNING):
        assert worker.embed(CROPS[:1]).tolist() == [1, 2]
    assert "it ended with 5.  It is started anew." in caplog.text
    worker.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("sys.exit(6)", "it ended with 6"),
        ("time.sleep(60)", "no answer in 0.5 s"),
        ('out.write(b"Z\\0\\0\\0\\0"); out.flush()', "an answer that makes no sense"),
        ('out.write(b"E\\0\\1\\0\\0cut"); out.flush()', "an answer that makes no sense"),
        ('out.write(b"X\\4\\0\\0\\0oops"); out.flush()', "failed: oops"),
    ],
)
def test_a_worker_that_fails_again_is_an_error(tmp_path: Path, code: str, said: str) -> None:
    counted = f'print("start", file=open("{tmp_path}/starts", "a"))\n'
    worker = Native(
        stand_in(tmp_path, counted + READY + REQUEST + code),
        [],
        answer_s=0.5 if "sleep" in code else 60,
    )
    for starts in (2, 3):  # and who asks again all the same gets the same answer
        with pytest.raises(ModelError, match=said):
            worker.embed(CROPS)
        assert (tmp_path / "starts").read_text().count("start") == starts


def test_a_worker_that_takes_no_crops_does_not_hold_the_daemon_up(tmp_path: Path) -> None:
    """The pipe is full long before so many crops are in it."""
    worker = Native(stand_in(tmp_path, READY + "time.sleep(60)"), [], answer_s=0.5)
    with pytest.raises(ModelError, match=r"no answer in 0\.5 s"):
        worker.embed(CROPS.repeat(20, axis=0))
