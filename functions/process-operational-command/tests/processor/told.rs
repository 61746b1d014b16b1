//! The stream as Lambda reads it: in order, from the first record that failed on, again and again.

use std::time::Duration;

use serde_json::{Value, json};
use test_support::{FunctionProcess, Invocation};

use crate::fixture::Platform;

/// The emulator's own user, whose signature it doesn't check.
const SOMEBODY: &str = "AWS4-HMAC-SHA256 Credential=local/20260101/sa-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
/// The most records of a batch.
const BATCH: usize = 100;

pub(crate) struct Stream {
    client: reqwest::Client,
    endpoint: String,
    iterator: String,
    /// Read, and not settled yet.
    waiting: Vec<Value>,
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// There was nothing to tell.
    Nothing,
    /// All of it is settled.
    Settled,
    /// Some of it comes again.
    Again,
    /// The function died of it.
    Died,
}

impl Stream {
    /// From the first record of the table on.
    pub(crate) async fn of(platform: &Platform) -> Self {
        let described = platform.dynamodb.describe_table().table_name(&platform.tables.commands).send().await;
        let arn = described.unwrap().table.unwrap().latest_stream_arn.unwrap();
        let mut stream = Self {
            client: reqwest::Client::new(),
            endpoint: platform.emulator.endpoint().to_owned(),
            iterator: String::new(),
            waiting: Vec::new(),
        };
        let described = stream.call("DescribeStream", json!({"StreamArn": arn})).await;
        let shard = &described["StreamDescription"]["Shards"][0]["ShardId"];
        let wanted = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
        let answer = stream.call("GetShardIterator", wanted).await;
        answer["ShardIterator"].as_str().unwrap().clone_into(&mut stream.iterator);
        stream
    }

    /// Tells the function the next batch.
    pub(crate) async fn tell(&mut self, function: &FunctionProcess) -> Delivery {
        self.read().await;
        if self.waiting.is_empty() {
            return Delivery::Nothing;
        }
        let batch: Vec<_> = self.waiting.iter().take(BATCH).cloned().collect();
        match function.invoke(json!({"Records": batch})).await {
            Invocation::Died => Delivery::Died,
            Invocation::Failed(_) => Delivery::Again,
            Invocation::Answered(answer) => {
                let failures = answer["batchItemFailures"].as_array().unwrap();
                let failed = |record: &Value| {
                    failures
                        .iter()
                        .any(|failure| failure["itemIdentifier"] == record["dynamodb"]["SequenceNumber"])
                };
                // The lowest that failed is where it goes on.
                let settled = batch.iter().position(failed).unwrap_or(batch.len());
                self.waiting.drain(..settled);
                if settled == batch.len() { Delivery::Settled } else { Delivery::Again }
            }
        }
    }

    async fn read(&mut self) {
        loop {
            let answer =
                self.call("GetRecords", json!({"ShardIterator": self.iterator, "Limit": 1_000})).await;
            answer["NextShardIterator"].as_str().unwrap().clone_into(&mut self.iterator);
            let records = answer["Records"].as_array().unwrap();
            // As the mapping's filter does.
            let matters = |record: &&Value| record.pointer("/dynamodb/NewImage/progress_only").is_none();
            self.waiting.extend(records.iter().filter(matters).cloned());
            if records.is_empty() {
                return;
            }
        }
    }

    async fn call(&self, operation: &str, body: Value) -> Value {
        let call = self
            .client
            .post(&self.endpoint)
            .header("X-Amz-Target", format!("DynamoDBStreams_20120810.{operation}"))
            .header("Content-Type", "application/x-amz-json-1.0")
            .header("Authorization", SOMEBODY)
            .json(&body)
            .timeout(Duration::from_secs(10));
        let answer = call.send().await.unwrap();
        assert!(answer.status().is_success(), "{operation}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }
}
