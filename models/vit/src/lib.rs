//! A small vision transformer: patches, self-attention, layer norm, GELU.
//!
//! After Dosovitskiy et al., *An Image is Worth 16x16 Words* (ICLR 2021), with the mean over patches in place of a class
//! token, as in Beyer et al., *Better plain ViT baselines for ImageNet-1k* (2022): one special case less. Names follow
//! timm's, with `norm` in front of the mean. It stands here as an example of a model plugin as much as for measuring;
//! transformers have the spectra of their own kind (Zhang et al. 2024, *Why Transformers Need Adam*).
//!
//! Registers `vit`.
#![forbid(unsafe_code)]

mod attention;
mod transformer;

pub use transformer::Transformer;
