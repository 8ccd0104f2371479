import logging

import pytest

from runtime.cli.reporting import logs_told

logger = logging.getLogger("quaero.store")


def _fail() -> None:
    raise OSError("no space")


def test_a_warning_is_one_line_with_its_cause(capsys: pytest.CaptureFixture[str]) -> None:
    with logs_told():
        try:
            _fail()
        except OSError:
            logger.warning("a batch of %d failed\nand more", 3, exc_info=True)
        logger.info("not worth telling")
    assert capsys.readouterr().err == "WARNING quaero.store: a batch of 3 failed: OSError('no space')\n"


def test_an_error_comes_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with logs_told():
        try:
            _fail()
        except OSError:
            logger.exception("a request failed")
    err = capsys.readouterr().err
    assert err.startswith("ERROR quaero.store: a request failed\nTraceback")
    assert err.endswith("OSError: no space\n")


def test_afterwards_nothing_is_told_any_more(capsys: pytest.CaptureFixture[str]) -> None:
    with logs_told():
        pass
    assert logging.getLogger("quaero").handlers == []
    assert logging.getLogger("quaero").propagate
    assert capsys.readouterr().err == ""
