"""The list of metrics holds to its own rules."""

from prometheus_client import generate_latest

from dropship.runtime.telemetry import metrics

FORBIDDEN = {"tenant", "sku", "product", "product_id", "listing", "path", "user", "replica"}


def families() -> dict[str, str]:
    text = generate_latest().decode()
    return {
        line.split()[2]: line.split()[3]
        for line in text.splitlines()
        if line.startswith("# TYPE dropship_")
    }


def test_every_metric_is_exposed_under_the_house_prefix() -> None:
    found = families()
    assert {"dropship_relay_backlog", "dropship_hearing_lag", "dropship_pool_waits_total"} <= set(
        found
    )


def test_fixed_labels_are_bound_beforehand_so_that_zero_is_visible() -> None:
    text = generate_latest().decode()
    for stream in metrics.STREAMS:
        assert f'dropship_hearing_parked_total{{stream="{stream}"}}' in text
    for outcome in metrics.EGRESS_OUTCOMES:
        assert f'dropship_egress_requests_total{{outcome="{outcome}"}}' in text


def test_no_label_grows_with_the_number_of_tenants_or_products() -> None:
    labels: set[str] = set()
    for value in vars(metrics).values():
        members = value.values() if isinstance(value, dict) else [value]
        for member in members:
            labels.update(getattr(member, "_labelnames", ()))
    assert labels
    assert not labels & FORBIDDEN
