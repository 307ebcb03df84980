"""The conduct report as JUnit XML: one test case for each check."""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from sandbox.domain.conduct.finding import Finding, Level
from sandbox.domain.conduct.verdict import Checked, Report, Verdict

# What XML 1.0 cannot say at all; paths bring anything.
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(world: str, report: Report) -> str:
    """Return the report as CI systems read it: level E fails, level W goes to the output.

    What a scenario expected goes there too; where it is not there, that fails.
    """
    failed = sum(each.errors > 0 or each.is_missing for each in report.checked)
    unasked = sum(
        each.verdict is Verdict.NOT_ASKED and not each.is_missing for each in report.checked
    )
    suite = Element(
        "testsuite",
        name=f"conduct.{world}",
        tests=str(len(report.checked)),
        failures=str(failed),
        errors="0",
        skipped=str(unasked),
        time="0",
    )
    for checked in report.checked:
        _case(suite, checked)
    document = Element("testsuites")
    document.append(suite)
    text = tostring(document, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _case(suite: Element, checked: Checked) -> None:
    check = checked.check
    name = f"{check.id} {check.title.ja} / {check.title.en}"
    case = SubElement(suite, "testcase", classname="conduct", name=name, time="0")
    if checked.is_missing:
        SubElement(case, "failure", type=check.id, message="expected to find something")
    elif checked.verdict is Verdict.NOT_ASKED:
        SubElement(case, "skipped", message=f"needs {check.needs}")
    errors = [each for each in checked.findings if checked.level_of(each) is Level.ERROR]
    warnings = [each for each in checked.findings if checked.level_of(each) is Level.WARNING]
    if checked.wanted and checked.findings:
        told = _told(list(checked.findings), checked)
        SubElement(case, "system-out").text = f"{checked.wanted.value}\n\n{told}"
        return
    if errors:
        failure = SubElement(case, "failure", type=check.id, message=_clean(errors[0].what.en))
        failure.text = _told(errors, checked)
    if warnings:
        SubElement(case, "system-out").text = _told(warnings, checked)


def _told(findings: list[Finding], checked: Checked) -> str:
    lines = [
        f"{finding.what.ja}\n{finding.what.en}\ncalls: {' '.join(map(str, finding.calls)) or '-'}"
        for finding in findings
    ]
    remedy = checked.check.remedy
    return _clean("\n\n".join([*lines, f"{remedy.ja}\n{remedy.en}"]))


def _clean(text: str) -> str:
    return _UNSPEAKABLE.sub("\ufffd", text)
