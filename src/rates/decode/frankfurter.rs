//! The JSON of Frankfurter: the rates of a day, or of several days by date.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::collector::Collector;
use super::parts::{Misfit, Reason, not_parsable, shortened};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
    base: Option<String>,
    /// Only in the answer of one day.
    date: Option<String>,
    #[serde(borrow)]
    rates: Option<&'a RawValue>,
}

/// Numbers as they are written.
type OfDay<'a> = Members<&'a RawValue>;

/// The members of an object in their order. A map would keep the last of two of the same name,
/// and nobody would know of the other.
struct Members<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MembersVisitor<T> {
    type Value = Members<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// Reads a document into the collector.
///
/// # Errors
/// If it is no such document.
pub(super) fn read(body: &[u8], rates: &mut Collector<'_>) -> Result<(), Misfit> {
    let text = std::str::from_utf8(body).map_err(|error| not_parsable("UTF-8", &error))?;
    let answer: Answer<'_> =
        serde_json::from_str(text).map_err(|error| not_parsable("JSON of rates", &error))?;
    let (Some(base), Some(given)) = (answer.base, answer.rates) else {
        let message = "expected an object with base and rates";
        return Err(Misfit::whole(Reason::UnexpectedShape, message));
    };
    if base != rates.base() {
        let (base, wanted) = (shortened(&base), rates.base());
        let message = format!("the rates are of {base}, expected {wanted}");
        return Err(Misfit::whole(Reason::WrongBase, message));
    }
    let is_one = |amount: &RawValue| matches!(amount.get(), "1" | "1.0" | "1.00");
    if let Some(amount) = answer.amount.filter(|amount| !is_one(amount)) {
        let message = format!("the rates are of {} {base}, expected 1", shortened(&amount.get()));
        return Err(Misfit::whole(Reason::UnexpectedShape, message));
    }
    let shape = |error: serde_json::Error| {
        Misfit::whole(Reason::UnexpectedShape, format!("rates: {error}"))
    };
    if let Some(date) = answer.date {
        let of_day: OfDay<'_> = serde_json::from_str(given.get()).map_err(shape)?;
        take(&date, of_day, rates);
        return Ok(());
    }
    let days: Members<OfDay<'_>> = serde_json::from_str(given.get()).map_err(shape)?;
    for (date, of_day) in days.0 {
        take(&date, of_day, rates);
    }
    Ok(())
}

fn take(date: &str, of_day: OfDay<'_>, rates: &mut Collector<'_>) {
    let Some(day) = rates.day(date) else { return };
    for (currency, rate) in of_day.0 {
        let text = Some(rate.get()).filter(|text| *text != "null");
        rates.rate(day, &currency, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rates::request::RatesRequest;

    /// How many rates fit, and what does not.
    fn decoded(body: &str) -> Result<(usize, Vec<String>), Reason> {
        let request = RatesRequest {
            base: "EUR".to_owned(),
            currencies: Vec::new(),
            from: "2024-01-01".parse().unwrap(),
            to: "2024-01-31".parse().unwrap(),
        };
        let mut rates = Collector::new(&request, "2024-02-01T00:00:00Z".parse().unwrap());
        read(body.as_bytes(), &mut rates).map_err(|misfit| misfit.reason)?;
        let decoded = rates.done();
        let misfit = |it: &Misfit| {
            format!("{}: {}", it.reason.as_str(), it.item.as_deref().unwrap_or_default())
        };
        Ok((decoded.rates.len(), decoded.misfits.iter().map(misfit).collect()))
    }

    #[test]
    fn two_members_of_the_same_name_may_not_contradict() {
        let contradiction = vec!["contradiction: 2024-01-02 EUR USD".to_owned()];
        for (rates, misfits) in [
            (r#""date":"2024-01-02","rates":{"USD":1.1,"USD":1.2}"#, contradiction.clone()),
            (r#""rates":{"2024-01-02":{"USD":1.1,"USD":1.2}}"#, contradiction.clone()),
            (r#""rates":{"2024-01-02":{"USD":1.1},"2024-01-02":{"USD":1.2}}"#, contradiction),
            (r#""rates":{"2024-01-02":{"USD":1.1},"2024-01-02":{"USD":1.10}}"#, Vec::new()),
        ] {
            let body = format!("{{\"base\":\"EUR\",{rates}}}");
            assert_eq!(decoded(&body), Ok((1, misfits)), "{body}");
        }
        let twice = r#"{"base":"EUR","base":"EUR","date":"2024-01-02","rates":{}}"#;
        assert_eq!(decoded(twice), Err(Reason::NotParsable));
    }
}
