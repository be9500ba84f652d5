//! Tests of the page of all partners.

use super::*;
use crate::sample;
use hinomi_webkit::{i18n::Language, versus::Other};

#[test]
fn every_reason_is_a_sentence_in_every_language() {
    let reasons = [
        BlameReason::Faults { share: 0.9 },
        BlameReason::Refusals { share: 0.9 },
        BlameReason::ManyHosts { hosts: 3 },
        BlameReason::AllCallers { callers: 2 },
        BlameReason::SomeCallers {
            service: "payment".into(),
            others: 2,
        },
        BlameReason::OneInstance {
            instance: "payment-1".into(),
            service: "payment".into(),
            running: 3,
        },
        BlameReason::AllInstances {
            service: "payment".into(),
            running: 3,
        },
        BlameReason::OnlyCaller {
            service: "payment".into(),
        },
    ];
    for language in Language::ALL {
        let page = crate::sample::page(language);
        for reason in &reasons {
            let said = sentence(&page, &Blame::Ours(reason.clone()));
            assert!(!said[0].0.contains("blame-"), "{said:?}");
            assert!(!said[0].0.contains('{'), "{said:?}");
        }
    }
}

#[test]
fn trouble_that_is_over_is_told_with_its_end() {
    for language in Language::ALL {
        let page = crate::sample::page(language);
        let versus = Versus::parse(&page, sample::RANGE, Other::LastWeek).unwrap();
        let view = PartnersView::new(&page, &versus, &sample::recovered_partners());
        assert_eq!(view.verdicts.len(), 1);
        let verdict = &view.verdicts[0];
        let until = sample::RANGE.to.minus(Duration::from_secs(60));
        let until = page.when(until, ClockStyle::Seconds).text;
        assert!(verdict.word.contains(&until), "{}", verdict.word);
        assert_eq!(verdict.class, "ok");
    }
}

#[test]
fn hosts_with_trouble_are_told_of_first() {
    let page = crate::sample::page(Language::English);
    let versus = Versus::parse(&page, sample::RANGE, Other::LastWeek).unwrap();
    let view = PartnersView::new(&page, &versus, &sample::partners());
    assert_eq!(view.verdicts.len(), 1);
    let first = &view.table.rows[0];
    assert_eq!(first.cells[0].title, view.verdicts[0].host);
    assert_eq!(first.class, "partners-first");
}

#[test]
fn the_fields_of_the_file_keep_their_places() {
    let page = crate::sample::page(Language::Japanese);
    let text = file(&page, &sample::partners());
    let fields = "host,service,from,to,count,errors,connect,tls,timeout,4xx,5xx,other,total_ms,\
         p50_ms,p95_ms,p99_ms,compare_from,compare_to,compare_count,compare_errors,\
         compare_p50_ms,compare_p95_ms,compare_p99_ms,verdict";
    assert_eq!(text.lines().next(), Some(fields));
}
