//! Condition variables in the child.
//!
//! glibc counts the waiting threads inside a condition variable. The child has inherited the counts but not
//! the threads, so that `pthread_cond_signal` can wait for ever for one that is not there to leave. In the
//! child alone, every loaded object's slots for these functions are pointed elsewhere: waking does nothing,
//! and waiting ends the child at once with [`WAITED`], because nobody is left to wake it.

use std::ffi::{CStr, c_char, c_int, c_void};

/// The exit code of a child that would have waited for a thread it does not have.
pub const WAITED: c_int = 77;

#[cfg(target_arch = "x86_64")]
const SLOT_KINDS: [u32; 3] =
    [libc_elf::R_X86_64_64, libc_elf::R_X86_64_GLOB_DAT, libc_elf::R_X86_64_JUMP_SLOT];
#[cfg(target_arch = "aarch64")]
const SLOT_KINDS: [u32; 3] =
    [libc_elf::R_AARCH64_ABS64, libc_elf::R_AARCH64_GLOB_DAT, libc_elf::R_AARCH64_JUMP_SLOT];

/// From the ELF specification and its processor supplements.
mod libc_elf {
    pub const DT_NULL: i64 = 0;
    pub const DT_PLTRELSZ: i64 = 2;
    pub const DT_STRTAB: i64 = 5;
    pub const DT_SYMTAB: i64 = 6;
    pub const DT_RELA: i64 = 7;
    pub const DT_RELASZ: i64 = 8;
    pub const DT_JMPREL: i64 = 23;
    #[cfg(target_arch = "x86_64")]
    pub const R_X86_64_64: u32 = 1;
    #[cfg(target_arch = "x86_64")]
    pub const R_X86_64_GLOB_DAT: u32 = 6;
    #[cfg(target_arch = "x86_64")]
    pub const R_X86_64_JUMP_SLOT: u32 = 7;
    #[cfg(target_arch = "aarch64")]
    pub const R_AARCH64_ABS64: u32 = 257;
    #[cfg(target_arch = "aarch64")]
    pub const R_AARCH64_GLOB_DAT: u32 = 1025;
    #[cfg(target_arch = "aarch64")]
    pub const R_AARCH64_JUMP_SLOT: u32 = 1026;
}

/// `Elf64_Dyn`.
#[repr(C)]
struct Dynamic {
    tag: i64,
    value: u64,
}

/// `Elf64_Rela`.
#[repr(C)]
struct Relocation {
    offset: u64,
    info: u64,
    addend: i64,
}

/// What takes the place of a function; `None` for a function that stays.
fn replacement(name: &[u8]) -> Option<usize> {
    extern "C" fn nobody_to_wake(_: *mut c_void) -> c_int {
        0
    }
    extern "C" fn nobody_will_wake(_: *mut c_void, _: *mut c_void, _: *mut c_void, _: *mut c_void) -> c_int {
        // SAFETY: leaves at once.
        unsafe { libc::_exit(WAITED) }
    }
    match name {
        b"pthread_cond_signal" | b"pthread_cond_broadcast" => Some(nobody_to_wake as *const () as usize),
        b"pthread_cond_wait" | b"pthread_cond_timedwait" | b"pthread_cond_clockwait" => {
            Some(nobody_will_wake as *const () as usize)
        }
        _ => None,
    }
}

/// Whether the slots through which V8 wakes its threads can be found; otherwise why not.
pub fn check() -> Result<(), String> {
    let mut wakes = 0;
    each_slot(|name, _| {
        wakes += usize::from(name == b"pthread_cond_signal" || name == b"pthread_cond_broadcast")
    });
    if wakes >= 2 {
        Ok(())
    } else {
        Err("this Node binary does not import pthread_cond_signal and pthread_cond_broadcast the usual way"
            .into())
    }
}

