"""The networks of a configuration, loaded and ready: its model pack, and its cameras' liveness detectors."""

import functools
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from visitord.core.config import Config
from visitord.core.errors import ModelError
from visitord.models import catalog

log = logging.getLogger(__name__)

if TYPE_CHECKING:  # its libraries take seconds to import; most commands need no models
    from visitord.models.pack import LivenessDetector, Pack


def open_pack(config: Config, name: str | None = None, folder: Path | None = None) -> "Pack":
    """The configured model pack, or another one, loaded and ready; raises ModelError saying how to
    install it.

    folder: where its files are, if not where it would be installed.
    """
    from visitord.models.device import choose
    from visitord.models.insightface_pack import InsightPack
    from visitord.models.opencv_zoo import ZooPack

    name = name or config.models.pack
    folder = folder or catalog.folder_of(name, config.models_dir, config.folder)
    if problem := catalog.check(name, folder):
        raise ModelError(problem)
    device, given = choose(config.models.device), config.models
    pack: Pack
    if (folder / catalog.MANIFEST).is_file():
        from visitord.models.mxnet.pack import NATIVE, MxnetPack

        pack = MxnetPack(name, folder, config, device)
        if pack.runs_on == NATIVE:  # which has a card of its own, or none
            return pack
    elif name == catalog.DEFAULT:
        pack = ZooPack(folder, given.threads, device, given.detect_px)
    else:
        pack = InsightPack(name, folder, device, given.detect_px, given.threads)
    runs = device.provider in pack.runs_on
    if problem := device.problem or (
        "" if runs else f"{name} does not run on {device.provider}: {pack.runs_on}."
    ):
        _warn(problem)
    return pack


@functools.cache
def _warn(problem: str) -> None:
    """Once, however many packs a command opens."""
    log.warning("%s", problem)


def open_liveness_detectors(config: Config) -> "dict[str, LivenessDetector]":
    """Of each camera in use that asks for liveness, what liveness_detectors it; raises ModelError."""
    asking = {
        c.name: c.liveness == "block" for c in config.camera if c.enabled and c.liveness != "off"
    }
    if not asking or not config.models.liveness:
        return {}
    from visitord.models.liveness.detector import NetworkLivenessDetector
    from visitord.models.liveness.networks import load

    networks, given = load(config.folder / config.models.liveness), config.models.live
    threshold = networks.threshold if given is None else given
    log.info("Liveness: %s, from %.2f on, for %s.", networks.name, threshold, ", ".join(asking))
    return {
        name: NetworkLivenessDetector(networks, threshold, blocks)
        for name, blocks in asking.items()
    }
