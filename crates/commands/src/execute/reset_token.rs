//! `RESET_TOKEN`: the integration's secret without its tokens, then the integration's row. The new version of the secret
//! has the command's id, so that an attempt that comes again finds what is done.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueError;
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Executors, Failure, ask_database};

/// The fields that are blanked, where they are.
const TOKENS: [&str; 4] = ["access_token", "refresh_token", "accessToken", "refreshToken"];
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

const LAST_ERROR: &str =
    "Tokens removidos por um comando operacional: a reautorização da integração é necessária.";

pub(super) async fn run(
    executors: &Executors,
    command_id: Uuid,
    tenant_id: Uuid,
    integration_id: Uuid,
) -> Result<Value, Failure> {
    let integration = ask_database(|| {
        data::commands::integration(&executors.database, tenant_id, integration_id)
    })
    .await?
    .ok_or_else(|| {
        Failure::new(
            "unknown integration",
            "o tenant não tem esta integração. Confira o tenant e a integração e execute um novo comando.",
        )
    })?;
    let arn = integration.credentials_secret_arn.as_deref().filter(|arn| !arn.is_empty()).ok_or_else(|| {
        Failure::new(
            "no credentials",
            format!(
                "a integração \"{}\" não tem credenciais guardadas: não há tokens para remover. Autorize a integração.",
                integration.name
            ),
        )
    })?;
    let secret = IntegrationSecret { client: &executors.secrets, arn, version: command_id.to_string() };

    let labels = secret.labels().await?;
    let (blanked, current) = if labels.is_on(&secret.version) {
        // An attempt before this one came so far.
        let contents = secret.read(Some(&secret.version)).await?.contents;
        let is_current = labels.holder(CURRENT) == Some(&secret.version);
        let previous = labels.holder(PREVIOUS).cloned();
        (tokens_in(contents.expose_secret())?, is_current.then_some(previous))
    } else {
        let version = secret.read(None).await?;
        let (blanked, contents) = blank(version.contents.expose_secret())?;
        let is_current = secret.put(&contents).await?;
        (blanked, is_current.then_some(Some(version.id)))
    };
    // If a newer version is current, somebody has authorized the integration again since: that stands.
    if let Some(previous) = current {
        secret.forget(previous).await?;
        ask_database(|| {
            data::commands::deactivate_integration(&executors.database, tenant_id, integration_id, LAST_ERROR)
        })
        .await?;
    }
    Ok(json!({
        "integration_id": integration_id,
        "integration_name": integration.name,
        "blanked": blanked,
        "secret_version": secret.version,
    }))
}

/// The fields of a secret. What they hold is text of the secret itself: nothing of it is copied or shown.
type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

fn fields(contents: &str) -> Result<Fields<'_>, Failure> {
    // What is wrong with it might quote it.
    serde_json::from_str(contents).map_err(|_| unreadable())
}

fn unreadable() -> Failure {
    Failure::new(
        "secret unreadable",
        "as credenciais guardadas da integração não são um objeto JSON; nada foi alterado. Autorize a integração \
         novamente para regravá-las.",
    )
}

/// Which of the fields of tokens there are.
fn tokens_in(contents: &str) -> Result<Vec<&'static str>, Failure> {
    let fields = fields(contents)?;
    Ok(TOKENS.into_iter().filter(|token| fields.contains_key(*token)).collect())
}

/// The fields that are blanked, and the secret with nothing else changed.
fn blank(contents: &str) -> Result<(Vec<&'static str>, SecretString), Failure> {
    let mut fields = fields(contents)?;
    let empty = RawValue::from_string("\"\"".into()).map_err(|_| unreadable())?;
    let blanked: Vec<_> = TOKENS.into_iter().filter(|token| fields.contains_key(*token)).collect();
    for token in &blanked {
        fields.insert(Cow::Borrowed(token), &empty);
    }
    let contents = serde_json::to_string(&fields).map_err(|_| unreadable())?;
    Ok((blanked, contents.into()))
}

struct IntegrationSecret<'a> {
    client: &'a aws_sdk_secretsmanager::Client,
    arn: &'a str,
    /// The version without tokens: the command's id.
    version: String,
}

/// Which version of a secret has which labels. Versions without any are not told of.
struct Labels(HashMap<String, Vec<String>>);

impl Labels {
    fn is_on(&self, version: &str) -> bool {
        self.0.contains_key(version)
    }

    fn holder(&self, label: &str) -> Option<&String> {
        self.0
            .iter()
            .find(|(_, labels)| labels.iter().any(|known| known == label))
            .map(|(version, _)| version)
    }
}

