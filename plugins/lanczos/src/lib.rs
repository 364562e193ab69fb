//! plugins/lanczos
