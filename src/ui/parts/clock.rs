//! Times and dates as the reader's wall shows them.
//!
//! The server does not know the reader's time zone, nor whether their clocks go to 12 or to 24. The browser leaves both
//! in a cookie; the first HTML and its hydration render with that (UTC and 24 hours on the very first visit), and once
//! the page is alive the browser's own zone takes over, with its daylight saving.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::domain::Millis;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// What ends the cookie where clocks go to 12.
const TWELVE: &str = "h12";
const DAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What turns an instant into a place on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Minutes east of UTC; `None` means the browser's own zone, asked anew for every instant.
    offset: Option<i32>,
    /// Whether afternoon begins with 1 again.
    twelve: bool,
    /// When the page was made, or came alive, or last saw midnight pass.
    now: Millis,
}

impl Clock {
    /// The clock that a page is rendered with for a browser that has left this cookie: its offset from UTC in minutes,
    /// and `h12` where its clocks go to 12. No place on Earth is further than 18 hours from UTC.
    #[cfg(feature = "ssr")]
    pub fn of_reader(cookie: &str) -> Self {
        let minutes = cookie.strip_suffix(TWELVE);
        let twelve = minutes.is_some();
        let offset = minutes.unwrap_or(cookie).parse().ok();
        Self {
            offset: Some(
                offset
                    .filter(|minutes: &i32| minutes.abs() <= 18 * 60)
                    .unwrap_or(0),
            ),
            twelve,
            now: now(),
        }
    }

    /// The reader's offset from UTC in minutes, whether their clocks go to 12, and the number of the day there: all that
    /// a page depends on.
    #[cfg(feature = "ssr")]
    pub fn today(&self) -> (Option<i32>, bool, i64) {
        (self.offset, self.twelve, self.day(self.now))
    }

    /// The number of the day, in the reader's zone, since 1 January 1970.
    pub fn day(&self, at: Millis) -> i64 {
        self.local(at).div_euclid(DAY)
    }

    /// `14:05` or `2:05 PM`
    pub fn time(&self, at: Millis) -> String {
        let minutes = self.local(at).rem_euclid(DAY) / MINUTE;
        let (hour, minute) = (minutes / 60, minutes % 60);
        if self.twelve {
            let half = if hour < 12 { "AM" } else { "PM" };
            format!("{}:{minute:02} {half}", (hour + 11) % 12 + 1)
        } else {
            format!("{hour:02}:{minute:02}")
        }
    }

    /// `Monday 23 November 2026, 14:05`
    pub fn full(&self, at: Millis) -> String {
        format!("{}, {}", long_date(self.day(at), true), self.time(at))
    }

    /// `Today`, `Yesterday`, `Monday 23 November`, and with the year where it is another.
    pub fn name_of_day(&self, day: i64) -> String {
        let today = self.day(self.now);
        match today - day {
            0 => "Today".into(),
            1 => "Yesterday".into(),
            _ => long_date(day, civil(day).0 != civil(today).0),
        }
    }

    /// Where there is little space: `14:05` today, `Mon` in the days before, `23 Nov` further back.
    pub fn brief(&self, at: Millis) -> String {
        let (day, today) = (self.day(at), self.day(self.now));
        match today - day {
            ..=0 => self.time(at),
            1..=6 => DAYS[day.rem_euclid(7) as usize][..3].to_owned(),
            _ => {
                let (_, month, of_month) = civil(day);
                format!("{of_month} {}", &MONTHS[month as usize - 1][..3])
            }
        }
    }

    fn local(&self, at: Millis) -> Millis {
        let offset = self.offset.unwrap_or_else(|| browser_offset(at));
        at.saturating_add(i64::from(offset) * MINUTE)
    }
}

/// `2026-11-23T14:05:00.000Z`: RFC 3339, for programs.
pub fn machine(at: Millis) -> String {
    let (year, month, day) = civil(at.div_euclid(DAY));
    let of_day = at.rem_euclid(DAY);
    let (hour, minute) = (of_day / (60 * MINUTE), of_day / MINUTE % 60);
    let (second, milli) = (of_day / 1_000 % 60, of_day % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// The clock of this page: as the server rendered with at first, and the browser's own once it is alive.
pub fn use_clock(first: Clock) -> RwSignal<Clock> {
    let clock = RwSignal::new(first);
    // Effects run in the browser alone, and after hydration.
    Effect::new(move || {
        let twelve = browser_says_twelve();
        remember(browser_offset(now()), twelve);
        let strike = move || {
            let next = Clock {
                offset: None,
                twelve,
                now: now(),
            };
            let old = clock.get_untracked();
            if old.offset.is_some() || next.day(next.now) != next.day(old.now) {
                clock.set(next);
            }
        };
        strike();
        set_interval(strike, std::time::Duration::from_secs(30));
    });
    clock
}

/// This machine's time.
fn now() -> Millis {
    #[cfg(not(feature = "ssr"))]
    return crate::ui::browser::now();
    #[cfg(feature = "ssr")]
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| {
            Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
        })
}

fn browser_offset(at: Millis) -> i32 {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at as f64));
    -date.get_timezone_offset() as i32
}

