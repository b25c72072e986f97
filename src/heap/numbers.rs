//! Reads whole numbers between commas, several times faster than digit by digit.
//!
//! Two steps, neither of which waits for the other: 64 bytes at a time are turned into a mask of where commas stand, and each
//! number is the eight bytes in front of its comma, converted at once. (Eight digits in a word: Daniel Lemire, *Quickly
//! parsing eight digits*, 2018; words as vectors: Henry S. Warren, *Hacker's Delight*, chapter 6.) Everything unusual
//! — blanks, more than eight digits, what is no number — goes the slow way.

const BLOCK: usize = 64;
const WORD: usize = 8;
const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = LOW_BITS << 7;

/// Longer numbers do not occur; 18 digits fit 64 bits.
const MAX_DIGITS: usize = 18;

/// The numbers of a text, in order.
pub(super) struct Numbers<'a> {
    text: &'a [u8],
    /// Where the next number (or blanks before it) begins.
    start: usize,
    /// Start of the current block.
    block: usize,
    /// Commas of the current block that were not reached yet.
    commas: u64,
}

impl<'a> Numbers<'a> {
    /// The numbers of `text` from byte `start` on.
    pub fn new(text: &'a [u8], start: usize) -> Self {
        let mut numbers = Self { text, start, block: start, commas: 0 };
        numbers.commas = numbers.commas_of_block();
        numbers
    }

    /// Where the next number begins.
    pub fn position(&self) -> usize {
        self.start
    }

    /// The next number. The error is the position of the first byte that does not belong into a number.
    #[inline(always)]
    pub fn next(&mut self) -> Result<u64, usize> {
        let end = self.end();
        let start = std::mem::replace(&mut self.start, end + 1);
        match self.plain_number(start, end) {
            Some(value) => Ok(value),
            None => any_number(self.text, start, end),
        }
    }

    /// Position of the next comma, or of the text's end.
    #[inline(always)]
    fn end(&mut self) -> usize {
        while self.commas == 0 {
            self.block += BLOCK;
            if self.block >= self.text.len() {
                return self.text.len();
            }
            self.commas = self.commas_of_block();
        }
        let end = self.block + self.commas.trailing_zeros() as usize;
        self.commas &= self.commas - 1;
        end
    }

    #[inline(always)]
    fn commas_of_block(&self) -> u64 {
        match self.text.get(self.block..self.block + BLOCK) {
            Some(block) => commas(block),
            None => self.commas_of_tail(),
        }
    }

    #[cold]
    fn commas_of_tail(&self) -> u64 {
        let tail = self.text.get(self.block..).unwrap_or_default();
        tail.iter().rev().fold(0, |mask, &byte| mask << 1 | u64::from(byte == b','))
    }

    /// A number of at most sixteen digits that fills the bytes from `start` to `end`, a line end behind it allowed.
    #[inline(always)]
    fn plain_number(&self, start: usize, end: usize) -> Option<u64> {
        // Node 20 and 22 end each row with a line end before the comma.
        let end = if end > start && self.text[end - 1] == b'\n' { end - 1 } else { end };
        let length = end.wrapping_sub(start);
        if length.wrapping_sub(1) < WORD {
            return self.digits_before(end, length);
        }
        // Offsets of nodes in files beyond a gigabyte have nine.
        if length.wrapping_sub(1) < 2 * WORD {
            let low = self.digits_before(end, WORD)?;
            return Some(self.digits_before(end - WORD, length - WORD)? * 100_000_000 + low);
        }
        None
    }

    /// The value of the `length` digits, one to eight, before `end`.
    #[inline(always)]
    fn digits_before(&self, end: usize, length: usize) -> Option<u64> {
        let word = load(self.text.get(end.wrapping_sub(WORD)..end)?);
        let digits = (word ^ (LOW_BITS * 0x30)) & u64::MAX << (8 * (WORD - length));
        let more_than_nine = (digits.wrapping_add(LOW_BITS * 0x76) | digits) & HIGH_BITS;
        (more_than_nine == 0).then(|| value_of(digits))
    }
}

#[inline(always)]
fn load(word: &[u8]) -> u64 {
    let mut bytes = [0; WORD];
    bytes.copy_from_slice(word);
    u64::from_le_bytes(bytes)
}

/// One bit per byte of the block: set where the byte is a comma.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn commas(block: &[u8]) -> u64 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8};
    block.chunks_exact(16).rev().fold(0, |mask, part| {
        // SAFETY: each part has the 16 bytes that are read, and every x86-64 processor has SSE2.
        let bits = unsafe {
            let bytes = _mm_loadu_si128(part.as_ptr().cast());
            _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(b',' as i8)))
        };
        mask << 16 | bits as u64
    })
}

/// One bit per byte of the block: set where the byte is a comma.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn commas(block: &[u8]) -> u64 {
    block.chunks_exact(WORD).rev().fold(0, |mask, word| {
        let other = load(word) ^ (LOW_BITS * b',' as u64);
        let equal = !(((other & !HIGH_BITS) + !HIGH_BITS) | other) & HIGH_BITS;
        mask << WORD | (equal >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

/// The number whose digits are the word's bytes, most significant first in memory.
#[inline(always)]
fn value_of(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let low = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let high = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    low.wrapping_add(high) >> 32
}

/// The number between `start` and `end`, digit by digit, blanks around it allowed.
#[cold]
fn any_number(text: &[u8], start: usize, end: usize) -> Result<u64, usize> {
    let field = &text[start.min(end)..end];
    let first = start + field.len() - field.trim_ascii_start().len();
    let field = field.trim_ascii();
    let digits = field.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match digits {
        digits if digits < field.len() => {
            // Blanks inside: the error is what follows them.
            let blanks = field[digits..].len() - field[digits..].trim_ascii_start().len();
            Err(first + digits + blanks)
        }
        0 => Err(first),
        digits if digits > MAX_DIGITS => Err(first),
        _ => Ok(field.iter().fold(0, |value, &digit| value * 10 + u64::from(digit - b'0'))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_and_place_are_read() {
        let mut expected: Vec<u64> =
            (0..18).flat_map(|digits| [10u64.pow(digits), 10u64.pow(digits) * 9 + 7]).collect();
        expected.extend((0..3000).map(|i| i * i * 7919 % 123_456_789));
        for separator in [",", "\n,", " , ", ",\n"] {
            let text = expected.iter().map(u64::to_string).collect::<Vec<_>>().join(separator);
            let mut numbers = Numbers::new(text.as_bytes(), 0);
            for &value in &expected {
                assert_eq!(numbers.next(), Ok(value), "{separator:?}");
            }
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for (text, at) in [
            ("1234567,-2", 8),
            ("1234567,1a2", 9),
            ("1234567,,", 8),
            ("1234567,/", 8),
            ("1234567,:", 8),
            ("1234567, ", 9),
        ] {
            let mut numbers = Numbers::new(text.as_bytes(), 0);
            assert_eq!(numbers.next(), Ok(1_234_567));
            assert_eq!(numbers.next(), Err(at), "{text}");
        }
    }
}
