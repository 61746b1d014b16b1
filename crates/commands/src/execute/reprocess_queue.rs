//! `REPROCESS_QUEUE`: messages go from a dead-letter queue back to their queue. Never deleted before they are sent, so that
//! none is lost; counted before they are sent, so that all attempts together never take more than was asked for. An
//! attempt that is killed leaves at most the batch in its hands in doubt.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchError;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, DeleteMessageBatchResultEntry, Message, MessageAttributeValue,
    MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
};
use chrono::Utc;
use serde_json::{Value, json};

use super::queues::{self, FindError, Pair, cause};
use super::{ExecutionError, Executors, Failure};
use crate::command::{MaxMessages, QueueName};
use crate::store::{Claim, StoreError};
use crate::stored::Progress;

/// What SQS takes in one call: messages, and bytes of them.
const BATCH: u32 = 10;
const BATCH_BYTES: usize = 256 * 1024;
/// What a message has at most.
const ATTRIBUTES: usize = 10;
/// Says which message a copy is of.
const ORIGINAL: &str = "original_message_id";
const STRING: &str = "String";
/// How long a call waits for messages, and how often in a row none means that there are none.
const WAIT_SECONDS: i32 = 1;
const EMPTY: u32 = 2;
/// What SQS refuses for a reason of its own is tried so often.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
/// The longest that SQS hides a message.
const MAX_HIDDEN: Duration = Duration::from_hours(12);

pub(super) async fn run(
    executors: &Executors,
    claim: &Claim<'_>,
    queue: &QueueName,
    max_messages: MaxMessages,
) -> Result<Value, ExecutionError> {
    if !executors.queues.contains(queue) {
        return Err(not_allowed(queue, &executors.queues).into());
    }
    let pair = queues::find(&executors.sqs, queue).await.map_err(|error| not_found(queue, error))?;
    let mut mover = Mover {
        sqs: &executors.sqs,
        claim,
        pair: &pair,
        is_fifo: queue.as_str().strip_suffix(".fifo").is_some(),
        progress: claim.progress(),
        settled: HashMap::new(),
        blocked: HashSet::new(),
    };
    let ended = mover.move_up_to(max_messages.get()).await;
    let progress = mover.progress;
    match ended {
        Ok(()) => claim.save_progress(progress, Utc::now()).await?,
        Err(Stop::Interrupted(error)) => return Err(error.into()),
        Err(Stop::Unavailable(error)) => {
            tracing::warn!(error, "SQS is unavailable");
            // What is known must not be lost with it, but the failure is what there is to tell.
            if let Err(error) = claim.save_progress(progress, Utc::now()).await {
                tracing::warn!(%error, "progress was not kept");
            }
            return Err(unavailable(progress).into());
        }
    }
    let left = queues::depth(&executors.sqs, &pair.dead_letters_url)
        .await
        .inspect_err(|error| tracing::warn!(error, "what is left is not known"));
    Ok(json!({
        "queue": queue.as_str(),
        "dead_letter_queue": pair.dead_letters,
        "moved": progress.moved,
        "left": left.ok(),
        "in_doubt": in_doubt(progress),
        "skipped": progress.skipped,
    }))
}

/// Taken, and not known to have come back or to have stayed.
const fn in_doubt(progress: Progress) -> u32 {
    progress.taken.saturating_sub(progress.moved).saturating_sub(progress.skipped)
}

/// Why no more is moved.
enum Stop {
    Interrupted(StoreError),
    /// For the log.
    Unavailable(String),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Interrupted(error)
    }
}

/// What became of a message that may be received again in this run.
#[derive(Clone, Copy, PartialEq)]
enum Settled {
    /// It is back in its queue, and could not be deleted: its copy is a duplicate until it is.
    Sent,
    /// It stays.
    Left,
}

struct Mover<'a> {
    sqs: &'a Client,
    claim: &'a Claim<'a>,
    pair: &'a Pair,
    is_fifo: bool,
    progress: Progress,
    /// By message id.
    settled: HashMap<String, Settled>,
    /// Groups of a FIFO queue of which a message stays: what comes after it must not overtake it.
    blocked: HashSet<String>,
}

