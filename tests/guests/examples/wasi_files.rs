//! Attacks: the host's files. Lists the preopened directories and tries to read and to write in each; answers what it
//! could reach.
//! Stopped by: there is no directory: `preopens: 0`.

use pesto_guests::{Answer, Hostile, TurnContext, say};
use wasi::wasi::filesystem::preopens::get_directories;
use wasi::wasi::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};

mod wasi {
    wit_bindgen::generate!({ path: "wit", world: "files", generate_all });
}

struct Bad;

impl Hostile for Bad {
    fn go(_context: &TurnContext) -> Answer {
        let directories = get_directories();
        let mut reached = format!("preopens: {}", directories.len());
        for (directory, name) in &directories {
            for path in ["etc/passwd", "../../../etc/passwd", "/etc/passwd"] {
                let file =
                    directory.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::empty(), DescriptorFlags::READ);
                reached.push_str(&format!("; {name} {path}: {:?}", file.map(|_| "opened")));
            }
            let file = directory.open_at(PathFlags::empty(), "owned", OpenFlags::CREATE, DescriptorFlags::WRITE);
            reached.push_str(&format!("; {name} owned: {:?}", file.map(|_| "created")));
        }
        say(reached)
    }
}

pesto_guests::guest!(Bad);