/// Whether the browser's locale has clocks that go to 12.
fn browser_says_twelve() -> bool {
    use js_sys::{Array, Intl::DateTimeFormat, Object, Reflect};
    let options = Object::new();
    // A plain object takes any property.
    _ = Reflect::set(&options, &"hour".into(), &"numeric".into());
    let resolved = DateTimeFormat::new(&Array::new(), &options).resolved_options();
    Reflect::get(&resolved, &"hour12".into()).is_ok_and(|twelve| twelve.is_truthy())
}

fn remember(minutes: i32, twelve: bool) {
    use wasm_bindgen::JsCast;
    if let Some(document) = document().dyn_ref::<web_sys::HtmlDocument>() {
        // Without the cookie the next page starts in UTC; nothing else depends on it.
        let twelve = if twelve { TWELVE } else { "" };
        let _ = document.set_cookie(&format!(
            "tz={minutes}{twelve}; Path=/; Max-Age=31536000; SameSite=Lax"
        ));
    }
}

fn long_date(day: i64, with_year: bool) -> String {
    let (year, month, of_month) = civil(day);
    let name = DAYS[day.rem_euclid(7) as usize];
    let month = MONTHS[month as usize - 1];
    if with_year {
        format!("{name} {of_month} {month} {year}")
    } else {
        format!("{name} {of_month} {month}")
    }
}

/// Year, month (1–12) and day of month of a day counted from 1 January 1970, in the Gregorian calendar.
///
/// Years are taken to begin in March, so that a leap day is the last of its year; 400 of them are one era.
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sunday 29 February 2032, 23:30:15.250 UTC.
    const LEAP: Millis = 1_961_710_215_250;

    fn clock(offset: i32) -> Clock {
        Clock {
            offset: Some(offset),
            twelve: false,
            now: LEAP,
        }
    }

    #[test]
    fn dates_are_right_on_a_leap_day_and_before_the_epoch() {
        assert_eq!(machine(LEAP), "2032-02-29T23:30:15.250Z");
        assert_eq!(machine(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(machine(0), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn the_zone_moves_the_time_and_the_day() {
        assert_eq!(clock(0).full(LEAP), "Sunday 29 February 2032, 23:30");
        assert_eq!(clock(45).full(LEAP), "Monday 1 March 2032, 00:15");
        assert_eq!(clock(-24 * 60).time(LEAP), "23:30");
    }

    #[test]
    fn a_brief_time_is_as_long_as_it_has_to_be() {
        let clock = clock(0);
        assert_eq!(clock.brief(LEAP), "23:30");
        assert_eq!(clock.brief(LEAP - DAY), "Sat");
        assert_eq!(clock.brief(LEAP - 6 * DAY), "Mon");
        assert_eq!(clock.brief(LEAP - 7 * DAY), "22 Feb");
    }

    #[test]
    fn where_clocks_go_to_twelve_noon_and_midnight_are_twelve() {
        let clock = Clock {
            twelve: true,
            ..clock(0)
        };
        let midnight = LEAP - LEAP.rem_euclid(DAY);
        let at = |minutes: i64| clock.time(midnight + minutes * MINUTE);
        assert_eq!(at(0), "12:00 AM");
        assert_eq!(at(9 * 60 + 5), "9:05 AM");
        assert_eq!(at(12 * 60), "12:00 PM");
        assert_eq!(at(23 * 60 + 59), "11:59 PM");
    }

    #[test]
    fn what_the_browser_has_left_is_read_and_nonsense_is_utc() {
        let read = |cookie| {
            let Clock { offset, twelve, .. } = Clock::of_reader(cookie);
            (offset, twelve)
        };
        assert_eq!(read("60"), (Some(60), false));
        assert_eq!(read("-300h12"), (Some(-300), true));
        for nonsense in ["", "x", "99999", "60h24"] {
            assert_eq!(read(nonsense), (Some(0), false), "{nonsense}");
        }
    }

    #[test]
    fn near_days_have_names_and_other_years_are_told() {
        let clock = clock(0);
        let today = clock.day(LEAP);
        assert_eq!(clock.name_of_day(today), "Today");
        assert_eq!(clock.name_of_day(today - 1), "Yesterday");
        assert_eq!(clock.name_of_day(today - 2), "Friday 27 February");
        assert_eq!(clock.name_of_day(today - 60), "Wednesday 31 December 2031");
    }
}
