//! Lists of attacks and budgets as written on the command line.
//!
//! Attacks are separated by commas, and so are the options of one, as design says. A part between commas begins a new
//! attack if it has no `=`, or a `:` before its first `=`; else it is a further option of the attack before it. So
//! `fgsm,pgd:steps=40,step=0.01` is two attacks. A semicolon always separates.

use hesse_core::options::parse_number;

/// Splits a list of attacks into one text each, `name` or `name:key=value,…`.
///
/// # Errors
/// Where the list is empty, begins with an option, or an option follows an attack without `:`.
pub fn parse_attacks(text: &str) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for group in text.split(';').map(str::trim).filter(|group| !group.is_empty()) {
        let mut current: Option<String> = None;
        for part in group.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let begins = match (part.find(':'), part.find('=')) {
                (_, None) => true,
                (Some(colon), Some(equals)) => colon < equals,
                (None, Some(_)) => false,
            };
            if begins {
                all.extend(current.replace(part.to_string()));
                continue;
            }
            match &mut current {
                Some(attack) => {
                    attack.push(if attack.contains(':') { ',' } else { ':' });
                    attack.push_str(part);
                }
                None => return Err(format!("expected the name of an attack before `{part}`, as in pgd:{part}")),
            }
        }
        all.extend(current);
    }
    if all.is_empty() { Err("expected an attack, such as fgsm or pgd:steps=40".to_string()) } else { Ok(all) }
}

/// Reads a budget: a number of at least 0, also as a fraction such as 8/255.
///
/// # Errors
/// Where the text is something else.
pub fn parse_epsilon(text: &str) -> Result<f64, String> {
    let expected = || "expected a number of at least 0, such as 0.3 or 8/255".to_string();
    parse_number(text).filter(|v| *v >= 0.0).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_without_equals_or_with_an_earlier_colon_begins_an_attack() {
        let read = |text: &str| parse_attacks(text).unwrap();
        assert_eq!(
            read("fgsm,pgd:steps=40,step=0.01,random_start=false"),
            ["fgsm", "pgd:steps=40,step=0.01,random_start=false"]
        );
        assert_eq!(read("pgd:steps=2,fgsm:loss=dlr,noise"), ["pgd:steps=2", "fgsm:loss=dlr", "noise"]);
        assert_eq!(read("pgd:steps=2;apgd:loss=dlr , steps=7;"), ["pgd:steps=2", "apgd:loss=dlr,steps=7"]);
        assert_eq!(read("pgd,steps=3"), ["pgd:steps=3"]);
        for text in ["", " ; , ", "steps=40", "fgsm;steps=40"] {
            assert!(parse_attacks(text).is_err(), "{text}");
        }
    }

    #[test]
    fn budgets_are_numbers_or_fractions() {
        assert_eq!((parse_epsilon("8/255"), parse_epsilon("0")), (Ok(8.0 / 255.0), Ok(0.0)));
        for text in ["-0.1", "x", "1/0", "inf", "nan", ""] {
            assert!(parse_epsilon(text).is_err(), "{text}");
        }
    }
}
