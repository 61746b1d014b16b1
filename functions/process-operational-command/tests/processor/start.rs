//! How the binary starts.

use std::process::Command;

const SETTINGS: [(&str, &str); 14] = [
    ("AWS_REGION", "sa-east-1"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "key"),
    ("DATABASE_HOST", "localhost"),
    ("DATABASE_PORT", "5432"),
    ("DATABASE_NAME", "painel"),
    ("DATABASE_TLS", "disable"),
    ("DATABASE_SECRET_ARN", "secret"),
    ("COMMANDS_TABLE", "commands"),
    ("COMMAND_BOOKKEEPING_TABLE", "bookkeeping"),
    ("EVENT_BUS_NAME", "bus"),
    ("COMMAND_LEASE_SECONDS", "60"),
    ("COMMAND_CLOCK_SKEW_SECONDS", "60"),
    ("COMMAND_RETRY_WINDOW_SECONDS", "600"),
];

/// What the binary says when it is started with these settings, one of them changed; empty takes it away.
fn complaint(name: &str, value: &str) -> String {
    let settings = SETTINGS.map(|(setting, usual)| (setting, if setting == name { value } else { usual }));
    let mut command = Command::new(env!("CARGO_BIN_EXE_process-operational-command"));
    command.env_clear().envs(settings);
    if !SETTINGS.iter().any(|(setting, _)| *setting == name) {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_setting_that_is_missing_or_wrong_stops_the_start_and_is_named() {
    for (name, _) in SETTINGS {
        let said = complaint(name, "");
        assert!(said.contains(&format!("the environment variable {name} is not set")), "{said}");
    }
    for (name, wrong, about) in [
        ("OPERATION_QUEUES", "mensagens,a queue", "OPERATION_QUEUES"),
        ("COMMAND_RETRY_WINDOW_SECONDS", "120", "has to be longer"),
        ("COMMAND_LEASE_SECONDS", "0", "at least 1"),
        ("COMMAND_LEASE_SECONDS", "soon", "value that is not allowed"),
    ] {
        let said = complaint(name, wrong);
        assert!(said.contains(about), "{said}");
    }
}
