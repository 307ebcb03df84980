"""Parameters of a query or a form, beside the standard library's own reading of them."""

from urllib.parse import parse_qsl, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.domain.oauth.parameters import MOST_FIELDS, TooManyFields, parse_parameters

RAW = st.text(alphabet="abc=&+%;é0123456789ABCDEF ", max_size=40)


@given(RAW)
def test_a_query_reads_as_the_standard_library_reads_it(text):
    expected = parse_qsl(text, errors="surrogateescape", max_num_fields=None)
    assert list(parse_parameters(text).pairs) == expected


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=8))
def test_what_was_encoded_comes_back(values):
    assert parse_parameters(urlencode(values, quote_via=quote_plus)).values == values


def test_the_first_of_a_name_counts_and_the_others_are_told():
    found = parse_parameters("a=1&b=2&a=3&c=")
    assert found.values == {"a": "1", "b": "2"}
    assert found.duplicated == {"a"}
    assert found.all("a") == ("1", "3")
    assert found.get("c") is None


def test_the_number_of_fields_has_an_edge():
    most = "&".join(f"a{n}=1" for n in range(MOST_FIELDS))
    assert len(parse_parameters(most).values) == MOST_FIELDS
    with pytest.raises(TooManyFields):
        parse_parameters(f"{most}&b=1")


def test_bytes_that_are_no_utf8_survive():
    assert parse_parameters("state=%ff%fe").values["state"] == "\udcff\udcfe"
