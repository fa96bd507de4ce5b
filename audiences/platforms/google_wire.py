"""One account's connection to the Data Manager API through Google's own client, over REST: pace, retries, errors.

At level DEBUG the client and its authentication write whole request bodies into their log records, so these loggers are
kept above it. No exception of theirs leaves this module in any form.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from google.ads import datamanager_v1
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError
from google.auth.exceptions import GoogleAuthError, TransportError
from google.protobuf.json_format import Error as JsonError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from audiences.errors import AuthError, PlatformError, RateLimited, Unavailable
from audiences.platforms.far_clock import FarClock
from audiences.platforms.google_account import GoogleAccount
from audiences.platforms.google_credentials import credentials_of
from audiences.platforms.google_errors import About, error_of
from audiences.platforms.google_pace import Pace

LOOPBACK = ("127.0.0.1", "::1", "localhost")
TALKATIVE = ("google.ads.datamanager_v1", "google.auth", "google.oauth2", "google.api_core")

Result = TypeVar("Result")
Metadata = Sequence[tuple[str, str]]


class Wire:
    """Calls the API for one account; holds its connections. Safe to use from several threads."""

    def __init__(
        self,
        account: GoogleAccount,
        endpoint: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        for name in TALKATIVE:
            logger = logging.getLogger(name)
            logger.setLevel(max(logger.level, logging.INFO))
        self._account, self._endpoint, self._sleep, self._now = account, endpoint, sleep, now
        self.clock = FarClock()
        self._pace = Pace(max_wait=account.max_wait_seconds, clock=clock, sleep=sleep)
        login = account.login_account  # lists are reached through it; uploads name it in their destination
        self._login: Metadata = (("login-account", f"accountTypes/GOOGLE_ADS/accounts/{login}"),) if login else ()
        options = ClientOptions(api_endpoint=endpoint, quota_project_id=account.quota_project)
        credentials = credentials_of(account)
        self._members = datamanager_v1.IngestionServiceClient(
            credentials=credentials, transport="rest", client_options=options
        )
        self._lists = datamanager_v1.UserListServiceClient(
            credentials=credentials, transport="rest", client_options=options
        )
        for client in (self._members, self._lists):
            # a proxy of the network does not know this machine; the client has no setting for that
            client.transport._session.trust_env = urlsplit(endpoint).hostname not in LOOPBACK
            client.transport._session.hooks["response"].append(lambda answer, **_: self.clock.note(answer.headers))

    def close(self) -> None:
        """Close the connections."""
        self._members.transport.close()
        self._lists.transport.close()

    def get(self, method: str, request: Any, about: About = "list") -> Any:
        """Make a call that is safe to make twice, trying again while Google is down or asks for a short wait."""
        return self.repeat(lambda: self.once(method, request, about))

    def repeat(self, call: Callable[[], Result]) -> Result:
        """Make a call that is safe to make twice, with growing pauses, as often as the account's settings allow."""
        retrying = Retrying(
            retry=retry_if_exception(self._is_worth_another_try),
            wait=_pause,
            stop=stop_after_attempt(self._account.tries),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(call)

    def once(self, method: str, request: Any, about: About = "list") -> Any:
        """Make one call. Raises one of our errors, which carries nothing of the request and has no cause.

        Args:
            method: The client's method, of user lists or of members.
            request: The request's message.
            about: What it is about.
        """
        self._pace.await_turn()
        is_of_lists = "user_list" in method
        call = getattr(self._lists if is_of_lists else self._members, method)
        answered = self._answered(call, request, about, self._login if is_of_lists else ())
        if isinstance(answered, RateLimited):
            self._pace.block(answered.wait)
        if isinstance(answered, PlatformError):
            raise answered
        return answered

    def _answered(self, call: Callable[..., Any], request: Any, about: About, metadata: Metadata) -> Any:
        """The answer or the error, as a value: raised in here it would carry the client's own error with it."""
        try:
            return call(request=request, retry=None, timeout=self._account.timeout_seconds, metadata=metadata)
        except GoogleAPICallError as error:
            return self._error(error, about)
        except TransportError:
            return Unavailable("the connection to Google's sign-in failed or broke off")
        except GoogleAuthError:
            return AuthError("Google does not accept the credentials or their token: renew them")
        except requests.Timeout:
            return Unavailable("Google did not answer in time")
        except requests.RequestException:
            return Unavailable(f"the connection to Google failed or broke off{_stand_in(self._endpoint)}")
        except (JsonError, GoogleAPIError, TypeError, AttributeError, KeyError, ValueError):
            # The client trips over answers that are no JSON, or not the JSON that it expects.
            return Unavailable("Google's gateway answered with something that is no data")

    def _error(self, error: GoogleAPICallError, about: About) -> PlatformError:
        status, details = int(error.code or 0), list(error.details or ())
        return error_of(status, details, about=about, now=self._now(), timezone=self._account.quota_timezone)

    def _is_worth_another_try(self, error: BaseException) -> bool:
        if isinstance(error, RateLimited):
            return error.wait <= self._account.max_wait_seconds
        return isinstance(error, Unavailable)


_GROWING = wait_exponential_jitter(multiplier=0.5, max=20, jitter=0.5)


def _pause(state: RetryCallState) -> float:
    """No pause after RateLimited: the pace waits before the next call itself."""
    failed = state.outcome.exception() if state.outcome is not None else None
    return 0.0 if isinstance(failed, RateLimited) else _GROWING(state)


def _stand_in(endpoint: str) -> str:
    """What to look at first when nothing answers on this very machine."""
    is_here = urlsplit(endpoint).hostname in LOOPBACK
    return f": nothing answers at {endpoint}; is `boomerang sandbox` running?" if is_here else ""
