//! models/resnet
