"""Who may come into the embedded server, as whom, and what it logs; written anew for every start.

Who comes in is decided by the account that the system says is at the other end of the socket: there
are no passwords, and no listening on the network.

What people are called, what they look like, and what was asked must not stay in a log, where no
erasure reaches it: errors are told to whoever asked, and the log has what befalls the server.
"""

from pathlib import Path

from visitord.core.accounts import Account, account_name
from visitord.core.files import replace_file
from visitord.store.postgres_programs import HERE

SUPERUSER = "postgres"
CLIENT_ROLES = ("visitord_reader", "visitord_daemon")
FILE = "visitord.conf"
LOG_FOLDER = "logs"
_MAP = "visitord"
_SETTINGS = f"""\
# Written by visitord at every start.  Your own settings belong into postgresql.conf.
include 'postgresql.conf'

port = 5432
listen_addresses = ''
unix_socket_permissions = 0700
hba_file = '{HERE}/pg_hba.conf'
ident_file = '{HERE}/pg_ident.conf'

# A file for each day of the week, begun anew when the day comes round again.
logging_collector = on
log_destination = stderr
log_directory = '{LOG_FOLDER}'
log_filename = 'postgres-%a.log'
log_file_mode = 0600
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on

# Neither errors, nor what they quote, nor statements, nor their values.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_duration = off
log_min_duration_statement = -1
log_min_duration_sample = -1
log_transaction_sample_rate = 0
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off
log_lock_waits = off
"""


def write(data: Path, sockets: Path, account: Account) -> None:
    """Write what the server starts with, over whatever was written there before.

    Parameters
    ----------
    data
        The data folder of a server that does not run.
    sockets
        The folder for its socket.
    account
        Whose the data folder is.

    Raises
    ------
    OSError
        When the disk does not take it.
    """
    folder = "." if sockets == data else _quoted(str(sockets), '"')
    roles = (SUPERUSER, *CLIENT_ROLES)
    names = dict.fromkeys((account.name, account_name(0)))  # root may become anyone anyway
    files = {
        FILE: f"{_SETTINGS}\nunix_socket_directories = {_quoted(folder, chr(39))}\n",
        "pg_hba.conf": f"local all all peer map={_MAP}\n",
        "pg_ident.conf": "".join(
            f"{_MAP} {_quoted(name, chr(34))} {role}\n" for name in names for role in roles
        ),
    }
    for name, text in files.items():
        replace_file(data / name, text.encode(), owner=account)


def drop_old_log(data: Path) -> None:
    """Remove the one log of servers up to version 0.1: it has statements, and grew for ever."""
    log = data / "log"
    if log.is_symlink() or log.is_file():
        log.unlink()


def _quoted(text: str, quote: str) -> str:
    return f"{quote}{text.replace(quote, quote * 2)}{quote}"
