"""A private CA of a test's own, and certificates from it: good ones, and each kind of bad one."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signals.runtime.control_tls import TlsFiles

DAY = timedelta(days=1)


class Authority:
    """A CA; ``issue`` writes a certificate, its key and the CA's certificate into a folder."""

    def __init__(self, folder, name="test CA"):
        self.folder, self.name = folder, name
        folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        self.certificate = (
            self._begin(subject, subject, self.key, datetime.now(UTC) - DAY, datetime.now(UTC) + DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        (folder / "ca.pem").write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name, *, uris=(), dns=(), is_server=False, begins=-DAY, ends=DAY, revoked=None):
        """The files of a certificate for ``name``."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if is_server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = (
            self._begin(subject, self.certificate.subject, key, now + begins, now + ends)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        others = [*map(x509.UniformResourceIdentifier, uris), *map(x509.DNSName, dns)]
        if others:
            builder = builder.add_extension(x509.SubjectAlternativeName(others), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        stem = self.folder / f"{name or 'nameless'}-{certificate.serial_number:x}"
        stem.with_suffix(".pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        stem.with_suffix(".key").write_bytes(pem)
        stem.with_suffix(".key").chmod(0o600)
        return TlsFiles(stem.with_suffix(".pem"), stem.with_suffix(".key"), self.folder / "ca.pem", revoked)

    def revoke(self, files):
        """A list of revoked certificates with this one in it."""
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        now = datetime.now(UTC)
        one = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(now).build()
        crl = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - DAY)
            .next_update(now + DAY)
            .add_revoked_certificate(one)
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / "revoked.pem"
        path.write_bytes(crl.public_bytes(serialization.Encoding.PEM))
        return path

    @staticmethod
    def _begin(subject, issuer, key, begins, ends):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
        )
