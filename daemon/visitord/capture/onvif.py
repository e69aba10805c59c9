"""The cameras of this network: found by WS-Discovery, then asked in ONVIF what they stream.

Nothing a device says is trusted: texts become plain signs, addresses are percent-encoded, nonsense
is a reason.  Nor how much it says: answers, devices, profiles and bytes have bounds, and each step
has a deadline.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from visitord.core import sources
from visitord.core.errors import VisitordError

TEXT_MAX = 56  # characters of a name or a note
ADDRESS_MAX = 1024  # characters of an address; a longer one is none
ANSWERS_MAX = (
    2000  # to a probe, of up to 64 KB, most devices give two to four; the library keeps them
)
DEVICES_MAX = 256  # asked for their streams; one network segment has as many addresses
PROFILES_MAX = 32  # of a device
REPLY_MAX_BYTES = 1 << 20  # over HTTP; that of a camera with twenty profiles has about 60 KB
REFUSALS = (401, 403)  # of HTTP
NETWORK = "http://www.onvif.org/ver10/network/wsdl"
RTSP = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
PORTS = {"https": 443}
PORT = 80

_SCOPE = re.compile(r"onvif://www\.onvif\.org/(name|hardware)/(.+)", re.IGNORECASE)
_AROUND = re.compile(r"^\w+://|/.*")  # the host and port of an address
_NOT_PLAIN = re.compile(r"[^\w .,:()&+-]+")
_SAFE = "/:?&=,;@+!*'()~%[]"
# IPv6 and self-assigned addresses, not usable by everyone.
_OTHER_ADDRESS = re.compile(r".*//(\[|169\.254\.)")


@dataclass(frozen=True, slots=True)
class Login:
    """What a camera wants to know before it tells its streams."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Stream:
    """A profile of a camera; 0 px: unknown.

    source: as config.toml takes it, with ${…} for the password.
    """

    name: str
    width_px: int
    height_px: int
    codec: str
    source: str


@dataclass(frozen=True, slots=True)
class Camera:
    """A device.

    name: no two that are found together have the same.
    reason: why there are no streams.
    """

    name: str
    maker: str
    hardware: str
    address: str
    streams: tuple[Stream, ...] = ()
    reason: str | None = None


async def discover(timeout_s: float, hosts: Sequence[str], login: Login | None) -> list[Camera]:
    """Find cameras, DEVICES_MAX at most, and ask them, all together, what they stream.

    Parameters
    ----------
    timeout_s
        How long answers are waited for, first from the network and then from each camera.
    hosts
        The addresses to ask, with or without a port; none: all that answer a probe.
    login
        What to log in with at each; None: they are asked without.

    Raises
    ------
    VisitordError
        When this machine cannot ask the network.
    """
    asked: dict[str, list[str]] = {
        f"http://{_AROUND.sub('', host)}/onvif/device_service": [] for host in hosts
    }
    found, _ = await asyncio.gather(
        asyncio.to_thread(lambda: asked or _probe(timeout_s)), _warm_up()
    )
    cameras = _named(dict(islice(found.items(), DEVICES_MAX)))
    return await asyncio.gather(*(_ask(camera, login, timeout_s) for camera in cameras))


def _probe(timeout_s: float) -> dict[str, list[str]]:
    """Address and scopes of every network video transmitter that answers."""
    from wsdiscovery import QName, WSDiscovery, threaded
    from wsdiscovery.message import parseSOAPMessage
    from wsdiscovery.threaded import NetworkingThread

    answers = _Answers(parseSOAPMessage, ANSWERS_MAX)
    threaded.parseSOAPMessage = answers
    receive = NetworkingThread._recvMessages

    def receive_all(thread: Any) -> None:
        with suppress(Exception):  # one malformed answer would end it
            receive(thread)

    NetworkingThread._recvMessages = receive_all
    # Some cameras answer under the question's own message id.
    probe = WSDiscovery(relates_to=True)
    try:
        probe.start()
    except OSError as error:
        raise VisitordError(
            f"UDP port 3702 cannot be used: {error.strerror}; name the cameras with --host."
        ) from None
    kind = QName(NETWORK, "NetworkVideoTransmitter", "dn")
    services = probe.searchServices(types=[kind], timeout=timeout_s)

    # Else it would first ask on behalf of every answer that came without an address.
    answers.end()
    for thread in (probe._networkingThread_v4, probe._networkingThread_v6):
        if thread is not None:
            thread._queue.clear()
    probe.stop()

    found = {}
    for service in services:
        addresses = [one for one in service.getXAddrs() or () if len(one) <= ADDRESS_MAX]
        if addresses:
            found[_usable(addresses)] = [str(scope) for scope in service.getScopes()]
    return found


