//! Events that are nothing but their number.

pub const WORDS: usize = 1;

#[derive(Debug, Default)]
pub struct Batch {
    pub words: Vec<u32>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub fn size(&self) -> usize {
        self.words.len()
    }

    pub fn recycle(&mut self, _keep: usize) {
        self.words.clear();
    }
}
