//! Several stages of a network as one operation.
//!
//! candle adds every gradient to a fresh tensor of zeros, on a pool of spinning threads; over feature maps that costs
//! as much as the convolutions. Inside a chain gradients pass from stage to stage in buffers that are used again.

use super::host;
use super::norm::{Channel, ChannelStats};
use candle_core::{CpuStorage, CustomOp2, Error, Layout, Result, Shape, Tensor};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Batch, channels, rows, columns.
pub(super) type Dims = [usize; 4];

/// Buffers that were given back, to be used again instead of asking the system for memory.
#[derive(Debug, Default)]
pub(super) struct Pool(Vec<Vec<f32>>);

impl Pool {
    /// A buffer of this length; what it contains is left over from earlier use.
    pub(super) fn take(&mut self, len: usize) -> Vec<f32> {
        let fits = |v: &Vec<f32>| v.capacity() >= len && v.capacity() / 2 <= len;
        let best = (0..self.0.len()).filter(|&i| fits(&self.0[i])).min_by_key(|&i| self.0[i].capacity());
        match best {
            Some(i) => {
                let mut buffer = self.0.swap_remove(i);
                buffer.resize(len, 0.0);
                buffer
            }
            None => vec![0.0; len],
        }
    }

    pub(super) fn give(&mut self, buffer: Vec<f32>) {
        if buffer.capacity() > 0 {
            self.0.push(buffer);
        }
    }
}

/// Memory of a network's passes, kept from one to the next. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Workspace(Arc<Mutex<Pool>>, Arc<Mutex<Direct>>);

/// Gradients that are handed over past candle, which would add them to zeros on its pool of spinning threads.
#[derive(Debug, Default)]
struct Direct {
    wanted: bool,
    gradients: Option<Vec<f32>>,
}

impl Workspace {
    /// From now on parameter gradients are left here instead of in candle's store, or no longer.
    pub(crate) fn set_direct(&self, wanted: bool) {
        *unpoison(&self.1) = Direct { wanted, gradients: None };
    }

    /// Whether they are.
    pub(crate) fn is_direct(&self) -> bool {
        unpoison(&self.1).wanted
    }

    /// Those of the last backward pass, all parameters of its parts in one vector.
    pub(crate) fn take_gradients(&self) -> Option<Vec<f32>> {
        unpoison(&self.1).gradients.take()
    }

    /// Runs `f` with the pool, without holding the lock meanwhile: a second pass at the same time gets an empty pool.
    fn with<T>(&self, f: impl FnOnce(&mut Pool) -> T) -> T {
        let mut pool = std::mem::take(&mut *unpoison(&self.0));
        let result = f(&mut pool);
        unpoison(&self.0).0.append(&mut pool.0);
        result
    }
}

fn unpoison<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a stage's forward pass leaves for its backward pass.
#[derive(Debug, Default)]
pub(super) struct Saved {
    pub(super) buffers: Vec<Vec<f32>>,
    pub(super) index: Vec<u8>,
    pub(super) channels: Vec<Vec<Channel>>,
}

/// Result of a stage's forward pass; `stats` has one entry for each normalisation, `None` where it is frozen.
pub(super) struct Output {
    pub(super) y: Vec<f32>,
    pub(super) saved: Saved,
    pub(super) stats: Vec<Option<Arc<ChannelStats>>>,
}

/// What a stage's backward pass starts from. `dims` are the input's.
pub(super) struct Back<'a> {
    pub(super) dims: Dims,
    pub(super) x: &'a [f32],
    pub(super) y: &'a [f32],
    pub(super) params: &'a [f32],
    pub(super) saved: Saved,
    /// Gradient of `y`.
    pub(super) g: Vec<f32>,
    /// Where this stage's parameter gradients go, if they are wanted.
    pub(super) dw: Option<&'a mut [f32]>,
    /// Whether the input's gradient is wanted.
    pub(super) want_dx: bool,
    /// Channels of the input, from the first on, whose gradient nobody reads: anything may stand there.
    pub(super) unread: usize,
}

/// A part of a network with its own forward and backward pass over contiguous `[n, c, h, w]` buffers.
pub(super) trait Stage: Send + Sync {
    /// Dimensions of the output for an input of these dimensions; an error when the input does not fit.
    fn output(&self, dims: Dims) -> Result<Dims>;
    /// Number of parameters.
    fn parameters(&self) -> usize;
    /// Whether the parameters learn.
    fn trainable(&self) -> bool;
    /// Channels of the *output's* gradient, from the first on, that [`Stage::backward`] does not read.
    fn unread(&self, want_dx: bool) -> usize {
        let _ = want_dx;
        0
    }
    /// `keep` says whether a backward pass may follow.
    fn forward(&self, dims: Dims, x: &[f32], params: &[f32], keep: bool, pool: &mut Pool) -> Result<Output>;
    /// Returns the input's gradient if it is wanted.
    fn backward(&self, back: Back<'_>, pool: &mut Pool) -> Result<Option<Vec<f32>>>;
}

/// What the stages from the first one on that a backward pass reaches have left.
#[derive(Default)]
struct Kept {
    /// Their inputs, but for `x` itself.
    inputs: Vec<Vec<f32>>,
    saved: Vec<Saved>,
}

#[derive(Default)]
struct Results {
    kept: Mutex<Option<Kept>>,
    stats: OnceLock<Vec<Option<Arc<ChannelStats>>>>,
}

struct Chain {
    stages: Vec<Box<dyn Stage>>,
    /// The first stage that a backward pass reaches; nothing is kept of those before.
    first: usize,
    workspace: Workspace,
    results: Arc<Results>,
}

impl Chain {
    /// Dimensions before each stage and after the last.
    fn dims(&self, x: &Shape, params: usize) -> Result<Vec<Dims>> {
        let (n, c, h, w) = x.dims4()?;
        let wanted: usize = self.stages.iter().map(|s| s.parameters()).sum();
        if params != wanted || x.elem_count() == 0 {
            return Err(Error::Msg(format!(
                "input {x:?}, {params} parameters where the stages have {wanted}"
            )));
        }
        let mut dims = vec![[n, c, h, w]];
        for (i, stage) in self.stages.iter().enumerate() {
            dims.push(stage.output(dims[i])?);
        }
        Ok(dims)
    }

