"""The network: who may connect to whom, what may pass an endpoint, and that the internet is far."""

import ipaddress
import re
from itertools import pairwise

import pytest

PORTS = {"database": 5432, "cache": 6379, "service": 443}
LETTERS = "ABC"
# Services whose calls Lambda makes on behalf of a function, from its own network; and KMS, which Secrets Manager asks.
NOT_FROM_THE_VPC = {
    "kms",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
ROTATION = {
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetRandomPassword",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
}
# Each with the condition it is under, if any. Cognito's and X-Ray's calls are no actions of a role's own policy.
ENDPOINTS = {
    "secretsmanager": None,
    "sqs": None,
    "events": None,
    "dynamodb": None,
    "xray": "HasTracingEndpoint",
    "cognito-idp": "HasCognitoEndpoint",
}


@pytest.fixture(scope="module")
def network(infra):
    return infra("network")


@pytest.fixture(scope="module")
def of_kind(network):
    def find(kind):
        found = {name: it for name, it in network["Resources"].items() if it["Type"] == f"AWS::EC2::{kind}"}
        assert found, f"the template has no {kind}"
        return found

    return find


def listed(value):
    return value if isinstance(value, list) else [value]


def service_of(endpoint):
    return endpoint["Properties"]["ServiceName"]["Fn::Sub"].removeprefix("com.amazonaws.${AWS::Region}.")


def statements(endpoint):
    return endpoint["Properties"]["PolicyDocument"]["Statement"]


def group_of(reference):
    name, attribute = reference["Fn::GetAtt"]
    assert attribute == "GroupId"
    return name


def needs_internet(resource):
    return resource.get("Condition") in ("HasNat", "HasNatInEachZone")


# ------------------------------------------------------------------ Addresses


def test_there_is_a_private_subnet_in_each_of_three_zones(of_kind):
    private = {name: it["Properties"] for name, it in of_kind("Subnet").items() if "Condition" not in it}
    assert set(private) == {f"PrivateSubnet{letter}" for letter in LETTERS}
    assert [it["AvailabilityZone"]["Fn::Select"] for it in private.values()] == [
        [zone, {"Fn::GetAZs": ""}] for zone in range(3)
    ]


def test_no_two_subnets_share_an_address(network, of_kind):
    chosen = [it["Properties"]["CidrBlock"]["Fn::Select"] for it in of_kind("Subnet").values()]
    assert sorted(index for index, _ in chosen) == list(range(len(chosen)))
    assert all(division == {"Fn::Cidr": [{"Ref": "VpcCidr"}, 6, 12]} for _, division in chosen)
    # Six of 2^12 addresses fit into what the parameter allows.
    block = ipaddress.ip_network(network["Parameters"]["VpcCidr"]["Default"])
    subnets = list(block.subnets(new_prefix=32 - 12))[:6]
    assert len(subnets) == 6
    assert not any(one.overlaps(other) for one, other in pairwise(subnets))


def test_the_addresses_are_private_ones(network):
    pattern = re.compile(network["Parameters"]["VpcCidr"]["AllowedPattern"])
    for good in (network["Parameters"]["VpcCidr"]["Default"], "10.0.0.0/16", "172.31.0.0/16", "192.168.0.0/16"):
        assert pattern.fullmatch(good)
        assert ipaddress.ip_network(good).is_private
    for bad in ("11.0.0.0/16", "172.15.0.0/16", "172.32.0.0/16", "192.169.0.0/16", "10.0.0.0/8", "10.0.1.0/16"):
        assert not pattern.search(bad), bad


def test_nothing_gets_a_public_address_by_itself(of_kind):
    assert all(it["Properties"]["MapPublicIpOnLaunch"] is False for it in of_kind("Subnet").values())


# ------------------------------------------------------------------ The internet


def test_there_is_no_way_to_the_internet_unless_asked_for(network, of_kind):
    assert network["Parameters"]["NatGateways"]["Default"] == "none"
    assert network["Conditions"]["HasNat"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "NatGateways"}, "none"]}]}
    for kind in ("InternetGateway", "VPCGatewayAttachment", "NatGateway", "EIP", "Route"):
        for name, resource in of_kind(kind).items():
            assert needs_internet(resource), name
    for name, resource in of_kind("Subnet").items():
        assert needs_internet(resource) == name.startswith("Public"), name


