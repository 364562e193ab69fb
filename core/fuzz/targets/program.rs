//! Program bytes that a backend gets: an error, or a program that comes back as it is.
#![no_main]
use hesse_core::program::Program;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payload: &[u8]| {
    let mut bytes = b"HESSEPRG\x01\x00".to_vec();
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(payload);
    if let Ok(program) = Program::from_bytes(&bytes) {
        let again = program.to_bytes().expect("what was read can be written");
        assert_eq!(Program::from_bytes(&again).expect("what was written can be read").to_bytes().expect("again"), again);
    }
});