    fn forward(&self, dims: &[Dims], x: &[f32], mut params: &[f32], pool: &mut Pool) -> Result<Vec<f32>> {
        let (mut kept, mut stats) = (Kept::default(), Vec::new());
        let mut last: Option<Vec<f32>> = None;
        for (i, (stage, &dims)) in self.stages.iter().zip(dims).enumerate() {
            let (own, rest) = params.split_at(stage.parameters());
            params = rest;
            let keep = i >= self.first;
            let output = stage.forward(dims, last.as_deref().unwrap_or(x), own, keep, pool)?;
            stats.extend(output.stats);
            if let Some(input) = last.replace(output.y) {
                if keep { kept.inputs.push(input) } else { pool.give(input) }
            }
            if keep {
                kept.saved.push(output.saved);
            }
        }
        *unpoison(&self.results.kept) = Some(kept);
        self.results.stats.set(stats).map_err(|_| Error::Msg("an operation ran forward twice".into()))?;
        Ok(last.unwrap_or_else(|| x.to_vec()))
    }

    fn backward(
        &self,
        dims: &[Dims],
        (x, y, params): (&[f32], &[f32], &[f32]),
        mut g: Vec<f32>,
        (want_x, mut dw): (bool, Option<&mut [f32]>),
        pool: &mut Pool,
    ) -> Result<Option<Vec<f32>>> {
        let kept = unpoison(&self.results.kept).take();
        let Kept { mut inputs, mut saved } =
            kept.ok_or_else(|| Error::Msg("nothing was kept for a (second) backward pass".into()))?;
        let learns: Vec<bool> = self.stages.iter().map(|s| dw.is_some() && s.trainable()).collect();
        let mut end = params.len();
        let mut y_here: Option<Vec<f32>> = None;
        for i in (self.first..self.stages.len()).rev() {
            let (stage, input) = (&self.stages[i], inputs.pop());
            let part = end - stage.parameters()..end;
            end = part.start;
            let want_dx = want_x || learns[..i].contains(&true);
            if !want_dx && !learns[i] {
                return Ok(None);
            }
            let below = i.checked_sub(1).map(|i| (&self.stages[i], want_x || learns[..i].contains(&true)));
            let back = Back {
                dims: dims[i],
                x: input.as_deref().unwrap_or(x),
                y: y_here.as_deref().unwrap_or(y),
                params: &params[part.clone()],
                saved: saved.pop().unwrap_or_default(),
                g,
                dw: if learns[i] { dw.as_deref_mut().map(|dw| &mut dw[part]) } else { None },
                want_dx,
                unread: below.map_or(0, |(stage, want_dx)| stage.unread(want_dx)),
            };
            let dx = stage.backward(back, pool)?;
            if let Some(used) = std::mem::replace(&mut y_here, input) {
                pool.give(used);
            }
            match dx {
                Some(dx) => g = dx,
                None => return Ok(None),
            }
        }
        Ok(Some(g))
    }
}

impl CustomOp2 for Chain {
    fn name(&self) -> &'static str {
        "eyepatch-chain"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        params: &CpuStorage,
        params_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = host::slice(x, x_layout, self.name())?;
        let params = host::slice(params, params_layout, self.name())?;
        let dims = self.dims(x_layout.shape(), params.len())?;
        let y = self.workspace.with(|pool| self.forward(&dims, x, params, pool))?;
        host::output(y, dims[self.stages.len()].to_vec())
    }

    fn bwd(
        &self,
        x: &Tensor,
        params: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let dims = self.dims(x.shape(), params.elem_count())?;
        let g = host::read(dy, self.name(), |dy| Ok(dy.to_vec()))?;
        let mut dw = params.track_op().then(|| vec![0f32; params.elem_count()]);
        let dx = host::read(params, self.name(), |params| {
            host::read(x, self.name(), |xs| {
                host::read(y, self.name(), |y| {
                    let wanted = (x.track_op(), dw.as_deref_mut());
                    self.workspace.with(|pool| self.backward(&dims, (xs, y, params), g, wanted, pool))
                })
            })
        })?;
        let dx = dx.filter(|_| x.track_op()).map(|d| host::tensor(d, x.shape())).transpose()?;
        if self.workspace.is_direct() {
            unpoison(&self.workspace.1).gradients = dw;
            return Ok((dx, None));
        }
        Ok((dx, dw.map(|dw| host::tensor(dw, params.shape())).transpose()?))
    }
}

/// Runs stages one after the other; returns the result and the batch statistics of each normalisation.
pub(super) fn chain(
    x: &Tensor,
    params: &Tensor,
    stages: Vec<Box<dyn Stage>>,
    workspace: &Workspace,
) -> Result<(Tensor, Vec<Option<Arc<ChannelStats>>>)> {
    let (x, params) = (x.contiguous()?, params.contiguous()?);
    let results = Arc::new(Results::default());
    let first = stages.iter().position(|s| x.track_op() || (params.track_op() && s.trainable()));
    let first = first.unwrap_or(stages.len());
    let op = Chain { stages, first, workspace: workspace.clone(), results: results.clone() };
    let y = x.apply_op2(&params, op)?;
    Ok((y, results.stats.get().cloned().unwrap_or_default()))
}
