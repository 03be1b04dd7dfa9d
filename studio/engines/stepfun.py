"""StepFun's image API, and servers that copy it, another Easel among them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import httpx

from studio.engines.contract import Account
from studio.engines.dialects import STEPFUN, ResponseFormat
from studio.engines.fields import WireModel
from studio.engines.http import read_capped, send
from studio.engines.remote import MAX_IMAGE_BYTES, RemoteEngine
from studio.engines.transport import deadline

_MAX_ACCOUNT_BYTES = 64 * 1024
_MAX_BALANCE = Decimal(10) ** 11


class StepfunEngine(RemoteEngine):
    name = "stepfun"

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        models: Mapping[str, WireModel],
        max_bytes: int = MAX_IMAGE_BYTES,
        response_format: ResponseFormat = "b64_json",
        user_agent: str = "easel",
    ) -> None:
        super().__init__(
            base_url=base_url,
            api_key=api_key,
            dialect=replace(STEPFUN, response_format=response_format),
            models=models,
            max_bytes=max_bytes,
            user_agent=user_agent,
        )

    def account(self, *, deadline_seconds: float = 10.0) -> Account | None:
        """None if the server does not tell. Raises EngineError if it cannot be asked.

        https://platform.stepfun.ai/docs/en/api-reference/accounts/get
        """
        headers = self._headers(accept="application/json")
        headers["Authorization"] = f"Bearer {self._key}"
        request = httpx.Request("GET", self._base.join("accounts"), headers=headers)
        with deadline(deadline_seconds), send(self._api, request) as response:
            if response.status_code != 200:
                return None
            return _account_in(read_capped(response, _MAX_ACCOUNT_BYTES))


def _account_in(body: bytes) -> Account | None:
    try:
        said = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        return None
    balance = said.get("balance") if isinstance(said, dict) else None
    if not (isinstance(balance, Decimal) and abs(balance) < _MAX_BALANCE):
        return None
    return Account(balance=balance, is_prepaid=said.get("type") != "postpaid")
