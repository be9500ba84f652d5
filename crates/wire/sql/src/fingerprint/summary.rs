//! Operation and first table of a statement, such as `SELECT orders`.

use super::{pieces::Piece, print::text};

/// The specification's limit for `db.query.summary`, in bytes.
const MAX_BYTES: usize = 255;

/// The summary of `pieces`; the operation alone when no table is found.
pub(super) fn summary(pieces: &[Piece]) -> String {
    let Some(start) = pieces.iter().position(is_word) else {
        return String::new();
    };
    let start = if pieces[start].is_keyword("WITH") {
        main_verb(&pieces[start..]).map_or(start, |offset| start + offset)
    } else {
        start
    };
    let (verb, rest) = (text(&pieces[start]), &pieces[start + 1..]);
    let (object, from) = match verb {
        "SELECT" | "DELETE" => ("", after(rest, &["FROM"])),
        "INSERT" | "REPLACE" | "MERGE" | "UPSERT" => ("", after(rest, &["INTO"]).or(Some(rest))),
        "UPDATE" | "CALL" | "EXEC" | "EXECUTE" | "TRUNCATE" => ("", Some(rest)),
        "CREATE" | "ALTER" | "DROP" => {
            let object = rest.iter().find(|piece| is_word(piece)).map_or("", text);
            (object, after(rest, &["TABLE"]))
        }
        _ => ("", None),
    };
    let mut out = verb.to_owned();
    for part in [object, &from.map(first_name).unwrap_or_default()] {
        if !part.is_empty() {
            out.push(' ');
            out.push_str(part);
        }
    }
    out.truncate(out.floor_char_boundary(MAX_BYTES));
    out
}

fn is_word(piece: &Piece) -> bool {
    matches!(piece, Piece::Keyword(_) | Piece::Word(_))
}

/// Start of the statement after the common table expressions.
fn main_verb(pieces: &[Piece]) -> Option<usize> {
    let mut depth = 0i32;
    pieces.iter().position(|piece| {
        depth += i32::from(piece.is_symbol("(")) - i32::from(piece.is_symbol(")"));
        let verb = matches!(piece, Piece::Keyword(text)
            if matches!(&**text, "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "MERGE"));
        verb && depth == 0
    })
}

/// The pieces after the first of `keywords` that is directly followed by a name.
fn after<'p>(pieces: &'p [Piece], keywords: &[&str]) -> Option<&'p [Piece]> {
    (0..pieces.len())
        .map(|index| &pieces[index..])
        .find_map(|tail| {
            let [first, rest @ ..] = tail else {
                return None;
            };
            let named = matches!(rest.first(), Some(Piece::Word(_) | Piece::Keyword(_)));
            (named && keywords.iter().any(|keyword| first.is_keyword(keyword))).then_some(rest)
        })
}

/// The first name in `pieces` with its qualifiers, unquoted. Empty when anything but keywords comes
/// before it.
fn first_name(pieces: &[Piece]) -> String {
    let mut out = String::new();
    let mut pieces = pieces
        .iter()
        .skip_while(|piece| matches!(piece, Piece::Keyword(_)));
    while let Some(Piece::Word(word)) = pieces.next() {
        out.push_str(word.trim_matches(['"', '`', '[', ']']));
        if !pieces.next().is_some_and(|piece| piece.is_symbol(".")) {
            break;
        }
        out.push('.');
    }
    out
}
