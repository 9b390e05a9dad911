//! Maps of two dimensions.

use eyepatch_clusters::principal_components;
use eyepatch_core::{Colouring, Ctx, Evidence, Figure, Result, Scatter};
use eyepatch_embedding::tsne::kl_divergence;
use eyepatch_embedding::{Points, Tsne, trustworthiness};

use crate::Embedding;
use crate::groups::groupings;
use crate::measures::stacked;
use crate::views::Views;

/// Neighbours that trustworthiness looks at.
const NEAREST: usize = 12;

/// t-SNE and principal components of the same images under all maskings; none where there are no embeddings or too few.
pub(crate) fn figures(probe: &Embedding, evidence: &Evidence<'_>, ctx: &Ctx) -> Result<Vec<Figure>> {
    let Ok(views) = Views::new(probe, evidence) else { return Ok(Vec::new()) };
    let table = evidence.table;
    let places = views.at_most(table, (probe.points / views.views.len().max(1)).max(2));
    let (Ok(points), of) = stacked(&views, &places) else { return Ok(Vec::new()) };
    let rows: Vec<usize> = places.iter().map(|&i| views.rows[i]).collect();
    let mut colourings = vec![Colouring {
        by: "masking".into(),
        groups: views.views.iter().map(|v| v.masking.clone()).collect(),
        of: of.into_iter().map(Some).collect(),
    }];
    colourings.extend(
        groupings(table, &views.rows, &probe.columns)
            .iter()
            .map(|g| g.at(&places).colouring(views.views.len())),
    );
    let left_out = views.rows.len() - places.len();
    let counted = if left_out == 0 {
        format!("{} tested images under {} maskings.", places.len(), views.views.len())
    } else {
        format!("{} of {} tested images (whole patients).", places.len(), views.rows.len())
    };
    let drawn = |title: &str, caption: String, axes: [String; 2], at: Vec<[f64; 2]>| {
        #[expect(clippy::cast_possible_truncation, reason = "places on paper")]
        let places = at.iter().map(|p| p.map(|v| v as f32)).collect();
        Figure::Scatter(Scatter {
            title: title.into(),
            caption: format!("{caption} {counted}"),
            axes,
            rows: (0..views.views.len()).flat_map(|_| rows.iter().copied()).collect(),
            places,
            colourings: colourings.clone(),
        })
    };
    ctx.check()?;
    let mut all = Vec::new();
    if let Some((at, caption)) = ctx.install(|| map(probe, &points, ctx)) {
        all.push(drawn("t-SNE", caption, [String::new(), String::new()], at));
    }
    if let Some((at, shares)) = components(&points) {
        let axes = [0, 1].map(|i| format!("component {} ({:.0} %)", i + 1, 100.0 * shares[i]));
        let caption = format!(
            "The two first components hold {:.0} % of the variance.",
            100.0 * (shares[0] + shares[1])
        );
        all.push(drawn("Principal components", caption, axes, at));
    }
    Ok(all)
}

/// Places on the map and how good it is.
fn map(probe: &Embedding, points: &Points, ctx: &Ctx) -> Option<(Vec<[f64; 2]>, String)> {
    // A perplexity that the images do not have is lowered, and said.
    let most = (points.len() as f64 - 1.0) / 3.0;
    let perplexity = probe.perplexity.min(most);
    if perplexity < 1.0 {
        return None;
    }
    let tsne = Tsne { perplexity, seed: ctx.seed().child("tsne").to_u64(), ..Tsne::default() };
    let map = tsne.map(points).ok()?;
    let drawn = map.points().ok()?;
    let divergence = kl_divergence(points, perplexity, &drawn).ok()?;
    let trust = trustworthiness(points, &drawn, NEAREST).ok();
    let trust = trust.map(|t| format!(", trustworthiness {t:.3} ({NEAREST} neighbours)")).unwrap_or_default();
    let caption = format!(
        "Perplexity {perplexity:.0}, Kullback-Leibler divergence {divergence:.3}{trust}. Who is near whom can be read; distances \
         between groups and their sizes cannot. The lines beside a map are the groups' spread along it."
    );
    Some((map.places, caption))
}

fn components(points: &Points) -> Option<(Vec<[f64; 2]>, [f64; 2])> {
    let found = principal_components(points, 2).ok()?;
    let [first, second] = found.explained.get(..2)?.try_into().ok()?;
    let at = found.project(points).ok()?;
    Some(((0..points.len()).map(|i| [at.row(i)[0], at.row(i)[1]]).collect(), [first, second]))
}
