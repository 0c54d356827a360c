use super::*;

/// The text is a mapping, and what it says of the file.
fn guessed(name: &str, head: &[u8]) -> String {
    let text = first_mapping(name, head, None).expect("a guess");
    Mapping::parse("guessed", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(text.contains("row 1 as it would be loaded"), "{text}");
    assert!(!text.contains("would be rejected"), "{text}");
    text
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "does not say {part}:\n{text}");
    }
}

#[test]
fn a_german_spreadsheet_is_told_by_names_and_values() {
    let head = "Angebot;ProductID;rowguid;Modified Date\r\n\
                1;680;BB30B868-D86C-4557-8DB2-4B2D0A83A0FB;31.05.2011 10:00\r\n\
                2;706;B3C9A4B1-2AE6-4CBA-B552-1F206C9F4C1F;01.06.2011 00:00\r\n";
    let text = guessed("exports/Sonderangebote.csv", head.as_bytes());
    says(
        &text,
        &[
            "it is Sales.SpecialOfferProduct",
            "delimiter = \";\"",
            "date = [\"dd.MM.yyyy HH:mm\"]",
            "[dataset.special_offer_product]",
            "files = [\"Sonderangebote.csv\"]",
            "\"ProductID\" = \"ProductID\" # 100%",
            "\"Modified Date\" = \"ModifiedDate\"",
            "\"Angebot\" = \"SpecialOfferID\"",
            "% of the values only",
            "\"2011-05-31 10:00:00\"",
        ],
    );
}

#[test]
fn a_file_without_a_header_is_told_by_its_values() {
    let rows = "1+|1+|A+|1+|408+|{47A24246-6C43-48EB-968F-025738A8A410}+|2014-08-08 00:00:00&|\n\
                1+|6+|B+|5+|324+|{D4544D7D-CAF5-46B3-AB22-5718DCC26B5E}+|2014-08-08 00:00:00&|\n";
    let utf16: Vec<u8> = rows.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (head, encoding) in [(rows.as_bytes().to_vec(), None), (utf16, Some("utf-16le"))] {
        let text = guessed("stock.csv", &head);
        says(
            &text,
            &[
                "it is Production.ProductInventory",
                "delimiter = \"+|\"",
                "terminator = \"&|\"",
                "header = false",
                "\"Shelf\", #",
                "(field 3)",
            ],
        );
        assert_eq!(encoding.is_some(), text.contains("encoding = "), "{text}");
    }
}

#[test]
fn what_cannot_be_told_is_said() {
    let head = "SpecialOfferID|ProductID|rowguid|ModifiedDate\n\
                1|680|BB30B868-D86C-4557-8DB2-4B2D0A83A0FB|4/3/2011\n";
    let text = guessed("x.csv", head.as_bytes());
    says(&text, &["Doubtful: the day may come first or the month", "date = [\"d/M/yyyy\"]"]);

    let lacks = "SpecialOfferID|rowguid|ModifiedDate\n\
                 1|BB30B868-D86C-4557-8DB2-4B2D0A83A0FB|2011-03-04\n";
    let text =
        first_mapping("Sales.SpecialOfferProduct.csv", lacks.as_bytes(), None).expect("a guess");
    says(
        &text,
        &["# ProductID = \"\" # a value is required", "Not loadable yet: the header lacks"],
    );

    let error = first_mapping("notes.txt", b"hello;1\nworld;2\n", None).expect_err("like nothing");
    assert!(error.message().contains("say which it is with --dataset"), "{error}");
    let error =
        first_mapping("notes.txt", b"hello;1\n", Some("persons")).expect_err("no such dataset");
    assert!(error.message().contains("known are person"), "{error}");
}

#[test]
fn columns_have_decimal_marks_of_their_own() {
    let head = "CurrencyRateID;CurrencyRateDate;FromCurrencyCode;ToCurrencyCode;AverageRate;\
                EndOfDayRate;ModifiedDate\n\
                1;2011-05-31;USD;ARS;1,0000;1.0002;2011-05-31\n\
                2;2011-05-31;USD;AUD;1,5491;1.5500;2011-05-31\n";
    let text = guessed("rates.csv", head.as_bytes());
    assert!(!text.contains("decimal = "), "{text}");
    says(&text, &["\"AverageRate\" = \"AverageRate\" # 100%", "\"1.5491\"", "\"1.5500\""]);
}

#[test]
fn what_is_no_table_is_refused_soon() {
    let refused = |head: &[u8]| {
        let error = first_mapping("Sales.Customer.csv", head, Some("customer"));
        error.expect_err("no table").message().to_owned()
    };
    let binary: Vec<u8> = (0..=250).cycle().take(LOOKED_AT).collect();
    let program = [&b"\x7fELF\x02\x01\x01"[..], &[0; 4096]].concat();
    for bytes in [&binary, &program, &vec![0; LOOKED_AT]] {
        let message = refused(bytes);
        assert!(message.contains("Sales.Customer.csv is no text"), "{message}");
    }
    for bytes in [vec![b'x'; LOOKED_AT], vec![b';'; LOOKED_AT], b"a\nb\nc\n".to_vec()] {
        let message = refused(&bytes);
        assert!(message.contains("has no columns: none of the delimiters \"+|\""), "{message}");
    }
    assert!(refused(b"").contains("the file is empty"));
    assert!(refused(b"\x1f\x8b\x08garbage").contains("cannot be decompressed"));
}

#[test]
fn any_bytes_get_an_answer() {
    let mut state = 1_u64;
    for length in (0..200_usize).step_by(5) {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let byte = state.to_be_bytes()[0];
                if byte < 128 { b"1;,\n\"|\0x+&\xff.-"[usize::from(byte) % 13] } else { byte }
            })
            .collect();
        let _ = first_mapping("x.csv", &bytes, Some("person"));
    }
}
