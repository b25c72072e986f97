//! Files that are only memory.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::FromRawFd;

/// Opens an empty one. `name` is seen in /proc only.
pub fn memory_file(name: &CStr) -> io::Result<File> {
    // SAFETY: the name is a valid string; a new descriptor is owned by nobody else.
    unsafe {
        match libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) {
            -1 => Err(io::Error::last_os_error()),
            descriptor => Ok(File::from_raw_fd(descriptor)),
        }
    }
}
