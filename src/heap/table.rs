//! Parses a flat table of numbers into columns, on every core.
//!
//! The text is cut into parts. How many numbers stand before a part is known from counting commas, so each part begins
//! at a row's first number and writes its own slice of every column.

use std::ops::Range;
use std::sync::OnceLock;
use std::thread;

use parking_lot::Mutex;

use super::error::{HeapError, HeapErrorKind};
use super::header::MAX_FIELDS;
use super::numbers::Numbers;
use super::task::Task;

/// Below this many bytes a second thread costs more than it saves.
const MIN_PART_BYTES: usize = 1 << 20;
/// A thread takes about this much text at once.
const PART_BYTES: usize = 4 << 20;

/// One row of a table; fields beyond the table's own stay 0.
pub(super) type Row = [u64; MAX_FIELDS];

/// Takes rows `first..` of a table; parts run on different threads.
pub(super) trait Columns: Send + Sized {
    /// Splits off the first `rows` rows.
    fn split_at(self, rows: usize) -> (Self, Self);
    /// Stores a row; `row` counts from this part's first one. Errors say what is wrong with the row.
    fn store(&mut self, row: usize, values: &Row) -> Result<(), (HeapErrorKind, String)>;
}

/// A table's text, cut where rows begin.
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    name: &'static str,
    fields: usize,
    parts: Vec<Part>,
    task: &'a Task,
    /// Rows in the whole table.
    pub rows: usize,
}

struct Part {
    text: Range<usize>,
    rows: usize,
}

impl<'a> Table<'a> {
    /// Finds the rows of the table between `text`'s brackets.
    pub fn new(
        bytes: &'a [u8],
        text: Range<usize>,
        name: &'static str,
        fields: usize,
        task: &'a Task,
    ) -> Result<Self, HeapError> {
        let body = bytes[text.clone()].trim_ascii_end();
        let text = text.start..text.start + body.len();
        if body.trim_ascii_start().is_empty() {
            return Ok(Self { bytes, name, fields, parts: Vec::new(), task, rows: 0 });
        }
        let cuts = cuts(&text);
        let commas = on_threads(cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]), |part| {
            task.advance(0)?;
            Ok(count_commas(part))
        });
        let commas = commas.into_iter().collect::<Result<Vec<usize>, HeapError>>()?;
        let numbers = commas.iter().sum::<usize>() + 1;
        if numbers % fields != 0 {
            let message =
                format!("section \"{name}\" has {numbers} numbers, expected a multiple of {fields}");
            return Err(HeapError::at(HeapErrorKind::Count, text.end, message));
        }
        let parts = parts(bytes, &text, &cuts, &commas, fields, numbers / fields);
        Ok(Self { bytes, name, fields, parts, task, rows: numbers / fields })
    }

    /// Parses all rows into `columns`, which must have room for [`Table::rows`].
    pub fn parse_into<C: Columns>(&self, columns: C) -> Result<(), HeapError> {
        let mut rest = Some(columns);
        let jobs: Vec<_> = self
            .parts
            .iter()
            .filter_map(|part| {
                let (head, tail) = rest.take()?.split_at(part.rows);
                rest = Some(tail);
                Some((part, head))
            })
            .collect();
        on_threads(jobs.into_iter(), |(part, columns)| self.parse_part(part, columns)).into_iter().collect()
    }

    fn parse_part<C: Columns>(&self, part: &Part, mut columns: C) -> Result<(), HeapError> {
        self.task.check()?;
        let text = &self.bytes[..part.text.end];
        let mut numbers = Numbers::new(text, part.text.start);
        let mut values = [0; MAX_FIELDS];
        for row in 0..part.rows {
            let start = numbers.position();
            for value in &mut values[..self.fields] {
                *value = numbers.next().map_err(|at| self.not_a_number(text, at))?;
            }
            columns.store(row, &values).map_err(|(kind, message)| {
                HeapError::at(kind, start, format!("in section \"{}\": {message}", self.name))
            })?;
        }
        self.task.advance(part.text.len())
    }

    #[cold]
    fn not_a_number(&self, text: &[u8], at: usize) -> HeapError {
        let end = text.len().min(at + 20);
        let found = String::from_utf8_lossy(&text[at.min(end)..end]);
        let message = format!(
            "in section \"{}\": found {found:?}, expected a whole number of at most 18 digits",
            self.name
        );
        HeapError::at(HeapErrorKind::Number, at, message)
    }
}

