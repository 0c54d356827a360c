use super::{Builder, Document, MAX_LINES};
use crate::load::decode::{Batch, BatchLimits};

const LIMITS: BatchLimits = BatchLimits { rows: 100, bytes: 1 << 20, record_bytes: 1 << 20 };

const ORDER: &str = r#""salesOrderId":7,"revisionNumber":1,"orderDate":"2014-01-02T00:00:00",
"dueDate":"2014-01-12","shipDate":null,"status":"SHIPPED","onlineOrderFlag":true,
"salesOrderNumber":"SO7","customerId":3,"billToAddressId":1,"shipToAddressId":1,"shipMethodId":1,
"subTotal":10.5,"taxAmt":"1.25","freight":1e0,"totalDue":12.7500,
"rowguid":"79b65321-39ca-4115-9cba-8fe0903e12e6","modifiedDate":"2014-01-02 00:00:00.000""#;

fn line(id: u32, more: &str) -> String {
    format!(
        r#"{{"salesOrderDetailId":{id},"orderQuantity":1,"productId":5,"specialOfferId":1,
"unitPrice":10.5,"unitPriceDiscount":0,"lineTotal":10.5,"rowguid":
"79b65321-39ca-4115-9cba-8fe0903e12e6","modifiedDate":"2014-01-02"{more}}}"#
    )
}

fn build(text: &str, part: u32) -> (Batch, Batch, Vec<String>) {
    let mut builder = Builder::new(LIMITS).unwrap();
    let document = Document::new(text.as_bytes(), 4, 100);
    match part {
        0 => builder.add_whole(document),
        1 => builder.add_order_alone(document),
        part => builder.add_line_alone(document, part, None),
    }
    let ignored = builder.ignored().names();
    let batch = builder.take();
    (batch.orders, batch.lines, ignored)
}

/// Part, pointer and reason of each reject.
fn rejects(batch: &Batch) -> Vec<(u32, &str, &str)> {
    let reject = |reject| {
        let reject: &crate::load::decode::Reject = reject;
        assert_eq!(batch.place(reject.line).0, 4);
        let part = batch.place(reject.line).1;
        (part, reject.column().unwrap_or_default(), reject.fault.reason.as_str())
    };
    batch.rejects.iter().map(reject).collect()
}

