//! Attacks: the host's memory, outside of the guest's. Makes handles without end and never gives one back: pollables,
//! and on the text `sockets`, TCP sockets, each of which may hold a file descriptor of the host. It stops at the first
//! socket that is refused and answers how many it got.
//! Stopped by: the bound of handles or of host calls, else by the CPU deadline; no socket is ever made: `sockets: 0`.

use pesto_guests::{Answer, Hostile, TurnContext, say};
use wasi::wasi::clocks::monotonic_clock::subscribe_duration;
use wasi::wasi::sockets::{network::IpAddressFamily, tcp_create_socket::create_tcp_socket};

mod wasi {
    wit_bindgen::generate!({ path: "wit", world: "sockets", generate_all });
}

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        loop {
            std::mem::forget(subscribe_duration(1));
        }
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        (word == "sockets").then(|| {
            let mut count = 0;
            while let Ok(socket) = create_tcp_socket(IpAddressFamily::Ipv4) {
                std::mem::forget(socket);
                count += 1;
            }
            say(format!("sockets: {count}"))
        })
    }
}

pesto_guests::guest!(Bad);
