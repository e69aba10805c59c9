"""What model packs cost on this machine: python bench/models.py [PACK…], by default all there are.

Then what the default pack's networks cost by what runs them, in times of what visitord runs them
in, and MiniFASNet's where files of it are given: python bench/models.py --liveness FOLDER.

CPU time of this process, medians of rounds in turn.  Milliseconds depend on what else the machine
does; ratios are taken within one run and may be compared.  Reads the configuration as visitord
does: models.device, models.threads and models.detect_px count.
"""

import argparse
import logging
import statistics
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnx.utils
import onnxruntime
from rich.console import Console
from rich.table import Table
from speed.rounds import Work, cpu_s

from visitord.core.config import Config, find, load
from visitord.core.errors import VisitordError
from visitord.core.records import Image
from visitord.demo.faces import portraits
from visitord.models import catalog, openvino_networks, sessions, zoo_files
from visitord.models.device import Device
from visitord.models.liveness.networks import MINIFASNET_FILES
from visitord.models.opening import open_pack
from visitord.models.pack import CROP_PX, Pack
from visitord.models.refinement import PATCH_FACES_MAX, PATCH_PX
from visitord.models.yunet import FACES_MAX, FAINT_SCORE, NMS_IOU, YunetNetwork

BATCHES = (1, 2, 4, 8)
ROUNDS = 15
FACES = 4
PORTRAIT_PX = 160
EVERY_PX = 300  # from one face to the next
LEFT_PX = 40
TOP_PX = 280
ON_CPU = Device().providers


@dataclass(frozen=True)
class Cost:
    """Medians of rounds.

    frame_ms: to find the faces of a frame.
    face_ms: to describe a face, in batches of each size.
    """

    frame_ms: float
    face_ms: dict[int, float]


def frame(faces: int) -> Image:
    """A 1280×720 picture with so many of the demo's faces, 120 px wide, in a plain room."""
    image = np.full((720, 1280, 3), 150, np.uint8)
    for n, portrait in enumerate(portraits()[:faces]):
        left = LEFT_PX + EVERY_PX * n
        spot = image[TOP_PX : TOP_PX + PORTRAIT_PX, left : left + PORTRAIT_PX]
        spot[:] = cv2.resize(portrait.image, (PORTRAIT_PX, PORTRAIT_PX))
    return image


def cost_ms(work: dict[str, Work]) -> dict[str, float]:
    """The median CPU time of each, in rounds of all in turn, once they are warm."""
    took = cpu_s(work, ROUNDS)
    return {name: statistics.median(rounds) * 1000 for name, rounds in took.items()}


def measure(pack: Pack) -> Cost:
    """What a pack costs."""
    rng = np.random.default_rng(1)
    shape = (max(BATCHES), CROP_PX, CROP_PX, 3)
    crops = list(rng.integers(0, 256, shape, dtype=np.uint8))

    work: dict[str, Work] = {"frame": partial(pack.detect, frame(FACES))}
    work |= {str(size): partial(pack.embed, crops[:size]) for size in BATCHES}
    costs = cost_ms(work)
    return Cost(costs["frame"], {size: costs[str(size)] / size for size in BATCHES})


def packs(config: Config, names: list[str]) -> Table:
    """What the packs of these names cost, by default all that are installed."""
    installed = [path.name for path in sorted(config.models_dir.glob("*")) if path.is_dir()]
    sizes = [f"×{size}" for size in BATCHES[1:]]
    table = Table("pack", "runs on", "ms a frame", "ms a face", *sizes)
    for name in names or installed or [catalog.DEFAULT]:
        try:
            pack = open_pack(config, name)
        except VisitordError as error:
            print(error)
            continue
        cost = measure(pack)
        alone_ms = cost.face_ms[1]
        costs = [f"{cost.frame_ms:.1f}", f"{alone_ms:.1f}"]
        costs += [f"{cost.face_ms[size] / alone_ms:.2f}" for size in BATCHES[1:]]
        table.add_row(pack.name, pack.runs_on, *costs)
    return table


