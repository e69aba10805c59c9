"""The cameras of this network: found by WS-Discovery, then asked in ONVIF what they are and what
they stream.

Nothing a device says is trusted: texts become plain signs, addresses are percent-encoded, nonsense
is a reason.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from visitord.core import sources
from visitord.core.errors import VisitordError

Login = tuple[str, str] | tuple[None, None]  # user name and password
_SCOPE = re.compile(r"onvif://www\.onvif\.org/(name|hardware)/(.+)", re.IGNORECASE)
_AROUND = re.compile(r"^\w+://|/.*")  # the host and port of an address
_SAFE = "/:?&=,;@+!*'()~%[]"


@dataclass(frozen=True, slots=True)
class Stream:
    """A profile; `source` is as config.toml takes it, with ${…} for the password; 0 px: unknown."""

    name: str
    width_px: int
    height_px: int
    codec: str
    source: str


@dataclass(frozen=True, slots=True)
class Camera:
    """A device; no two that are found together have one `name`, and `reason` says why there are no
    streams.
    """

    name: str
    maker: str
    hardware: str
    address: str
    streams: tuple[Stream, ...] = ()
    reason: str | None = None


async def discover(timeout_s: float, hosts: Sequence[str], login: Login) -> list[Camera]:
    """Those at `hosts`, or else all that answer in timeout_s; each is then asked, together, for
    timeout_s at most.

    Raises VisitordError if this machine cannot ask.
    """
    asked: dict[str, list[str]] = {
        f"http://{_AROUND.sub('', host)}/onvif/device_service": [] for host in hosts
    }
    found, _ = await asyncio.gather(
        asyncio.to_thread(lambda: asked or _probe(timeout_s)), _warm_up()
    )
    cameras: dict[str, Camera] = {}
    for address, scopes in sorted(found.items()):
        said = {
            m[1].lower(): _plain(unquote(m[2])) for scope in scopes if (m := _SCOPE.search(scope))
        }
        hardware = said.get("hardware", "")
        name = base = said.get("name") or hardware or _plain(f"camera {_AROUND.sub('', address)}")
        for i in range(2, len(cameras) + 2):
            name = f"{base} {i}" if name in cameras else name
        cameras[name] = Camera(name, "", hardware, quote(address, safe=_SAFE))
    return await asyncio.gather(*(_ask(camera, login, timeout_s) for camera in cameras.values()))


def _probe(timeout_s: float) -> dict[str, list[str]]:
    """Address and scopes of every network video transmitter that answers."""
    from wsdiscovery import QName, WSDiscovery
    from wsdiscovery.threaded import NetworkingThread

    receive = NetworkingThread._recvMessages

    def receive_all(thread: Any) -> None:
        with suppress(Exception):  # one malformed answer would end it
            receive(thread)

    NetworkingThread._recvMessages = receive_all
    probe = WSDiscovery(relates_to=True)  # some cameras answer under the question's own message id
    try:
        probe.start()
    except OSError as error:
        raise VisitordError(
            f"UDP port 3702 cannot be used: {error.strerror}; name the cameras with --host."
        ) from None
    kind = QName("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter", "dn")
    services = [s for s in probe.searchServices(types=[kind], timeout=timeout_s) if s.getXAddrs()]
    probe.stop()
    other = re.compile(
        r".*//(\[|169\.254\.)"
    )  # IPv6 and self-assigned addresses, not usable by everyone
    return {
        min(s.getXAddrs(), key=lambda x: bool(other.match(x))): list(map(str, s.getScopes()))
        for s in services
    }


async def _warm_up() -> None:
    """Have the library's WSDL files read once: cameras asked together would read them one each."""
    from onvif import SERVICES, ONVIFCamera

    nobody = ONVIFCamera("localhost", 80, None, None, no_cache=True)
    nobody.xaddrs[SERVICES["media"]["ns"]] = "http://localhost"
    await nobody.create_devicemgmt_service()
    await nobody.create_media_service()
    await nobody.close()


