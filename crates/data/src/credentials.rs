//! Where a role's password comes from.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use secrecy::SecretString;
use serde::Deserialize;

/// A role and its password.
#[derive(Clone, Debug, Deserialize)]
pub struct Login {
    /// The role's name.
    pub username: String,
    /// Its password.
    pub password: SecretString,
}

/// Where to read a [`Login`], again and again: passwords are rotated.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A secret of AWS Secrets Manager, in the JSON form that managed databases use: `{"username", "password", …}`.
    Secret {
        /// Reads the secret.
        client: Client,
        /// Its ARN or name.
        id: String,
    },
    /// A login that never changes: tools and tests.
    Fixed(Login),
}

/// The login could not be read. Says which secret, never what is in it.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// Secrets Manager did not hand it out.
    #[error("secret {id} could not be read: {cause}")]
    Unreadable {
        /// The secret's ARN or name.
        id: String,
        /// What the service, or the way to it, said.
        cause: String,
    },
    /// The secret is not what a database's secret looks like.
    #[error("secret {id} is not a JSON object with username and password")]
    Malformed {
        /// The secret's ARN or name.
        id: String,
    },
}

impl Credentials {
    /// Reads the login as it is now.
    pub async fn read(&self) -> Result<Login, CredentialsError> {
        match self {
            Self::Fixed(login) => Ok(login.clone()),
            Self::Secret { client, id } => {
                let secret = client.get_secret_value().secret_id(id).send().await.map_err(|error| {
                    CredentialsError::Unreadable {
                        id: id.clone(),
                        cause: DisplayErrorContext(error).to_string(),
                    }
                })?;
                secret
                    .secret_string()
                    .and_then(|json| serde_json::from_str::<Login>(json).ok())
                    .ok_or_else(|| CredentialsError::Malformed { id: id.clone() })
            }
        }
    }
}
