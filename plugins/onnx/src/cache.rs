use std::sync::{Arc, Mutex, PoisonError};

use eyepatch_core::Result;

use crate::network::Network;

/// The network, once loaded. A clone starts without.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Option<Arc<Network>>>);

impl Cache {
    /// The network, loaded now if it was not before.
    pub(crate) fn get(&self, load: impl FnOnce() -> Result<Network>) -> Result<Arc<Network>> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.as_ref() {
            Some(network) => Ok(network.clone()),
            None => Ok(slot.insert(Arc::new(load()?)).clone()),
        }
    }
}

impl Clone for Cache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cache")
    }
}
