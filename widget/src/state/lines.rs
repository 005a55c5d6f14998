//! The conversation as it is shown.

use std::ops::Deref;

use super::message::Line;

/// The conversation, oldest first; it knows from which line on it differs from what was shown last.
#[derive(Debug, Default)]
pub struct Lines {
    lines: Vec<Line>,
    /// Behind the end where nothing differs.
    changed: Option<usize>,
}

impl Deref for Lines {
    type Target = [Line];
    fn deref(&self) -> &[Line] {
        &self.lines
    }
}

impl Lines {
    /// The first line that is to be shown anew, if there is one or if lines have gone; it is then taken as shown.
    pub fn take_changed(&mut self) -> Option<usize> {
        self.changed.take()
    }

    pub(super) fn holds(&self, id: &str) -> bool {
        self.place(id).is_some()
    }

    /// A line that is about to be changed.
    pub(super) fn change(&mut self, id: &str) -> Option<&mut Line> {
        let place = self.place(id)?;
        self.touch(place);
        self.lines.get_mut(place)
    }

    pub(super) fn push(&mut self, line: Line) {
        self.insert(self.lines.len(), line);
    }

    /// Puts a line behind the one with this id, or at the end where there is none.
    pub(super) fn insert_behind(&mut self, id: &str, line: Line) {
        self.insert(self.place(id).map_or(self.lines.len(), |place| place + 1), line);
    }

    pub(super) fn remove(&mut self, id: &str) {
        if let Some(place) = self.place(id) {
            self.touch(place);
            self.lines.remove(place);
        }
    }

    /// Puts other lines in the place of all; gives those that were there.
    pub(super) fn replace(&mut self, lines: Vec<Line>) -> Vec<Line> {
        self.touch(0);
        std::mem::replace(&mut self.lines, lines)
    }

    fn insert(&mut self, place: usize, line: Line) {
        self.touch(place);
        self.lines.insert(place, line);
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.lines.iter().position(|line| line.id == id)
    }

    fn touch(&mut self, place: usize) {
        self.changed = Some(self.changed.map_or(place, |first| first.min(place)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str) -> Line {
        Line { id: id.to_owned(), ..Line::default() }
    }

    #[test]
    fn what_differs_begins_at_the_first_change() {
        let mut lines = Lines::default();
        assert_eq!(lines.take_changed(), None);
        lines.push(line("a"));
        lines.push(line("c"));
        assert_eq!((lines.take_changed(), lines.take_changed()), (Some(0), None));
        lines.insert_behind("a", line("b"));
        lines.change("c").unwrap().text.push('!');
        assert_eq!(lines.take_changed(), Some(1));
        lines.remove("c");
        assert_eq!((lines.take_changed(), lines.len()), (Some(2), 2));
        lines.remove("unknown");
        assert!(lines.change("unknown").is_none() && !lines.holds("c") && lines.holds("b"));
        assert_eq!(lines.take_changed(), None);
        assert_eq!((lines.replace(Vec::new()).len(), lines.take_changed()), (2, Some(0)));
    }
}
