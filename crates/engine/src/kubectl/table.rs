//! Columns of text: Go's tabwriter, and the table that `kubectl get` prints with it.
//!
//! Models `text/tabwriter` (a cell ends at a tab, a column is a run of adjacent lines that have that cell) with the
//! remembered widths of the fork that cli-runtime uses, and cli-runtime `pkg/printers/tableprinter.go`.

/// Aligns tab-separated text. Widths are remembered between calls where `remember` is kept, as `kubectl get -w` needs.
#[derive(Clone, Debug)]
pub struct TabWriter {
    min_width: usize,
    padding: usize,
    remembered: Option<Vec<usize>>,
}

impl TabWriter {
    /// The writer of `kubectl get` and friends. Models `printers.GetNewTabWriter`.
    pub fn table() -> Self {
        Self { min_width: 6, padding: 3, remembered: Some(Vec::new()) }
    }
    /// The writer of `kubectl describe`.
    pub fn describe() -> Self {
        Self { min_width: 0, padding: 2, remembered: None }
    }
    /// Aligns text; each line's last cell has no tab after it.
    pub fn align(&mut self, text: &str) -> String {
        let lines: Vec<Vec<&str>> = text.split('\n').map(|l| l.split('\t').collect()).collect();
        let mut out = String::with_capacity(text.len() * 2);
        let mut widths = Vec::new();
        self.block(&lines, 0, lines.len(), &mut widths, &mut out);
        out
    }
    /// Lines `from..to`, whose cells before `widths.len()` have their widths.
    fn block(&mut self, lines: &[Vec<&str>], mut from: usize, to: usize, widths: &mut Vec<usize>, out: &mut String) {
        let column = widths.len();
        let mut i = from;
        while i < to {
            if column + 1 >= lines[i].len() {
                i += 1;
                continue;
            }
            write_lines(lines, from, i, widths, out);
            from = i;
            let mut width = self.min_width;
            while i < to && column + 1 < lines[i].len() {
                width = width.max(lines[i][column].chars().count() + self.padding);
                i += 1;
            }
            if let Some(seen) = &mut self.remembered {
                if seen.len() <= column {
                    seen.resize(column + 1, 0);
                }
                width = width.max(seen[column]);
                seen[column] = width;
            }
            widths.push(width);
            self.block(lines, from, i, widths, out);
            widths.pop();
            from = i;
        }
        write_lines(lines, from, to, widths, out);
    }
}

fn write_lines(lines: &[Vec<&str>], from: usize, to: usize, widths: &[usize], out: &mut String) {
    for (n, line) in lines.iter().enumerate().take(to).skip(from) {
        for (j, cell) in line.iter().enumerate() {
            out.push_str(cell);
            if let Some(width) = widths.get(j).filter(|_| j + 1 < line.len()) {
                out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
            }
        }
        if n + 1 < lines.len() {
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_a_run_of_lines_that_have_the_cell() {
        let text = "Name:\tpi\nAnnotations:\t<none>\nCommand:\n  date\nEnv:\t<none>\n";
        assert_eq!(
            TabWriter::describe().align(text),
            "Name:         pi\nAnnotations:  <none>\nCommand:\n  date\nEnv:  <none>\n"
        );
    }

    #[test]
    fn widths_are_remembered() {
        let mut w = TabWriter::table();
        assert_eq!(w.align("NAME\tAGE\nlonger-name\t1s\n"), "NAME          AGE\nlonger-name   1s\n");
        assert_eq!(w.align("a\t2s\n"), "a             2s\n");
    }
}
