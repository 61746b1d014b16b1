"""Database, cache and passwords: nothing is lost by mistake, read by somebody else, or shown by a log."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "crates" / "cache" / "src"
ROLES = {"Tenant": "app_tenant", "Internal": "app_internal", "Commands": "app_commands", "Jobs": "app_jobs"}
INSTANCES = ("FirstInstance", "SecondInstance")
SECRETS_KEY = {"Fn::GetAtt": ["SecretsKey", "Arn"]}
STORAGE_KEY = {"Fn::GetAtt": ["StorageKey", "Arn"]}


@pytest.fixture(scope="module")
def data(infra):
    return infra("data")


@pytest.fixture(scope="module")
def resources(data):
    return data["Resources"]


@pytest.fixture(scope="module")
def cluster(resources):
    return resources["Cluster"]["Properties"]


def of_type(resources, kind):
    found = {name: it["Properties"] for name, it in resources.items() if it["Type"] == kind}
    assert found, f"the template has no {kind}"
    return found


# ------------------------------------------------------------------ What lasts


def test_what_holds_data_outlasts_its_stack(resources):
    kept = {
        name: (it.get("DeletionPolicy"), it.get("UpdateReplacePolicy"))
        for name, it in resources.items()
        if "DeletionPolicy" in it or "UpdateReplacePolicy" in it
    }
    assert kept == {
        "Cluster": ("Snapshot", "Snapshot"),
        # Without its key, neither a backup nor a snapshot can be read.
        "StorageKey": ("Retain", "Retain"),
        "SecretsKey": ("Retain", "Retain"),
    }


def test_the_database_cannot_be_deleted_unless_told_so_before(data, cluster):
    assert cluster["DeletionProtection"] == {"Fn::If": ["IsProtected", True, False]}
    assert data["Conditions"]["IsProtected"] == {"Fn::Equals": [{"Ref": "DeletionProtection"}, "true"]}
    assert data["Parameters"]["DeletionProtection"]["Default"] == "true"


def test_the_database_goes_back_to_any_second_of_thirty_days(cluster):
    assert cluster["BackupRetentionPeriod"] == 30
    assert cluster["CopyTagsToSnapshot"] is True


def test_keys_change_and_take_a_month_to_go(resources):
    for name, key in of_type(resources, "AWS::KMS::Key").items():
        assert key["EnableKeyRotation"] is True, name
        assert key["PendingWindowInDays"] == 30
        (statement,) = key["KeyPolicy"]["Statement"]
        # IAM decides; nobody of another account, and no service by itself.
        assert statement["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}


# ------------------------------------------------------------------ The database


def test_the_database_has_an_instance_in_each_of_two_zones(resources):
    zones = set()
    instances = of_type(resources, "AWS::RDS::DBInstance")
    assert set(instances) == set(INSTANCES)
    for instance in instances.values():
        assert instance["DBClusterIdentifier"] == {"Ref": "Cluster"}
        assert instance["DBInstanceClass"] == "db.serverless"
        zones.add(instance["AvailabilityZone"]["Fn::Select"][0])
        # One that could take over must be as large as the one that writes.
        assert instance["PromotionTier"] in (0, 1)
    assert len(zones) == len(instances)


def test_the_database_is_reached_by_the_functions_alone(resources, cluster):
    assert cluster["DBSubnetGroupName"] == {"Ref": "SubnetGroup"}
    assert resources["SubnetGroup"]["Properties"]["SubnetIds"] == {"Ref": "PrivateSubnetIds"}
    assert cluster["VpcSecurityGroupIds"] == [{"Ref": "DatabaseSecurityGroupId"}]
    for name in INSTANCES:
        assert resources[name]["Properties"]["PubliclyAccessible"] is False


def test_everything_is_encrypted_by_a_key_of_ours(resources, cluster):
    assert cluster["StorageEncrypted"] is True
    assert cluster["KmsKeyId"] == STORAGE_KEY
    for name in INSTANCES:
        assert resources[name]["Properties"]["EnablePerformanceInsights"] is True
        assert resources[name]["Properties"]["PerformanceInsightsKMSKeyId"] == STORAGE_KEY
    assert resources["Cache"]["Properties"]["KmsKeyId"] == STORAGE_KEY
    assert cluster["MasterUserSecret"] == {"KmsKeyId": SECRETS_KEY}
    for secret in of_type(resources, "AWS::SecretsManager::Secret").values():
        assert secret["KmsKeyId"] == SECRETS_KEY


def test_functions_may_not_decrypt_what_is_stored(data):
    assert data["Outputs"]["SecretsKeyArn"]["Value"] == SECRETS_KEY
    assert "StorageKey" not in json.dumps(data["Outputs"])


def test_connections_are_encrypted_and_passwords_are_not_sent(resources):
    parameters = resources["ClusterParameters"]["Properties"]["Parameters"]
    assert parameters["rds.force_ssl"] == "1"
    assert parameters["ssl_min_protocol_version"] in ("TLSv1.2", "TLSv1.3")
    assert parameters["password_encryption"] == "scram-sha-256"
    assert parameters["rds.accepted_password_auth_method"] == "scram"


def test_the_databases_log_shows_neither_statements_nor_values(resources):
    parameters = resources["ClusterParameters"]["Properties"]["Parameters"]
    # All settings by which PostgreSQL writes what somebody asked, or what was in a row.
    assert parameters.items() >= {
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "pg_stat_statements.track_utility": "0",
    }.items()
    others = {"log_min_duration_sample", "log_transaction_sample_rate", "log_duration", "shared_preload_libraries"}
    assert not others & set(parameters)
    assert not {name for name in parameters if name.startswith(("pgaudit.", "auto_explain.", "debug_"))}


def test_the_parameter_group_is_of_the_engines_major_version(data, resources, cluster):
    version = data["Parameters"]["EngineVersion"]
    family = resources["ClusterParameters"]["Properties"]["Family"]
    pattern = re.compile(version["AllowedPattern"])
    assert cluster["EngineVersion"] == {"Ref": "EngineVersion"}
    assert pattern.fullmatch(version["Default"])
    assert family == f"aurora-postgresql{version['Default'].partition('.')[0]}"
    for other in ("16.11", "18.3", "17", "170.1"):
        assert not pattern.search(other), other


def test_logs_are_groups_of_the_template_and_end(resources):
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    names = {name: group["LogGroupName"]["Fn::Sub"] for name, group in groups.items()}
    # Each name is one that AWS writes to, and the group is there before AWS would make its own.
    cluster = resources["Cluster"]
    assert cluster["Properties"]["DBClusterIdentifier"] == {"Ref": "AWS::StackName"}
    assert cluster["Properties"]["EnableCloudwatchLogsExports"] == ["postgresql"]
    assert cluster["DependsOn"] == "PostgresqlLogs"
    expected = {"PostgresqlLogs": "/aws/rds/cluster/${AWS::StackName}/postgresql"}
    for role in ROLES:
        rotation = resources[f"{role}Rotation"]
        assert f"{role}RotationLogs" in rotation["DependsOn"]
        function = rotation["Properties"]["HostedRotationLambda"]["RotationLambdaName"]["Fn::Sub"]
        expected[f"{role}RotationLogs"] = f"/aws/lambda/{function}"
    assert names == expected


def test_there_is_always_some_capacity(data):
    least, most = (data["Parameters"][name] for name in ("MinCapacity", "MaxCapacity"))
    # At 0 it sleeps, and wakes up more slowly than anybody waits.
    assert min(least["AllowedValues"]) == 0.5 == least["Default"]
    # RDS refuses less than 1.
    assert min(most["AllowedValues"]) == 1
    assert most["Default"] in most["AllowedValues"]


def test_the_operating_system_is_watched(resources):
    for name in INSTANCES:
        instance = resources[name]["Properties"]
        assert 0 < instance["MonitoringInterval"] <= 60
        assert instance["MonitoringRoleArn"] == {"Fn::GetAtt": ["MonitoringRole", "Arn"]}
    (statement,) = resources["MonitoringRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


# ------------------------------------------------------------------ Passwords


def test_nobody_chooses_a_password(data, resources, cluster):
    assert cluster["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in cluster
    assert not [name for name in data["Parameters"] if "password" in name.lower()]
    for secret in of_type(resources, "AWS::SecretsManager::Secret").values():
        assert "SecretString" not in secret
        generate = secret["GenerateSecretString"]
        assert generate["GenerateStringKey"] == "password"
        assert generate["PasswordLength"] >= 32


@pytest.mark.parametrize(("name", "role"), ROLES.items())
def test_a_roles_secret_is_what_functions_and_rotations_read(resources, name, role):
    # What may deploy it knows it by the stack's name (infra/ci.yaml).
    assert resources[f"{name}Secret"]["Properties"]["Name"]["Fn::Sub"].startswith("${AWS::StackName}/")
    generate = resources[f"{name}Secret"]["Properties"]["GenerateSecretString"]
    fields = json.loads(generate["SecretStringTemplate"]["Fn::Sub"])
    # `ssl`: a rotation that can't connect by TLS doesn't try without.
    assert fields == {
        "username": role,
        "engine": "postgres",
        "host": "${Cluster.Endpoint.Address}",
        "port": 5432,
        "dbname": "postgres",
        "ssl": True,
    }


def test_where_a_rotation_logs_in_no_role_is_read_only():
    """A session that only reads may not change its own password: the setting is the application's database's alone."""
    bootstrap = (ROOT / "crates" / "data" / "src" / "schema" / "bootstrap.sql").read_text()
    settings = [line for line in bootstrap.splitlines() if "default_transaction_read_only = on" in line]
    assert settings and all("IN DATABASE" in line for line in settings)
    assert "'default_transaction_read_only', 'on'" not in bootstrap


@pytest.mark.parametrize("name", ROLES)
def test_a_roles_password_is_rotated_in_the_network_but_not_before_there_is_a_role(data, resources, name):
    rotation = resources[f"{name}Rotation"]["Properties"]
    assert data["Transform"] == "AWS::SecretsManager-2024-09-16"
    assert rotation["SecretId"] == {"Ref": f"{name}Secret"}
    assert rotation["RotateImmediatelyOnUpdate"] is False
    assert rotation["RotationRules"]["ScheduleExpression"] == {"Fn::Sub": "rate(${RotationDays} days)"}
    assert data["Parameters"]["RotationDays"]["Default"] == 30
    hosted = rotation["HostedRotationLambda"]
    assert hosted["RotationType"] == "PostgreSQLSingleUser"
    assert hosted["KmsKeyArn"] == SECRETS_KEY
    assert hosted["VpcSubnetIds"] == {"Fn::Join": [",", {"Ref": "PrivateSubnetIds"}]}
    assert hosted["VpcSecurityGroupIds"] == {"Ref": "RotationSecurityGroupId"}


# ------------------------------------------------------------------ The cache


def commands_of_the_client():
    """What `crates/cache` sends, in its scripts and outside of them; tests are not the client."""
    sent = set()
    for file in CACHE.glob("*.rs"):
        sent |= set(re.findall(r'redis::cmd\("([A-Z]+)"\)', file.read_text().partition("#[cfg(test)]")[0]))
    for file in CACHE.glob("*.lua"):
        sent |= set(re.findall(r"redis\.p?call\('([A-Z]+)'", file.read_text()))
    assert {"EVAL", "SET", "TIME"} <= sent
    return sent


def test_the_user_of_the_cache_may_do_what_the_client_does_to_its_own_keys(resources):
    user = resources["CacheUser"]["Properties"]
    state, keys, nothing, *allowed = user["AccessString"].split()
    prefix = re.search(r'PREFIX: &str = "([^"]+)"', (CACHE / "lib.rs").read_text())[1]
    assert (state, keys, nothing) == ("on", f"~{prefix}*", "-@all")
    assert {command.removeprefix("+").upper() for command in allowed} == commands_of_the_client()


def test_all_keys_are_in_one_slot_for_the_cache_is_a_cluster():
    prefix = re.search(r'PREFIX: &str = "([^"]+)"', (CACHE / "lib.rs").read_text())[1]
    assert re.fullmatch(r"\{[a-z]+\}:", prefix)


def test_every_key_ends_or_it_could_not_be_evicted():
    written = []
    for file in CACHE.glob("*.lua"):
        written += re.findall(r"redis\.call\('SET', .*\)", file.read_text())
    assert len(written) == 4
    assert all(re.search(r"'(EX|PX)', ", call) for call in written), written
    (mark,) = re.findall(r'cmd\("SET"\)[^;]*', (CACHE / "marks.rs").read_text())
    assert '"EX"' in mark


def test_who_sends_a_password_alone_is_the_user_of_the_cache(resources):
    assert "set_username" not in (CACHE / "client.rs").read_text()
    user = resources["CacheUser"]["Properties"]
    assert user["UserName"] == "default"
    password = "{{resolve:secretsmanager:${CacheSecret}:SecretString:password}}"
    assert user["AuthenticationMode"] == {"Type": "password", "Passwords": [{"Fn::Sub": password}]}
    assert resources["CacheUsers"]["Properties"]["UserIds"] == [{"Ref": "CacheUser"}]
    assert resources["Cache"]["Properties"]["UserGroupId"] == {"Ref": "CacheUsers"}
    # ElastiCache takes 16 to 128 characters.
    assert 16 <= resources["CacheSecret"]["Properties"]["GenerateSecretString"]["PasswordLength"] <= 128


def test_the_cache_can_cost_no_more_than_one_slot_can_do(data, resources):
    limits = resources["Cache"]["Properties"]["CacheUsageLimits"]
    storage, processing = limits["DataStorage"], limits["ECPUPerSecond"]
    assert (storage["Maximum"], storage["Unit"]) == ({"Ref": "CacheMaxStorageGb"}, "GB")
    assert processing["Maximum"] == {"Ref": "CacheMaxEcpuPerSecond"}
    assert data["Parameters"]["CacheMaxStorageGb"]["MaxValue"] == 32
    assert data["Parameters"]["CacheMaxEcpuPerSecond"]["MaxValue"] == 30_000


def test_the_default_of_the_cache_serves_what_the_gateway_lets_in(data, template):
    """30 units a request: two scripts and an answer of some kilobytes."""
    requests = template["Parameters"]["ThrottlingRateLimit"]["Default"]
    assert data["Parameters"]["CacheMaxEcpuPerSecond"]["Default"] >= 30 * requests


def test_the_cache_is_in_the_private_subnets(resources):
    cache = resources["Cache"]["Properties"]
    assert cache["Engine"] == resources["CacheUser"]["Properties"]["Engine"] == "valkey"
    assert cache["SubnetIds"] == {"Ref": "PrivateSubnetIds"}
    assert cache["SecurityGroupIds"] == [{"Ref": "CacheSecurityGroupId"}]


# ------------------------------------------------------------------ The other stacks


def test_the_application_is_told_everything_it_asks_for(data, template):
    outputs = set(data["Outputs"])
    asked = {name for name in template["Parameters"] if name.startswith(("Database", "Secrets", "Cache"))}
    # What isn't this stack's: how to trust certificates.
    assert asked - outputs == {"DatabaseTls", "DatabaseCaFile", "CacheTls"}
    assert outputs - asked == {"DatabaseReaderHost", "DatabaseClusterId", "CacheName"}
    roles = [{"Ref": f"{name}Secret"} for name in ROLES]
    assert data["Outputs"]["DatabaseRoleSecretArns"]["Value"] == {"Fn::Join": [",", roles]}


def test_the_network_is_the_networks(data, infra):
    asked = {name for name in data["Parameters"] if name.endswith(("SubnetIds", "SecurityGroupId"))}
    assert asked <= set(infra("network")["Outputs"])
