//! Names without their changing parts, so that a thousand temporary files are one row.

/// The shortest run of hexadecimal digits that is taken for an id.
const HEX_ID: usize = 8;
/// `mkdtemp` and its kind append this many random letters and digits.
const TEMPORARY_SUFFIX: usize = 6;

/// `text` with numbers, ids and random parts replaced by `*`.
///
/// A file's extension stays (`clip.mp4`), and so do short words with a digit before a letter.
///
/// ```
/// use leakwatch::track::generalise;
/// assert_eq!(generalise("/tmp/up-aB3xY9/0a1b2c3d4e5f.tmp"), "/tmp/up-*/*.tmp");
/// assert_eq!(generalise("reply-17"), "reply-*");
/// ```
pub fn generalise(text: &str) -> String {
    text.split('/').map(generalise_segment).collect::<Vec<_>>().join("/")
}

/// The name of a route known by its address only: method and the first segment of the path.
///
/// ```
/// use leakwatch::track::url_route;
/// assert_eq!(url_route("GET", "/users/17?full=1", 1), "GET /users");
/// assert_eq!(url_route("GET", "/17/x", 2), "GET /*/x");
/// ```
pub fn url_route(method: &str, url: &str, segments: usize) -> String {
    let path = url.split(['?', '#']).next().unwrap_or("");
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    let kept: Vec<_> =
        path.split('/').filter(|part| !part.is_empty()).take(segments).map(generalise).collect();
    format!("{method} /{}", kept.join("/"))
}

fn generalise_segment(segment: &str) -> String {
    if is_uuid(segment) {
        return "*".into();
    }
    let (stem, extension) = match segment.rfind('.') {
        Some(at) if at > 0 && is_extension(&segment[at + 1..]) => segment.split_at(at),
        _ => (segment, ""),
    };
    let mut out = String::with_capacity(segment.len());
    let mut rest = stem;
    while !rest.is_empty() {
        let word = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let before = out.chars().last();
        out.push_str(&generalise_word(&rest[..word], before, word == rest.len()));
        rest = &rest[word..];
        let gap = rest.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        out.push_str(&rest[..gap]);
        rest = &rest[gap..];
    }
    out + extension
}

fn generalise_word(word: &str, before: Option<char>, last: bool) -> String {
    // The signals with a number in their names.
    if matches!(word, "SIGUSR1" | "SIGUSR2") {
        return word.to_owned();
    }
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let hex = word.len() >= HEX_ID && word.bytes().all(|b| b.is_ascii_hexdigit());
    let temporary = last && before.is_some() && word.len() == TEMPORARY_SUFFIX && has_inner_capital(word);
    let scrambled = digits > 0 && word.len() >= TEMPORARY_SUFFIX && alternations(word) >= 2;
    if (hex && digits > 0) || temporary || scrambled {
        return "*".into();
    }
    replace_numbers(word)
}

fn replace_numbers(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        match c {
            '0'..='9' if out.ends_with('*') => {}
            '0'..='9' => out.push('*'),
            _ => out.push(c),
        }
    }
    out
}

fn is_extension(text: &str) -> bool {
    (1..=5).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

fn has_inner_capital(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_lowercase()) && word.bytes().skip(1).any(|b| b.is_ascii_uppercase())
}

fn alternations(word: &str) -> usize {
    word.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changing_parts_become_stars() {
        for (text, expected) in [
            ("/var/log/app.log", "/var/log/app.log"),
            ("/tmp/uploads-aBcDeF/x", "/tmp/uploads-*/x"),
            ("/tmp/uploads-x7Kp2Q/9f86d081884c7d659a2feaa0c55ad015", "/tmp/uploads-*/*"),
            ("/data/123e4567-e89b-12d3-a456-426614174000/part-12.csv", "/data/*/part-*.csv"),
            ("/srv/theme3.json", "/srv/theme*.json"),
            ("/srv/clip.mp4", "/srv/clip.mp4"),
            ("/srv/.env", "/srv/.env"),
            ("SIGTERM", "SIGTERM"),
            ("SIGUSR2", "SIGUSR2"),
            ("camelCaseName", "camelCaseName"),
            ("job:42:done", "job:*:done"),
            ("/srv/grüße-7", "/srv/grüße-*"),
            ("", ""),
        ] {
            assert_eq!(generalise(text), expected, "{text}");
        }
    }

    #[test]
    fn addresses_become_bounded_routes() {
        assert_eq!(url_route("GET", "/", 1), "GET /");
        assert_eq!(url_route("POST", "/a/b/c", 1), "POST /a");
        assert_eq!(url_route("GET", "http://host:80/x/y", 1), "GET /x");
        assert_eq!(url_route("GET", "http://host", 1), "GET /");
        assert_eq!(url_route("GET", "*", 1), "GET /*");
    }
}
