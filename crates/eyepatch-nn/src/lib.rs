//! Networks on candle: the DenseNet family, its operations and its training loop.
