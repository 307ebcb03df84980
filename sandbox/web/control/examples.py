"""Bodies that the reference shows: written down where it takes a person to choose well."""

from typing import Any

from sandbox.web.schema import SchemaStore

Json = dict[str, Any]
EXAMPLES: dict[str, Json] = {
    "account_act_request": {"act": "post", "amount_yen": 1000, "abstract": "フリコミ"},
    "act_request": {"act": "change_password", "persona": "taro", "secret": "4321"},
    "advance_request": {"by": "91d"},
    "authorize_request": {
        "bank": "tomato",
        "client_id": "sandbox-aggregator",
        "persona": "taro",
        "scope": "accounts",
    },
    "bank_revoke_request": {"client_id": "sandbox-aggregator", "reason": "bank_reasons"},
    "beneficiary_request": {
        "bank_code": "9901",
        "branch_code": "001",
        "account_number": "7654321",
        "unable_reason": "no_such_account",
    },
    "calendar_request": {"holidays": {"2026-12-01": True}},
    "certificate_request": {"subject": "CN=example", "lifetime": "90d"},
    "clock_request": {"mode": "frozen", "at": "2026-12-01T09:00"},
    "conduct_request": {"transfers": 1},
    "contract_act_request": {"act": "set_environment", "is_supported": False},
    "contractor_act_request": {"act": "suspend"},
    "event_request": {"client_id": "sandbox-aggregator"},
    "explain_request": {"request": {"bank": "tomato", "operation": "show_balance"}},
    "fault_request": {
        "match": {"bank": "tomato", "class": "reference"},
        "effect": {"kind": "status", "status": 503},
        "times": 3,
        "ttl": "10m",
    },
    "fees_request": {"effective_on": "2027-01-01", "tax_percent": 10},
    "keys_request": {"bank": "tomato"},
    "listener_request": {"url": "http://127.0.0.1:8000/events"},
    "notice_request": {
        "bank": "tomato",
        "title": {"ja": "年末年始の取扱い", "en": "Hours over the New Year"},
    },
    "objection_request": {"contractor_id": "0000000000000000AG0000000001A001"},
    "reset_request": {"what": "journal"},
    "revoke_request": {"by": "user"},
    "scenario_check_request": {"scenario": "d01_standard_flow"},
    "scenario_request": {"scenario": "d01_standard_flow", "against": "http://127.0.0.1:8000"},
    "snapshot_request": {"name": "before"},
    "stop_request": {"bank": "tomato", "kind": "outage", "for": "30m"},
    "terms_request": {"version": "2", "effective_on": "2027-04-01"},
    "token_request": {
        "bank": "tomato",
        "client_id": "sandbox-aggregator",
        "persona": "taro",
        "scope": "accounts",
    },
    "transfer_act_request": {"act": "delete", "by": "0001"},
    "unlock_request": {"address": "127.0.0.1"},
    "world_request": {
        "name": "green",
        "seed": 7,
        "clock": {"mode": "frozen", "at": "2026-12-01T09:00"},
    },
}


def example_of(name: str, schema: Json, schemas: SchemaStore) -> Json | None:
    """Return a body that its schema finds sound, or None where nothing simple is."""
    written = EXAMPLES.get(name) or next(iter(schema.get("examples", ())), None)
    found = made(schema) if written is None else written
    return found if schemas.problems(f"control/{name}", found) == [] else None


def made(schema: Json) -> Json:
    """Return a body of what is required alone."""
    fields = schema.get("properties", {})
    return {name: _value(fields.get(name, {})) for name in schema.get("required", ())}


def _value(schema: Json) -> Any:
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return made(schema)
        case "array":
            return [_value(schema["items"])] if schema.get("minItems") else []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return "…"
