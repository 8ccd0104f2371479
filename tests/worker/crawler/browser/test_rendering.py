"""Pages in a real browser: what scripts make of them, and what they may not do."""

import asyncio
from typing import Any

import pytest

from actors.worker.crawler.browser.rendering import as_taken
from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.cookies import Cookie
from actors.worker.crawler.credential import Credential
from actors.worker.crawler.errors import PrivateAddressError
from actors.worker.crawler.fetch import FetchRequest
from actors.worker.crawler.visitor import Visitor
from tests.worker.crawler.browser.conftest import ALLOWED, Rendering
from tests.worker.crawler.site import ByRequest, Site, reply

SCRIPT = "text/javascript"


class Datagrams(asyncio.DatagramProtocol):
    """Counts what comes by UDP."""

    count = 0

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.count += 1


def page(script: str, body: str = "<main></main>") -> bytes:
    return reply(f"<html><body>{body}<script>{script}</script></body></html>")


def test_a_page_made_by_script_is_seen_by_the_browser_and_not_by_the_plain_client(
    rendering: Rendering,
) -> None:
    answers = {
        "/": reply('<html><body><div id="app"></div><script src="/app.js"></script></body></html>'),
        "/app.js": reply(
            "fetch('/data.json').then(each => each.json()).then(data => {"
            " document.getElementById('app').innerHTML = `<h1>${data.title}</h1><a href=\"next\">on</a>`; })",
            Content_Type=SCRIPT,
        ),
        "/data.json": reply('{"title": "Made by script"}', Content_Type="application/json"),
    }

    async def both(site: Site) -> tuple[str, str, list[str]]:
        request = FetchRequest(site.url + "/", ALLOWED)
        plain = await rendering.plain.fetch(request)
        rendered = await rendering.fetcher.fetch(request)
        assert rendered.status == 200
        assert f'href="{site.url}/next"' in (rendered.text or "")
        assert {each.headers["user-agent"] for each in site.requests[2:]} == {"quaero-test"}
        return plain.text or "", rendered.text or "", site.paths()

    plain, rendered, paths = rendering.with_site(answers, both)

    assert "Made by script" not in plain
    assert "<h1>Made by script</h1>" in rendered
    assert paths == ["/", "/", "/app.js", "/data.json"]


@pytest.mark.browser
def test_what_is_in_open_shadow_roots_is_part_of_the_page(rendering: Rendering) -> None:
    script = (
        "const host = document.querySelector('main');"
        "host.attachShadow({mode: 'open'}).innerHTML = '<h2>outer</h2><div></div>';"
        "host.shadowRoot.querySelector('div').attachShadow({mode: 'open'}).innerHTML = '<p>inner</p>';"
    )
    found = rendering.rendered({"/": page(script)})

    assert "<h2>outer</h2><div><p>inner</p></div>" in (found.text or "")


@pytest.mark.browser
def test_pictures_windows_and_dialogs_are_not_had_and_a_download_is_let_go(rendering: Rendering) -> None:
    script = (
        "alert(1); confirm('?'); window.open('/popup'); const a = document.createElement('a');"
        "a.href = '/file.zip'; a.download = 'file.zip'; a.click(); document.querySelector('p').textContent = 'done';"
    )
    answers = {"/": page(script, '<p></p><img src="/a.png"><video src="/a.mp4"></video>')}

    async def use(site: Site) -> tuple[str, list[str]]:
        found = await rendering.fetcher.fetch(FetchRequest(site.url + "/", ALLOWED))
        return found.text or "", site.paths()

    text, paths = rendering.with_site(answers, use)

    assert "<p>done</p>" in text
    assert set(paths) <= {"/", "/file.zip"}


@pytest.mark.browser
@pytest.mark.parametrize(
    "way", ["location.replace('{0}/next')", "location.href = '{0}/next'", "location.assign('{0}/next')"]
)
def test_a_script_that_goes_elsewhere_is_a_redirect(rendering: Rendering, way: str) -> None:
    async def use(site: Site) -> tuple[int, str | None, str | None, list[str]]:
        site.answers["/"] = page(way.format(site.url))
        found = await rendering.fetcher.fetch(FetchRequest(site.url + "/", ALLOWED))
        assert found.location == f"{site.url}/next"
        return found.status, found.text, None, site.paths()

    assert rendering.with_site({}, use) == (302, None, None, ["/"])


@pytest.mark.browser
def test_a_page_that_loads_itself_anew_is_asked_for_once_more_with_what_it_has_set(
    rendering: Rendering,
) -> None:
    script = "if (!document.cookie) { document.cookie = 'seen=1'; location.reload(); }"

    async def use(site: Site) -> tuple[str, list[str | None]]:
        cookie = ByRequest(lambda request: page(script, f"<p>{request.headers.get('cookie', 'none')}</p>"))
        site.answers["/"] = cookie
        found = await rendering.fetcher.fetch(FetchRequest(site.url + "/", ALLOWED))
        return found.text or "", [each.headers.get("cookie") for each in site.requests]

    text, cookies = rendering.with_site({}, use)

    assert "<p>seen=1</p>" in text
    assert cookies == [None, "seen=1"]


@pytest.mark.browser
def test_a_page_that_loads_itself_anew_for_ever_is_taken_as_it_is(rendering: Rendering) -> None:
    found = rendering.rendered({"/": page("location.reload()", "<p>here</p>")})

    assert (found.status, found.location) == (200, None)
    assert "<p>here</p>" in (found.text or "")


