//! One program of a job, within its bounds.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Child;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::capture::{Captured, capture};
use super::failure::{Failure, FailureKind};
use super::group::Group;
use super::scratch::JobDirectory;
use super::usage;

/// How much output of a program is taken, in bytes: a list of a hundred thousand versions fits. More is a failure.
const MAX_OUTPUT: usize = 16 << 20;
/// How much of its complaints is kept, in bytes.
const MAX_COMPLAINT: usize = 64 << 10;
/// How long it takes between two looks at what a job has written.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What bounds a program.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// Until when it has to be done.
    pub(super) deadline: Instant,
    /// How long that is from the start of all, to be said.
    pub(super) timeout: Duration,
    /// Cancelled when nobody wants it any more.
    pub(super) stop: CancellationToken,
    /// How much the job may write, in bytes.
    pub(super) max_disk: u64,
    /// How many processes it may have.
    pub(super) max_processes: usize,
}

/// What a program said, and how it ended.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: ExitStatus,
    pub(super) output: Vec<u8>,
    pub(super) complaint: String,
}

/// Waits for a program that was started in a group of its own. When this returns, no process of it runs any more.
///
/// # Errors
///
/// When it goes beyond a bound, says too much, or is not wanted any more.
pub(super) async fn run(
    group: Group,
    child: Child,
    directory: &Arc<JobDirectory>,
    bounds: &Bounds,
) -> Result<Said, Failure> {
    let mut child = child;
    let ended = tokio::select! {
        said = listen(&mut child, &group) => said,
        failure = watch(&group, directory, bounds) => Err(failure),
        () = tokio::time::sleep_until(bounds.deadline) => Err(timed_out(bounds)),
        () = bounds.stop.cancelled() => Err(Failure::stopped()),
    };
    group.kill();
    // Killed as it is, it ends; and were it not, its end is not ours to wait for.
    let _ = tokio::time::timeout(LOOK_EVERY, child.wait()).await;
    group.end().await;
    let said = ended?;
    if is_over(directory, bounds).await {
        return Err(too_much_disk(bounds));
    }
    Ok(said)
}

/// That the time is over.
pub(super) fn timed_out(bounds: &Bounds) -> Failure {
    Failure::new(
        FailureKind::TimedOut,
        format_args!(
            "it took longer than {} seconds",
            bounds.timeout.as_secs_f32()
        ),
    )
}

fn too_much_disk(bounds: &Bounds) -> Failure {
    Failure::new(
        FailureKind::TooLarge,
        format_args!("it took more than {} bytes on the disk", bounds.max_disk),
    )
}

/// Waits for the end of the program and of the outputs.
async fn listen(child: &mut Child, group: &Group) -> Result<Said, Failure> {
    let output = capture(child.stdout.take(), MAX_OUTPUT);
    let complaint = capture(child.stderr.take(), MAX_COMPLAINT);
    let end = async {
        let status = child.wait().await;
        // What it left running would hold the outputs open.
        group.kill();
        status
    };
    let (status, output, complaint) = tokio::try_join!(end, output, complaint)
        .map_err(|error| Failure::failed(format_args!("cannot run the go command: {error}")))?;
    let Captured { bytes, is_cut } = output;
    if is_cut {
        let why = format!("the go command said more than {MAX_OUTPUT} bytes");
        return Err(Failure::new(FailureKind::TooLarge, why));
    }
    Ok(Said {
        status,
        output: bytes,
        complaint: String::from_utf8_lossy(&complaint.bytes).into_owned(),
    })
}

/// Looks again and again whether the job stays within its bounds.
async fn watch(group: &Group, directory: &Arc<JobDirectory>, bounds: &Bounds) -> Failure {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if is_over(directory, bounds).await {
            return too_much_disk(bounds);
        }
        let processes = group.size().await;
        if processes > bounds.max_processes {
            let most = bounds.max_processes;
            return Failure::failed(format_args!("it started more than {most} processes"));
        }
    }
}

async fn is_over(directory: &Arc<JobDirectory>, bounds: &Bounds) -> bool {
    let (directory, most) = (Arc::clone(directory), bounds.max_disk);
    tokio::task::spawn_blocking(move || usage::is_over(directory.path(), most))
        .await
        // A walk that panicked saw nothing good.
        .unwrap_or(true)
}