def test_private_subnets_reach_the_internet_over_a_nat_gateway_alone(of_kind):
    tables = {}
    for association in of_kind("SubnetRouteTableAssociation").values():
        subnet, table = (association["Properties"][key]["Ref"] for key in ("SubnetId", "RouteTableId"))
        tables[subnet] = table
    assert set(tables) == set(of_kind("Subnet"))
    for route in of_kind("Route").values():
        properties = route["Properties"]
        subnets = {subnet for subnet, table in tables.items() if table == properties["RouteTableId"]["Ref"]}
        assert len({name[: len("Private")] for name in subnets}) == 1
        assert ("NatGatewayId" in properties) == all(name.startswith("Private") for name in subnets)
        assert ("GatewayId" in properties) == all(name.startswith("Public") for name in subnets)


def test_one_nat_gateway_serves_all_zones_and_three_serve_one_each(network, of_kind):
    assert of_kind("NatGateway")["NatA"]["Condition"] == "HasNat"
    for letter in LETTERS:
        route = network["Resources"][f"NatRoute{letter}"]["Properties"]
        assert route["RouteTableId"] == {"Ref": f"PrivateRoutes{letter}"}
        of_zone, of_all = {"Ref": f"Nat{letter}"}, {"Ref": "NatA"}
        expected = of_all if letter == "A" else {"Fn::If": ["HasNatInEachZone", of_zone, of_all]}
        assert route["NatGatewayId"] == expected
        nat = of_kind("NatGateway")[f"Nat{letter}"]["Properties"]
        assert nat["SubnetId"] == {"Ref": f"PublicSubnet{letter}"}


def test_without_an_endpoint_for_its_keys_there_is_a_way_to_cognito(network):
    rule = network["Rules"]["KeysOfTheUserPoolCanBeFetched"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "CognitoEndpoint"}, "false"]}
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"] == network["Conditions"]["HasNat"]


# ------------------------------------------------------------------ Who may connect to whom


def test_connections_are_those_that_are_needed(of_kind):
    allowed = {
        (
            group_of(it["Properties"]["SourceSecurityGroupId"]),
            group_of(it["Properties"]["GroupId"]),
            it["Properties"]["FromPort"],
        )
        for it in of_kind("SecurityGroupIngress").values()
    }
    assert allowed == {
        ("FunctionSecurityGroup", "DatabaseSecurityGroup", PORTS["database"]),
        ("FunctionSecurityGroup", "CacheSecurityGroup", PORTS["cache"]),
        ("FunctionSecurityGroup", "EndpointSecurityGroup", PORTS["service"]),
        ("RotationSecurityGroup", "DatabaseSecurityGroup", PORTS["database"]),
        ("RotationSecurityGroup", "EndpointSecurityGroup", PORTS["service"]),
    }
    for name, group in of_kind("SecurityGroup").items():
        assert "SecurityGroupIngress" not in group["Properties"], name

    # What may be begun is what is let in; a group without such a rule would be given one for everywhere.
    begun, elsewhere = set(), []
    for name, group in of_kind("SecurityGroup").items():
        assert group["Properties"]["SecurityGroupEgress"], name
        for rule in group["Properties"]["SecurityGroupEgress"]:
            if "DestinationSecurityGroupId" in rule:
                begun.add((name, group_of(rule["DestinationSecurityGroupId"]), rule["FromPort"]))
            else:
                elsewhere.append((name, rule.get("DestinationPrefixListId"), rule.get("CidrIp")))
    assert begun == allowed
    assert sorted(elsewhere, key=str) == [
        ("CacheSecurityGroup", None, "127.0.0.1/32"),
        ("DatabaseSecurityGroup", None, "127.0.0.1/32"),
        ("EndpointSecurityGroup", None, "127.0.0.1/32"),
        ("FunctionSecurityGroup", {"Ref": "DynamoDbPrefixListId"}, None),
    ]


def test_a_rule_is_about_one_port(of_kind):
    apart = [*of_kind("SecurityGroupIngress").values(), *of_kind("SecurityGroupEgress").values()]
    rules = [it["Properties"] for it in apart]
    rules += [rule for it in of_kind("SecurityGroup").values() for rule in it["Properties"]["SecurityGroupEgress"]]
    for rule in rules:
        if rule.get("CidrIp") != "127.0.0.1/32":
            assert (rule["IpProtocol"], rule["FromPort"]) == ("tcp", rule["ToPort"])
            assert rule["FromPort"] in PORTS.values()


