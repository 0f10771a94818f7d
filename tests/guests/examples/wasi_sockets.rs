//! Attacks: the host's network. Connects to a port of this machine; on the text `name`, looks a name up. Answers the
//! error's code, or what it reached.
//! Stopped by: nothing of that is allowed: `access-denied`, and for the name `permanent-resolver-failure`.

use pesto_guests::{Answer, Hostile, TurnContext, say};
use wasi::wasi::sockets::instance_network::instance_network;
use wasi::wasi::sockets::ip_name_lookup::resolve_addresses;
use wasi::wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasi::wasi::sockets::tcp_create_socket::create_tcp_socket;

mod wasi {
    wit_bindgen::generate!({ path: "wit", world: "sockets", generate_all });
}

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        let address = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 6379, address: (127, 0, 0, 1) });
        let reached = create_tcp_socket(IpAddressFamily::Ipv4)
            .and_then(|socket| socket.start_connect(&instance_network(), address));
        say(reached.map_or_else(code, |()| "connecting".into()))
    }

    fn other(word: &str, _context: &TurnContext) -> Option<Answer> {
        (word == "name").then(|| {
            let reached = resolve_addresses(&instance_network(), "localhost");
            say(reached.map_or_else(code, |_| "resolving".into()))
        })
    }
}

fn code(error: ErrorCode) -> String {
    error.name().into()
}

pesto_guests::guest!(Bad);
