//! Tables as in the documentation.

use std::fmt::Write;

use super::usage::{Resource, Usage};

/// Rows of text and numbers, in Markdown.
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(|column| (*column).to_owned()).collect(), rows: vec![] }
    }

    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// A table of usages behind their labels, without the columns in which all are zero.
    pub fn of_usages(labels: &[&str], rows: &[(Vec<String>, Usage)]) -> Self {
        let used: Vec<Resource> = Resource::ALL
            .into_iter()
            .filter(|resource| rows.iter().any(|(_, usage)| usage[*resource] != 0))
            .collect();
        let mut table = Self::new(labels);
        table.columns.extend(used.iter().map(|resource| resource.name().to_owned()));
        for (labels, usage) in rows {
            let numbers = used.iter().map(|resource| number(usage[*resource]));
            table.row(labels.iter().cloned().chain(numbers).collect());
        }
        table
    }

    pub fn print(&self, title: &str) {
        println!("\n{title}\n");
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| &row[column]).chain([&self.columns[column]]);
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        print_row(&self.columns, &widths);
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        print_row(&rule, &widths);
        self.rows.iter().for_each(|row| print_row(row, &widths));
    }
}

fn print_row(cells: &[String], widths: &[usize]) {
    let mut line = String::from("|");
    for (cell, width) in cells.iter().zip(widths) {
        write!(line, " {cell:width$} |").expect("a string takes all");
    }
    println!("{line}");
}

/// A number with its thousands set apart; nothing for zero.
pub fn number(value: usize) -> String {
    if value == 0 {
        return String::new();
    }
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