/// A message on its way.
struct Parcel {
    id: String,
    receipt: String,
    group: Option<String>,
    entry: SendMessageBatchRequestEntry,
    size: usize,
}

/// What goes in one call.
#[derive(Default)]
struct Batch {
    parcels: Vec<Parcel>,
    /// Whether the progress tells of it.
    is_taken: bool,
}

impl Batch {
    fn has_room_for(&self, parcel: &Parcel) -> bool {
        self.parcels.iter().map(|packed| packed.size).sum::<usize>() + parcel.size <= BATCH_BYTES
    }
}

impl Mover<'_> {
    async fn move_up_to(&mut self, max: u32) -> Result<(), Stop> {
        let mut empty = 0;
        while self.progress.taken < max && empty < EMPTY {
            let room = (max - self.progress.taken).min(BATCH);
            let received = self.receive(room).await?;
            let mut again = Vec::new();
            let mut new = Vec::new();
            for message in received {
                match message.message_id.as_ref().and_then(|id| self.settled.get(id)) {
                    None => new.push(message),
                    Some(Settled::Sent) => again.extend(message.message_id.zip(message.receipt_handle)),
                    Some(Settled::Left) => {}
                }
            }
            empty = if new.is_empty() { empty + 1 } else { 0 };
            self.delete(again).await?;
            let mut batches = self.pack(new);
            while let Some(batch) = batches.pop_front() {
                self.forward(batch, &mut batches).await?;
            }
        }
        Ok(())
    }

    /// At most so many messages, hidden from everybody else for about as long as the lease lasts: whoever takes over finds
    /// them again.
    async fn receive(&self, room: u32) -> Result<Vec<Message>, Stop> {
        let hidden = self.claim.lease().min(MAX_HIDDEN).as_secs();
        let received = self
            .sqs
            .receive_message()
            .queue_url(&self.pair.dead_letters_url)
            .max_number_of_messages(i32::try_from(room).unwrap_or(1))
            .wait_time_seconds(WAIT_SECONDS)
            .visibility_timeout(i32::try_from(hidden).unwrap_or(i32::MAX))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await;
        Ok(received.map_err(|error| Stop::Unavailable(cause(error)))?.messages.unwrap_or_default())
    }

    /// Makes batches of messages, in their order. What can't be sent is left.
    fn pack(&mut self, messages: Vec<Message>) -> VecDeque<Batch> {
        let mut batches: VecDeque<Batch> = VecDeque::new();
        for message in messages {
            let id = message.message_id.clone().unwrap_or_default();
            let group = group_of(&message);
            match parcel(message, self.is_fifo) {
                Some(parcel) if !self.is_blocked(&parcel) => match batches.back_mut() {
                    Some(batch) if batch.has_room_for(&parcel) => batch.parcels.push(parcel),
                    _ => batches.push_back(Batch { parcels: vec![parcel], is_taken: false }),
                },
                _ => {
                    self.progress.taken += 1;
                    self.leave(id, group);
                }
            }
        }
        batches
    }

    fn is_blocked(&self, parcel: &Parcel) -> bool {
        self.is_fifo && parcel.group.as_ref().is_some_and(|group| self.blocked.contains(group))
    }

    /// Counts a message that was taken, and stays.
    fn leave(&mut self, id: String, group: Option<String>) {
        self.progress.skipped += 1;
        self.settled.insert(id, Settled::Left);
        self.blocked.extend(group);
    }

    /// Sends a batch to the queue, then deletes from the dead-letter queue what was sent. A batch that SQS doesn't take as
    /// a whole comes back as the first `batches`, one of each message.
    async fn forward(&mut self, mut batch: Batch, batches: &mut VecDeque<Batch>) -> Result<(), Stop> {
        if !batch.is_taken {
            // A message before it may have been left since it was packed.
            let parcels = std::mem::take(&mut batch.parcels);
            for parcel in parcels {
                self.progress.taken += 1;
                if self.is_blocked(&parcel) {
                    self.leave(parcel.id, parcel.group);
                } else {
                    batch.parcels.push(parcel);
                }
            }
        }
        let mut waiting = batch.parcels;
        for attempt in 1..=ATTEMPTS {
            if waiting.is_empty() {
                return Ok(());
            }
            if attempt > 1 {
                tokio::time::sleep(PAUSE).await;
            }
            // Only whoever holds the lease goes on from here.
            self.claim.save_progress(self.progress, Utc::now()).await?;
            let entries = waiting.iter().map(|parcel| parcel.entry.clone()).collect();
            let sent = self.sqs.send_message_batch().queue_url(&self.pair.url).set_entries(Some(entries));
            let answer = match sent.send().await {
                Ok(answer) => answer,
                Err(error) if is_about_messages(&error) && waiting.len() > 1 => {
                    let alone = |parcel| Batch { parcels: vec![parcel], is_taken: true };
                    for parcel in waiting.into_iter().rev() {
                        batches.push_front(alone(parcel));
                    }
                    return Ok(());
                }
                Err(error) => {
                    let is_about_message = is_about_messages(&error);
                    // What was refused stays; what wasn't answered may have been sent.
                    if error.raw_response().is_some_and(|response| response.status().is_client_error()) {
                        for parcel in waiting {
                            self.leave(parcel.id, parcel.group);
                        }
                    }
                    return if is_about_message { Ok(()) } else { Err(Stop::Unavailable(cause(error))) };
                }
            };
            let refused: HashMap<&str, bool> =
                answer.failed().iter().map(|entry| (entry.id(), entry.sender_fault())).collect();
            let accepted: HashSet<&str> =
                answer.successful().iter().map(SendMessageBatchResultEntry::id).collect();
            let mut sent = Vec::new();
            let mut again = Vec::new();
            for parcel in waiting {
                match (accepted.contains(parcel.entry.id()), refused.get(parcel.entry.id())) {
                    (true, _) => sent.push((parcel.id, parcel.receipt)),
                    (_, Some(true)) => self.leave(parcel.id, parcel.group),
                    (_, Some(false)) => again.push(parcel),
                    // Not told of: in doubt, and not to be sent again.
                    (_, None) => _ = self.settled.insert(parcel.id, Settled::Left),
                }
            }
            self.settled.extend(sent.iter().map(|(id, _)| (id.clone(), Settled::Sent)));
            self.delete(sent).await?;
            waiting = again;
        }
        if waiting.is_empty() {
            return Ok(());
        }
        for parcel in waiting {
            self.leave(parcel.id, parcel.group);
        }
        Err(Stop::Unavailable("messages were refused again and again".into()))
    }

    /// Deletes messages that were sent from the dead-letter queue, by id and receipt. One that stays for all that is in
    /// doubt: its copy is a duplicate.
    async fn delete(&mut self, mut sent: Vec<(String, String)>) -> Result<(), Stop> {
        let mut failure = None;
        for attempt in 1..=ATTEMPTS {
            if sent.is_empty() {
                return Ok(());
            }
            if attempt > 1 {
                tokio::time::sleep(PAUSE).await;
            }
            let entries: Result<Vec<_>, _> = sent
                .iter()
                .enumerate()
                .map(|(place, (_, receipt))| {
                    let entry = DeleteMessageBatchRequestEntry::builder();
                    entry.id(place.to_string()).receipt_handle(receipt).build()
                })
                .collect();
            let entries = entries.map_err(|error| Stop::Unavailable(error.to_string()))?;
            let call = self.sqs.delete_message_batch().queue_url(&self.pair.dead_letters_url);
            match call.set_entries(Some(entries)).send().await {
                Ok(answer) => {
                    let gone: HashSet<&str> =
                        answer.successful().iter().map(DeleteMessageBatchResultEntry::id).collect();
                    let mut place = 0;
                    sent.retain(|(id, _)| {
                        let stays = !gone.contains(place.to_string().as_str());
                        place += 1;
                        if !stays {
                            self.settled.remove(id);
                            self.progress.moved += 1;
                        }
                        stays
                    });
                    failure = None;
                }
                Err(error) => failure = Some(cause(error)),
            }
        }
        match failure {
            Some(failure) => Err(Stop::Unavailable(failure)),
            None => Ok(()),
        }
    }
}

