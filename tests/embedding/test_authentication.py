"""Auth records of a running runtime: kept sealed, named by definitions, gone when they are removed."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from actors.job import JobDefinition, Step
from actors.worker.crawler.credential import CredentialError, UnknownCredentialError
from runtime import Runtime
from runtime.embedding import RefusedError
from runtime.settings import RuntimeSettings

COOKIE = {"name": "sid", "value": "s3cr3t-value", "domain": "example.com"}
CRAWL = JobDefinition(
    "docs", "Docs", (Step("crawl", "crawl", {"start_urls": ["https://example.com/"]}),), auth_id="wiki"
)


def files(directory: Path) -> bytes:
    return b"".join(each.read_bytes() for each in directory.rglob("*") if each.is_file())


def test_a_record_is_kept_sealed_and_shown_without_its_values(tmp_path: Path) -> None:
    with Runtime(store=tmp_path / "jobs.db") as runtime:
        shown = runtime.add_auth([COOKIE], auth_id="wiki")
        assert shown == runtime.auth_record("wiki")
        assert [each["name"] for each in shown["cookies"]] == ["sid"]
        [listed] = runtime.auth_records()
        assert (listed["id"], listed["site"]) == ("wiki", "https://example.com")
        assert runtime.vault.open("wiki").cookies[0].value == "s3cr3t-value"
        assert b"s3cr3t-value" not in files(tmp_path)
    assert b"s3cr3t-value" not in files(tmp_path)


def test_a_later_record_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    with Runtime(store=tmp_path / "jobs.db") as runtime:
        runtime.add_auth(msgspec.json.encode([COOKIE]), auth_id="wiki")
        runtime.add_auth({"site": "https://h.io", "bearer_token": "t"}, auth_id="wiki")

        assert runtime.auth_record("wiki")["site"] == "https://h.io"
        assert len(runtime.auth_records()) == 1
        assert runtime.remove_auth("wiki")
        assert not runtime.remove_auth("wiki")
        with pytest.raises(UnknownCredentialError):
            runtime.auth_record("wiki")


def test_a_definition_that_names_a_record_which_is_not_there_is_refused(tmp_path: Path) -> None:
    with Runtime(store=tmp_path / "jobs.db") as runtime:
        with pytest.raises(RefusedError, match=r"step 'crawl': there is no auth record 'wiki': add it with"):
            runtime.submit(CRAWL)
        with pytest.raises(RefusedError, match="no auth record"):
            runtime.schedule(msgspec.structs.replace(CRAWL, schedule="0 3 * * *"))
        assert runtime.schedules() == []
        runtime.add_auth([COOKIE], auth_id="wiki")
        runtime.schedule(msgspec.structs.replace(CRAWL, schedule="0 3 * * *"))


def test_what_is_no_record_is_refused_and_makes_no_key(tmp_path: Path) -> None:
    with Runtime(store=tmp_path / "jobs.db") as runtime:
        with pytest.raises(RefusedError, match=r"cookies\[0\].value: must be a text") as caught:
            runtime.add_auth([{**COOKIE, "value": ["s3cr3t-value"]}])
        assert "s3cr3t" not in str(caught.value)
        assert not runtime.vault.key_file.exists()


def test_the_key_may_be_elsewhere_and_must_be_the_same(tmp_path: Path) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", key_file=tmp_path / "keys" / "one")
    settings.key_file.parent.mkdir()  # type: ignore[union-attr]
    with Runtime(settings) as runtime:
        runtime.add_auth([COOKIE], auth_id="wiki")
    with Runtime(store=tmp_path / "jobs.db") as runtime:
        with pytest.raises(CredentialError, match="the key of the auth records is not there"):
            runtime.auth_record("wiki")
        runtime.add_auth([COOKIE], auth_id="other")
        with pytest.raises(CredentialError, match="was sealed by another key"):
            runtime.auth_record("wiki")


def test_a_record_under_another_ones_name_is_not_opened(tmp_path: Path) -> None:
    with Runtime(store=tmp_path / "jobs.db") as runtime:
        runtime.add_auth([COOKIE], auth_id="wiki")
        sealed = runtime.vault.seal(runtime.vault.open("wiki"))
    import sqlite3

    connection = sqlite3.connect(tmp_path / "jobs.db")
    connection.execute("INSERT INTO auth_record VALUES ('admin', 'x', ?, 0, 0)", (sealed,))
    connection.commit()
    connection.close()
    with Runtime(store=tmp_path / "jobs.db") as runtime, pytest.raises(CredentialError, match="another key"):
        runtime.auth_record("admin")


def test_every_verb_has_a_twin_for_asyncio(tmp_path: Path) -> None:
    async def use() -> None:
        async with Runtime(store=tmp_path / "jobs.db") as runtime:
            await runtime.add_auth_async([COOKIE], auth_id="wiki")
            assert (await runtime.auth_record_async("wiki"))["id"] == "wiki"
            assert len(await runtime.auth_records_async()) == 1
            assert await runtime.remove_auth_async("wiki")

    asyncio.run(use())
