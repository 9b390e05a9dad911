//! DenseNet classifiers trained from scratch on candle.