class _Answers:
    """Parses answers to a probe, so many and no more: what is parsed the library keeps."""

    def __init__(self, parse: Callable[[bytes, str], object], most: int) -> None:
        self._parse = parse
        self._left = most

    def __call__(self, content: bytes, sender: str) -> object:
        """The message in a datagram; raises ValueError, which the library drops it for."""
        if self._left <= 0:
            raise ValueError("enough has been answered")
        self._left -= 1
        return self._parse(content, sender)

    def end(self) -> None:
        """Take no more."""
        self._left = 0


def _usable(addresses: Sequence[str]) -> str:
    """The first that everyone can use, else the first."""
    usable = (one for one in addresses if not _OTHER_ADDRESS.match(one))
    return next(usable, addresses[0])


def _named(found: dict[str, list[str]]) -> list[Camera]:
    """The devices at these addresses, by what their scopes say, each under a name of its own."""
    cameras: dict[str, Camera] = {}
    for address, scopes in sorted(found.items()):
        matches = filter(None, map(_SCOPE.search, scopes))
        said = {match[1].lower(): _plain(unquote(match[2])) for match in matches}
        hardware = said.get("hardware", "")
        unnamed = _plain(f"camera {_AROUND.sub('', address)}")
        base = said.get("name") or hardware or unnamed

        name = base
        number = 1
        while name in cameras:
            number += 1
            name = f"{base} {number}"
        cameras[name] = Camera(name, "", hardware, quote(address, safe=_SAFE))
    return list(cameras.values())


async def _warm_up() -> None:
    """Have the library's WSDL files read once: cameras asked together would read them one each."""
    from onvif import SERVICES, ONVIFCamera

    nowhere = ONVIFCamera("localhost", 80, None, None, no_cache=True)
    nowhere.xaddrs[SERVICES["media"]["ns"]] = "http://localhost"
    await nowhere.create_devicemgmt_service()
    await nowhere.create_media_service()
    await nowhere.close()


async def _ask(camera: Camera, login: Login | None, timeout_s: float) -> Camera:
    """The camera with its streams or a reason."""
    try:
        device = _device(camera.address, login)
    except Exception:
        return replace(camera, reason="its address cannot be used")

    try:
        async with asyncio.timeout(timeout_s):
            return await _read(device, camera, login)
    except TimeoutError:
        reason = f"it did not answer within {timeout_s:g} s"
    except OSError:
        reason = "it cannot be reached at this address"
    except Exception as error:
        if not _is_refusal(error):
            reason = "what it answers is not ONVIF"
        elif login:
            reason = "it refuses this user name or password"
        else:
            reason = "it wants a login: repeat with --user"
    finally:
        await device.close()
    return replace(camera, reason=reason)


def _device(address: str, login: Login | None) -> Any:
    """The library's idea of the camera at an address; raises what it likes for a strange one."""
    from aiohttp import ClientSession
    from onvif import ONVIFCamera, client

    client.ClientSession = partial(ClientSession, response_class=_bounded_reply())
    credentials = (login.user, login.password) if login else (None, None)
    at = urlsplit(address)
    host = at.netloc.removesuffix(f":{at.port}")
    port = at.port or PORTS.get(at.scheme, PORT)
    return ONVIFCamera(
        f"{at.scheme}://{host}",
        port,
        *credentials,
        no_cache=True,
        # A new camera's clock is often wrong, and it then refuses what is signed by ours.
        adjust_time=login is not None,
    )


