//! models/mlp
