//! A proxy between client and server that stops forwarding at a point that the test chooses. The test can then act in
//! the middle of a transfer without a race.

use std::{
    io::{Read, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

pub(crate) struct Gate {
    pub(crate) port: u16,
    reached: Receiver<()>,
    carried: Arc<AtomicUsize>,
}

/// The point at which the gate stops forwarding.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// After this many bytes went to the client.
    Answered(usize),
    /// At the n-th request whose first line contains this path.
    Asked(&'static str, usize),
    Never,
}

impl Gate {
    pub(crate) fn before(server: u16, until: Until) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let (reach, reached) = channel();
        let carried = Arc::new(AtomicUsize::new(0));
        let wire = Wire {
            until,
            carried: carried.clone(),
            asked: Arc::new(AtomicUsize::new(0)),
            reach,
        };
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("a connection");
                let server = TcpStream::connect(("127.0.0.1", server)).expect("a server");
                wire.carry(&client, &server);
            }
        });
        Self {
            port,
            reached,
            carried,
        }
    }

    /// Waits until the gate has stopped forwarding.
    pub(crate) fn reached(&self) {
        self.reached.recv().expect("a wire");
    }

    /// Returns the number of bytes that went to the client.
    pub(crate) fn carried(&self) -> usize {
        self.carried.load(Ordering::SeqCst)
    }
}

#[derive(Clone)]
struct Wire {
    until: Until,
    carried: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
    reach: Sender<()>,
}

impl Wire {
    fn carry(&self, client: &TcpStream, server: &TcpStream) {
        let pair = || {
            let both = (client.try_clone(), server.try_clone());
            (both.0.expect("a client"), both.1.expect("a server"))
        };
        let (wire, (from, to)) = (self.clone(), pair());
        thread::spawn(move || wire.ask(from, to));
        let (wire, (to, from)) = (self.clone(), pair());
        thread::spawn(move || wire.answer(from, to));
    }

    fn ask(self, from: TcpStream, to: TcpStream) {
        pass(from, to, |bytes| {
            let Until::Asked(path, count) = self.until else {
                return bytes.len();
            };
            let text = String::from_utf8_lossy(bytes);
            let line = text.lines().next().unwrap_or_default();
            if line.contains(path) && self.asked.fetch_add(1, Ordering::SeqCst) + 1 == count {
                let _ = self.reach.send(());
                return 0;
            }
            bytes.len()
        });
    }

    fn answer(self, from: TcpStream, to: TcpStream) {
        pass(from, to, |bytes| {
            let before = self.carried.fetch_add(bytes.len(), Ordering::SeqCst);
            let Until::Answered(most) = self.until else {
                return bytes.len();
            };
            let left = most.saturating_sub(before);
            if left <= bytes.len() {
                let _ = self.reach.send(());
            }
            left.min(bytes.len())
        });
    }
}

/// Forwards bytes, as many of each read as `may` returns. If that is fewer than were read, they are the last.
fn pass(mut from: TcpStream, mut to: TcpStream, may: impl Fn(&[u8]) -> usize) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(len @ 1..) = from.read(&mut buffer) else {
            let _ = to.shutdown(Shutdown::Write);
            return;
        };
        let passes = may(&buffer[..len]);
        if to.write_all(&buffer[..passes]).is_err() {
            let _ = from.shutdown(Shutdown::Read);
            return;
        }
        if passes < len {
            // Keep the connection open and silent until the client closes it.
            let _ = to.read(&mut [0; 1]);
            return;
        }
    }
}
