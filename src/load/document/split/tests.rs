use std::io::{self, Read};

use super::super::name::Layout;
use super::{Broken, Documents};

/// Gives so many bytes at a time, then perhaps fails.
struct Slow<'a>(&'a [u8], usize, bool);

impl Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() && self.2 {
            return Err(io::Error::other("cut off"));
        }
        let length = self.0.len().min(self.1).min(into.len());
        into[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

type Found = (String, u64, u64, Option<Broken>);

fn all(mut documents: Documents<impl Read>) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    while let Some(piece) = documents.next()? {
        let text = String::from_utf8_lossy(piece.text).into_owned();
        found.push((text, piece.offset, piece.line, piece.fault));
    }
    Ok(found)
}

fn read(text: &str, layout: Layout) -> Vec<Found> {
    let whole = all(Documents::new(text.as_bytes(), layout)).unwrap();
    for step in [1, 2, 7] {
        let pieces = all(Documents::new(Slow(text.as_bytes(), step, false), layout)).unwrap();
        assert_eq!(pieces, whole, "{step} bytes at a time");
    }
    whole
}

fn found(text: &str, offset: u64, line: u64) -> Found {
    (text.to_owned(), offset, line, None)
}

#[test]
fn a_file_is_one_document_or_an_array_of_them() {
    assert_eq!(read("{\"a\":1}", Layout::Json), [found("{\"a\":1}", 0, 1)]);
    let bom = "\u{feff}\n {\"a\":[1,2]}\n";
    assert_eq!(read(bom, Layout::Json), [found("{\"a\":[1,2]}", 5, 1)]);
    let array = " [ {\"a\": \"],\\\"[\"},\n{\"b\":[{},[1]]}\n ,3 ]\n";
    assert_eq!(
        read(array, Layout::Json),
        [found("{\"a\": \"],\\\"[\"}", 3, 1), found("{\"b\":[{},[1]]}", 19, 2), found("3", 36, 3)]
    );
    for empty in ["[]", " [ ] ", "[\n]\n"] {
        assert_eq!(read(empty, Layout::Json), [], "{empty:?}");
    }
    assert_eq!(read("", Layout::Json), [found("", 0, 1)], "a file with nothing is no document");
}

#[test]
fn documents_of_an_array_are_numbered_on_one_line_too() {
    assert_eq!(
        read("[{},{\"a\":1}, 3]", Layout::Json),
        [found("{}", 1, 1), found("{\"a\":1}", 4, 2), found("3", 13, 3)]
    );
}

#[test]
fn lines_are_documents_and_blank_ones_are_none() {
    let text = "{\"a\":1}\r\n\n  \n {\"b\":2} \n{";
    assert_eq!(
        read(text, Layout::Lines),
        [found("{\"a\":1}", 0, 1), found("{\"b\":2}", 14, 4), found("{", 23, 5)]
    );
    assert_eq!(read("", Layout::Lines), []);
    assert_eq!(read("\n\n", Layout::Lines), []);
}

#[test]
fn a_broken_element_costs_the_others_nothing_if_its_end_can_be_told() {
    let text = "[{\"a\":1} x,\n{\"b\": \"open},\n{\"c\":]},{\"d\":4},]";
    assert_eq!(
        read(text, Layout::Json),
        [
            found("{\"a\":1} x", 1, 1),
            // The quote ends with its line, the brace does not: it takes the next one along.
            found("{\"b\": \"open},\n{\"c\":]}", 12, 2),
            found("{\"d\":4}", 34, 3),
            found("", 42, 4)
        ]
    );
    let text = "[{\"a\": \"open\n},{\"c\":]},{\"d\":4},]";
    assert_eq!(
        read(text, Layout::Json),
        [
            found("{\"a\": \"open\n}", 1, 1),
            found("{\"c\":]}", 15, 2),
            found("{\"d\":4}", 23, 3),
            found("", 31, 4)
        ]
    );
    let text = "[{\"a\":1},{\"b\":2";
    assert_eq!(
        read(text, Layout::Json),
        [found("{\"a\":1}", 1, 1), ("{\"b\":2".to_owned(), 9, 2, Some(Broken::Unclosed))]
    );
    let text = "[{\"a\":1}]\n{\"b\":2}";
    assert_eq!(
        read(text, Layout::Json),
        [found("{\"a\":1}", 1, 1), ("{\"b\":2}".to_owned(), 10, 2, Some(Broken::AfterArray))]
    );
}

