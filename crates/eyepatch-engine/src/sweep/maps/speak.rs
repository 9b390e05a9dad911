use eyepatch_report::schema::{Cause, MapPlace, Maps, Verdict};

/// Causes that a place of the maps tells of.
const TOLD: [(&str, &str); 2] = [("corner", "in the corners"), ("background", "elsewhere")];

/// Lets maps that passed their checks speak for and against the causes of a verdict. They name no cause by themselves.
pub(in crate::sweep) fn speak(maps: &[Maps], verdict: &mut Verdict) {
    for class in &mut verdict.classes {
        let Some(maps) = maps.iter().find(|m| m.class == class.class && m.counts) else { continue };
        for cause in &mut class.causes {
            let place = TOLD.iter().find(|(name, _)| *name == cause.name);
            let place = place.and_then(|(_, place)| maps.places.iter().find(|p| p.place == *place));
            if let Some(place) = place {
                weigh(place, (&maps.explainer, maps.n_images), cause);
            }
        }
    }
}

/// More or less of the maps than the area alone would give.
fn weigh(place: &MapPlace, (explainer, images): (&str, usize), cause: &mut Cause) {
    let Some((share, interval)) = place.absolute.and_then(|a| Some((a.value, a.interval?))) else { return };
    let says = format!(
        "{explainer} maps: {:.0} % of the attribution lies {}, which is {:.0} % of the image ({images} images)",
        100.0 * share,
        place.place,
        100.0 * place.area
    );
    if interval.lower > place.area {
        cause.speaks_for.push(says);
    } else if interval.upper < place.area {
        cause.speaks_against.push(says);
    }
}

#[cfg(test)]
mod tests {
    use eyepatch_core::Interval;
    use eyepatch_report::schema::Estimate;

    use super::*;

    fn place(area: f64, lower: f64, upper: f64) -> MapPlace {
        let interval = Some(Interval { lower, upper, level: 0.95 });
        let absolute = Some(Estimate { value: f64::midpoint(lower, upper), interval });
        MapPlace { place: "in the corners".into(), area, absolute, positive: None }
    }

    fn spoken(place: MapPlace) -> (usize, usize) {
        let mut cause = Cause {
            name: "corner".into(),
            loss: None,
            named: false,
            speaks_for: Vec::new(),
            speaks_against: Vec::new(),
        };
        weigh(&place, ("Occlusion", 80), &mut cause);
        (cause.speaks_for.len(), cause.speaks_against.len())
    }

    #[test]
    fn only_what_the_area_does_not_explain_speaks() {
        assert_eq!(spoken(place(0.2, 0.3, 0.4)), (1, 0));
        assert_eq!(spoken(place(0.2, 0.1, 0.3)), (0, 0));
        assert_eq!(spoken(place(0.2, 0.1, 0.15)), (0, 1));
    }
}
