//! From a row's labels to its classes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Match, PadChest};

/// PadChest's label tree; the file says where it comes from.
const TREE: &str = include_str!("../../data/padchest_tree.txt");

/// A finding and all findings below it in PadChest's label tree, in lower case. One that the tree does not list stands
/// alone.
#[must_use]
pub fn with_children(finding: &str) -> BTreeSet<String> {
    let children: BTreeMap<&str, Vec<&str>> = TREE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .map(|(parent, list)| (parent.trim(), list.split(',').map(str::trim).collect()))
        .collect();
    let mut all = BTreeSet::new();
    let mut open = vec![finding.to_lowercase()];
    while let Some(next) = open.pop() {
        open.extend(children.get(next.as_str()).into_iter().flatten().map(|child| (*child).to_owned()));
        all.insert(next);
    }
    all
}

/// What makes a row one of a class.
pub(super) struct Classes {
    by: Match,
    /// For each class the labels that count, in lower case.
    labels: Vec<BTreeSet<String>>,
}

impl Classes {
    pub(super) fn of(set: &PadChest) -> Self {
        let labels = set.classes.iter().map(|class| {
            let synonyms = set.synonyms.get(class).into_iter().flatten().map(String::as_str);
            let names = std::iter::once(class.as_str()).chain(synonyms);
            match set.match_ {
                Match::Hierarchy => names.flat_map(with_children).collect(),
                Match::Exact | Match::Substring => names.map(str::to_lowercase).collect(),
            }
        });
        Self { by: set.match_, labels: labels.collect() }
    }

    /// A row's classes from its labels (as [`normalised`] gives them).
    pub(super) fn labels(&self, found: &BTreeSet<String>) -> Vec<Option<bool>> {
        let has = |wanted: &BTreeSet<String>| match self.by {
            Match::Substring => found.iter().any(|label| wanted.iter().any(|w| label.contains(w))),
            Match::Exact | Match::Hierarchy => found.iter().any(|label| wanted.contains(label)),
        };
        self.labels.iter().map(|wanted| Some(has(wanted))).collect()
    }
}

/// Labels without blanks around them, in lower case, each once; empty ones are left out.
pub(super) fn normalised(items: Vec<Option<String>>) -> BTreeSet<String> {
    let items = items.into_iter().flatten().map(|label| label.trim().to_lowercase());
    items.filter(|label| !label.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_reaches_grandchildren() {
        let pneumonia = with_children("Pneumonia");
        assert!(
            pneumonia.contains("atypical pneumonia") && pneumonia.contains("viral pneumonia"),
            "{pneumonia:?}"
        );
        assert_eq!(with_children("atelectasis").len(), 7);
        assert_eq!(with_children("pleural effusion").len(), 6);
        assert_eq!(with_children("cardiomegaly"), BTreeSet::from(["cardiomegaly".to_owned()]));
        assert_eq!(with_children("goiter").len(), 1);
    }

    #[test]
    fn each_way_of_matching_counts_what_it_says() {
        let found = |set: &PadChest, labels: &[&str]| {
            let labels = normalised(labels.iter().map(|l| Some((*l).to_owned())).collect());
            let found = Classes::of(set).labels(&labels);
            let classes = set.classes.iter().zip(found).filter(|(_, l)| *l == Some(true));
            classes.map(|(c, _)| c.clone()).collect::<Vec<_>>()
        };
        let of = |by| PadChest::default().match_by(by);
        let child = ["laminar atelectasis"];
        assert!(found(&of(Match::Exact), &child).is_empty());
        assert_eq!(found(&of(Match::Substring), &child), ["atelectasis"]);
        assert_eq!(found(&of(Match::Hierarchy), &child), ["atelectasis"]);
        // Only the tree knows that an empyema is an effusion; a substring finds what only sounds alike.
        assert!(found(&of(Match::Substring), &["empyema"]).is_empty());
        assert_eq!(found(&of(Match::Hierarchy), &["empyema"]), ["pleural effusion"]);
        assert_eq!(
            found(&of(Match::Hierarchy), &["hydropneumothorax"]),
            ["pneumothorax", "pleural effusion"]
        );
        assert_eq!(found(&of(Match::Exact), &[" Pneumonia ", "PNEUMONIA", ""]), ["pneumonia"]);
        let named = of(Match::Exact).synonym("cardiomegaly", "Big Heart");
        assert_eq!(found(&named, &["big heart"]), ["cardiomegaly"]);
    }
}
