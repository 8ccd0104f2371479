"""Documents that a body saves are bounded."""

import pytest

from actors.documents import MAX_BODY_BYTES, DocumentSpec
from actors.worker.errors import DocumentTooLargeError
from tests.actors.worker.test_attempt import context_of


@pytest.mark.parametrize("sign", ["a", "é", "検"])
def test_a_body_as_long_as_it_may_be_is_saved_and_a_longer_one_refused(sign: str) -> None:
    context = context_of()
    longest = sign * (MAX_BODY_BYTES // len(sign.encode()))
    context.save_document(DocumentSpec("web", "a", None, "A", longest))
    with pytest.raises(DocumentTooLargeError, match="document web 'b' is longer than 5242880 bytes"):
        context.save_document(DocumentSpec("web", "b", None, "B", longest + sign))
    assert len(context.documents) == 1