/// Replaces the functions in every loaded object. Only for a forked child.
pub fn disarm_condition_variables() {
    each_slot(|name, slot| {
        if let Some(function) = replacement(name) {
            // SAFETY: `slot` is an aligned pointer inside a mapped object, and this process has one thread.
            // Its page may be read-only; it is private to the child.
            unsafe {
                let page = libc::sysconf(libc::_SC_PAGESIZE) as usize;
                let start = slot as usize & !(page - 1);
                libc::mprotect(start as *mut c_void, page, libc::PROT_READ | libc::PROT_WRITE);
                slot.write(function);
            }
        }
    });
}

/// Calls `visit` with the name and the slot of each imported function of each loaded object.
fn each_slot(mut visit: impl FnMut(&[u8], *mut usize)) {
    let mut visit: &mut dyn FnMut(&[u8], *mut usize) = &mut visit;
    // SAFETY: the callback gets back exactly the pointer given here, which outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(visit_object), (&raw mut visit).cast()) };
}

unsafe extern "C" fn visit_object(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
    // SAFETY: the loader describes an object that stays loaded during the call; `data` comes from `each_slot`.
    unsafe {
        let visit = &mut *data.cast::<&mut dyn FnMut(&[u8], *mut usize)>();
        let info = &*info;
        let headers = std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum));
        if let Some(dynamic) = headers.iter().find(|header| header.p_type == libc::PT_DYNAMIC) {
            let base = info.dlpi_addr as usize;
            visit_dynamic(base, (base + dynamic.p_vaddr as usize) as *const Dynamic, visit);
        }
    }
    0
}

/// # Safety
///
/// `dynamic` is the dynamic section of an object that is loaded at `base`.
unsafe fn visit_dynamic(base: usize, dynamic: *const Dynamic, visit: &mut dyn FnMut(&[u8], *mut usize)) {
    // SAFETY: the section ends with DT_NULL, and its tables are mapped as long as the object is.
    unsafe {
        let entries =
            || (0..).map(|index| &*dynamic.add(index)).take_while(|entry| entry.tag != libc_elf::DT_NULL);
        let value = |tag| entries().find(|entry| entry.tag == tag).map(|entry| entry.value as usize);
        // glibc has already added the base to addresses, except where the section is read-only (vdso).
        let address = |tag| value(tag).map(|address| if address < base { base + address } else { address });
        let (Some(symbols), Some(strings)) = (address(libc_elf::DT_SYMTAB), address(libc_elf::DT_STRTAB))
        else {
            return;
        };
        for (table, size) in
            [(libc_elf::DT_JMPREL, libc_elf::DT_PLTRELSZ), (libc_elf::DT_RELA, libc_elf::DT_RELASZ)]
        {
            let (Some(table), Some(size)) = (address(table), value(size)) else { continue };
            let relocations =
                std::slice::from_raw_parts(table as *const Relocation, size / size_of::<Relocation>());
            for relocation in
                relocations.iter().filter(|relocation| SLOT_KINDS.contains(&(relocation.info as u32)))
            {
                let symbol = (symbols as *const libc::Elf64_Sym).add((relocation.info >> 32) as usize);
                let name = CStr::from_ptr((strings as *const c_char).add((*symbol).st_name as usize));
                visit(name.to_bytes(), (base + relocation.offset as usize) as *mut usize);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" {
        fn pthread_cond_signal(condition: *mut c_void) -> c_int;
    }

    #[test]
    fn finds_the_slot_of_an_imported_function() {
        let mut names = Vec::new();
        each_slot(|name, _| names.push(String::from_utf8_lossy(name).into_owned()));
        // This test program imports it for the sake of the test.
        assert!(std::hint::black_box(pthread_cond_signal as *const () as usize) != 0);
        assert!(names.iter().any(|name| name == "pthread_cond_signal"));
    }

    #[test]
    fn replaces_waking_and_waiting_only() {
        assert!(
            replacement(b"pthread_cond_signal").is_some() && replacement(b"pthread_cond_timedwait").is_some()
        );
        assert_eq!(replacement(b"pthread_cond_init"), None);
        assert_eq!(replacement(b"pthread_mutex_lock"), None);
    }
}
