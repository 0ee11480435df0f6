//! The keeper's pages: figures, rooms, names and what may be done to them. Rendered by the server, without a script but
//! for the one at the door.

mod lists;

use std::time::Duration;

use leptos::prelude::*;

pub use self::lists::{Listed, NameRow, RoomRow, SessionRow, name, names, rooms};
use crate::{
    domain::Millis,
    ui::parts::{Clock, Logo},
};

/// Takes the code out of the link's fragment, out of the address too, and posts it.
const SCRIPT: &str = "const code=decodeURIComponent(location.hash.slice(1));\
    if(code){history.replaceState(null,'',location.pathname);\
    const form=document.forms[0];form.code.value=code;form.submit()}";

/// What stands around a page.
pub struct Frame {
    pub css: String,
    /// Lets the script at the door run.
    pub nonce: Option<String>,
}

pub fn document(frame: Frame, main: AnyView) -> impl IntoView {
    let Frame { css, nonce } = frame;
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="robots" content="noindex" />
                <link rel="icon" href="/icon.svg" r#type="image/svg+xml" />
                <link rel="stylesheet" href=css />
                <title>"Keeper · Latchkey"</title>
            </head>
            <body>
                <header class="bar">
                    <a class="home" href="/keeper">
                        <Logo />
                        <span class="wordmark">"Latchkey"</span>
                    </a>
                </header>
                <main id="main" class="page plain keeper">{main}</main>
                {nonce.map(|nonce| view! { <script nonce=nonce inner_html=SCRIPT></script> })}
            </body>
        </html>
    }
}

/// The page that asks for the code.
pub fn door(error: Option<String>) -> impl IntoView {
    let wrong = error.is_some().then_some("true");
    view! {
        <h1>"Keeper"</h1>
        <section class="card">
            <form action="/keeper" method="post">
                <div class="field">
                    <label for="code">"Code"</label>
                    <p class="hint" id="code-hint">
                        "It was printed where the server was started, behind the # of the keeper’s link."
                    </p>
                    <input
                        type="text"
                        id="code"
                        name="code"
                        class="key-text masked"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        aria-describedby="code-hint"
                        aria-invalid=wrong
                        required
                    />
                </div>
                {error.map(|error| view! { <p class="error" role="alert">{error}</p> })}
                <button type="submit">"Come in"</button>
            </form>
        </section>
    }
}

/// In place of a page that cannot be shown, or after what could not be done.
pub fn refused(error: String) -> impl IntoView {
    view! {
        {ways(None)}
        <h1>"That did not go"</h1>
        <p role="alert">{error}</p>
    }
}

/// How the server is.
pub struct Figures {
    pub online: usize,
    pub sockets: usize,
    pub names: u64,
    pub sessions: u64,
    pub rooms: u64,
    pub up: Duration,
    /// Since it started; so all that follow.
    pub messages: u64,
    pub changes: u64,
    /// By their codes.
    pub refusals: Vec<(String, u64)>,
    /// Bytes of the database, and those that are left on its disk.
    pub data: Option<u64>,
    pub free: Option<u64>,
    /// When the newest scheduled copy was made, where there are to be some.
    pub backup: Option<Option<Millis>>,
    pub announced: Option<String>,
}

