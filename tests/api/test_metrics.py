"""``/metrics``: what a scrape finds, read by Prometheus' own parser."""

from prometheus_client.parser import text_string_to_metric_families

from tests.support import run_sandbox


async def scrape(running) -> dict[tuple, float]:
    async with running.http.get(f"{running.sandbox.control_url}/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = await answer.text()
    families = text_string_to_metric_families(text)
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


async def test_a_scrape_counts_calls_by_operation_and_status(running):
    tokens = await running.log_in("taro")
    before = await scrape(running)
    for _ in range(3):
        await running.get("/accounts", tokens["access_token"])
    await running.get("/accounts", "nobody")
    await running.get("/nowhere")
    after = await scrape(running)

    name = "bank_sandbox_call_seconds_count"
    assert before.get((name, "200", "list_accounts", "tomato"), 0) == 0
    assert after[name, "200", "list_accounts", "tomato"] == 3
    assert after[name, "401", "list_accounts", "tomato"] == 1
    assert after[name, "404", "tomato", "unknown"] == 1
    assert after["bank_sandbox_call_seconds_sum", "200", "list_accounts", "tomato"] > 0


async def test_a_scrape_counts_worlds(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, most_open_worlds="2") as running:
        for name in ("a", "b", "c"):
            url = f"{running.sandbox.control_url}/api/v1/worlds"
            async with running.http.post(url, json={"name": name}) as answer:
                assert answer.status == 200
        found = await scrape(running)
    assert found["bank_sandbox_worlds",] == 4
    assert found["bank_sandbox_worlds_open",] == 2


async def test_no_caller_can_make_up_labels(running):
    for path in ("/a", "/b", "/c?code=secret"):
        await running.get(path)
    async with running.http.get(f"{running.base}/oauth/auth?client_id=made-up") as answer:
        assert answer.status == 400
    labels = {label for sample in await scrape(running) for label in sample[1:]}
    assert labels <= {"tomato", "unknown", "404", "400", "authorize"}
