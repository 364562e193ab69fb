//! Flags of `train`.

use super::{
    DataFlags, LossFlags, MachineFlags, OutputFlags, PlotFlags, RobustFlags, TrackFlags, ValidationFlags, parse,
};
use crate::data::SampleRange;
use crate::train::{Augmentation, MicroBatchNorm, Optimizer, Schedule, TrainOptions, TrainSpec};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Trains a network, plainly or against perturbed inputs
///
/// The folder --out gets model.safetensors (for --weights), train.json and checkpoints. Stopped or killed at any moment,
/// the same command continues and ends with the same bits; with more --epochs it goes on from the end.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  \
    hesse train --model m1 --data glyphs --epochs 5 --out runs/m1\n  \
    hesse train --model resnet20 --data cifar10 --crop 4 --flip --batch-size 128 --lr 0.1 --weight-decay 1e-4 \\\n      \
    --schedule step:at=80+120,factor=0.1 --epochs 160 --out runs/resnet20\n  \
    hesse train --model fastcnn --data mnist --robust fast --eps 0.3 --optimizer adam --lr 5e-3 --schedule cyclic \\\n      \
    --batch-size 100 --epochs 10 --validation 1000 --validation-attack pgd:steps=20,step=0.03 --keep best --out runs/fast\n  \
    hesse train --model m1 --data mnist --weights runs/m1/model.safetensors --attack fgsm --eps 0.1 --epochs 5\n  \
    hesse train --model m1 --data glyphs --robust trades:beta=6 --eps 0.1 --sam 0.05")]
#[command(next_help_heading = "Training")]
pub struct TrainFlags {
    /// Network, with options where wanted: `resnet20`, `m1:activation=tanh`; `hesse models` lists them
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]")]
    pub model: String,
    /// File of weights to start from; without it the initial weights of --seed
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Folder for the results; hesse-out/train-<model>-<data> unless given. Another run's folder is refused
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace what another run left in --out
    #[arg(long)]
    pub force: bool,
    /// The most passes over the training samples
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = parse::at_least_one)]
    pub epochs: usize,
    /// Stop once the mean training loss is at most this, confirmed on all training samples in eval mode
    #[arg(long, value_name = "LOSS", value_parser = parse::positive)]
    pub until_loss: Option<f64>,
    /// Samples of one step
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = parse::at_least_one)]
    pub batch_size: usize,
    /// Samples computed at once, where a batch is larger than memory; gradients are added up
    #[arg(long, value_name = "N", value_parser = parse::at_least_one)]
    pub micro_batch: Option<usize>,
    /// Batch norm within a batch that is cut up: ghost (each part by its own statistics) or frozen (running statistics)
    #[arg(long, value_name = "ghost|frozen", default_value = "ghost")]
    pub micro_batch_norm: MicroBatchNorm,
    /// Learning rate, per step on the mean loss of the batch
    #[arg(long, value_name = "RATE", default_value_t = 0.02, value_parser = parse::positive)]
    pub lr: f64,
    /// How the rate changes: constant, cosine, step:at=EPOCH+EPOCH,factor=F, or cyclic:peak=SHARE (up and down again)
    #[arg(long, value_name = "SCHEDULE", default_value = "constant")]
    pub schedule: Schedule,
    /// Epochs over which the rate rises linearly at first; may be a fraction
    #[arg(long, value_name = "EPOCHS", default_value_t = 0.0, value_parser = parse::not_negative)]
    pub warmup: f64,
    /// Rule of a step: sgd, or adam with beta1, beta2 and epsilon where wanted
    #[arg(long, value_name = "sgd|adam[:…]", default_value = "sgd")]
    pub optimizer: Optimizer,
    /// Share of the last step that is taken again; sgd only
    #[arg(long, value_name = "SHARE", default_value_t = 0.9, value_parser = parse::share)]
    pub momentum: f64,
    /// Nesterov's form of momentum
    #[arg(long)]
    pub nesterov: bool,
    /// Multiple of every parameter that is added to the gradient
    #[arg(long, value_name = "FACTOR", default_value_t = 0.0, value_parser = parse::not_negative)]
    pub weight_decay: f64,
    /// Cut pictures at random places out of themselves with a black border of so many pixels; 0 for none
    #[arg(long, value_name = "PIXELS", default_value_t = 0)]
    pub crop: usize,
    /// Mirror half of the pictures left to right
    #[arg(long)]
    pub flip: bool,
    /// The longest time between two checkpoints, in seconds; there is one after every epoch besides
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = parse::positive)]
    pub checkpoint_every: f64,
    /// End with exit code 3 where --until-loss was not reached
    #[arg(long)]
    pub strict: bool,
    /// Against what.
    #[command(flatten)]
    pub robust: RobustFlags,
    /// What is held back.
    #[command(flatten)]
    pub validation: ValidationFlags,
    /// Which data.
    #[command(flatten)]
    pub data: DataFlags,
    /// Samples of the train split to train on, half-open and in file order, such as 0..5000; all unless given
    #[arg(long, value_name = "A..B", help_heading = "Data")]
    pub samples: Option<SampleRange>,
    /// Samples of the test split to evaluate on; all unless given
    #[arg(long, value_name = "A..B", help_heading = "Data")]
    pub test_samples: Option<SampleRange>,
    /// What is followed.
    #[command(flatten)]
    pub track: TrackFlags,
    /// What is minimised.
    #[command(flatten)]
    pub loss: LossFlags,
    /// Where and how to compute.
    #[command(flatten)]
    pub machine: MachineFlags,
    /// A picture.
    #[command(flatten)]
    pub plot: PlotFlags,
    /// Where the result goes.
    #[command(flatten)]
    pub output: OutputFlags,
}

impl TrainFlags {
    /// The run that the flags describe.
    ///
    /// # Errors
    /// Where flags contradict each other.
    pub fn spec(&self, command: &[String]) -> Result<TrainSpec, String> {
        let options = TrainOptions {
            epochs: self.epochs,
            target_loss: self.until_loss,
            target_on_clean: false,
            batch: self.batch_size,
            micro_batch: self.micro_batch,
            batch_norm: self.micro_batch_norm,
            rate: self.lr,
            schedule: self.schedule.clone(),
            warmup: self.warmup,
            optimizer: self.optimizer,
            momentum: self.momentum,
            nesterov: self.nesterov,
            weight_decay: self.weight_decay,
            augmentation: Augmentation { crop: self.crop, flip: self.flip },
            robust: self.robust.robust()?,
            sharpness: self.robust.sam,
            validation: self.validation.validation(&self.robust)?,
        };
        options.check().map_err(|error| error.to_string())?;
        let name = self.model.split(':').next().unwrap_or_default();
        let out = self.out.clone().unwrap_or_else(|| {
            // A wrong name is refused before the folder is made; what is not a plain word never names one.
            let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            PathBuf::from("hesse-out").join(format!("train-{plain}-{}", self.data.data.kind))
        });
        Ok(TrainSpec {
            model: self.model.clone(),
            initial: self.weights.clone(),
            data: self.data.data.clone(),
            samples: self.samples.unwrap_or_default(),
            test_samples: self.test_samples.unwrap_or_default(),
            normalization: self.data.normalize.clone().unwrap_or_default(),
            loss: self.loss.loss()?,
            backend: self.machine.backend(),
            seed: self.machine.seed,
            options,
            track: self.track.options(),
            out,
            force: self.force,
            checkpoint_every: Duration::try_from_secs_f64(self.checkpoint_every).unwrap_or(Duration::MAX),
            command: command.to_vec(),
        })
    }
}
