//! models/convnet
