//! Text in a terminal or a log: wrapped, aligned, coloured only where that is wanted.

use std::fmt::Write;

use anstyle::Style;

/// How to print.
#[derive(Clone, Copy, Debug)]
pub struct TextOptions {
    /// Use colours (ANSI escapes).
    pub color: bool,
    /// Columns to wrap at.
    pub width: usize,
}

const LABEL_WIDTH: usize = 13;
const MIN_WIDTH: usize = 40;

/// A text in the making.
pub(super) struct Page {
    out: String,
    options: TextOptions,
    /// Left out in front of paths; ends with a separator.
    folder: Option<String>,
}

impl Page {
    pub fn new(options: TextOptions) -> Self {
        Self { out: String::new(), options, folder: None }
    }

    /// Paths of files in this folder are told without it.
    pub fn in_folder(mut self, folder: Option<&str>) -> Self {
        self.folder =
            folder.map(|folder| format!("{folder}{}", if folder.contains('\\') { '\\' } else { '/' }));
        self
    }

    /// What a snapshot says, for a terminal: paths shortened, control characters made visible.
    pub fn clean(&self, text: &str) -> String {
        let shortened =
            self.folder.as_ref().map_or_else(|| text.to_owned(), |folder| text.replace(&**folder, ""));
        if !shortened.contains(char::is_control) {
            return shortened;
        }
        shortened.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
    }

    /// A line in bold, behind an empty one.
    pub fn heading(&mut self, text: &str) {
        self.line("");
        let text = self.styled(text, Style::new().bold());
        self.line(&text);
    }

    /// A heading with rows below: numbers to the right, the last column takes what is left and is cut there.
    /// Nothing when there are no rows.
    pub fn table(&mut self, title: &str, columns: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        self.line("");
        let numbers = columns.len();
        let width_of = |at: usize| {
            let cells = rows.iter().map(|row| row[at].chars().count());
            cells.chain([columns[at].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..numbers).map(width_of).collect();
        let indent = 3 + widths.iter().sum::<usize>() + 2 * numbers;
        let title_width = self.width().max(indent + 8) - indent;
        let align = |cells: &mut dyn Iterator<Item = &str>| -> String {
            cells.zip(&widths).map(|(cell, &width)| format!("{cell:>width$}  ")).collect()
        };
        let head = self.styled(&align(&mut columns.iter().copied()), Style::new().dimmed());
        let title = self.styled(title, Style::new().bold());
        self.line(&format!("   {head}{title}"));
        for row in rows {
            let cells = align(&mut row[..numbers].iter().map(String::as_str));
            let text = cut(&self.clean(&row[numbers]), title_width);
            self.line(&format!("   {cells}{text}"));
        }
    }

    /// The text, ending in a newline.
    pub fn finish(self) -> String {
        self.out
    }

    /// A labelled value, wrapped under itself; nothing when there is no value.
    pub fn field(&mut self, label: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let width = self.width() - LABEL_WIDTH - 3;
        for (index, row) in wrapped(&self.clean(value), width).iter().enumerate() {
            let label = format!("{:<LABEL_WIDTH$}", if index == 0 { label } else { "" });
            let label = self.styled(&label, Style::new().dimmed());
            self.line(&format!("   {label}{row}"));
        }
    }

    pub fn width(&self) -> usize {
        self.options.width.max(MIN_WIDTH)
    }

    pub fn styled(&self, text: &str, style: Style) -> String {
        if self.options.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{}", text.trim_end());
    }
}

/// Breaks at spaces; a word longer than `width` stays whole, so that paths can be copied.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    for word in text.split(' ') {
        let row = rows.last_mut().expect("starts with one row");
        if !row.is_empty() && row.chars().count() + 1 + word.chars().count() > width {
            rows.push(word.to_owned());
        } else {
            if !row.is_empty() {
                row.push(' ');
            }
            row.push_str(word);
        }
    }
    rows
}

/// At most `width` characters: of a longer text the beginning and the end, which tell the file and the name.
fn cut(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let front = (width - 1) / 2;
    let back = width - 1 - front;
    let start: String = text.chars().take(front).collect();
    let end: String = text.chars().skip(length - back).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_keep_both_ends() {
        assert_eq!(cut("abcdefgh", 8), "abcdefgh");
        assert_eq!(cut("abcdefghi", 8), "abc…fghi");
    }

    #[test]
    fn what_a_snapshot_says_cannot_steer_the_terminal() {
        let page = Page::new(TextOptions { color: true, width: 80 }).in_folder(Some("/srv/app"));
        assert_eq!(page.clean("/srv/app/lib/a.js › \u{1b}[2J\n"), "lib/a.js › \u{fffd}[2J\u{fffd}");
    }
}
