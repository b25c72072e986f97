//! Sorting by number in linear time.

use super::memory::zeroed;

const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

/// Sorts by the high 32 bits, from the lowest digit to the highest; equal ones keep their order.
pub(super) fn sorted_by_high_half(mut values: Vec<u64>) -> Vec<u64> {
    let mut sorted = zeroed(values.len());
    for shift in (32..64).step_by(DIGIT_BITS as usize) {
        let digit = |value: u64| (value >> shift) as usize % DIGITS;
        let mut places = [0u32; DIGITS];
        values.iter().for_each(|&value| places[digit(value)] += 1);
        let mut next = 0;
        for place in &mut places {
            next += std::mem::replace(place, next);
        }
        for &value in &values {
            let place = &mut places[digit(value)];
            sorted[*place as usize] = value;
            *place += 1;
        }
        std::mem::swap(&mut values, &mut sorted);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_half_decides_and_equal_ones_stay_in_order() {
        let high =
            (0..5000u64).map(|i| (i * i * 2_654_435_761 % (1 << 32)) >> (i % 30)).chain([0, u32::MAX.into()]);
        let values: Vec<u64> = high.zip((0..5002).rev()).map(|(high, low)| high << 32 | low).collect();
        let mut expected = values.clone();
        expected.sort_by_key(|value| value >> 32);
        assert_eq!(sorted_by_high_half(values), expected);
    }
}
