//! Where the databases are, and how to log in to them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use data::{Credentials, Database, DatabaseSettings, Login, Tls};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

/// How large a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Scale {
    /// 1,000 tenants.
    S,
    /// 20,000 tenants.
    L,
}

impl Scale {
    pub(crate) const fn database(self) -> &'static str {
        match self {
            Self::S => "painel_s",
            Self::L => "painel_l",
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::L => "L",
        }
    }
}

/// A server with the databases of the benchmark.
#[derive(Args, Clone, Debug)]
pub(crate) struct Server {
    /// The server, as a superuser.
    #[arg(long)]
    database_url: PgConnectOptions,
    /// The roles' passwords, in a file of libpq's format: `host:port:database:role:password`.
    #[arg(long)]
    passwords: PathBuf,
}

impl Server {
    /// A connection as superuser: it prepares, and counts buffers.
    pub(crate) async fn superuser(&self, scale: Scale) -> anyhow::Result<PgConnection> {
        let options = self.database_url.clone().database(scale.database());
        options.connect().await.with_context(|| format!("{} can't be reached", scale.database()))
    }

    /// A connection as one of the application's roles.
    pub(crate) async fn connect(&self, scale: Scale, role: &str) -> anyhow::Result<PgConnection> {
        let options = self.settings(scale).connect_options(&login(&self.passwords, role)?);
        options.connect().await.with_context(|| format!("{role} can't connect to {}", scale.database()))
    }

    /// A pool as a function has it.
    pub(crate) fn pool(&self, scale: Scale, role: &str) -> anyhow::Result<Database> {
        Ok(Database::new(self.settings(scale), Credentials::Fixed(login(&self.passwords, role)?)))
    }

    fn settings(&self, scale: Scale) -> DatabaseSettings {
        DatabaseSettings {
            database_host: self.database_url.get_host().to_owned(),
            database_port: self.database_url.get_port(),
            database_name: scale.database().to_owned(),
            database_tls: Tls::Disable,
            database_ca_file: None,
        }
    }
}

/// The login of a role, from a file of passwords.
pub(crate) fn login(passwords: &Path, role: &str) -> anyhow::Result<Login> {
    let text = fs::read_to_string(passwords).with_context(|| format!("{}", passwords.display()))?;
    let password = text.lines().find_map(|line| {
        let mut fields = line.splitn(5, ':').skip(3);
        (fields.next()? == role).then(|| fields.next().unwrap_or_default().to_owned())
    });
    let password = password.with_context(|| format!("{} has no password of {role}", passwords.display()))?;
    Ok(Login { username: role.to_owned(), password: password.into() })
}
