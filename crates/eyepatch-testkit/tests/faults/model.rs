use std::path::Path;

use eyepatch_core::{
    Batch, Ctx, Embed, Error, Examples, Fitted, InputSpec, Model, ModelCard, OutputSpace, Params, Result,
    Scores, Step, Task, plugin,
};
use eyepatch_testkit::{LeftQuarter, ModelLaws};
use serde::{Deserialize, Serialize};

use crate::{Fault, finds, unseeded};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Quarter {
    fault: Fault,
}
impl Params for Quarter {}

/// The toy model behind the trait, with at most one fault.
#[plugin("test/quarter")]
impl Model for Quarter {
    fn card(&self) -> ModelCard {
        ModelCard {
            name: "quarter".into(),
            task: Task::Softmax,
            output: OutputSpace::Logits,
            preprocessing: if self.fault == Fault::Card { vec![Step::Decode] } else { Step::strict() },
            trained_here: true,
            parameters: Some(0),
            description: "sees the left quarter".into(),
        }
    }

    fn input(&self) -> InputSpec {
        InputSpec { channels: 1, size: (8, 8) }
    }

    fn fit(&self, _train: &dyn Examples, _validation: &dyn Examples, ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        if self.fault != Fault::Deaf {
            ctx.check()?;
        }
        let shift = if self.fault == Fault::Order { unseeded() as f32 } else { 0.0 };
        Ok(Box::new(FittedQuarter { inner: LeftQuarter::new(), fault: self.fault, shift }))
    }

    fn restore(&self, _folder: &Path, _ctx: &Ctx) -> Result<Box<dyn Fitted>> {
        let shift = if self.fault == Fault::Hash { 0.5 } else { 0.0 };
        Ok(Box::new(FittedQuarter { inner: LeftQuarter::new(), fault: self.fault, shift }))
    }
}

struct FittedQuarter {
    inner: LeftQuarter,
    fault: Fault,
    shift: f32,
}

impl Fitted for FittedQuarter {
    fn classes(&self) -> &[String] {
        self.inner.classes()
    }

    fn predict(&self, batch: &Batch, ctx: &Ctx) -> Result<Scores> {
        if batch.channels != 1 && self.fault != Fault::Region {
            return Err(Error::shape("batch", "1 channel", batch.channels.to_string()));
        }
        let mut scores = self.inner.predict(batch, ctx)?;
        let by_batch = if self.fault == Fault::Leak { batch.n as f32 } else { 0.0 };
        scores.values.iter_mut().for_each(|v| *v += self.shift + by_batch);
        match self.fault {
            Fault::Value => scores.values[0] = f32::INFINITY,
            Fault::Shape => scores.values.truncate(2),
            _ => {}
        }
        Ok(scores)
    }

    fn save(&self, folder: &Path) -> Result<()> {
        self.inner.save(folder)
    }

    fn embed(&self) -> Option<&dyn Embed> {
        Some(self)
    }
}

impl Embed for FittedQuarter {
    fn dim(&self) -> usize {
        2
    }

    fn embed(&self, batch: &Batch, ctx: &Ctx) -> Result<Vec<f32>> {
        let mut values = self.predict(batch, ctx)?.values;
        if self.fault == Fault::Sum {
            values.pop();
        }
        Ok(values)
    }
}

#[test]
fn model_laws_find_faults() {
    let of = |fault| ModelLaws::new(Quarter { fault });
    let faults =
        [Fault::Value, Fault::Shape, Fault::Leak, Fault::Hash, Fault::Region, Fault::Sum, Fault::Order];
    finds(|f| of(f).fitted_laws_hold(), &faults);
    finds(|f| of(f).fitting_can_be_cancelled(), &[Fault::Deaf]);
    finds(|f| of(f).card_is_complete(), &[Fault::Card]);
    of(Fault::None).parameters_survive_json();
    of(Fault::None).unknown_parameters_are_refused();
}
