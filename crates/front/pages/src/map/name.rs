//! Cuts names to the width of a node, because SVG has no ellipsis for cut text.

/// As much of a name as fits into `width` pixels, in a semibold sans-serif font of 12 px. Each
/// character is taken as wide as the widest of its class, in tenths of a pixel.
pub(super) fn fitting(name: &str, width: usize) -> String {
    let wide = |letter: char| match letter {
        '.' | ',' | ':' | '\'' | '|' | '!' | 'i' | 'j' | 'l' | 'I' => 35,
        '-' | '/' | '(' | ')' | 'f' | 'r' | 't' => 52,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' => 65,
        'a' | 'e' => 68,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 115,
        letter if letter.is_ascii_uppercase() => 85,
        letter if letter.is_ascii() => 75,
        _ => 120,
    };
    let width = width * 10;
    let whole: usize = name.chars().map(wide).sum();
    if whole <= width {
        return name.to_owned();
    }
    let mut taken = wide('…');
    let mut fit: String = name
        .chars()
        .take_while(|letter| {
            taken += wide(*letter);
            taken <= width
        })
        .collect();
    fit.push('…');
    fit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_ends_in_dots() {
        let cases = [
            ("redis.payments.svc", "redis.payments.svc"),
            ("payment.authorized", "payment.authori…"),
            ("ledger.posted", "ledger.posted"),
            ("wwwwwwwwwwww", "wwwwwwwww…"),
            ("決済ゲートウェイ東京", "決済ゲートウェイ…"),
            ("", ""),
        ];
        for (name, short) in cases {
            assert_eq!(fitting(name, 116), short);
        }
    }
}
