"""Our signatures beside the standard's own library."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from actors.seams import SeededRandom
from actors.webhooks.signature import SecretError, key_of, new_secret, signed_headers

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(st.integers(0, 2**32), st.integers(1, 2**31), texts)
def test_a_message_is_signed_as_the_standards_own_library_signs_it(seed: int, at: int, body: str) -> None:
    secret = new_secret(SeededRandom(seed))
    headers = signed_headers("msg_1", at, body.encode(), [secret])
    expected = Webhook(secret).sign("msg_1", datetime.fromtimestamp(at, UTC), body)
    assert headers == {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": expected,
    }


def test_each_secret_signs_while_one_takes_the_place_of_the_other() -> None:
    new, old = (new_secret(SeededRandom(seed)) for seed in (1, 2))
    both = signed_headers("msg_1", 1, b"{}", [new, old])["webhook-signature"].split()
    assert both == [signed_headers("msg_1", 1, b"{}", [each])["webhook-signature"] for each in (new, old)]


def test_a_secret_has_32_bytes_and_needs_no_padding() -> None:
    secret = new_secret(SeededRandom(1))
    assert len(key_of(secret)) == 32
    assert key_of(secret.rstrip("=")) == key_of(secret)


@pytest.mark.parametrize(
    "text", ["", "whsec_", "hush", "whsec_c2hvcnQ=", "whsec_" + "A" * 90, "whsec_!!!!" + "A" * 40, "A" * 44]
)
def test_what_is_no_secret_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(SecretError, match="24 to 64 bytes") as refused:
        key_of(text)
    assert len(text) < 7 or text not in str(refused.value)
