//! Threads whose work can wait.

use std::io;

/// How much such a thread steps back (`nice(2)`): where every processor is busy it gets a tenth of what others get. Not less:
/// it may hold a lock that somebody waits for who answers requests.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Starts a thread that works when nobody else does: reading must not become slower because the tree is walked. Not for what
/// somebody waits for, as for room on a full disk.
///
/// # Errors
/// If the thread can not be started.
pub fn in_background(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            // Of this thread alone: on Linux each has its own. Elsewhere it would be the whole process. A sandbox may
            // forbid it; then it works all the same.
            #[cfg(target_os = "linux")]
            let _ = rustix::process::nice(NICE);
            work();
        })
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn it_is_nice_and_the_others_stay_as_they_are() {
        let ours = rustix::process::nice(0).unwrap();
        let (sender, nice) = std::sync::mpsc::channel();
        in_background("nice", move || {
            sender.send(rustix::process::nice(0).unwrap()).unwrap();
        })
        .unwrap();
        assert_eq!(nice.recv().unwrap(), (ours + NICE).min(19));
        assert_eq!(rustix::process::nice(0).unwrap(), ours);
    }
}
