"""Leaves exactly one OpenCV installed, one that works on this machine: `python -m visitord.opencv`.

insightface asks for opencv-python, whose wheel needs the libraries of a desktop (libGL, X11); on a server
without them `import cv2` fails.  opencv-python-headless is the same without windows.  Both install into the
same folder and overwrite each other, so there may be only one.
"""

import importlib.metadata
import subprocess
import sys
import tempfile

GUI = "opencv-python"
HEADLESS = "opencv-python-headless"
VARIANTS = (GUI, HEADLESS, "opencv-contrib-python", "opencv-contrib-python-headless")


def failure() -> str:
    """Why OpenCV does not import here, tried in a fresh process; empty when it does."""
    done = subprocess.run([sys.executable, "-c", "import cv2"], capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def main() -> None:
    """Replace what is there by the headless build if it does not import or is not alone."""
    present = {d.name: d.version for d in importlib.metadata.distributions() if d.name in VARIANTS}
    reason = failure()
    if len(present) == 1 and not reason:
        return
    version = present.get(GUI) or next(iter(present.values()), None)
    wanted = f"{HEADLESS}=={version}" if version else HEADLESS
    why = reason or f"{' and '.join(present)} overwrite each other"
    print(f"Installing {wanted}: {why}.")  # noqa: T201
    with tempfile.TemporaryDirectory() as folder:
        download = ["download", "--no-deps", "--dest", folder, wanted]  # first: without a network all stays as it was
        remove = ["uninstall", "--yes", *(present or VARIANTS)]
        install = ["install", "--no-deps", "--find-links", folder, wanted]
        for step in (download, remove, install):
            command = [sys.executable, "-m", "pip", "--quiet", *step]
            if subprocess.run(command, check=False).returncode:
                raise SystemExit(f"Error: {wanted} could not be installed; try: {' '.join(command)}")
    if reason := failure():
        raise SystemExit(f"Error: OpenCV does not work on this machine: {reason}")
    print(  # noqa: T201
        "This OpenCV opens no windows. Where you want them: apt-get install libgl1 libglib2.0-0, then "
        f"pip uninstall {HEADLESS} && pip install {GUI}."
    )


if __name__ == "__main__":
    main()
