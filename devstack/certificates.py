"""A certificate authority of an instance's own, so that connections are verified here as they are in the cloud."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFE = datetime.timedelta(days=3650)


def issue(host: str) -> tuple[bytes, bytes, bytes]:
    """PEM of a new authority's certificate, and of a server's certificate for this address and its key."""
    now = datetime.datetime.now(datetime.UTC)
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name = _name("Painel Alquimista, local authority")

    def certificate(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(issuer_name=authority_name, subject_name=subject, public_key=key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + LIFE)
        )

    authority = certificate(authority_name, authority_key).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    server = certificate(_name(host), server_key).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False
    )
    return (
        authority.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
        server.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
