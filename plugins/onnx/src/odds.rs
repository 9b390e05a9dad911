/// Turns one image's softmax logits into log odds of each class against the rest, `ln p / (1 - p)` =
/// `z - ln(sum of exp of the others)`: a softmax logit alone means nothing, only its distance to the others.
pub(crate) fn log_odds(logits: &mut [f32]) {
    let z: Vec<f64> = logits.iter().map(|&v| f64::from(v)).collect();
    for (class, out) in logits.iter_mut().enumerate() {
        let others = || z.iter().enumerate().filter(|&(i, _)| i != class).map(|(_, &v)| v);
        let top = others().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = others().map(|v| (v - top).exp()).sum();
        *out = (z[class] - top - sum.ln()) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::log_odds;

    #[test]
    fn they_are_those_of_the_probabilities() {
        let logits = [0.3f32, -1.2, 2.5];
        let exp: Vec<f64> = logits.iter().map(|&v| f64::from(v).exp()).collect();
        let sum: f64 = exp.iter().sum();
        let mut odds = logits;
        log_odds(&mut odds);
        for (odds, e) in odds.iter().zip(&exp) {
            let p = e / sum;
            assert!((f64::from(*odds) - (p / (1.0 - p)).ln()).abs() < 1e-6);
        }
    }

    #[test]
    fn two_classes_differ_by_their_logits_and_large_ones_stay_finite() {
        let mut two = [3.0f32, 1.0];
        log_odds(&mut two);
        assert_eq!(two, [2.0, -2.0]);
        let mut large = [5000.0f32, -5000.0, 0.0];
        log_odds(&mut large);
        assert_eq!(large, [5000.0, -10000.0, -5000.0]);
    }
}
