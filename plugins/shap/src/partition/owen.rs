use super::queue::{Item, Queue};
use super::tree::Tree;
use super::{Block, Shown};
use crate::game::play_shown;
use crate::{Error, Game};

/// How partition SHAP spends its evaluations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartitionSettings {
    /// Largest number of evaluations, at least 2; the two of the image and the base are among them. An odd number
    /// counts as the even one below it: a division takes two.
    pub evaluations: usize,
    /// Blocks divided at a time, at least 1. They are chosen before any of them is evaluated, so the values depend on
    /// it. shap's `batch_size` is twice as much.
    pub expand: usize,
    /// Stop early once no block that is left may move more than this share of the largest |output - base|; 0 or `None`
    /// spends all evaluations.
    pub target: Option<f64>,
}

/// Owen values of an image's parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Owen {
    whole: Block,
    tree: Tree,
    /// Output on the base, one a class.
    pub base: Vec<f64>,
    /// Output on the image, one a class.
    pub output: Vec<f64>,
    /// Evaluations used.
    pub evaluations: usize,
}

/// Owen values (Owen, "Values of games with a priori unions", 1977) over the axis-aligned hierarchy of
/// [`Block::halves`], as shap's `PartitionExplainer` estimates them. A block's gain is halved between two contexts, with
/// its sibling hidden and shown; the block whose gain, weighted, moves some class most is divided first. What the
/// budget leaves undivided is spread evenly over its values. All classes take the same evaluations.
///
/// Equal to shap 0.51 but where two blocks weigh exactly the same: there the first pushed goes first, while shap draws.
///
/// # Errors
/// [`Error::Budget`] below 2 evaluations, [`Error::Length`] and [`Error::NotFinite`] for outputs that cannot be, and
/// what the game says.
pub fn partition<G: Game<[Shown]>>(
    game: &mut G,
    whole: Block,
    settings: PartitionSettings,
) -> Result<Owen, G::Error> {
    let evaluations = settings.evaluations;
    if evaluations < 2 {
        return Err(Error::Budget { evaluations, what: "partition SHAP".into(), needed: 2 }.into());
    }
    let mut search = Search::start(game, whole)?;
    search.push([Item { node: 0, siblings: 0, without: 0, with: 1, weight: 1.0 }]);
    let limit = evaluations / 2 * 2;
    while search.rows() < limit && !search.settled(settings.target) {
        let room = (limit - search.rows()) / 2;
        let opened = search.open(settings.expand.max(1).min(room));
        if opened.is_empty() {
            break;
        }
        search.divide(game, &opened)?;
    }
    Ok(search.finish())
}

struct Search {
    whole: Block,
    tree: Tree,
    queue: Queue,
    classes: usize,
    /// Of all evaluations so far, `n` x classes: 0 is the base, 1 the image.
    outputs: Vec<f64>,
}

/// An item with the halves of its block.
type Opened = (Item, usize, usize);

impl Search {
    fn start<G: Game<[Shown]>>(game: &mut G, whole: Block) -> Result<Self, G::Error> {
        let (classes, mut outputs) = (game.classes(), Vec::new());
        play_shown(game, &[Shown::nothing(whole), Shown::everything(whole)], &mut outputs)?;
        Ok(Self { whole, tree: Tree::new(whole, classes), queue: Queue::default(), classes, outputs })
    }

    fn rows(&self) -> usize {
        self.outputs.len() / self.classes
    }

