//! Names of a DenseNet's tensors, from wherever they come.

use super::error::{First, Refused, clipped};

/// Every DenseNet has this tensor once.
const FIRST: &str = "features.conv0.weight";

/// What was renamed on the way to torchvision's names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renamed {
    /// What was taken off the names' beginning; empty where there was nothing.
    pub prefix: String,
    /// Names of the form `denselayer1.norm.1`.
    pub old_layers: usize,
    /// The layer of a sequential head that became `classifier`, for instance `classifier.1`.
    pub head: Option<String>,
}

/// The names in torchvision's form, in the same order.
pub(super) fn torchvision(names: &[&str]) -> Result<(Vec<String>, Renamed), Refused> {
    let prefix = prefix(names)?;
    let inner = |name: &&str| name.strip_prefix(prefix).unwrap_or(name).to_owned();
    let mut new: Vec<String> = names.iter().map(inner).collect();
    let mut renamed = Renamed { prefix: prefix.to_owned(), ..Renamed::default() };
    for name in &mut new {
        if let Some(modern) = modern(name) {
            *name = modern;
            renamed.old_layers += 1;
        }
    }
    renamed.head = head(&new);
    if let Some(head) = &renamed.head {
        for name in &mut new {
            if let Some(rest) = name.strip_prefix(head.as_str()).filter(|rest| rest.starts_with('.')) {
                *name = format!("classifier{rest}");
            }
        }
    }
    distinct(names, &new)?;
    Ok((new, renamed))
}

/// What stands before the first convolution's name.
fn prefix<'n>(names: &[&'n str]) -> Result<&'n str, Refused> {
    let before = |name: &&'n str| {
        let prefix = name.strip_suffix(FIRST)?;
        (prefix.is_empty() || prefix.ends_with('.')).then_some(prefix)
    };
    let mut found = names.iter().filter_map(before);
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => {
            let all = First(names.iter().filter(|name| name.ends_with(FIRST)));
            Err(Refused::Ambiguous(format!("more than one network is in the dictionary: {all}")))
        }
        (one, _) => Ok(one.unwrap_or_default()),
    }
}

/// `….denselayer1.norm.1.weight` as `….denselayer1.norm1.weight`; `None` where the name is no such one.
fn modern(name: &str) -> Option<String> {
    let (block, rest) = name.split_once("denselayer")?;
    let (number, rest) = rest.split_once('.')?;
    let (kind, rest) = rest.split_once('.')?;
    let (which, rest) = rest.split_once('.')?;
    let old = number.bytes().all(|b| b.is_ascii_digit())
        && ["norm", "relu", "conv"].contains(&kind)
        && ["1", "2"].contains(&which);
    old.then(|| format!("{block}denselayer{number}.{kind}{which}.{rest}"))
}

/// The only layer with weights of a sequential head. With two of them the head is no linear layer and stays as it is.
fn head(names: &[String]) -> Option<String> {
    let layer = |name: &String| {
        let number = name.strip_prefix("classifier.")?.strip_suffix(".weight")?;
        number.bytes().all(|b| b.is_ascii_digit()).then(|| format!("classifier.{number}"))
    };
    let mut found = names.iter().filter_map(layer);
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// Refuses names that became the same.
fn distinct(old: &[&str], new: &[String]) -> Result<(), Refused> {
    let mut order: Vec<usize> = (0..new.len()).collect();
    order.sort_by_key(|&i| &new[i]);
    match order.windows(2).find(|pair| new[pair[0]] == new[pair[1]]) {
        None => Ok(()),
        Some(pair) => {
            let (a, b, name) = (clipped(old[pair[0]]), clipped(old[pair[1]]), clipped(&new[pair[0]]));
            Err(Refused::Ambiguous(format!("`{a}` and `{b}` both could be `{name}`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(names: &[&str]) -> Vec<String> {
        torchvision(names).unwrap().0
    }

    #[test]
    fn prefixes_old_layers_and_heads_become_torchvisions() {
        for prefix in ["", "module.", "model.", "module._orig_mod.", "net.densenet121."] {
            let name = |n: &str| format!("{prefix}{n}");
            let names = [
                name("features.conv0.weight"),
                name("features.denseblock1.denselayer2.norm.1.running_var"),
                name("features.denseblock1.denselayer2.conv2.weight"),
                name("classifier.1.weight"),
                name("classifier.1.bias"),
                "criterion.pos_weight".to_owned(),
            ];
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let (new, what) = torchvision(&names).unwrap();
            let expected = [
                "features.conv0.weight",
                "features.denseblock1.denselayer2.norm1.running_var",
                "features.denseblock1.denselayer2.conv2.weight",
                "classifier.weight",
                "classifier.bias",
                "criterion.pos_weight",
            ];
            assert_eq!(new, expected);
            let head = Some("classifier.1".to_owned());
            assert_eq!(what, Renamed { prefix: prefix.to_owned(), old_layers: 1, head });
        }
    }

    #[test]
    fn what_is_no_densenet_stays_as_it_is() {
        let names = ["module.conv1.weight", "module.layer1.0.bn1.weight", "xfeatures.conv0.weight"];
        assert_eq!(renamed(&names), names);
        // A head of two layers is no linear layer; who loads it is told of every name.
        let names = ["classifier.0.weight", "classifier.3.weight", "classifier.1x.weight"];
        assert_eq!(renamed(&names), names);
        let names = ["features.denseblock1.denselayer1.norm.3.weight", "denselayer1.pool.1.weight"];
        assert_eq!(renamed(&names), names);
    }

    #[test]
    fn what_could_be_two_things_is_refused() {
        for names in [
            ["student.features.conv0.weight", "teacher.features.conv0.weight"],
            ["classifier.weight", "classifier.1.weight"],
            ["denselayer1.norm.1.weight", "denselayer1.norm1.weight"],
            ["model.features.conv0.weight", "features.conv0.weight"],
        ] {
            let refused = torchvision(&names).unwrap_err();
            assert!(matches!(refused, Refused::Ambiguous(_)), "{refused}");
            assert!(refused.to_string().contains(names[1]), "{refused}");
        }
    }
}
