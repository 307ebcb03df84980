"""What is taken out of the journal before it is written: by name, and by shape."""

import json

import pytest

from sandbox.domain.masking import (
    MASK,
    SECRET_ENDINGS,
    SECRET_FIELDS,
    HandedOut,
    is_secret,
    mask_address,
    mask_body,
    mask_hex_tokens,
    mask_json,
    mask_page,
    mask_pairs,
    storable,
)
from tests.growth import LINEAR_AT_MOST, growth

SECRET = "s3cret-Value_0"
FORM, JSON, PAGE = "application/x-www-form-urlencoded", "application/json", "text/html"


@pytest.mark.requirement("T-16", "O-29")
@pytest.mark.parametrize("name", sorted(SECRET_FIELDS))
def test_every_secret_field_is_masked_in_queries_and_forms(name):
    assert mask_pairs(f"state=x&{name}={SECRET}&scope=a+b") == f"state=x&{name}={MASK}&scope=a+b"
    assert mask_address(f"/a?{name}={SECRET}") == f"/a?{name}={MASK}"
    assert mask_address(f"http://a.example/cb#{name}={SECRET}&x=1").endswith(f"#{name}={MASK}&x=1")


@pytest.mark.requirement("T-16", "O-29")
@pytest.mark.parametrize("name", sorted(SECRET_FIELDS - {"code"}))
def test_every_secret_key_is_masked_in_json_at_any_depth(name):
    body = {"a": [{name: SECRET, "b": 1}], name: 1234, "c": SECRET[:3]}
    masked = json.loads(mask_json(json.dumps(body)))
    assert masked == {"a": [{name: MASK, "b": 1}], name: MASK, "c": SECRET[:3]}


@pytest.mark.parametrize("ending", SECRET_ENDINGS)
def test_names_that_end_like_a_secret_are_secret(ending):
    assert is_secret(f"registration{ending}")
    assert is_secret(f"Registration{ending.upper()}")
    assert is_secret(f"registration{ending.replace('_', '-')}")


@pytest.mark.parametrize(
    "name",
    [
        "state",
        "scope",
        "token_type",
        "code_challenge",
        "branch_code",
        "client_id",
        "pincode",
        "",
        "tokens",
    ],
)
def test_other_names_are_left_alone(name):
    assert not is_secret(name)
    assert mask_pairs(f"{name}=x") == f"{name}=x"


@pytest.mark.parametrize(
    "text",
    [
        f"%63ode={SECRET}",
        f"CODE={SECRET}",
        f"co%64e={SECRET}&x",
        f"+code={SECRET}",
        f"code={SECRET}={SECRET}",
        f"code={SECRET}?{SECRET}",
        f"x=1&code={SECRET}&code={SECRET}2",
    ],
)
def test_no_spelling_of_a_name_gets_past(text):
    assert SECRET not in mask_pairs(text)
    assert SECRET not in mask_address(f"/path?{text}")


@pytest.mark.parametrize("text", ["", "&", "=", "code", "code=", "a&b", "=x", "a=b"])
def test_what_holds_no_secret_stays_as_it_is(text):
    assert mask_pairs(text) == text
    assert mask_json(text) == text
    assert mask_page(text) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"pin": "%s"}',
        '{"a":["k",":"],"token":"%s"}',
        '{"a":"\\"token\\":\\"x\\"","token":"%s"}',
        '{"tok\\u0065n":"%s"}',
        '{"token":\n\t"%s"}',
        '{"token":{"a":"%s"}}',
        '{"token":["x","%s"]}',
        '{"token":"a\\"%s"}',
        '{"token":"%s',
        '{"token":"%s\\',
        '{"token":{"a":"%s',
        '[{"x":1},{"TOKEN":"%s"}]',
        '{"tok\\xen":"%s"}',
    ],
)
def test_no_json_hides_a_secret_whole_or_cut_off(text):
    assert SECRET not in mask_json(text % SECRET)


def test_json_keeps_what_is_not_secret_letter_for_letter():
    text = '{"branch_code": "001" ,"code":"E001","n":1.50,"t":"token","token":null,"x":"\\u3042"}'
    assert mask_json(text) == text


def test_the_form_token_of_a_page_is_masked_and_the_rest_stays():
    page = (
        f'<p>a</p><input type="hidden" name="csrf" value="{SECRET}"><input name="kind" value="b">'
    )
    masked = mask_page(page)
    assert masked == page.replace(SECRET, MASK)


def test_what_no_secret_field_of_a_page_holds_stays():
    page = '<textarea name="memo">a</textarea><textarea name="pin"></textarea>'
    assert mask_page(page) == page
    assert mask_page("<textarea>b</textarea>") == "<textarea>b</textarea>"


@pytest.mark.parametrize(
    "page",
    [
        f"<INPUT NAME='csrf' VALUE='{SECRET}'>",
        f"<input value={SECRET} name=csrf>",
        f'<input\n name="pin"\n value="{SECRET}">',
        f'<p>a<input value="{SECRET}" na',
        f'<input name="csrf" value="{SECRET}',
        f'<button name="csrf" value="{SECRET}">',
        f'<textarea rows="2" name="encryption_key">{SECRET}</textarea>',
        f"<TEXTAREA NAME=pin>\n{SECRET}",
    ],
)
def test_no_page_hides_a_secret_whole_or_cut_off(page):
    assert SECRET not in mask_page(page)


