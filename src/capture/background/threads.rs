//! Whether this is a quiet moment: every other thread waits in a system call.

use std::fs;
use std::io;

/// A thread that waits in one of these is in the middle of changing the memory map.
const MEMORY_CALLS: [libc::c_long; 6] = [
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_brk,
];

/// How many other threads of this process are at work.
pub fn busy() -> io::Result<usize> {
    // SAFETY: gettid takes nothing and cannot fail.
    let own = unsafe { libc::gettid() }.to_string();
    let mut busy = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?;
        if task.file_name().to_str() == Some(&own) {
            // Reading it proves that the kernel tells at all, even while there is no other thread.
            fs::read(task.path().join("syscall"))?;
            continue;
        }
        match fs::read_to_string(task.path().join("syscall")) {
            Ok(state) => busy += usize::from(!is_waiting(&state)),
            // The thread has ended since.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESRCH)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(busy)
}

/// Reads a /proc/PID/task/TID/syscall file: `running`, or the call's number and arguments, or -1 for a
/// thread that waits for something else, such as a page. See proc_pid_syscall(5).
fn is_waiting(state: &str) -> bool {
    let call = state.split_whitespace().next().and_then(|number| number.parse::<libc::c_long>().ok());
    call.is_some_and(|call| call >= 0 && !MEMORY_CALLS.contains(&call))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, mpsc};

    use super::*;

    #[test]
    fn reads_the_kernels_lines() {
        let futex = format!("{} 0x7f 0x80 0x0 0x0 0x0 0x0 0x7ffd 0x7f00\n", libc::SYS_futex);
        let unmap = format!("{} 0x7f 0x80 0x0 0x0 0x0 0x0 0x7ffd 0x7f00\n", libc::SYS_munmap);
        assert!(is_waiting(&futex));
        assert!(
            !is_waiting(&unmap)
                && !is_waiting("running\n")
                && !is_waiting("-1 0x7ffd 0x7f00\n")
                && !is_waiting("")
        );
    }

    #[test]
    fn sees_a_thread_at_work() {
        let stop = Arc::new(AtomicBool::new(false));
        let (started, is_started) = mpsc::channel();
        let worker = {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                started.send(()).unwrap();
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        };
        is_started.recv().unwrap();
        assert!(busy().unwrap() >= 1);
        stop.store(true, Ordering::Relaxed);
        worker.join().unwrap();
    }
}
