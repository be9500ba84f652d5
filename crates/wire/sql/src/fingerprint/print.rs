//! Writes pieces as text. Spaces follow rules instead of the original: `a=1` and `a = 1` give one
//! text.
//!
//! The text is read back as the same pieces. Therefore the fingerprint of a fingerprint is the same
//! text.

use super::pieces::Piece;

const ELLIPSIS: &str = "…";

/// The text of `pieces`. When it would be longer than `max_bytes`, it is cut between two pieces.
pub(super) fn print(pieces: &[Piece], max_bytes: usize) -> String {
    // The space and the ellipsis of a cut text must fit as well.
    let room = max_bytes.saturating_sub(ELLIPSIS.len() + 1);
    let mut out = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        let text = text(piece);
        let cut = out.len() + 1 + text.len() > room;
        let ellipsis = Piece::Symbol(ELLIPSIS.into());
        if spaced(&pieces[..index], if cut { &ellipsis } else { piece }) {
            out.push(' ');
        }
        if cut {
            out.push_str(ELLIPSIS);
            break;
        }
        out.push_str(text);
    }
    out
}

pub(super) fn text(piece: &Piece) -> &str {
    match piece {
        Piece::Mark => "?",
        Piece::Keyword(text) | Piece::Word(text) | Piece::Symbol(text) => text,
    }
}

/// Whether there is a space between the last piece of `before` and `next`.
fn spaced(before: &[Piece], next: &Piece) -> bool {
    let Some(last) = before.last() else {
        return false;
    };
    let symbol = |piece: &Piece, symbols: &[&str]| matches!(piece, Piece::Symbol(text) if symbols.contains(&&**text));
    // `[a]]` would be a name with an escaped bracket.
    if symbol(next, &["]"]) && matches!(last, Piece::Word(text) if text.ends_with(']')) {
        return true;
    }
    if symbol(next, &[",", ")", "]", ";"]) || symbol(last, &["(", "["]) {
        return false;
    }
    let operand = matches!(last, Piece::Word(_)) || symbol(last, &[")", "]"]);
    if symbol(next, &["["]) || symbol(next, &["."]) {
        return !operand;
    }
    if symbol(next, &["::"]) {
        return !operand && *last != Piece::Mark;
    }
    if symbol(last, &["."]) {
        let qualified = match &before[..before.len() - 1] {
            [.., Piece::Word(_)] => starts_a_name(next) || starts_with(next, '_'),
            [.., close] if symbol(close, &[")", "]"]) => starts_a_name(next),
            _ => false,
        };
        return !(qualified || symbol(next, &["*"]));
    }
    if symbol(last, &["::"]) {
        return !starts_a_name(next);
    }
    if symbol(next, &["("]) {
        return match last {
            Piece::Word(_) => follows_into(before),
            Piece::Keyword(text) => !matches!(
                &**text,
                "AVG" | "CAST" | "COALESCE" | "COUNT" | "MAX" | "MIN" | "SUM"
            ),
            _ => true,
        };
    }
    true
}

/// Whether a tokenizer reads `piece` as a name directly after a point or colons. There, a digit or
/// an underscore could begin a number.
fn starts_a_name(piece: &Piece) -> bool {
    matches!(piece, Piece::Word(text)
        if !text.starts_with(|c: char| c.is_ascii_digit() || c == '_'))
}

fn starts_with(piece: &Piece, character: char) -> bool {
    matches!(piece, Piece::Word(text) if text.starts_with(character))
}

/// Whether `before` ends in the table of an INSERT. The brackets after it hold columns, not
/// arguments.
fn follows_into(before: &[Piece]) -> bool {
    let name = |piece: &&Piece| matches!(piece, Piece::Word(_)) || piece.is_symbol(".");
    before
        .iter()
        .rev()
        .find(|piece| !name(piece))
        .is_some_and(|piece| piece.is_keyword("INTO"))
}
