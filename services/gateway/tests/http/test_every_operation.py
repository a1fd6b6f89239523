"""Schemathesis asks every operation what its description allows, and much that it does not."""

import asyncio
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from dropship.gateway.http.site import DOCUMENT, ENDPOINTS

EXAMPLES = 10
# What a description cannot say: which parameters go together, which cursors are ours, that a key
# was used before, and which day is past.
CHOOSY = {"requestImport", "listJobs", "signUp", "makeApiKey", "listApiKeys"}


@pytest.fixture(scope="module")
async def headers(gateway: Any) -> dict[str, str]:
    seller = await gateway.seller()
    return {"Authorization": f"Bearer {seller.tokens['access_token']}"}


@pytest.fixture(scope="module")
def schema(gateway: Any) -> Any:
    document = msgspec.json.decode(DOCUMENT)
    for methods in document["paths"].values():
        for operation in methods.values():
            del operation["security"]  # Every request shows a good token; others have their tests.
    found = schemathesis.openapi.from_dict(document)
    found.config.update(base_url=gateway.url)
    return found


@pytest.mark.usefixtures("owners")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda m: m.value)
@pytest.mark.parametrize("operation_id", [e.operation_id for e in ENDPOINTS])
async def test_an_operation_does_what_its_description_says(
    schema: Any, headers: dict[str, str], operation_id: str, mode: GenerationMode
) -> None:
    operation = schema.find_operation_by_id(operation_id)
    if mode is GenerationMode.NEGATIVE and not {"parameters", "requestBody"} & {
        *operation.definition.raw
    }:
        pytest.skip("there is nothing to get wrong")
    shown = {} if operation_id == "logOut" else headers
    excluded: Any = [positive_data_acceptance] if operation_id in CHOOSY else []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    def every_case(case: Any) -> None:
        case.call_and_validate(headers=shown, excluded_checks=excluded)

    await asyncio.to_thread(every_case)