@pytest.mark.parametrize(
    ("kind", "body", "masked"),
    [
        (FORM, b"code=x", "code=***"),
        (f"{FORM}; charset=utf-8", b"pin=1", "pin=***"),
        (JSON, b'{"pin":1}', '{"pin":"***"}'),
        ("Application/JSON;charset=utf-8", b'{"pin":"1"}', '{"pin":"***"}'),
        (PAGE, b'<input name="pin" value="1">', '<input name="pin" value="***">'),
        ("text/plain", b"anything", MASK),
        (None, b"anything", MASK),
        (None, b"", ""),
        (FORM, "a=あ".encode()[:-1], "a=\ufffd"),
    ],
)
def test_a_body_is_masked_by_what_it_says_it_is(kind, body, masked):
    assert mask_body(kind, body) == masked


@pytest.mark.parametrize(
    "text", [b"%s", b'"/a/%s/b"', b"x=%s&y=1", b'{"a":"%s"}', b"Bearer %s", b"%s%%3D", b"(%s)"]
)
@pytest.mark.parametrize("tag", [b"AbCd-_12", b"AbCd%2D%5F12"])
def test_what_the_world_handed_out_is_found_wherever_it_stands(text, tag):
    token = tag + b"x" * 43
    masked = HandedOut("AbCd-_12").mask(text % token)
    assert b"xxx" not in masked
    assert MASK.encode() in masked


@pytest.mark.parametrize("dot", [b".", b"%2E", b"%2e"])
@pytest.mark.parametrize("text", [b"%s", b'{"a":"%s"}', b"/x/%s/y", b"x=%s&y=1", b"DPoP %s"])
def test_a_jwt_is_found_wherever_it_stands(text, dot):
    token = dot.join([b"eyJhbGciOiJFUzI1NiJ9", b"eyJzdWIiOiJ4eHgifQ", b"xxx-_xxx"])
    masked = HandedOut("AbCd-_12").mask(text % token)
    assert masked == text % MASK.encode()


def test_what_only_begins_like_a_jwt_stays():
    text = b"eyJ eyJhbGciOiJFUzI1NiJ9 eyes. heyJude.mp3"
    assert HandedOut("AbCd-_12").mask(text) == text


def test_the_tag_alone_and_other_worlds_tokens_are_no_finding():
    assert HandedOut("AbCd-_12").mask(b"AbCd-_12 AbCd-_34xxx") == b"AbCd-_12 AbCd-_34xxx"


def test_text_without_utf8_can_be_stored():
    assert storable("a\udcffb") == "a?b"
    assert storable("\ud800") == "?"
    assert [storable(value) for value in ("あ", None, 3)] == ["あ", None, 3]


@pytest.mark.requirement("T-16", "O-29")
@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("0f" * 16, MASK),
        (f"/accounts/{'0f' * 16}?x=1", f"/accounts/{MASK}?x=1"),
        (f"a={'0' * 32}&b={'f' * 32}", f"a={MASK}&b={MASK}"),
        ("0f" * 15 + "0", "0f" * 15 + "0"),
        ("0f" * 16 + "0", "0f" * 16 + "0"),
        ("0F" * 16, "0F" * 16),
        ("0000000000000000AG0000000001A001", "0000000000000000AG0000000001A001"),
        (f"x{'0f' * 16}", f"x{'0f' * 16}"),
        ("", ""),
    ],
)
def test_a_token_of_32_hex_digits_is_found_by_its_shape(text, masked):
    assert mask_hex_tokens(text) == masked


def test_what_begins_like_a_jwt_over_and_over_stays_or_goes_whole():
    mask, long = HandedOut("AbCd-_12").mask, b"eyJ" * 100
    assert mask(b"/x/%s?y" % long) == b"/x/%s?y" % long
    assert mask(b"/x/%s.c2ln?y" % long) == b"/x/%s?y" % MASK.encode()


@pytest.mark.parametrize("piece", ["eyJ", "eyJ.", "eyJhbGciOiJF%2e", "AbCd-_12"])
def test_no_word_makes_the_search_by_shape_slow(piece):
    assert growth(lambda text: HandedOut("AbCd-_12").mask(text.encode()), piece) < LINEAR_AT_MOST


@pytest.mark.parametrize("mask", [mask_json, mask_page, mask_pairs, mask_address, mask_hex_tokens])
@pytest.mark.parametrize(
    "piece", ['\\"', '"', '":"', '"a":"\\"', "value=", "<input ", "<textarea ", "\\", "&"]
)
def test_no_text_makes_the_search_by_name_slow(mask, piece):
    assert growth(lambda text: mask('"' + text), piece) < LINEAR_AT_MOST
    assert growth(lambda text: mask("<input name=pin " + text), piece) < LINEAR_AT_MOST