    /// What each class gains where evaluation `with` takes the place of `without`.
    fn gains(&self, without: usize, with: usize) -> impl Iterator<Item = f64> + '_ {
        let row = |i: usize| &self.outputs[i * self.classes..(i + 1) * self.classes];
        row(with).iter().zip(row(without)).map(|(with, without)| with - without)
    }

    fn largest_gain(&self, without: usize, with: usize) -> f64 {
        self.gains(without, with).fold(0.0, |largest, gain| largest.max(gain.abs()))
    }

    fn push(&mut self, items: impl IntoIterator<Item = Item>) {
        for item in items {
            let priority = self.largest_gain(item.without, item.with) * item.weight;
            self.queue.push(priority, item);
        }
    }

    fn settled(&self, target: Option<f64>) -> bool {
        let (Some(target), Some(first)) = (target, self.queue.first()) else { return false };
        first <= target * self.largest_gain(0, 1)
    }

    /// Credits a block with its whole gain in this context.
    fn settle(&mut self, item: &Item) {
        let row = |i: usize| i * self.classes..(i + 1) * self.classes;
        let pairs = self.outputs[row(item.with)].iter().zip(&self.outputs[row(item.without)]);
        self.tree.credit(item.node, pairs.map(|(with, without)| (with - without) * item.weight));
    }

    /// The next items that can be divided, at most `n`; single values on the way are settled.
    fn open(&mut self, n: usize) -> Vec<Opened> {
        let mut opened = Vec::with_capacity(n);
        while opened.len() < n
            && let Some(item) = self.queue.pop()
        {
            match self.tree.halves(item.node) {
                Some((first, second)) => opened.push((item, first, second)),
                None => self.settle(&item),
            }
        }
        opened
    }

    fn divide<G: Game<[Shown]>>(&mut self, game: &mut G, opened: &[Opened]) -> Result<(), G::Error> {
        let alone =
            |item: &Item, half| Shown::new(self.whole, self.tree.node(half).block, item.siblings, true);
        let shown: Vec<Shown> =
            opened.iter().flat_map(|(item, a, b)| [alone(item, *a), alone(item, *b)]).collect();
        let start = self.rows();
        play_shown(game, &shown, &mut self.outputs)?;
        for (i, (item, first, second)) in opened.iter().enumerate() {
            let (first_alone, second_alone) = (start + 2 * i, start + 2 * i + 1);
            let beside = item.siblings | 1 << self.tree.node(item.node).depth;
            let half = |node, siblings, without, with| Item {
                node,
                siblings,
                without,
                with,
                weight: item.weight / 2.0,
            };
            self.push([
                half(*first, item.siblings, item.without, first_alone),
                half(*second, item.siblings, item.without, second_alone),
                half(*first, beside, second_alone, item.with),
                half(*second, beside, first_alone, item.with),
            ]);
        }
        Ok(())
    }

    fn finish(mut self) -> Owen {
        while let Some(item) = self.queue.pop() {
            self.settle(&item);
        }
        Owen {
            whole: self.whole,
            tree: self.tree,
            base: self.outputs[..self.classes].to_vec(),
            output: self.outputs[self.classes..2 * self.classes].to_vec(),
            evaluations: self.outputs.len() / self.classes,
        }
    }
}

impl Owen {
    /// Number of classes explained.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.base.len()
    }

    /// A class's values, channels x height x width. `class` is below [`Owen::classes`].
    ///
    /// # Panics
    /// For a class that is not there.
    #[must_use]
    pub fn values(&self, class: usize) -> Vec<f64> {
        self.paint(class, true)
    }

    /// A class's values added up over channels, height x width.
    ///
    /// # Panics
    /// For a class that is not there.
    #[must_use]
    pub fn summed(&self, class: usize) -> Vec<f64> {
        self.paint(class, false)
    }

    /// `output - base - sum of values` of a class: rounding alone.
    ///
    /// # Panics
    /// For a class that is not there.
    #[must_use]
    pub fn additivity_error(&self, class: usize) -> f64 {
        self.output[class] - self.base[class] - self.tree.total(class)
    }

    fn paint(&self, class: usize, each_channel: bool) -> Vec<f64> {
        let (height, width, channels) = self.whole.size();
        let planes = if each_channel { channels } else { 1 };
        let mut map = vec![0.0; planes * height * width];
        self.tree.lower(class, |block, value| {
            for channel in block.channels.0..block.channels.1 {
                let plane = if each_channel { channel as usize * height } else { 0 };
                for row in block.rows.0..block.rows.1 {
                    let row = &mut map[(plane + row as usize) * width..][..width];
                    let span = &mut row[block.columns.0 as usize..block.columns.1 as usize];
                    span.iter_mut().for_each(|v| *v += value);
                }
            }
        });
        map
    }
}