def test_a_redirect_is_told_and_what_is_no_page_stays_as_it_is(rendering: Rendering) -> None:
    starts = rendering.fetcher.browser.starts
    redirect = rendering.rendered({"/": reply(status="302 Found", Location="http://169.254.169.254/")})
    text = rendering.rendered({"/": reply("a, b", Content_Type="text/plain")})

    assert (redirect.status, redirect.location) == (302, "http://169.254.169.254/")
    assert text.text == "a, b"
    assert rendering.fetcher.browser.starts == starts


def test_the_visitors_cookies_are_those_of_the_page_and_of_its_scripts_requests(rendering: Rendering) -> None:
    visitor = Visitor(
        Credential(
            "login",
            "http://127.0.0.1",
            cookies=(Cookie("session", "s3cret", "127.0.0.1", host_only=True, http_only=True),),
        )
    )
    script = "fetch('/data').then(each => each.text()).then(text => document.querySelector('main').textContent = text)"

    async def use(site: Site) -> tuple[str, list[str | None]]:
        found = await rendering.fetcher.fetch(FetchRequest(site.url + "/", ALLOWED, visitor))
        after = await rendering.fetcher.fetch(FetchRequest(site.url + "/", ALLOWED, Visitor()))
        assert after.status == 200
        return found.text or "", [each.headers.get("cookie") for each in site.requests]

    text, cookies = rendering.with_site({"/": page(script), "/data": reply("data")}, use)

    assert "data" in text
    assert "s3cret" not in text
    assert cookies == ["session=s3cret", "session=s3cret", None, None]


def test_no_request_of_a_page_reaches_an_address_that_is_not_of_the_internet(rendering: Rendering) -> None:
    """The page is one that may be read; what it asks for is not. Whatever the name, the way and the kind of request."""

    async def use(site: Site) -> list[str]:
        inside = f"127.0.0.1:{site.port}"
        heard = Datagrams()
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: heard, local_addr=("127.0.0.1", 0)
        )
        udp_port = transport.get_extra_info("sockname")[1]
        script = f"""
            const tell = text => document.querySelector('p').textContent += text || 'nothing ';
            const hosts = ['{inside}', 'localhost:{site.port}', '[::ffff:127.0.0.1]:{site.port}', '169.254.169.254'];
            for (const host of hosts)
                fetch(`http://${{host}}/secret`).then(e => e.text()).then(tell).catch(() => tell(''));
            navigator.sendBeacon('http://{inside}/beacon', 'x');
            new WebSocket('ws://{inside}/socket');
            const rtc = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{udp_port}'}}]}});
            rtc.createDataChannel('x');
            rtc.createOffer().then(offer => rtc.setLocalDescription(offer));
        """
        body = "<p></p>" + "".join(
            f"<{tag}>"
            for tag in (
                f'link rel="stylesheet" href="http://{inside}/css"',
                f'link rel="preconnect" href="http://{inside}/"',
                f'script src="http://{inside}/js"></script',
                f'iframe src="http://{inside}/frame"></iframe',
            )
        )
        site.answers["/"] = page(script, body)
        site.answers["/secret"] = reply("secret", Access_Control_Allow_Origin="*")
        fetched = await rendering.plain.fetch(FetchRequest(site.url + "/", ALLOWED))
        rendered, _ = await rendering.fetcher._rendered(
            FetchRequest("http://public.example/", CrawlConfig()), fetched
        )
        assert "<p>nothing nothing nothing nothing </p>" in rendered.text
        transport.close()
        assert heard.count == 0
        return site.paths()

    assert rendering.with_site({}, use) == ["/"]


def test_a_private_page_is_refused_before_the_browser_hears_of_it(rendering: Rendering) -> None:
    starts = rendering.fetcher.browser.starts

    assert isinstance(rendering.refused({"/": page("")}, CrawlConfig()), PrivateAddressError)
    assert rendering.fetcher.browser.starts == starts


@pytest.mark.parametrize(
    ("cookie", "domain"),
    [
        (Cookie("a", "b", "a.example", host_only=True), "a.example"),
        (Cookie("a", "b", "a.example"), ".a.example"),
        (Cookie("a", "b", "127.0.0.1"), "127.0.0.1"),
        (Cookie("a", "b", "localhost"), "localhost"),
    ],
)
def test_a_cookie_is_given_to_the_hosts_that_it_is_for(cookie: Cookie, domain: str) -> None:
    assert as_taken(cookie)["domain"] == domain


def test_a_cookies_properties_are_those_of_the_record() -> None:
    cookie = Cookie(
        "a", "b", "a.example", path="/x", expires=5.0, secure=True, http_only=True, same_site="lax"
    )

    assert as_taken(cookie) == {
        "name": "a",
        "value": "b",
        "domain": ".a.example",
        "path": "/x",
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
        "expires": 5.0,
    }
    assert "sameSite" not in as_taken(Cookie("a", "b", "a.example", same_site="odd"))


@pytest.mark.browser
def test_a_cookie_that_the_browser_does_not_take_is_left_out(rendering: Rendering) -> None:
    cookies = tuple(Cookie(name, "1", "127.0.0.1", host_only=True) for name in ("__Host-x", "good"))
    script = "fetch('/data')"

    async def use(site: Site) -> str | None:
        visitor = Visitor(Credential("login", "http://127.0.0.1", cookies=cookies))
        await rendering.fetcher.fetch(FetchRequest(site.url + "/", ALLOWED, visitor))
        return site.requests[-1].headers.get("cookie")

    assert rendering.with_site({"/": page(script), "/data": reply("")}, use) == "good=1"
