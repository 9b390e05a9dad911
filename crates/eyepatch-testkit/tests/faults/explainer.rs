use eyepatch_core::{
    Attribution, Budget, Ctx, Error, Explained, Explainer, ExplainerCard, Fitted, OutputSpace, Params,
    Result, Subject, Subjects, plugin,
};
use eyepatch_testkit::ExplainerLaws;
use serde::{Deserialize, Serialize};

use crate::{Fault, finds, unseeded};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stripes {
    #[serde(default, skip_serializing_if = "Fault::is_forgotten")]
    fault: Fault,
}
impl Params for Stripes {}

/// The change of output when a column is set to 0, one column at a time, with at most one fault.
#[plugin("test/stripes")]
impl Explainer for Stripes {
    fn card(&self) -> ExplainerCard {
        let name =
            if self.fault == Fault::Card { String::new() } else { format!("stripes, {:?}", self.fault) };
        ExplainerCard {
            name,
            description: "columns set to 0".into(),
            // Zeros add up to nothing, but a method need not be additive.
            additive: self.fault != Fault::Idle,
        }
    }

    fn explain(
        &self,
        fitted: &dyn Fitted,
        subject: Subject<'_>,
        budget: Budget,
        ctx: &Ctx,
    ) -> Result<Attribution> {
        if subject.class >= fitted.classes().len() {
            assert!(self.fault != Fault::Panics, "an unknown class");
            return Err(Error::shape("class", "one of the model's", subject.class.to_string()));
        }
        let image = &subject.sample.image;
        let without = |column: Option<usize>| {
            let mut out = image.clone();
            let hidden = |i: usize| column.is_none_or(|c| i / image.channels() % image.width() == c);
            (0..image.pixels().len()).filter(|&i| hidden(i)).for_each(|i| out.set(i, 0.0));
            out
        };
        let mut images = vec![image.clone(), without(None)];
        if self.fault != Fault::Idle {
            images.extend((0..image.width()).map(|c| without(Some(c))));
        }
        let mut outputs = Vec::new();
        for some in images.chunks(budget.batch) {
            if self.fault != Fault::Deaf {
                ctx.check()?;
            }
            let scores = fitted.predict(&subject.preprocess.batch(some)?, ctx)?;
            outputs.extend((0..scores.len()).map(|i| scores.row(i)[subject.class]));
        }
        let mut values: Vec<f32> = outputs[2..].iter().map(|o| outputs[0] - o).collect();
        let base_value = f64::from(outputs[1]);
        let mut output_value = f64::from(outputs[0]);
        match self.fault {
            Fault::Idle => values = vec![0.0; image.width()],
            Fault::Shape => values.push(0.0),
            Fault::Value => output_value += 1.0,
            Fault::Shifted => values.reverse(),
            Fault::Lopsided => values.extend(vec![0.0; image.width()]),
            Fault::Order => values[0] += (unseeded() % 251) as f32,
            Fault::Region => values[0] += 1.0 / budget.batch as f32,
            Fault::Sum => values[0] += 5.0,
            _ => {}
        }
        let sum: f64 = values.iter().map(|&v| f64::from(v)).sum();
        Ok(Attribution {
            height: if self.fault == Fault::Lopsided { 2 } else { 1 },
            width: image.width(),
            values,
            class: subject.class,
            space: OutputSpace::Logits,
            base_value,
            output_value,
            additivity_error: Some(output_value - base_value - sum),
            evaluations: images.len() - usize::from(self.fault == Fault::Count),
        })
    }

    fn explain_classes(
        &self,
        fitted: &dyn Fitted,
        subjects: Subjects<'_>,
        budget: Budget,
        ctx: &Ctx,
    ) -> Result<Explained> {
        let one = |&class: &usize| self.explain(fitted, subjects.of(class), budget, ctx);
        let mut found = Explained::of(subjects.classes.iter().map(one).collect::<Result<_>>()?);
        match self.fault {
            Fault::Twice => found.evaluations *= 2,
            Fault::Labels => found.attributions.reverse(),
            Fault::Peeks if subjects.classes.len() > 1 => {
                found.attributions.iter_mut().for_each(|a| a.values[0] += 1.0);
            }
            Fault::Planes => {
                let planes = |a: &Attribution| a.values.iter().map(|v| v + 1.0).collect();
                found.channels = Some(found.attributions.iter().map(planes).collect());
            }
            _ => {}
        }
        Ok(found)
    }
}

#[test]
fn explainer_laws_find_faults() {
    let of = |fault| ExplainerLaws::new(Stripes { fault });
    finds(|f| of(f).values_fill_the_grid(), &[Fault::Shape]);
    finds(|f| of(f).evaluations_are_counted(), &[Fault::Count]);
    finds(|f| of(f).output_is_the_models(), &[Fault::Value]);
    finds(|f| of(f).additivity_is_stated(), &[Fault::Sum]);
    finds(|f| of(f).unseen_parts_get_nothing(), &[Fault::Shifted]);
    finds(|f| of(f).seen_parts_get_something(), &[Fault::Idle]);
    finds(|f| of(f).depends_on_the_seed_alone(), &[Fault::Order]);
    finds(|f| of(f).batch_size_does_not_matter(), &[Fault::Region, Fault::Order]);
    finds(|f| of(f).unknown_classes_are_refused(), &[Fault::Panics]);
    finds(|f| of(f).classes_keep_their_order(), &[Fault::Twice, Fault::Labels, Fault::Planes]);
    finds(|f| of(f).classes_do_not_matter_to_each_other(), &[Fault::Peeks, Fault::Labels]);
    finds(|f| of(f).sums_of_outputs_get_sums_of_values(), &[Fault::Sum]);
    finds(|f| of(f).equal_parts_get_equal_values(), &[Fault::Lopsided]);
    finds(|f| of(f).explaining_can_be_cancelled(), &[Fault::Deaf]);
    finds(|f| of(f).card_is_complete(), &[Fault::Card]);
    finds(|f| of(f).parameters_survive_json(), &[Fault::Forgets]);
    of(Fault::None).unknown_parameters_are_refused();
}