/// The message as it is sent; `None` if it can't be marked as a copy, or isn't whole.
fn parcel(message: Message, is_fifo: bool) -> Option<Parcel> {
    let group = group_of(&message);
    let trace = system_attribute(&message, &MessageSystemAttributeName::AwsTraceHeader);
    let (id, receipt, body) = (message.message_id?, message.receipt_handle?, message.body?);
    let mut attributes = message.message_attributes.unwrap_or_default();
    if !attributes.contains_key(ORIGINAL) {
        if attributes.len() >= ATTRIBUTES {
            return None;
        }
        let original = MessageAttributeValue::builder().data_type(STRING).string_value(&id).build().ok()?;
        attributes.insert(ORIGINAL.to_owned(), original);
    }
    let size = body.len() + attributes.iter().map(|(name, value)| name.len() + size_of(value)).sum::<usize>();
    let entry = SendMessageBatchRequestEntry::builder()
        // Letters, digits and hyphens, as an entry's id has to be.
        .id(&id)
        .message_body(body)
        .set_message_attributes(Some(attributes));
    let entry = match &trace {
        Some(trace) => entry.message_system_attributes(
            MessageSystemAttributeNameForSends::AwsTraceHeader,
            MessageSystemAttributeValue::builder().data_type(STRING).string_value(trace).build().ok()?,
        ),
        None => entry,
    };
    // A message of a standard queue may have a group too, for fairness.
    let entry = entry.set_message_group_id(group.clone());
    // Sent again within five minutes, by the next attempt, it is one message.
    let entry = if is_fifo { entry.message_deduplication_id(&id) } else { entry };
    Some(Parcel { id, receipt, group, entry: entry.build().ok()?, size })
}

