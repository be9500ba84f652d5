//! The named patterns of a hitmap: a small drawing of each, what it looks like, what it usually
//! means (on a map by the time in calls as well), and what to look at next.

use crate::page::Page;

/// Width and height of a cell of a drawing.
const CELL: (usize, usize) = (6, 5);

/// The drawing of each pattern: `.` none, `o` some, `O` many, `s` slow, `e` failed transactions.
const SHAPES: [(&str, [&str; 8]); 5] = [
    (
        "vertical",
        [
            "................",
            ".........s......",
            ".........s......",
            ".........s......",
            ".........o......",
            "o.o..o...O.o.o.o",
            "ooooo....Ooooooo",
            "OOOOo....OOOOOOO",
        ],
    ),
    (
        "horizontal",
        [
            "................",
            "......eeeeeeeeee",
            "................",
            "................",
            "..o....o....o...",
            "o.oo.oo.o.ooo.oo",
            "oooooooooooooooo",
            "OOOOOOOOOOOOOOOO",
        ],
    ),
    (
        "wave",
        [
            "................",
            "...s.....s......",
            "..oso...oso...o.",
            "..ooo...ooo..ooo",
            ".oo.oo.oo.oo.o.o",
            "oo...ooo...ooo..",
            "OO...OOO...OO...",
            "OO....O.....O...",
        ],
    ),
    (
        "overload",
        [
            "...............s",
            ".............sss",
            "...........sssso",
            "..........ossooO",
            ".........ooooOO.",
            "o.oo.oo.ooOOO...",
            "ooooooooOOO.....",
            "OOOOOOOOO.......",
        ],
    ),
    (
        "flood",
        [
            "................",
            "................",
            ".........o..o..o",
            ".........oooooo.",
            "........ooOoooOo",
            ".o...o..OOOOOOOO",
            "o.oo..ooOOOOOOOO",
            "ooooooooOOOOOOOO",
        ],
    ),
];

/// A pattern, ready to be rendered.
#[derive(Debug)]
pub struct Drawn {
    /// Word of the kind.
    pub kind: &'static str,
    /// Name of the pattern.
    pub name: String,
    /// What it looks like.
    pub looks: String,
    /// What it means.
    pub means: String,
    /// What to look at next.
    pub next: String,
    /// What it means on a map by the time in calls.
    pub calls: String,
    /// The drawing.
    pub cells: Vec<DrawnCell>,
}

/// One cell of a drawing.
#[derive(Debug)]
pub struct DrawnCell {
    /// CSS class of the colour.
    pub class: &'static str,
    /// Column, from the left.
    pub x: usize,
    /// Row, from the top.
    pub y: usize,
}

/// All patterns.
pub fn all(page: &Page) -> Vec<Drawn> {
    let shapes = SHAPES.iter();
    shapes
        .map(|(kind, rows)| Drawn {
            kind,
            name: page.t(&format!("shape-{kind}-name")),
            looks: page.t(&format!("shape-{kind}-looks")),
            means: page.t(&format!("shape-{kind}-means")),
            next: page.t(&format!("shape-{kind}-next")),
            calls: page.t(&format!("shape-{kind}-calls")),
            cells: cells(rows),
        })
        .collect()
}

fn cells(rows: &[&str; 8]) -> Vec<DrawnCell> {
    let places = rows.iter().enumerate().flat_map(|(row, line)| {
        let letters = line.bytes().enumerate();
        letters.map(move |(column, letter)| (letter, column * CELL.0, row * CELL.1))
    });
    places
        .filter_map(|(letter, x, y)| {
            let class = match letter {
                b'o' => "drawn-some",
                b'O' => "drawn-many",
                b's' => "drawn-slow",
                b'e' => "drawn-error",
                _ => return None,
            };
            Some(DrawnCell { class, x, y })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    #[test]
    fn every_shape_is_drawn_and_explained() {
        for language in Language::ALL {
            let shapes = all(&Page::plain(language));
            assert_eq!(shapes.len(), 5);
            for shape in shapes {
                assert!(shape.cells.len() > 30, "{}", shape.kind);
                for text in [
                    &shape.name,
                    &shape.looks,
                    &shape.means,
                    &shape.next,
                    &shape.calls,
                ] {
                    assert!(!text.starts_with("shape-"), "{text} in {}", language.tag());
                }
            }
        }
    }

    #[test]
    fn a_drawing_is_as_wide_as_its_frame() {
        for (kind, rows) in SHAPES {
            assert!(rows.iter().all(|row| row.len() == 16), "{kind}");
        }
    }
}
