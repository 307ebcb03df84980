"""A person at the bank's pages, by plain HTTP: reads the forms, fills them in, presses a button."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

TARO = {"branch_code": "001", "account_number": "1234567", "pin": "1234"}
SHOJI = {"contractor_id": "0566000001", "user_id": "tanaka", "password": "shoji-pass-1"}


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    boxes: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class FormReader(HTMLParser):
    """Gathers the forms of a page, and the links of its tabs."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert given["method"] == "post"
            self.forms.append(Form(given["action"]))
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append((given["name"], given["value"]))
        elif tag == "input" and self.forms:
            self._input(given)

    def _input(self, given: dict[str, str]) -> None:
        pair = given["name"], given.get("value", "")
        if given["type"] == "checkbox":
            self.forms[-1].boxes.append(pair)
        else:
            self.forms[-1].fields[pair[0]] = pair[1]


@dataclass
class Browser:
    """One browser. It stops at the provider's door: a redirect to another host is handed over."""

    http: requests.Session
    bank_url: str

    def sign_in(self, address: str, typed: Mapping[str, str]) -> requests.Response:
        """Open the authorization request and sign in; return the page that follows."""
        page = self.http.get(address)
        assert page.status_code == 200, page.text
        if "contractor_id" in typed and 'name="contractor_id"' not in page.text:
            (tab,) = [a for a in FormReader(page.text).links if "kind=corporate" in a]
            page = self.http.get(urljoin(page.url, tab))
        return self.press(page, "sign_in", typed)

    def press(
        self,
        page: requests.Response,
        decision: str,
        typed: Mapping[str, str] | None = None,
        ticked: list[tuple[str, str]] | None = None,
    ) -> requests.Response:
        """Fill in the page's form and press the button; the answer is not followed off the bank."""
        form, *_ = FormReader(page.text).forms  # the sandbox's own bar comes after it
        assert set(typed or {}) <= set(form.fields)
        assert ("decision", decision) in form.buttons
        filled = [*(form.fields | dict(typed or {})).items(), *(ticked or [])]
        answer = self.http.post(
            urljoin(page.url, form.action),
            data=[*filled, ("decision", decision)],
            allow_redirects=False,
        )
        location = answer.headers.get("Location")
        if location is None or not urljoin(answer.url, location).startswith(self.bank_url):
            return answer
        return self.http.get(urljoin(answer.url, location))

    def consent(self, address: str, typed: Mapping[str, str]) -> str:
        """Sign in, tick every box, allow; return the address that the bank redirects to."""
        page = self.sign_in(address, typed)
        form, *_ = FormReader(page.text).forms  # the sandbox's own bar comes after it
        assert {name for name, _ in form.boxes} == {"function", "account"}
        answer = self.press(page, "allow", ticked=form.boxes)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]


def consent(bank_url: str, address: str, typed: Mapping[str, str]) -> str:
    """Walk the pages in a new browser."""
    with requests.Session() as http:
        return Browser(http=http, bank_url=bank_url).consent(address, typed)
