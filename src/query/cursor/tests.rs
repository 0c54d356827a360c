use chrono::NaiveDate;

use super::*;
use crate::catalog::Column;
use crate::error::Code;
use crate::query::{Arguments, OrderBy, Page, PageSizes};

static KEY: [Column; 2] = [Column::derived("a", Kind::Int), Column::derived("b", Kind::Uuid)];
static TABLE: Table = Table::derived("thing", &KEY);
const FIELD: &str = "Query.things";

fn key() -> Key {
    Key::new(vec![KeyPart::Int(-43_659), KeyPart::Uuid(Uuid::from_u128(7))])
}

/// An order by columns that may be null, of these kinds.
fn order(kinds: &[Kind]) -> Order {
    let keys = kinds.iter().enumerate().map(|(index, kind)| OrderKey {
        by: OrderBy::Column(Box::leak(Box::new(Column::derived("c", *kind).nullable()))),
        direction: Direction::Desc,
        nulls: Nulls::Last,
        name: format!("KEY_{index}"),
    });
    Order { keys: keys.collect() }
}

fn page(field: &str, order: &Order, after: &str) -> Result<Page> {
    let arguments = Arguments { after: Some(after.to_owned()), ..Arguments::default() };
    Page::from_params(field, &TABLE, order.clone(), &arguments, PageSizes::default())
}

fn refusal(field: &str, order: &Order, after: &str) -> String {
    let error = page(field, order, after).unwrap_err();
    assert_eq!(error.code(), Code::BadUserInput);
    assert!(error.message().starts_with("after: "), "{}", error.message());
    error.message().to_owned()
}

fn made(order: &Order, values: Vec<Option<Value>>) -> String {
    encode(FIELD, order, &Position { values, key: key() })
}

