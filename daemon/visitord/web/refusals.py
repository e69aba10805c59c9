"""Requests that are refused: told in the log, and slowed for an address that brings many.

Nothing waits here: a try that comes too early is answered at once, and not counted.
"""

import logging
import math
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network

from visitord.core.clock import Clock

log = logging.getLogger(__name__)

FREE = 5
SLOWEST_S = 60.0  # a delay, not a ban: whoever shares the address gets in after a minute
FORGOTTEN_AFTER_S = 600.0
ADDRESSES_MAX = 1000
TOLD_EVERY_S = 60.0
LINES_MAX = 20  # in that time, of all addresses together
IPV6_PREFIX = 64  # what one customer is given


class Wrong(StrEnum):
    """What was wrong with a request, as the log says it."""

    LINK = "a link that was used before, is too old, or was made up"
    HOST = "a name that is not its own; see hosts in the [review] section"
    FORM = "a form that is not from its own pages"


@dataclass(slots=True)
class _Tries:
    """Of one address, of one kind."""

    count: int = 0
    last_s: float = -math.inf
    told_s: float = -math.inf

    def wait_s(self, now: float) -> float:
        """Until the next try is looked at; each one above the free ones doubles it."""
        if self.count <= FREE:
            return 0.0
        delay_s = min(2.0 ** min(self.count - FREE, 10), SLOWEST_S)
        return max(0.0, self.last_s + delay_s - now)


class Refusals:
    """Remembers who was refused lately; any thread may call it.

    One kind of refusal does not slow another: a web page elsewhere that has the owner's browser
    send forms here must not keep the owner from signing in.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[tuple[str, Wrong], _Tries] = OrderedDict()
        self._lines: deque[float] = deque(maxlen=LINES_MAX)
        self._untold = 0

    def wait_s(self, address: str, wrong: Wrong) -> float:
        """Seconds for which this address is not listened to; 0 for a welcome one."""
        with self._lock:
            tries = self._tries.get((_network(address), wrong))
            return tries.wait_s(self._clock.monotonic()) if tries else 0.0

    def add(self, address: str, wrong: Wrong) -> None:
        """Count a refusal, and log it unless enough of its kind were logged just now."""
        with self._lock:
            now = self._clock.monotonic()
            key = (_network(address), wrong)
            tries = self._tries.pop(key, _Tries())
            if now - tries.last_s > FORGOTTEN_AFTER_S:
                tries.count = 0
            tries.count += 1
            tries.last_s = now

            self._tries[key] = tries
            if len(self._tries) > ADDRESSES_MAX:
                self._tries.popitem(last=False)
            self._tell(key[0], wrong, tries, now)

    def _tell(self, network: str, wrong: Wrong, tries: _Tries, now: float) -> None:
        is_full = len(self._lines) == LINES_MAX and now - self._lines[0] < TOLD_EVERY_S
        if is_full or now - tries.told_s < TOLD_EVERY_S:
            self._untold += 1
            return

        more = f" (and {self._untold} more since the last such line)" if self._untold else ""
        log.warning("The review page refused %s: %s%s.", network, wrong, more)
        tries.told_s = now
        self._lines.append(now)
        self._untold = 0


def _network(address: str) -> str:
    """Whose address it is; what a web server passed on may be anything."""
    try:
        ip = ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return "an unknown address"
    if ip.version == 6 and not ip.is_loopback:
        return str(ip_network((ip, IPV6_PREFIX), strict=False))
    return str(ip)