pub fn overview(figures: Figures, clock: Clock) -> impl IntoView {
    let minutes = (figures.up.as_secs_f64() / 60.0).max(1.0 / 60.0);
    let rate = |count: u64| {
        format!(
            "{} ({:.1} a minute)",
            grouped(count),
            count as f64 / minutes
        )
    };
    let elsewhere = || "kept by PostgreSQL".to_owned();
    let backup = match figures.backup {
        None => "none is made by this server".to_owned(),
        Some(None) => "none yet".to_owned(),
        Some(Some(at)) => clock.full(at),
    };
    let now = [
        ("People online", grouped(figures.online as u64)),
        ("Live sockets", grouped(figures.sockets as u64)),
        ("Names", grouped(figures.names)),
        ("Sessions", grouped(figures.sessions)),
        ("Rooms", grouped(figures.rooms)),
        ("Database", figures.data.map_or_else(elsewhere, bytes)),
        (
            "Left on its disk",
            figures.free.map_or_else(elsewhere, bytes),
        ),
        ("Last backup", backup),
    ];
    let since = [
        ("Up for", lasted(figures.up)),
        ("Messages", rate(figures.messages)),
        ("Entries of all kinds", rate(figures.changes)),
    ];
    let announced = figures.announced.unwrap_or_default();
    let is_said = !announced.is_empty();
    view! {
        {ways(Some("/keeper"))}
        <h1>"Keeper"</h1>
        <section class="card" aria-labelledby="now">
            <h2 id="now">"Now"</h2>
            {list(now)}
        </section>
        <section class="card" aria-labelledby="since">
            <h2 id="since">"Since it started"</h2>
            {list(since)}
            <h3>"Refused"</h3>
            {if figures.refusals.is_empty() {
                view! { <p class="hint">"Nothing that tells of trouble."</p> }.into_any()
            } else {
                list(figures.refusals.into_iter().map(|(code, count)| (code, rate(count)))).into_any()
            }}
        </section>
        <section class="card" aria-labelledby="say">
            <h2 id="say">"Announce a restart"</h2>
            <p class="hint">
                "A line on top of every page, those of people that are open included, until the server starts again or you take it back."
            </p>
            <form action="/keeper/announce" method="post">
                <div class="field">
                    <label for="text">"What to say"</label>
                    <input
                        type="text"
                        id="text"
                        name="text"
                        maxlength="200"
                        value=if is_said {
                            announced
                        } else {
                            "The server starts again in a few minutes. Nothing is lost.".to_owned()
                        }
                        required
                    />
                </div>
                <button type="submit">"Announce"</button>
            </form>
            {is_said
                .then(|| {
                    view! {
                        <form action="/keeper/announce" method="post">
                            <input type="hidden" name="text" value="" />
                            <button type="submit" class="quiet">
                                "Take it back"
                            </button>
                        </form>
                    }
                })}
        </section>
        <form action="/keeper/leave" method="post">
            <button type="submit" class="quiet">
                "Leave"
            </button>
        </form>
    }
}

/// The ways between the pages; none leads to `here`.
fn ways(here: Option<&'static str>) -> impl IntoView {
    let all = [
        ("/keeper", "Overview"),
        ("/keeper/rooms", "Rooms"),
        ("/keeper/names", "Names"),
    ];
    let way = |(to, title)| {
        let current = (here == Some(to)).then_some("page");
        view! { <a href=to aria-current=current>{title}</a> }
    };
    view! {
        <nav class="acts" aria-label="Keeper’s pages">
            {all.map(way).collect_view()}
        </nav>
    }
}

fn list<N: IntoView + 'static>(figures: impl IntoIterator<Item = (N, String)>) -> impl IntoView {
    let figure = |(what, how): (N, String)| {
        view! {
            <div>
                <dt>{what}</dt>
                <dd>{how}</dd>
            </div>
        }
    };
    let figures: Vec<_> = figures.into_iter().map(figure).collect();
    view! { <dl class="figures">{figures}</dl> }
}

/// `1,234,567`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `12.3 MB`
fn bytes(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if size < 1_000.0 {
            let decimals = usize::from(unit != "bytes" && size < 100.0);
            return format!("{size:.decimals$} {unit}");
        }
        size /= 1_000.0;
    }
    format!("{size:.1} TB")
}

/// `2 days 3 h`, `3 h 4 min`, `4 min`
fn lasted(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, hours, _) => format!("1 day {hours} h"),
        (days, hours, _) => format!("{days} days {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0, 999, 1_200, 123_456_789].map(bytes),
            ["0 bytes", "999 bytes", "1.2 kB", "123 MB"]
        );
        let hours = |hours: u64| lasted(Duration::from_secs(hours * 3_600 + 120));
        assert_eq!(
            [0, 5, 25, 50].map(hours),
            ["2 min", "5 h 2 min", "1 day 1 h", "2 days 2 h"]
        );
    }
}
