//! Folds names that drivers count up or draw at random: savepoints, cursors, prepared statements,
//! temporary tables. Statements that differ only in such a name have one fingerprint.

use super::pieces::Piece;

/// Fewest digits at the end of a name that make it a counter.
const COUNTER_DIGITS: usize = 3;
/// Fewest hexadecimal digits at the end of a name that make it a random name.
const RANDOM_DIGITS: usize = 8;

/// `pieces` with a mark for each such name.
pub(super) fn fold(mut pieces: Vec<Piece>) -> Vec<Piece> {
    if let Some(at) = place(&pieces)
        && let Some(Piece::Word(_)) = pieces.get(at)
    {
        let end = end_of_name(&pieces, at);
        pieces.splice(at..end, [Piece::Mark]);
    }
    for piece in &mut pieces {
        // Temporary tables of SQL Server.
        if matches!(piece, Piece::Word(word) if word.starts_with('#') && is_drawn(word)) {
            *piece = Piece::Mark;
        }
    }
    pieces
}

/// Where the name stands, by the first words of the statement.
fn place(pieces: &[Piece]) -> Option<usize> {
    let words = Words(pieces);
    let at = match &*words.upper(0)? {
        "SAVEPOINT" => 1,
        "RELEASE" => words.skip(1, &["SAVEPOINT"]),
        "SAVE" => words.skip(1, &["TRAN", "TRANSACTION"]),
        "ROLLBACK" => {
            let at = words.skip(1, &["WORK", "TRAN", "TRANSACTION"]);
            if words.is(at, "TO") {
                words.skip(at + 1, &["SAVEPOINT"])
            } else {
                at
            }
        }
        "DEALLOCATE" => words.skip(1, &["PREPARE"]),
        "PREPARE" if !words.is(1, "TRANSACTION") => 1,
        "CLOSE" | "OPEN" => {
            let at = words.skip(1, &["GLOBAL"]);
            (end_of_name(pieces, at) == pieces.len()).then_some(at)?
        }
        "DECLARE" => (1..6).any(|at| words.is(at, "CURSOR")).then_some(1)?,
        "FETCH" | "MOVE" => {
            let source = |at: &usize| words.is(*at, "FROM") || words.is(*at, "IN");
            match (1..pieces.len()).find(source) {
                Some(at) => at + 1,
                None => last_name(&words)?,
            }
        }
        // Procedures may have a year in their names.
        "EXECUTE" | "EXEC" if words.upper(1)?.contains("STMT") => words.drawn(1)?,
        "CREATE" => {
            let at = words.skip(1, &["GLOBAL", "LOCAL"]);
            let kind = words.is(at, "TEMP") || words.is(at, "TEMPORARY");
            let table = kind.then_some(at + 1).filter(|at| words.is(*at, "TABLE"))?;
            words.skip_all(table + 1, &["IF", "NOT", "EXISTS"])
        }
        "DROP" if words.is(1, "TABLE") => words.drawn(words.skip_all(2, &["IF", "EXISTS"]))?,
        _ => return None,
    };
    Some(at)
}

/// The cursor of a `FETCH` without `FROM`: its last word, unless that is a direction.
fn last_name(words: &Words<'_>) -> Option<usize> {
    const DIRECTIONS: [&str; 7] = [
        "NEXT", "PRIOR", "FIRST", "LAST", "ALL", "FORWARD", "BACKWARD",
    ];
    let last = words.0.len().checked_sub(1).filter(|last| *last > 0)?;
    let direction = DIRECTIONS.iter().any(|word| words.is(last, word));
    (!direction).then_some(last)
}

/// The end of the name at `at`, with its qualifiers.
fn end_of_name(pieces: &[Piece], at: usize) -> usize {
    let mut end = at + 1;
    while pieces.get(end).is_some_and(|piece| piece.is_symbol("."))
        && matches!(pieces.get(end + 1), Some(Piece::Word(_)))
    {
        end += 2;
    }
    end.min(pieces.len())
}

/// Whether a name ends in a counter or in random digits.
fn is_drawn(name: &str) -> bool {
    let name = name.trim_matches(['"', '`', '[', ']', '#']);
    let tail = name.rsplit(['_', '-', '$']).next().unwrap_or_default();
    let digits = tail.bytes().filter(u8::is_ascii_digit).count();
    let hex = tail.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits == tail.len() && digits >= COUNTER_DIGITS
        || hex && digits > 0 && tail.len() >= RANDOM_DIGITS
}

/// The words of a statement, whatever their case.
struct Words<'p>(&'p [Piece]);

impl Words<'_> {
    fn word(&self, at: usize) -> Option<&str> {
        match self.0.get(at)? {
            Piece::Keyword(text) | Piece::Word(text) => Some(text),
            Piece::Mark | Piece::Symbol(_) => None,
        }
    }

    fn upper(&self, at: usize) -> Option<String> {
        self.word(at).map(str::to_ascii_uppercase)
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.word(at)
            .is_some_and(|text| text.eq_ignore_ascii_case(word))
    }

    /// `at`, or the next place when one of `words` stands there.
    fn skip(&self, at: usize, words: &[&str]) -> usize {
        at + usize::from(words.iter().any(|word| self.is(at, word)))
    }

    /// The place after those of `words` that stand at `at`, in their order.
    fn skip_all(&self, at: usize, words: &[&str]) -> usize {
        words.iter().fold(at, |at, word| self.skip(at, &[word]))
    }

    /// `at`, when an unqualified name stands there that ends in a counter or in random digits.
    fn drawn(&self, at: usize) -> Option<usize> {
        let name = matches!(self.0.get(at), Some(Piece::Word(word)) if is_drawn(word));
        (name && end_of_name(self.0, at) == at + 1).then_some(at)
    }
}
