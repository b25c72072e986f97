//! What is alive, as a person reads it.

use super::page::{Page, TextOptions};
use super::units;

/// Resources of one kind, name and creation site.
#[derive(Clone, Debug, Default)]
pub struct ResourceLine {
    /// `timer`, `listener`, `handle`, `file`, `stream`, `socket`, `worker`, `request` or `context`.
    pub kind: String,
    /// Timer function, event, handle type, path pattern or endpoint.
    pub name: String,
    /// For listeners: the emitter's constructor.
    pub holder: Option<String>,
    /// Alive now.
    pub count: u64,
    /// How many more than the last time; `None` the first time.
    pub growth: Option<i64>,
    /// The same by the minute.
    pub per_minute: Option<f64>,
    /// Age of the oldest alive.
    pub oldest_seconds: f64,
    /// Who made them; `None` when unknown.
    pub origin: Option<String>,
    /// Which routes made those alive, most first.
    pub routes: Vec<(String, u64)>,
}

/// More lines than this are counted, not shown.
const MAX_LINES: usize = 40;
/// More routes than this are counted, not shown.
const MAX_ROUTES: usize = 3;

/// A list of what is alive, ending in a newline.
pub fn render_resources(lines: &[ResourceLine], options: TextOptions) -> String {
    let mut page = Page::new(options);
    let total: u64 = lines.iter().map(|line| line.count).sum();
    page.heading(&format!("RESOURCES  {} alive", units::count(total)));
    for line in lines.iter().take(MAX_LINES) {
        page.field(&line.kind, &what(line));
        page.field("", line.origin.as_deref().unwrap_or_default());
        page.field("", &by(&line.routes));
    }
    if lines.len() > MAX_LINES {
        page.line(&format!("and {} more; --json has them all", lines.len() - MAX_LINES));
    }
    page.finish()
}

/// `184 to 127.0.0.1:5432, 36 more (12 a minute), oldest 5 min`.
fn what(line: &ResourceLine) -> String {
    let is_outgoing = line.kind == "socket" && line.name.contains(':') && !line.name.contains("(incoming");
    let to = if is_outgoing { "to " } else { "" };
    let holder = line.holder.as_ref().filter(|_| line.kind == "listener");
    let on = holder.map(|holder| format!(" on {holder}")).unwrap_or_default();
    let mut parts = vec![format!("{} {to}{}{on}", units::count(line.count), line.name)];
    parts.extend(line.growth.filter(|&growth| growth != 0).map(|growth| changed(growth, line.per_minute)));
    if line.oldest_seconds >= 1.0 {
        parts.push(format!("oldest {}", units::duration(line.oldest_seconds)));
    }
    parts.join(", ")
}

fn changed(growth: i64, per_minute: Option<f64>) -> String {
    let direction = if growth > 0 { "more" } else { "fewer" };
    let rate = per_minute.map(|rate| format!(" ({} a minute)", units::rate(rate.abs()))).unwrap_or_default();
    format!("{} {direction}{rate}", units::count(growth.unsigned_abs()))
}

fn by(routes: &[(String, u64)]) -> String {
    let mut parts: Vec<_> = routes
        .iter()
        .take(MAX_ROUTES)
        .map(|(route, count)| format!("{route} {}", units::count(*count)))
        .collect();
    if routes.len() > MAX_ROUTES {
        parts.push(format!("{} more routes", routes.len() - MAX_ROUTES));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_how_many_more_who_and_for_whom() {
        let sockets = ResourceLine {
            kind: "socket".into(),
            name: "127.0.0.1:5432".into(),
            holder: Some("Socket".into()),
            count: 184,
            growth: Some(36),
            per_minute: Some(12.0),
            oldest_seconds: 300.0,
            origin: Some("pg-pool@3.6.1 lib/index.js:220, called from routes/orders.js:31".into()),
            routes: vec![("GET /orders/:id".into(), 180), ("POST /pay".into(), 4)],
        };
        let listeners = ResourceLine {
            kind: "listener".into(),
            name: "order".into(),
            holder: Some("EventEmitter".into()),
            count: 1,
            ..ResourceLine::default()
        };
        let text = render_resources(&[sockets, listeners], TextOptions { color: false, width: 100 });
        assert_eq!(
            text,
            "
RESOURCES  185 alive
   socket       184 to 127.0.0.1:5432, 36 more (12 a minute), oldest 5 min
                pg-pool@3.6.1 lib/index.js:220, called from routes/orders.js:31
                GET /orders/:id 180, POST /pay 4
   listener     1 order on EventEmitter
"
        );
    }
}
