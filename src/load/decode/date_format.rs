//! Patterns of times as spreadsheets, .NET and Java write them: `dd.MM.yyyy HH:mm:ss,fff`.

use chrono::NaiveDate;

use crate::db::copy::EPOCH_DAYS_FROM_UNIX;

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DateFormat {
    pattern: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Four digits, or two of 1970 to 2069.
    Year(usize),
    /// At least so many digits, at most two.
    Number(Unit, usize),
    /// One to nine digits after the second.
    Fraction,
    /// AM or PM.
    HalfDay,
    Literal(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Month,
    Day,
    Hour,
    /// Of half a day.
    HalfHour,
    Minute,
    Second,
}

/// The fields of a time.
#[derive(Debug, Default)]
struct Fields {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    hour: u32,
    minute: u32,
    second: u32,
    micros: u32,
    afternoon: Option<bool>,
}

impl DateFormat {
    /// Reads a pattern of `yyyy yy MM M dd d HH H hh h mm m ss s fff tt` and other
    /// characters, which stand for themselves.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(pattern: &str) -> Result<Self, String> {
        let letters: Vec<char> = pattern.chars().collect();
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(letter) = letters.get(at).copied() {
            let run = letters.iter().skip(at).take_while(|other| **other == letter).count();
            at += run;
            let number = |unit| match run {
                1 | 2 => Ok(Part::Number(unit, run)),
                _ => Err(format!("{run} {letter} in a row; expected one or two")),
            };
            match letter {
                'y' if run == 4 || run == 2 => parts.push(Part::Year(run)),
                'y' => return Err("the year is yyyy or yy".to_owned()),
                'M' => parts.push(number(Unit::Month)?),
                'd' => parts.push(number(Unit::Day)?),
                'H' => parts.push(number(Unit::Hour)?),
                'h' => parts.push(number(Unit::HalfHour)?),
                'm' => parts.push(number(Unit::Minute)?),
                's' => parts.push(number(Unit::Second)?),
                'f' | 'S' => parts.push(Part::Fraction),
                't' | 'a' => parts.push(Part::HalfDay),
                'T' | 'Z' => parts.extend(std::iter::repeat_n(Part::Literal(letter), run)),
                _ if letter.is_alphanumeric() => {
                    return Err(format!(
                        "{letter} stands for nothing; known are yyyy MM dd HH hh mm ss fff tt"
                    ));
                }
                _ => parts.extend(std::iter::repeat_n(Part::Literal(letter), run)),
            }
        }
        let has = |wanted: fn(&Part) -> bool| parts.iter().filter(|part| wanted(part)).count() == 1;
        if !has(|part| matches!(part, Part::Year(_)))
            || !has(|part| matches!(part, Part::Number(Unit::Month, _)))
            || !has(|part| matches!(part, Part::Number(Unit::Day, _)))
        {
            return Err(
                "a year (yyyy), a month (MM) and a day (dd) are needed, each once".to_owned()
            );
        }
        Ok(Self { pattern: pattern.to_owned(), parts })
    }

    /// The pattern as written.
    pub(crate) fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Microseconds since 2000-01-01; `None` if the text does not fit.
    pub(crate) fn read(&self, text: &[u8]) -> Option<i64> {
        let mut rest = text;
        let mut fields = Fields::default();
        for part in &self.parts {
            rest = fields.take(*part, rest)?;
        }
        if !rest.is_empty() {
            return None;
        }
        let year = fields.year.filter(|year| *year > 0)?;
        let date = NaiveDate::from_ymd_opt(year, fields.month?, fields.day?)?;
        let hour = match fields.afternoon {
            None => fields.hour,
            Some(_) if !(1..=12).contains(&fields.hour) => return None,
            Some(afternoon) => fields.hour % 12 + if afternoon { 12 } else { 0 },
        };
        if hour > 23 || fields.minute > 59 || fields.second > 59 {
            return None;
        }
        let days = i64::from(date.to_epoch_days()) - EPOCH_DAYS_FROM_UNIX;
        let seconds = i64::from(hour * 3600 + fields.minute * 60 + fields.second);
        Some(days * 86_400_000_000 + seconds * 1_000_000 + i64::from(fields.micros))
    }

    /// Whether some text is one time to this pattern and another to `other`.
    pub(crate) fn disagrees(&self, other: &Self) -> bool {
        let sample = self.sample();
        let read = self.read(sample.as_bytes());
        other.read(sample.as_bytes()).is_some_and(|time| Some(time) != read)
    }

    /// The fourth of March 2005, 6:07:08, whose numbers are all different.
    fn sample(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            text += &match part {
                Part::Year(4) => "2005".to_owned(),
                Part::Year(_) => "05".to_owned(),
                Part::Number(unit, width) => {
                    let number = match unit {
                        Unit::Month => 3,
                        Unit::Day => 4,
                        Unit::Hour | Unit::HalfHour => 6,
                        Unit::Minute => 7,
                        Unit::Second => 8,
                    };
                    format!("{number:0width$}")
                }
                Part::Fraction => "009".to_owned(),
                Part::HalfDay => "AM".to_owned(),
                Part::Literal(letter) => letter.to_string(),
            };
        }
        text
    }
}

