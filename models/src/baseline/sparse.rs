//! Rows of numbers that are mostly zero.

/// Rows of which only the numbers that are not zero are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseRows {
    columns: usize,
    /// Where each row begins, and where the last ends.
    starts: Vec<usize>,
    places: Vec<u32>,
    values: Vec<f32>,
}

impl SparseRows {
    /// Returns no rows, of so many columns.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            starts: vec![0],
            places: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Adds a row of columns with their values; the columns may come in any order, but each only once.
    ///
    /// # Panics
    /// A column is beyond the last.
    pub fn push(&mut self, entries: impl IntoIterator<Item = (u32, f32)>) {
        for (column, value) in entries {
            assert!(
                (column as usize) < self.columns,
                "column {column} of {}",
                self.columns
            );
            self.places.push(column);
            self.values.push(value);
        }
        self.starts.push(self.places.len());
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Returns true if there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Returns the columns of a row with their values.
    ///
    /// # Panics
    /// There is no such row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, f32)> {
        let entries = self.starts[row]..self.starts[row + 1];
        let places = self.places[entries.clone()].iter().map(|column| *column as usize);
        places.zip(self.values[entries].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_put_in() {
        let mut rows = SparseRows::new(4);
        rows.push([(3, 1.5), (0, -2.0)]);
        rows.push([]);
        rows.push([(1, 4.0)]);
        assert_eq!((rows.len(), rows.columns(), rows.is_empty()), (3, 4, false));
        assert_eq!(rows.row(0).collect::<Vec<_>>(), [(3, 1.5), (0, -2.0)]);
        assert_eq!(rows.row(1).count(), 0);
        assert_eq!(rows.row(2).collect::<Vec<_>>(), [(1, 4.0)]);
    }
}