#[test]
fn a_document_is_an_order_and_its_lines() {
    let text = format!(
        r#"{{"extra":{{"salesOrderId":1}},{ORDER},"lines":[{},{}],"more/less":[]}}"#,
        line(1, r#","salesOrderId":7,"note":"a""#),
        line(2, "")
    );
    let (orders, lines, ignored) = build(&text, 0);
    assert_eq!((rejects(&orders), rejects(&lines)), (vec![], vec![]));
    assert_eq!(orders.rows.iter().map(|row| row.key).collect::<Vec<_>>(), [[7, 0]]);
    assert_eq!(lines.rows.iter().map(|row| row.key).collect::<Vec<_>>(), [[7, 1], [7, 2]]);
    let places: Vec<_> = lines.rows.iter().map(|row| lines.place(row.line)).collect();
    assert_eq!(places, [(4, 2), (4, 3)]);
    assert_eq!(ignored, ["/extra", "/lines/*/note", "/more~1less"]);
    assert_eq!(orders.raw_of_row(&orders.rows[0]), text.as_bytes());
    assert_eq!(lines.raw_of_row(&lines.rows[1]), line(2, "").as_bytes());
    for (none, expected) in [("", 1), (r#","lines":null"#, 1), (r#","lines":[]"#, 1)] {
        let (orders, lines, _) = build(&format!("{{{ORDER}{none}}}"), 0);
        assert_eq!((orders.rows.len(), lines.rows.len()), (expected, 0), "{none}");
    }
}

#[test]
fn a_bad_line_rejects_that_line_only() {
    let text = format!(
        r#"{{{ORDER},"lines":[{},{},{},7,{},{}]}}"#,
        line(1, ""),
        line(2, "").replace("10.5,\"unitPriceD", "\"much\",\"unitPriceD"),
        line(3, r#","salesOrderId":8"#),
        line(4, r#","productId":6"#),
        line(5, "").replace("\"lineTotal\":10.5", "\"lineTotal\":10.6"),
    );
    let (orders, lines, _) = build(&text, 0);
    assert_eq!((orders.rows.len(), lines.rows.len()), (1, 1));
    assert_eq!(
        rejects(&lines),
        [
            (3, "/lines/1/unitPrice", "invalid_decimal"),
            (4, "/lines/2/salesOrderId", "check_failed"),
            (5, "/lines/3", "invalid_json"),
            (6, "/lines/4/productId", "duplicate_member"),
            (7, "/lines/5/lineTotal", "check_failed"),
        ]
    );
    for reject in &lines.rejects {
        assert_eq!(lines.raw_of_reject(reject), text.as_bytes(), "the document as it was");
    }
    // Each of them again, from the document.
    let (_, again, _) = build(&text, 3);
    assert_eq!(rejects(&again), [(3, "/lines/1/unitPrice", "invalid_decimal")]);
    let (_, good, _) = build(&text, 2);
    assert_eq!((good.rows.len(), good.rows[0].key), (1, [7, 1]));
    assert_eq!(rejects(&build(&text, 9).1), [(9, "/lines/7", "missing_value")]);
}

#[test]
fn a_bad_order_leaves_its_lines() {
    let text = format!(r#"{{{ORDER},"lines":[{}]}}"#, line(1, ""));
    for (from, to, pointer, reason) in [
        ("12.7500", "12.76", "/totalDue", "check_failed"),
        ("\"SHIPPED\"", "\"SENT\"", "/status", "unknown_code"),
        ("\"SHIPPED\"", "9", "/status", "out_of_range"),
        ("true", "1", "/onlineOrderFlag", "wrong_type"),
        ("\"SO7\"", "7", "/salesOrderNumber", "wrong_type"),
        ("\"SO7\"", "null", "/salesOrderNumber", "missing_value"),
        ("\"SO7\"", "\"\\u0000\"", "/salesOrderNumber", "invalid_encoding"),
        ("\"SO7\"", "\"\\ud800\"", "/salesOrderNumber", "invalid_encoding"),
        ("2014-01-12", "12.01.2014", "/dueDate", "invalid_timestamp"),
        (
            "\"customerId\":3",
            "\"customerId\":3,\"customerId\":3",
            "/customerId",
            "duplicate_member",
        ),
    ] {
        let (orders, lines, _) = build(&text.replacen(from, to, 1), 0);
        assert_eq!(rejects(&orders), [(1, pointer, reason)], "{to}");
        assert_eq!((orders.rows.len(), lines.rows.len()), (0, 1), "{to}");
    }
    let (orders, lines, _) = build(&text.replacen("\"SHIPPED\"", "5", 1), 0);
    assert_eq!((orders.rows.len(), lines.rows.len()), (1, 1), "the code of files of rows");
}

#[test]
fn a_document_that_cannot_be_told_apart_is_one_reject() {
    let text = format!(r#"{{{ORDER},"lines":[{}]}}"#, line(1, ""));
    for (from, to, pointer, reason) in [
        ("{", "", "", "invalid_json"),
        ("}]}", "}]", "", "invalid_json"),
        ("}]}", "}]} {}", "", "invalid_json"),
        ("\"salesOrderId\":7", "\"salesOrderId\":0", "/salesOrderId", "missing_value"),
        ("\"salesOrderId\":7,", "", "/salesOrderId", "missing_value"),
        (
            "\"salesOrderId\":7",
            "\"salesOrderId\":7,\"salesOrderId\":7",
            "/salesOrderId",
            "duplicate_member",
        ),
        ("\"lines\":", "\"lines\":[],\"lines\":", "/lines", "duplicate_member"),
        ("\"lines\":", "\"lines\":3,\"other\":", "/lines", "wrong_type"),
    ] {
        let broken = text.replacen(from, to, 1);
        let (orders, lines, _) = build(&broken, 0);
        assert_eq!(rejects(&orders), [(0, pointer, reason)], "{to}");
        assert_eq!((orders.rows.len(), lines.records()), (0, 0), "{to}");
        assert_eq!(orders.raw_of_reject(&orders.rejects[0]), broken.as_bytes());
    }
    for no_object in ["", "7", "[]", "null", "\u{1}"] {
        assert_eq!(rejects(&build(no_object, 0).0), [(0, "", "invalid_json")], "{no_object:?}");
    }
}

#[test]
fn what_is_too_much_to_keep_again_is_kept_by_lines() {
    let limits = BatchLimits { record_bytes: 100, ..LIMITS };
    let mut builder = Builder::new(limits).unwrap();
    let bad = line(1, "").replace("\"productId\":5", "\"productId\":0");
    let text = format!(r#"{{{ORDER},"lines":[{bad}]}}"#);
    builder.add_whole(Document::new(text.as_bytes(), 1, 0));
    let lines = builder.take().lines;
    let raw = lines.raw_of_reject(&lines.rejects[0]).into_owned();
    assert!(raw.starts_with(b"{\"salesOrderId\":7,\"salesOrderDetailId\":1,"), "the line alone");
    let fixed = String::from_utf8(raw).unwrap().replace("\"productId\":0", "\"productId\":5");
    let (_, lines, _) = build(&fixed, 2);
    assert_eq!(lines.rows.iter().map(|row| row.key).collect::<Vec<_>>(), [[7, 1]]);
}

#[test]
fn an_order_of_too_many_lines_is_one_reject() {
    let text = |lines: usize| {
        let more = ",1".repeat(lines - 1);
        format!(r#"{{"salesOrderId":7,"lines":[1{more}]}}"#)
    };
    let (orders, lines, _) = build(&text(MAX_LINES), 0);
    assert_eq!((orders.rejects.len(), lines.rejects.len()), (1, MAX_LINES));
    let many = text(MAX_LINES + 1);
    let (orders, lines, _) = build(&many, 0);
    assert_eq!((rejects(&orders), lines.records()), (vec![(0, "/lines", "too_long")], 0));
    assert_eq!(orders.rejects[0].fault.message, "an order has at most 25000 lines");
    assert_eq!(orders.raw_of_reject(&orders.rejects[0]), many.as_bytes());
}

#[test]
fn a_message_does_not_repeat_a_long_text() {
    let long = format!("\"{}\"", "é".repeat(100_000));
    for text in [long.clone(), format!(r#"{{"salesOrderId":7,"lines":[{long}]}}"#)] {
        let (orders, lines, _) = build(&text, 0);
        let mut messages = orders.rejects.iter().chain(&lines.rejects);
        assert!(messages.all(|reject| reject.fault.message.chars().count() <= 300));
        assert!(orders.rejects.len() + lines.rejects.len() > 0);
    }
}

#[test]
fn a_line_by_itself_is_one_whatever_members_it_has() {
    for (more, key) in [
        (r#","lines":[]"#, Some(7)),
        (r#","salesOrderId":7,"lines":[{"salesOrderDetailId":77}]"#, None),
    ] {
        let text = line(1, more);
        let mut builder = Builder::new(LIMITS).unwrap();
        builder.add_line_alone(Document::new(text.as_bytes(), 4, 100), 2, key);
        let batch = builder.take();
        assert_eq!(rejects(&batch.lines), [], "{more}");
        assert_eq!(batch.lines.rows.iter().map(|row| row.key).collect::<Vec<_>>(), [[7, 1]]);
    }
}

#[test]
fn a_document_is_one_whatever_members_it_has() {
    let lines = format!("[{},{}]", line(1, ""), line(2, ""));
    let text = format!(r#"{{"salesOrderDetailId":null,{ORDER},"lines":{lines}}}"#);
    let (_, lines, _) = build(&text, 3);
    assert_eq!(rejects(&lines), []);
    assert_eq!(lines.rows.iter().map(|row| row.key).collect::<Vec<_>>(), [[7, 2]]);
}

#[test]
fn an_order_with_its_key_twice_is_one_reject_whatever_else_is_there_twice() {
    let text =
        format!(r#"{{"revisionNumber":1,{ORDER},"salesOrderId":8,"lines":[{}]}}"#, line(1, ""));
    let (orders, lines, _) = build(&text, 0);
    assert_eq!(rejects(&orders), [(0, "/salesOrderId", "duplicate_member")]);
    assert_eq!((orders.rows.len(), lines.records()), (0, 0));
}
