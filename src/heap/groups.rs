//! Members grouped by owner, in two flat vectors.

use super::memory::zeroed;
use super::table::{on_threads, threads_for};

/// For each owner the ascending list of its members.
#[derive(Debug, Default)]
pub(super) struct Groups {
    first: Vec<u32>,
    members: Vec<u32>,
}

impl Groups {
    /// Groups the indices of `owner_of`, from `skip` on, by the owner it gives them; owners are below `owners`.
    pub fn of(owners: usize, owner_of: &[u32], skip: usize) -> Self {
        let mut first: Vec<u32> = zeroed(owners + 1);
        // Each thread takes a range of owners, so that no two write to one place.
        let part = owners.div_ceil(threads_for(size_of_val(owner_of))).max(1);
        let parts: Vec<_> = (0..).step_by(part).zip(first[1..].chunks_mut(part)).collect();
        on_threads(parts.into_iter(), |(start, counts)| {
            for &owner in &owner_of[skip..] {
                if let Some(count) = counts.get_mut(owner.wrapping_sub(start) as usize) {
                    *count += 1;
                }
            }
        });
        for owner in 0..owners {
            first[owner + 1] += first[owner];
        }
        let mut members: Vec<u32> = zeroed(owner_of.len() - skip);
        on_threads(parts_of_groups(&mut first, &mut members, part).into_iter(), |part| {
            let GroupsPart { start, first, members } = part;
            let before = first.first().copied().unwrap_or(0);
            for (member, &owner) in owner_of.iter().enumerate().skip(skip) {
                if let Some(slot) = first.get_mut(owner.wrapping_sub(start) as usize) {
                    members[(*slot - before) as usize] = member as u32;
                    *slot += 1;
                }
            }
        });
        end_filling(&mut first);
        Self { first, members }
    }

    pub fn get(&self, owner: usize) -> &[u32] {
        &self.members[self.first[owner] as usize..self.first[owner + 1] as usize]
    }
}

/// The groups of some owners, to be filled by one thread.
struct GroupsPart<'a> {
    /// The first owner.
    start: u32,
    /// Where each group begins, counted from the start of all members; filling a group moves this to its end.
    first: &'a mut [u32],
    /// The members of these groups.
    members: &'a mut [u32],
}

/// Cuts groups that begin at `first` (one more entry than groups) into parts of so many groups.
fn parts_of_groups<'a>(first: &'a mut [u32], mut members: &'a mut [u32], part: usize) -> Vec<GroupsPart<'a>> {
    let owners = first.len() - 1;
    let ends: Vec<u32> = (part..owners).step_by(part).chain([owners]).map(|end| first[end]).collect();
    let mut begin = 0;
    let starts = (0..).step_by(part);
    let parts = starts.zip(first[..owners].chunks_mut(part)).zip(ends);
    parts
        .map(|((start, first), end)| {
            let (head, tail) = std::mem::take(&mut members).split_at_mut((end - begin) as usize);
            (begin, members) = (end, tail);
            GroupsPart { start, first, members: head }
        })
        .collect()
}

/// Filling moved each group's begin to its end, which is the next group's begin: moves them back.
fn end_filling(first: &mut [u32]) {
    first.rotate_right(1);
    first[0] = 0;
}
