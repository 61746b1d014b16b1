//! A queue and its dead-letter queue.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::QueueAttributeName;
use serde::Deserialize;

use crate::command::QueueName;

/// A queue whose failed messages are kept.
pub(super) struct Pair {
    pub(super) url: String,
    pub(super) dead_letters: String,
    pub(super) dead_letters_url: String,
}

/// Why a queue can't be reprocessed.
pub(super) enum FindError {
    /// There is no such queue.
    Unknown,
    /// It has no dead-letter queue, or that is gone.
    NoDeadLetters,
    /// SQS can't be asked. For the log.
    Unavailable(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: String,
}

/// The queue of this name.
pub(super) async fn find(sqs: &Client, name: &QueueName) -> Result<Pair, FindError> {
    let url = url(sqs, name.as_str()).await?.ok_or(FindError::Unknown)?;
    let asked = sqs.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::RedrivePolicy);
    let answer = asked.send().await;
    let attributes =
        answer.map_err(|error| FindError::Unavailable(cause(error)))?.attributes.unwrap_or_default();
    let policy: Option<RedrivePolicy> = attributes
        .get(&QueueAttributeName::RedrivePolicy)
        .and_then(|policy| serde_json::from_str(policy).ok());
    let dead_letters = policy
        .as_ref()
        .and_then(|policy| policy.dead_letter_target_arn.rsplit(':').next())
        .ok_or(FindError::NoDeadLetters)?;
    let dead_letters_url = self::url(sqs, dead_letters).await?.ok_or(FindError::NoDeadLetters)?;
    Ok(Pair { url, dead_letters: dead_letters.to_owned(), dead_letters_url })
}

/// How many messages are in a queue, as far as SQS knows, those in somebody's hands included.
pub(super) async fn depth(sqs: &Client, url: &str) -> Result<u64, String> {
    let counts = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ];
    let asked = sqs.get_queue_attributes().queue_url(url).set_attribute_names(Some(counts.to_vec()));
    let attributes = asked.send().await.map_err(cause)?.attributes.unwrap_or_default();
    Ok(counts.iter().filter_map(|name| attributes.get(name)?.parse::<u64>().ok()).sum())
}

/// Where the queue of this name is, if there is one.
async fn url(sqs: &Client, name: &str) -> Result<Option<String>, FindError> {
    match sqs.get_queue_url().queue_name(name).send().await {
        Ok(found) => Ok(found.queue_url),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(FindError::Unavailable(cause(error))),
    }
}

fn is_missing<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code().is_some_and(|code| code.ends_with("QueueDoesNotExist") || code.ends_with("NonExistentQueue"))
}

pub(super) fn cause<E>(error: SdkError<E>) -> String
where
    E: std::error::Error + Send + Sync + 'static,
{
    DisplayErrorContext(error).to_string()
}