async def _ask(camera: Camera, login: Login, timeout_s: float) -> Camera:
    """The camera with its streams or a reason."""
    from onvif import ONVIFCamera
    from onvif.util import is_auth_error

    device = None
    try:
        at = urlsplit(camera.address)
        host, port = (
            at.netloc.removesuffix(f":{at.port}"),
            at.port or {"https": 443}.get(at.scheme, 80),
        )
        # A new camera's clock is often wrong, and it then refuses what is signed by ours:
        # adjust_time.
        device = ONVIFCamera(
            f"{at.scheme}://{host}", port, *login, no_cache=True, adjust_time=login[0] is not None
        )
        async with asyncio.timeout(timeout_s):
            return await _read(device, camera, login)
    except TimeoutError:
        reason = f"it did not answer within {timeout_s:g} s"
    except OSError:
        reason = "it cannot be reached at this address"
    except Exception as error:
        reason = "what it answers is not ONVIF" if device else "its address cannot be used"
        if is_auth_error(error) or getattr(error, "status_code", 0) in (401, 403):
            reason = (
                "it refuses this user name or password"
                if login[0]
                else "it wants a login: repeat with --user"
            )
    finally:
        if device:
            await device.close()
    return replace(camera, reason=reason)


async def _read(device: Any, camera: Camera, login: Login) -> Camera:
    management = await device.create_devicemgmt_service()
    if login[0] is None:  # the library signs all the same
        management.ws_client = management.ws_client_authless
    await device.update_xaddrs()
    media = await device.create_media_service()
    if login[0] is None:
        media.ws_client = media.ws_client_authless
    else:
        about = await (await device.create_devicemgmt_service()).GetDeviceInformation()
        camera = replace(
            camera,
            maker=_plain(about.Manufacturer),
            hardware=_plain(about.Model) or camera.hardware,
        )
    setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
    streams = []
    for profile in await media.GetProfiles() or ():
        with suppress(Exception):  # a profile that does not stream hides none of the others
            answer = await media.GetStreamUri({"StreamSetup": setup, "ProfileToken": profile.token})
            video = profile.VideoEncoderConfiguration
            size = getattr(video, "Resolution", None)
            width_px, height_px = (getattr(size, side, None) or 0 for side in ("Width", "Height"))
            source = _source(answer.Uri, camera.name, login)
            codec = _plain(getattr(video, "Encoding", ""))
            streams.append(Stream(_plain(profile.Name), width_px, height_px, codec, source))
    return replace(
        camera,
        streams=tuple(streams),
        reason=None if streams else "it names no stream that can be read",
    )


def _plain(text: object) -> str:
    """A device's text as it may stand in a name or a comment."""
    return re.sub(r"[^\w .,:()&+-]+", " ", str(text or ""))[:56].strip()


def _source(uri: str, name: str, login: Login) -> str:
    """An RTSP address, whatever password it came with replaced by a variable; raises ValueError if
    it is none.
    """
    at = urlsplit(uri)
    place = quote(
        f"{at.netloc.rpartition('@')[2]}{at.path}?{at.query}".removesuffix("?"), safe=_SAFE
    )
    sources.parse(f"{at.scheme}://{place}", Path())
    user, password = login
    if user is None:
        return f"{at.scheme}://{place}"
    variable = "${" + re.sub(r"[^A-Z0-9]+|^(?=\d)", "_", name.upper()).rstrip("_") + "_PASSWORD}"
    host, slash, path = place.partition("/")
    if password:  # which some cameras put into their paths
        spelt = "|".join(re.escape(quote(password, safe=safe)) for safe in ("", _SAFE))
        path = re.sub(spelt, lambda _: variable, path)
    return f"{at.scheme}://{quote(user, safe='')}:{variable}@{host}{slash}{path}"