/// A text with a right check.
fn checked(text: &str) -> String {
    let mut bytes = check(text.as_bytes()).to_vec();
    bytes.extend_from_slice(text.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn every_kind_of_value_comes_back_as_it_was() {
    let time = NaiveDate::from_ymd_opt(2011, 5, 31).unwrap().and_hms_micro_opt(1, 2, 3, 999_999);
    let early = NaiveDate::from_ymd_opt(-44, 3, 15).unwrap().and_hms_opt(0, 0, 0).unwrap();
    let texts = ["", "-", "0:", "1:a", "|", "2|", "ünï\u{1F6B2}", "a\nb\"c\\", "+>KEY_1", "%_"];
    let mut cases: Vec<(Kind, Value)> =
        texts.iter().map(|text| (Kind::Text, Value::Text((*text).to_owned()))).collect();
    for text in ["0", "-0.0001", "23153.2339", "99999999999999999999999999.000001"] {
        cases.push((Kind::Decimal, Value::Decimal(text.to_owned())));
    }
    for number in [0, i64::MIN, i64::MAX] {
        cases.push((Kind::Long, Value::Int(number)));
    }
    cases.push((Kind::Boolean, Value::Boolean(true)));
    cases.push((Kind::Boolean, Value::Boolean(false)));
    cases.push((Kind::Uuid, Value::Uuid(Uuid::from_u128(u128::MAX - 5))));
    cases.push((Kind::Date, Value::Date(time.unwrap().date())));
    cases.push((Kind::Date, Value::Date(early.date())));
    cases.push((Kind::LocalDateTime, Value::LocalDateTime(time.unwrap())));
    cases.push((Kind::LocalDateTime, Value::LocalDateTime(early)));
    cases.push((Kind::DateTime, Value::DateTime(time.unwrap().and_utc())));

    for (kind, value) in &cases {
        // Beside it a null and another text, which must not run into it.
        let order = order(&[Kind::Int, *kind, Kind::Text]);
        let values = vec![None, Some(value.clone()), Some(Value::Text("1:x-".to_owned()))];
        let cursor = made(&order, values.clone());
        let position = page(FIELD, &order, &cursor).unwrap().after.unwrap();
        assert_eq!(position, Position { values, key: key() }, "{kind:?} {value:?}");
    }
}

#[test]
fn a_cursor_is_of_one_field_and_one_order() {
    let own = order(&[Kind::Int]);
    let cursor = made(&own, vec![Some(Value::Int(1))]);
    assert!(page(FIELD, &own, &cursor).is_ok());
    assert!(refusal("Query.others", &own, &cursor).contains("another list"));

    let mut others = vec![Order::default(), order(&[Kind::Int, Kind::Int])];
    for change in [
        |key: &mut OrderKey| key.name = "KEY_1".to_owned(),
        |key: &mut OrderKey| key.direction = Direction::Asc,
        |key: &mut OrderKey| key.nulls = Nulls::First,
    ] {
        let mut other = own.clone();
        other.keys.iter_mut().for_each(change);
        others.push(other);
    }
    for other in others {
        assert!(refusal(FIELD, &other, &cursor).contains("another order"), "{other:?}");
    }
    let of_none = made(&Order::default(), Vec::new());
    assert!(page(FIELD, &Order::default(), &of_none).is_ok());
    assert!(refusal(FIELD, &own, &of_none).contains("another order"));
}

#[test]
fn a_cursor_of_another_version_says_so() {
    let old = checked("1|Query.things|key|43659|12");
    assert!(refusal(FIELD, &Order::default(), &old).contains("another version"));
}

#[test]
fn every_mangled_cursor_is_refused() {
    let order = order(&[Kind::Text, Kind::Int]);
    let cursor = made(&order, vec![Some(Value::Text("a".to_owned())), None]);
    for position in 0..cursor.len() {
        let mut mangled = cursor.clone().into_bytes();
        mangled[position] = if mangled[position] == b'A' { b'B' } else { b'A' };
        // The last character holds spare bits, which the decoder refuses too.
        refusal(FIELD, &order, &String::from_utf8(mangled).unwrap());
        refusal(FIELD, &order, &cursor[..position]);
    }
    for nonsense in ["x", "AAAAAAAA", "ünï", "MXxRdWVyeQ==", &"A".repeat(MAX_LENGTH + 1)] {
        refusal(FIELD, &order, nonsense);
    }
}

/// The check is no secret: whoever makes one by hand gets no further than this.
#[test]
fn what_no_row_can_have_is_refused_though_the_check_is_right() {
    let key = "0:1:136:00000000-0000-0000-0000-000000000007";
    let tag = |name: &str| format!("{}:{name}", name.len());
    let text = |kind: Kind, value: &str| {
        let order = order(&[kind]);
        let cursor = checked(&format!("2|12:{FIELD}{}{value}{key}", tag("->KEY_0")));
        page(FIELD, &order, &cursor).map(drop).map_err(|error| error.code())
    };
    assert_eq!(text(Kind::Int, "2:12"), Ok(()));
    assert_eq!(text(Kind::Int, "-"), Ok(()));
    for (kind, value) in [
        (Kind::Int, "1:x"),
        (Kind::Int, "20:99999999999999999999"),
        (Kind::Int, "3:12"),
        (Kind::Int, "99:12"),
        (Kind::Int, "x:12"),
        (Kind::Int, ""),
        (Kind::Text, "1:\0"),
        (Kind::Text, "1:ü"),
        (Kind::Decimal, "3:1e9"),
        (Kind::Decimal, "3:NaN"),
        (Kind::Decimal, "1:-"),
        (Kind::Decimal, "1:."),
        (Kind::Boolean, "1:1"),
        (Kind::Uuid, "1:1"),
        (Kind::Date, "10:2147483647"),
        (Kind::Date, "8:-2000000"),
        (Kind::Date, "1:x"),
        (Kind::LocalDateTime, "19:9223372036854775807"),
        (Kind::Bytes, "1:a"),
    ] {
        assert_eq!(text(kind, value), Err(Code::BadUserInput), "{kind:?} {value:?}");
    }
    // A null where there is none, a key too short, too long, or of other parts.
    static NEVER_NULL: Column = Column::derived("c", Kind::Int);
    let mut order = order(&[Kind::Int]);
    order.keys[0].by = OrderBy::Column(&NEVER_NULL);
    refusal(FIELD, &order, &checked(&format!("2|12:{FIELD}{}-{key}", tag("->KEY_0"))));
    for key in ["0:1:1", "0:", "", "0:1:11:1", &format!("{key}1:1"), &format!("{key}x")] {
        refusal(FIELD, &Order::default(), &checked(&format!("2|12:{FIELD}{key}")));
    }
}
