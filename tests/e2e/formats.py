"""What codetrain check prints, read by parsers that are not ours.

formats.py sarif|junit|json <REPORT: prints what the parser read, a line a finding, or what is wrong.
"""

import json
import sys
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree


def differences(written, read, place=""):
    """The model leaves out members that SARIF does not have."""
    if isinstance(written, dict) and isinstance(read, dict):
        for name in written.keys() | read.keys():
            if name in written and name in read:
                yield from differences(written[name], read[name], f"{place}/{name}")
            else:
                yield f"{place}/{name}"
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for i, pair in enumerate(zip(written, read)):
            yield from differences(*pair, f"{place}/{i}")
    elif written != read:
        yield place


def sarif(text):
    from sarif_pydantic import Sarif

    written = json.loads(text)
    log = Sarif.model_validate(written)
    read = log.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for place in differences(written, read):
        print("not SARIF:", place)
    (run,) = log.runs
    rules = run.tool.driver.rules
    for rule in rules:
        assert rule.help.text and rule.short_description.text, rule
    for result in run.results:
        assert rules[result.rule_index].id == result.rule_id
        where = result.locations[0].physical_location
        path = unquote_to_bytes(where.artifact_location.uri) if where else b"-"
        line = where.region.start_line if where and where.region else 0
        commit = (result.properties or {}).get("commit", "-")
        hashes = result.partial_fingerprints or {}
        print(result.level.value, result.rule_id, path, line, commit, *hashes.values())
    print("successful" if run.invocations[0].execution_successful else "failed")


def junit(text):
    from junitparser import Error, Failure, JUnitXml

    ElementTree.fromstring(text)
    xml = JUnitXml.fromstring(text)
    counted = [xml.tests, xml.failures, xml.errors]
    found = [0, 0, 0]
    for suite in xml:
        in_suite = [0, 0, 0]
        for case in suite:
            kinds = [type(r) for r in case.result]
            word = "fail" if Failure in kinds else "error" if Error in kinds else "pass"
            print(word, suite.name, case.name)
            in_suite[0] += 1
            in_suite[1] += Failure in kinds
            in_suite[2] += Error in kinds
        assert in_suite == [suite.tests, suite.failures, suite.errors], suite.name
        found = [a + b for a, b in zip(found, in_suite)]
    assert found == counted, (found, counted)


def plain(text):
    for finding in json.loads(text)["findings"]:
        print(finding["severity"], finding["rule"], ascii(finding.get("file", "-")))


if __name__ == "__main__":
    data = sys.stdin.buffer.read()
    {"sarif": sarif, "junit": junit, "json": plain}[sys.argv[1]](data.decode("utf-8", "strict"))
