"""Reading what the SDK raises, where no loopback server can bring it about."""

from __future__ import annotations

import anthropic
import httpx2
import pytest

from batchdeck.api.failures import Refusal, clean, creation_failure_from, failure_from, failure_of
from batchdeck.domain.secret import Secret
from batchdeck.errors import (
    AcceptanceUnknown,
    AccountHeld,
    ApiUnreachable,
    ConfigError,
    NotSent,
    RequestRefused,
)

REQUEST = httpx2.Request("POST", "https://api.anthropic.com/v1/messages/batches")


def status_error(status: int, body: object = None) -> anthropic.APIStatusError:
    response = httpx2.Response(status, request=REQUEST)
    return anthropic.APIStatusError("text", response=response, body=body)


def test_an_error_that_overtook_the_body_proves_that_nothing_was_made() -> None:
    assert isinstance(creation_failure_from(status_error(503), None, left_whole=True), AcceptanceUnknown)
    assert isinstance(creation_failure_from(status_error(503), None, left_whole=False), NotSent)
    assert isinstance(creation_failure_from(status_error(413), None, left_whole=False), RequestRefused)


@pytest.mark.parametrize(
    "body", [None, "", "plain text", [], {"error": "text"}, {"error": {"message": 7}}, 5]
)
def test_any_shape_of_error_body_is_read(body: object) -> None:
    error = failure_from(status_error(500, body), None)
    assert isinstance(error, ApiUnreachable)
    assert "HTTP 500" in error.message


def test_a_connection_error_names_its_cause() -> None:
    error = anthropic.APIConnectionError(request=REQUEST)
    error.__cause__ = httpx2.ConnectError("[Errno -2] Name or service not known")
    assert "Name or service not known" in failure_from(error, None).message
    assert isinstance(creation_failure_from(error, None, left_whole=False), NotSent)
    assert isinstance(creation_failure_from(error, None, left_whole=True), AcceptanceUnknown)


def test_our_own_refusal_to_send_stays_what_it_is() -> None:
    error = anthropic.APIConnectionError(request=REQUEST)
    error.__cause__ = ConfigError("Refused to send credentials")
    assert failure_from(error, None) is error.__cause__
    assert creation_failure_from(error, None, left_whole=False) is error.__cause__


def test_credentials_that_cannot_be_had_hold_the_account() -> None:
    error = anthropic.CredentialsError("Token exchange failed for Bearer abcdefgh12345678")
    for failure in (failure_from(error, None), creation_failure_from(error, None, left_whole=False)):
        assert isinstance(failure, AccountHeld)
        assert "abcdefgh" not in failure.message


def test_a_redirect_of_a_poll_is_refused() -> None:
    error = failure_of(Refusal(301, "The answer is a redirect to /login"))
    assert isinstance(error, RequestRefused)
    assert "base_url" in error.hint


def test_text_is_bounded_before_it_is_searched() -> None:
    text = clean("x" * 10_000_000, Secret("x"), 50)
    assert len(text) <= 50
    assert clean("a\n\n b\t c", None) == "a b c"