/// Runs `job` for every item on as many threads as there are cores, this one among them; whichever is free takes the
/// next item. The results keep the items' order.
pub(super) fn on_threads<I, T: Send, R: Send>(items: I, job: impl Fn(T) -> R + Sync) -> Vec<R>
where
    I: ExactSizeIterator<Item = T> + Send,
{
    let count = items.len();
    let queue = Mutex::new(items.enumerate());
    let work = || {
        let next = || queue.lock().next();
        std::iter::from_fn(next).map(|(at, item)| (at, job(item))).collect::<Vec<_>>()
    };
    let mut results = thread::scope(|scope| {
        let others: Vec<_> = (1..cores().min(count)).map(|_| scope.spawn(work)).collect();
        let mut results = work();
        for other in others {
            results.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    });
    results.sort_unstable_by_key(|&(at, _)| at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Runs `beside` on a thread of its own while this one runs `here`.
pub(super) fn both<A: Send, B>(beside: impl FnOnce() -> A + Send, here: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let beside = scope.spawn(beside);
        let here = here();
        (beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), here)
    })
}

/// How many threads work at a time.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from).min(8))
}

/// How many threads a text of `bytes` is worth.
pub(super) fn threads_for(bytes: usize) -> usize {
    (bytes / MIN_PART_BYTES).clamp(1, cores())
}

/// Byte positions that cut `text` into equal parts, its start and end included: more parts than threads, so that all
/// have work to the end.
fn cuts(text: &Range<usize>) -> Vec<usize> {
    let threads = threads_for(text.len());
    let count = if threads == 1 { 1 } else { threads.max(text.len() / PART_BYTES) };
    (0..count).map(|part| text.start + text.len() / count * part).chain([text.end]).collect()
}

fn count_commas(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b',', bytes).count()
}

/// Moves every cut forward to where a row begins.
fn parts(
    bytes: &[u8],
    text: &Range<usize>,
    cuts: &[usize],
    commas: &[usize],
    fields: usize,
    rows: usize,
) -> Vec<Part> {
    let mut begins = vec![(text.start, 0)];
    let mut before = 0;
    for (cut, commas) in cuts[1..].iter().zip(commas) {
        before += commas;
        // The number the cut falls into is `before`; the next row begins behind this many more commas.
        let row = before / fields + 1;
        let missing = row * fields - before;
        let ahead = &bytes[*cut..text.end];
        if let Some(comma) = memchr::memchr_iter(b',', ahead).nth(missing - 1) {
            begins.push((cut + comma + 1, row));
        }
    }
    begins.push((text.end, rows));
    begins.windows(2).map(|pair| Part { text: pair[0].0..pair[1].0, rows: pair[1].1 - pair[0].1 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum<'a>(&'a mut [u64]);

    impl Columns for Sum<'_> {
        fn split_at(self, rows: usize) -> (Self, Self) {
            let (head, tail) = self.0.split_at_mut(rows);
            (Sum(head), Sum(tail))
        }

        fn store(&mut self, row: usize, values: &Row) -> Result<(), (HeapErrorKind, String)> {
            self.0[row] = values[0] * 1_000_000_000 + values[2];
            Ok(())
        }
    }

    #[test]
    fn every_row_is_read_once_wherever_the_cuts_fall() {
        let rows = 300_000u64;
        let text: String = (0..rows)
            .map(|i| format!("{},7,{}{}", i % 999, i * 37 % 100_003, if i + 1 == rows { "" } else { ",\n" }))
            .collect();
        let task = Task::default();
        let table = Table::new(text.as_bytes(), 0..text.len(), "nodes", 3, &task).unwrap();
        let mut column = vec![0; table.rows];
        table.parse_into(Sum(&mut column)).unwrap();
        let expected: Vec<u64> = (0..rows).map(|i| i % 999 * 1_000_000_000 + i * 37 % 100_003).collect();
        assert_eq!(column, expected);
    }

    #[test]
    fn wrong_numbers_are_refused_where_they_stand() {
        for (text, position) in
            [("1,-2,3", 2), ("1,2,3.5", 5), ("1,,3", 2), ("1,2,1234567890123456789", 4), ("1,2,3e9", 5)]
        {
            let (mut column, task) = (vec![0; 1], Task::default());
            let table = Table::new(text.as_bytes(), 0..text.len(), "nodes", 3, &task).unwrap();
            let error = table.parse_into(Sum(&mut column)).unwrap_err();
            assert_eq!((error.kind, error.position), (HeapErrorKind::Number, Some(position)), "{text}");
        }
    }
}