impl Fields {
    fn take<'a>(&mut self, part: Part, text: &'a [u8]) -> Option<&'a [u8]> {
        match part {
            Part::Literal(letter) => text.strip_prefix(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            Part::Year(width) => {
                let (year, rest) = digits(text, width, width)?;
                let year = i32::try_from(year).ok()?;
                self.year = Some(match width {
                    4 => year,
                    _ if year < 70 => 2000 + year,
                    _ => 1900 + year,
                });
                Some(rest)
            }
            Part::Number(unit, width) => {
                let (number, rest) = digits(text, width, 2)?;
                match unit {
                    Unit::Month => self.month = Some(number),
                    Unit::Day => self.day = Some(number),
                    Unit::Hour | Unit::HalfHour => self.hour = number,
                    Unit::Minute => self.minute = number,
                    Unit::Second => self.second = number,
                }
                Some(rest)
            }
            Part::Fraction => {
                let found = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
                let (decimals, rest) = text.split_at_checked(found)?;
                (1..=9).contains(&found).then_some(())?;
                let kept = decimals.get(..6).unwrap_or(decimals);
                let (number, _) = digits(kept, kept.len(), kept.len())?;
                self.micros = number * 10_u32.pow(6 - u32::try_from(kept.len()).ok()?);
                Some(rest)
            }
            Part::HalfDay => {
                let (word, rest) = text.split_at_checked(2)?;
                self.afternoon = Some(match word {
                    _ if word.eq_ignore_ascii_case(b"am") => false,
                    _ if word.eq_ignore_ascii_case(b"pm") => true,
                    _ => return None,
                });
                Some(rest)
            }
        }
    }
}

/// The number of the first digits, and what follows.
fn digits(text: &[u8], least: usize, most: usize) -> Option<(u32, &[u8])> {
    let found = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(found)?;
    let number = digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    (found >= least).then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, text: &str) -> Option<i64> {
        DateFormat::parse(pattern).unwrap().read(text.as_bytes())
    }

    #[test]
    fn a_time_is_read_by_its_pattern() {
        let day = 86_400_000_000;
        assert_eq!(read("dd.MM.yyyy", "02.01.2000"), Some(day));
        assert_eq!(read("d/M/yy H:m", "2/1/00 0:01"), Some(day + 60_000_000));
        assert_eq!(read("MM/dd/yyyy hh:mm:ss tt", "01/01/2000 12:00:01 AM"), Some(1_000_000));
        assert_eq!(read("dd.MM.yyyy HH:mm:ss,fff", "01.01.2000 00:00:00,25"), Some(250_000));
        assert_eq!(read("yyyy-MM-ddTHH:mm:ssZ", "1999-12-31T23:59:59Z"), Some(-1_000_000));
        for (pattern, text) in [
            ("dd.MM.yyyy", "2.01.2000"),
            ("dd.MM.yyyy", "31.02.2000"),
            ("dd.MM.yyyy", "01.01.2000 "),
            ("dd.MM.yyyy", "01.01.0000"),
            ("dd.MM.yyyy HH:mm", "01.01.2000 24:00"),
            ("dd.MM.yyyy hh:mm tt", "01.01.2000 13:00 PM"),
            ("dd.MM.yyyy HH:mm:ss.fff", "01.01.2000 00:00:00."),
            ("dd.MM.yyyy", ""),
        ] {
            assert_eq!(read(pattern, text), None, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_one_says_why() {
        for (pattern, part) in [
            ("dd.MM", "are needed"),
            ("dd.MM.yyy", "the year is yyyy or yy"),
            ("ddd.MM.yyyy", "expected one or two"),
            ("dd.MM.yyyy q", "q stands for nothing"),
            ("%d.%m.%Y", "Y stands for nothing"),
        ] {
            let error = DateFormat::parse(pattern).unwrap_err();
            assert!(error.contains(part), "{pattern}: {error}");
        }
    }

    #[test]
    fn patterns_that_read_a_text_differently_disagree() {
        let format = |pattern| DateFormat::parse(pattern).unwrap();
        assert!(format("dd/MM/yyyy").disagrees(&format("MM/dd/yyyy")));
        assert!(format("d.M.yy").disagrees(&format("M.d.yy")));
        assert!(!format("dd/MM/yyyy").disagrees(&format("dd/MM/yyyy HH:mm")));
        assert!(!format("dd.MM.yyyy").disagrees(&format("d.M.yyyy")));
    }
}
