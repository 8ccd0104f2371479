import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.worker.crawler.decompress import PIECE_BYTES, Decoder, EncodingError


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "": bytes,
    "identity": bytes,
}


def decoded(decoder: Decoder, *chunks: bytes) -> bytes:
    return b"".join(piece for chunk in chunks for piece in decoder.pieces(chunk))


@pytest.mark.parametrize("encoding", PACKED)
@given(body=st.binary(max_size=200_000), cut=st.integers(min_value=0, max_value=1000))
def test_a_body_comes_out_as_it_went_in_wherever_it_was_cut(encoding: str, body: bytes, cut: int) -> None:
    packed = PACKED[encoding](body)
    decoder = Decoder(encoding)

    assert decoded(decoder, packed[:cut], packed[cut:]) == body


def test_deflate_without_its_header_is_understood_too() -> None:
    assert decoded(Decoder("deflate"), raw_deflate(b"body" * 100)) == b"body" * 100


def test_the_name_is_read_in_any_case() -> None:
    assert decoded(Decoder(" GZip "), gzip.compress(b"x")) == b"x"


def test_a_bomb_comes_out_in_small_pieces() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    pieces = Decoder("gzip").pieces(bomb)

    assert all(len(next(pieces)) <= PIECE_BYTES for _ in range(100))


def test_a_body_that_ends_early_comes_out_as_far_as_it_goes() -> None:
    packed = gzip.compress(bytes(range(256)) * 100)

    assert bytes(range(256)).startswith(decoded(Decoder("gzip"), packed[:100])[:100])
    assert decoded(Decoder("gzip"), packed[:-9]) == bytes(range(256)) * 100


def test_what_stands_behind_the_end_is_ignored() -> None:
    assert decoded(Decoder("gzip"), gzip.compress(b"x") + bytes(100), b"more") == b"x"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_bytes_that_are_not_what_they_claim_to_be_are_an_error(encoding: str) -> None:
    with pytest.raises(EncodingError, match=f"not {encoding}"):
        decoded(Decoder(encoding), b"<html>plain after all</html>")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_an_encoding_that_was_not_offered_is_an_error(encoding: str) -> None:
    with pytest.raises(EncodingError, match="offered"):
        Decoder(encoding)
