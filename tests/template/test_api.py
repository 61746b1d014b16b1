"""The REST API: who gets in, what is refused in which shape, what is logged and limited."""

import json
import re
from pathlib import Path

import pytest

# What the functions say of each request, and by which names.
OBSERVE = Path(__file__).resolve().parents[2] / "crates" / "http-api" / "src" / "observe.rs"

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "error", "code", "request_id"}

# Which of API Gateway's own refusals a caller can meet, and what the contract calls them.
GATEWAY_RESPONSES = {
    "DEFAULT_4XX": (400, "invalid_parameter"),
    "BAD_REQUEST_BODY": (400, "invalid_body"),
    "UNAUTHORIZED": (401, "unauthorized"),
    "EXPIRED_TOKEN": (401, "unauthorized"),
    "ACCESS_DENIED": (403, "forbidden"),
    "WAF_FILTERED": (403, "forbidden"),
    "RESOURCE_NOT_FOUND": (404, "not_found"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "not_found"),
    "INVALID_SIGNATURE": (404, "not_found"),
    "REQUEST_TOO_LARGE": (413, "too_large"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "unsupported_media_type"),
    "THROTTLED": (429, "rate_limited"),
    "DEFAULT_5XX": (500, "internal"),
    "INTEGRATION_FAILURE": (503, "unavailable"),
    "INTEGRATION_TIMEOUT": (503, "unavailable"),
}


def test_every_operation_asks_for_a_signed_in_user(operations):
    assert operations
    for path, method, operation in operations:
        assert operation["security"] == [{"SignedInUser": []}], f"{method} {path}"


def test_the_authorizer_is_the_user_pool_and_reads_the_authorization_header(openapi):
    ((name, scheme),) = openapi["components"]["securitySchemes"].items()
    assert name == "SignedInUser"
    assert (scheme["in"], scheme["name"]) == ("header", "Authorization")
    assert scheme["x-amazon-apigateway-authorizer"] == {
        "type": "cognito_user_pools",
        "providerARNs": [{"Fn::GetAtt": ["UserPool", "Arn"]}],
    }


def test_routes_name_their_method(operations):
    for path, method, _ in operations:
        assert method in {"get", "post", "patch"}, f"{method} {path}"


def test_preflights_need_no_token_and_allow_the_web_origin_alone(openapi):
    for path, methods in openapi["paths"].items():
        preflight = methods["options"]
        assert "security" not in preflight, path
        integration = preflight["x-amazon-apigateway-integration"]
        headers = integration["responses"]["default"]["responseParameters"]
        assert headers["method.response.header.Access-Control-Allow-Origin"] == {"Fn::Sub": "'${WebOrigin}'"}
        allowed = headers["method.response.header.Access-Control-Allow-Headers"].strip("'").split(",")
        assert set(allowed) == {
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "If-Match",
            "If-None-Match",
            "Cache-Control",
        }
        methods_allowed = headers["method.response.header.Access-Control-Allow-Methods"].strip("'").lower().split(",")
        assert set(methods_allowed) == set(methods)


def test_no_gateway_response_is_forgotten(openapi):
    assert set(openapi["x-amazon-apigateway-gateway-responses"]) == set(GATEWAY_RESPONSES)


@pytest.mark.parametrize(("kind", "status", "code"), [(kind, *rest) for kind, rest in GATEWAY_RESPONSES.items()])
def test_gateway_responses_are_problems(openapi, kind, status, code):
    response = openapi["x-amazon-apigateway-gateway-responses"][kind]
    assert response["statusCode"] == str(status)
    ((media_type, body),) = response["responseTemplates"].items()
    # The one template API Gateway falls back to, whatever the request accepts.
    assert media_type == "application/json"
    problem = json.loads(body)
    assert set(problem) == PROBLEM_MEMBERS
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:alquimista:problem:{code}"
    assert problem["request_id"] == "$context.requestId"
    headers = {name.removeprefix("gatewayresponse.header."): it for name, it in response["responseParameters"].items()}
    assert headers["Content-Type"] == "'application/problem+json'"
    assert headers["Access-Control-Allow-Origin"] == {"Fn::Sub": "'${WebOrigin}'"}
    assert ("Retry-After" in headers) == (status in {429, 503})


def test_the_whole_stage_is_throttled_measured_and_never_traced_with_data(of_type):
    (stage,) = of_type("AWS::ApiGateway::Stage").values()
    (settings,) = stage["MethodSettings"]
    assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
    assert settings["ThrottlingRateLimit"] == {"Ref": "ThrottlingRateLimit"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "ThrottlingBurstLimit"}
    assert settings["MetricsEnabled"] is True
    assert settings["DataTraceEnabled"] is False
    assert stage["TracingEnabled"] is True


def test_the_access_log_is_json_without_personal_data_or_query_strings(of_type):
    (stage,) = of_type("AWS::ApiGateway::Stage").values()
    setting = stage["AccessLogSetting"]
    assert setting["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogs", "Arn"]}
    entry = json.loads(setting["Format"])
    assert {"request_id", "method", "route", "status", "latency_ms", "sub", "error_type"} <= set(entry)
    variables = set(re.findall(r"\$context\.([\w.]+)", setting["Format"]))
    assert {name for name in variables if "claims" in name} == {"authorizer.claims.sub"}
    assert not {name for name in variables if re.search("query|email|userAgent|requestOverride", name, re.IGNORECASE)}


def test_the_api_is_regional(properties):
    assert properties("Api")["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


@pytest.mark.parametrize("api", ["TenantApi", "InternalApi"])
@pytest.mark.parametrize(
    ("kind", "metric", "unit", "statistic", "threshold"),
    [
        ("Errors", "ServerErrors", "Count", ("Statistic", "Sum"), 3),
        ("Slow", "Latency", "Microseconds", ("ExtendedStatistic", "p95"), 2_000_000),
    ],
)
def test_what_callers_meet_alarms(of_type, api, kind, metric, unit, statistic, threshold):
    alarm = of_type("AWS::CloudWatch::Alarm")[f"{api}{kind}Alarm"]
    name, value = statistic
    assert (alarm["Namespace"], alarm["MetricName"], alarm[name]) == ("PainelAlquimista", metric, value)
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": api}}]
    assert alarm["Threshold"] == threshold
    assert alarm["DatapointsToAlarm"] <= alarm["EvaluationPeriods"]
    assert alarm["TreatMissingData"] == "notBreaching"
    assert f'("{metric}", Unit::{unit})' in OBSERVE.read_text()
