//! What probes say and show beside the AUC matrix.

use eyepatch_core::{Colouring, DepthProfile, Figure, Scatter};
use minijinja::Value;
use serde::Serialize;

use super::drawings::Drawing;
use super::evidence::Bytes;
use super::picture::Shown;
use super::record::{Group, groups};
use crate::Result;
use crate::charts::{STYLES, profile, scatter, swatch};
use crate::format;
use crate::schema::{AuditResult, ProbeSection};
use crate::share::Counted;

/// One probe's part of the section.
#[derive(Serialize)]
pub(super) struct View<'a, N: Counted> {
    name: &'a str,
    description: &'a str,
    figures: Vec<Drawn<'a>>,
    groups: Vec<Group<'a, N>>,
    thumbnails: Option<(Shown, usize, usize)>,
    samples: &'a [String],
}

#[derive(Serialize)]
struct Drawn<'a> {
    title: &'a str,
    caption: &'a str,
    panels: Vec<Panel<'a>>,
    /// Whether its points stand for images.
    points: bool,
}

#[derive(Serialize)]
struct Panel<'a> {
    by: &'a str,
    svg: Value,
    keys: Vec<(Value, &'a str, Option<usize>)>,
}

impl<'a, N: Counted> View<'a, N> {
    pub(super) fn all(r: &'a AuditResult<N>, bytes: Bytes<'_>) -> Result<Vec<Self>> {
        r.sections.iter().map(|s| Self::new(s, r, bytes)).collect()
    }

    fn new(s: &'a ProbeSection, r: &'a AuditResult<N>, bytes: Bytes<'_>) -> Result<Self> {
        let thumbnails = match &s.thumbnails {
            Some(t) => Some((Shown::new(&t.picture, bytes)?, t.size, t.in_a_row)),
            None => None,
        };
        Ok(Self {
            figures: s.figures.iter().map(drawn).collect(),
            groups: groups(r.findings.get(s.findings.0..s.findings.1).unwrap_or_default()),
            thumbnails,
            samples: &s.samples,
            name: &s.name,
            description: &s.description,
        })
    }
}

/// Name and drawing of every panel of every figure.
pub(super) fn drawings<N>(r: &AuditResult<N>) -> Vec<Drawing> {
    let figures = r.sections.iter().flat_map(|s| s.figures.iter().map(move |f| (s, drawn(f))));
    let panels = figures.flat_map(|(s, f)| {
        let name = move |p: &Panel<'_>| format!("{} {} {}", s.name, f.title, p.by).trim().to_owned();
        f.panels.into_iter().map(move |p| Drawing {
            name: name(&p),
            svg: p.svg.to_string(),
            keys: p.keys.iter().map(|(_, name, _)| (*name).to_owned()).collect(),
        })
    });
    panels.collect()
}

fn drawn(figure: &Figure) -> Drawn<'_> {
    match figure {
        Figure::Scatter(s) => Drawn {
            title: &s.title,
            caption: &s.caption,
            panels: if s.colourings.is_empty() {
                vec![whole(s)]
            } else {
                s.colourings.iter().enumerate().map(|(i, c)| panel(s, i, c)).collect()
            },
            points: true,
        },
        Figure::Profile(p) => {
            Drawn { title: &p.title, caption: &p.caption, panels: vec![lines(p)], points: false }
        }
    }
}

fn whole(s: &Scatter) -> Panel<'_> {
    let label = format!("{}: {}.", s.title, format::plural(s.places.len(), "point"));
    Panel { by: "", svg: Value::from_safe_string(scatter::svg(s, None, &label)), keys: Vec::new() }
}

fn panel<'a>(s: &'a Scatter, index: usize, c: &'a Colouring) -> Panel<'a> {
    let count = |g: usize| c.of.iter().filter(|of| **of == Some(g)).count();
    let counted: Vec<String> =
        c.groups.iter().enumerate().map(|(g, name)| format!("{name} {}", count(g))).collect();
    let label = format!("{}, coloured by {}: {} points.", s.title, c.by, counted.join(", "));
    Panel {
        by: &c.by,
        svg: Value::from_safe_string(scatter::svg(s, Some(index), &label)),
        keys: c.groups.iter().enumerate().map(|(g, name)| (key(g), name.as_str(), Some(count(g)))).collect(),
    }
}

fn lines(p: &DepthProfile) -> Panel<'_> {
    let ends = |s: &eyepatch_core::Series| {
        let known: Vec<f64> = s.estimates.iter().flatten().copied().collect();
        match (known.first(), known.last()) {
            (Some(a), Some(b)) => format!("{} from {a:.2} to {b:.2}", s.name),
            _ => format!("{} not estimable", s.name),
        }
    };
    let said: Vec<String> = p.series.iter().map(ends).collect();
    let label = format!("{}, over {}: {}.", p.title, p.steps.join(", "), said.join("; "));
    Panel {
        by: "",
        svg: Value::from_safe_string(profile::svg(p, &label)),
        keys: p.series.iter().enumerate().map(|(i, s)| (key(i), s.name.as_str(), None)).collect(),
    }
}

fn key(style: usize) -> Value {
    Value::from_safe_string(swatch(style % STYLES))
}
