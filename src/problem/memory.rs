//! Memory: amounts as people write them, and how much this machine has to spare.
//!
//! The default budget is half of what is free when the program starts: the other half is for the working memory of
//! the products themselves and for whoever else is on the machine.

use std::str::FromStr;

/// An amount of memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemorySize(pub usize);

impl FromStr for MemorySize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("expected an amount such as 4GiB, 500MB or 0, found `{}`", text.escape_debug());
        let text = text.trim();
        let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let number: f64 = number.trim().parse().map_err(|_| expected())?;
        let factor: f64 = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "k" | "kib" => 1024.0,
            "m" | "mib" => 1024f64.powi(2),
            "g" | "gib" => 1024f64.powi(3),
            "t" | "tib" => 1024f64.powi(4),
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            "tb" => 1e12,
            _ => return Err(expected()),
        };
        let bytes = number * factor;
        // 2^53: beyond it an f64 no longer counts bytes, and no machine has them.
        if (0.0..=9_007_199_254_740_992.0).contains(&bytes) { Ok(MemorySize(bytes as usize)) } else { Err(expected()) }
    }
}

/// Half of the free memory, or 1 GiB where the system does not say.
pub fn default_budget() -> usize {
    free_memory().map_or(1 << 30, |bytes| bytes / 2)
}

/// What the system and the control group of this process still give, in bytes; none where the system does not say.
pub fn free_memory() -> Option<usize> {
    let system = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<usize>().ok();
    let group = number("/sys/fs/cgroup/memory.max")
        .zip(number("/sys/fs/cgroup/memory.current"))
        .map(|(most, used)| most.saturating_sub(used));
    [system, group].into_iter().flatten().min()
}

fn available(meminfo: &str) -> Option<usize> {
    let line = meminfo.lines().find(|line| line.starts_with("MemAvailable:"))?;
    line.split_whitespace().nth(1)?.parse::<usize>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_binary_and_decimal_units() {
        let read = |text: &str| text.parse::<MemorySize>().map(|m| m.0);
        assert_eq!(read("4GiB"), Ok(4 << 30));
        assert_eq!(read("1.5 k"), Ok(1536));
        assert_eq!(read("500MB"), Ok(500_000_000));
        assert_eq!(read("0"), Ok(0));
        for text in ["", "GiB", "-1", "1e300", "4GiBs", "nan", "inf"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_systems_figure_is_in_kibibytes() {
        assert_eq!(available("MemTotal: 8 kB\nMemAvailable:      5 kB\n"), Some(5120));
        assert_eq!(available("MemTotal: 8 kB\n"), None);
    }
}
