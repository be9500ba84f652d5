//! Tables. One list of columns makes both the table on a page and its download (CSV).
//!
//! A column says its header, its cell, what it sorts by, and its field in the file. Columns stand
//! in the order of the screen. Programs read the files, so a field keeps its place in the file when
//! the screen changes. A page shows a limited number of rows; the file has all.

mod cell;

pub use cell::{Body, Link, TableCell, is_notable};

use crate::{csv, format, page::Page};
use std::cmp::Ordering;

/// Most rows of a table on a page.
pub const ROWS_SHOWN: usize = 200;
/// A column of rows of type `R`.
pub struct TableColumn<R> {
    label: String,
    unit: String,
    after_unit: String,
    head_class: String,
    cell_class: String,
    /// Whether the column shows the change of the column before it. Its header is a sign then, with
    /// the label for screen readers.
    is_change: bool,
    /// Whether only screen readers get the label.
    is_unlabelled: bool,
    /// Makes the cell; `None` when the column is not on the screen.
    cell: Option<fn(&R) -> TableCell>,
    /// The word in the URL that sorts by the column.
    sort: Option<(&'static str, By<R>)>,
    field: Option<Field<R>>,
}

/// What a column sorts by.
pub enum By<R> {
    /// Numbers, the largest first unless the reader chooses otherwise.
    Number(fn(&R) -> Option<f64>),
    /// Texts, in alphabetical order unless the reader chooses otherwise.
    Text(fn(&R) -> [&str; 2]),
}

/// A field of the file.
struct Field<R> {
    /// Position in the file.
    at: usize,
    /// Name in the first line, with the unit.
    name: &'static str,
    value: fn(&R) -> String,
}

impl<R> TableColumn<R> {
    /// A column of the screen. The class applies to its header and its cells.
    pub fn new(class: impl Into<String>, label: String, cell: fn(&R) -> TableCell) -> Self {
        let class = class.into();
        Self {
            label,
            unit: String::new(),
            after_unit: String::new(),
            head_class: class.clone(),
            cell_class: class,
            is_change: false,
            is_unlabelled: false,
            cell: Some(cell),
            sort: None,
            field: None,
        }
    }

    /// A column that only the file has.
    pub fn of_file(at: usize, name: &'static str, value: fn(&R) -> String) -> Self {
        Self {
            label: String::new(),
            unit: String::new(),
            after_unit: String::new(),
            head_class: String::new(),
            cell_class: String::new(),
            is_change: false,
            is_unlabelled: false,
            cell: None,
            sort: None,
            field: Some(Field { at, name, value }),
        }
    }

    /// The unit in the header.
    pub fn unit(self, unit: impl Into<String>) -> Self {
        Self {
            unit: unit.into(),
            ..self
        }
    }

    /// The rest of the label, which stands after the unit.
    pub fn after_unit(self, rest: String) -> Self {
        Self {
            after_unit: rest,
            ..self
        }
    }

    /// Another class for the cells than for the header.
    pub fn cells(self, class: impl Into<String>) -> Self {
        Self {
            cell_class: class.into(),
            ..self
        }
    }

    /// A column that shows the change of the column before it.
    pub fn change(self) -> Self {
        Self {
            is_change: true,
            ..self
        }
    }

    /// A column whose label only screen readers get.
    pub fn unlabelled(self) -> Self {
        Self {
            is_unlabelled: true,
            ..self
        }
    }

    /// Leaves the column out of the screen unless `shown`.
    pub fn shown_if(self, shown: bool) -> Self {
        Self {
            cell: self.cell.filter(|_| shown),
            ..self
        }
    }

    /// The word in the URL that sorts by the column.
    pub fn sort(self, word: &'static str, by: By<R>) -> Self {
        Self {
            sort: Some((word, by)),
            ..self
        }
    }

    /// The column's field in the file.
    pub fn field(self, at: usize, name: &'static str, value: fn(&R) -> String) -> Self {
        Self {
            field: Some(Field { at, name, value }),
            ..self
        }
    }
}

/// What a table is sorted by.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    word: &'static str,
    up: bool,
    /// The word that the URL leaves out.
    default: &'static str,
}

impl Order {
    /// The order in the URL. An unknown word is the default.
    pub fn of<R>(page: &Page, columns: &[TableColumn<R>], default: &'static str) -> Self {
        let asked = page.param("sort").unwrap_or_default();
        let mut sorts = columns.iter().filter_map(|column| column.sort.as_ref());
        let known = sorts.find(|(word, _)| *word == asked);
        let is_text = matches!(known, Some((_, By::Text(_))));
        Self {
            word: known.map_or(default, |(word, _)| word),
            up: match page.param("order") {
                Some("asc") => true,
                Some("desc") => false,
                _ => is_text,
            },
            default,
        }
    }

