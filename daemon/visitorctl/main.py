"""visitorctl: look at who came, say who is who, and take back what was said."""

from visitorctl import leaving, looking, people
from visitorctl.calibrate import calibrate
from visitorctl.completion import completion
from visitorctl.doctor import doctor
from visitorctl.enroll import enroll
from visitorctl.examples import epilog
from visitorctl.review.command import review
from visitord.cli.common import program
from visitord_onvif.command import cameras


@program
def main() -> None:
    """Look at who came, and say who is who.

    A person is named by id, label ("visitor 7"), number or name.
    """


for command in (
    looking.list_,
    looking.show_,
    looking.visits,
    looking.stats,
    looking.export,
    looking.status,
    looking.snapshot,
    looking.sql,
    people.rename,
    people.merge,
    people.undo,
    people.split,
    people.reject,
    people.suggestions,
    people.cluster,
    leaving.ignore,
    leaving.unignore,
    leaving.forget,
    enroll,
    calibrate,
    cameras,
    doctor,
    completion,
    review,
):
    command.epilog = command.epilog or epilog(command.name or "")
    main.add_command(command)
