//! How much memory there is for this process.

use std::path::Path;

/// In bytes: the machine's, or what the control groups of this process leave it, if that is less. Where neither can be
/// read, a gigabyte.
pub fn there_is() -> u64 {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let machine = read(Path::new("/proc/meminfo")).as_deref().and_then(total);
    let groups = read(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let group = group(&groups).and_then(|group| {
        let root = Path::new("/sys/fs/cgroup");
        // Each group around it bounds it, too.
        let own = root.join(group.trim_start_matches('/'));
        let limits = own.ancestors().take_while(|path| path.starts_with(root));
        limits.filter_map(|path| bound(&read(&path.join("memory.max"))?)).min()
    });
    machine.into_iter().chain(group).min().unwrap_or(1 << 30)
}

/// From `/proc/meminfo`.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// The group of version 2, from `/proc/self/cgroup`.
fn group(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("0::"))
}

/// From `memory.max`, which may be `max`.
fn bound(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        assert_eq!(total("MemTotal:       24033868 kB\nMemFree: 1 kB\n"), Some(24_033_868 << 10));
        assert_eq!(group("1:name=systemd:/x\n0::/system.slice/pesto.service\n"), Some("/system.slice/pesto.service"));
        assert_eq!((bound("3221225472\n"), bound("max\n")), (Some(3 << 30), None));
        assert!(there_is() >= 64 << 20);
    }
}
