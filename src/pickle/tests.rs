use super::*;
use proptest::prelude::*;

fn all(_: &str) -> bool {
    true
}

fn read(bytes: &[u8]) -> Result<Parsed<'_>, PickleError> {
    parse(bytes, 0, &|name| name == "collections.OrderedDict")
}

fn problem(bytes: &[u8]) -> (usize, Problem) {
    let error = read(bytes).unwrap_err();
    (error.at, error.problem)
}

#[test]
fn a_binary_pickle_becomes_a_tree() {
    // {'a': [1, -2.5], 'b': (True, None)} as Python's protocol 2 writes it.
    let bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01]q\x02(K\x01G\xc0\x04\x00\x00\x00\x00\x00\x00eX\x01\x00\x00\x00bq\x03\x88N\x86q\x04u.";
    let parsed = read(bytes).unwrap();
    let tree = &parsed.tree;
    let entries = tree.entries(tree.root()).unwrap();
    assert_eq!(parsed.end, bytes.len());
    assert_eq!(entries.iter().map(|&(key, _)| tree.text(key).unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    let list = tree.sequence(entries[0].1).unwrap();
    assert_eq!((tree.get(list[0]), tree.get(list[1])), (&Node::Int(1), &Node::Float(-2.5)));
    let tuple = tree.sequence(entries[1].1).unwrap();
    assert_eq!((tree.get(tuple[0]), tree.get(tuple[1])), (&Node::Bool(true), &Node::None));
}

#[test]
fn a_text_pickle_becomes_the_same_tree() {
    let bytes = b"(dp0\nS'a'\np1\n(lp2\nI1\naF-2.5\nasV\\u0062\np3\n(I01\nNtp4\ns.";
    let parsed = read(bytes).unwrap();
    let tree = &parsed.tree;
    let entries = tree.entries(tree.root()).unwrap();
    assert_eq!(entries.iter().map(|&(key, _)| tree.text(key).unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    let list = tree.sequence(entries[0].1).unwrap();
    assert_eq!((tree.get(list[0]), tree.get(list[1])), (&Node::Int(1), &Node::Float(-2.5)));
}

#[test]
fn integers_of_every_size_keep_their_value() {
    for (bytes, value) in [
        (&b"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."[..], Some(0x1950_a86a_20f9_469c_fc6c)),
        (b"\x80\x02\x8a\x01\xff.", Some(-1)),
        (b"\x80\x02\x8a\x00.", Some(0)),
        (b"\x80\x02J\xfe\xff\xff\xff.", Some(-2)),
        (b"\x80\x02M\xff\xff.", Some(65535)),
        (b"L-12345678901234567890L\n.", Some(-12_345_678_901_234_567_890)),
        (b"L1234567890123456789012345678901234567890123456789L\n.", None),
    ] {
        let tree = read(bytes).unwrap().tree;
        assert_eq!(tree.int(tree.root()), value);
    }
}

#[test]
fn a_foreign_class_is_named_with_its_byte_in_every_spelling() {
    let expected = |at| (at, Problem::ForeignClass("os.system".to_owned()));
    assert_eq!(problem(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R."), expected(2));
    assert_eq!(problem(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R."), expected(14));
    assert_eq!(problem(b"cos\nsystem\n(S'ls'\ntR."), expected(0));
    assert_eq!(problem(b"(S'ls'\nios\nsystem\n."), expected(7));
}

#[test]
fn a_foreign_name_is_made_fit_for_a_message() {
    let name = "\x1b[31m".repeat(100);
    let bytes = [b"\x80\x02c".as_slice(), name.as_bytes(), b"\nx\n."].concat();
    let message = read(&bytes).unwrap_err().to_string();
    assert!(message.len() < 1200 && !message.contains('\x1b'), "{message}");
}

#[test]
fn an_object_keeps_its_arguments_its_entries_and_its_state() {
    let bytes = b"\x80\x02ccollections\nOrderedDict\n)RK\x01K\x02s}b.";
    let tree = read(bytes).unwrap().tree;
    let (class, args) = tree.call(tree.root()).unwrap();
    assert_eq!((class, args.len(), tree.entries(tree.root()).unwrap().len()), ("collections.OrderedDict", 0, 1));
}

#[test]
fn a_list_that_contains_itself_is_read() {
    let tree = read(b"\x80\x02]q\x00h\x00a.").unwrap().tree;
    assert_eq!(tree.sequence(tree.root()).unwrap(), [tree.root()]);
}

#[test]
fn doubling_a_list_by_reference_costs_only_the_bytes_it_took_to_say() {
    let mut bytes = b"\x80\x02]q\x00".to_vec();
    for level in 0..200u8 {
        bytes.extend([b']', b'q', level + 1, b'(', b'h', level, b'h', level, b'e']);
    }
    bytes.push(b'.');
    assert_eq!(read(&bytes).unwrap().tree.nodes().count(), 201);
}

#[test]
fn malformed_pickles_are_refused_with_the_byte() {
    assert_eq!(problem(b""), (0, Problem::Truncated { needed: 1, left: 0 }));
    assert_eq!(problem(b"\x80\x02K\x01"), (4, Problem::Truncated { needed: 1, left: 0 }));
    assert_eq!(problem(b"\x80\x02X\xff\xff\xff\xffa."), (2, Problem::Truncated { needed: 0xffff_ffff, left: 2 }));
    assert_eq!(
        problem(b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xffa"),
        (2, Problem::Truncated { needed: u64::MAX, left: 1 })
    );
    assert_eq!(problem(b"\x80\x09N."), (0, Problem::Protocol(9)));
    assert_eq!(problem(b"\x80\x02."), (2, Problem::EmptyStack));
    assert_eq!(problem(b"\x80\x02N(0a."), (5, Problem::EmptyStack));
    assert_eq!(problem(b"\x80\x02N(R."), (4, Problem::EmptyStack));
    assert_eq!(problem(b"\x80\x02t."), (2, Problem::NoMark));
    assert_eq!(problem(b"\x80\x02h\x07."), (2, Problem::MissingMemo(7)));
    assert_eq!(problem(b"\x80\x02}(Nu."), (5, Problem::OddItems));
    assert_eq!(problem(b"\x80\x02\xf0."), (2, Problem::UnknownOpcode(0xf0)));
    assert_eq!(problem(b"Ix\n."), (0, Problem::Literal("an integer")));
    assert!(matches!(problem(b"\x80\x02K\x01)R."), (5, Problem::WrongKind { .. })));
    assert!(matches!(problem(b"\x80\x02NNs."), (4, Problem::EmptyStack)));
    assert!(matches!(problem(b"\x80\x02NNb."), (4, Problem::WrongKind { .. })));
}

#[test]
fn endless_work_is_refused() {
    let bytes = vec![b'N'; MAX_OPERATIONS + 2];
    assert_eq!(read(&bytes).unwrap_err().problem, Problem::TooLong(MAX_OPERATIONS));
}

/// Bytes that are mostly opcodes, so that the machine gets further than with plain noise.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let codes =
        b"(.012NJKMIGXUTCB])}}ltdaesuqrhj\x85\x86\x87\x88\x89\x8a\x8c\x8f\x90\x91\x93\x94RbQcgp\n\x00\x01".to_vec();
    prop::collection::vec(prop_oneof![8 => prop::sample::select(codes), 1 => any::<u8>()], 0..200)
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300), start in 0usize..400) {
        let _ = parse(&bytes, start, &all);
    }

    #[test]
    fn any_opcodes_are_answered_in_linear_space(bytes in soup()) {
        if let Ok(parsed) = parse(&bytes, 0, &all) {
            prop_assert!(parsed.tree.nodes().count() <= bytes.len());
            prop_assert!(parsed.end <= bytes.len());
        }
    }
}
