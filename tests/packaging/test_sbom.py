"""The image's bill of materials: true to the lock, in the public shape, the same at each making."""

import json
import re
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import urljoin

import cyclonedx.schema
import pytest
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from tests.packaging.wheel import ROOT

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "sbom"))
LOCK = (ROOT / "locks" / "serve.txt").read_text(encoding="utf-8")
BILL = ROOT / "docker" / "sbom.cdx.json"
# The public schemas, as the library brings them along: the bill's, and those that it refers to.
PUBLIC = Path(cyclonedx.schema.__file__).parent / "_res"
SCHEMAS = ("bom-1.6", "spdx", "jsf-0.82")
PROJECT = {"name": "bank-sandbox", "license": "Apache-2.0"}


@cache
def validator() -> Draft7Validator:
    """Return what checks a bill; the schemas refer to each other by the names of their files."""
    schema, *referred = (
        json.loads((PUBLIC / f"{name}.SNAPSHOT.schema.json").read_bytes()) for name in SCHEMAS
    )
    resources = [
        (urljoin(schema["$id"], f"{name}.SNAPSHOT.schema.json"), DRAFT7.create_resource(contents))
        for name, contents in zip(SCHEMAS[1:], referred, strict=True)
    ]
    return Draft7Validator(schema, registry=Registry().with_resources(resources))


def faults_of(bill: object) -> list[str]:
    return [error.message for error in validator().iter_errors(bill)]


@pytest.fixture
def bill():
    return json.loads(BILL.read_bytes())


def test_the_file_is_what_the_lock_makes_of_it():
    """In processes of their own: the order of a set is another in each."""
    for seed in ("0", "1"):
        made = subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "sbom")],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert made.stdout == BILL.read_text(encoding="utf-8"), "run scripts/sbom --write"


def test_it_has_the_public_shape(bill):
    assert bill["specVersion"] == "1.6"
    assert faults_of(bill) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("components", 0, "type"), "thing"),
        (("components", 0, "licenses", 0, "license", "id"), "My-Licence"),
        (("components", 0, "name"), None),
        (("metadata", "component", "colour"), "blue"),
        (("serialNumber",), "1"),
    ],
)
def test_another_shape_would_be_found(bill, path, value):
    *way, last = path
    part = bill
    for step in way:
        part = part[step]
    part[last] = value
    assert faults_of(bill)


def test_it_names_each_package_of_the_lock_that_runs_on_linux(bill):
    named = {part["name"]: part["version"] for part in bill["components"]}
    everywhere = dict(re.findall(r"^(\S+)==(\S+) \\$", LOCK, re.MULTILINE))
    assert everywhere.items() <= named.items()
    assert named.keys() - everywhere.keys() == {"cffi", "pycparser", "uvloop"}
    assert {"colorama", "tzdata"} & named.keys() == set()  # Windows has them


def test_it_says_what_each_depends_on_and_under_what_licence(bill):
    assert bill["metadata"]["component"]["name"] == "bank-sandbox"
    depends = {entry["ref"]: entry.get("dependsOn", []) for entry in bill["dependencies"]}
    (top,) = [ref for ref in depends if ref.startswith("bank-sandbox@")]
    reached, pending = set(), [top]
    while pending:
        ref = pending.pop()
        if ref not in reached:
            reached.add(ref)
            pending += depends[ref]
    assert reached == {top} | {part["bom-ref"] for part in bill["components"]}
    assert [part["name"] for part in bill["components"] if not part.get("licenses")] == []


def test_a_hole_in_the_lock_is_no_bill():
    without = re.sub(r"^yarl==.*?(?=^\w)|^yarl==.*", "", LOCK, flags=re.MULTILINE | re.DOTALL)
    assert "yarl==" not in without
    with pytest.raises(KeyError, match="yarl"):
        SCRIPT["bill"](without, {**PROJECT, "dependencies": ["aiohttp>=3"]})


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        ("aiohttp==0.0.1 \\\n", r"aiohttp \S+ is installed, 0\.0\.1 is locked"),
        ("no-such-package==1.0 \\\n", "no-such-package is not installed"),
    ],
)
def test_what_is_not_installed_as_locked_is_no_bill(lock, said):
    with pytest.raises(SystemExit, match=said):
        SCRIPT["bill"](lock, {**PROJECT, "dependencies": []})


def test_no_copyleft_comes_with_the_image_but_that_of_files(bill):
    """MPL 2.0 ends at its own files: an image may carry it beside anything."""
    stated = json.dumps([part["licenses"] for part in bill["components"]])
    assert not re.search(r"\b[AL]?GPL", stated)
