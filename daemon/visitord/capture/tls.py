"""Encrypted connections to cameras: which camera it is, is known before it hears the password."""

import contextlib
import hashlib
import ipaddress
import socket
import ssl
import tempfile
from collections.abc import Iterator
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from visitord.core.errors import CameraError, CameraRefusedError
from visitord.core.text import printable
from visitord.core.trust import Trust

# Of OpenSSL's reasons to refuse a certificate, those that have words of their own here.
_NOT_YET_VALID = 9
_EXPIRED = 10
_SELF_SIGNED = 18
_OTHER_HOST = (62, 64)  # by its name, by its address
_NAMES_MAX = 100  # characters shown of what a stranger's certificate says


def connect(
    address: tuple[str, int], trust: Trust, now: datetime, timeout_s: float
) -> ssl.SSLSocket:
    """A connection to a camera that has shown a certificate to be trusted; nothing is sent yet.

    Parameters
    ----------
    address
        Host and port.
    trust
        By what the certificate is judged.
    now
        In UTC; certificates have a time.
    timeout_s
        Of connecting, and then of each step.

    Raises
    ------
    CameraRefusedError
        The certificate is not to be trusted; says why, its fingerprint, and what to set.
    CameraError
        It speaks no TLS.
    OSError
        It cannot be reached.
    """
    try:
        connection = _handshake(address, _context(trust), timeout_s)
    except ssl.SSLCertVerificationError as error:
        raise CameraRefusedError(_refusal(error, address, trust, timeout_s)) from None

    if trust.fingerprint:
        try:
            _require_pinned(certificate_of(connection), trust.fingerprint, now)
        except CameraError:
            connection.close()
            raise
    return connection


@contextlib.contextmanager
def pinned(certificate: bytes) -> Iterator[dict[str, str]]:
    """FFmpeg's options by which it takes this certificate, in DER form, and no other.

    FFmpeg opens a connection of its own, and whoever answers that one need not be who answered
    here.  That the name is the host's is known by now, so any name of the certificate's will do.
    """
    name = _checkable_name(certificate)
    if not name:
        raise CameraRefusedError(
            "its certificate bears no host name that can be checked; "
            "have the camera make another one, with a name"
        )

    with tempfile.NamedTemporaryFile("w", prefix="visitord-", suffix=".pem") as file:
        file.write(ssl.DER_cert_to_PEM_cert(certificate))
        file.flush()
        yield {
            "tls_verify": "1",
            "ca_file": file.name,
            "verifyhost": name,
        }


def certificate_of(connection: ssl.SSLSocket) -> bytes:
    """What the other side has shown, in DER form."""
    certificate = connection.getpeercert(binary_form=True)
    if certificate is None:
        raise CameraRefusedError("it shows no certificate")
    return certificate


def fingerprint_of(certificate: bytes) -> str:
    """The SHA-256 of a certificate as people read it: 9F:86:D0:…"""
    return hashlib.sha256(certificate).digest().hex(":").upper()


def _context(trust: Trust) -> ssl.SSLContext:
    """How OpenSSL is to verify; raises CameraError where the authorities' file has gone."""
    if trust.fingerprint or not trust.verified:
        return _unverified()

    try:
        context = ssl.create_default_context(cafile=trust.ca)
    except OSError as error:
        raise CameraError(f"tls_ca {trust.ca} cannot be read: {error.strerror}") from None

    # The file may hold the camera's own certificate, and those that cameras make are seldom strict.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _unverified() -> ssl.SSLContext:
    """For a certificate that is looked at afterwards, or not at all."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _handshake(
    address: tuple[str, int], context: ssl.SSLContext, timeout_s: float
) -> ssl.SSLSocket:
    """A connection as far as the certificate; raises OSError, of which ssl's errors are some."""
    plain = socket.create_connection(address, timeout_s)
    try:
        return context.wrap_socket(plain, server_hostname=address[0])
    except ssl.SSLCertVerificationError:
        plain.close()
        raise
    except ssl.SSLError as error:
        plain.close()
        why = (error.reason or "it breaks off").lower().replace("_", " ")
        raise CameraError(f"no encrypted connection comes about: {why}") from None
    except BaseException:
        plain.close()
        raise


def _refusal(
    error: ssl.SSLCertVerificationError, address: tuple[str, int], trust: Trust, timeout_s: float
) -> str:
    """Why OpenSSL does not trust the certificate, and what to do, with its fingerprint."""
    try:
        with _handshake(address, _unverified(), timeout_s) as connection:
            certificate = certificate_of(connection)
    except (OSError, CameraError):
        return f"its certificate is not trusted: {error.verify_message}"

    if error.verify_code == _EXPIRED:
        return "its certificate has expired; renew it in the camera"
    if error.verify_code == _NOT_YET_VALID:
        return "its certificate is not valid yet; set the clocks of the camera and of this box"

    once_compared = (
        f"if the camera's own pages show the fingerprint {fingerprint_of(certificate)}, "
        "set tls_fingerprint to it"
    )
    if error.verify_code in _OTHER_HOST:
        names = _listed_names(certificate) or _common_names(certificate) or ["nobody"]
        shown = printable(", ".join(names), _NAMES_MAX)
        meant = f"its certificate is that of {shown}, not of {address[0]}"
        return f"{meant}; write such a name into its source, or {once_compared}"

    why = "is not from an authority that this box knows"
    if error.verify_code == _SELF_SIGNED:
        why = "is self-signed"
    elif trust.ca:
        why = f"is not from an authority in {trust.ca}"
    return f"its certificate {why}; {once_compared}, or tls_ca to a file that vouches for it"


def _require_pinned(certificate: bytes, fingerprint: str, now: datetime) -> None:
    """Raises CameraRefusedError for any certificate but that one, and where it is not valid now."""
    shown = fingerprint_of(certificate)
    if shown.replace(":", "").lower() != fingerprint:
        raise CameraRefusedError(
            f"its certificate has the fingerprint {shown}, not the one in tls_fingerprint: "
            "set it anew if the camera's own pages show it, else somebody poses as the camera"
        )

    parsed = _parsed(certificate)
    if not parsed.not_valid_before_utc <= now <= parsed.not_valid_after_utc:
        raise CameraRefusedError(
            f"its certificate is valid from {parsed.not_valid_before_utc:%Y-%m-%d} to "
            f"{parsed.not_valid_after_utc:%Y-%m-%d} only; renew it in the camera"
        )


def _checkable_name(certificate: bytes) -> str:
    """One of a certificate's names, as FFmpeg's TLS library finds it there; empty for none.

    It takes no common name that is an address.
    """
    listed = _listed_names(certificate)
    name = listed[0] if listed else next(iter(_common_names(certificate)), "")
    if not listed and _is_address(name):
        return ""
    return name.replace("*", "camera")


def _listed_names(certificate: bytes) -> list[str]:
    """The host names and addresses that a certificate is for."""
    try:
        extensions = _parsed(certificate).extensions
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return []
    return [str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress)]


def _common_names(certificate: bytes) -> list[str]:
    """What its owner is called, which takes the place of host names where none is listed."""
    attributes = _parsed(certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return [str(attribute.value) for attribute in attributes]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _parsed(certificate: bytes) -> x509.Certificate:
    """Its parts; raises CameraRefusedError where it makes no sense."""
    try:
        return x509.load_der_x509_certificate(certificate)
    except ValueError:
        raise CameraRefusedError("its certificate cannot be read") from None
