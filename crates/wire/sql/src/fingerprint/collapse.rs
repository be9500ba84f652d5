//! Collapses lists whose length is data: `IN (?, ?, ?)` becomes `IN (?)`, and only the first row of
//! `VALUES` stays.

use super::pieces::Piece;

/// Brackets nested deeper are left unchanged, because each level reads its content again.
const MAX_DEPTH: usize = 32;

/// The action when a bracket is closed.
enum Bracket {
    /// No action.
    Plain,
    /// Closes the list that was opened at this index: equal elements become one.
    List(usize),
    /// Closes the first row of `VALUES`, which stays.
    Row,
    /// Closes a further row: it is removed, from the comma before it.
    FurtherRow(usize),
}

/// `pieces` with their lists collapsed.
pub(super) fn collapse(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut open = Vec::new();
    let mut row_end = None;
    for piece in pieces {
        let (opens, closes) = match &piece {
            Piece::Symbol(symbol) => (
                matches!(&**symbol, "(" | "["),
                matches!(&**symbol, ")" | "]"),
            ),
            _ => (false, false),
        };
        if opens {
            open.push(if open.len() < MAX_DEPTH {
                bracket(&out, &piece, row_end)
            } else {
                Bracket::Plain
            });
        }
        out.push(piece);
        if closes {
            match open.pop() {
                Some(Bracket::List(from)) => {
                    let close = out.pop();
                    shrink(&mut out, from);
                    out.extend(close);
                }
                Some(Bracket::Row) => row_end = Some(out.len()),
                Some(Bracket::FurtherRow(from)) => {
                    out.truncate(from);
                    row_end = Some(from);
                }
                Some(Bracket::Plain) | None => {}
            }
        }
    }
    // The statement was cut inside a list.
    while let Some(bracket) = open.pop() {
        match bracket {
            Bracket::List(from) => shrink(&mut out, from),
            Bracket::FurtherRow(from) => out.truncate(from),
            Bracket::Plain | Bracket::Row => {}
        }
    }
    out
}

fn bracket(out: &[Piece], opening: &Piece, row_end: Option<usize>) -> Bracket {
    let Some(last) = out.last() else {
        return Bracket::Plain;
    };
    let round = opening.is_symbol("(");
    let array = matches!(last, Piece::Word(word) if word.eq_ignore_ascii_case("array"));
    if round && last.is_keyword("IN") || !round && array {
        Bracket::List(out.len() + 1)
    } else if round && last.is_keyword("VALUES") {
        Bracket::Row
    } else if round && last.is_symbol(",") && row_end == Some(out.len() - 1) {
        Bracket::FurtherRow(out.len() - 1)
    } else {
        Bracket::Plain
    }
}

/// Reduces a list to its first element when all its elements are equal. The list begins at `from`
/// and ends at the end of `out`.
fn shrink(out: &mut Vec<Piece>, from: usize) {
    let Some(list) = out.get(from..) else { return };
    let mut depth = 0usize;
    let elements: Vec<&[Piece]> = list
        .split(|piece| {
            if let Piece::Symbol(symbol) = piece {
                match &**symbol {
                    "(" | "[" => depth += 1,
                    ")" | "]" => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            depth == 0 && piece.is_symbol(",")
        })
        .collect();
    if let [first, rest @ ..] = &*elements
        && !first.is_empty()
        && rest
            .iter()
            .all(|element| element == first || element.is_empty())
    {
        let end = from + first.len();
        out.truncate(end);
    }
}
