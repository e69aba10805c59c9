"""visitorctl: look at who came, say who is who, and take back what was said."""

from visitord.cli.deferred import DeferredCommand, examples
from visitord.cli.examples import EXAMPLES
from visitord.cli.program import program

COMMANDS = (
    ("list", "visitors:list_", "Everyone known, those seen last first."),
    ("show", "visitors:show_", "One person: visits, and why each sighting was filed under them."),
    ("visits", "visits:visits", "The visit log, of everyone or of one person."),
    ("events", "events:events", "What happened, in the order in which it was told."),
    (
        "stats",
        "visits:stats",
        "How many came, by local day or hour; without --since in the last 30 days.",
    ),
    (
        "export",
        "visits:export",
        "Print everything there is of WHAT, for other programs.",
    ),
    (
        "status",
        "status:status",
        "How the cameras are, how much is stored, and what waits on disk for the database.",
    ),
    (
        "snapshot",
        "snapshot:snapshot",
        "Write the current picture of CAMERA with what visitord sees in it.",
    ),
    ("sql", "sql:sql", "Ask one question in SQL; it can only read."),
    ("rename", "naming:rename", "Give a person a name; it shows everywhere at once."),
    ("group", "group:group", "Groups of people, such as the staff."),
    ("merge", "merging:merge", "Say that OTHER is the same person as KEEP."),
    ("undo", "merging:undo", "Take back MERGE, or list the merges that can be."),
    (
        "split",
        "merging:split",
        "Say that some sightings of WHO are somebody else: they become a new identity.",
    ),
    ("reject", "merging:reject", "Say that ONE and OTHER are two people: no job will merge them."),
    (
        "suggestions",
        "suggestions:suggestions",
        "Pairs that may be one person, left to you by the merge job.",
    ),
    (
        "unidentified",
        "unidentified:unidentified",
        "Who came and could not be recognised, and why.",
    ),
    ("cluster", "cluster:cluster", "Run the merge job now."),
    (
        "audit",
        "audit:audit",
        "Templates that are not like the person they are filed under, and what becomes of them.",
    ),
    ("ignore", "ignoring:ignore", "Leave a person out of reports and arrivals from now on."),
    ("unignore", "ignoring:unignore", "Let an ignored person count again."),
    (
        "forget",
        "forgetting:forget",
        "Erase a person: everything seen, learnt and kept of them, on every box.",
    ),
    ("enroll", "enroll:enroll", "Let the person called NAME be recognised from photographs."),
    (
        "calibrate",
        "calibrate:calibrate",
        "How well this site's own sightings tell people apart, and which thresholds follow.",
    ),
    ("cameras", "cameras:cameras", "Find cameras."),
    (
        "doctor",
        "doctor:doctor",
        "Check configuration, disk, models, database, clock and cameras, and say what to do.",
    ),
    (
        "completion",
        "completion:completion",
        "Print what makes SHELL complete commands, options, people and cameras.",
    ),
    ("review", "review:review", "Name faces in a browser, and say who is who."),
)
"""Names, where the commands are in this folder, and the first sentences of their help."""


@program
def main() -> None:
    """Look at who came, and say who is who.

    A person is named by id, label ("visitor 7"), number or name.
    """


for name, place, summary in COMMANDS:
    end = examples(EXAMPLES.get(name, ()))
    main.add_command(DeferredCommand(name, f"visitord.cli.{place}", summary, end))
