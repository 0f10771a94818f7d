//! How much memory there is for this process.

use std::path::Path;

/// In bytes: the machine's, or what the control groups of this process leave it, if that is less. Where neither can be
/// read, a gigabyte.
pub fn there_is() -> u64 {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let machine = read(Path::new("/proc/meminfo")).as_deref().and_then(total);
    let groups = read(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let least = |(root, group, file): (&str, &str, &str)| {
        let root = Path::new(root);
        // Each group around it bounds it, too. Within a container the path may be of the world outside, and its own group
        // the root.
        let own = root.join(group.trim_start_matches('/'));
        let limits = own.ancestors().take_while(|path| path.starts_with(root));
        limits.filter_map(|path| bound(&read(&path.join(file))?)).min()
    };
    let both = [
        group(&groups, "").map(|group| ("/sys/fs/cgroup", group, "memory.max")),
        group(&groups, "memory").map(|group| ("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes")),
    ];
    let bounds = both.into_iter().flatten().filter_map(least);
    machine.into_iter().chain(bounds).min().unwrap_or(1 << 30)
}

/// From `/proc/meminfo`.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// The group that a controller has put this process in, from `/proc/self/cgroup`: of version 2 the one without a name.
fn group<'a>(text: &'a str, controller: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, group) = rest.split_once(':')?;
        controllers.split(',').any(|name| name == controller).then_some(group)
    })
}

/// A limit, which may be `max` in version 2, and as good as none in version 1.
fn bound(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        assert_eq!(total("MemTotal:       24033868 kB\nMemFree: 1 kB\n"), Some(24_033_868 << 10));
        let groups = "9:cpu,memory:/docker/1\n1:name=systemd:/x\n0::/system.slice/pesto.service\n";
        assert_eq!(
            (group(groups, ""), group(groups, "memory")),
            (Some("/system.slice/pesto.service"), Some("/docker/1"))
        );
        assert_eq!(group("2:pids:/x\n", "memory"), None);
        assert_eq!((bound("3221225472\n"), bound("max\n")), (Some(3 << 30), None));
        assert!(there_is() >= 64 << 20);
    }
}
