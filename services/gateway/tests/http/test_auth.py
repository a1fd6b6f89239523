"""Signing up, in, on and out."""

import httpx


async def test_a_new_seller_signs_up_and_can_ask_at_once(gateway) -> None:  # type: ignore[no-untyped-def]
    seller = await gateway.seller()
    assert set(seller.tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
    me = (await seller.get("/v1/me")).json()
    assert me["user"]["email"] == seller.email
    assert me["tenant"]["role"] == "owner"
