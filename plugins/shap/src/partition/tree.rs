use super::Block;

/// The part of the hierarchy that was looked at, with what each of its blocks is credited with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    classes: usize,
    /// Nodes x classes.
    credits: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    pub(super) block: Block,
    /// Divisions between the image and it.
    pub(super) depth: u32,
    /// The first half; the second follows it.
    first: Option<usize>,
}

impl Tree {
    pub(super) fn new(whole: Block, classes: usize) -> Self {
        let root = Node { block: whole, depth: 0, first: None };
        Self { nodes: vec![root], classes, credits: vec![0.0; classes] }
    }

    pub(super) fn node(&self, index: usize) -> Node {
        self.nodes[index]
    }

    /// The halves of a node, made when first asked for; `None` for a single value.
    pub(super) fn halves(&mut self, index: usize) -> Option<(usize, usize)> {
        let node = self.nodes[index];
        let first = match node.first {
            Some(first) => first,
            None => {
                let (a, b) = node.block.halves()?;
                let child = |block| Node { block, depth: node.depth + 1, first: None };
                self.nodes.extend([child(a), child(b)]);
                self.credits.resize(self.nodes.len() * self.classes, 0.0);
                self.nodes.len() - 2
            }
        };
        self.nodes[index].first = Some(first);
        Some((first, first + 1))
    }

    /// Credits a node with what each class gained.
    pub(super) fn credit(&mut self, index: usize, gains: impl Iterator<Item = f64>) {
        let row = &mut self.credits[index * self.classes..(index + 1) * self.classes];
        row.iter_mut().zip(gains).for_each(|(sum, gain)| *sum += gain);
    }

    /// The sum of all credits of a class.
    pub(super) fn total(&self, class: usize) -> f64 {
        self.credits.iter().skip(class).step_by(self.classes).sum()
    }

    /// Hands each block that was not divided, with the value of each of its single values, to `paint`: a block's credit
    /// is spread evenly over all that it holds, as shap's `lower_credit` does.
    pub(super) fn lower(&self, class: usize, mut paint: impl FnMut(&Block, f64)) {
        let mut open = vec![(0, 0.0)];
        while let Some((index, above)) = open.pop() {
            let node = &self.nodes[index];
            let each = above + self.credits[index * self.classes + class] / node.block.values() as f64;
            match node.first {
                Some(first) => open.extend([(first, each), (first + 1, each)]),
                None => paint(&node.block, each),
            }
        }
    }
}
