//! The chat a visitor sees.