    /// The rows in this order. Rows without a value come last in both directions.
    pub fn sorted<R>(self, mut rows: Vec<R>, columns: &[TableColumn<R>]) -> Vec<R> {
        let mut sorts = columns.iter().filter_map(|column| column.sort.as_ref());
        let directed = |order: Ordering| if self.up { order } else { order.reverse() };
        match sorts.find(|(word, _)| *word == self.word) {
            Some((_, By::Text(text))) => {
                rows.sort_by(|a, b| directed(text(a).cmp(&text(b))));
                rows
            }
            Some((_, By::Number(number))) => {
                let mut valued: Vec<_> = rows.into_iter().map(|row| (number(&row), row)).collect();
                valued.sort_by(|(a, _), (b, _)| match (a, b) {
                    (Some(a), Some(b)) => directed(a.partial_cmp(b).unwrap_or(Ordering::Equal)),
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => Ordering::Equal,
                });
                valued.into_iter().map(|(_, row)| row).collect()
            }
            None => rows,
        }
    }

    /// The link of a header: sorts by the column, or reverses the order where it already does.
    fn link<R>(self, page: &Page, word: &'static str, by: &By<R>) -> String {
        let natural = matches!(by, By::Text(_));
        let up = if word == self.word { !self.up } else { natural };
        // The default direction is left out of the URL.
        let order = match (up == natural, up) {
            (true, _) => "",
            (false, true) => "asc",
            (false, false) => "desc",
        };
        let word = if word == self.default { "" } else { word };
        page.this_with(&[("sort", word), ("order", order)])
    }

    /// The value of `aria-sort` in a header; empty when the table is not sorted by the column.
    fn direction(self, word: &str) -> &'static str {
        match (word == self.word, self.up) {
            (false, _) => "",
            (true, true) => "ascending",
            (true, false) => "descending",
        }
    }
}

/// A table, ready to be rendered by `parts/table.html`.
pub struct Table {
    /// CSS classes.
    pub class: String,
    /// Whether the script of lists applies: a click on a row follows its link.
    pub is_list: bool,
    /// Whether a script sorts the rows: each header is a button, each cell has a value.
    pub is_sorted_by_script: bool,
    /// Headers, from left to right.
    pub heads: Vec<Head>,
    /// Rows, from the top.
    pub rows: Vec<TableRow>,
    /// How many rows only the download has.
    pub more: Option<String>,
}

/// A header, ready to be rendered.
pub struct Head {
    /// CSS classes.
    pub class: String,
    /// Text of the header.
    pub label: String,
    /// Unit of the numbers; empty for none.
    pub unit: String,
    /// Rest of the text; empty when the unit ends it.
    pub after_unit: String,
    /// Whether the column shows the change of the column before it.
    pub is_change: bool,
    /// Whether only screen readers get the label.
    pub is_unlabelled: bool,
    /// Link that sorts by the column.
    pub href: Option<String>,
    /// `ascending`, `descending`, or empty when the table is not sorted by the column.
    pub direction: &'static str,
}

/// A row, ready to be rendered.
pub struct TableRow {
    /// CSS class; empty for none.
    pub class: &'static str,
    /// Cells, from left to right.
    pub cells: Vec<TableCell>,
}

impl Table {
    /// A table of the first rows, at most `most`. Its note says how many the download has beyond
    /// them.
    pub fn new<R>(page: &Page, columns: &[TableColumn<R>], rows: &[R], most: usize) -> Self {
        let left = rows.len().saturating_sub(most);
        Self {
            more: (left > 0).then(|| page.t1("stats-more", "count", &format::count(left as u64))),
            ..Self::of(columns, &rows[..rows.len() - left])
        }
    }

    /// A table of these rows.
    pub fn of<R>(columns: &[TableColumn<R>], rows: &[R]) -> Self {
        let shown = || columns.iter().filter(|column| column.cell.is_some());
        let cells = |row| {
            let cells = shown().filter_map(|column| {
                let cell = column.cell?(row);
                let classes = [column.cell_class.as_str(), &cell.class];
                let classes: Vec<_> = classes.into_iter().filter(|it| !it.is_empty()).collect();
                let class = classes.join(" ");
                Some(TableCell { class, ..cell })
            });
            cells.collect()
        };
        Self {
            class: String::new(),
            is_list: false,
            is_sorted_by_script: false,
            heads: shown()
                .map(|column| Head {
                    class: column.head_class.clone(),
                    label: column.label.clone(),
                    unit: column.unit.clone(),
                    after_unit: column.after_unit.clone(),
                    is_change: column.is_change,
                    is_unlabelled: column.is_unlabelled,
                    href: None,
                    direction: "",
                })
                .collect(),
            rows: rows
                .iter()
                .map(|row| TableRow {
                    class: "",
                    cells: cells(row),
                })
                .collect(),
            more: None,
        }
    }

