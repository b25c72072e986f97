//! The forked child: it writes one snapshot and leaves.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, PipeWriter, Read, Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::panic::{self, AssertUnwindSafe};

use super::memfd::memory_file;
use super::regions::ForkableHeap;
use super::relocations;
use crate::sampler::linux::anonymous_of;
use crate::thread::yield_to_the_app;

/// The exit code of a child whose snapshot could not be written; its messages say why.
pub const FAILED: i32 = 76;
/// The exit code of a child that could not cut its ties.
pub const UNPREPARED: i32 = 75;

/// What the child tells: memory that both processes see. It begins with the size that the child was born with; then comes
/// what is printed, because V8 says on standard error why it gives up.
#[derive(Debug)]
pub struct Messages(File);

/// Where printing begins.
const PRINTED: u64 = size_of::<u64>() as u64;

impl Messages {
    /// Opens an empty one.
    pub fn open() -> io::Result<Self> {
        let mut file = memory_file(c"leakwatch-messages")?;
        file.seek(SeekFrom::Start(PRINTED))?;
        Ok(Self(file))
    }

    /// In the child: tells the memory that it begins with. Who cannot tell must not go on: nobody could say how it grows.
    pub(super) fn tell_inherited(&self) -> io::Result<()> {
        let inherited = anonymous_of(std::process::id()).ok_or(io::ErrorKind::Unsupported)?;
        self.0.write_all_at(&inherited.to_ne_bytes(), 0)
    }

    /// Bytes of anonymous memory that the child began with; `None` until it has told them.
    pub fn inherited(&self) -> Option<u64> {
        let mut bytes = [0; size_of::<u64>()];
        self.0.read_exact_at(&mut bytes, 0).ok()?;
        Some(u64::from_ne_bytes(bytes)).filter(|&bytes| bytes > 0)
    }

    /// The first line that says something, for an error's message.
    pub fn first_line(&mut self) -> Option<String> {
        let mut text = Vec::new();
        self.0.seek(SeekFrom::Start(PRINTED)).ok()?;
        self.0.by_ref().take(4096).read_to_end(&mut text).ok()?;
        let text = String::from_utf8_lossy(&text);
        text.lines().map(str::trim).find(|line| line.contains(char::is_alphabetic)).map(String::from)
    }
}

/// What the child does from the fork to its end.
pub fn run(
    parent: u32,
    heap: &ForkableHeap<'_>,
    pipe: &PipeWriter,
    messages: &Messages,
    write: impl FnOnce(String) -> Option<String>,
) -> ! {
    // A panic must not unwind into JavaScript: there would be two servers.
    let work = AssertUnwindSafe(|| write_snapshot(parent, heap, pipe, messages, write));
    let code = panic::catch_unwind(work).unwrap_or(UNPREPARED);
    // SAFETY: leaves without exit handlers, which belong to the parent.
    unsafe { libc::_exit(code) }
}

fn write_snapshot(
    parent: u32,
    heap: &ForkableHeap<'_>,
    pipe: &PipeWriter,
    messages: &Messages,
    write: impl FnOnce(String) -> Option<String>,
) -> i32 {
    if prepare(parent, heap, pipe, messages).is_err() {
        return UNPREPARED;
    }
    relocations::disarm_condition_variables();
    match write(format!("/proc/self/fd/{}", pipe.as_raw_fd())) {
        None => 0,
        Some(reason) => {
            say(&reason);
            FAILED
        }
    }
}

fn prepare(parent: u32, heap: &ForkableHeap<'_>, pipe: &PipeWriter, messages: &Messages) -> io::Result<()> {
    heap.complete()?;
    cut_ties(parent, pipe, messages)?;
    messages.tell_inherited()
}

/// Leaves the child with nothing of its parent's but the pipe and the messages.
fn cut_ties(parent: u32, pipe: &PipeWriter, messages: &Messages) -> io::Result<()> {
    // SAFETY: plain system calls with valid arguments.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if libc::getppid() as u32 != parent {
            // The parent has died before the line above.
            libc::_exit(UNPREPARED);
        }
        libc::prctl(libc::PR_SET_NAME, c"leakwatch-fork".as_ptr());
        let no_core = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        libc::setrlimit(libc::RLIMIT_CORE, &no_core);
    }
    yield_to_the_app();
    default_signals();
    // If the kernel must kill, it kills the child. The file can be unwritable in a sandbox.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    silence_descriptors(pipe.as_raw_fd(), messages.0.as_raw_fd())
}

/// Undoes the app's signal handlers; whatever ends a process by default ends the child.
fn default_signals() {
    // SAFETY: the set and the actions are initialised by zeroing (SIG_DFL is 0) and by sigemptyset.
    unsafe {
        let default: libc::sigaction = std::mem::zeroed();
        for signal in 1..=libc::SIGRTMAX() {
            libc::sigaction(signal, &default, std::ptr::null_mut());
        }
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
    }
}

/// Points every descriptor at /dev/null, output at the messages. Closing them would make libuv's wake-up
/// write fail and abort; leaving them would keep connections open that the parent has closed.
fn silence_descriptors(pipe: i32, messages: i32) -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    for descriptor in open_descriptors()? {
        if [pipe, messages, null.as_raw_fd()].contains(&descriptor) {
            continue;
        }
        let target = if descriptor == 1 || descriptor == 2 { messages } else { null.as_raw_fd() };
        // SAFETY: only replaces what the child's copy of a descriptor refers to. The folder that was being
        // listed is closed by now, and stays so.
        unsafe {
            if libc::fcntl(descriptor, libc::F_GETFD) >= 0 {
                libc::dup2(target, descriptor);
            }
        }
    }
    Ok(())
}

fn open_descriptors() -> io::Result<Vec<i32>> {
    let entries = fs::read_dir("/proc/self/fd")?;
    Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
}

fn say(reason: &str) {
    if let Ok(reason) = CString::new(reason) {
        // SAFETY: writes a valid string to standard error, which is the messages.
        unsafe { libc::write(2, reason.as_ptr().cast(), reason.as_bytes().len()) };
    }
}
