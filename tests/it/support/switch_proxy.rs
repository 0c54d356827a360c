//! A TCP proxy on loopback that leads to one server after another, as a virtual address or a
//! DNS name does.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The proxy; it stops with the test's runtime.
pub(crate) struct SwitchProxy {
    address: SocketAddr,
    server: watch::Sender<u16>,
    is_held: watch::Sender<bool>,
}

impl SwitchProxy {
    /// Leads to this port on loopback.
    pub(crate) async fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (server, current) = watch::channel(port);
        let (is_held, held) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (mut current, mut held) = (current.clone(), held.clone());
                tokio::spawn(async move {
                    let port = *current.borrow_and_update();
                    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                        _ = current.changed() => {}
                        () = async { drop(held.wait_for(|is_held| *is_held).await) } => {
                            // The connections stay open, and nothing comes through.
                            std::future::pending::<()>().await;
                        }
                    }
                });
            }
        });
        Self { address, server, is_held }
    }

    /// The port that clients connect to.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Lets nothing through any more, as a network that loses everything.
    pub(crate) fn hold(&self) {
        self.is_held.send_replace(true);
    }

    /// Leads to another port from now on, and cuts the connections to the former.
    pub(crate) fn switch_to(&self, port: u16) {
        self.server.send_replace(port);
    }
}