fn group_of(message: &Message) -> Option<String> {
    system_attribute(message, &MessageSystemAttributeName::MessageGroupId)
}

fn system_attribute(message: &Message, name: &MessageSystemAttributeName) -> Option<String> {
    message.attributes.as_ref()?.get(name).cloned()
}

fn size_of(value: &MessageAttributeValue) -> usize {
    let text = value.string_value().map_or(0, str::len);
    let bytes = value.binary_value().map_or(0, |bytes| bytes.as_ref().len());
    value.data_type().len() + text + bytes
}

/// Whether a batch was refused for what is in it.
fn is_about_messages(error: &SdkError<SendMessageBatchError>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code).is_some_and(|code| {
        ["BatchRequestTooLong", "InvalidMessageContents", "InvalidParameterValue"]
            .iter()
            .any(|about| code.ends_with(about))
    })
}

fn not_allowed(queue: &QueueName, allowed: &[QueueName]) -> Failure {
    let allowed: Vec<_> = allowed.iter().map(QueueName::as_str).collect();
    let allowed = if allowed.is_empty() { "nenhuma".to_owned() } else { allowed.join(", ") };
    Failure::new(
        "unknown queue",
        format!(
            "a fila \"{}\" não está entre as que podem ser reprocessadas: {allowed}. Escolha uma delas e execute um novo \
             comando.",
            queue.as_str()
        ),
    )
}

fn not_found(queue: &QueueName, error: FindError) -> Failure {
    let queue = queue.as_str();
    match error {
        FindError::Unknown => Failure::new(
            "unknown queue",
            format!("a fila \"{queue}\" está configurada, mas não existe. Corrija a configuração das filas."),
        ),
        FindError::NoDeadLetters => Failure::new(
            "no dead-letter queue",
            format!(
                "a fila \"{queue}\" não tem uma fila de mensagens mortas. Configure a política de redrive da fila e execute \
                 o comando novamente."
            ),
        ),
        FindError::Unavailable(error) => {
            tracing::warn!(error, "SQS is unavailable");
            unavailable(Progress::default())
        }
    }
}

fn unavailable(progress: Progress) -> Failure {
    Failure::new(
        "queue unavailable",
        format!(
            "o serviço de filas não respondeu ou recusou o acesso. Mensagens movidas até aqui: {}; em dúvida: {}. \
             Nenhuma foi perdida: execute o comando novamente; se o erro persistir, verifique as filas e as permissões \
             do processador.",
            progress.moved,
            in_doubt(progress)
        ),
    )
}
