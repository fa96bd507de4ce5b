"""One board's connection to the noticeboard: token, JSON bodies, retries, and errors that carry nothing of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from audiences.errors import (
    AuthError,
    ConfigError,
    Gone,
    PlatformError,
    RateLimited,
    RejectedRequest,
    RejectedRows,
    Unavailable,
)

HOME = "https://noticeboard.example"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SENTENCES: Mapping[str, tuple[type[PlatformError], str]] = {
    "token": (AuthError, "the noticeboard does not know the token: make a new one"),
    "permission": (AuthError, "the token may not write on this board: have it granted"),
    "terms": (AuthError, "the noticeboard's terms are not accepted: accept them there"),
    "gone": (Gone, "this list is not on the noticeboard any more"),
    "full": (RejectedRequest, "the board has as many lists as it takes: delete one there"),
    "flagged": (RejectedRequest, "the noticeboard holds this list to be against its rules: appeal there"),
    "rows": (RejectedRows, "the noticeboard refuses the request because of a row in it"),
    "size": (RejectedRows, "the request is too large for the noticeboard"),
}
REFUSED = (RejectedRequest, "the noticeboard refuses the request")

Result = TypeVar("Result")


class Account(BaseModel):
    """The settings of one board, as they stand under `platforms.noticeboard.accounts.<name>`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^board_\w+$")
    token: SecretStr = Field(min_length=1)
    rows_per_request: int = Field(default=500, ge=1, le=500)
    tries: int = Field(default=3, ge=1, le=10)
    max_wait_seconds: float = Field(default=0, ge=0)
    """The longest wait that is waited out; beyond it the rest is left to the next run."""
    timeout_seconds: float = Field(default=30, gt=0)
    adopt: tuple[str, ...] = ()
    """Ids of other ledgers whose lists this ledger may take over."""


def read_account(values: Mapping[str, Any]) -> Account:
    """The board's settings. Raises ConfigError that names the wrong setting, never its value."""
    try:
        return Account.model_validate(dict(values))
    except ValidationError as error:
        names = [".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)]
    raise ConfigError(f"a noticeboard account has wrong or missing settings: {', '.join(names)}")


@dataclass(frozen=True)
class Answer:
    """What the noticeboard answered: its JSON object, and its id of the request."""

    body: dict[str, Any]
    request_id: str | None


class Wire:
    """Calls the noticeboard for one board; safe to use from several threads."""

    def __init__(self, account: Account, endpoint: str | None) -> None:
        address = (endpoint or HOME).rstrip("/")
        self._account = account
        self._client = httpx.Client(
            base_url=f"{address}/{account.id}",
            headers={"authorization": f"Bearer {account.token.get_secret_value()}"},
            timeout=account.timeout_seconds,
            trust_env=urlsplit(address).hostname not in LOOPBACK,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(self, method: str, path: str, **request: Any) -> Answer:
        """Make a call that is safe to make twice."""
        return self.repeat(lambda: self.once(method, path, **request))

    def repeat(self, call: Callable[[], Result]) -> Result:
        """Try as often as the account allows while the noticeboard is down or asks for a short wait."""
        retrying = Retrying(
            retry=retry_if_exception(self._is_worth_another_try),
            wait=_pause,
            stop=stop_after_attempt(self._account.tries),
            reraise=True,
        )
        return retrying(call)

    def once(self, method: str, path: str, **request: Any) -> Answer:
        """Make one call. Raises one of our errors, which has no cause and so nothing of the request."""
        answered = self._answered(method, path, request)
        if isinstance(answered, PlatformError):
            raise answered
        return answered

    def _answered(self, method: str, path: str, request: Mapping[str, Any]) -> Answer | PlatformError:
        try:
            response = self._client.request(method, path, **request)
            body = response.json()
        except httpx.HTTPError:
            return Unavailable("the connection to the noticeboard failed or broke off")
        except ValueError:
            return Unavailable("the noticeboard's gateway answered with something that is no data")
        request_id = response.headers.get("x-request-id")
        if response.is_error or not isinstance(body, dict):
            return error_of(response.status_code, body, response.headers.get("retry-after"), request_id)
        return Answer(body, request_id)

    def _is_worth_another_try(self, error: BaseException) -> bool:
        if isinstance(error, RateLimited):
            return error.wait <= self._account.max_wait_seconds
        return isinstance(error, Unavailable)


_GROWING = wait_exponential_jitter(multiplier=0.1, max=5, jitter=0.1)


def _pause(state: RetryCallState) -> float:
    failed = state.outcome.exception() if state.outcome is not None else None
    return failed.wait if isinstance(failed, RateLimited) else _GROWING(state)


def error_of(status: int, body: object, retry_after: str | None, request_id: str | None) -> PlatformError:
    """Our error for a refusal; `retry_after` is the header, in seconds."""
    code = str(body.get("error")) if isinstance(body, dict) else None
    if status == httpx.codes.TOO_MANY_REQUESTS:
        why = "the day's quota of rows is used up" if code == "quota" else "too many requests"
        wait = float(retry_after) if retry_after and retry_after.isdecimal() else 60.0
        return RateLimited(f"the noticeboard asks to wait: {why}", wait=wait, code=code, request_id=request_id)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Unavailable("the noticeboard has a passing problem", code=code, request_id=request_id)
    kind, sentence = SENTENCES.get(code or "", REFUSED)
    return kind(sentence, code=code, request_id=request_id)
