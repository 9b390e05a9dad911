use std::collections::BTreeMap;
use std::sync::Arc;

use eyepatch_core::{
    ContentHash, Ctx, DataCard, Dataset, Error, Image, LegitimateRegion, Mask, Params, Pixels, Result, Roi,
    Row, Sample, Table, plugin,
};
use eyepatch_testkit::DatasetLaws;
use serde::{Deserialize, Serialize};

use crate::{Fault, finds, unseeded};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ten {
    #[serde(default, skip_serializing_if = "Fault::is_forgotten")]
    fault: Fault,
}
impl Params for Ten {}

/// Ten grey images, with at most one fault.
#[plugin("test/ten")]
impl Dataset for Ten {
    fn card(&self) -> DataCard {
        let licence = if self.fault == Fault::Card { "" } else { "CC0" };
        DataCard {
            name: format!("ten, {:?}", self.fault),
            licence: licence.into(),
            origin: "made here".into(),
            roi_origin: "made here".into(),
            biases: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn table(&self, _ctx: &Ctx) -> Result<Arc<Table>> {
        let shift = if self.fault == Fault::Order { unseeded() } else { 0 };
        let row = |i: u32| Row {
            id: format!("image-{}", if self.fault == Fault::Twice { i / 2 } else { i + shift }),
            patient: format!("patient-{}", i / 2),
            labels: if self.fault == Fault::Labels { vec![] } else { vec![Some(i.is_multiple_of(2))] },
            meta: BTreeMap::new(),
            image: None,
            roi: None,
            line: None,
        };
        Ok(Arc::new(Table { classes: vec!["even".into()], rows: (0..10).map(row).collect() }))
    }

    fn load(&self, row: usize, ctx: &Ctx) -> Result<Sample> {
        let table = self.table(ctx)?;
        let last = table.rows.len() - 1;
        let outside = || Error::shape("row", "below 10", row.to_string());
        let index = if self.fault == Fault::Panics { row.min(last) } else { row };
        let found = table.rows.get(index).ok_or_else(outside)?;
        let grey = if self.fault == Fault::Leak { unseeded() as u8 } else { index as u8 };
        let width = if self.fault == Fault::Shape { 3 } else { 2 };
        Ok(Sample {
            id: found.id.clone(),
            patient: found.patient.clone(),
            labels: found.labels.clone(),
            image: Image::new(2, 2, 1, Pixels::U8(vec![grey; 4]))?,
            roi: Roi::single(Mask::filled(width, 2, true))?,
        })
    }

    fn content(&self, row: usize, ctx: &Ctx) -> Result<ContentHash> {
        self.load(row, ctx)?;
        let known = if self.fault == Fault::Hash { 0 } else { row };
        Ok(ContentHash::of(&known.to_le_bytes()))
    }

    fn legitimate(&self) -> BTreeMap<String, LegitimateRegion> {
        let structures = vec![if self.fault == Fault::Region { "heart" } else { "roi" }.to_owned()];
        let region = LegitimateRegion { structures, margin: 0.0, reason: "signs lie there".into() };
        BTreeMap::from([("even".to_owned(), region)])
    }
}

#[test]
fn dataset_laws_find_faults() {
    let of = |fault| DatasetLaws::new(Ten { fault });
    finds(|f| of(f).rows_are_whole(), &[Fault::Twice, Fault::Labels]);
    finds(|f| of(f).the_table_stays(), &[Fault::Order]);
    finds(|f| of(f).samples_match_their_rows(), &[Fault::Shape]);
    finds(|f| of(f).loading_is_deterministic(), &[Fault::Leak]);
    finds(|f| of(f).content_tells_samples_apart(), &[Fault::Hash]);
    finds(|f| of(f).rows_outside_are_refused(), &[Fault::Panics]);
    finds(|f| of(f).legitimate_regions_exist(), &[Fault::Region]);
    finds(|f| of(f).card_is_complete(), &[Fault::Card]);
    finds(|f| of(f).parameters_survive_json(), &[Fault::Forgets]);
    of(Fault::None).unknown_parameters_are_refused();
}
