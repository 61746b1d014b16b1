"""Who is woken by an alarm finds its first three steps in docs/OPERATIONS.md."""

import re

from conftest import ROOT, TEMPLATE, read

ROWS = [
    line for line in (ROOT / "docs" / "OPERATIONS.md").read_text().splitlines() if re.match(r"\| `…-[a-z-]+`", line)
]


def test_every_alarm_has_its_first_three_steps():
    names = set()
    for template in (TEMPLATE, *sorted((ROOT / "infra").glob("*.yaml"))):
        for resource in read(template)["Resources"].values():
            if resource["Type"] == "AWS::CloudWatch::Alarm":
                names.add(resource["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-"))
    assert len(names) > 25
    written = {name: row for row in ROWS for name in re.findall(r"`…-([a-z-]+)`", row.split("|")[1])}
    assert set(written) == names
    for name, row in written.items():
        assert re.search(r"\| 1\. .+ 2\. .+ 3\. .+\|$", row), name