#[test]
fn what_is_too_long_is_passed_over() {
    let long = "x".repeat(300);
    for (layout, text) in [
        (Layout::Lines, format!("1\n{long}\n2\n")),
        (Layout::Json, format!("[1,\n\"{long}\n\"\n,\n2]")),
    ] {
        for step in [1, 64, 1_000] {
            let mut documents = Documents::new(Slow(text.as_bytes(), step, false), layout);
            documents.max_bytes = 100;
            let found = all(documents).unwrap();
            let faults: Vec<_> = found.iter().map(|piece| piece.3).collect();
            assert_eq!(faults, [None, Some(Broken::TooLong), None], "{layout:?} {step}");
            assert_eq!(
                found[1].0,
                text[usize::try_from(found[1].1).unwrap()..][..100],
                "{layout:?} {step}"
            );
            let last = text.rfind('2').unwrap();
            assert_eq!(found[2].1, last as u64, "{layout:?} {step}");
            assert_eq!(found[2].2, 3, "{layout:?} {step}");
        }
    }
    let mut documents = Documents::new(long.as_bytes(), Layout::Json);
    documents.max_bytes = 100;
    assert_eq!(all(documents).unwrap()[0].3, Some(Broken::TooLong));
}

#[test]
fn a_file_is_resumed_wherever_a_document_may_begin() {
    for (layout, text) in [
        (Layout::Lines, "{\"a\":1}\n\n{\"b\":2}\n{\"c\":3}"),
        (Layout::Json, "[{\"a\":1},\n{\"b\":2} , {\"c\":3}\n]"),
        (Layout::Json, "[{\"a\":1},{\"b\":2},{\"c\":3}]"),
    ] {
        let whole = read(text, layout);
        let mut documents = Documents::new(text.as_bytes(), layout);
        for at in 1.. {
            if documents.next().unwrap().is_none() {
                break;
            }
            let (offset, line) = documents.position();
            if !documents.may_resume() {
                assert_eq!((layout, at), (Layout::Json, whole.len()));
                continue;
            }
            let rest = &text.as_bytes()[usize::try_from(offset).unwrap()..];
            let resumed = all(Documents::resumed(rest, layout, offset, line)).unwrap();
            assert_eq!(resumed, whole[at..], "{layout:?} after {at}");
        }
    }
}

#[test]
fn a_fault_of_reading_comes_after_the_documents_before_it() {
    let mut documents = Documents::new(Slow(b"{}\n{\"a\":", 64, true), Layout::Lines);
    assert_eq!(documents.next().unwrap().map(|piece| piece.text.to_vec()), Some(b"{}".to_vec()));
    assert!(documents.next().is_err());
}

#[test]
fn what_is_too_long_and_cannot_be_read_is_read_from_its_beginning_again() {
    for (layout, begun) in [(Layout::Lines, "1\n"), (Layout::Json, "[1,")] {
        let text = format!("{begun}\"{}", "x".repeat(300));
        let mut documents = Documents::new(Slow(text.as_bytes(), 64, true), layout);
        documents.max_bytes = 100;
        assert_eq!(documents.next().unwrap().map(|piece| piece.text.to_vec()), Some(b"1".to_vec()));
        assert!(documents.next().is_err(), "{layout:?}");
        assert_eq!(documents.position(), (begun.len() as u64, 2), "{layout:?}");
    }
}
