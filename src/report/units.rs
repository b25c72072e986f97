//! Numbers as people read them.

/// `1.8 MB`: three significant digits, decimal units.
pub(crate) fn bytes(amount: f64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut scaled = amount;
    let mut unit = 0;
    while scaled.abs() >= 999.5 && unit + 1 < UNITS.len() {
        scaled /= 1000.0;
        unit += 1;
    }
    let digits = if unit == 0 || scaled.abs() >= 99.95 { 0 } else { 1 };
    format!("{scaled:.digits$} {}", UNITS[unit])
}

/// `12,345`.
pub(crate) fn count(amount: u64) -> String {
    let digits = amount.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1`, `0.67`, `0.05`: a rate per request.
pub(crate) fn rate(amount: f64) -> String {
    let text = format!("{amount:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `45 s`, `12 min`, `3.5 h`, `2.1 d`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5_400.0 => format!("{:.0} min", s / 60.0),
        s if s < 129_600.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.1} d", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [bytes(0.0), bytes(999.0), bytes(1_840.0), bytes(123_456.0), bytes(1.8e9)],
            ["0 B", "999 B", "1.8 kB", "123 kB", "1.8 GB"]
        );
        assert_eq!([count(7), count(1_000), count(1_234_567)], ["7", "1,000", "1,234,567"]);
        assert_eq!([rate(1.0), rate(0.667), rate(0.05)], ["1", "0.67", "0.05"]);
    }
}
