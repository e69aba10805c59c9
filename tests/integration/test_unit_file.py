"""The unit file: systemd understands it, it leaves little to an attacker, and the service, its
database and its page run under what it forbids.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures import sandbox
from fixtures.films import Walk, film
from fixtures.paths import ROOT
from fixtures.programs import installed
from fixtures.waiting import PATIENCE_S, wait

UNIT = ROOT / "systemd" / "visitord.service"
EXPOSURE_MAX = 2.0  # of 10, as systemd counts
SERVICE_UID = 65534  # an account that owns nothing, where the tests run as root


@pytest.fixture(scope="module")
def analyze() -> Path:
    return installed("systemd-analyze", "systemd")


def told(*command: object) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_understands_every_line(analyze: Path, tmp_path: Path) -> None:
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/visitord/bin", f"{sys.prefix}/bin"))
    said = told(analyze, "verify", "--man=no", here)
    assert "visitord.service" not in said, said


def test_little_is_left_to_whoever_takes_the_service_over(analyze: Path) -> None:
    threshold = f"--threshold={EXPOSURE_MAX * 10:.0f}"
    told(analyze, "security", "--offline=true", threshold, UNIT)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("UMask", "0077"),
        ("StateDirectoryMode", "0700"),
        ("ProtectSystem", "strict"),
        ("DevicePolicy", "closed"),
        ("DeviceAllow", "char-video4linux rw"),
        ("LimitCORE", "0"),
        ("MemoryMax", "80%"),
    ],
)
def test_what_must_not_get_lost_is_there(key: str, value: str) -> None:
    assert (key, value) in sandbox.directives(UNIT)


def service_uid() -> int:
    """Another account than root's, where it can read this installation."""
    if os.geteuid() != 0:
        return os.geteuid()
    starts = [
        *sandbox.unprivileged(SERVICE_UID),
        "sh",
        "-c",
        f"{sys.prefix}/bin/visitord --version",
    ]
    done = subprocess.run(starts, capture_output=True, cwd="/")
    return 0 if done.returncode else SERVICE_UID


def test_the_service_runs_with_the_system_calls_and_privileges_it_is_left(
    analyze: Path, open_path: Path, models_dir: Path, database_url: str
) -> None:
    uid = service_uid()
    open_path.chmod(0o755)
    state = open_path / "state"
    state.mkdir(mode=0o700)
    (state / "models").symlink_to(models_dir)
    clip = film(open_path / "walk.mp4", [Walk("astronaut", 0.3, 2.3)], 4)
    url = "embedded" if uid else database_url  # as root it would need the right to be another
    config = open_path / "config.toml"
    config.write_text(
        f'[database]\nurl = "{url}"\n[models]\nthreads = 1\n[review]\nlisten = "127.0.0.1:0"\n'
        f'[[camera]]\nname = "door"\nsource = "{clip}"\n'
    )
    calls = open_path / "calls"
    calls.write_text("\n".join(sorted(sandbox.allowed_calls(UNIT, analyze))))
    assert "chown" not in calls.read_text().split()
    if uid != os.geteuid():
        os.chown(state, uid, uid)
    for path in (clip, config, calls):
        path.chmod(0o644)

    program = f"{sys.prefix}/bin/visitord"
    command = [*sandbox.unprivileged(uid), sys.executable, sandbox.__file__, calls, program, "run"]
    log = open_path / "log"
    with log.open("w") as stderr:
        daemon = subprocess.Popen(
            [*command, "--config", config],
            stderr=stderr,
            env={**os.environ, "HOME": str(state)},
            cwd=open_path,
        )
    try:
        wait(
            lambda: " arrived at door" in log.read_text() or daemon.poll() is not None,
            log.read_text,
        )
        daemon.terminate()
        assert daemon.wait(PATIENCE_S) == 0, log.read_text()
    finally:
        daemon.kill()
        daemon.wait()
    assert " arrived at door" in log.read_text()
    assert "The review page is open" in log.read_text()
    assert "not permitted" not in log.read_text()
