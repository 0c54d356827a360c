//! A stray quote does not take the records after it into its field, and a field with line
//! ends of its own is still a field.

use super::*;
use crate::dataset::by_table;
use Reason::{FieldCount, UnbalancedQuote};

fn person(id: usize, name: &str, note: &str) -> String {
    let guid = "00000000-0000-4000-8000-000000000001";
    format!("{id};IN;0;;{name};;L{id};;0;;{note};{guid};2020-01-01 00:00:00")
}

const HEADER: &str = "BusinessEntityID;PersonType;NameStyle;Title;FirstName;MiddleName;LastName;\
                      Suffix;EmailPromotion;AdditionalContactInfo;Demographics;rowguid;ModifiedDate";

fn persons(rows: &[String], line_end: &str) -> Output {
    let text = format!("{HEADER}{line_end}{}{line_end}", rows.join(line_end));
    let output = decode_with(by_table("person").unwrap(), text.as_bytes(), LIMITS);
    output.end.as_ref().unwrap();
    output.account_for(text.as_bytes());
    output
}

#[test]
fn a_lone_quote_and_another_some_rows_later_reject_only_the_first() {
    let mut rows: Vec<String> = (1..=6).map(|id| person(id, "F", "<a/>")).collect();
    rows[1] = person(2, "F", "\"height 5 foot");
    for last in 2..6 {
        let mut rows = rows.clone();
        rows[last] = person(last + 1, "F", "height 6\"");
        for line_end in ["\n", "\r\n", "\r"] {
            let output = persons(&rows, line_end);
            assert_eq!(output.ids(), [1, 3, 4, 5, 6], "the other in row {last}");
            assert_eq!(output.faults(), [(3, UnbalancedQuote)]);
            let message = &output.batches[0].rejects[0].fault.message;
            assert!(message.contains("line 4"), "{message}");
            assert_eq!(output.rejects()[0].raw, rows[1].as_bytes());
            assert!(output.batches[0].doubtful.is_empty());
        }
    }
}

#[test]
fn the_beginning_of_a_record_is_not_taken_in_either() {
    // The quote that opens the field of row 3 would close that of row 2.
    let output = decode("id;head;body\n1;a;b\n2;a;\"lone\n3;a;\"\ntwo lines\"\n4;a;b\n");
    assert_eq!((output.ids(), output.faults()), (vec![1, 3, 4], vec![(3, UnbalancedQuote)]));
}

#[test]
fn a_field_with_line_ends_of_its_own_is_a_field() {
    let note = "\"<a>\r\n  <b c=\"\"d\"\">e; f; g</b>\r\n</a>\n\nDear Sir; 5 years\n7;8\n\"";
    let rows = [person(1, "F", note), person(2, "F", "<a/>"), person(3, "\"two\nlines\"", note)];
    let output = persons(&rows, "\r\n");
    assert_eq!((output.ids(), output.faults()), (vec![1, 2, 3], vec![]));
    assert!(output.batches[0].doubtful.is_empty());
}

#[test]
fn a_field_that_may_have_taken_in_a_bad_record_is_named() {
    // As many fields as a record, but no key; a key, but another number of fields.
    for line in [";;;;;;;;;;;;", "7;IN;0;;A;;B;;0"] {
        let rows = [person(1, "F", "<a/>"), person(2, "F", &format!("\"text\n{line}\nmore\""))];
        let output = persons(&rows, "\n");
        assert_eq!((output.ids(), output.faults()), (vec![1, 2], vec![]), "{line}");
        assert_eq!(output.batches[0].doubtful, [(3, 4)], "{line}");
    }
}

#[test]
fn a_corrected_record_is_taken_as_it_is() {
    let person = person(2, "F", &format!("\"text\n{}\nmore\"", person(3, "F", "")));
    let dialect = persons(&[], "\n").dialect();
    let stored =
        [RawRecord { line: 3, offset: 9, raw: person.into_bytes(), ..RawRecord::default() }];
    let batch = decode_records(by_table("person").unwrap(), &dialect, &stored, LIMITS).unwrap();
    assert_eq!((batch.rows.len(), batch.rejects.len()), (1, 0));
}

/// Stray quotes at random places of random rows: each row that no quote touches is loaded,
/// each line is accounted for, and no row has another's columns.
#[test]
fn rows_without_a_quote_are_loaded_whatever_stands_around_them() {
    let rounds = std::env::var("TEST_ROUNDS").ok().and_then(|text| text.parse().ok());
    for seed in 0..rounds.unwrap_or(600) {
        let mut dice = Dice(seed);
        let count = 2 + dice.below(12);
        let mut touched = vec![false; count];
        let rows: Vec<String> = (0..count)
            .map(|at| {
                let note = match dice.below(6) {
                    0 => "\"quoted; text\"".to_owned(),
                    1 => format!("\"{at}\"\"<xml>\"\"\n<b>; 7;\n</b>\r\nend\""),
                    2 => String::new(),
                    _ => format!("note {at}"),
                };
                let name = format!("F{at}");
                let row = person(at + 1, &name, &note);
                if dice.below(3) > 0 {
                    return row;
                }
                touched[at] = true;
                let mut row = row;
                for _ in 0..1 + dice.below(2) {
                    let fields: Vec<usize> = row.match_indices(';').map(|(at, _)| at + 1).collect();
                    let place = match dice.below(3) {
                        0 => dice.below(row.len() + 1),
                        // Where it opens a field, or closes one.
                        1 => fields[dice.below(fields.len())],
                        _ => fields[dice.below(fields.len())] - 1,
                    };
                    row.insert(place, '"');
                }
                row
            })
            .collect();
        let output = persons(&rows, "\n");
        let loaded = output.ids();
        for (at, touched) in touched.iter().enumerate() {
            let id = i32::try_from(at + 1).unwrap();
            assert!(*touched || loaded.contains(&id), "seed {seed}: row {id} of {rows:#?}");
        }
        for row in output.rows() {
            let name = row.values[4].clone().unwrap_or_default();
            let name = String::from_utf8(name).unwrap().replace('"', "");
            assert_eq!(name, format!("F{}", row.key[0] - 1), "seed {seed}: {rows:#?}");
        }
    }
}

#[test]
fn rejects_of_a_stray_quote_begin_at_each_line() {
    let output = decode("id;head;body\n1;\"open;b\nx;y\nz\n2;close\";b\n3;a;b\n");
    assert_eq!(output.ids(), [2, 3]);
    assert_eq!(output.faults(), [(2, UnbalancedQuote), (3, FieldCount), (4, FieldCount)]);
}