def test_functions_begin_connections_to_the_internet_only_where_there_is_a_way(of_kind):
    ((name, rule),) = of_kind("SecurityGroupEgress").items()
    assert rule["Condition"] == "HasNat", name
    assert rule["Properties"]["GroupId"] == {"Fn::GetAtt": ["FunctionSecurityGroup", "GroupId"]}


# ------------------------------------------------------------------ Endpoints


def test_there_is_a_way_to_each_service_that_functions_call(of_kind):
    endpoints = {service_of(it): it for it in of_kind("VPCEndpoint").values()}
    assert {service: it.get("Condition") for service, it in endpoints.items()} == ENDPOINTS
    subnets = [{"Ref": f"PrivateSubnet{letter}"} for letter in LETTERS]
    for service, endpoint in endpoints.items():
        properties = endpoint["Properties"]
        if service == "dynamodb":
            assert properties["VpcEndpointType"] == "Gateway"
            assert properties["RouteTableIds"] == [{"Ref": f"PrivateRoutes{letter}"} for letter in LETTERS]
        else:
            assert properties["VpcEndpointType"] == "Interface"
            assert properties["PrivateDnsEnabled"] is True
            assert properties["SubnetIds"] == subnets
            assert [group_of(it) for it in properties["SecurityGroupIds"]] == ["EndpointSecurityGroup"]


def test_what_passes_an_endpoint_is_what_the_functions_roles_allow(of_kind, of_type):
    needed = set(ROTATION)
    for role in of_type("AWS::IAM::Role").values():
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                statement = statement["Fn::If"][1] if "Fn::If" in statement else statement
                needed |= set(listed(statement["Action"]))
    needed = {it for it in needed if not {it, it.partition(":")[0]} & NOT_FROM_THE_VPC}
    passing = set()
    for endpoint in of_kind("VPCEndpoint").values():
        if service_of(endpoint) not in ("xray", "cognito-idp"):
            for statement in statements(endpoint):
                passing |= set(listed(statement["Action"]))
    assert passing == needed


def test_an_endpoint_lets_only_this_account_speak_to_this_account(of_kind):
    own = {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}}
    anywhere = set()
    for endpoint in of_kind("VPCEndpoint").values():
        for statement in statements(endpoint):
            assert statement["Effect"] == "Allow"
            # Keys are fetched by nobody in particular.
            assert statement.get("Condition") == (None if service_of(endpoint) == "cognito-idp" else own)
            if statement["Resource"] == "*":
                anywhere |= set(listed(statement["Action"]))
            else:
                assert ":${AWS::Region}:${AWS::AccountId}:" in statement["Resource"]["Fn::Sub"]
    assert "secretsmanager:GetRandomPassword" in anywhere
    assert all(action.startswith("xray:") for action in anywhere - {"secretsmanager:GetRandomPassword"})


def test_the_user_pool_has_no_domain_which_privatelink_would_refuse(template):
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    assert "AWS::Cognito::UserPoolDomain" not in kinds


# ------------------------------------------------------------------ Logs, outputs


def test_who_connected_to_whom_is_logged_and_the_log_ends(network):
    flow, group = (network["Resources"][name]["Properties"] for name in ("FlowLog", "FlowLogs"))
    assert flow["ResourceId"] == {"Ref": "Vpc"}
    assert flow["LogGroupName"] == {"Ref": "FlowLogs"}
    assert network["Parameters"][flow["TrafficType"]["Ref"]]["Default"] == "ALL"
    assert network["Parameters"][group["RetentionInDays"]["Ref"]]["Default"] == 90


def test_the_stacks_after_this_one_are_told_where_they_are(network):
    assert set(network["Outputs"]) == {
        "VpcId",
        "PrivateSubnetIds",
        "FunctionSecurityGroupId",
        "RotationSecurityGroupId",
        "DatabaseSecurityGroupId",
        "CacheSecurityGroupId",
    }
    subnets = [{"Ref": f"PrivateSubnet{letter}"} for letter in LETTERS]
    assert network["Outputs"]["PrivateSubnetIds"]["Value"] == {"Fn::Join": [",", subnets]}
