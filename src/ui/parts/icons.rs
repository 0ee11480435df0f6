//! The product's own drawings. They only decorate: what they stand beside or label says the same in words.

use leptos::prelude::*;

/// A small line drawing in the colour of the text around it.
#[derive(Clone, Copy)]
pub enum Icon {
    Back,
    Bell,
    Check,
    Chevron,
    Close,
    Delete,
    Edit,
    Eye,
    EyeOff,
    Key,
    Leave,
    Link,
    More,
    Plus,
    Reply,
    Search,
    Settings,
    Smile,
    Sound,
}

impl Icon {
    /// On a grid of 24.
    fn path(self) -> &'static str {
        match self {
            Icon::Back => "M15 5l-7 7 7 7",
            Icon::Bell => "M6 16.5h12l-1.5-2.5V10a4.5 4.5 0 0 0-9 0v4zM10.5 19.5h3",
            Icon::Check => "M5 12.5l4.5 4.5L19 7.5",
            Icon::Chevron => "M7 10l5 5 5-5",
            Icon::Close => "M6 6l12 12M18 6L6 18",
            Icon::Delete => "M5 7h14M10 7V4.5h4V7M7 7l1 12.5h8L17 7M10.5 10.5v6M13.5 10.5v6",
            Icon::Edit => "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
            Icon::Eye => {
                "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6z"
            }
            Icon::EyeOff => {
                "M4 4l16 16M9.5 6C10.3 5.7 11.1 5.5 12 5.5 18 5.5 21.5 12 21.5 12a16 16 0 0 1-2.8 3.4M6.3 7.7A15.5 15.5 0 0 0 2.5 12S6 18.5 12 18.5c1.7 0 3.2-.5 4.5-1.2M9.9 9.9a3 3 0 0 0 4.2 4.2"
            }
            Icon::Key => {
                "M8 11.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM11.2 12.8L20 4M16 8l3 3M13.5 10.5l2 2"
            }
            Icon::Leave => "M13 4H6v16h7M10 12h10M16.5 8.5L20 12l-3.5 3.5",
            Icon::Link => {
                "M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7l1.1-1.1"
            }
            Icon::More => "M5 12h.01M12 12h.01M19 12h.01",
            Icon::Plus => "M12 5v14M5 12h14",
            Icon::Reply => "M10 6l-6 6 6 6M4 12h9a7 7 0 0 1 7 7",
            Icon::Search => "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L20 20",
            Icon::Settings => {
                "M4 8h8M16 8h4M14 6a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM4 16h4M12 16h8M10 14a2 2 0 1 1 0 4 2 2 0 0 1 0-4z"
            }
            Icon::Smile => {
                "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM8.5 14a4.2 4.2 0 0 0 7 0M9 9.5h.01M15 9.5h.01"
            }
            Icon::Sound => {
                "M5 10v4h3l4 3.5v-11L8 10zM15.5 9.5a3.5 3.5 0 0 1 0 5M18 7a7 7 0 0 1 0 10"
            }
        }
    }

    /// The same as HTML.
    pub fn push(self, out: &mut String) {
        out.push_str("<svg class=\"icon\" viewBox=\"0 0 24 24\" width=\"20\" height=\"20\" aria-hidden=\"true\"><path d=\"");
        out.push_str(self.path());
        out.push_str("\"></path></svg>");
    }

    pub fn view(self) -> impl IntoView {
        view! {
            <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
                <path d=self.path() />
            </svg>
        }
    }
}

/// The mark: a door with a keyhole.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
            <path class="logo-door" d="M6 29V13a10 10 0 0 1 20 0v16z" />
            <path class="logo-hole" d="M16 11.5a3.5 3.5 0 0 1 1.7 6.56L19 24h-6l1.3-5.94A3.5 3.5 0 0 1 16 11.5z" />
        </svg>
    }
}

/// The picture on the landing page and on pages that lead nowhere: an arched door, light in its keyhole and
/// under it.
#[component]
pub fn Doorway() -> impl IntoView {
    view! {
        <svg class="doorway" viewBox="0 0 200 260" width="200" height="260" aria-hidden="true">
            <path class="doorway-light" d="M14 246h172l12 14H2z" />
            <path class="doorway-frame" d="M14 246V104a86 86 0 0 1 172 0v142z" />
            <path class="doorway-leaf" d="M26 246V104a74 74 0 0 1 148 0v142z" />
            <path class="doorway-panel" d="M42 132v-28a58 58 0 0 1 52-57.7V132zM106 132V46.3A58 58 0 0 1 158 104v28zM42 228v-56h52v56zM106 228v-56h52v56z" />
            <path class="doorway-plate" d="M90 130a10 10 0 0 1 20 0v44a10 10 0 0 1-20 0z" />
            <path class="doorway-hole" d="M100 138a7 7 0 0 1 3.4 13.1L106 166H94l2.6-14.9A7 7 0 0 1 100 138z" />
        </svg>
    }
}
