//! A Redis for one test, and something that only looks like one.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use cache::{Cache, CacheSettings, Patience};
use data::Tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::no_secrets;

/// A cache at this port of this machine, as an instance of a function of its own would have it.
#[must_use]
pub fn cache_at(port: u16, patience: Patience) -> Cache {
    let settings = CacheSettings {
        cache_host: Some("127.0.0.1".into()),
        cache_port: port,
        cache_tls: Tls::Disable,
        cache_secret_arn: None,
    };
    Cache::with_patience(settings, Client::new(&no_secrets()), patience)
}

/// No cache at all.
#[must_use]
pub fn no_cache() -> Cache {
    Cache::new(CacheSettings::none(), Client::new(&no_secrets()))
}

/// A server that nobody else uses, without a password, on a loopback port; it ends with this value, and nothing is kept.
pub struct RedisServer {
    child: Child,
    port: u16,
}

impl RedisServer {
    /// Starts it, and waits until it answers.
    pub async fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::start_at(port).await
    }

    /// The same on this port.
    pub async fn start_at(port: u16) -> Self {
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server");
        let server = Self { child, port };
        for _ in 0..500 {
            if server.say("PING").await.is_some_and(|answer| answer.starts_with("+PONG")) {
                return server;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("redis-server doesn't answer");
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// A cache in it, which has time: the machine may be busy.
    #[must_use]
    pub fn cache(&self) -> Cache {
        cache_at(self.port, Patience { budget: Duration::from_secs(10), ..Patience::default() })
    }

    /// The beginning of what it answers to a line, as it is written on the wire.
    pub async fn say(&self, line: &str) -> Option<String> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        connection.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
        let mut answer = vec![0; 65_536];
        let read = connection.read(&mut answer).await.ok()?;
        Some(String::from_utf8_lossy(&answer[..read]).into_owned())
    }

    /// The keys that begin like this.
    pub async fn keys(&self, beginning: &str) -> Vec<String> {
        let answer = self.say(&format!("KEYS {beginning}*")).await.unwrap();
        answer.lines().filter(|line| line.starts_with(beginning)).map(str::to_owned).collect()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that takes every connection and never says a word.
pub struct BlackHole {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl BlackHole {
    /// Listens from now on.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                held.push(connection);
            }
        });
        Self { port, connections }
    }

    /// Where it listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// How many connections there were.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}
