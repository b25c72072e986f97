//! /proc/PID/status: `Name:<tab>value`, sizes in kB. See proc_pid_status(5).

/// The lines that matter here, in bytes or plain counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub rss: Option<u64>,
    pub anonymous: Option<u64>,
    pub swap: Option<u64>,
    pub threads: Option<u64>,
}

/// Reads the text of a status file; what is not there is `None`.
pub fn parse(text: &str) -> Status {
    Status {
        rss: kilobytes(text, "VmRSS:"),
        anonymous: kilobytes(text, "RssAnon:"),
        swap: kilobytes(text, "VmSwap:"),
        threads: number(text, "Threads:"),
    }
}

/// The size in bytes on the line that begins with `label`; also right for /proc/meminfo.
pub fn kilobytes(text: &str, label: &str) -> Option<u64> {
    number(text, label)?.checked_mul(1024)
}

fn number(text: &str, label: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_recorded_file() {
        let text = "Name:\tnode\nVmPeak:\t 1103164 kB\nVmRSS:\t   75884 kB\nRssAnon:\t   30200 kB\nRssFile:\t   45684 kB\nVmSwap:\t     128 kB\nThreads:\t11\n";
        let expected = Status {
            rss: Some(77_705_216),
            anonymous: Some(30_924_800),
            swap: Some(131_072),
            threads: Some(11),
        };
        assert_eq!(parse(text), expected);
    }

    #[test]
    fn what_is_missing_or_odd_is_none() {
        assert_eq!(parse(""), Status::default());
        assert_eq!(parse("VmRSS:\nThreads:\tmany\nVmSwap: 99999999999999999999 kB"), Status::default());
    }
}
