//! Which pages of this process have been written to, as the kernel keeps book of it.
//!
//! A page is marked; the first write to it takes the mark away, and nobody is asked (userfaultfd(2), UFFD_FEATURE_WP_ASYNC).
//! ioctl_pagemap_scan(2) tells which marks are left. Since Linux 6.7, where neither the processor lacks it nor a sandbox
//! forbids it: Docker's does.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use linux_raw_sys::general::{
    PAGE_IS_PRESENT, PAGE_IS_SWAPPED, PAGE_IS_WPALLOWED, PAGE_IS_WRITTEN, PM_SCAN_WP_MATCHING, UFFD_API,
    UFFD_FEATURE_WP_ASYNC, UFFD_FEATURE_WP_UNPOPULATED, UFFD_USER_MODE_ONLY, UFFDIO_REGISTER_MODE_WP,
    page_region, pm_scan_arg, uffdio_api, uffdio_range, uffdio_register,
};
use linux_raw_sys::ioctl::{UFFDIO_API, UFFDIO_REGISTER, UFFDIO_UNREGISTER};

use super::advice::Region;

const PAGEMAP_SCAN: libc::Ioctl = libc::_IOWR::<pm_scan_arg>(b'f' as u32, 16);
/// Stretches that the kernel tells at once.
const AT_ONCE: usize = 8192;

/// Keeps book of writes to some regions.
#[derive(Debug)]
pub struct DirtyPages {
    faults: OwnedFd,
    pagemap: File,
    /// What the kernel writes its answer to.
    answer: Vec<page_region>,
}

/// Neighbouring pages that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub region: Region,
    pub written: bool,
}

impl DirtyPages {
    /// Keeps book of nothing yet. An error where the system cannot.
    pub fn open() -> io::Result<Self> {
        let flags = libc::O_CLOEXEC | libc::O_NONBLOCK | UFFD_USER_MODE_ONLY as libc::c_int;
        // SAFETY: makes a descriptor.
        let faults = unsafe { libc::syscall(libc::SYS_userfaultfd, flags) };
        if faults < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just made, and nobody else's.
        let faults = unsafe { OwnedFd::from_raw_fd(faults as libc::c_int) };
        let features = u64::from(UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED);
        ask(&faults, UFFDIO_API.into(), &mut uffdio_api { api: UFFD_API.into(), features, ioctls: 0 })?;
        let nothing = page_region { start: 0, end: 0, categories: 0 };
        let answer = vec![nothing; AT_ONCE];
        Ok(Self { faults, pagemap: File::open("/proc/self/pagemap")?, answer })
    }

    /// Keeps book of `region` too, until [`stop`](Self::stop). What is in it counts as written already.
    pub fn start(&self, region: Region) -> io::Result<()> {
        let mode = UFFDIO_REGISTER_MODE_WP.into();
        let mut register = uffdio_register { range: range(region), mode, ioctls: 0 };
        ask(&self.faults, UFFDIO_REGISTER.into(), &mut register).map(drop)
    }

    pub fn stop(&self, region: Region) {
        // Only fails for memory that is gone.
        let _ = ask(&self.faults, UFFDIO_UNREGISTER.into(), &mut range(region));
    }

    /// Gives `each` the stretches within `span` that are written to, ascending, and counts from anew.
    pub fn take_written(
        &mut self,
        span: Region,
        mut each: impl FnMut(Region) -> io::Result<()>,
    ) -> io::Result<()> {
        let written = pm_scan_arg {
            flags: PM_SCAN_WP_MATCHING.into(),
            category_mask: (PAGE_IS_WPALLOWED | PAGE_IS_WRITTEN).into(),
            return_mask: PAGE_IS_WRITTEN.into(),
            ..self.scan(span)
        };
        self.read(written, |stretch| each(stretch.region))
    }

    /// The stretches within `span` that book is kept of and that are there, ascending. One may go beyond a region if the next
    /// region begins where it ends.
    pub fn stretches(&mut self, span: Region) -> io::Result<Vec<Stretch>> {
        let there = pm_scan_arg {
            category_mask: PAGE_IS_WPALLOWED.into(),
            category_anyof_mask: (PAGE_IS_PRESENT | PAGE_IS_SWAPPED).into(),
            return_mask: PAGE_IS_WRITTEN.into(),
            ..self.scan(span)
        };
        let mut stretches = Vec::with_capacity(AT_ONCE);
        self.read(there, |stretch| {
            stretches.push(stretch);
            Ok(())
        })?;
        Ok(stretches)
    }

    fn scan(&self, span: Region) -> pm_scan_arg {
        pm_scan_arg {
            size: size_of::<pm_scan_arg>() as u64,
            flags: 0,
            start: span.start as u64,
            end: span.end as u64,
            walk_end: 0,
            vec: self.answer.as_ptr() as u64,
            vec_len: self.answer.len() as u64,
            max_pages: 0,
            category_inverted: 0,
            category_mask: 0,
            category_anyof_mask: 0,
            return_mask: 0,
        }
    }

    fn read(
        &mut self,
        mut scan: pm_scan_arg,
        mut each: impl FnMut(Stretch) -> io::Result<()>,
    ) -> io::Result<()> {
        while scan.start < scan.end {
            scan.vec = self.answer.as_mut_ptr() as u64;
            let found = ask(&self.pagemap, PAGEMAP_SCAN, &mut scan)?;
            for told in &self.answer[..found] {
                let region = Region { start: told.start as usize, end: told.end as usize };
                each(Stretch { region, written: told.categories & u64::from(PAGE_IS_WRITTEN) != 0 })?;
            }
            scan.start = scan.walk_end;
        }
        Ok(())
    }
}

fn range(region: Region) -> uffdio_range {
    uffdio_range { start: region.start as u64, len: region.len() as u64 }
}

/// Returns what the kernel does, unless that is an error.
fn ask<T>(of: &impl AsRawFd, request: libc::Ioctl, argument: &mut T) -> io::Result<usize> {
    // SAFETY: the argument is the structure that this request takes; what it points to outlives the call.
    let result = unsafe { libc::ioctl(of.as_raw_fd(), request, argument) };
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
