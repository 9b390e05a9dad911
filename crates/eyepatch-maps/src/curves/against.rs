use eyepatch_core::{Mask, Seed};
use serde::{Deserialize, Serialize};

use super::{CellOrder, Curve, CurveKind, CurveRule, curve};
use crate::error::within;
use crate::null::Moves;
use crate::{Map, MapsError, NotEstimable};

/// What a map's order is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderNull {
    /// Cells in a random order: scattered holes, which look like no image that the model knows.
    Random,
    /// The map moved to a random place ([`crate::null::MovedNull`]): holes of the same shapes, so only their place
    /// differs.
    Moved,
}

/// A curve beside those of orders that know nothing of the image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgainstOrders {
    /// The map's own.
    pub curve: Curve,
    /// What it is held against.
    pub null: OrderNull,
    /// The others' areas.
    pub null_aucs: Vec<f64>,
    /// By how much the map's area is better than the others' mean: smaller for a deletion, larger for an insertion.
    /// On the output's scale; above 0 is good.
    pub gain: f64,
    /// (r + 1) / (n + 1), where r of n other orders do at least as well.
    pub p: f64,
}

/// Takes the curve of a map and of `orders` others.
///
/// # Errors
/// As [`curve`]; [`NotEstimable::ConstantMap`]; [`MapsError::OutOfRange`] without orders.
pub fn against_orders<E: From<MapsError>>(
    map: &Map,
    kind: CurveKind,
    rule: CurveRule,
    (null, orders): (OrderNull, usize),
    seed: Seed,
    mut ask: impl FnMut(&[Mask]) -> Result<Vec<f64>, E>,
) -> Result<AgainstOrders, E> {
    within("orders", "1 or more", orders as f64, orders > 0)?;
    if map.is_constant() {
        return Err(MapsError::from(NotEstimable::ConstantMap).into());
    }
    let own = curve(&CellOrder::by_value(map, seed.child("ties")), kind, rule, &mut ask)?;
    let mut null_aucs = Vec::with_capacity(orders);
    for i in 0..orders {
        let seed = seed.child(&format!("order {i}"));
        let order = match null {
            OrderNull::Random => CellOrder::at_random(map.height(), map.width(), seed),
            OrderNull::Moved => CellOrder::by_value(&Moves::draw(map, seed).apply(map), seed.child("ties")),
        };
        null_aucs.push(curve(&order, kind, rule, &mut ask)?.auc);
    }
    let sign = if kind == CurveKind::Deletion { -1.0 } else { 1.0 };
    let mean = null_aucs.iter().sum::<f64>() / orders as f64;
    let as_good = null_aucs.iter().filter(|auc| sign * **auc >= sign * own.auc).count();
    let (gain, p) = (sign * (own.auc - mean), (as_good + 1) as f64 / (orders + 1) as f64);
    Ok(AgainstOrders { curve: own, null, null_aucs, gain, p })
}