def published_sface(folder: Path) -> onnxruntime.InferenceSession:
    """SFace as it is published, without the inputs that onnxruntime refuses, its pairs folded."""
    extractor = onnx.utils.Extractor(onnx.load(str(folder / catalog.RECOGNISER_FILE)))
    model = extractor.extract_model(["data"], ["fc1"]).SerializeToString()
    options = sessions.session_options(1)
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    return onnxruntime.InferenceSession(model, options, providers=list(ON_CPU))


def sface_by_runtime(folder: Path) -> dict[str, Work]:
    """A face described, the way it is done first."""
    model = zoo_files.network(folder, catalog.RECOGNISER_FILE)
    planes = np.random.default_rng(2).uniform(0, 255, (1, 3, CROP_PX, CROP_PX)).astype(np.float32)
    published = published_sface(folder)
    return {
        "OpenVINO": partial(openvino_networks.open_network(model, 1), planes),
        "onnxruntime": partial(sessions.open_network(model, ON_CPU, 1), planes),
        "onnxruntime, as published": partial(published.run, None, {"data": planes}),
    }


def yunet_by_runtime(folder: Path, image: Image, faces_max: int) -> dict[str, Work]:
    """Faces found in a picture of sides that the network takes, the way it is done first."""
    model = zoo_files.network(folder, catalog.DETECTOR_FILE)
    height, width = image.shape[:2]
    file = str(folder / catalog.DETECTOR_FILE)
    opencv = cv2.FaceDetectorYN.create(file, "", (width, height), FAINT_SCORE, NMS_IOU, faces_max)
    planes = cv2.dnn.blobFromImage(image)
    return {
        "onnxruntime": partial(YunetNetwork(model).rows, image, FAINT_SCORE, faces_max),
        "onnxruntime, the network alone": partial(sessions.open_network(model, ON_CPU, 1), planes),
        "OpenVINO, the network alone": partial(openvino_networks.open_network(model, 1), planes),
        "OpenCV": partial(opencv.detect, image),
    }


def minifasnet_by_runtime(file: Path) -> dict[str, Work]:
    """A face's liveness, the way it is done first."""
    model = file.read_bytes()
    planes = np.random.default_rng(3).uniform(0, 255, (1, 3, 80, 80)).astype(np.float32)
    return {
        "OpenVINO": partial(openvino_networks.open_network(model, 1), planes),
        "onnxruntime": partial(sessions.open_network(model, ON_CPU, 1), planes),
    }


def runtimes(config: Config, liveness: Path | None) -> Table:
    """What each network costs in each runtime, one thread, in times of the first."""
    folder = catalog.folder_of(catalog.DEFAULT, config.models_dir, config.folder)
    if problem := catalog.check(catalog.DEFAULT, folder):
        sys.exit(problem)
    cv2.setNumThreads(1)

    room = np.asarray(cv2.resize(frame(FACES), (640, 352)), np.uint8)
    face = np.asarray(cv2.resize(portraits()[0].image, (PATCH_PX, PATCH_PX)), np.uint8)
    networks = {
        "SFace, one face": sface_by_runtime(folder),
        "YuNet, 640 × 352": yunet_by_runtime(folder, room, FACES_MAX),
        f"YuNet, {PATCH_PX} × {PATCH_PX}": yunet_by_runtime(folder, face, PATCH_FACES_MAX),
    }
    files = sorted(liveness.glob(MINIFASNET_FILES)) if liveness else []
    networks |= {file.stem: minifasnet_by_runtime(file) for file in files}

    table = Table("network", "runs in", "ms", "times")
    for name, work in networks.items():
        costs = cost_ms(work)
        ours_ms = next(iter(costs.values()))
        for runtime, took_ms in costs.items():
            table.add_row(name, runtime, f"{took_ms:.2f}", f"{took_ms / ours_ms:.2f}")
    return table


def main() -> None:
    logging.basicConfig(format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", nargs="*")
    parser.add_argument("--liveness", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    config = load(find())
    console = Console(width=140)

    console.print(packs(config, given.pack))
    print("×n: a face described together with n - 1 others, in times of one described alone.")
    console.print(runtimes(config, given.liveness))
    print("times: the CPU time in times of what visitord does, in the first row of each network.")


if __name__ == "__main__":
    main()
