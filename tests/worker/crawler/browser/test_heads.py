"""What a browser asks of its proxy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.worker.crawler.browser.heads import HeadError, ProxyRequest, answer_of, is_interim, request_of


def head(*lines: str) -> bytes:
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def test_a_tunnel_is_wanted_to_a_host_and_a_port() -> None:
    assert request_of(head("CONNECT a.example:443 HTTP/1.1", "Host: x")) == ProxyRequest("a.example", 443)
    assert request_of(head("CONNECT [::1]:8443 HTTP/1.1")) == ProxyRequest("::1", 8443)


def test_a_plain_request_is_passed_on_as_its_server_expects_it() -> None:
    found = request_of(
        head(
            "GET http://a.example:8080/x?q=1#f HTTP/1.1",
            "Host: a.example:8080",
            "Proxy-Connection: keep-alive",
            "Proxy-Authorization: Basic eA==",
            "connection: keep-alive",
            "Accept: */*",
        )
    )

    assert found == ProxyRequest(
        "a.example",
        8080,
        head("GET /x?q=1 HTTP/1.1", "Host: a.example:8080", "Accept: */*", "Connection: close"),
    )
    assert request_of(head("GET http://[::1] HTTP/1.1")) == ProxyRequest(
        "::1", 80, head("GET / HTTP/1.1", "Connection: close")
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "GET / HTTP/1.1",
        "GET https://a.example/ HTTP/1.1",
        "GET ftp://a.example/ HTTP/1.1",
        "GET http:///x HTTP/1.1",
        "GET http://a.example:99999/ HTTP/1.1",
        "GET http://[::1/ HTTP/1.1",
        "GET http://a.example/ SPDY/3",
        "CONNECT a.example HTTP/1.1",
        "CONNECT a.example:0 HTTP/1.1",
        "CONNECT a.example:70000 HTTP/1.1",
        "CONNECT a b:443 HTTP/1.1",
        "CONNECT a/b:443 HTTP/1.1",
    ],
)
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(HeadError):
        request_of(head(line))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(content: bytes) -> None:
    try:
        found = request_of(content + b"\r\n\r\n")
    except HeadError:
        return
    assert found.host


def test_with_an_answer_the_connection_ends() -> None:
    assert answer_of(
        head("HTTP/1.1 200 OK", "Connection: keep-alive", "Keep-Alive: timeout=5", "A: b")
    ) == head("HTTP/1.1 200 OK", "A: b", "Connection: close")


def test_an_interim_answer_is_followed_by_another() -> None:
    assert is_interim(head("HTTP/1.1 100 Continue"))
    assert is_interim(head("HTTP/1.1 103 Early Hints"))
    assert not is_interim(head("HTTP/1.1 101 Switching Protocols"))
    assert not is_interim(head("HTTP/1.1 200 OK"))
