//! Connections that send what they have at once, which sqlx 0.9.0 forgets to ask for (its issue 4335). The release after it
//! doesn't, and leaves this file without a purpose.
//!
//! The client's part of a TLS handshake ends with two small writes. By Nagle's algorithm the second waits until the server
//! has acknowledged the first, for which a server takes 40 ms.

use std::fs;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::pin::pin;

use rustix::net::{getpeername, sockopt};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// Does this, which may connect to a server at this port. The new connection is one without delay from when it stands.
pub(crate) async fn without_delay<T>(port: u16, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut done = false;
    poll_fn(|context| {
        let answer = work.as_mut().poll(context);
        if answer.is_pending() && !done {
            done = disable_delay(port).unwrap_or_else(|error| {
                tracing::debug!(%error, "connections are left as they are");
                true
            });
        }
        answer
    })
    .await
}

/// Changes the connections of this process to this port that aren't so yet. Whether there was one.
fn disable_delay(port: u16) -> io::Result<bool> {
    let mut found = false;
    for socket in connections(port)? {
        if !sockopt::tcp_nodelay(&socket)? {
            sockopt::set_tcp_nodelay(&socket, true)?;
            found = true;
        }
    }
    Ok(found)
}

/// The connections of this process to this port. sqlx lends nobody its own: these are the kernel's copies of them.
fn connections(port: u16) -> io::Result<Vec<OwnedFd>> {
    let this = pidfd_open(getpid(), PidfdFlags::empty())?;
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let number = entry?.file_name().to_str().and_then(|name| name.parse().ok());
        // What is closed by now, the directory itself among it, has no copy.
        let copy = number.and_then(|number| pidfd_getfd(&this, number, PidfdGetfdFlags::empty()).ok());
        let Some(copy) = copy else { continue };
        let peer = getpeername(&copy).ok().flatten().and_then(|peer| SocketAddr::try_from(peer).ok());
        if peer.is_some_and(|peer| peer.port() == port) {
            found.push(copy);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn what_connects_to_this_port_meanwhile_has_no_delay_and_nothing_else_changes() {
        let (here, elsewhere) = (
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
            TcpListener::bind("127.0.0.1:0").await.unwrap(),
        );
        let other = TcpStream::connect(elsewhere.local_addr().unwrap()).await.unwrap();
        let address = here.local_addr().unwrap();
        let connect = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.read_u8().await.unwrap();
            stream
        };
        let greet = async { here.accept().await.unwrap().0.write_u8(1).await.unwrap() };
        let (stream, ()) = tokio::join!(without_delay(address.port(), connect), greet);
        assert!(stream.nodelay().unwrap());
        assert!(!other.nodelay().unwrap());
    }
}
