"""What the running service says of itself, over its control socket."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from visitord.core.stages import Progress
from visitord.service import control

REQUEST = "/service"  # no camera's name: those have no slash


@dataclass(frozen=True, slots=True)
class ServiceState:
    """How a service is.

    stages: the progress of each of its threads.  next_merge: when the merge job runs next.
    """

    stages: list[Progress]
    next_merge: datetime

    def hanging(self) -> list[Progress]:
        """Stages that have used up half the time in which they must go on."""
        return [stage for stage in self.stages if stage.quiet_s > stage.within_s / 2]


_JSON = TypeAdapter(ServiceState)


def answer(state: ServiceState) -> bytes:
    """What the service replies to `REQUEST`."""
    return _JSON.dump_json(state)


def ask(folder: Path) -> ServiceState | None:
    """How the service of a state folder is, None where none runs; raises VisitordError."""
    reply = control.ask(folder, REQUEST)
    return None if reply is None else _JSON.validate_json(reply)
