//! Members grouped by owner, in two flat vectors.

/// For each owner the ascending list of its members.
#[derive(Debug, Default)]
pub(super) struct Groups {
    first: Vec<u32>,
    members: Vec<u32>,
}

impl Groups {
    /// Groups the indices of `owner_of`, from `skip` on, by the owner it gives them; owners are below `owners`.
    pub fn of(owners: usize, owner_of: &[u32], skip: usize) -> Self {
        let mut first = vec![0u32; owners + 1];
        for &owner in &owner_of[skip..] {
            first[owner as usize + 1] += 1;
        }
        for owner in 0..owners {
            first[owner + 1] += first[owner];
        }
        let mut members = vec![0u32; owner_of.len() - skip];
        // Fills each group from its start, moving `first` to its end, which is the next group's start.
        for (member, &owner) in owner_of.iter().enumerate().skip(skip) {
            let slot = &mut first[owner as usize];
            members[*slot as usize] = member as u32;
            *slot += 1;
        }
        first.rotate_right(1);
        first[0] = 0;
        Self { first, members }
    }

    pub fn get(&self, owner: usize) -> &[u32] {
        &self.members[self.first[owner] as usize..self.first[owner + 1] as usize]
    }
}