def _bounded_reply() -> type[Any]:
    """What the library is to take replies over HTTP as, so that none is read beyond a bound."""
    from aiohttp import ClientPayloadError, ClientResponse

    class BoundedReply(ClientResponse):
        async def read(self) -> bytes:
            content = bytearray()
            async for part in self.content.iter_any():
                content += part
                if len(content) > REPLY_MAX_BYTES:
                    self.close()
                    raise ClientPayloadError("a reply of more bytes than any camera's")
            self._body = bytes(content)
            return self._body

    return BoundedReply


def _is_refusal(error: Exception) -> bool:
    """Whether a camera's answer is about the login."""
    from onvif.util import is_auth_error

    return is_auth_error(error) or getattr(error, "status_code", 0) in REFUSALS


async def _read(device: Any, camera: Camera, login: Login | None) -> Camera:
    """The camera with what it says about itself and with its streams."""
    management = await device.create_devicemgmt_service()
    if login is None:  # the library signs all the same
        management.ws_client = management.ws_client_authless
    await device.update_xaddrs()
    media = await device.create_media_service()
    if login is None:
        media.ws_client = media.ws_client_authless
    else:
        about = await (await device.create_devicemgmt_service()).GetDeviceInformation()
        camera = replace(
            camera,
            maker=_plain(about.Manufacturer),
            hardware=_plain(about.Model) or camera.hardware,
        )

    streams = []
    for profile in islice(await media.GetProfiles() or (), PROFILES_MAX):
        with suppress(Exception):  # one that does not stream hides none of the others
            streams.append(await _stream(media, profile, camera.name, login))
    if not streams:
        return replace(camera, reason="it names no stream that can be read")
    return replace(camera, streams=tuple(streams))


async def _stream(media: Any, profile: Any, camera: str, login: Login | None) -> Stream:
    """A profile's stream; raises what it likes when there is none."""
    wanted = {"StreamSetup": RTSP, "ProfileToken": profile.token}
    answer = await media.GetStreamUri(wanted)
    video = profile.VideoEncoderConfiguration
    size = getattr(video, "Resolution", None)
    return Stream(
        name=_plain(profile.Name),
        width_px=getattr(size, "Width", None) or 0,
        height_px=getattr(size, "Height", None) or 0,
        codec=_plain(getattr(video, "Encoding", "")),
        source=_source(answer.Uri, camera, login),
    )


def _plain(text: object) -> str:
    """A device's text as it may stand in a name or a comment."""
    return _NOT_PLAIN.sub(" ", str(text or ""))[:TEXT_MAX].strip()


def _source(uri: str, name: str, login: Login | None) -> str:
    """An RTSP address, with a variable in place of whatever password it came with.

    Parameters
    ----------
    uri
        As the camera gives it.
    name
        The camera's, after which the variable is called.
    login
        What it takes to read the stream; None: nothing.

    Raises
    ------
    ValueError
        When it is no such address.
    """
    if len(uri) > ADDRESS_MAX:
        raise ValueError("it is longer than an address")
    at = urlsplit(uri)
    without_login = at.netloc.rpartition("@")[2]
    place = quote(f"{without_login}{at.path}?{at.query}".removesuffix("?"), safe=_SAFE)
    sources.parse(f"{at.scheme}://{place}", Path())
    if login is None:
        return f"{at.scheme}://{place}"

    variable = _variable(name)
    host, slash, path = place.partition("/")
    if login.password:  # which some cameras put into their paths
        spellings = (quote(login.password, safe=safe) for safe in ("", _SAFE))
        spelt = "|".join(map(re.escape, spellings))
        path = re.sub(spelt, lambda _: variable, path)
    return f"{at.scheme}://{quote(login.user, safe='')}:{variable}@{host}{slash}{path}"


def _variable(name: str) -> str:
    """What config.toml calls a camera's password: the environment variable it stands in."""
    word = re.sub(r"[^A-Z0-9]+|^(?=\d)", "_", name.upper()).rstrip("_")
    return "${" + word + "_PASSWORD}"
