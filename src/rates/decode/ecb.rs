//! The XML of the European Central Bank: a `Cube` of a day, with a `Cube` of each currency.

use chrono::NaiveDate;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::collector::Collector;
use super::parts::{Misfit, Reason, not_parsable};

/// Deepest nesting.
const MAX_DEPTH: usize = 16;

/// Where an element is.
#[derive(Clone, Copy)]
enum Place {
    /// In no day.
    Outside,
    /// In a day whose rates are not to be read.
    LeftOut,
    /// In a day.
    Day(NaiveDate),
}

/// Reads a document into the collector.
///
/// # Errors
/// If it is no such document.
pub(super) fn read(body: &[u8], rates: &mut Collector<'_>) -> Result<(), Misfit> {
    let text = std::str::from_utf8(body).map_err(|error| not_parsable("UTF-8", &error))?;
    let mut reader = Reader::from_str(text);
    // The elements that are open, each with the place of those in it.
    let mut open: Vec<Place> = Vec::new();
    let (mut is_envelope, mut days) = (false, 0_usize);
    loop {
        let event = reader.read_event().map_err(|error| not_parsable("XML", &error))?;
        let (element, is_empty) = match &event {
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::DocType(_) => return Err(unexpected("a document type, which no answer has")),
            Event::Eof => break,
            _ => continue,
        };
        if open.is_empty() {
            is_envelope = element.local_name().as_ref() == b"Envelope";
        }
        let above = open.last().copied().unwrap_or(Place::Outside);
        let place = match element.local_name().as_ref() == b"Cube" {
            true => cube(element, above, rates, &mut days)?,
            false => above,
        };
        if !is_empty {
            open.push(place);
        }
        if open.len() > MAX_DEPTH {
            return Err(unexpected("elements nested too deep"));
        }
    }
    if !open.is_empty() {
        return Err(Misfit::whole(Reason::NotParsable, "no XML: it ends in the middle"));
    }
    if !is_envelope || days == 0 {
        return Err(unexpected("no Envelope with a Cube of a day"));
    }
    Ok(())
}

/// Takes what a `Cube` has; gives the place of those in it.
fn cube(
    element: &BytesStart<'_>,
    above: Place,
    rates: &mut Collector<'_>,
    days: &mut usize,
) -> Result<Place, Misfit> {
    let (mut time, mut currency, mut rate) = (None, None, None);
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| not_parsable("XML", &error))?;
        let known = match attribute.key.local_name().as_ref() {
            b"time" => &mut time,
            b"currency" => &mut currency,
            b"rate" => &mut rate,
            _ => continue,
        };
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        *known = Some(value.map_err(|error| not_parsable("XML", &error))?.into_owned());
    }
    let mut place = above;
    if let Some(time) = time {
        *days += 1;
        place = rates.day(&time).map_or(Place::LeftOut, Place::Day);
    }
    // One of the two alone is a rate that lost the other.
    if currency.is_some() || rate.is_some() {
        let (currency, rate) = (currency.as_deref().unwrap_or_default(), rate.as_deref());
        match place {
            Place::Day(day) => rates.rate(day, currency, rate),
            Place::Outside => rates.rate_without_day(currency, rate),
            Place::LeftOut => {}
        }
    }
    Ok(place)
}

fn unexpected(message: &str) -> Misfit {
    Misfit::whole(Reason::UnexpectedShape, message)
}

#[cfg(test)]
mod tests {
    use super::super::parts::PublishedRate;
    use super::*;
    use crate::rates::request::RatesRequest;

    /// The rates in the cubes, and the parts that do not fit.
    fn decoded(cubes: &str, currencies: &[&str]) -> (Vec<String>, Vec<String>) {
        let request = RatesRequest {
            base: "EUR".to_owned(),
            currencies: currencies.iter().map(|code| (*code).to_owned()).collect(),
            from: "2024-01-01".parse().unwrap(),
            to: "2024-01-31".parse().unwrap(),
        };
        let mut rates = Collector::new(&request, "2024-02-01T00:00:00Z".parse().unwrap());
        let document = format!("<Envelope><Cube>{cubes}</Cube></Envelope>");
        read(document.as_bytes(), &mut rates).unwrap();
        let decoded = rates.done();
        let rate = |rate: &PublishedRate| format!("{} {}", rate.day, rate.to);
        let misfit = |it: &Misfit| {
            let (item, value) = (it.item.as_deref(), it.value.as_deref());
            format!("{}: {} = {}", it.reason.as_str(), item.unwrap_or("-"), value.unwrap_or("-"))
        };
        (decoded.rates.iter().map(rate).collect(), decoded.misfits.iter().map(misfit).collect())
    }

    #[test]
    fn no_rate_is_lost_with_the_name_of_an_attribute() {
        let good = "<Cube currency=\"GBP\" rate=\"0.86\"/>";
        for (cubes, misfit) in [
            (
                format!(
                    "<Cube time=\"2024-01-02\">{good}<Cube curency=\"USD\" rate=\"1.09\"/></Cube>"
                ),
                "invalid_currency: 2024-01-02 EUR = 1.09",
            ),
            (
                format!(
                    "<Cube time=\"2024-01-02\">{good}<Cube currency=\"USD\" rat=\"1.09\"/></Cube>"
                ),
                "missing_rate: 2024-01-02 EUR USD = -",
            ),
            (
                format!(
                    "<Cube time=\"2024-01-02\">{good}</Cube>\
                     <Cube tim=\"2024-01-03\"><Cube currency=\"USD\" rate=\"1.09\"/></Cube>"
                ),
                "invalid_date: EUR USD = 1.09",
            ),
        ] {
            let read = decoded(&cubes, &[]);
            assert_eq!(
                read,
                (vec!["2024-01-02 GBP".to_owned()], vec![misfit.to_owned()]),
                "{cubes}"
            );
        }
    }

    #[test]
    fn what_was_not_asked_for_is_left_out() {
        let cubes = "<Cube time=\"2023-12-29\"><Cube currency=\"USD\" rate=\"1.1\"/><Cube rate=\"1\"/></Cube>\
            <Cube time=\"2024-01-02\"><Cube currency=\"USD\" rate=\"1.1\"/></Cube>\
            <Cube><Cube currency=\"JPY\" rate=\"157\"/></Cube>";
        assert_eq!(decoded(cubes, &["USD"]), (vec!["2024-01-02 USD".to_owned()], Vec::new()));
    }
}
