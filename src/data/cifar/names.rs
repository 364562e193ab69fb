//! The names of the classes, in the order of the labels, as their authors published them.
//!
//! Kept here and not read from the files beside the pictures, which many copies of the sets leave out.

use super::Variant;

const TEN: &str = "airplane automobile bird cat deer dog frog horse ship truck";
const HUNDRED: &str = "\
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can \
    castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin \
    elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster \
    man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck \
    pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk \
    skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger \
    tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm";

/// One name for each class.
pub fn of(variant: Variant) -> Vec<String> {
    let names = match variant {
        Variant::Ten => TEN,
        Variant::Hundred => HUNDRED,
    };
    names.split_whitespace().map(str::to_owned).collect()
}