impl IntegrationSecret<'_> {
    async fn labels(&self) -> Result<Labels, Failure> {
        let described = match self.client.describe_secret().secret_id(self.arn).send().await {
            Ok(described) => described,
            Err(error) => {
                let missing = matches!(error.as_service_error(), Some(DescribeSecretError::ResourceNotFoundException(_)))
                        // What is kept as its ARN is none.
                        || error.code() == Some("ValidationException");
                return Err(if missing { secret_missing() } else { secrets_unavailable(&error) });
            }
        };
        if described.deleted_date().is_some() {
            return Err(secret_missing());
        }
        Ok(Labels(described.version_ids_to_stages.unwrap_or_default()))
    }

    /// A version, or the current one.
    async fn read(&self, version: Option<&str>) -> Result<Version, Failure> {
        let asked =
            self.client.get_secret_value().secret_id(self.arn).set_version_id(version.map(str::to_owned));
        match asked.send().await {
            Ok(value) => {
                let contents = value.secret_string.map(SecretString::from).ok_or_else(unreadable)?;
                Ok(Version { id: value.version_id.unwrap_or_default(), contents })
            }
            Err(error) => {
                let missing = matches!(
                    error.as_service_error(),
                    Some(GetSecretValueError::ResourceNotFoundException(_))
                );
                Err(if missing { secret_missing() } else { secrets_unavailable(&error) })
            }
        }
    }

    /// Makes the command's version the current one, and says whether it is.
    async fn put(&self, contents: &SecretString) -> Result<bool, Failure> {
        let put = self
            .client
            .put_secret_value()
            .secret_id(self.arn)
            .client_request_token(&self.version)
            .secret_string(contents.expose_secret())
            .version_stages(CURRENT);
        match put.send().await {
            Ok(put) => Ok(put.version_stages().iter().any(|label| label == CURRENT)),
            Err(error) => match error.as_service_error() {
                // It was there, an earlier attempt's, and newer ones have taken all its labels.
                Some(PutSecretValueError::ResourceExistsException(_)) => {
                    Ok(self.labels().await?.holder(CURRENT) == Some(&self.version))
                }
                Some(PutSecretValueError::ResourceNotFoundException(_)) => Err(secret_missing()),
                _ => Err(secrets_unavailable(&error)),
            },
        }
    }

    /// Takes the label off the version that was current before: without one, Secrets Manager forgets it.
    async fn forget(&self, mut previous: Option<String>) -> Result<(), Failure> {
        for is_last in [false, true] {
            let Some(version) = previous else {
                return Ok(());
            };
            let sent = self
                .client
                .update_secret_version_stage()
                .secret_id(self.arn)
                .version_stage(PREVIOUS)
                .remove_from_version_id(version)
                .send()
                .await;
            match sent {
                Ok(_) => return Ok(()),
                // Another version may have it: one that was written while we read.
                Err(SdkError::ServiceError(_)) if !is_last => {
                    previous = self.labels().await?.holder(PREVIOUS).cloned();
                }
                Err(error) => return Err(secrets_unavailable(&error)),
            }
        }
        Ok(())
    }
}

/// A version of a secret.
struct Version {
    id: String,
    contents: SecretString,
}

fn secret_missing() -> Failure {
    Failure::new(
        "secret missing",
        "o segredo com as credenciais da integração não existe mais ou está marcado para exclusão. Autorize a \
         integração novamente.",
    )
}

fn secrets_unavailable<E>(error: &SdkError<E>) -> Failure
where
    E: std::error::Error + Send + Sync + 'static,
{
    tracing::warn!(error = %DisplayErrorContext(error), "Secrets Manager is unavailable");
    Failure::new(
        "secrets unavailable",
        "o cofre de segredos não respondeu ou recusou o acesso, e os tokens podem não ter sido removidos. Execute o \
         comando novamente; se o erro persistir, verifique o Secrets Manager e as permissões do processador.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_tokens_and_keeps_everything_else_to_the_letter() {
        let contents = r#"{"client_id":"a\u00e9","refreshToken":null,"access_token":"t","expires":1.50,"big":12345678901234567890123,"scopes":["a", {"access_token":"kept"}]}"#;
        let (blanked, after) = blank(contents).unwrap();
        assert_eq!(blanked, ["access_token", "refreshToken"]);
        assert_eq!(
            after.expose_secret(),
            r#"{"access_token":"","big":12345678901234567890123,"client_id":"a\u00e9","expires":1.50,"refreshToken":"","scopes":["a", {"access_token":"kept"}]}"#
        );
        assert_eq!(tokens_in(after.expose_secret()).unwrap(), blanked);
        assert_eq!(blank(after.expose_secret()).unwrap().1.expose_secret(), after.expose_secret());
    }

    #[test]
    fn what_is_no_object_is_unreadable_and_not_quoted() {
        for contents in
            ["token-of-somebody", r#""token-of-somebody""#, r#"["token-of-somebody"]"#, "", "null"]
        {
            let failure = blank(contents).map(|_| ()).unwrap_err();
            assert_eq!(failure.code, "secret unreadable");
            assert!(!failure.to_string().contains("somebody"));
        }
    }
}
