//! Tests that render the trace page from every sample in every language.

use super::*;
use hinomi_webkit::i18n::Language;

fn rendered(trace: &Trace, language: Language, view: View) -> String {
    let wish = Wish {
        view,
        ..Wish::default()
    };
    let page = TracePage::new(
        crate::sample::page(language),
        trace,
        &wish,
        Duration::from_secs(1),
    );
    page.render().unwrap()
}

#[test]
fn every_sample_renders_in_every_language_and_view() {
    for trace in sample::all() {
        for language in Language::ALL {
            for view in View::ALL {
                let html = rendered(&trace, language, view);
                assert!(
                    !html.contains("trace-"),
                    "a key was left: {}",
                    left_key(&html)
                );
            }
        }
    }
}

/// The first catalogue key that is on the page instead of its text.
fn left_key(html: &str) -> &str {
    let at = html.find("trace-").unwrap_or(0);
    html.get(at.saturating_sub(30)..(at + 40).min(html.len()))
        .unwrap_or("")
}

#[test]
fn the_first_paint_holds_the_data() {
    let html = rendered(&sample::checkout(), Language::English, View::Waterfall);
    for text in [
        "POST /v1/checkout",
        "504 after 3.01\u{a0}s",
        "2026-11-22 02:14:08.447",
        "×24",
        "N+1: 24 equal calls",
        "org.postgresql.util.PSQLException",
        "<span class=\"kw\">FOR</span>",
    ] {
        assert!(html.contains(text), "{text}");
    }
}

#[test]
fn hostile_texts_stay_texts() {
    let html = rendered(&sample::hostile(), Language::English, View::Table);
    assert!(!html.contains("<script>alert"));
    assert!(!html.contains(['\u{0}', '\u{202e}', '\u{1}']));
    assert_eq!(
        html.matches("</script>").count(),
        html.matches("<script").count()
    );
    assert!(html.len() < 200_000, "{}", html.len());
}

#[test]
fn a_page_of_a_long_trace_says_which_and_leads_to_the_others() {
    let trace = sample::second_page();
    let html = rendered(&trace, Language::English, View::Table);
    assert!(
        html.contains("Spans 20,001 to 20,003 of 1,000,000"),
        "{html}"
    );
    let next = hinomi_webkit::cursor::encode_place(&trace.next.unwrap());
    let next = format!(r#"href="?cursor={next}&amp;view=table" rel="next">Next spans"#);
    assert!(html.contains(&next));
    assert!(html.contains(r#"<a href="?view=table">First spans"#));
    assert!(!html.contains("has not arrived"), "they are on other pages");
}

#[test]
fn links_on_a_page_of_a_long_trace_stay_on_it() {
    let trace = sample::second_page();
    let wish = Wish {
        cursor: trace.next,
        ..Wish::default()
    };
    let page = crate::sample::page(Language::English);
    let html = TracePage::new(page, &trace, &wish, Duration::from_secs(1)).render();
    let html = html.unwrap();
    let here = hinomi_webkit::cursor::encode_place(&trace.next.unwrap());
    assert!(html.contains(&format!("?cursor={here}&amp;download=1")));
    assert!(html.contains(&format!("?cursor={here}&amp;view=flame")));
    assert_eq!(html.matches("href=\"?span=").count(), 0);
}

#[test]
fn a_partial_trace_says_what_is_missing() {
    let html = rendered(&sample::partial(), Language::English, View::Waterfall);
    assert!(html.contains("2 spans name a parent that has not arrived"));
    assert!(!html.contains("rel=\"next\""));
    assert!(html.contains("parent missing"));
}

#[test]
fn of_ten_thousand_spans_the_first_paint_draws_two_hundred() {
    let html = rendered(&sample::large(10_000), Language::English, View::Waterfall);
    assert_eq!(html.matches("data-row=").count(), 200);
    assert!(html.len() < 2_500_000, "{}", html.len());
}

#[test]
fn the_selected_span_is_the_one_in_the_address() {
    let trace = sample::checkout();
    let wish = Wish {
        span: Some(trace.spans[1].address()),
        ..Wish::default()
    };
    let page = crate::sample::page(Language::English);
    let html = TracePage::new(page, &trace, &wish, Duration::from_secs(1))
        .render()
        .unwrap();
    assert!(html.contains(&format!("data-span=\"{}\"", trace.spans[1].span_id)));
    assert!(html.contains("<h2>edge-gateway, → POST /v1/checkout</h2>"));
}

#[test]
fn a_span_that_is_not_in_the_trace_has_no_panel() {
    let other: SpanAddress = "00f067aa0ba902b7".parse().unwrap();
    let page = crate::sample::page(Language::English);
    assert!(SpanFragment::new(page, &sample::one(), other).is_none());
}

#[test]
fn a_missing_trace_offers_to_look_again() {
    let page = TraceMissing::new(crate::sample::page(Language::English), "<b>", false);
    let html = page.render().unwrap();
    assert!(html.contains("not a trace id") && html.contains("&#60;b&#62;"));
}

#[test]
fn a_clock_that_is_off_is_said_and_can_be_seen_as_sent() {
    let trace = sample::skewed();
    let html = rendered(&trace, Language::English, View::Waterfall);
    assert!(
        html.contains("The clock of node-late was 140\u{a0}ms behind"),
        "the note"
    );
    assert!(html.contains("?clock=sent"));
    let at = |name: &str| {
        trace
            .spans
            .iter()
            .position(|span| &*span.resource.service == name)
    };
    let moved = at("rates").unwrap();
    let detail = detail::Detail::of(&trace, moved, &rows::Colours::of(&trace)).unwrap();
    assert_eq!(detail.started, Duration::from_millis(15));
    assert_eq!(detail.events[0].at, Duration::from_millis(20));
    let quiet = rendered(&sample::checkout(), Language::English, View::Waterfall);
    assert!(!quiet.contains("?clock="));
}
