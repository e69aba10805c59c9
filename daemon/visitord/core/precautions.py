"""What a configuration allows that its owner should know of, however right it is."""

from collections.abc import Iterator

from visitord.core.config import Config


def warnings(config: Config) -> Iterator[str]:
    """A sentence for each thing, with what to do about it."""
    yield from config.exposed_secrets()
    for camera in config.camera:
        if camera.enabled and camera.tls == "unverified":
            yield (
                f'Camera {camera.name} has tls = "unverified": whoever poses as it on the network '
                "gets its password and chooses its pictures; set tls_fingerprint or tls_ca instead."
            )
