"""visitorctl: look at who came, say who is who, and take back what was said."""

from visitord.cli import leaving, listings, people
from visitord.cli.calibrate import calibrate
from visitord.cli.cameras import cameras
from visitord.cli.completion import completion
from visitord.cli.console import program
from visitord.cli.doctor import doctor
from visitord.cli.enroll import enroll
from visitord.cli.examples import epilog
from visitord.cli.review import review


@program
def main() -> None:
    """Look at who came, and say who is who.

    A person is named by id, label ("visitor 7"), number or name.
    """


for command in (
    listings.list_,
    listings.show_,
    listings.visits,
    listings.stats,
    listings.export,
    listings.status,
    listings.snapshot,
    listings.sql,
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
