"""What a configuration asks for, opened: its model pack, and its cameras' liveness detectors."""

import functools
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from visitord.core.config import Config
from visitord.core.errors import ModelError
from visitord.models import catalog, installed

log = logging.getLogger(__name__)

if TYPE_CHECKING:  # its libraries take seconds to import; most commands need no models
    from visitord.models.device import Device
    from visitord.models.pack import LivenessDetector, Pack


def open_pack(config: Config, name: str | None = None, folder: Path | None = None) -> "Pack":
    """The configured model pack, or another one, loaded and ready.

    Parameters
    ----------
    config
        Says on what and how its networks run.
    name
        Of another pack than the configured one.
    folder
        Where its files are, if not where it would be installed; then nobody knows what they should
        be.

    Raises
    ------
    ModelError
        When it is not there, not as it was when it was installed, or not usable; says how to
        install it.
    """
    from visitord.models.device import choose

    name = name or config.models.pack
    place = folder or catalog.folder_of(name, config.models_dir, config.folder)
    if problem := catalog.check(name, place):
        raise ModelError(problem)
    if folder is None and (problem := installed.check(config, name, place)):
        raise ModelError(problem)

    device = choose(config.models.device)
    pack = _loaded(config, name, place, device)
    if problem := _device_problem(device, pack):
        _warn(problem)
    return pack


def _loaded(config: Config, name: str, folder: Path, device: "Device") -> "Pack":
    """The pack in a folder: one made of a checkpoint, the default one, or insightface's."""
    given = config.models
    if (folder / catalog.MANIFEST).is_file():
        from visitord.models.mxnet.pack import MxnetPack

        return MxnetPack(name, folder, config, device)

    if name == catalog.DEFAULT:
        from visitord.models.opencv_zoo import ZooPack

        return ZooPack(folder, given.threads, device, given.detect_px, config.compiled_dir)

    from visitord.models.insightface_pack import InsightPack

    return InsightPack(name, folder, device, given.detect_px, given.threads)


def _device_problem(device: "Device", pack: "Pack") -> str:
    """Why a pack does not run on what was asked for, as a sentence; empty when it does."""
    from visitord.models.device import CPU
    from visitord.models.pack import NATIVE

    if pack.runs_on == NATIVE:  # which has a card of its own, or none
        return ""
    if device.problem or device.provider == CPU or device.provider in pack.runs_on:
        return device.problem
    return f"{pack.name} does not run on {device.provider}: {pack.runs_on}."


@functools.cache
def _warn(problem: str) -> None:
    """Once, however many packs a command opens."""
    log.warning("%s", problem)


def open_liveness_detectors(config: Config) -> "dict[str, LivenessDetector]":
    """The liveness detector of each camera in use that asks for one; raises ModelError."""
    blocks = {
        camera.name: camera.liveness == "block"
        for camera in config.camera
        if camera.enabled and camera.liveness != "off"
    }
    if not blocks or not config.models.liveness:
        return {}

    from visitord.models.liveness.detector import NetworkLivenessDetector
    from visitord.models.liveness.networks import load

    networks = load(config.folder / config.models.liveness)
    threshold = config.models.live
    if threshold is None:
        threshold = networks.threshold
    cameras = ", ".join(blocks)
    log.info("Liveness: %s, from %.2f on, for %s.", networks.name, threshold, cameras)
    return {
        camera: NetworkLivenessDetector(networks, threshold, block)
        for camera, block in blocks.items()
    }