    /// The table with links in its headers, sorted in this order.
    pub fn sortable<R>(mut self, page: &Page, columns: &[TableColumn<R>], order: Order) -> Self {
        let shown = columns.iter().filter(|column| column.cell.is_some());
        for (head, column) in self.heads.iter_mut().zip(shown) {
            if let Some((word, by)) = &column.sort {
                head.href = Some(order.link(page, word, by));
                head.direction = order.direction(word);
            }
        }
        self
    }
}

/// The file of a table.
pub struct File<'a, R> {
    fields: Vec<&'a Field<R>>,
}

impl<'a, R> File<'a, R> {
    /// The file of these columns.
    pub fn new(columns: &'a [TableColumn<R>]) -> Self {
        let fields = columns.iter().filter_map(|column| column.field.as_ref());
        let mut fields: Vec<_> = fields.collect();
        fields.sort_by_key(|field| field.at);
        Self { fields }
    }

    /// The first line: the names of the fields.
    pub fn head(&self) -> String {
        csv::line(self.fields.iter().map(|field| field.name))
    }

    /// The line of a row.
    pub fn line(&self, row: &R) -> String {
        let fields: Vec<_> = self.fields.iter().map(|field| (field.value)(row)).collect();
        csv::line(fields.iter().map(String::as_str))
    }

    /// The whole file.
    pub fn of(&self, rows: &[R]) -> String {
        let lines = rows.iter().map(|row| self.line(row));
        std::iter::once(self.head()).chain(lines).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    type Item = (&'static str, Option<f64>);

    fn columns() -> Vec<TableColumn<Item>> {
        vec![
            TableColumn::new("name", "Name".into(), |row: &Item| TableCell::text(row.0))
                .sort("name", By::Text(|row| [row.0, ""]))
                .field(1, "name", |row| row.0.to_owned()),
            TableColumn::new("number", "Size".into(), |row: &Item| {
                TableCell::text("7").class(row.0)
            })
            .unit("s")
            .sort("size", By::Number(|row| row.1))
            .field(0, "size_s", |row| {
                row.1.map_or_else(String::new, |it| it.to_string())
            }),
            TableColumn::new("hidden", "Hidden".into(), |_: &Item| TableCell::default())
                .shown_if(false)
                .sort("hidden", By::Number(|row| row.1.map(|size| -size))),
            TableColumn::of_file(2, "both", |row| format!("{},{:?}", row.0, row.1)),
        ]
    }

    const ROWS: [Item; 3] = [("b", Some(1.0)), ("c", None), ("a", Some(2.0))];

    fn names(query: &[(&str, &str)]) -> String {
        let mut page = Page::plain(Language::English);
        page.query = query
            .iter()
            .map(|(a, b)| ((*a).into(), (*b).into()))
            .collect();
        let columns = columns();
        let order = Order::of(&page, &columns, "size");
        let rows = order.sorted(ROWS.to_vec(), &columns);
        rows.iter().map(|row| row.0).collect()
    }

    #[test]
    fn rows_are_in_the_order_of_the_address() {
        for (query, expected) in [
            (&[][..], "abc"),
            (&[("order", "asc")], "bac"),
            (&[("sort", "name")], "abc"),
            (&[("sort", "name"), ("order", "desc")], "cba"),
            (&[("sort", "hidden")], "bac"),
            (&[("sort", "nonsense"), ("order", "sideways")], "abc"),
        ] {
            assert_eq!(names(query), expected, "{query:?}");
        }
    }

    #[test]
    fn the_file_has_its_fields_in_its_own_order() {
        let columns = columns();
        let file = File::new(&columns);
        assert_eq!(
            file.of(&ROWS),
            "size_s,name,both\r\n1,b,\"b,Some(1.0)\"\r\n,c,\"c,None\"\r\n2,a,\"a,Some(2.0)\"\r\n"
        );
    }

    #[test]
    fn a_table_shows_its_columns_and_its_first_rows() {
        let page = Page::plain(Language::English);
        let columns = columns();
        let order = Order::of(&page, &columns, "size");
        let table = Table::new(&page, &columns, &ROWS, 2).sortable(&page, &columns, order);
        let heads: Vec<_> = table.heads.iter().map(|head| head.label.as_str()).collect();
        assert_eq!(heads, ["Name", "Size"]);
        assert_eq!(table.heads[0].href.as_deref(), Some("/?sort=name"));
        assert_eq!(table.heads[1].href.as_deref(), Some("/?order=asc"));
        assert_eq!(table.heads[1].direction, "descending");
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.rows[0].cells[1].class, "number b");
        assert!(table.more.is_some());
        assert!(Table::new(&page, &columns, &ROWS, 3).more.is_none());
    }
}
