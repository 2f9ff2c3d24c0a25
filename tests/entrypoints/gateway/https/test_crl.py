"""The revocation list at the address that certificates name."""

from typing import Any

from cryptography import x509

from careful import devices
from careful.kernel.actors import Actor
from careful.kernel.work import World


def test_curl_gets_a_list_that_names_a_revoked_certificate(
    client: Any, world: World, staff: Actor, enrolled: bytes
) -> None:
    devices.revoke(world, staff, "cam-1-001", "key lost")
    answer = client.get("/crl")
    assert answer.status == 200
    assert "content-type: application/pkix-crl" in answer.headers.lower()
    certificate = x509.load_der_x509_certificate(enrolled)
    listed = x509.load_der_x509_crl(answer.body)
    assert listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
    [point] = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name is not None
    assert point.full_name[0].value == f"{world.settings.device_url}/crl"
