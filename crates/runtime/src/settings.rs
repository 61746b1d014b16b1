//! Settings from environment variables.

use std::net::SocketAddr;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What every function has to be told.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// `LOG_LEVEL`: `error`, `warn`, `info`, `debug` or `trace`. Optional.
    #[serde(default)]
    pub log_level: LogLevel,
    /// `AWS_XRAY_DAEMON_ADDRESS`: where Lambda has X-Ray's daemon. Optional: without it nothing is traced.
    #[serde(default)]
    pub aws_xray_daemon_address: Option<Daemon>,
}

/// The UDP address of X-Ray's daemon: `address:port`, or `tcp:address:port udp:address:port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Daemon(pub SocketAddr);

impl TryFrom<String> for Daemon {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let udp = text.split_whitespace().find_map(|address| address.strip_prefix("udp:"));
        let address = udp.unwrap_or(&text).parse();
        address
            .map(Self)
            .map_err(|_| format!("AWS_XRAY_DAEMON_ADDRESS: {text:?} is not an address with a port"))
    }
}

/// How much a function says of itself.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what may soon.
    Warn,
    /// And a line a request.
    #[default]
    Info,
    /// And how it came about.
    Debug,
    /// Everything.
    Trace,
}

impl From<LogLevel> for tracing::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// A setting that is missing or can't be read. Names the environment variable.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The variable is not set.
    #[error("the environment variable {0} is not set")]
    Missing(String),
    /// The variable's value is not what it should be.
    #[error("an environment variable has a value that is not allowed: {0}")]
    Invalid(String),
}

/// Reads a settings struct: a field is the environment variable of its name in capitals, a list is comma-separated.
pub fn read<T: DeserializeOwned>() -> Result<T, SettingsError> {
    from_variables(
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}

fn from_variables<T: DeserializeOwned>(
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<T, SettingsError> {
    // A template's empty parameter is an absent setting.
    let set = variables.into_iter().filter(|(_, value)| !value.is_empty());
    envy::from_iter(set).map_err(|error| match error {
        envy::Error::MissingValue(field) => SettingsError::Missing(field.to_ascii_uppercase()),
        envy::Error::Custom(message) => SettingsError::Invalid(message),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Example {
        host: String,
        port: u16,
        #[serde(default)]
        clients: Vec<String>,
    }

    #[test]
    fn the_daemons_address_has_two_forms() {
        let read = |address: &str| {
            from_variables::<Settings>([("AWS_XRAY_DAEMON_ADDRESS".to_owned(), address.to_owned())])
        };
        let daemon = |address: &str| Some(Daemon(address.parse().unwrap()));
        assert_eq!(read("").unwrap().aws_xray_daemon_address, None);
        for address in ["169.254.79.129:2000", "tcp:127.0.0.1:2001 udp:169.254.79.129:2000"] {
            assert_eq!(read(address).unwrap().aws_xray_daemon_address, daemon("169.254.79.129:2000"));
        }
        let refused = read("somewhere").unwrap_err().to_string();
        assert!(refused.contains("AWS_XRAY_DAEMON_ADDRESS"), "{refused}");
    }

    fn example(variables: &[(&str, &str)]) -> Result<Example, SettingsError> {
        from_variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn reads_text_numbers_and_lists() {
        let read = example(&[("HOST", "db"), ("PORT", "5432"), ("CLIENTS", "a,b"), ("OTHER", "x")]).unwrap();
        assert_eq!((read.host.as_str(), read.port, read.clients.len()), ("db", 5432, 2));
    }

    #[test]
    fn names_the_variable_that_is_missing_empty_or_wrong() {
        assert_eq!(example(&[("PORT", "1")]).unwrap_err(), SettingsError::Missing("HOST".into()));
        assert_eq!(
            example(&[("HOST", ""), ("PORT", "1")]).unwrap_err(),
            SettingsError::Missing("HOST".into())
        );
        let error = example(&[("HOST", "db"), ("PORT", "many")]).unwrap_err();
        assert!(error.to_string().to_lowercase().contains("port"), "{error}");
    }
}
